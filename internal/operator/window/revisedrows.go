package window

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

const (
	// mostRevised is how many windows a batch of changes is made of: each may give two rows.
	mostRevised = batch.MaxRows / 2
	// mostAdditions is about how many additions wait until they are carried out.
	mostAdditions = 1 << 15
)

// revisedRows makes changes of what windows of keys showed and show now.
type revisedRows struct {
	revised *Revised
	sum     sum
	// temps are partials that are taken back when the batch is made.
	temps []uint32
	// back: windows show nothing now, and what they showed is taken back.
	back bool
	// For each window: the key, the end, and the partials of what it showed, none if nothing, and shows.
	keys     []uint32
	ends     []int64
	old, now []uint32
	before   uint32 // of the window that is being added

	// images are, for each window, the place of what it showed among olds, the partials of those that showed something.
	images              []int16
	olds                []uint32
	was, is             []*batch.Column
	wasFailed, isFailed []*sqlstate.Error
	errs                builtin.Errors
	updates             []uint16
	differs             []bool

	slots []uint32 // of the keys of rows
	at    []uint16 // the windows of rows
	picks []uint16
	kinds []batch.Change
	out   batch.Batch
}

func (e *revisedRows) init(r *Revised) {
	e.revised = r
	e.sum.rows = e
	types := r.cfg.Output()
	for _, t := range types {
		e.out.Cols = append(e.out.Cols, batch.NewColumn(r.pool, t))
	}
	for _, t := range types[len(r.cfg.Keys)+windowColumns:] {
		e.was, e.is = append(e.was, batch.NewColumn(r.pool, t)), append(e.is, batch.NewColumn(r.pool, t))
	}
}

func (e *revisedRows) reset() {
	e.keys, e.ends, e.old, e.now = e.keys[:0], e.ends[:0], e.old[:0], e.now[:0]
}

// full reports whether no more windows should be added.
func (e *revisedRows) full() bool {
	return len(e.keys) == mostRevised || len(e.revised.sums.into) >= mostAdditions
}

// both returns partials of its own for the sum of two.
func (e *revisedRows) both(a, b uint32) (uint32, error) {
	n, err := e.temp()
	if err != nil {
		return none, err
	}
	e.revised.sums.add(n, a)
	e.revised.sums.add(n, b)
	return n, nil
}

func (e *revisedRows) temp() (uint32, error) {
	n, err := e.revised.sums.take()
	if err == nil {
		e.temps = append(e.temps, n)
	}
	return n, err
}

// sum is partials that are added up; if it is only one, nothing need be added.
type sum struct {
	rows  *revisedRows
	parts []uint32
}

func (s *sum) begin(parts ...uint32) {
	s.parts = s.parts[:0]
	s.more(parts...)
}

func (s *sum) more(parts ...uint32) {
	for _, n := range parts {
		s.part(n)
	}
}

func (s *sum) part(n uint32) {
	if n != none {
		s.parts = append(s.parts, n)
	}
}

// total returns the sum, none if there is nothing.
func (s *sum) total() (uint32, error) {
	switch len(s.parts) {
	case 0:
		return none, nil
	case 1:
		return s.parts[0], nil
	}
	n, err := s.rows.temp()
	if err != nil {
		return none, err
	}
	for _, part := range s.parts {
		s.rows.revised.sums.add(n, part)
	}
	return n, nil
}

// shown takes the sum as what the next window showed.
func (e *revisedRows) shown() (err error) {
	e.before, err = e.sum.total()
	return err
}

// add adds a window, which shows the sum now.
func (e *revisedRows) add(key uint32, end int64) error {
	now, err := e.sum.total()
	if err != nil {
		return err
	}
	e.keys, e.ends, e.old, e.now = append(e.keys, key), append(e.ends, end), append(e.old, e.before), append(e.now, now)
	return nil
}

// emit emits what has changed, and reports whether anything has.
func (e *revisedRows) emit(out *op.Output) (bool, error) {
	r := e.revised
	if err := r.sums.carryOut(); err != nil {
		return false, err
	}
	if len(e.keys) > 0 {
		e.results()
	}
	for _, n := range e.temps {
		r.sums.give(n)
	}
	if e.temps = e.temps[:0]; len(e.keys) == 0 {
		return false, nil
	}
	e.decide(out)
	if len(e.picks) == 0 {
		return false, nil
	}
	e.build()
	out.Emit(0, &e.out)
	return true, nil
}

