package declare

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// DefaultFormat is the format of sources that take one and name none.
const DefaultFormat = "json"

// Word is a name and its place; an empty Text was not written.
type Word[P any] struct {
	Text string
	At   P
}

// Option is an option as it was written. Value is of the kinds that connector.Apply takes.
type Option[P any] struct {
	Name  Word[P]
	Value any
	// At is the place of the value.
	At P
}

// Declaration is what was written of a source or sink.
type Declaration[P any] struct {
	Name, Connector, Format Word[P]
	Options                 []Option[P]
	// Keys are the words that may stand among the options and are none, for suggestions.
	Keys []string
}

// Mistake is one thing that is wrong with a declaration.
type Mistake[P any] struct {
	At      P
	Message string
}

// Source is a declared source. Format is nil for connectors that make rows themselves.
type Source struct {
	Type   *connector.SourceType
	Config any
	Format *logical.Format
}

// Sink is a declared sink. Format is nil for connectors that take none, or write it themselves.
type Sink struct {
	Type   *connector.SinkType
	Config any
	Format *logical.Format
}

// reader collects the mistakes of one declaration.
type reader[P any] struct {
	registry *connector.Registry
	d        *Declaration[P]
	mistakes []Mistake[P]
}

func (r *reader[P]) add(at P, format string, args ...any) {
	r.mistakes = append(r.mistakes, Mistake[P]{At: at, Message: fmt.Sprintf(format, args...)})
}

// ReadSource finds what d declares in the registry. The source is whole only if there are no mistakes.
func ReadSource[P any](registry *connector.Registry, d *Declaration[P]) (Source, []Mistake[P]) {
	r := &reader[P]{registry: registry, d: d}
	out := Source{}
	if r.named("source") {
		if out.Type = registry.Source(d.Connector.Text); out.Type == nil {
			r.unknownConnector("source", registry.Sink(d.Connector.Text) != nil, sourceNames(registry))
		} else {
			r.source(&out)
		}
	}
	return out, r.mistakes
}

func (r *reader[P]) source(out *Source) {
	var format *codec.FormatType
	if out.Type.Rows == nil {
		var ok bool
		if format, ok = r.format(DefaultFormat); !ok {
			r.known(out.Type.NewConfig())
			return
		}
	} else if r.d.Format.Text != "" {
		r.add(r.d.Format.At, "connector %s makes rows itself and takes no format", r.d.Connector.Text)
	}
	out.Config, out.Format = r.apply(out.Type.NewConfig(), format, r.d.Options)
}

// ReadSink finds what d declares in the registry. The sink is whole only if there are no mistakes.
func ReadSink[P any](registry *connector.Registry, d *Declaration[P]) (Sink, []Mistake[P]) {
	r := &reader[P]{registry: registry, d: d}
	out := Sink{}
	if r.named("sink") {
		if out.Type = registry.Sink(d.Connector.Text); out.Type == nil {
			r.unknownConnector("sink", registry.Source(d.Connector.Text) != nil, sinkNames(registry))
		} else {
			r.sink(&out)
		}
	}
	return out, r.mistakes
}

func (r *reader[P]) sink(out *Sink) {
	own := out.Type.Own(r.d.Format.Text)
	var format *codec.FormatType
	if out.Type.Format != "" && !own {
		var ok bool
		if format, ok = r.format(out.Type.Format); !ok {
			r.known(out.Type.NewConfig())
			return
		}
	}
	options := r.d.Options
	switch {
	case own: // the connector's own option then
		options = append(slices.Clip(options), Option[P]{Name: Word[P]{Text: "format", At: r.d.Format.At}, Value: r.d.Format.Text, At: r.d.Format.At})
	case r.d.Format.Text != "" && out.Type.Format == "":
		r.add(r.d.Format.At, "connector %s takes no format", r.d.Connector.Text)
	}
	out.Config, out.Format = r.apply(out.Type.NewConfig(), format, options)
}

func (r *reader[P]) named(what string) bool {
	if r.d.Connector.Text == "" {
		r.add(r.d.Name.At, "%s %q needs a connector, such as connector: file", what, r.d.Name.Text)
	}
	return r.d.Connector.Text != ""
}

func (r *reader[P]) unknownConnector(what string, other bool, known []string) {
	if other {
		opposite := map[string]string{"source": "sinks", "sink": "sources"}[what]
		r.add(r.d.Connector.At, "%q is a connector for %s only; %ss have: %s", r.d.Connector.Text, opposite, what, strings.Join(known, ", "))
		return
	}
	r.add(r.d.Connector.At, "%s", Unknown("connector", r.d.Connector.Text, known))
}

// format finds the format that is written, or byDefault.
func (r *reader[P]) format(byDefault string) (*codec.FormatType, bool) {
	name := r.d.Format.Text
	if name == "" {
		name = byDefault
	}
	if f := r.registry.Format(name); f != nil {
		return f, true
	}
	known := make([]string, len(r.registry.Formats))
	for i, f := range r.registry.Formats {
		known[i] = f.Name
	}
	r.add(r.d.Format.At, "%s", Unknown("format", name, known))
	return nil, false
}

// Unknown says that there is no what called name, and which was probably meant, or which there are.
func Unknown(what, name string, known []string) string {
	message := "unknown " + what + " " + strconv.Quote(name)
	if near := connector.Nearest(name, known); near != "" {
		return message + fmt.Sprintf("; did you mean %q?", near)
	}
	if len(known) == 0 {
		return message
	}
	return message + "; there are: " + strings.Join(known, ", ")
}

func sourceNames(registry *connector.Registry) []string {
	names := make([]string, len(registry.Sources))
	for i, t := range registry.Sources {
		names[i] = t.Name
	}
	return names
}

func sinkNames(registry *connector.Registry) []string {
	names := make([]string, len(registry.Sinks))
	for i, t := range registry.Sinks {
		names[i] = t.Name
	}
	return names
}
