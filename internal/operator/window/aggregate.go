package window

import (
	"math"
	"slices"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Aggregate makes one row of each group and window.
type Aggregate struct {
	cfg    Config
	inner  aggregate.Config
	pool   *batch.Pool
	budget *limit.Budget
	dealer[*window]
	// spare are parts without a window, at least one.
	spare  []aggregate.Part
	tables []op.Table
	guards []*keyed.Guard
	// kept are the parts of what is stored entry by entry, nil if changes are not noted; whole: the state was restored by key groups.
	kept  []*keptPart
	whole bool
	away  *windowsAway // nil: all groups stay in memory
	few   *few         // nil: every window has a part of its own
	// asked are the rows that needs were declared for, nil for an event.
	asked  *batch.Batch
	sought sought
	// dirty are the windows that changed since the last flush.
	dirty []*dealt[*window]
	// jobs are the windows that are being emitted, from next on; running says that there are some. Those before are over and told of from gone on.
	jobs    []job
	next    int
	gone    int
	running bool
	// mark is how far the time has come that closes windows; clock is processing time.
	mark, clock int64
	out         batch.Batch
	start, end  *batch.Column
	// absent are columns of NULLs for calls that hide makes NULL, and cols the columns of a batch that has some of them.
	absent, cols []*batch.Column
}

// job is a window that is to be emitted, and dropped behind that if it is over. begun: its groups are being told of range by range.
type job struct {
	window *dealt[*window]
	over   bool
	told   bool
	begun  bool
}

const (
	// mostSpare is how many parts are kept for windows to come.
	mostSpare = 8
	// mostTouched is about how many groups may have changed before the operator flushes by itself.
	mostTouched = 1 << 14
)

// NewAggregate returns the operator that config describes. Its state is reserved in budget.
func NewAggregate(pool *batch.Pool, budget *limit.Budget, config Config) (*Aggregate, error) {
	if err := config.validate(false); err != nil {
		return nil, err
	}
	a := &Aggregate{cfg: config, inner: config.part(), pool: pool, budget: budget, dealer: newDealer[*window](), mark: math.MinInt64, clock: math.MinInt64}
	a.start, a.end = batch.NewColumn(pool, config.Types[config.Start]), batch.NewColumn(pool, config.Types[config.End])
	a.spare = append(a.spare, a.newPart())
	for i := range a.spare[0].Tables() {
		a.tables = append(a.tables, &table{aggregate: a, number: i})
	}
	a.guards = make([]*keyed.Guard, len(a.tables))
	a.few = newFew(a)
	return a, nil
}

// Apply adds rows to the groups of their windows.
func (a *Aggregate) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	if !a.running {
		if err := a.absorb(in, out); err != nil {
			return false, err
		}
		if !a.isFull() {
			return false, nil
		}
		a.flushDirty()
	}
	return a.run(out)
}

// isFull reports whether so many groups have changed that the operator flushes by itself. It cannot where a flush has state read, which is done between calls for an event alone.
func (a *Aggregate) isFull() bool {
	touched := 0
	for _, w := range a.dirty {
		if w.of.unheard {
			return false
		}
		touched += w.of.Touched()
	}
	return touched >= mostTouched && a.cfg.Emission != Periodically
}

// newPart returns a part for a window.
func (a *Aggregate) newPart() aggregate.Part {
	p := aggregate.NewPart(a.pool, a.budget, a.inner)
	if a.inner.Changes {
		p.LetLeave()
	}
	return p
}

func (a *Aggregate) absorb(in *batch.Batch, out *op.Output) error {
	if a.away != nil {
		a.away.stir()
	}
	left, nulls := a.deal(in, in.Cols[a.cfg.Start], in.Cols[a.cfg.End], a.open)
	out.Counts.In += left + nulls
	out.Counts.Late += left
	out.Counts.Filtered += nulls
	if err := a.few.take(in, out); err != nil {
		return op.OutOfMemory(a.cfg.Name, err)
	}
	for _, w := range a.given {
		if w.of == nil { // those that have few rows
			continue
		}
		if _, err := w.of.Apply(a.rows(in, w), out); err != nil {
			return err
		}
		if a.inner.Changes && (w.of.closed || a.cfg.Emission != OnClose) {
			a.changed(w)
		}
	}
	return nil
}

// changed notes that the next flush must look at a window.
func (a *Aggregate) changed(w *dealt[*window]) {
	if !w.of.dirty {
		w.of.dirty = true
		a.dirty = append(a.dirty, w)
	}
}

// open makes a window, unless its time is over.
func (a *Aggregate) open(b bounds) *dealt[*window] {
	if a.cfg.gone(b.end) {
		return nil
	}
	if a.few.waits(b) && !a.over(b) {
		return a.few.all
	}
	return a.reopen(b)
}

// partShare: what parts of windows take is reserved while this part of the budget is left.
const partShare = 2

