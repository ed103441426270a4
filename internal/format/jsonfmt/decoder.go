package jsonfmt

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

var errNoData = errors.New("json: the block has no bytes")

// decoder reads the rows of one block after the other. Its fields from pos on describe the row being read.
type decoder struct {
	format *format
	spec   codec.DecodeSpec
	root   *object
	hidden []bool // columns decoded only to be checked
	out    batch.Batch
	cols   []*batch.Column
	origin batch.Origin
	kinds  []batch.Change
	// mustHave are the columns that rows by key must have, unless they take a row away.
	mustHave []*member
	res      codec.Result
	copies   codec.Scratch
	text     *batch.Buffer // what views point into: the block's buffer or own

	block  *codec.Block
	p      unsafe.Pointer // data[0]
	data   []byte         // the block, ending in a line feed, with padding behind
	size   int            // of the block itself
	pos    int
	record int
	blank  int // lines of blanks passed
	slots  int // keys remembered

	start   int
	nulls   bool // the row has stored a NULL
	dropped bool // a filter failed: the rest is only checked
	again   bool // whether the row is dropped is known when all of it has been read alone: readAgain does so
	whole   bool // filters wait until the row is read
	narrow  bool // only what the filters and the event time need is read
	bad     *sqlstate.Error
	badPath string
	scratch []byte
	json    canon
	unknown slot // stands for keys that are not remembered
	trails  trails

	times *codec.Times
	timed []*member // that the event time is the first of which is not NULL

	indexer indexer
	index   []uint64       // of the block's text, as far as indexed; see index.go
	stops   unsafe.Pointer // index[0]
	indexed int
}

func newDecoder(f *format, spec codec.DecodeSpec) (*decoder, error) {
	d := &decoder{format: f, spec: spec, indexer: newIndexer(), hidden: make([]bool, spec.Schema.Len()), times: codec.NewTimes(&spec)}
	need := spec.NeedTimes()
	for i := range d.hidden {
		d.hidden[i] = !spec.Needs(i)
	}
	if spec.Strict || f.options.Strict {
		need, spec.Filter = nil, nil // a wrong value rejects a row whatever a condition says of it
	}
	d.root = newObject(spec.Schema.Fields, need, "")
	for _, path := range spec.Times {
		d.timed = append(d.timed, d.root.markTimed(path))
	}
	for i, m := range d.root.byField {
		if m != nil && m.timed && d.hidden[i] && need != nil {
			d.root.setQuiet(m)
		}
	}
	for _, path := range spec.Times {
		d.root.byField[path[0]].noteInstant(path[1:])
	}
	d.cols = make([]*batch.Column, spec.Schema.Len())
	d.out.Cols = make([]*batch.Column, spec.Schema.Len())
	for i, m := range d.root.byField {
		if m == nil {
			continue
		}
		d.cols[i] = batch.NewColumn(spec.Pool, m.typ)
		dropUnread(d.cols[i], m)
		if !d.hidden[i] {
			d.out.Cols[i] = d.cols[i]
		}
	}
	if f.options.Changelog || f.options.Deleted != "" {
		return d, d.addOp(&f.options)
	}
	for _, c := range spec.Filter {
		if m := d.root.byField[c.Column]; m != nil {
			m.addCondition(c)
		}
	}
	return d, nil
}

// dropUnread takes out the children that are not needed.
func dropUnread(c *batch.Column, m *member) {
	switch m.typ.Kind {
	case schema.Row:
		for i, child := range m.object.byField {
			if child == nil {
				c.SetChild(i, nil)
			} else {
				dropUnread(c.Child(i), child)
			}
		}
	case schema.Array:
		dropUnread(c.Child(0), m.elem)
	default:
	}
}

// byteOrderMark is what some programs write at the start of a file in UTF-8.
const byteOrderMark = "\xef\xbb\xbf"

// Begin takes a block. One that cannot be scanned in place (no line feed at its end, too little room behind) is copied.
func (d *decoder) Begin(block *codec.Block) error {
	if block.Buf == nil {
		return errNoData
	}
	d.block, d.pos, d.record, d.blank = block, 0, 0, 0
	d.times.Begin()
	data := block.Buf.Data
	d.size = len(data)
	d.text = block.Buf
	if d.size == 0 || block.Oversize != nil {
		return nil
	}
	d.text = d.copies.Text(d.spec.Pool, block.Buf, data)
	d.data = d.text.Data
	d.p = unsafe.Pointer(unsafe.SliceData(d.data))
	d.beginIndex()
	if block.Header && bytes.HasPrefix(data, []byte(byteOrderMark)) {
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
		d.oversize()
	} else {
		row = d.readRows()
	}
	d.finish(row)
	return &d.out, &d.res, nil
}

func (d *decoder) oversize() {
	d.res.Records = 1
	d.res.Rejects = append(d.res.Rejects, codec.Reject{End: d.size, Err: codec.ErrOversize(d.block.Oversize)})
}

