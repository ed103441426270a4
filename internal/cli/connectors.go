package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"wire.example/wire/sdk/connector"
)

func (a *app) connectorsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "connectors [NAME]",
		Short: "List the connectors, or the options of one.",
		Args:  exactly(cobra.MaximumNArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.listConnectors()
			}
			return a.describeConnector(args[0])
		},
	}
}

func (a *app) listConnectors() error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KIND\tNAME\tWHAT IT DOES")
	for _, s := range a.registry.Sources {
		fmt.Fprintf(w, "source\t%s\t%s\n", s.Name, s.Doc)
	}
	for _, s := range a.registry.Sinks {
		fmt.Fprintf(w, "sink\t%s\t%s\n", s.Name, s.Doc)
	}
	return w.Flush()
}

func (a *app) describeConnector(name string) error {
	source, sink := a.registry.Source(name), a.registry.Sink(name)
	if source == nil && sink == nil {
		return wrong(a.unknownConnector(name))
	}
	if source != nil {
		fmt.Fprintf(a.out, "source %s: %s\n", source.Name, source.Doc)
		if err := writeOptions(a.out, source.NewConfig()); err != nil {
			return err
		}
	}
	if sink == nil {
		return nil
	}
	fmt.Fprintf(a.out, "sink %s: %s\n", sink.Name, sink.Doc)
	return writeOptions(a.out, sink.NewConfig())
}

func (a *app) unknownConnector(name string) error {
	var names []string
	for _, s := range a.registry.Sources {
		names = append(names, s.Name)
	}
	for _, s := range a.registry.Sinks {
		names = append(names, s.Name)
	}
	if near := connector.Nearest(name, names); near != "" {
		return fmt.Errorf("unknown connector %q; did you mean %q?", name, near)
	}
	return fmt.Errorf("unknown connector %q; wire connectors lists them", name)
}

func writeOptions(out io.Writer, config any) error {
	options := connector.Describe(config)
	if len(options) == 0 {
		_, err := fmt.Fprintln(out, "  no options")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  OPTION\tTYPE\tDEFAULT\tMEANING")
	for _, o := range options {
		byDefault := o.Default
		if o.Required {
			byDefault = "(required)"
		}
		doc := o.Doc
		if len(o.Enum) > 0 {
			doc += " One of: " + strings.Join(o.Enum, ", ") + "."
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", o.Name, o.Type, byDefault, doc)
	}
	return w.Flush()
}