// reopen opens a window that was stored, unless its time is over. What its part takes is reserved until it is forgotten, while half of the budget is left (partShare): parts do not leave memory, and what they leave to groups must
// be enough for those to come and go. That of the few spare ones is not reserved.
func (a *Aggregate) reopen(b bounds) *dealt[*window] {
	if a.over(b) {
		return nil
	}
	w := &window{}
	if bytes := a.spare[0].Unreserved(); a.budget.Available()-bytes >= a.budget.Limit()/partShare && a.budget.TryReserve(bytes) {
		w.reserved = bytes
	}
	fresh := false
	if last := len(a.spare) - 1; last > 0 {
		w.Part = a.spare[last]
		a.spare = a.spare[:last]
	} else {
		w.Part, fresh = a.newPart(), true
		for i, g := range a.guards {
			a.guard(w.Part, i, g)
		}
	}
	if a.kept != nil {
		a.place(w, b, fresh)
	}
	if w.closed = a.closes(b); a.holds() && !w.closed {
		w.Hold()
	}
	return a.put(b, w)
}

// reopened is a window that something is stored of, which it opens if need be.
func (a *Aggregate) reopened(b bounds) *dealt[*window] {
	if w := a.index[b]; w != nil {
		return w
	}
	return a.reopen(b)
}

// holds reports whether nobody is told of a window before it closes, and then of what changes.
func (a *Aggregate) holds() bool { return a.inner.Changes && a.cfg.Emission == OnClose }

// closes reports whether a window closes by now.
func (a *Aggregate) closes(b bounds) bool {
	return add(max(b.end, 0), a.cfg.Lag)+min(b.end, 0) <= a.mark
}

// over reports whether nothing counts any more that comes for a window.
func (a *Aggregate) over(b bounds) bool {
	return add(add(max(b.end, 0), a.cfg.Lag), a.cfg.Lateness)+min(b.end, 0) <= a.mark
}

// OnFlush emits what has changed of windows that say so.
func (a *Aggregate) OnFlush(out *op.Output) (more bool, err error) {
	if !a.running {
		a.flushDirty()
	}
	return a.run(out)
}

// flushDirty emits what has changed, but for open windows that wait for their interval.
func (a *Aggregate) flushDirty() {
	if a.cfg.Emission != Periodically || a.away != nil && a.away.hurried {
		a.flushAll()
		return
	}
	for _, w := range a.dirty {
		if w.of.closed {
			a.jobs = append(a.jobs, job{window: w})
		}
	}
	a.dirty = slices.DeleteFunc(a.dirty, func(w *dealt[*window]) bool { return w.of.closed })
}

// flushAll emits what has changed.
func (a *Aggregate) flushAll() {
	if a.away != nil {
		a.away.hurried = false
	}
	for _, w := range a.dirty {
		a.jobs = append(a.jobs, job{window: w})
	}
	a.dirty = a.dirty[:0]
}

// OnWatermark closes the windows that end by now, and forgets those that are over.
func (a *Aggregate) OnWatermark(micros int64, out *op.Output) (more bool, err error) {
	if a.cfg.ProcessingTime {
		return false, nil
	}
	if !a.running {
		if err := a.close(micros); err != nil {
			return false, err
		}
	}
	return a.run(out)
}

// OnTime closes windows of processing time, and emits what waits for its interval.
func (a *Aggregate) OnTime(micros int64, out *op.Output) (more bool, err error) {
	if !a.running {
		if a.cfg.ProcessingTime {
			if err := a.close(micros); err != nil {
				return false, err
			}
		}
		if a.cfg.Emission == Periodically {
			if a.clock != math.MinInt64 && micros/a.cfg.Interval != a.clock/a.cfg.Interval {
				a.flushAll()
			}
			a.clock = micros
		}
	}
	return a.run(out)
}

// OnEnd closes all windows.
func (a *Aggregate) OnEnd(out *op.Output) (more bool, err error) {
	if !a.running {
		if err := a.close(math.MaxInt64); err != nil {
			return false, err
		}
	}
	return a.run(out)
}

// close emits the windows that end by micros, and forgets those that are over.
func (a *Aggregate) close(micros int64) error {
	a.mark = max(a.mark, micros)
	a.few.close()
	for _, w := range a.list {
		if !a.closes(w.bounds) {
			break
		}
		over := a.over(w.bounds)
		if w.of.closed && !w.of.dirty && !over {
			continue
		}
		if !w.of.closed && a.holds() {
			if err := a.announce(w.of); err != nil {
				return err
			}
		}
		w.of.closed = true
		a.jobs = append(a.jobs, job{window: w, over: over})
	}
	a.dirty = slices.DeleteFunc(a.dirty, func(w *dealt[*window]) bool { return w.of.closed })
	return nil
}

