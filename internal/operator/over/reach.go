package over

import (
	"slices"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/window"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// extent says which answers a change at a place may alter.
type extent struct {
	// back and ahead: a row sees so many rows before it, and behind it.
	back, ahead int
	// onward says that answers from the change on may be altered, those of the peers before it included, and ahead rows before.
	onward bool
	// whole says that any answer of the partition may.
	whole bool
}

// include makes e that of both.
func (e *extent) include(other extent) {
	e.back, e.ahead = max(e.back, other.back), max(e.ahead, other.ahead)
	e.onward, e.whole = e.onward || other.onward, e.whole || other.whole
}

// offsets are the least and the greatest second argument of each lag and lead that there has been.
type offsets struct {
	calls       []Call
	least, most []int
}

func (o *offsets) init(calls []Call) {
	o.calls, o.least, o.most = calls, make([]int, len(calls)), make([]int, len(calls))
}

func isOffset(c *Call) bool {
	return (c.Function.Kind == window.Lag || c.Function.Kind == window.Lead) && len(c.Args) > 1
}

// any reports whether there are such arguments.
func (o *offsets) any() bool {
	for i := range o.calls {
		if isOffset(&o.calls[i]) {
			return true
		}
	}
	return false
}

// see looks at rows that come.
func (o *offsets) see(cols []*batch.Column, rows []uint16) {
	for k := range o.calls {
		if !isOffset(&o.calls[k]) {
			continue
		}
		c := cols[o.calls[k].Args[1]]
		for _, row := range rows {
			if !c.IsNull(int(row)) {
				by := int(c.Int32s()[row])
				o.least[k], o.most[k] = min(o.least[k], by), max(o.most[k], by)
			}
		}
	}
}

// extent returns which answers a change may alter in the partition of a row: the offsets of frames are the same in all of its rows.
func (u *Updating) extent(id uint32) extent {
	cols, row := u.e.rows.Row(id)
	var all extent
	for k := range u.config.Calls {
		c := &u.config.Calls[k]
		switch c.Function.Kind {
		case window.RowNumber, window.Rank, window.DenseRank:
			all.include(extent{onward: true})
		case window.Lag, window.Lead:
			least, most := u.offsets.least[k], u.offsets.most[k]
			if len(c.Args) == 1 {
				least, most = 0, 1
			}
			if c.Function.Kind == window.Lead {
				least, most = -most, -least
			}
			all.include(extent{back: max(most, 0), ahead: max(-least, 0)})
		case window.PercentRank, window.CumeDist, window.Ntile:
			all.include(extent{whole: true})
		default:
			all.include(frameExtent(c.Frame, cols, row))
		}
	}
	return all
}

func frameExtent(f Frame, cols []*batch.Column, row int) (e extent) {
	count := func(column int) int {
		if cols[column].IsNull(row) {
			return 0
		}
		const most = 1 << 40 // beyond all rows, and added to a place no overflow
		return int(min(max(cols[column].Int64s()[row], 0), most))
	}
	if f.Unit != ast.FrameRows {
		ends := f.End == ast.CurrentRow || f.End == ast.Preceding
		return extent{onward: ends, whole: !ends}
	}
	switch f.Start {
	case ast.UnboundedPreceding:
		e.onward = true
	case ast.Preceding:
		e.back = count(f.StartOffset)
	default:
	}
	switch f.End {
	case ast.UnboundedFollowing:
		e.whole = true
	case ast.Following:
		e.ahead = count(f.EndOffset)
	default:
	}
	return e
}

// plan adds the jobs of a partition: the rows whose answers may have been altered by the changes at dirty rows, and those that the functions must see for them.
func (u *Updating) plan(part *listed, t *touch) {
	n := u.lists.Len(part.root)
	if n == 0 {
		return
	}
	u.places = u.places[:0]
	for id := t.dirty; id != keyed.NoRow; id = u.notes.At(id).dirty {
		if u.notes.At(id).flags&isGone == 0 {
			u.places = append(u.places, u.lists.Place(id))
		}
	}
	if t.atEnd {
		u.places = append(u.places, n)
	}
	if len(u.places) == 0 {
		return
	}
	e := u.extent(part.root)
	switch {
	case e.whole:
		u.addJob(part, 0, n, 0, n)
	case e.onward:
		u.addJob(part, 0, n, max(0, u.firstPeer(part, slices.Min(u.places))-e.ahead), n)
	default:
		u.around(part, n, e)
	}
}

// firstPeer returns the place of the first peer of the row before a place.
func (u *Updating) firstPeer(part *listed, place int) int {
	id := u.lists.At(part.root, place-1)
	if id == keyed.NoRow {
		return place
	}
	for place--; place > 0; place-- {
		before := u.lists.Previous(id)
		if u.e.peers.CompareIDs(u.e.rows, before, id) != 0 {
			break
		}
		id = before
	}
	return place
}

// around adds jobs for the rows around the changed places.
func (u *Updating) around(part *listed, n int, e extent) {
	slices.Sort(u.places)
	for i := 0; i < len(u.places); {
		from, to := max(0, u.places[i]-e.ahead), min(n, u.places[i]+e.back+1)
		for i++; i < len(u.places) && u.places[i]-e.ahead <= to; i++ {
			to = min(n, u.places[i]+e.back+1)
		}
		if from < to {
			u.addJob(part, max(0, from-e.back), min(n, to+e.ahead), from, to)
		}
	}
}

// addJob adds the rows at the places from from to to, for which those from first to end must be seen.
func (u *Updating) addJob(part *listed, first, end, from, to int) {
	j := &u.jobs
	at := len(u.seen)
	id := u.lists.At(part.root, first)
	for place := first; place < end; place++ {
		u.seen = append(u.seen, id)
		id = u.lists.Next(id)
	}
	ids := u.seen[at:len(u.seen):len(u.seen)]
	j.list = append(j.list, job{ids: ids, from: from - first, to: to - first})
	j.targets = append(j.targets, ids[from-first:to-first]...)
}
