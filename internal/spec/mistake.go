package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Pos is a place in the text: line and column from 1, columns in characters. The zero Pos means the file as a whole.
type Pos struct{ Line, Column int }

// Mistake is one thing that is wrong with a pipeline file.
type Mistake struct {
	Pos     Pos
	Message string
	Hint    string
	// reference says that a reference cannot be followed.
	reference bool
}

// Mistakes are all that is wrong with one file, in the order of the text. It is an error with exit code 2.
type Mistakes struct { //nolint:errname // it is a list of mistakes, and an error only where it is returned
	File string
	Text string
	List []Mistake
	// hidden are values of references, which may be secrets, and what stands in the file for each.
	hidden []hidden
	// unread are the places of values with references that nothing stands for: what else is wrong with such a value follows from that.
	unread map[Pos]bool
}

// hidden is a value that no message repeats, and what it shows instead.
type hidden struct{ value, shown string }

// minHidden is the shortest value that is looked for anywhere in a message; shorter ones only in quotes.
const minHidden = 4

// hide replaces what references stood for by the references.
func (m *Mistakes) hide(text string) string {
	for _, h := range m.hidden {
		text = strings.ReplaceAll(text, strconv.Quote(h.value), strconv.Quote(h.shown))
		if len(h.value) >= minHidden {
			text = strings.ReplaceAll(text, h.value, h.shown)
		}
	}
	return text
}

// Error renders every mistake as "file:line:column: message", each with the line it is in, a caret and the hint.
func (m *Mistakes) Error() string {
	var b strings.Builder
	lines := strings.Split(m.Text, "\n")
	for i, mistake := range m.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		writeMistake(&b, m.File, lines, mistake)
	}
	return b.String()
}

func writeMistake(b *strings.Builder, file string, lines []string, m Mistake) {
	if m.Pos.Line == 0 {
		fmt.Fprintf(b, "%s: %s", file, m.Message)
	} else {
		fmt.Fprintf(b, "%s:%d:%d: %s", file, m.Pos.Line, m.Pos.Column, m.Message)
	}
	if m.Pos.Line > 0 && m.Pos.Line <= len(lines) {
		line := strings.TrimRight(lines[m.Pos.Line-1], "\r")
		number := fmt.Sprintf("%5d", m.Pos.Line)
		pad := strings.Repeat(" ", min(max(m.Pos.Column-1, 0), len([]rune(line))))
		fmt.Fprintf(b, "\n%s | %s\n      | %s^", number, strings.ReplaceAll(line, "\t", " "), pad)
	}
	if m.Hint != "" {
		fmt.Fprintf(b, "\n        %s", m.Hint)
	}
}

// sorted returns m if it holds any mistakes, in the order of the text, else nil.
func (m *Mistakes) sorted() error {
	if len(m.List) == 0 {
		return nil
	}
	m.List = slices.DeleteFunc(m.List, func(one Mistake) bool { return m.unread[one.Pos] && !one.reference })
	for i := range m.List {
		m.List[i].Message, m.List[i].Hint = m.hide(m.List[i].Message), m.hide(m.List[i].Hint)
	}
	slices.SortStableFunc(m.List, func(a, b Mistake) int {
		if a.Pos.Line != b.Pos.Line {
			return a.Pos.Line - b.Pos.Line
		}
		return a.Pos.Column - b.Pos.Column
	})
	return m
}

// addReference adds that a reference in the value at pos cannot be followed.
func (m *Mistakes) addReference(pos Pos, reference string, err error) {
	if m.unread == nil {
		m.unread = map[Pos]bool{}
	}
	m.unread[pos] = true
	m.List = append(m.List, Mistake{Pos: pos, Message: fmt.Sprintf("${%s}: %v", reference, err), reference: true})
}

func (m *Mistakes) add(pos Pos, format string, args ...any) {
	m.List = append(m.List, Mistake{Pos: pos, Message: fmt.Sprintf(format, args...)})
}
