package bind

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/plan/declare"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/catalog"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
	"wire.example/wire/sdk/temporal"
)

// HasConnector reports whether the options of a CREATE name a connector.
func HasConnector(n *ast.CreateRelation) bool {
	return slices.ContainsFunc(n.Options, func(o ast.Option) bool { return optionName(o) == "connector" })
}

func optionName(o ast.Option) string {
	parts := make([]string, len(o.Name))
	for i, p := range o.Name {
		parts[i] = p.Text
	}
	return strings.Join(parts, ".")
}

// keys are the words of WITH that are no options of a connector or format.
func (d *definition) keys() []string {
	if d.ast.Kind == ast.Sink {
		return []string{"connector", "format", "on_error"}
	}
	return []string{"connector", "format", "on_error", "max_record_bytes", "changes", "ttl", "idle_timeout", "max_drift"}
}

// declaration reads WITH.
func (d *definition) declaration() (*declare.Declaration[exprast.Span], bool) {
	out := &declare.Declaration[exprast.Span]{Name: declare.Word[exprast.Span]{Text: d.name, At: d.ast.Name.Span}, Keys: d.keys()}
	seen := map[string]bool{}
	for _, o := range d.ast.Options {
		name := optionName(o)
		if seen[name] {
			d.add(errorf(o.Span, sqlstate.SyntaxError, "option \"%s\" specified more than once", name))
		}
		seen[name] = true
		word := declare.Word[exprast.Span]{Text: o.Value.Text, At: o.Value.Span}
		if !slices.Contains(d.keys(), name) {
			at := declare.Word[exprast.Span]{Text: name, At: o.Span}
			out.Options = append(out.Options, declare.Option[exprast.Span]{Name: at, Value: optionValue(o.Value), At: o.Value.Span})
			continue
		}
		switch name {
		case "connector":
			out.Connector = word
		case "format":
			out.Format = word
		case "on_error":
			d.policy(o.Value)
		case "changes":
			d.changes(o.Value)
		case "ttl":
			d.span(o.Value, "ttl", &d.ttl)
		case "idle_timeout":
			d.span(o.Value, "idle_timeout", &d.idleAfter)
		case "max_drift":
			d.span(o.Value, "max_drift", &d.drift)
		default:
			d.size(o.Value)
		}
	}
	if out.Connector.Text == "" {
		bad := errorf(d.ast.Name.Span, sqlstate.InvalidParameterValue, "%s \"%s\" needs a connector", d.ast.Kind, d.name)
		for _, o := range d.ast.Options {
			if name := optionName(o); connector.Nearest(name, []string{"connector"}) != "" {
				bad.Span = o.Span
				d.add(bad.WithHint("Perhaps you meant connector instead of %s.", name))
				return nil, false
			}
		}
		d.add(bad.
			WithHint("Add WITH (connector = '%s', …).", map[bool]string{true: "stdout", false: "file"}[d.ast.Kind == ast.Sink]))
		return nil, false
	}
	return out, true
}

// optionValue is a value as connectors take it.
func optionValue(v ast.Value) any {
	switch v.Kind {
	case ast.NumberValue:
		if n, err := strconv.ParseInt(v.Text, 10, 64); err == nil {
			return n
		}
		if n, err := strconv.ParseUint(v.Text, 10, 64); err == nil {
			return n
		}
		if f, err := strconv.ParseFloat(v.Text, 64); err == nil {
			return f
		}
	case ast.BoolValue:
		return v.Text == "true"
	case ast.ListValue:
		list := make([]any, len(v.List))
		for i := range v.List {
			list[i] = optionValue(v.List[i])
		}
		return list
	case ast.MapValue:
		m := make(map[string]any, len(v.Map))
		for _, o := range v.Map {
			m[optionName(o)] = optionValue(o.Value)
		}
		return m
	}
	return v.Text
}

func (d *definition) policy(v ast.Value) {
	switch v.Text {
	case "fail":
	case "drop":
		d.onError = logical.Drop
	default:
		bad := errorf(v.Span, sqlstate.InvalidParameterValue, "on_error is fail or drop, not \"%s\"", v.Text)
		if v.Text == "dead_letter" {
			bad = errorf(v.Span, sqlstate.FeatureNotSupported, "on_error = dead_letter is not supported in SQL").WithHint("A pipeline in YAML has it.")
		}
		d.add(bad)
	}
}

// changes reads how the rows of a source change.
func (d *definition) changes(v ast.Value) {
	switch v.Text {
	case "append", "changelog", "upsert":
		d.change, d.changeAt = v.Text, v.Span
	default:
		d.add(errorf(v.Span, sqlstate.InvalidParameterValue, "changes is append, changelog or upsert, not \"%s\"", v.Text))
	}
}

// span reads a length of time in µs.
func (d *definition) span(v ast.Value, what string, into *int64) {
	micros, err := ParseSpan(v.Text)
	if err != nil || micros <= 0 {
		d.add(errorf(v.Span, sqlstate.InvalidParameterValue, "%s must be a positive interval such as '30 seconds', not \"%s\"", what, v.Text))
		return
	}
	*into = micros
}

// ParseSpan reads an interval without months, such as '1 hour' or '30s', in µs.
func ParseSpan(text string) (int64, error) {
	if d, err := time.ParseDuration(text); err == nil {
		return d.Microseconds(), nil
	}
	v, err := temporal.ParseInterval([]byte(text))
	if err != nil {
		return 0, err
	}
	if v.Months != 0 {
		return 0, errors.New("an interval of months or years has no fixed length")
	}
	const day, most = 24 * 60 * 60 * 1_000_000, 1_000_000
	if v.Days > most || v.Days < -most {
		return 0, errors.New("interval out of range")
	}
	return int64(v.Days)*day + v.Micros, nil
}

