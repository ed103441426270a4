package file

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

const (
	// nullPartition is the value that a directory's name has for NULL and for an empty text, as Hive and Spark write it.
	nullPartition = "__HIVE_DEFAULT_PARTITION__"
	// maxName is the longest name of a directory, in bytes, on the usual file systems.
	maxName = 255
	// keepNames is how many partitions an emptied chunk remembers.
	keepNames = 1024
)

// partitioner finds the directory of a row. Immutable.
type partitioner struct {
	columns []int
	names   []string // encoded, with "="
}

// newPartitioner finds the columns in s.
func newPartitioner(columns []string, s *schema.Schema) (*partitioner, error) {
	p := &partitioner{}
	for _, name := range columns {
		i, err := s.Find(name)
		if err != nil {
			return nil, fmt.Errorf("partition_by: %w; the rows have %s", err, s)
		}
		switch f := s.Fields[i]; f.Type.Kind {
		case schema.Array, schema.Row, schema.JSONB, schema.Null:
			return nil, fmt.Errorf("partition_by: column %q is %s, which makes no directory name; select an expression of a plain type", f.Name, f.Type)
		default:
			p.columns = append(p.columns, i)
			p.names = append(p.names, string(appendPercent(nil, []byte(name)))+"=")
		}
	}
	return p, nil
}

// appendDir appends the directory of row: dt=2026-01-31/hm=10-00. scratch is memory to work in, returned for the next call.
func (p *partitioner) appendDir(dst, scratch []byte, b *batch.Batch, row int) (dir, memory []byte, bad *sqlstate.Error) {
	for k, i := range p.columns {
		if k > 0 {
			dst = append(dst, filepath.Separator)
		}
		start := len(dst)
		dst = append(dst, p.names[k]...)
		scratch = appendValue(scratch[:0], b.Cols[i], row)
		if len(scratch) == 0 {
			dst = append(dst, nullPartition...)
		} else {
			dst = appendPercent(dst, scratch)
		}
		if len(dst)-start > maxName {
			return dst, scratch, sqlstate.Errorf(sqlstate.ProgramLimitExceeded,
				"the value of %s is too long for a directory name: %d bytes, at most %d", p.names[k][:len(p.names[k])-1], len(dst)-start, maxName)
		}
	}
	return dst, scratch, nil
}

// appendValue appends the text of a value; nothing for NULL.
func appendValue(dst []byte, c *batch.Column, row int) []byte {
	switch {
	case c.IsNull(row):
		return dst
	case c.Kind() == schema.Bool && c.Bits().Get(row):
		return append(dst, "true"...)
	case c.Kind() == schema.Bool:
		return append(dst, "false"...)
	default:
		return codec.AppendText(dst, c, row)
	}
}

// appendPercent appends text with every ASCII byte but letters, digits and -_.~ as %XX. Bytes beyond ASCII stay.
func appendPercent(dst, text []byte) []byte {
	const digits = "0123456789ABCDEF"
	for _, c := range text {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c >= 0x80:
			dst = append(dst, c)
		case c == '-', c == '_', c == '.', c == '~':
			dst = append(dst, c)
		default:
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

// run is neighbouring rows of one partition: those from the run before it up to row end, in the chunk.
type run struct {
	dir int // in partitioned.dirs
	end int
}

// partitioned is the chunk of a sink that writes partitions: encoded rows, and where each belongs. Rows keep their order.
type partitioned struct {
	*connector.Rows
	partitioner *partitioner
	runs        []run
	dirs        []string
	index       map[string]int

	keys    []int // of the rows being encoded
	sel     []uint16
	view    batch.Batch
	key     []byte
	scratch []byte
}

func newPartitioned(rows *connector.Rows, p *partitioner) *partitioned {
	return &partitioned{Rows: rows, partitioner: p, index: map[string]int{}}
}

// Encode appends the rows of b, and rejects those whose partition cannot be a directory.
func (c *partitioned) Encode(b *batch.Batch) []codec.RowError {
	bad := c.place(b)
	if len(bad) > 0 {
		c.view.View(b, c.sel)
		b = &c.view
	}
	refused := c.Rows.Encode(b)
	end := len(c.Ends) - (b.Rows() - len(refused))
	for i := range b.Rows() {
		if refuses(refused, b.Row(i)) {
			continue
		}
		end++
		if n := len(c.runs); n > 0 && c.runs[n-1].dir == c.keys[i] {
			c.runs[n-1].end = end
		} else {
			c.runs = append(c.runs, run{dir: c.keys[i], end: end})
		}
	}
	return append(bad, refused...)
}

// refuses looks for row among the few, if any, that could not be encoded.
func refuses(refused []codec.RowError, row int) bool {
	return slices.ContainsFunc(refused, func(r codec.RowError) bool { return r.Row == row })
}

// place sets keys to the partitions of the rows of b, and sel to the rows that have one.
func (c *partitioned) place(b *batch.Batch) []codec.RowError {
	var bad []codec.RowError
	c.keys, c.sel = c.keys[:0], c.sel[:0]
	last, lastKey := -1, ""
	for i := range b.Rows() {
		row := b.Row(i)
		var wrong *sqlstate.Error
		c.key, c.scratch, wrong = c.partitioner.appendDir(c.key[:0], c.scratch, b, row)
		if wrong != nil {
			bad = append(bad, codec.RowError{Row: row, Err: wrong})
			continue
		}
		if last < 0 || !bytes.Equal(c.key, []byte(lastKey)) {
			last = c.intern(c.key)
			lastKey = c.dirs[last]
		}
		c.keys = append(c.keys, last)
		c.sel = append(c.sel, uint16(row)) //nolint:gosec // a batch has at most 4,096 rows
	}
	return bad
}

func (c *partitioned) intern(key []byte) int {
	if i, ok := c.index[string(key)]; ok {
		return i
	}
	dir := string(key)
	c.dirs = append(c.dirs, dir)
	c.index[dir] = len(c.dirs) - 1
	return len(c.dirs) - 1
}

// Reset empties the chunk.
func (c *partitioned) Reset() {
	c.Rows.Reset()
	c.runs = c.runs[:0]
	if len(c.dirs) > keepNames {
		clear(c.index)
		c.dirs = c.dirs[:0]
	}
}
