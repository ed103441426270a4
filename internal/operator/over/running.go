package over

import (
	"sort"

	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/window"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// running is a function that keeps something of each partition from one job to the next, so that it need not see the rows again.
type running interface {
	// grow makes slots 0 to n-1 usable; forget makes one empty.
	grow(n int) error
	forget(slot uint32)
	// appendState appends what is kept for a slot; restoreState makes an empty slot that, and returns what follows.
	appendState(slot uint32, dst []byte) []byte
	restoreState(slot uint32, src []byte) (rest []byte, err error)
}

// timedWay says whether a function is running in a Timed, or sees rows that are kept; reason is why it can be neither.
func timedWay(c *Call) (isRunning bool, reason string) {
	const later = "it depends on rows that are still to come"
	switch c.Function.Kind {
	case window.RowNumber, window.Rank, window.DenseRank:
		return true, ""
	case window.Lag:
		return false, ""
	case window.Lead, window.PercentRank, window.CumeDist, window.Ntile:
		return false, later
	default:
	}
	f := c.Frame
	follows := f.Start == ast.Following || f.End == ast.Following
	switch {
	case f.End == ast.UnboundedFollowing, follows && f.Unit != ast.FrameRange:
		return false, later
	case f.Start != ast.UnboundedPreceding:
		return false, ""
	case f.End != ast.CurrentRow || f.Exclude != ast.ExcludeNothing || c.Function.Kind == window.NthValue:
		return false, "all rows of a partition would have to be kept for it"
	}
	return c.Function.Kind != window.LastValue, ""
}

// TimedRefusal returns why a call cannot be computed by a Timed, "" if it can.
func TimedRefusal(c *Call) string {
	_, reason := timedWay(c)
	return reason
}

// count is how many rows and groups of peers of a partition have been answered for.
type count struct{ rows, groups int64 }

// runningPosition is row_number, rank and dense_rank.
type runningPosition struct {
	o      *Operator
	kind   window.Kind
	out    *batch.Column
	counts *keyed.Slab[count] // the Timed's
	group  int                // of the first row that was not seen
}

func newRunningPosition(o *Operator, c *Call) *runningPosition {
	o.wantPeers = o.wantPeers || c.Function.Kind != window.RowNumber
	return &runningPosition{o: o, kind: c.Function.Kind, out: batch.NewColumn(o.pool, c.Result), counts: o.counts}
}

func (p *runningPosition) begin() error {
	part := &p.o.part
	if p.kind == window.DenseRank {
		p.group = sort.Search(len(part.groups), func(g int) bool { return int(part.groups[g]) > part.fresh }) - 1
	}
	return nil
}

func (p *runningPosition) fill() error {
	at := &p.o.piece
	if at.at == 0 {
		p.out.Reset(batch.MaxRows)
	}
	out, base, fresh := p.out.Int64s()[at.at:], *p.counts.At(p.o.part.slot), p.o.part.fresh
	for i := range at.len() {
		switch p.kind {
		case window.Rank:
			out[i] = base.rows + int64(at.first[i]-fresh) + 1
		case window.DenseRank:
			out[i] = base.groups + int64(at.group[i]-p.group) + 1
		default:
			out[i] = base.rows + int64(at.from+i-fresh) + 1
		}
	}
	return nil
}

func (p *runningPosition) finish(n int) *batch.Column {
	p.out.Resize(n)
	return p.out
}

func (p *runningPosition) close() {}

// runningFirst is first_value of a frame that begins with the partition.
type runningFirst struct{ picker }

func (f *runningFirst) fill() error {
	p := &f.o.piece
	for i := range p.len() {
		f.picked[p.at+i] = f.o.part.head
	}
	return nil
}

// runningSums adds the rows of a frame that begins with the partition to the partition's own slot.
type runningSums struct {
	f    *framed
	seen int // the position behind the last row that was added
}

func newRunningAggregate(o *Operator, c *Call) *framed {
	f := newFramed(o, c, false)
	f.sums = &runningSums{f: f}
	return f
}

func (r *runningSums) begin(f *framed) error {
	r.seen = f.o.part.fresh
	return nil
}

func (r *runningSums) move(f *framed, left, _ span, _ int) (uint32, error) {
	slot := f.o.part.slot
	from := max(r.seen, left.from)
	r.seen = max(r.seen, left.to)
	return slot, f.add(slot, span{from, max(from, left.to)})
}

func (r *runningSums) grow(n int) error { return r.f.check(r.f.state.Grow(n)) }

func (r *runningSums) forget(slot uint32) { r.f.state.Free(slot) }

func (r *runningSums) appendState(slot uint32, dst []byte) []byte { return r.f.state.Append(slot, dst) }

func (r *runningSums) restoreState(slot uint32, src []byte) ([]byte, error) {
	rest, err := r.f.state.Restore(slot, src)
	return rest, r.f.check(err)
}

// slidingSums keeps, in the partition's own slot, the aggregate of the frame of the last row that was answered for, so that a frame costs what it has more and less than the one before. It is no state:
// where it is not known it is made anew.
type slidingSums struct {
	sliding
	f     *framed
	spans *keyed.Slab[span] // by slot: the rows that are in, by their positions in the queue
}

func newSlidingAggregate(o *Operator, c *Call) *framed {
	f := newFramed(o, c, true)
	f.sums = &slidingSums{sliding: sliding{state: f.state, retract: f.state.(aggregate.Retracter), gone: newReader(o, c)}, f: f, spans: keyed.NewSlab[span](o.memory.budget)}
	return f
}

func (s *slidingSums) begin(f *framed) error {
	s.gone.forget()
	s.left = *s.spans.At(f.o.part.slot)
	return nil
}

func (s *slidingSums) move(f *framed, left, _ span, _ int) (uint32, error) {
	slot := f.o.part.slot
	err := s.slideIn(f, slot, left)
	*s.spans.At(slot) = s.left
	return slot, err
}

func (s *slidingSums) slideIn(f *framed, slot uint32, is span) error {
	was := s.left
	if err := s.gone.each(span{was.from, max(was.from, min(was.to, is.from))}, slot, s.retract.Retract); err != nil {
		return err
	}
	from := max(was.to, is.from)
	s.left = is
	return f.add(slot, span{from, max(from, is.to)})
}

// drop takes the first n rows of a partition's queue out, which leave it.
func (s *slidingSums) drop(slot uint32, ids []uint32, n int) error {
	in := s.spans.At(slot)
	if n == 0 || in.to == 0 {
		return nil
	}
	if in.from < n && in.len() > 0 {
		o := s.f.o
		o.part, o.piece.from, o.piece.to = partition{ids: ids, end: len(ids), groups: o.part.groups}, 0, 0
		s.gone.forget()
		if err := s.f.check(s.gone.each(span{in.from, min(in.to, n)}, slot, s.retract.Retract)); err != nil {
			return err
		}
	}
	in.from, in.to = max(in.from, n)-n, max(in.to, n)-n
	return nil
}

func (s *slidingSums) grow(n int) error {
	if err := s.f.check(s.f.state.Grow(n)); err != nil {
		return err
	}
	return s.f.check(s.spans.Grow(n))
}

func (s *slidingSums) forget(slot uint32) {
	s.f.state.Free(slot)
	*s.spans.At(slot) = span{}
}
