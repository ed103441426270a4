package stdout

import (
	"bytes"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// table lays rows out. Its first column, op, is the kind of change; it is there if rows may change, or once one has.
type table struct {
	fields  []schema.Field
	config  *Config
	null    []byte
	names   [][]byte // what may be printed of the columns' names, op first
	widths  []int    // of the page, op first; 0 before the first page
	changes bool     // op is shown
	// changelog says that rows may change.
	changelog bool
	inPage    int // rows since the header
	text      []byte
}

func newTable(s *schema.Schema, config *Config) *table {
	t := &table{fields: s.Fields, config: config, widths: make([]int, len(s.Fields)+1), names: [][]byte{[]byte("op")}}
	t.null, _ = appendCell(nil, []byte(config.Null), config.MaxWidth)
	for _, f := range s.Fields {
		name, _ := appendCell(nil, []byte(f.Name), config.MaxWidth)
		t.names = append(t.names, name)
	}
	return t
}

// cells is the chunk of a table: for every row the kind of change and the text of each column, cut to what is shown. A lane fills it.
type cells struct {
	table   *table // only its immutable parts are used
	columns int    // cells a row
	text    []byte
	ends    []int // of the cells, in text
	widths  []int // of the cells, in characters
	changes bool
	scratch []byte
}

func (t *table) newChunk() *cells { return &cells{table: t, columns: len(t.fields) + 1} }

// Encode appends the rows of b.
func (c *cells) Encode(b *batch.Batch) []codec.RowError {
	for i := range b.Rows() {
		row := b.Row(i)
		c.addKind(b, row)
		for k := range c.table.fields {
			c.add(b.Cols[k], row)
		}
	}
	return nil
}

func (c *cells) addKind(b *batch.Batch, row int) {
	width := 0
	if b.Kinds != nil || c.table.changelog {
		kind := batch.Insert
		if b.Kinds != nil {
			kind = b.Kinds[row]
		}
		c.changes = true
		c.text = append(c.text, kind.String()...)
		width = len("op")
	}
	c.ends, c.widths = append(c.ends, len(c.text)), append(c.widths, width)
}

func (c *cells) add(column *batch.Column, row int) {
	var width int
	if column.IsNull(row) {
		c.text = append(c.text, c.table.null...)
		width = widthOf(c.table.null)
	} else {
		c.scratch = appendValue(c.scratch[:0], column, row)
		c.text, width = appendCell(c.text, c.scratch, c.table.config.MaxWidth)
	}
	c.ends, c.widths = append(c.ends, len(c.text)), append(c.widths, width)
}

// Size returns the rows and bytes held.
func (c *cells) Size() (rows int, size int64) { return len(c.ends) / c.columns, int64(len(c.text)) }

// Reset empties the chunk.
func (c *cells) Reset() {
	c.text, c.ends, c.widths, c.changes = c.text[:0], c.ends[:0], c.widths[:0], false
	if cap(c.scratch) > keepBytes {
		c.scratch = nil
	}
}

// keepBytes is how much memory for a single value an emptied chunk keeps.
const keepBytes = 1 << 20

// lines returns the rows of c laid out, with a header where a page begins. The memory is good until the next call.
func (t *table) lines(c *cells) []byte {
	t.text = t.text[:0]
	if t.widen(c) || t.inPage == 0 {
		t.header()
	}
	start := 0
	for at := 0; at < len(c.ends); at += c.columns {
		if every := t.config.HeaderEvery; every > 0 && t.inPage >= every {
			t.header()
		}
		t.inPage++
		for k := range c.columns {
			end := c.ends[at+k]
			t.cell(k, c.text[start:end], c.widths[at+k], k > 0 && rightAligned(t.fields[k-1].Type.Kind))
			start = end
		}
		t.endLine()
	}
	return t.text
}

// page returns the header alone.
func (t *table) page() []byte {
	t.text = t.text[:0]
	t.header()
	return t.text
}

// widen makes the columns as wide as the cells of c need, and reports whether one has grown.
func (t *table) widen(c *cells) bool {
	grown := c.changes && !t.changes
	t.changes = t.changes || c.changes
	for i, width := range c.widths {
		if k := i % c.columns; width > t.widths[k] {
			t.widths[k], grown = width, true
		}
	}
	return grown
}

// header begins a page: names and a rule.
func (t *table) header() {
	if t.inPage > 0 {
		t.text = append(t.text, '\n')
	}
	t.inPage = 0
	for k, name := range t.names {
		width := widthOf(name)
		t.widths[k] = max(t.widths[k], width)
		t.cell(k, name, width, false)
	}
	t.endLine()
	first := true
	for k, width := range t.widths {
		if k == 0 && !t.changes {
			continue
		}
		if !first {
			t.text = append(t.text, '+')
		}
		first = false
		t.text = append(t.text, bytes.Repeat([]byte{'-'}, width+2)...)
	}
	t.text = append(t.text, '\n')
}

// cell appends one cell with its borders.
func (t *table) cell(k int, text []byte, width int, right bool) {
	switch {
	case k == 0 && !t.changes:
		return
	case k == 0, k == 1 && !t.changes:
		t.text = append(t.text, ' ')
	default:
		t.text = append(t.text, " | "...)
	}
	pad := max(t.widths[k]-width, 0)
	if right {
		t.pad(pad)
	}
	t.text = append(t.text, text...)
	if !right {
		t.pad(pad)
	}
}

func (t *table) pad(n int) {
	for range n {
		t.text = append(t.text, ' ')
	}
}

// endLine ends a line without spaces at its end.
func (t *table) endLine() { t.text = append(bytes.TrimRight(t.text, " "), '\n') }

func rightAligned(k schema.Kind) bool { return k.IsInteger() || k.IsFloat() || k == schema.Numeric }
