package declare

import (
	"fmt"
	"slices"
	"strings"

	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// apply fills the configs of connector and format. format is nil where the connector takes none.
func (r *reader[P]) apply(config any, format *codec.FormatType, options []Option[P]) (any, *logical.Format) {
	before := len(r.mistakes)
	var formatConfig any
	if format != nil {
		formatConfig = format.NewConfig()
	}
	mine, its := names(config), names(formatConfig)
	forConnector, forFormat := map[string]any{}, map[string]any{}
	for _, o := range options {
		switch {
		case slices.Contains(mine, o.Name.Text):
			forConnector[o.Name.Text] = o.Value
		case slices.Contains(its, o.Name.Text):
			forFormat[o.Name.Text] = o.Value
		default:
			r.unknownOption(o, slices.Concat(mine, its))
		}
	}
	r.report(options, connector.Apply(config, forConnector))
	if format == nil {
		return config, nil
	}
	r.report(options, connector.Apply(formatConfig, forFormat))
	if len(r.mistakes) > before {
		return config, nil
	}
	made, err := format.New(formatConfig)
	if err != nil {
		r.add(r.d.Name.At, "%s: format %s: %v", r.d.Name.Text, format.Name, err)
		return config, nil
	}
	return config, &logical.Format{Type: format, Config: formatConfig, Format: made}
}

// known checks the options that the connector has, where the format is unknown and the others may be its own.
func (r *reader[P]) known(config any) {
	mine := names(config)
	r.apply(config, nil, slices.DeleteFunc(slices.Clone(r.d.Options), func(o Option[P]) bool { return !slices.Contains(mine, o.Name.Text) }))
}

// names are the options that config has, none if it is nil.
func names(config any) []string {
	if config == nil {
		return nil
	}
	options := connector.Describe(config)
	list := make([]string, len(options))
	for i, o := range options {
		list[i] = o.Name
	}
	return list
}

func (r *reader[P]) unknownOption(o Option[P], known []string) {
	message := fmt.Sprintf("unknown option %q", o.Name.Text)
	if near := connector.Nearest(o.Name.Text, slices.Concat(known, r.d.Keys)); near != "" {
		message += fmt.Sprintf("; did you mean %q?", near)
	} else if len(known) > 0 {
		message += "; known options: " + strings.Join(known, ", ")
	}
	r.add(o.Name.At, "%s", message)
}

// report places the mistakes of options: at their value, or at the declaration that lacks them.
func (r *reader[P]) report(options []Option[P], mistakes []*connector.OptionError) {
	for _, m := range mistakes {
		at := r.d.Name.At
		for _, o := range options {
			if o.Name.Text == m.Name {
				at = o.At
			}
		}
		r.add(at, "%s: %s", r.d.Name.Text, m.Message)
	}
}