func (d *definition) size(v ast.Value) {
	const most = 1 << 30
	n, err := connector.ParseBytes(v.Text)
	if err != nil || n < 1 || n > most {
		d.add(errorf(v.Span, sqlstate.InvalidParameterValue, "max_record_bytes must be a size from 1 to 1GB, such as 16MB, not \"%s\"", v.Text))
		return
	}
	d.maxRecord = int64(n)
}

// declared adds the mistakes that package declare found.
func (d *definition) declared(mistakes []declare.Mistake[exprast.Span]) {
	for _, m := range mistakes {
		d.add(errorf(m.At, sqlstate.InvalidParameterValue, "%s", m.Message))
	}
}

// source finds connector and format.
func (d *definition) source() (*logical.Source, bool) {
	out := &logical.Source{Name: d.name, EventTime: -1}
	declaration, ok := d.declaration()
	if !ok {
		return out, false
	}
	s, mistakes := declare.ReadSource(d.connectors.Registry, declaration)
	d.declared(mistakes)
	out.Type, out.Config, out.Format, out.OnError, out.MaxRecordBytes = s.Type, s.Config, s.Format, d.onError, d.maxRecord
	out.TTL, out.IdleAfter, out.Drift = d.ttl, d.idleAfter, d.drift
	if len(mistakes) == 0 {
		d.changing(out)
	}
	return out, len(mistakes) == 0
}

// changing finds out how the rows of a source change.
func (d *definition) changing(s *logical.Source) {
	reads := declare.Reads(s.Type, s.Config, s.Format)
	switch {
	case d.change == "upsert":
		s.Changes = logical.Upsert
	case reads:
		s.Changes = logical.Changelog
	case d.change == "changelog":
		d.add(errorf(d.changeAt, sqlstate.InvalidParameterValue, "the rows of source \"%s\" carry no kinds of change", d.name).
			WithHint("Add changelog = true to a format that reads them (json, csv), or take format = 'debezium-json'."))
	}
	if d.change == "append" && reads {
		d.add(errorf(d.changeAt, sqlstate.InvalidParameterValue, "the rows of source \"%s\" carry kinds of change", d.name).WithHint("Leave changes out."))
	}
}

// schema finds the columns that are read: declared, given by connector or format, or inferred. Those that were not declared become the relation's.
func (d *definition) schema(r *catalog.Relation, s *logical.Source) error {
	fixed, err := fixedSchema(s)
	at := d.ast.Name.Span
	if err != nil {
		return errorf(at, sqlstate.InvalidParameterValue, "%s: %v", d.name, err)
	}
	read := schema.New()
	for _, c := range r.Columns {
		if c.Generated == nil {
			read.Fields = append(read.Fields, c.Field)
		}
	}
	switch {
	case fixed != nil && len(read.Fields) > 0 && !sameColumns(fixed, read):
		return errorf(d.ast.Columns[0].Span, sqlstate.InvalidParameterValue, "%s \"%s\" has the columns (%s)", r.Kind(), d.name, fixed).
			WithHint("Leave the list of columns out.")
	case fixed != nil:
		s.Schema = fixed
	case len(read.Fields) > 0:
		s.Schema = read
		return nil
	case len(d.ast.Columns) > 0 && len(d.mistakes) > 0:
		return nil // they are wrong, which was said
	case d.connectors.Infer == nil:
		return errorf(at, invalidTable, "%s \"%s\" needs columns", r.Kind(), d.name).WithHint("Declare them: CREATE %s %s (id BIGINT, name TEXT) WITH (…).",
			strings.ToUpper(r.Kind().String()), exprast.QuoteName(d.name))
	default:
		if s.Schema, err = d.connectors.Infer(s); err != nil {
			return errorf(at, invalidTable, "%s: the columns cannot be inferred: %v", d.name, err).WithHint("Declare them.")
		}
	}
	if len(read.Fields) == 0 {
		var columns []catalog.Column
		for _, f := range s.Schema.Fields {
			columns = append(columns, catalog.Column{Field: f})
		}
		r.Columns = append(columns, r.Columns...)
	}
	return nil
}

func sameColumns(a, b *schema.Schema) bool {
	return slices.EqualFunc(a.Fields, b.Fields, func(x, y schema.Field) bool { return x.Name == y.Name && x.Type.Equal(y.Type) })
}

// fixedSchema returns the columns of a source that has no choice, else nil.
func fixedSchema(s *logical.Source) (*schema.Schema, error) {
	if s.Type.Rows != nil {
		return s.Type.Rows.Schema(s.Config)
	}
	if f, ok := s.Format.Format.(codec.Fixed); ok {
		return f.FixedSchema(), nil
	}
	return nil, nil
}

// decodes reports columns that the format cannot read.
func (d *definition) decodes(s *logical.Source) {
	if s.Format == nil || s.Schema == nil {
		return
	}
	_, err := s.Format.Format.NewDecoder(codec.DecodeSpec{Schema: s.Schema, Upserts: s.Changes == logical.Upsert, Pool: &batch.Pool{}})
	if err == nil {
		return
	}
	at := d.ast.Name.Span
	for _, c := range d.ast.Columns {
		if strings.Contains(err.Error(), "column "+strconv.Quote(c.Name.Text)+":") && c.Type != nil {
			at = c.Type.Span
		}
	}
	d.add(errorf(at, sqlstate.FeatureNotSupported, "%s: %v", d.name, err))
}
