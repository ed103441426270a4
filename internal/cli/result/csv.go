package result

import (
	"bytes"
	"io"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
)

// csvWriter quotes what has to be.
type csvWriter struct {
	out     io.Writer
	columns []Column
	course  Course
	begun   bool
	line    []byte
	value   []byte
}

func newCSV(out io.Writer, columns []Column, course Course) *csvWriter {
	return &csvWriter{out: out, columns: columns, course: course}
}

func (w *csvWriter) header() {
	if w.begun {
		return
	}
	w.begun = true
	first := 0
	if w.course.Changes {
		w.field(0, []byte(w.course.op()))
		first = 1
	}
	for i, c := range w.columns {
		w.field(first+i, []byte(c.Name))
	}
	w.line = append(w.line, '\n')
}

// field appends text, which is no NULL.
func (w *csvWriter) field(i int, text []byte) {
	if i > 0 {
		w.line = append(w.line, ',')
	}
	if len(text) > 0 && !bytes.ContainsAny(text, "\",\r\n") && text[0] != ' ' && text[len(text)-1] != ' ' {
		w.line = append(w.line, text...)
		return
	}
	w.line = append(w.line, '"')
	w.line = append(w.line, bytes.ReplaceAll(text, []byte{'"'}, []byte{'"', '"'})...)
	w.line = append(w.line, '"')
}

// Rows writes rows.
func (w *csvWriter) Rows(b *batch.Batch) error {
	w.header()
	for k := range b.Rows() {
		row, first := b.Row(k), 0
		if w.course.Changes {
			w.line = append(w.line, kindOf(b, row)...)
			first = 1
		}
		for i, c := range b.Cols {
			if c.IsNull(row) {
				if first+i > 0 {
					w.line = append(w.line, ',')
				}
				continue
			}
			w.value = builtin.AppendValue(w.value[:0], c, row)
			w.field(first+i, w.value)
		}
		w.line = append(w.line, '\n')
	}
	return w.flush()
}

// End writes the header if there was no row.
func (w *csvWriter) End() error {
	w.header()
	return w.flush()
}

func (w *csvWriter) flush() error {
	_, err := w.out.Write(w.line)
	w.line = w.line[:0]
	return err
}
