package result

import (
	"fmt"
	"io"
	"strings"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// Format is a way to write rows.
type Format string

// The formats.
const (
	// Table is for people: columns under headers, numbers to the right, the number of rows below.
	Table Format = "table"
	// CSV has a header; NULL is an empty field and the empty text "". Values are PostgreSQL's text.
	CSV Format = "csv"
	// JSONLines is an object a row, as row_to_json makes it.
	JSONLines Format = "jsonl"
	// JSONRows is an array a row.
	JSONRows Format = "json-rows"
)

// Formats are the names of all formats.
func Formats() []string {
	return []string{string(Table), string(CSV), string(JSONLines), string(JSONRows)}
}

// ParseFormat returns the format called name; the error says which there are.
func ParseFormat(name string) (Format, error) {
	for _, known := range Formats() {
		if name == known {
			return Format(name), nil
		}
	}
	message := fmt.Sprintf("output is %s, not %q", strings.Join(Formats(), ", "), name)
	if near := connector.Nearest(name, Formats()); near != "" {
		message += fmt.Sprintf("; did you mean %q?", near)
	}
	return "", fmt.Errorf("%s", message)
}

// Column is a column of the answer.
type Column struct {
	Name string
	Type schema.Type
}

// Writer writes the rows of one answer: Rows as often as there are batches, then End. A failing write is returned from then on.
type Writer interface {
	// Rows takes the rows of b that count, which are lent for the call.
	Rows(b *batch.Batch) error
	// End writes what is left.
	End() error
}

// Course is how the rows of an answer come.
type Course struct {
	// Changes says that rows may be changes: each then has its kind (+I, -U, +U, -D) in front.
	Changes bool
	// OpField is what the kind is called, "op" if it is empty.
	OpField string
	// Endless says that the answer does not end: then nothing is kept to see what is still to come.
	Endless bool
}

// DefaultOpField is what the kind of change is called.
const DefaultOpField = "op"

// op is what the kind of change is called.
func (c Course) op() string {
	if c.OpField == "" {
		return DefaultOpField
	}
	return c.OpField
}

// New returns a writer of an answer with these columns. The header, where there is one, is written even if no row follows.
func New(out io.Writer, format Format, columns []Column, course Course) Writer {
	switch format {
	case CSV:
		return newCSV(out, columns, course)
	case JSONLines:
		return newLines(out, columns, course)
	case JSONRows:
		return &arrayWriter{out: out, changes: course.Changes}
	default:
		return newTable(out, columns, course)
	}
}

// kindOf is the kind of a row.
func kindOf(b *batch.Batch, row int) string {
	if b.Kinds == nil {
		return batch.Insert.String()
	}
	return b.Kinds[row].String()
}
