package over

import (
	"errors"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// carried is a partition that is larger than memory: its rows come from runs, some at a time, and are answered in order by functions that keep what they need of those before, as those of a Timed do.
type carried struct {
	o *Operator
	t *Timed // has the functions, and one partition
	// read and emitted are how many rows of the partition have been, skip how many were emitted before a restore.
	read     int64
	emitted  int
	skip     int
	complete bool // all rows of it are read
	ahead    lookahead
	// lastSeen is the last row that functions have seen, unless it is one of the queue.
	lastSeen []uint32
}

// carries reports whether all functions need no more of a partition than some rows before the current one and behind it, and its peers, or to have seen all rows.
func (o *Operator) carries() bool {
	for i := range o.config.Calls {
		c := &o.config.Calls[i]
		if seesWhole(c, len(o.config.Order) > 0) || looksAhead(c) {
			continue
		}
		if TimedRefusal(c) != "" || c.Frame.Unit == ast.FrameRange && (hasOffset(c.Frame.Start) || hasOffset(c.Frame.End)) {
			return false
		}
	}
	return true
}

// carry begins with the rows in memory from position start on, which are the first of a partition. Those before are emitted first.
func (o *Operator) carry(start int) error {
	c := &carried{o: o, t: newTimed(o.pool, o.memory.budget, o.config, &whole{last: keyed.NoRow})}
	c.t.e.absent = o.absent
	o.carried = c
	if start == 0 {
		c.skip, o.skip[o.segments.group] = o.skip[o.segments.group], 0
	}
	if err := c.t.begin(1, []uint32{0}); err != nil {
		return err
	}
	for ids := o.ids[start:]; len(ids) > 0; {
		n := min(len(ids), batch.MaxRows)
		if err := c.take(o.gather(ids[:n]), n); err != nil {
			return err
		}
		ids = ids[n:]
	}
	if err := o.rows.Delete(o.ids[start:]); err != nil {
		return err
	}
	o.ids = o.ids[:start]
	if err := c.seeAll(); err != nil {
		return err
	}
	return c.plan()
}

// take appends rows.
func (c *carried) take(cols []*batch.Column, n int) error {
	t := c.t
	if err := t.sight.see(cols, &batch.Batch{Cols: cols, Len: n}); err != nil {
		return c.o.tooLarge(err)
	}
	if err := c.ahead.see(t.config.Calls, cols, n, c.read == 0); err != nil {
		return c.o.tooLarge(err)
	}
	t.ids, t.slots = growTo(t.ids, n), growTo(t.slots, n)
	clear(t.slots)
	if err := t.e.rows.Append(cols, nil, nil, t.ids); err != nil {
		return c.o.tooLarge(err)
	}
	if err := t.noteRows(t.ids); err != nil {
		return err
	}
	for _, id := range t.ids {
		t.room += t.queues[0].push(id)
	}
	c.read += int64(n)
	return t.reserve()
}

// growTo returns a slice of n numbers.
func growTo(s []uint32, n int) []uint32 {
	if cap(s) < n {
		return make([]uint32, n, batch.MaxRows)
	}
	return s[:n]
}

// plan makes a job of the rows that can be answered for.
func (c *carried) plan() error {
	t := c.t
	ids, from := t.queues[0].rows(), int(t.parts.At(0).answered)
	to := len(ids)
	if !c.complete {
		to = c.until(ids, from)
	}
	t.jobs.reset()
	if from == to {
		return nil
	}
	part := t.parts.At(0)
	if t.heads && part.head == keyed.NoRow {
		part.head = ids[from]
		*t.e.rows.Mark(part.head) |= headOfAll
	}
	t.jobs.list = append(t.jobs.list, job{ids: ids, from: from, to: to, head: part.head})
	t.jobs.targets = append(t.jobs.targets, ids[from:to]...)
	return t.reserve()
}

// carryOn emits the next rows of the partition that is larger than memory, or reads more of it, or ends it.
func (o *Operator) carryOn(out *op.Output) error {
	c := o.carried
	t := c.t
	_, n, answers, err := t.e.step(&t.jobs)
	switch {
	case err != nil:
		return err
	case n > 0:
		c.emit(answers, n, out)
		return nil
	}
	if err := t.finish(); err != nil {
		return err
	}
	if c.complete {
		o.segments.base += c.read
		c.free()
		return nil
	}
	if err := c.readSome(); err != nil {
		return err
	}
	return c.plan()
}

// emit emits answered rows, but for those that were emitted before a restore.
func (c *carried) emit(answers []*batch.Column, n int, out *op.Output) {
	o := c.o
	o.out = batch.Batch{Cols: append(append(o.out.Cols[:0], c.t.e.columns[:len(o.config.Types)]...), answers...), Len: n}
	done := min(max(c.skip-c.emitted, 0), n)
	c.emitted += n
	if done == n {
		return
	}
	if done > 0 {
		o.sel = o.sel[:0]
		for i := done; i < n; i++ {
			o.sel = append(o.sel, uint16(i)) //nolint:gosec // a row number of a batch
		}
		o.out.Sel = o.sel
	}
	out.Emit(0, &o.out)
	out.Counts.Held -= int64(n - done)
	out.Counts.Forwarded += int64(n - done)
}

// readSome reads as many rows as there is room for.
func (c *carried) readSome() error {
	o := c.o
	s := &o.segments
	for !c.complete {
		ended := false
		n, done, err := s.merger.Next(o.columns, o.atOnce(), func(cols []*batch.Column, row int) keyed.Verdict {
			if ended = o.partitions.Compare(s.head, 0, cols, row) != 0; ended {
				return keyed.Pause
			}
			s.seen++
			return keyed.Take
		})
		if err != nil {
			return o.tooLarge(err)
		}
		if n > 0 {
			if err := c.take(o.columns, n); err != nil {
				return err
			}
		}
		if done {
			s.merger.Close()
			s.merger = nil
		}
		c.complete = ended || done
		if c.t.e.rows.Bytes() > o.runs.Share()/carriedShare {
			return nil
		}
	}
	return nil
}

// free gives the memory back.
func (c *carried) free() {
	t := c.t
	t.e.free()
	t.e.counts.Free()
	t.parts.Free()
	t.slotOf.Free()
	t.budget.Release(t.held)
	c.o.carried = nil
}

// tooLarge makes an error of too little memory, or of functions that need more of a partition than is kept, one that says that a partition is too large.
func (o *Operator) tooLarge(err error) error {
	var bad *sqlstate.Error
	if !errors.As(err, &bad) || bad.Code != sqlstate.OutOfMemory && bad.Code != sqlstate.FeatureNotSupported {
		return err
	}
	return sqlstate.Errorf(sqlstate.OutOfMemory, "one partition of %s is larger than memory: %s", o.config.Name, bad.Message).
		WithHint("Raise the memory limit. Ranks, ntile, lag, lead, frames from the beginning of the partition to the current row, frames of some ROWS or GROUPS around it, and aggregates of the whole partition need not have all of it in memory.")
}
