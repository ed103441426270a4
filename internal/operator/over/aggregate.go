package over

import (
	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// newAggregate chooses how an aggregate over frames is computed.
func newAggregate(o *Operator, c *Call) evaluator {
	f := c.Function.Aggregate
	switch grows := c.Frame.Start == ast.UnboundedPreceding && c.Frame.Exclude == ast.ExcludeNothing; {
	case f.Name == "count" && f.Star && c.Filter == NoColumn:
		return &rowCount{o: o, frame: o.framing(c.Frame), out: batch.NewColumn(o.pool, c.Result)}
	case (f.Name == "min" || f.Name == "max") && f.Class == aggregate.Plain:
		return newExtreme(o, c)
	case f.Retraction == aggregate.ByRetract && o.counts != nil && c.Frame.Exclude == ast.ExcludeNothing:
		return newSlidingAggregate(o, c)
	case f.Retraction == aggregate.ByRetract && !grows:
		s := newFramed(o, c, true)
		s.sums = &sliding{state: s.state, retract: s.state.(aggregate.Retracter)}
		return s
	case f.Mergeable && !grows:
		s := newFramed(o, c, false)
		s.sums = newStacks(s)
		return s
	default:
		s := newFramed(o, c, false)
		s.sums = &growing{}
		return s
	}
}

// rowCount is count(*).
type rowCount struct {
	o     *Operator
	frame *framing
	out   *batch.Column
}

func (c *rowCount) begin() error { return nil }

func (c *rowCount) close() {}

func (c *rowCount) fill() error {
	p := &c.o.piece
	if p.at == 0 {
		c.out.Reset(batch.MaxRows)
	}
	out := c.out.Int64s()[p.at:]
	for i := range p.len() {
		left, right, self := c.frame.parts(i)
		n := left.len() + right.len()
		if self {
			n++
		}
		out[i] = int64(n)
	}
	return nil
}

func (c *rowCount) finish(n int) *batch.Column {
	c.out.Resize(n)
	return c.out
}

// sums keeps slot 0 of a state, or another, the aggregate of a frame.
type sums interface {
	// begin begins a partition.
	begin(f *framed) error
	// move goes on to the frame that is left, then the row at self unless that is negative, then right, and returns the slot with its answer. Spans move
	// forward only.
	move(f *framed, left, right span, self int) (slot uint32, err error)
}

// framed computes an aggregate over frames.
type framed struct {
	o     *Operator
	call  *Call
	frame *framing
	state aggregate.State
	sums  sums
	out   *batch.Column
	// one is the answer for the frame of left, right and self, if known.
	one         *batch.Column
	known       bool
	left, right span
	self        int
	args        reader
	errs        builtin.Errors
	slots       [1]uint32
}

func newFramed(o *Operator, c *Call, retracts bool) *framed {
	types := make([]schema.Type, len(c.Args))
	for i, column := range c.Args {
		types[i] = o.config.Types[column]
	}
	f := &framed{o: o, call: c, frame: o.framing(c.Frame), out: batch.NewColumn(o.pool, c.Result), one: batch.NewColumn(o.pool, c.Result)}
	f.state = c.Function.Aggregate.NewState(&aggregate.Spec{Args: types, Retracts: retracts, Pool: o.pool, Budget: o.memory.budget})
	f.args = newReader(o, c)
	return f
}

func (f *framed) begin() error {
	f.known = false
	f.args.forget()
	return f.check(f.sums.begin(f))
}

// check makes a refused reservation the error that the user sees.
func (f *framed) check(err error) error { return op.OutOfMemory(f.o.config.Name, err) }

func (f *framed) fill() error {
	p := &f.o.piece
	if p.at == 0 {
		f.out.Reset(batch.MaxRows)
	}
	for i := range p.len() {
		left, right, is := f.frame.parts(i)
		self := -1
		if is {
			self = p.from + i
		}
		if !f.known || left != f.left || right != f.right || self != f.self {
			slot, err := f.sums.move(f, left, right, self)
			if err != nil {
				return f.check(err)
			}
			f.slots[0] = slot
			f.errs.Reset()
			f.state.Result(f.slots[:], f.one, &f.errs)
			if f.errs.Len() > 0 {
				return f.errs.Errs[0]
			}
			f.known, f.left, f.right, f.self = true, left, right, self
		}
		if f.one.IsNull(0) {
			f.out.PutNull(p.at + i)
		} else {
			f.out.CopyRow(p.at+i, f.one, 0)
		}
	}
	return nil
}

func (f *framed) finish(n int) *batch.Column {
	f.out.Resize(n)
	return f.out
}

func (f *framed) close() {
	f.state.Close()
	if s, ok := f.sums.(*stacks); ok {
		s.left.older.Free()
		s.right.older.Free()
	}
}

// add adds the rows of a span to a slot.
func (f *framed) add(slot uint32, s span) error {
	return f.args.each(s, slot, f.state.Add)
}

// growing adds what the frame has more than the one before, and begins anew where that has something else.
type growing struct {
	left, right span
	self        int
}

func (g *growing) begin(f *framed) error {
	g.left, g.right, g.self = span{}, span{}, -1
	if err := f.state.Grow(1); err != nil {
		return err
	}
	f.state.Free(0)
	return nil
}

func (g *growing) move(f *framed, left, right span, self int) (uint32, error) {
	more := left
	if g.left.from == left.from && g.right.len() == 0 && g.self < 0 {
		more.from = g.left.to
	} else {
		f.state.Free(0)
	}
	g.left, g.right, g.self = left, right, self
	if err := f.add(0, more); err != nil {
		return 0, err
	}
	if self >= 0 {
		if err := f.add(0, span{self, self + 1}); err != nil {
			return 0, err
		}
	}
	return 0, f.add(0, right)
}

// sliding takes back what has left the frame.
type sliding struct {
	state       aggregate.State
	retract     aggregate.Retracter
	left, right span
	self        int
	gone        reader
}

func (s *sliding) begin(f *framed) error {
	s.left, s.right, s.self = span{}, span{}, -1
	if s.gone.o == nil {
		s.gone = newReader(f.o, f.call)
	}
	s.gone.forget()
	if err := s.state.Grow(1); err != nil {
		return err
	}
	s.state.Free(0)
	return nil
}

func (s *sliding) move(f *framed, left, right span, self int) (uint32, error) {
	if s.self >= 0 {
		if err := s.gone.each(span{s.self, s.self + 1}, 0, s.retract.Retract); err != nil {
			return 0, err
		}
	}
	if err := s.slide(f, &s.left, left); err != nil {
		return 0, err
	}
	if err := s.slide(f, &s.right, right); err != nil {
		return 0, err
	}
	if s.self = self; self < 0 {
		return 0, nil
	}
	return 0, f.add(0, span{self, self + 1})
}

func (s *sliding) slide(f *framed, was *span, is span) error {
	if err := s.gone.each(span{was.from, max(was.from, min(was.to, is.from))}, 0, s.retract.Retract); err != nil {
		return err
	}
	from := max(was.to, is.from)
	*was = is
	return f.add(0, span{from, max(from, is.to)})
}

// firstBlock is how many rows a reader gathers at first.
const firstBlock = 16

// reader reads the arguments of rows of the partition.
type reader struct {
	o       *Operator
	call    *Call
	block   span            // of the partition that columns hold
	size    int             // of blocks: twice as many rows each time, since who reads a little needs no more
	columns []*batch.Column // of the store; nil but for arguments and filter
	args    []*batch.Column
	picked  []uint16
}

func newReader(o *Operator, c *Call) reader {
	return reader{o: o, call: c, args: make([]*batch.Column, len(c.Args))}
}

// forget forgets the rows of the partition before.
func (r *reader) forget() { r.block, r.size = span{}, 0 }

// each calls f with the rows of a span that are not filtered, as rows of a slot.
func (r *reader) each(s span, slot uint32, f func(*aggregate.Rows) error) error {
	for s.from < s.to {
		columns, row, n := r.read(s)
		for i, column := range r.call.Args {
			r.args[i] = columns[column]
		}
		r.picked = r.picked[:0]
		for k := row; k < row+n; k++ {
			if r.call.Filter == NoColumn || isTrue(columns[r.call.Filter], k) {
				r.picked = append(r.picked, uint16(k)) //nolint:gosec // a row number of a batch
			}
		}
		if len(r.picked) > 0 {
			if err := f(&aggregate.Rows{Slot: slot, Rows: r.picked, N: len(r.picked), Args: r.args}); err != nil {
				return err
			}
		}
		s.from += n
	}
	return nil
}

func isTrue(c *batch.Column, row int) bool { return !c.IsNull(row) && c.Bits().Get(row) }

// read returns columns that have the first n rows of a span from row on: those of the batch at hand, or else of a block of the partition.
func (r *reader) read(s span) (columns []*batch.Column, row, n int) {
	if p := &r.o.piece; p.from <= s.from && s.from < p.to {
		return r.o.columns, p.at + s.from - p.from, min(s.to, p.to) - s.from
	}
	if s.from < r.block.from || s.from >= r.block.to {
		r.size = min(max(firstBlock, 2*r.size), batch.MaxRows)
		r.block.from = s.from &^ (r.size - 1)
		r.block.to = min(r.block.from+r.size, len(r.o.part.ids))
		r.o.rows.Gather(r.o.part.ids[r.block.from:r.block.to], r.own())
	}
	return r.columns, s.from - r.block.from, min(s.to, r.block.to) - s.from
}

// own returns the reader's columns.
func (r *reader) own() []*batch.Column {
	if r.columns == nil {
		r.columns = make([]*batch.Column, len(r.o.config.Types))
		for _, column := range r.call.Args {
			r.columns[column] = batch.NewColumn(r.o.pool, r.o.config.Types[column])
		}
		if column := r.call.Filter; column != NoColumn && r.columns[column] == nil {
			r.columns[column] = batch.NewColumn(r.o.pool, r.o.config.Types[column])
		}
	}
	return r.columns
}

// stacks merges partial answers: of a function that cannot take rows back.
type stacks struct {
	left, right *stack
}

// The slots of stacks: the answer, and two of each stack.
const (
	answerSlot = iota
	leftSlot
	rightSlot = leftSlot + 2
	slotCount = rightSlot + 2
)

func newStacks(f *framed) *stacks {
	return &stacks{left: newStack(f, leftSlot), right: newStack(f, rightSlot)}
}

func (s *stacks) begin(f *framed) error {
	if err := f.state.Grow(slotCount); err != nil {
		return err
	}
	s.left.begin(f)
	s.right.begin(f)
	return nil
}

func (s *stacks) move(f *framed, left, right span, self int) (uint32, error) {
	f.state.Free(answerSlot)
	if err := s.left.move(f, left); err != nil {
		return 0, err
	}
	if err := s.right.move(f, right); err != nil {
		return 0, err
	}
	if self >= 0 {
		return answerSlot, f.add(answerSlot, span{self, self + 1})
	}
	return answerSlot, nil
}

// stack has a span in two halves: of the older, up to middle, the partial answer of the rows from each of its rows on; of the younger one answer,
// which grows. When the older half is used up, the younger becomes it. So a row is merged twice.
type stack struct {
	span
	middle int
	// slot holds the younger half, the next one a partial answer that is being made.
	slot uint32
	// older are the partial answers of the older half, from that of its last row on; numbers are theirs.
	older   *keyed.Rows
	numbers []uint32
	partial []*batch.Column
}

func newStack(f *framed, slot uint32) *stack {
	types := f.state.PartialTypes()
	s := &stack{slot: slot, older: keyed.NewRows(f.o.pool, types, 0, f.o.config.Name, f.o.memory.budget)}
	for _, typ := range types {
		s.partial = append(s.partial, batch.NewColumn(f.o.pool, typ))
	}
	return s
}

func (s *stack) begin(f *framed) {
	s.span, s.middle = span{}, 0
	s.forget()
	f.state.Free(s.slot)
}

func (s *stack) forget() {
	s.older.Free()
	s.numbers = s.numbers[:0]
}

// move goes on to a span and merges its answer into the answer's slot.
func (s *stack) move(f *framed, to span) error {
	if to.from > s.middle {
		if err := s.turn(f, to); err != nil {
			return err
		}
	} else if err := f.add(s.slot, span{s.to, max(s.to, to.to)}); err != nil {
		return err
	}
	s.span = to
	if s.len() == 0 {
		return nil
	}
	if to.from < s.middle {
		cols, row := s.older.Row(s.numbers[s.middle-1-to.from])
		if err := f.merge(answerSlot, cols, row); err != nil {
			return err
		}
	}
	if s.middle < to.to {
		f.partial(s.slot, s.partial)
		return f.merge(answerSlot, s.partial, 0)
	}
	return nil
}

// turn makes all of a span the older half.
func (s *stack) turn(f *framed, to span) error {
	s.forget()
	s.middle = to.to
	f.state.Free(s.slot)
	making := s.slot + 1
	f.state.Free(making)
	for position := to.to - 1; position >= to.from; position-- {
		if err := f.add(making, span{position, position + 1}); err != nil {
			return err
		}
		f.partial(making, s.partial)
		var number [1]uint32
		if err := s.older.Append(s.partial, nil, nil, number[:]); err != nil {
			return err
		}
		before := cap(s.numbers)
		s.numbers = append(s.numbers, number[0])
		if err := f.o.memory.grown(s.numbers, before); err != nil {
			return err
		}
	}
	return nil
}

// partial makes columns the partial answer of a slot.
func (f *framed) partial(slot uint32, columns []*batch.Column) {
	f.slots[0] = slot
	f.state.Partial(f.slots[:], columns)
}

// merge adds a partial answer to a slot.
func (f *framed) merge(slot uint32, columns []*batch.Column, row int) error {
	rows := [1]uint16{uint16(row)} //nolint:gosec // a row number of a chunk
	return f.state.Merge(&aggregate.Rows{Slot: slot, Rows: rows[:], N: 1, Args: columns})
}
