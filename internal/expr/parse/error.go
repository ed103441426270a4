package parse

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/sdk/sqlstate"
)

// Codes that only parsing raises.
const (
	undefinedParameter sqlstate.Code = "42P02"
	windowingError     sqlstate.Code = "42P20"
)

// Error is a mistake in the text: what, where and, where one can guess it, how to mend it.
type Error struct {
	SQLSTATE sqlstate.Code
	// Message is PostgreSQL's wording.
	Message string
	// Hint may be empty.
	Hint string
	// Span is the part of the text to point at; empty at its end.
	Span ast.Span
	// Incomplete tells that more text might have mended it: a prompt asks for another line then.
	Incomplete bool
}

// Error returns the message; Render adds place, excerpt and hint.
func (e *Error) Error() string { return e.Message }

// Unwrap lets the code be found by sqlstate.Of.
func (e *Error) Unwrap() error {
	return &sqlstate.Error{Code: e.SQLSTATE, Message: e.Message, Hint: e.Hint}
}

// maxExcerpt is the longest part of a line that Render shows, in characters.
const maxExcerpt = 100

// Render returns the error for a person, several lines without a final newline: code and message, the line of source with its number,
// carets below the place, and the hint. source is the text that was parsed.
func (e *Error) Render(source string) string {
	start := min(max(int(e.Span.Start), 0), len(source))
	end := min(max(int(e.Span.End), start), len(source))
	at := ast.PositionAt(source, e.Span.Start)
	first := strings.LastIndexByte(source[:start], '\n') + 1
	last := len(source)
	if i := strings.IndexByte(source[start:], '\n'); i >= 0 {
		last = start + i
	}
	before, marked, after := excerpt(source[first:start], source[start:min(end, last)], source[min(end, last):last])
	prefix := fmt.Sprintf("%d | ", at.Line)
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s (%s)\n", e.SQLSTATE, e.Message, at)
	b.WriteString(strings.TrimRight(prefix+before+marked+after, "\r"))
	b.WriteString("\n" + strings.Repeat(" ", len(prefix)) + blanks(before))
	b.WriteString(strings.Repeat("^", max(1, utf8.RuneCountInString(marked))))
	if e.Hint != "" {
		b.WriteString("\nhint: " + e.Hint)
	}
	return b.String()
}

// excerpt cuts a long line to a stretch around the marked part.
func excerpt(before, marked, after string) (b, m, a string) {
	const margin = maxExcerpt / 3
	if n := utf8.RuneCountInString(before); n > margin*2 {
		before = "…" + lastRunes(before, margin)
	}
	if utf8.RuneCountInString(marked) > margin {
		return before, firstRunes(marked, margin), "…"
	}
	if utf8.RuneCountInString(after) > margin {
		after = firstRunes(after, margin) + "…"
	}
	return before, marked, after
}

func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

func lastRunes(s string, n int) string {
	i := len(s)
	for ; n > 0 && i > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(s[:i])
		i -= size
	}
	return s[i:]
}

// blanks replaces every character but tabs by a blank, so that carets stand below what they mean.
func blanks(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, s)
}
