package csvfmt

import (
	"bytes"
	"errors"
	"unsafe"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// batchRows is how many rows a batch gets: enough to spread the cost of a batch, few enough that its columns stay in the cache.
const batchRows = 2048

var errNoData = errors.New("csv: the block has no bytes")

// decoder reads the rows of one block after the other. Its fields from start on describe the row being read.
type decoder struct {
	format *format
	spec   codec.DecodeSpec
	words  words // outside quotes
	inside words // inside them
	null   string
	fields []field // of the schema's columns, in order
	op     field
	plan   []*field // of a record's fields, in order
	header []byte   // that plan was made from
	// stamps says that the delimiter cannot be part of a timestamp.
	stamps bool
	out    batch.Batch
	origin batch.Origin
	kinds  []batch.Change
	// mustHave are the columns that rows by key must have, unless they take a row away.
	mustHave []*field
	res      codec.Result
	copies   codec.Scratch
	text     *batch.Buffer // what views point into: the block's buffer or own

	block  *codec.Block
	p      unsafe.Pointer // data[0]
	data   []byte         // the block, ending in a line feed, with padding behind
	size   int            // of the block itself
	pos    int
	record int
	lines  int // that were passed

	start   int
	broken  int  // line feeds inside the row's fields
	nulls   bool // the row has stored a NULL
	dropped bool // a filter failed: the rest is only checked
	bad     *sqlstate.Error
	badName string
	scratch []byte

	times *codec.Times
	timed []*batch.Column // that the event time is the first value of which is not NULL
}

func newDecoder(f *format, spec codec.DecodeSpec) (*decoder, error) {
	fields, hidden, err := newFields(f, spec)
	if err != nil {
		return nil, err
	}
	d := &decoder{
		format: f, spec: spec, words: f.syntax.outsideWords(), inside: f.syntax.insideWords(), null: f.options.Null, fields: fields,
		times: codec.NewTimes(&spec),
	}
	for _, path := range spec.Times {
		d.timed = append(d.timed, fields[path[0]].col)
	}
	switch f.syntax.delimiter {
	case ' ', ':':
	default:
		d.stamps = true
	}
	d.out.Cols = make([]*batch.Column, len(fields))
	for i := range fields {
		if !hidden[i] {
			d.out.Cols[i] = fields[i].col
		}
	}
	if f.options.Changelog {
		d.op = field{name: f.options.OpField, typ: schema.Of(schema.Text), isOp: true, notNull: true}
		d.kinds = make([]batch.Change, batchRows+1)
		d.takeKeys()
	}
	return d, nil
}

// takeKeys lets rows that go by their key, and take the row with that key away, lack all other values.
func (d *decoder) takeKeys() {
	if !d.spec.Upserts {
		return
	}
	for i := range d.fields {
		if f := &d.fields[i]; f.notNull && !f.skip {
			f.notNull = false
			d.mustHave = append(d.mustHave, f)
		}
	}
}

// complete rejects a row that goes by its key and lacks another value, unless it takes the row with that key away. end is what readRecord returns.
func (d *decoder) complete(row, end int) int {
	if end < 0 || d.kinds[row] == batch.Delete {
		return end
	}
	for _, f := range d.mustHave {
		if f.col.IsNull(row) {
			return d.fail(f.name, codec.ErrNotNull(f.name))
		}
	}
	return end
}

// Begin takes a block. One that cannot be scanned in place (no line feed at its end, too little room behind) is copied. A file without a
// header, or with one that lacks a column, is an error.
func (d *decoder) Begin(block *codec.Block) error {
	if block.Buf == nil {
		return errNoData
	}
	d.block, d.pos, d.record, d.lines = block, 0, 0, 0
	d.times.Begin()
	data := block.Buf.Data
	d.size = len(data)
	d.text = block.Buf
	if d.size == 0 || block.Oversize != nil {
		return nil
	}
	if err := d.planRecords(block); err != nil {
		return err
	}
	d.text = d.copies.Text(d.spec.Pool, block.Buf, data)
	d.data = d.text.Data
	d.p = unsafe.Pointer(unsafe.SliceData(d.data))
	if block.Header && block.Offset == 0 && d.size >= len(byteOrderMark) && string(data[:len(byteOrderMark)]) == byteOrderMark {
		d.pos = len(byteOrderMark)
	}
	return nil
}

// Decode fills the batch with the next rows of the block.
func (d *decoder) Decode() (*batch.Batch, *codec.Result, error) {
	d.res.Records, d.res.Filtered, d.res.More = 0, 0, false
	d.res.Rejects = d.res.Rejects[:0]
	d.reset()
	row := 0
	if d.block.Oversize != nil {
		d.res.Records = 1
		d.res.Rejects = append(d.res.Rejects, codec.Reject{End: d.size, Err: codec.ErrOversize(d.block.Oversize)})
	} else {
		row = d.readRows()
	}
	d.finish(row)
	return &d.out, &d.res, nil
}

func (d *decoder) readRows() (row int) {
	for d.pos < d.size {
		if c := at(d.p, d.pos); c <= ' ' || c == d.format.syntax.comment {
			if next := d.passLine(c); next > 0 {
				d.pos = next
				d.lines++
				continue
			}
		}
		if row >= batchRows && !d.pairOpen(row) {
			d.res.More = true
			break
		}
		d.start = d.pos
		d.nulls, d.dropped, d.bad, d.broken = false, false, nil, 0
		end := d.readRecord(row)
		if len(d.mustHave) > 0 {
			end = d.complete(row, end)
		}
		d.res.Records++
		switch {
		case end < 0:
			end = d.reject(row)
		case d.dropped:
			d.noteTime(row)
			d.res.Filtered++
			d.forget(row)
		default:
			d.noteTime(row)
			d.accept(end)
			row++
		}
		d.pos = end + 1
		d.record++
		d.lines += 1 + d.broken
	}
	return row
}

// pairOpen reports whether the batch, which is full, ends with the first half of an update: the second half belongs beside it, and there is
// room for one row more.
func (d *decoder) pairOpen(row int) bool {
	return row == batchRows && d.kinds != nil && d.kinds[row-1] == batch.UpdateBefore
}

// noteTime notes the event time of row.
func (d *decoder) noteTime(row int) {
	if d.times != nil {
		d.times.Row(row, codec.FirstTime(d.timed, row))
	}
}

// Lines returns the lines passed, as codec.LineCounter says.
func (d *decoder) Lines() int { return d.lines }

// passLine returns the byte behind the blank line or comment at pos, whose first byte is c; 0 if there is a record.
func (d *decoder) passLine(c byte) int {
	i := d.pos
	if c == '\r' && at(d.p, i+1) == '\n' {
		i++
	}
	switch {
	case at(d.p, i) == '\n' && len(d.plan) != 1:
		return i + 1
	case c == d.format.syntax.comment && c != 0:
		return d.recordEnd(d.pos) + 1
	}
	return 0
}

// recordEnd returns the place of the line feed that ends the record at i.
func (d *decoder) recordEnd(i int) int {
	s := scanner{syntax: d.format.syntax, state: recordStart}
	if n, found := s.next(d.data[i:d.size]); found {
		return i + n - 1
	}
	return d.size
}

// accept notes where a row's record lies; end is its line feed.
func (d *decoder) accept(end int) {
	if d.spec.Origin {
		o := &d.origin
		o.Starts = append(o.Starts, uint32(d.start))                             //nolint:gosec // blocks are below 4 GiB
		o.Ends = append(o.Ends, uint32(codec.TrimLineEnd(d.data, d.start, end))) //nolint:gosec // blocks are below 4 GiB
		o.Lines = append(o.Lines, uint32(d.record))                              //nolint:gosec // blocks are below 4 GiB
	}
}

// reject notes the row's error and returns the place of its line feed.
func (d *decoder) reject(row int) int {
	end := d.recordEnd(d.start)
	d.broken = bytes.Count(d.data[d.start:min(end, d.size)], []byte{'\n'})
	if end == d.size && d.data[end-1] == '\n' {
		d.broken-- // the quotes were never closed: the last line feed ends the record after all
	}
	d.res.Rejects = append(d.res.Rejects, codec.Reject{
		Record: d.record, Start: d.start, End: codec.TrimLineEnd(d.data, d.start, min(end, d.size)), Column: d.badName, Err: d.bad,
	})
	d.forget(row)
	if row > 0 && d.kinds != nil && d.kinds[row-1] == batch.UpdateBefore {
		d.kinds[row-1] = batch.Delete // its other half was to stand here, and what comes next may be in another block
	}
	return end
}

// fail gives up the row with bad; name is that of the column.
func (d *decoder) fail(name string, bad *sqlstate.Error) int {
	d.bad, d.badName = bad, name
	return -1
}

// readRecord reads the record at start into row and returns the place of its line feed, or -1 if it is rejected.
func (d *decoder) readRecord(row int) int {
	i, last := d.start, len(d.plan)-1
	for k, f := range d.plan {
		if i = d.readField(f, i, row); i < 0 {
			return -1
		}
		switch c := at(d.p, i); {
		case k == last:
		case c == d.format.syntax.delimiter:
			i++
		default:
			return d.fail("", errMissing(d.plan, k+1))
		}
	}
	if at(d.p, i) == '\r' {
		i++
	}
	if at(d.p, i) != '\n' {
		return d.fail("", errExtra(len(d.plan)))
	}
	return i
}

// errMissing is the error of a record with n fields, fewer than plan wants, in PostgreSQL's words.
func errMissing(plan []*field, n int) *sqlstate.Error {
	for _, f := range plan[n:] {
		if f.name != "" {
			return sqlstate.Errorf(sqlstate.BadCopyFileFormat, "missing data for column \"%s\": %d fields, not %d", f.name, n, len(plan))
		}
	}
	return sqlstate.Errorf(sqlstate.BadCopyFileFormat, "missing data: %d fields, not %d", n, len(plan))
}

func errExtra(n int) *sqlstate.Error {
	return sqlstate.Errorf(sqlstate.BadCopyFileFormat, "extra data after last expected column: more than %d fields", n)
}
