package spec

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/plan/declare"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// sourceKeys are the keys of a source besides options.
func sourceKeys() []string {
	return []string{"connector", "format", "schema", "primary_key", "changes", "event_time", "watermark", "on_error", "max_record_bytes"}
}

// source makes the scan of one source.
func (c *compiler) source(s *Source) {
	before := len(c.mistakes.List)
	out := &logical.Source{Name: s.Name.Value, EventTime: -1, MaxRecordBytes: codec.DefaultMaxRecordBytes}
	out.OnError = c.policy(s.OnError, c.onError)
	out.MaxRecordBytes = c.size(s.MaxRecord, codec.DefaultMaxRecordBytes)
	switch {
	case c.sourceType(s, out):
		c.unbounded = c.unbounded || !out.Type.Bounded(out.Config)
		if c.sourceSchema(s, out); out.Schema != nil {
			c.changing(s, out)
		}
		c.decodes(s, out)
	case len(s.Schema) > 0: // what reads the source is checked all the same
		out.Schema = c.columns(s.Schema)
	}
	if out.Schema != nil {
		c.eventTime(s, out)
	}
	if out.Schema == nil || len(c.mistakes.List) > before {
		c.broken[s.Name.Value] = out.Schema == nil
	}
	if out.Schema != nil {
		c.nodes[s.Name.Value] = &logical.Scan{Source: out}
	}
}

// sourceType finds connector and format, and reads their options.
func (c *compiler) sourceType(s *Source, out *logical.Source) bool {
	source, mistakes := declare.ReadSource(c.catalog.Registry, declaration(s.Name, s.Connector, s.Format, s.Options, sourceKeys()))
	out.Type, out.Config, out.Format = source.Type, source.Config, source.Format
	return c.declared(mistakes)
}

// sourceSchema finds the columns: declared, given by connector or format, or inferred.
func (c *compiler) sourceSchema(s *Source, out *logical.Source) {
	fixed, err := fixedSchema(out)
	switch {
	case err != nil:
		c.add(s.Name.Pos, "%s: %v", s.Name.Shown(), err)
	case len(s.Schema) > 0 && fixed != nil:
		c.add(s.Schema[0].Name.Pos, "source %s has the columns (%s); leave schema out", quoted(s.Name), fixed)
	case fixed != nil:
		out.Schema = fixed
	case len(s.Schema) > 0:
		out.Schema = c.columns(s.Schema)
	case c.catalog.Infer != nil:
		if out.Schema, err = c.catalog.Infer(out); err != nil {
			c.add(s.Name.Pos, "%s: the schema cannot be inferred: %v", s.Name.Shown(), err)
		}
	default:
		c.add(s.Name.Pos, "source %s needs a schema, such as schema: {id: BIGINT, name: TEXT}; wire run --infer proposes one from a sample", quoted(s.Name))
	}
}

// decodes reports columns that the format cannot read.
func (c *compiler) decodes(s *Source, out *logical.Source) {
	if out.Schema == nil || out.Format == nil {
		return
	}
	_, err := out.Format.Format.NewDecoder(codec.DecodeSpec{Schema: out.Schema, Upserts: out.Changes == logical.Upsert, Pool: &batch.Pool{}})
	if err == nil {
		return
	}
	at := s.Name.Pos
	for _, col := range s.Schema {
		if strings.Contains(err.Error(), "column "+strconv.Quote(col.Name.Value)+":") {
			at = col.Type.Pos
		}
	}
	c.add(at, "%s: %v", s.Name.Shown(), err)
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

// columns reads the declared columns. Those with mistakes are left out.
func (c *compiler) columns(list []Column) *schema.Schema {
	out := schema.New()
	for _, col := range list {
		text, notNull := col.Type, false
		if rest, found := cutSuffixFold(text.Value, "NOT NULL"); found {
			text.Value, notNull = strings.TrimSpace(rest), true
		}
		if text.Value == "" {
			c.add(col.Name.Pos, "column %s needs a type, such as BIGINT or TEXT", quoted(col.Name))
			c.lacks(col.Name.Value)
			continue
		}
		typ, err := typeOf(text.Value)
		if err != nil {
			c.expression(text, err)
			c.lacks(col.Name.Value)
			continue
		}
		out.Fields = append(out.Fields, schema.Field{Name: col.Name.Value, Type: typ, NotNull: notNull})
	}
	return out
}

func typeOf(text string) (schema.Type, error) {
	name, err := parse.Type(text)
	if err != nil {
		return schema.Type{}, err
	}
	return bind.TypeOf(name)
}

func cutSuffixFold(s, suffix string) (string, bool) {
	if cut := len(s) - len(suffix); cut >= 0 && strings.EqualFold(s[cut:], suffix) {
		return s[:cut], true
	}
	return s, false
}

// eventTime reads event_time and watermark.
func (c *compiler) eventTime(s *Source, out *logical.Source) {
	if s.EventTime.Value == "" {
		if s.Watermark.Value != "" {
			c.add(s.Watermark.Pos, "watermark needs event_time: the column whose values it follows")
		}
		return
	}
	c.delay(s, out)
	i, err := out.Schema.Find(s.EventTime.Value)
	if err != nil && c.untyped[strings.ToLower(s.EventTime.Value)] {
		return
	}
	if err != nil {
		message := unknownName("column", s.EventTime, out.Schema.Names())
		if errors.Is(err, schema.ErrAmbiguous) {
			message = "column " + quoted(s.EventTime) + " is ambiguous; write it exactly as it is declared"
		}
		c.add(s.EventTime.Pos, "event_time: %s", message)
		return
	}
	switch typ := out.Schema.Fields[i].Type; typ.Kind {
	case schema.Timestamp, schema.TimestampTZ:
		out.EventTime, out.Times = i, [][]int{{i}}
	default:
		c.add(s.EventTime.Pos, "event_time is a TIMESTAMP or TIMESTAMPTZ column; %s is %s", quoted(s.EventTime), typ)
	}
}

// delay reads watermark.
func (c *compiler) delay(s *Source, out *logical.Source) {
	if s.Watermark.Value == "" {
		return
	}
	delay, err := time.ParseDuration(s.Watermark.Value)
	if err != nil || delay < 0 {
		c.add(s.Watermark.Pos, "watermark must be a duration such as 500ms, 4s or 1h30m, not %s", quoted(s.Watermark))
		return
	}
	out.Delay = delay.Microseconds()
}

// size reads a number of bytes.
func (c *compiler) size(t Text, byDefault int64) int64 {
	if t.Value == "" {
		return byDefault
	}
	n, err := connector.ParseBytes(t.Value)
	if err != nil || n < 1 || n > 1<<30 {
		c.add(t.Pos, "max_record_bytes must be a size from 1 to 1GB, such as 16MB, not %s", quoted(t))
		return byDefault
	}
	return int64(n)
}
