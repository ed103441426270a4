package window

import (
	"cmp"
	"slices"

	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
)

// bounds are the start and the end of a window, in µs.
type bounds struct {
	start, end int64
}

func (b bounds) compare(o bounds) int {
	return cmp.Or(cmp.Compare(b.end, o.end), cmp.Compare(b.start, o.start))
}

// dealt is a window, with the rows of a batch that belong to it.
type dealt[T any] struct {
	bounds
	of  T
	sel []uint16
}

// dealer knows the windows that there are, by end and start, and deals the rows of batches to them.
type dealer[T any] struct {
	list  []*dealt[T]
	index map[bounds]*dealt[T]
	// given are the windows that got rows of the last batch.
	given []*dealt[T]
	view  batch.Batch
}

func newDealer[T any]() dealer[T] { return dealer[T]{index: map[bounds]*dealt[T]{}} }

func (d *dealer[T]) search(b bounds) int {
	i, _ := slices.BinarySearchFunc(d.list, b, func(p *dealt[T], b bounds) int { return p.compare(b) })
	return i
}

// find returns a window, nil if it is not there. Those that the batch has rows of are most likely.
func (d *dealer[T]) find(b bounds) *dealt[T] {
	for i := len(d.given) - 1; i >= max(0, len(d.given)-4); i-- {
		if d.given[i].bounds == b {
			return d.given[i]
		}
	}
	return d.index[b]
}

// put adds a window.
func (d *dealer[T]) put(b bounds, of T) *dealt[T] {
	p := &dealt[T]{bounds: b, of: of}
	d.index[b] = p
	d.list = slices.Insert(d.list, d.search(b), p)
	return p
}

// drop forgets a window.
func (d *dealer[T]) drop(p *dealt[T]) {
	delete(d.index, p.bounds)
	i := d.search(p.bounds)
	d.list = slices.Delete(d.list, i, i+1)
}

// deal deals the rows of in by the columns starts and ends. Where there is no window fresh makes one, or nil if the row is to be left out; how many were is
// returned, and how many have a NULL for a window.
func (d *dealer[T]) deal(in *batch.Batch, starts, ends *batch.Column, fresh func(bounds) *dealt[T]) (left, nulls int64) {
	for _, p := range d.given {
		p.sel = p.sel[:0]
	}
	d.given = d.given[:0]
	from, to := starts.Int64s(), ends.Int64s()
	hasNulls := starts.HasNulls() || ends.HasNulls()
	var p *dealt[T]
	var at bounds
	for i := range in.Rows() {
		row := in.Row(i)
		if hasNulls && (starts.IsNull(row) || ends.IsNull(row)) {
			nulls++
			continue
		}
		if b := (bounds{from[row], to[row]}); b != at || i == 0 || p == nil {
			if at, p = b, d.find(b); p == nil {
				p = fresh(b)
			}
		}
		if p == nil {
			left++
			continue
		}
		if len(p.sel) == 0 {
			d.given = append(d.given, p)
		}
		p.sel = append(p.sel, uint16(row)) //nolint:gosec // a row number of a batch
	}
	return left, nulls
}

// rows returns the rows of in that p was dealt, lent until the next call.
func (d *dealer[T]) rows(in *batch.Batch, p *dealt[T]) *batch.Batch {
	if len(p.sel) == in.Rows() {
		return in
	}
	d.view.View(in, p.sel)
	return &d.view
}

// window is a window of an Aggregate.
type window struct {
	aggregate.Part
	// closed: the window's rows were emitted. dirty: it is among those that the next flush looks at. telling: it is being answered, for the only time.
	closed, dirty, telling bool
	// reserved is what was reserved for the part, in bytes.
	reserved int64
	// kept are the parts of what is stored entry by entry, nil if changes are not noted.
	kept []slicePart
	// passed is what a restore left in the store; unheard: the next flush tells of some of that.
	passed  aggregate.Passed
	unheard bool
	// rows are how many rows of a batch are asked for that are the window's, which stand before to in the deal.
	rows, to int
	// untold are key groups, a bit for each, that were restored from where the window had not closed, although elsewhere it had: the next flush tells of them.
	untold [op.KeyGroups / 64]uint64
}
