package result

import (
	"fmt"
	"io"
	"slices"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/format/jsonfmt"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// lineWriter writes an object for each row, as the format json does in files.
type lineWriter struct {
	out     io.Writer
	encoder codec.Encoder
	text    []byte
	ends    []int
	err     error
}

func newLines(out io.Writer, columns []Column, course Course) *lineWriter {
	fields := make([]schema.Field, len(columns))
	for i, c := range columns {
		fields[i] = schema.Field{Name: c.Name, Type: c.Type}
	}
	w := &lineWriter{out: out}
	if course.Changes && slices.ContainsFunc(columns, func(c Column) bool { return c.Name == course.op() }) {
		w.err = fmt.Errorf("column %q clashes with the kind of change; rename the column, or the kind with --op-field", course.op())
		return w
	}
	format, err := jsonfmt.New(jsonfmt.Options{})
	if err == nil {
		w.encoder, err = format.NewEncoder(codec.EncodeSpec{Schema: schema.New(fields...), Changelog: course.Changes, OpField: course.op()})
	}
	w.err = err
	return w
}

// Rows writes rows.
func (w *lineWriter) Rows(b *batch.Batch) error {
	if w.err != nil {
		return w.err
	}
	var bad []codec.RowError
	w.text, w.ends, bad = w.encoder.Encode(w.text[:0], w.ends[:0], b)
	if len(bad) > 0 {
		w.err = fmt.Errorf("a row that JSON cannot hold: %w", bad[0].Err)
		return w.err
	}
	_, w.err = w.out.Write(w.text)
	return w.err
}

// End has nothing left to write.
func (w *lineWriter) End() error { return w.err }

// arrayWriter writes an array for each row.
type arrayWriter struct {
	out     io.Writer
	changes bool
	line    []byte
}

// Rows writes rows.
func (w *arrayWriter) Rows(b *batch.Batch) error {
	for k := range b.Rows() {
		row := b.Row(k)
		w.line = append(w.line, '[')
		if w.changes {
			w.line = append(append(append(w.line, '"'), kindOf(b, row)...), '"')
		}
		for i, c := range b.Cols {
			if i > 0 || w.changes {
				w.line = append(w.line, ',')
			}
			if c.IsNull(row) {
				w.line = append(w.line, "null"...)
			} else {
				w.line = builtin.AppendJSON(w.line, c, row)
			}
		}
		w.line = append(w.line, ']', '\n')
	}
	_, err := w.out.Write(w.line)
	w.line = w.line[:0]
	return err
}

// End has nothing left to write.
func (w *arrayWriter) End() error { return nil }
