package over

import (
	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/window"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Functions of a partition that is larger than memory which need all of it, but little of that: how many rows it has, its last one, or what an aggregate says of all. The partition is read twice for them: first they see all
// rows, then they answer.

// whole is what is known of all rows of such a partition.
type whole struct {
	rows int64
	// last is the last row, which is kept; keyed.NoRow: none yet.
	last uint32
	// sees are the functions that look at all rows.
	sees []*wholeAggregate
	// used says that a function asks for any of this.
	used bool
}

// seesWhole reports whether a function needs all rows of a partition, and it suffices to see them before.
func seesWhole(c *Call, ordered bool) bool {
	switch c.Function.Kind {
	case window.PercentRank, window.CumeDist, window.Ntile:
		return true
	case window.Aggregate, window.FirstValue, window.LastValue:
	default:
		return false
	}
	f := c.Frame
	ends := f.End == ast.UnboundedFollowing || f.End == ast.CurrentRow && f.Unit != ast.FrameRows && !ordered // all rows are peers
	return f.Start == ast.UnboundedPreceding && ends && f.Exclude == ast.ExcludeNothing
}

// wholeOf returns how a call is computed that sees all rows of a partition before.
func (o *Operator) wholeOf(c *Call) evaluator {
	o.whole.used = true
	switch c.Function.Kind {
	case window.FirstValue:
		return &runningFirst{newPicker(o, c, c.Args[0])}
	case window.LastValue:
		return &wholeLast{newPicker(o, c, c.Args[0])}
	case window.Aggregate:
		call := *c
		call.Frame = Frame{Unit: ast.FrameRows, Start: ast.UnboundedPreceding, End: ast.UnboundedFollowing, StartOffset: NoColumn, EndOffset: NoColumn}
		w := &wholeAggregate{f: newFramed(o, &call, false)}
		o.whole.sees = append(o.whole.sees, w)
		return w
	default:
		return &wholePosition{position: newPosition(o, c), w: o.whole, counts: o.counts}
	}
}

// wholeAggregate is an aggregate of all rows.
type wholeAggregate struct {
	f     *framed
	known bool
}

// see adds rows of the partition at hand.
func (w *wholeAggregate) see(rows span) error {
	w.f.args.forget()
	if err := w.f.check(w.f.state.Grow(1)); err != nil {
		return err
	}
	return w.f.check(w.f.add(0, rows))
}

func (w *wholeAggregate) begin() error {
	if w.known {
		return nil
	}
	f := w.f
	f.errs.Reset()
	f.state.Result(f.slots[:], f.one, &f.errs)
	if f.errs.Len() > 0 {
		return f.errs.Errs[0]
	}
	w.known = true
	return nil
}

func (w *wholeAggregate) fill() error {
	f, p := w.f, &w.f.o.piece
	if p.at == 0 {
		f.out.Reset(batch.MaxRows)
	}
	for i := range p.len() {
		if f.one.IsNull(0) {
			f.out.PutNull(p.at + i)
		} else {
			f.out.CopyRow(p.at+i, f.one, 0)
		}
	}
	return nil
}

func (w *wholeAggregate) finish(n int) *batch.Column { return w.f.finish(n) }

func (w *wholeAggregate) close() { w.f.close() }

// wholeLast is last_value of all rows.
type wholeLast struct{ picker }

func (l *wholeLast) fill() error {
	p := &l.o.piece
	for i := range p.len() {
		l.picked[p.at+i] = l.o.whole.last
	}
	return nil
}

// wholePosition is percent_rank, cume_dist and ntile.
type wholePosition struct {
	*position
	w      *whole
	counts *keyed.Slab[count]
}

// begin goes on with the partition.
func (p *wholePosition) begin() error { return nil }

func (p *wholePosition) fill() error {
	at := &p.o.piece
	if at.at == 0 {
		p.out.Reset(batch.MaxRows)
	}
	if p.kind == window.Ntile {
		return p.ntile(p.w.rows)
	}
	out, before := p.out.Float64s()[at.at:], p.counts.At(p.o.part.slot).rows-int64(p.o.part.fresh)
	for i := range at.len() {
		switch {
		case p.kind == window.CumeDist:
			out[i] = float64(before+int64(at.last[i])) / float64(p.w.rows)
		case p.w.rows == 1:
			out[i] = 0
		default:
			out[i] = float64(before+int64(at.first[i])) / float64(p.w.rows-1)
		}
	}
	return nil
}

// see has the functions look at rows in memory of the partition, and returns the one of them that must be kept.
func (c *carried) see(ids []uint32) error {
	e := c.t.e
	w := e.whole
	e.part, e.piece.from, e.piece.to = partition{ids: ids, end: len(ids), groups: e.part.groups}, 0, 0
	for _, a := range w.sees {
		if err := a.see(span{0, len(ids)}); err != nil {
			return err
		}
	}
	w.rows += int64(len(ids))
	w.last = ids[len(ids)-1]
	return nil
}

// seeAll has the functions look at all rows of the partition, of which those of the queue have been read: the others are read by a merge of its own.
func (c *carried) seeAll() error {
	if !c.t.e.whole.used {
		return nil
	}
	if err := c.see(c.t.queues[0].rows()); err != nil {
		return c.o.tooLarge(err)
	}
	if c.o.segments.merger == nil {
		return nil
	}
	merger, err := c.o.segments.merger.Fork()
	if err != nil {
		return c.o.tooLarge(err)
	}
	defer merger.Close()
	for more := true; more; {
		if more, err = c.seeMore(merger); err != nil {
			return c.o.tooLarge(err)
		}
	}
	return nil
}

// seeMore has the functions look at the next rows of a merge, and reports whether there may be more. The last row is kept, and is no row of the queue.
func (c *carried) seeMore(merger *keyed.Merger) (more bool, err error) {
	o, rows := c.o, c.t.e.rows
	ended := false
	n, done, err := merger.Next(o.columns, o.atOnce(), func(cols []*batch.Column, row int) keyed.Verdict {
		if ended = o.partitions.Compare(o.segments.head, 0, cols, row) != 0; ended {
			return keyed.Pause
		}
		return keyed.Take
	})
	if err != nil || n == 0 {
		return false, err
	}
	ids := make([]uint32, n)
	if err := rows.Append(o.columns, nil, nil, ids); err != nil {
		return false, err
	}
	last := c.lastSeen
	if err := c.see(ids); err != nil {
		return false, err
	}
	c.lastSeen = ids[n-1:]
	return !ended && !done, rows.Delete(append(last, ids[:n-1]...))
}
