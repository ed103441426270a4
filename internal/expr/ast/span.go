package ast

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Span is a half-open range of bytes of the source text.
type Span struct{ Start, End int32 }

// Location returns s itself; embedding a Span makes a node.
func (s Span) Location() Span { return s }

// To returns the span from the start of s to the end of t.
func (s Span) To(t Span) Span { return Span{s.Start, t.End} }

// Position is a place for people: both counts start at 1 and the column counts characters, not bytes.
type Position struct{ Line, Column int }

// String returns "line:column".
func (p Position) String() string { return fmt.Sprintf("%d:%d", p.Line, p.Column) }

// PositionAt returns the place of a byte offset in text. An offset outside the text is moved to its nearer end.
func PositionAt(text string, offset int32) Position {
	at := min(max(int(offset), 0), len(text))
	before := text[:at]
	lineStart := strings.LastIndexByte(before, '\n') + 1
	return Position{
		Line:   strings.Count(before, "\n") + 1,
		Column: utf8.RuneCountInString(before[lineStart:]) + 1,
	}
}
