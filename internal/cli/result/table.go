package result

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// measured is how many rows a table keeps to find out how wide its columns are; what comes behind them does not widen a column any more.
const measured = 1000

// tableWriter writes what psql does: headers in the middle, numbers to the right, a value of several lines in several lines.
type tableWriter struct {
	out     io.Writer
	columns []Column
	course  Course
	widths  []int
	right   []bool
	kept    [][][]byte // rows of cells until the widths are known
	begun   bool
	rows    int64
	text    []byte
}

func newTable(out io.Writer, columns []Column, course Course) *tableWriter {
	if course.Changes {
		columns = append([]Column{{Name: course.op(), Type: schema.Of(schema.Text)}}, columns...)
	}
	w := &tableWriter{out: out, columns: columns, course: course, widths: make([]int, len(columns)), right: make([]bool, len(columns))}
	for i, c := range columns {
		w.widths[i] = utf8.RuneCountInString(c.Name)
		k := c.Type.Kind
		w.right[i] = k.IsNumber()
	}
	return w
}

// Rows takes rows, and writes them once the widths are known.
func (w *tableWriter) Rows(b *batch.Batch) error {
	for k := range b.Rows() {
		cells := w.cells(b, b.Row(k))
		w.rows++
		if w.begun {
			w.line(cells)
			continue
		}
		w.widen(cells)
		if w.kept = append(w.kept, cells); len(w.kept) == measured {
			w.begin()
		}
	}
	if w.course.Endless && !w.begun && b.Rows() > 0 {
		w.begin()
	}
	return w.flush()
}

// cells are the texts of a row.
func (w *tableWriter) cells(b *batch.Batch, row int) [][]byte {
	cells := make([][]byte, 0, len(w.columns))
	if w.course.Changes {
		cells = append(cells, []byte(kindOf(b, row)))
	}
	for _, c := range b.Cols {
		cells = append(cells, Cell(c, row))
	}
	return cells
}

// Cell is the text of a value as tables show it, which moves no cursor; nil if it is NULL.
func Cell(c *batch.Column, row int) []byte {
	if c.IsNull(row) {
		return nil
	}
	return printable(builtin.AppendValue([]byte{}, c, row), c.Kind())
}

// printable replaces control characters but line feeds, which would spoil a terminal.
func printable(text []byte, kind schema.Kind) []byte {
	if !kind.IsVariable() || !bytes.ContainsFunc(text, control) {
		return text
	}
	var out []byte
	for _, r := range string(text) {
		switch {
		case r == '\t':
			out = append(out, "        "...)
		case control(r):
			out = fmt.Appendf(out, "\\x%02X", r)
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}

func control(r rune) bool { return r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0) }

func (w *tableWriter) widen(cells [][]byte) {
	for i, cell := range cells {
		for line := range bytes.SplitSeq(cell, []byte{'\n'}) {
			w.widths[i] = max(w.widths[i], utf8.RuneCount(line))
		}
	}
}

// begin writes the header and the rows that were kept.
func (w *tableWriter) begin() {
	w.begun = true
	for i, c := range w.columns {
		w.between(i, " | ", " ")
		free := w.widths[i] - utf8.RuneCountInString(c.Name)
		w.text = append(w.text, strings.Repeat(" ", free/2)+c.Name...)
		w.text = append(w.text, strings.Repeat(" ", free-free/2)...)
	}
	w.text = append(w.text, " \n"...)
	for i, width := range w.widths {
		w.between(i, "+", "")
		w.text = append(w.text, strings.Repeat("-", width+2)...)
	}
	w.text = append(w.text, '\n')
	for _, cells := range w.kept {
		w.line(cells)
	}
	w.kept = nil
}

func (w *tableWriter) between(i int, separator, first string) {
	if i == 0 {
		separator = first
	}
	w.text = append(w.text, separator...)
}

// line writes a row, in as many lines as its highest cell has. A cell that goes on in the next line has a + behind it.
func (w *tableWriter) line(cells [][]byte) {
	rest := make([][][]byte, len(cells))
	lines := 1
	for i, cell := range cells {
		rest[i] = bytes.Split(cell, []byte{'\n'})
		lines = max(lines, len(rest[i]))
	}
	for n := range lines {
		for i, parts := range rest {
			w.between(i, "|", "")
			var part []byte
			if n < len(parts) {
				part = parts[n]
			}
			pad := strings.Repeat(" ", max(0, w.widths[i]-utf8.RuneCount(part)))
			mark := " "
			if n+1 < len(parts) {
				mark = "+"
			}
			last := i == len(rest)-1
			switch {
			case w.right[i]:
				w.text = append(w.text, " "+pad+string(part)...)
			case last && mark == " ":
				w.text = append(w.text, " "+string(part)...)
			default:
				w.text = append(w.text, " "+string(part)+pad...)
			}
			if !last || mark == "+" {
				w.text = append(w.text, mark...)
			}
		}
		w.text = append(w.text, '\n')
	}
}

// End writes the rows that were kept, and how many there were.
func (w *tableWriter) End() error {
	if !w.begun {
		w.begin()
	}
	unit := "row"
	if w.course.Changes {
		unit = "change"
	}
	if w.rows != 1 {
		unit += "s"
	}
	w.text = fmt.Appendf(w.text, "(%d %s)\n\n", w.rows, unit)
	return w.flush()
}

func (w *tableWriter) flush() error {
	_, err := w.out.Write(w.text)
	w.text = w.text[:0]
	return err
}