// results asks for the answers that windows showed and show.
func (e *revisedRows) results() {
	e.images, e.olds = e.images[:0], e.olds[:0]
	for _, n := range e.old {
		image := int16(-1)
		if n != none {
			image = int16(len(e.olds)) //nolint:gosec // at most mostRevised
			e.olds = append(e.olds, n)
		}
		e.images = append(e.images, image)
	}
	e.isFailed, e.wasFailed = e.ask(e.now, e.is, e.isFailed), e.ask(e.olds, e.was, e.wasFailed)
	for i := range e.revised.cfg.Since {
		e.hide(i)
	}
}

// ask makes cols the answers of partials; failed are the first errors.
func (e *revisedRows) ask(partials []uint32, cols []*batch.Column, failed []*sqlstate.Error) []*sqlstate.Error {
	failed = failed[:0]
	for i, c := range e.revised.sums.calls {
		e.errs.Reset()
		c.state.Result(partials, cols[i], &e.errs)
		if e.errs.Len() == 0 {
			continue
		}
		if len(failed) == 0 {
			failed = append(failed, make([]*sqlstate.Error, len(partials))...)
		}
		for k, row := range e.errs.Rows {
			if failed[row] == nil {
				failed[row] = e.errs.Errs[k]
			}
		}
	}
	return failed
}

// hide makes a call NULL that was not there when a window began.
func (e *revisedRows) hide(call int) {
	shape := &e.revised.shape
	for row, end := range e.ends {
		if !e.revised.cfg.hides(call, shape.start(end, shape.lastOf(end))) {
			continue
		}
		e.is[call].SetNull(row)
		if e.images[row] >= 0 {
			e.was[call].SetNull(int(e.images[row]))
		}
	}
}

// decide finds out which rows come out.
func (e *revisedRows) decide(out *op.Output) {
	e.slots, e.at, e.picks, e.kinds, e.updates = e.slots[:0], e.at[:0], e.picks[:0], e.kinds[:0], e.updates[:0]
	e.differs = append(e.differs[:0], make([]bool, len(e.keys))...)
	for i, image := range e.images {
		if image >= 0 {
			e.updates = append(e.updates, uint16(i)) //nolint:gosec // at most mostRevised
		}
	}
	for c, is := range e.is {
		aggregate.MarkDiffering(e.was[c], is, e.images, e.updates, e.differs)
	}
	for i, image := range e.images {
		had, bad := image >= 0, e.failure(e.isFailed, i)
		said := had && e.failure(e.wasFailed, int(image)) != nil
		e.judge(i, had && !said, bad != nil)
		if bad != nil && !said {
			out.Rejects = append(out.Rejects, op.Reject{Row: op.NoRow, Err: bad})
		}
	}
}

// judge has the rows of window i come out: had says that it showed an answer, bad that it has none now.
func (e *revisedRows) judge(i int, had, bad bool) {
	before, after := int(e.images[i]), len(e.olds)+i
	switch {
	case e.back && !had:
	case e.back, bad && had:
		e.row(i, before, batch.Delete)
	case bad:
	case !had:
		e.row(i, after, batch.Insert)
	case e.differs[i]:
		if !e.revised.cfg.Upsert {
			e.row(i, before, batch.UpdateBefore)
		}
		e.row(i, after, batch.UpdateAfter)
	}
}

func (e *revisedRows) failure(failed []*sqlstate.Error, i int) *sqlstate.Error {
	if len(failed) == 0 {
		return nil
	}
	return failed[i]
}

// row has a row come out of window i, with the values of one of those that windows showed or, behind them, show.
func (e *revisedRows) row(i, pick int, kind batch.Change) {
	e.slots, e.at = append(e.slots, e.keys[i]), append(e.at, uint16(i))     //nolint:gosec // at most mostRevised
	e.picks, e.kinds = append(e.picks, uint16(pick)), append(e.kinds, kind) //nolint:gosec // at most batch.MaxRows
}

// build makes the batch.
func (e *revisedRows) build() {
	r := e.revised
	k, n := len(r.cfg.Keys), len(e.picks)
	if r.table != nil {
		r.table.GatherKeys(e.slots, e.out.Cols[:k])
	}
	e.out.Cols[k].Reset(n)
	e.out.Cols[k+1].Reset(n)
	starts, ends := e.out.Cols[k].Int64s(), e.out.Cols[k+1].Int64s()
	for row, i := range e.at {
		end := e.ends[i]
		starts[row], ends[row] = r.shape.start(end, r.shape.lastOf(end)), end
	}
	for c, is := range e.is {
		if out := e.out.Cols[k+windowColumns+c]; len(e.olds) == 0 {
			out.Gather(is, e.picks)
		} else {
			aggregate.GatherTwo(out, e.was[c], is, e.picks)
		}
	}
	e.out.Len, e.out.Kinds = n, e.kinds
}
