package window

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
)

// windows are windows of a row: those that end from first to last.
type windows struct {
	row         uint16
	first, last int64
}

// expansion is rows that come out once for each of their windows, a batch at a time.
type expansion struct {
	assign *Assign
	rows   []windows
	// at is the row that comes next, and end the end of its next window; 0 rows of it came out if fresh.
	at    int
	fresh bool
	end   int64

	nested       []int
	parents      []uint16
	starts, ends []int64
	kinds        []batch.Change
	repeat       batch.Repeater
	out          batch.Batch
}

func (e *expansion) reset() { e.rows, e.at, e.fresh = e.rows[:0], 0, true }

func (e *expansion) left() bool { return e.at < len(e.rows) }

// emit emits the next windows of rows of in at a port.
func (e *expansion) emit(in *batch.Batch, port int, out *op.Output) {
	if !e.left() {
		return
	}
	forwarded := int64(0)
	e.parents, e.starts, e.ends = e.parents[:0], e.starts[:0], e.ends[:0]
	shape := &e.assign.shape
	e.findNested(in, port)
	for room := maxValues; e.left() && len(e.parents) < batch.MaxRows; {
		w := &e.rows[e.at]
		if room -= e.weight(in, int(w.row)); room < 0 && len(e.parents) > 0 {
			break
		}
		if e.fresh {
			e.end, e.fresh = w.first, false
			forwarded++
		}
		last := w.last
		if shape.Kind == Cumulate { // that of all windows of the row, which says where they begin
			last = shape.floor(w.first-1, shape.Size) + shape.Size
		}
		e.parents = append(e.parents, w.row)
		e.starts, e.ends = append(e.starts, shape.start(e.end, last)), append(e.ends, e.end)
		if e.end = shape.next(e.end, last); e.end > w.last {
			e.at, e.fresh = e.at+1, true
		}
	}
	if port != LatePort {
		out.Counts.Forwarded += forwarded
	}
	e.build(in, port)
	out.Emit(port, &e.out)
}

// maxValues is how many values of arrays the rows of one batch may repeat, beyond those of its first row.
const maxValues = 1 << 18

// findNested finds the columns that are passed on in which a row may hold many values.
func (e *expansion) findNested(in *batch.Batch, port int) {
	e.nested = e.nested[:0]
	for i, c := range in.Cols {
		if c != nil && c.Kind().IsNested() && (port == LatePort || e.assign.passes(i)) {
			e.nested = append(e.nested, i)
		}
	}
}

// weight is how many values below arrays a row repeats.
func (e *expansion) weight(in *batch.Batch, row int) int {
	n := 0
	for _, i := range e.nested {
		n += in.Cols[i].Nested(row, row+1)
	}
	return n
}

// build makes the batch.
func (e *expansion) build(in *batch.Batch, port int) {
	a := e.assign
	e.out.Cols = e.out.Cols[:0]
	for i, c := range in.Cols {
		if c == nil || port != LatePort && !a.passes(i) {
			e.out.Cols = append(e.out.Cols, nil)
			continue
		}
		own := e.repeat.Column(a.pool, i, c.Type())
		own.Gather(c, e.parents)
		e.out.Cols = append(e.out.Cols, own)
	}
	for k, values := range [windowColumns][]int64{e.starts, e.ends} {
		own := e.repeat.Column(a.pool, len(in.Cols)+k, a.cfg.timeType())
		own.Reset(len(values))
		copy(own.Int64s(), values)
		e.out.Cols = append(e.out.Cols, own)
	}
	e.repeat.Carry(&e.out, in, e.parents)
	e.out.Before = nil
	if e.out.Kinds != nil { // the halves of an update are no longer neighbours
		e.kinds = e.kinds[:0]
		for _, k := range e.out.Kinds {
			if op.Adds(k) {
				e.kinds = append(e.kinds, batch.Insert)
			} else {
				e.kinds = append(e.kinds, batch.Delete)
			}
		}
		e.out.Kinds = e.kinds
	}
}
