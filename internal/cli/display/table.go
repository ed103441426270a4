package display

import (
	"strings"
	"unicode/utf8"
)

// table is rows of cells under a header. The first column is text and stands left, the others are numbers and stand right, but for the last
// one if text says so.
type table struct {
	header []string
	rows   [][]string
	text   bool
}

// gap separates columns.
const gap = "  "

// write appends the table to b, a line a row.
func (t *table) write(b *strings.Builder) {
	widths := make([]int, len(t.header))
	all := append([][]string{t.header}, t.rows...)
	for _, row := range all {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range all {
		var line strings.Builder
		for i, cell := range row {
			if i > 0 {
				line.WriteString(gap)
			}
			if i == 0 || t.text && i == len(row)-1 {
				line.WriteString(pad(cell, widths[i]))
			} else {
				line.WriteString(padLeft(cell, widths[i]))
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

// column is a number of every row of a table; optional ones are left out if they are zero in all rows.
type column struct {
	name     string
	values   []string
	zero     bool
	optional bool
}

// counts makes an unoptional or optional column of counts.
func counts(name string, optional bool, n int, value func(i int) int64) column {
	c := column{name: name, optional: optional, zero: true}
	for i := range n {
		v := value(i)
		c.zero = c.zero && v == 0
		c.values = append(c.values, grouped(v))
	}
	return c
}

// sizes makes a column of bytes, which is left out if it is zero.
func sizes(name string, n int, value func(i int) int64) column {
	c := counts(name, true, n, value)
	for i := range n {
		c.values[i] = size(float64(value(i)))
	}
	return c
}

// newTable puts columns together, the names of the rows first.
func newTable(title string, names []string, columns []column) *table {
	t := &table{header: []string{title}}
	for _, name := range names {
		t.rows = append(t.rows, []string{plain(name)})
	}
	for _, c := range columns {
		if c.optional && c.zero {
			continue
		}
		t.header = append(t.header, c.name)
		for i := range t.rows {
			t.rows[i] = append(t.rows[i], c.values[i])
		}
	}
	return t
}
