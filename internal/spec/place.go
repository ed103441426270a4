package spec

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/sdk/sqlstate"
)

// expression reports what is wrong with the expression or type in t, at its place in the file.
func (c *compiler) expression(t Text, err error) {
	m := Mistake{Pos: t.Pos, Message: err.Error()}
	var syntax *parse.Error
	var meaning *bind.Error
	switch {
	case errors.As(err, &syntax):
		m.Pos, m.Hint = c.place(t, syntax.Span), syntax.Hint
	case errors.As(err, &meaning):
		if c.follows(meaning) {
			return
		}
		m.Pos, m.Hint = c.place(t, meaning.Span), meaning.Hint
	}
	if t.Written != "" {
		m.Message = "in " + quoted(t) + ": " + m.Message
	}
	c.mistakes.List = append(c.mistakes.List, m)
}

// lacks notes that a column is missing because of a mistake that was reported.
func (c *compiler) lacks(column string) {
	if column != "" {
		c.untyped[strings.ToLower(column)] = true
	}
}

// follows reports whether err is that a column is missing which is there, but has a mistake that was reported.
func (c *compiler) follows(err *bind.Error) bool {
	if err.SQLSTATE != sqlstate.UndefinedColumn && err.SQLSTATE != sqlstate.UndefinedTable {
		return false
	}
	message := strings.ToLower(err.Message)
	for name := range c.untyped {
		if strings.Contains(message, strconv.Quote(name)) {
			return true
		}
	}
	return false
}

// place finds where a part of t's value stands in the file. It is exact for values in one line and for block literals; where references
// were expanded or quotes escaped it is the start of the value.
func (c *compiler) place(t Text, at ast.Span) Pos {
	lines := strings.Split(c.mistakes.Text, "\n")
	if t.Written != "" || t.Pos.Line < 1 || t.Pos.Line > len(lines) {
		return t.Pos
	}
	within := ast.PositionAt(t.Value, at.Start)
	valueLines := strings.Split(t.Value, "\n")
	// In one line: the value stands there as it is, perhaps behind a quote.
	for _, skip := range []int{0, 1} {
		if within.Line == 1 && startsAt(lines[t.Pos.Line-1], t.Pos.Column+skip, valueLines[0]) {
			return Pos{Line: t.Pos.Line, Column: t.Pos.Column + skip + within.Column - 1}
		}
	}
	// A block literal: its lines follow, indented.
	if n := t.Pos.Line + within.Line; n <= len(lines) && within.Line <= len(valueLines) {
		line, wanted := lines[n-1], valueLines[within.Line-1]
		if trimmed := strings.TrimLeft(line, " "); strings.HasPrefix(trimmed, strings.TrimLeft(wanted, " ")) {
			indent := len(line) - len(trimmed) - (len(wanted) - len(strings.TrimLeft(wanted, " ")))
			return Pos{Line: n, Column: indent + within.Column}
		}
	}
	return t.Pos
}

// startsAt reports whether value stands in line from the given column on.
func startsAt(line string, column int, value string) bool {
	for ; column > 1 && line != ""; column-- {
		_, n := utf8.DecodeRuneInString(line)
		line = line[n:]
	}
	return strings.HasPrefix(line, value)
}
