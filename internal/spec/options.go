package spec

import (
	"fmt"
	"slices"
	"strings"

	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// applied are the options of a connector and of its format, which stand side by side in the file.
type applied struct {
	connector any
	format    *logical.Format
}

// options fills both configs. where names the source or sink, keys are what it has besides; format is nil
// where the connector takes none.
func (c *compiler) options(where Text, keys []string, config any, format *codec.FormatType, options []Option) (applied, bool) {
	out, before := applied{connector: config}, len(c.mistakes.List)
	var formatConfig any
	if format != nil {
		formatConfig = format.NewConfig()
	}
	mine, its := names(config), names(formatConfig)
	forConnector, forFormat := map[string]any{}, map[string]any{}
	at := map[string]Option{}
	for _, o := range options {
		at[o.Name.Value] = o
		switch {
		case mine[o.Name.Value]:
			forConnector[o.Name.Value] = o.Value
		case its[o.Name.Value]:
			forFormat[o.Name.Value] = o.Value
		default:
			c.unknownOption(o, keys, config, formatConfig)
		}
	}
	c.report(where, at, connector.Apply(config, forConnector))
	if format != nil {
		c.report(where, at, connector.Apply(formatConfig, forFormat))
		if len(c.mistakes.List) > before {
			return out, false
		}
		made, err := format.New(formatConfig)
		if err != nil {
			c.add(where.Pos, "%s: format %s: %v", where.Shown(), format.Name, err)
			return out, false
		}
		out.format = &logical.Format{Type: format, Config: formatConfig, Format: made}
	}
	return out, len(c.mistakes.List) == before
}

// known checks the options that the connector has, where the format is unknown and the others may be its own.
func (c *compiler) known(where Text, keys []string, config any, options []Option) {
	mine := names(config)
	var known []Option
	for _, o := range options {
		if mine[o.Name.Value] {
			known = append(known, o)
		}
	}
	c.options(where, keys, config, nil, known)
}

// names are the options that config has.
func names(config any) map[string]bool {
	known := map[string]bool{}
	if config != nil {
		for _, o := range connector.Describe(config) {
			known[o.Name] = true
		}
	}
	return known
}

func (c *compiler) unknownOption(o Option, keys []string, configs ...any) {
	var known []string
	for _, config := range configs {
		if config == nil {
			continue
		}
		for _, option := range connector.Describe(config) {
			known = append(known, option.Name)
		}
	}
	message := fmt.Sprintf("unknown option %s", quoted(o.Name))
	if near := connector.Nearest(o.Name.Value, slices.Concat(known, keys)); near != "" {
		message += fmt.Sprintf("; did you mean %q?", near)
	} else if len(known) > 0 {
		message += "; known options: " + strings.Join(known, ", ")
	}
	c.add(o.Name.Pos, "%s", message)
}

// report places the mistakes of options: at their value, or at the section that lacks them.
func (c *compiler) report(where Text, at map[string]Option, mistakes []*connector.OptionError) {
	for _, m := range mistakes {
		pos := where.Pos
		if o, ok := at[m.Name]; ok {
			pos = o.Pos
		}
		c.add(pos, "%s: %s", where.Shown(), m.Message)
	}
}

// format finds the format called t, byDefault if nothing is written.
func (c *compiler) format(t Text, byDefault string) (*codec.FormatType, bool) {
	name := t.Value
	if name == "" {
		name = byDefault
	}
	if f := c.catalog.Registry.Format(name); f != nil {
		return f, true
	}
	known := make([]string, len(c.catalog.Registry.Formats))
	for i, f := range c.catalog.Registry.Formats {
		known[i] = f.Name
	}
	c.add(t.Pos, "%s", unknownName("format", t, known))
	return nil, false
}

func unknownName(what string, t Text, known []string) string {
	message := fmt.Sprintf("unknown %s %s", what, quoted(t))
	if near := connector.Nearest(t.Value, known); near != "" {
		return message + fmt.Sprintf("; did you mean %q?", near)
	}
	if len(known) == 0 {
		return message
	}
	return message + "; there are: " + strings.Join(known, ", ")
}
