package result

import (
	"io"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/jsonb"
)

// jsonWriter writes a line of JSON for each row.
type jsonWriter struct {
	out io.Writer
	// names are the members' names with quotes and colon; nil for arrays.
	names []string
	line  []byte
}

func newJSON(out io.Writer, columns []Column, objects bool) *jsonWriter {
	w := &jsonWriter{out: out}
	if objects {
		w.names = make([]string, len(columns))
		for i, c := range columns {
			w.names[i] = string(append(jsonb.AppendString(nil, []byte(c.Name)), ':'))
		}
	}
	return w
}

// Rows writes rows.
func (w *jsonWriter) Rows(b *batch.Batch) error {
	open, end := byte('['), byte(']')
	if w.names != nil {
		open, end = '{', '}'
	}
	for k := range b.Rows() {
		row := b.Row(k)
		w.line = append(w.line, open)
		for i, c := range b.Cols {
			if i > 0 {
				w.line = append(w.line, ',')
			}
			if w.names != nil {
				w.line = append(w.line, w.names[i]...)
			}
			if c.IsNull(row) {
				w.line = append(w.line, "null"...)
			} else {
				w.line = builtin.AppendJSON(w.line, c, row)
			}
		}
		w.line = append(w.line, end, '\n')
	}
	_, err := w.out.Write(w.line)
	w.line = w.line[:0]
	return err
}

// End has nothing left to write.
func (w *jsonWriter) End() error { return nil }
