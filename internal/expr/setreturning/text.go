package setreturning

import (
	"bytes"
	"unicode/utf8"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

func textFunctions() []Function {
	const text = schema.Text
	return []Function{
		set("regexp_matches", schema.Array, func() Generator { return &regexpMatches{} }, text, text, text).optional().
			resultType(schema.ArrayOf(schema.Of(text))),
		set("regexp_split_to_table", text, func() Generator { return &regexpSplit{} }, text, text, text).optional(),
		set("string_to_table", text, func() Generator { return &fields{} }, text, text, text).optional().called(),
	}
}

// regexpMatches are the groups of the first match, or of all matches under the flag g.
type regexpMatches struct {
	patterns builtin.Patterns
	text     []byte
	bounds   []int32 // of the groups, width numbers a match
	width    int
	at       int
}

func (g *regexpMatches) Start(args []*batch.Column, row int) *sqlstate.Error {
	g.text, g.bounds, g.width, g.at = args[0].Bytes(row), g.bounds[:0], 0, 0
	return g.patterns.Matches(g.text, args[1].Bytes(row), flagsOf(args, row), func(bounds []int) {
		g.width = len(bounds)
		for _, b := range bounds {
			g.bounds = append(g.bounds, int32(b)) //nolint:gosec // within a text
		}
	})
}

// flagsOf returns the third argument if there is one.
func flagsOf(args []*batch.Column, row int) []byte {
	if len(args) < 3 {
		return nil
	}
	return args[2].Bytes(row)
}

func (g *regexpMatches) Fill(out []*batch.Column, at, room int) (int, *sqlstate.Error) {
	child, n := out[0].Child(0), 0
	for ; n < room && g.at < len(g.bounds); n++ {
		bounds := g.bounds[g.at : g.at+g.width]
		first := child.Len()
		child.Resize(first + g.width/2)
		for k := 0; k < g.width; k += 2 {
			if bounds[k] < 0 {
				child.SetNull(first + k/2)
			} else {
				child.SetBytes(first+k/2, g.text[bounds[k]:bounds[k+1]])
			}
		}
		offsets := out[0].Offsets()
		offsets[at+n], offsets[at+n+1] = int32(first), int32(child.Len()) //nolint:gosec // offsets are 32 bits wide
		g.at += g.width
	}
	return n, nil
}

// Held counts the bounds.
func (g *regexpMatches) Held() int64 { return int64(cap(g.bounds)) * 4 }

// regexpSplit are the parts of a text between matches.
type regexpSplit struct {
	patterns builtin.Patterns
	text     []byte
	bounds   []int32 // two a part
	at       int
}

func (g *regexpSplit) Start(args []*batch.Column, row int) *sqlstate.Error {
	g.text, g.bounds, g.at = args[0].Bytes(row), g.bounds[:0], 0
	return g.patterns.Split("regexp_split_to_table", g.text, args[1].Bytes(row), flagsOf(args, row), func(from, to int) {
		g.bounds = append(g.bounds, int32(from), int32(to)) //nolint:gosec // within a text
	})
}

func (g *regexpSplit) Fill(out []*batch.Column, at, room int) (int, *sqlstate.Error) {
	n := min(room, (len(g.bounds)-g.at)/2)
	for i := range n {
		out[0].SetBytes(at+i, g.text[g.bounds[g.at]:g.bounds[g.at+1]])
		g.at += 2
	}
	return n, nil
}

// Held counts the bounds.
func (g *regexpSplit) Held() int64 { return int64(cap(g.bounds)) * 4 }

// fields are the parts of a text between separators, its characters if the separator is NULL, the text itself if that is empty.
type fields struct {
	streams
	rest      []byte
	separator []byte
	null      []byte // a field that is NULL; nil if none is
	by        fieldsBy
	over      bool
}

// fieldsBy is how a text is cut.
type fieldsBy uint8

const (
	byCharacter fieldsBy = iota
	bySeparator
	asWhole
)

func (g *fields) Start(args []*batch.Column, row int) *sqlstate.Error {
	*g = fields{over: true}
	if args[0].IsNull(row) {
		return nil
	}
	g.rest = args[0].Bytes(row)
	g.over = len(g.rest) == 0
	if !args[1].IsNull(row) {
		g.separator, g.by = args[1].Bytes(row), bySeparator
		if len(g.separator) == 0 {
			g.by = asWhole
		}
	}
	if len(args) > 2 && !args[2].IsNull(row) {
		g.null = append([]byte{}, args[2].Bytes(row)...)
	}
	return nil
}

func (g *fields) Fill(out []*batch.Column, at, room int) (int, *sqlstate.Error) {
	n := 0
	for ; n < room && !g.over; n++ {
		if field := g.next(); g.null != nil && bytes.Equal(field, g.null) {
			out[0].SetNull(at + n)
		} else {
			out[0].SetBytes(at+n, field)
		}
	}
	return n, nil
}

func (g *fields) next() (field []byte) {
	switch g.by {
	case byCharacter:
		_, size := utf8.DecodeRune(g.rest)
		field, g.rest = g.rest[:size], g.rest[size:]
		g.over = len(g.rest) == 0
		return field
	case bySeparator:
		if n := bytes.Index(g.rest, g.separator); n >= 0 {
			field, g.rest = g.rest[:n], g.rest[n+len(g.separator):]
			return field
		}
	case asWhole:
	}
	g.over = true
	return g.rest
}