// announce has all groups of a window told of when its turn comes.
func (a *Aggregate) announce(w *window) error {
	if a.away == nil || w.resident() {
		return w.Announce()
	}
	w.Release()
	w.unheard, w.passed.Untold = true, true
	return nil
}

// run goes on with the jobs, until something was emitted, or must be read or stored.
func (a *Aggregate) run(out *op.Output) (more bool, err error) {
	if a.running = true; a.away != nil && len(a.jobs) > 0 {
		a.away.stir()
	}
	for ; a.next < len(a.jobs); a.next++ {
		j := &a.jobs[a.next]
		if more, err := a.tellFew(j.window, out); more || err != nil {
			return more, err
		}
		if a.next > 0 && a.jobs[a.next-1].window.end != j.window.end {
			a.forgetOver()
		}
		w := j.window.of
		w.dirty, w.telling, w.untold = false, !a.inner.Changes, [op.KeyGroups / 64]uint64{}
		for !j.told {
			more, err := a.tellOf(j, out)
			if err != nil {
				return false, err
			}
			j.told = !more
			if out.Ports[0] != nil {
				a.name(j.window.bounds, out)
				a.hide(j.window.start, out)
				return true, nil
			}
			if more && j.begun {
				return true, nil
			}
		}
	}
	a.forgetOver()
	if more, err := a.tellFew(nil, out); more || err != nil {
		return more, err
	}
	a.jobs, a.next, a.gone, a.running = a.jobs[:0], 0, 0, false
	return false, nil
}

// tellFew goes on to answer windows that have few rows, those before w; more: something was emitted.
func (a *Aggregate) tellFew(w *dealt[*window], out *op.Output) (more bool, err error) {
	err = a.few.tell(w, out)
	return out.Ports[0] != nil, op.OutOfMemory(a.cfg.Name, err)
}

// tellOf goes on to emit a window.
func (a *Aggregate) tellOf(j *job, out *op.Output) (more bool, err error) {
	w := j.window.of
	switch {
	case j.begun && a.inner.Changes:
		return a.away.goOn(out)
	case w.unheard:
		j.begun, w.unheard = true, false
		a.away.begin(j.window, w.passed.Untold && (w.closed || !a.holds()))
		w.passed = aggregate.Passed{}
		return a.away.goOn(out)
	case a.inner.Changes:
		return w.OnFlush(out)
	case j.begun || a.ends(w):
		j.begun = true
		return a.away.end(j.window, out)
	default:
		return w.OnEnd(out)
	}
}

// forgetOver drops the windows that are over and were emitted: all that have one end at once, since they share a slice.
func (a *Aggregate) forgetOver() {
	for ; a.gone < a.next; a.gone++ {
		if j := &a.jobs[a.gone]; j.over {
			a.forget(j.window)
		}
	}
}

// forget drops a window with all that is known of it.
func (a *Aggregate) forget(w *dealt[*window]) {
	a.drop(w)
	w.of.Drop()
	a.budget.Release(w.of.reserved)
	if a.kept != nil {
		a.retire(w.of)
	}
	if len(a.spare) < mostSpare {
		a.spare = append(a.spare, w.of.Part)
	}
}

// name puts the window's columns behind the keys of the rows that were emitted, unless they are among them.
func (a *Aggregate) name(b bounds, out *op.Output) {
	if a.cfg.keyed() {
		return
	}
	emitted, k := out.Ports[0], len(a.cfg.Keys)
	fillColumn(a.start, emitted.Len, b.start)
	fillColumn(a.end, emitted.Len, b.end)
	cols := append(append(a.out.Cols[:0], emitted.Cols[:k]...), a.start, a.end)
	a.out = *emitted
	cols = append(cols, emitted.Cols[k:]...)
	a.out.Cols = cols
	out.Ports[0] = &a.out
}

// hide makes calls NULL that were not there when a window began.
func (a *Aggregate) hide(start int64, out *op.Output) {
	for i := range a.cfg.Since {
		if !a.cfg.hides(i, start) {
			continue
		}
		if emitted := out.Ports[0]; emitted != &a.out {
			a.cols = append(a.cols[:0], emitted.Cols...)
			a.out = *emitted
			a.out.Cols, out.Ports[0] = a.cols, &a.out
		}
		if a.absent == nil {
			a.absent = make([]*batch.Column, len(a.cfg.Calls))
		}
		at := len(a.out.Cols) - len(a.cfg.Calls) + i
		if a.absent[i] == nil {
			a.absent[i] = batch.NewColumn(a.pool, a.out.Cols[at].Type())
		}
		a.absent[i].Reset(a.out.Len)
		a.absent[i].SetAllNull()
		a.out.Cols[at] = a.absent[i]
	}
}

func fillColumn(c *batch.Column, n int, v int64) {
	c.Reset(n)
	values := c.Int64s()
	for i := range values {
		values[i] = v
	}
}
