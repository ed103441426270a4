package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"wire.example/wire/sdk/connector"
)

func (a *app) connectorsCommand() *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use:   "connectors [NAME]",
		Short: "List the connectors and formats, or the options of those with one name.",
		Args:  exactly(cobra.MaximumNArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			list := a.catalog()
			if len(args) == 1 {
				all := list
				if list = named(all, args[0]); len(list) == 0 {
					return wrong(unknownConnector(args[0], all))
				}
			}
			switch {
			case asJSON:
				return writeJSON(a.out, list)
			case len(args) == 0:
				return writeList(a.out, list)
			default:
				return writeDetails(a.out, list)
			}
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return uniqueNames(a.catalog()), cobra.ShellCompDirectiveNoFileComp
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, with the options of each")
	return c
}

// entry is a connector or format as `wire connectors` shows it, and its JSON.
type entry struct {
	Kind string `json:"kind"` // source, sink or format
	Name string `json:"name"`
	Doc  string `json:"doc"`
	// Formats are the names that the option format may have; none if the connector takes no format, or for a format.
	Formats []string `json:"formats"`
	// DefaultFormat is the format of a connector that names none, or "".
	DefaultFormat string   `json:"default_format"`
	Options       []option `json:"options"`
}

// option is an option of a connector or format.
type option struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Doc      string   `json:"doc"`
	Default  string   `json:"default"`
	Required bool     `json:"required"`
	Secret   bool     `json:"secret"`
	Enum     []string `json:"enum"`
}

// catalog lists all that pipelines may name: sources, sinks, formats.
func (a *app) catalog() []entry {
	var list []entry
	var formats []string
	for _, f := range a.registry.Formats {
		formats = append(formats, f.Name)
	}
	for _, s := range a.registry.Sources {
		e := entry{Kind: "source", Name: s.Name, Doc: s.Doc, Formats: []string{}, Options: optionsOf(s.NewConfig())}
		if s.Rows == nil {
			e.Formats, e.DefaultFormat = formats, sourceFormat
		}
		list = append(list, e)
	}
	for _, s := range a.registry.Sinks {
		e := entry{Kind: "sink", Name: s.Name, Doc: s.Doc, Formats: []string{}, DefaultFormat: s.Format, Options: optionsOf(s.NewConfig())}
		if s.Format != "" {
			e.Formats = slices.Concat(formats, s.OwnFormats)
		}
		list = append(list, e)
	}
	for _, f := range a.registry.Formats {
		list = append(list, entry{Kind: "format", Name: f.Name, Doc: f.Doc, Formats: []string{}, Options: optionsOf(f.NewConfig())})
	}
	return list
}

// sourceFormat is the format of sources that name none.
const sourceFormat = "json"

func optionsOf(config any) []option {
	options := []option{}
	for _, o := range connector.Describe(config) {
		enum := o.Enum
		if enum == nil {
			enum = []string{}
		}
		options = append(options, option{
			Name: o.Name, Type: o.Type, Doc: o.Doc, Default: o.Default, Required: o.Required, Secret: o.Secret, Enum: enum,
		})
	}
	return options
}

// named returns the entries called name: a source and a sink may share one.
func named(list []entry, name string) []entry {
	return slices.DeleteFunc(slices.Clone(list), func(e entry) bool { return e.Name != name })
}

func uniqueNames(list []entry) []string {
	var names []string
	for i := range list {
		if !slices.Contains(names, list[i].Name) {
			names = append(names, list[i].Name)
		}
	}
	return names
}

func unknownConnector(name string, list []entry) error {
	if near := connector.Nearest(name, uniqueNames(list)); near != "" {
		return fmt.Errorf("unknown connector or format %q; did you mean %q?", name, near)
	}
	return fmt.Errorf("unknown connector or format %q; wire connectors lists them", name)
}

func writeJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

func writeList(out io.Writer, list []entry) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KIND\tNAME\tWHAT IT DOES")
	for i := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\n", list[i].Kind, list[i].Name, list[i].Doc)
	}
	return w.Flush()
}

func writeDetails(out io.Writer, list []entry) error {
	for i := range list {
		e := &list[i]
		if i > 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "%s %s: %s\n", e.Kind, e.Name, e.Doc)
		if len(e.Formats) > 0 {
			fmt.Fprintf(out, "  formats: %s (%s unless said)\n", strings.Join(e.Formats, ", "), e.DefaultFormat)
		}
		if err := writeOptions(out, e.Options); err != nil {
			return err
		}
	}
	return nil
}

func writeOptions(out io.Writer, options []option) error {
	if len(options) == 0 {
		_, err := fmt.Fprintln(out, "  no options")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  OPTION\tTYPE\tDEFAULT\tMEANING")
	for i := range options {
		o := &options[i]
		byDefault := o.Default
		if o.Required {
			byDefault = "(required)"
		}
		doc := o.Doc
		if len(o.Enum) > 0 {
			doc += " One of: " + strings.Join(o.Enum, ", ") + "."
		}
		if o.Secret {
			doc += " A secret: write a reference, such as ${TOKEN}."
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", o.Name, o.Type, byDefault, doc)
	}
	return w.Flush()
}
