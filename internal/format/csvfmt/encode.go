package csvfmt

import (
	"fmt"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// encoder writes records, one a line, fields in quotes only where they must be.
type encoder struct {
	syntax syntax
	words  words
	null   string
	schema *schema.Schema
	header bool
	opName string // "" unless rows carry kinds of change
	single bool   // records have one field
	plain  []bool // columns whose values never need quotes
	bad    []codec.RowError
	mustBe [256]bool // bytes that make quotes necessary
	// scratch is a value that is to be put into quotes.
	scratch []byte
}

func newEncoder(f *format, spec codec.EncodeSpec) (*encoder, error) {
	e := &encoder{syntax: f.syntax, words: f.syntax.outsideWords(), null: f.options.Null, schema: spec.Schema, header: f.options.Header, plain: make([]bool, spec.Schema.Len())}
	if spec.Changelog {
		if e.opName = spec.OpField; e.opName == "" {
			e.opName = f.options.OpField
		}
		for _, field := range spec.Schema.Fields {
			if field.Name == e.opName {
				return nil, fmt.Errorf("column %q clashes with the column for the kind of change; rename one of them (op_field)", field.Name)
			}
		}
	}
	e.single = spec.Schema.Len() == 1 && e.opName == ""
	for _, c := range []byte{'\n', '\r', f.syntax.delimiter, f.syntax.quote} {
		e.mustBe[c] = c != 0
	}
	for i, field := range spec.Schema.Fields {
		k := field.Type.Kind
		e.plain[i] = !k.IsVariable() && !k.IsNested() && e.null == "" && e.syntax.comment == 0 && neverInNumbers(e.syntax.delimiter) && neverInNumbers(e.syntax.quote)
	}
	return e, nil
}

// neverInNumbers reports whether c is no part of the texts of numbers, dates, times and the like.
func neverInNumbers(c byte) bool {
	switch c {
	case ',', ';', '|', '\t', '"', '\'', 0:
		return true
	}
	return false
}

// AppendHeader appends the names of the columns, if files have them.
func (e *encoder) AppendHeader(dst []byte) []byte {
	if !e.header {
		return dst
	}
	start := len(dst)
	if e.opName != "" {
		dst, _ = e.appendValue(dst, []byte(e.opName), true)
		dst = append(dst, e.syntax.delimiter)
	}
	for i, f := range e.schema.Fields {
		if i > 0 {
			dst = append(dst, e.syntax.delimiter)
		}
		dst, _ = e.appendValue(dst, []byte(f.Name), len(dst) == start)
	}
	return append(dst, '\n')
}

// Encode appends the rows of b that count. Without quotes, a value that needs them fails its row.
func (e *encoder) Encode(dst []byte, ends []int, b *batch.Batch) ([]byte, []int, []codec.RowError) {
	e.bad = e.bad[:0]
	for i := range b.Rows() {
		row, start := b.Row(i), len(dst)
		var bad *sqlstate.Error
		if dst, bad = e.appendRow(dst, b, row); bad != nil {
			dst = dst[:start]
			e.bad = append(e.bad, codec.RowError{Row: row, Err: bad})
			continue
		}
		ends = append(ends, len(dst))
	}
	return dst, ends, e.bad
}

func (e *encoder) appendRow(dst []byte, b *batch.Batch, row int) ([]byte, *sqlstate.Error) {
	var bad *sqlstate.Error
	first := true
	if e.opName != "" {
		kind := batch.Insert
		if b.Kinds != nil {
			kind = b.Kinds[row]
		}
		if dst, bad = e.appendValue(dst, []byte(kind.String()), true); bad != nil {
			return dst, bad
		}
		first = false
	}
	for i, c := range b.Cols {
		if !first {
			dst = append(dst, e.syntax.delimiter)
		}
		switch {
		case c == nil || c.Kind() == schema.Null || c.IsNull(row):
			dst = append(dst, e.null...)
		case e.plain[i]:
			dst = codec.AppendText(dst, c, row)
		default:
			if dst, bad = e.appendColumn(dst, c, row, first); bad != nil {
				return dst, bad
			}
		}
		first = false
	}
	return append(dst, '\n'), nil
}

func (e *encoder) appendColumn(dst []byte, c *batch.Column, row int, first bool) ([]byte, *sqlstate.Error) {
	if c.Kind() == schema.Text || c.Kind() == schema.JSONB {
		return e.appendValue(dst, c.Bytes(row), first)
	}
	e.scratch = codec.AppendText(e.scratch[:0], c, row)
	return e.appendValue(dst, e.scratch, first)
}

// appendValue appends text, in quotes if it would otherwise read as something else; first says that it begins the record.
func (e *encoder) appendValue(dst, text []byte, first bool) ([]byte, *sqlstate.Error) {
	if !e.needsQuotes(text, first) {
		return append(dst, text...), nil
	}
	if e.syntax.quote == 0 {
		return dst, sqlstate.Errorf(sqlstate.InvalidParameterValue, "text that needs quotes cannot be written with quote: none: \"%s\"", codec.Shown(text))
	}
	dst = append(dst, e.syntax.quote)
	for _, c := range text {
		switch {
		case e.syntax.backslash && (c == e.syntax.quote || c == '\\'):
			dst = append(dst, '\\', c)
		case c == e.syntax.quote:
			dst = append(dst, c, c)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, e.syntax.quote), nil
}

func (e *encoder) needsQuotes(text []byte, first bool) bool {
	if len(text) == 0 || string(text) == e.null {
		return true
	}
	if !e.words.isPlain(text) {
		for _, c := range text {
			if e.mustBe[c] {
				return true
			}
		}
	}
	s := &e.syntax
	switch {
	case first && (text[0] == s.comment && s.comment != 0 || text[0] == byteOrderMark[0]):
		return true
	case e.single && string(text) == `\.`: // alone on a line it ends the input of COPY
		return true
	case s.trim && (s.isBlank(text[0]) || s.isBlank(text[len(text)-1])):
		return true
	}
	return false
}