func (d *decoder) readRows() (row int) {
	for d.pos < d.size {
		d.start = d.pos
		if at(d.p, d.pos) != '{' {
			if d.pos = skipSpace(d.p, d.pos); at(d.p, d.pos) == '\n' {
				d.pos++
				d.blank++
				continue
			}
		}
		if row >= batchRows && !d.pairOpen(row) {
			d.pos = d.start
			d.res.More = true
			break
		}
		if d.pos+lookout > d.indexed {
			d.extendIndex()
		}
		if d.trails.along {
			if end, micros := d.ride(row); end > 0 {
				d.passed(end, micros, row)
				continue
			}
		}
		end := d.readRow(row)
		d.trails.along = d.dropped
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
	}
	return row
}

// passed notes row, which ends with the line feed at end and is dropped.
func (d *decoder) passed(end int, micros int64, row int) {
	if d.times != nil {
		d.times.Row(row, micros)
	}
	d.res.Records++
	d.res.Filtered++
	d.record++
	d.pos = end + 1
}

// pairOpen reports whether the batch, which is full, ends with the first half of an update: the second half belongs beside it, and there is
// room for one row more.
func (d *decoder) pairOpen(row int) bool {
	return row == batchRows && d.kinds != nil && d.kinds[row-1] == batch.UpdateBefore
}

// Lines returns the lines passed, as codec.LineCounter says.
func (d *decoder) Lines() int { return d.record + d.blank }

// noteTime notes the event time of row.
func (d *decoder) noteTime(row int) {
	if d.times == nil {
		return
	}
	micros := codec.NoTime
	for _, m := range d.timed {
		if micros = *slotOf[int64](m.base, row); micros != codec.NoTime {
			break
		}
	}
	d.times.Row(row, micros)
}

// readRow reads the record at pos into row and returns the place of its line feed, or -1 if it is rejected.
func (d *decoder) readRow(row int) int {
	d.nulls, d.dropped, d.again, d.whole, d.bad = false, false, false, false, nil
	end := d.readLine(row)
	if d.again {
		end = d.readAgain(row)
	}
	if len(d.mustHave) > 0 && end >= 0 {
		return d.complete(row, end)
	}
	return end
}

// readAgain reads the record at pos of which a filtered member came twice, or an object with the event time has keys that match only when case is
// ignored: what counts is known at its end. A row that is dropped for what it has then is read no further than others that are.
func (d *decoder) readAgain(row int) (end int) {
	d.whole, d.narrow = true, true
	for d.again { // once more for each object that became careful
		d.forget(row)
		d.again, d.dropped, d.bad = false, false, nil
		end = d.readLine(row)
	}
	d.narrow = false
	if end < 0 {
		return end
	}
	if d.dropped = !d.root.meets(row); d.dropped {
		return end
	}
	d.forget(row)
	d.again, d.bad = false, nil
	return d.readLine(row)
}

func (d *decoder) readLine(row int) int {
	if at(d.p, d.pos) != '{' {
		return d.noObject()
	}
	for _, m := range d.timed {
		*slotOf[int64](m.base, row) = codec.NoTime
	}
	i := d.readObject(d.root, d.pos+1, row)
	if i < 0 {
		return -1
	}
	if at(d.p, i) != '\n' {
		if i = skipSpace(d.p, i); at(d.p, i) != '\n' {
			return d.syntax(i, "the end of the line")
		}
	}
	return i
}

// accept notes where a row's record lies; end is its line feed.
func (d *decoder) accept(end int) {
	if d.spec.Origin {
		if at(d.p, end-1) == '\r' && end-1 > d.start {
			end--
		}
		o := &d.origin
		o.Starts = append(o.Starts, uint32(d.start)) //nolint:gosec // blocks are below 4 GiB
		o.Ends = append(o.Ends, uint32(end))         //nolint:gosec // blocks are below 4 GiB
		o.Lines = append(o.Lines, uint32(d.record))  //nolint:gosec // blocks are below 4 GiB
	}
}

// reject notes the row's error and returns the place of its line feed.
func (d *decoder) reject(row int) int {
	end := d.pos + bytes.IndexByte(d.data[d.pos:], '\n')
	d.res.Rejects = append(d.res.Rejects, codec.Reject{
		Record: d.record, Start: d.start, End: codec.TrimLineEnd(d.data, d.start, end), Column: d.badPath, Err: d.bad,
	})
	d.forget(row)
	if row > 0 && d.kinds != nil && d.kinds[row-1] == batch.UpdateBefore {
		d.kinds[row-1] = batch.Delete // its other half was to stand here, and what comes next may be in another block
	}
	return end
}

// forget makes row as if it had not been read, so that the next record can take its place.
func (d *decoder) forget(row int) {
	if !d.nulls {
		return
	}
	for _, m := range d.root.members {
		d.revive(m, row)
	}
}
