package setop

import (
	"fmt"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/timer"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// Kind is a set operation.
type Kind uint8

// The operations.
const (
	Intersect Kind = iota
	Except
)

// String returns the operation as SQL writes it.
func (k Kind) String() string { return [...]string{"INTERSECT", "EXCEPT"}[k] }

// The numbers of the inputs.
const (
	leftInput  = 0
	rightInput = 1
)

// Config describes a set operation.
type Config struct {
	// Name is the operator's name in messages.
	Name string
	Kind Kind
	// All keeps duplicates: INTERSECT ALL gives a row as often as both inputs have it, EXCEPT ALL as often as the left has it more than the right.
	All bool
	// Changes says that both inputs may be changelogs, and that the operator answers whenever it is flushed: a changelog of the result instead of the
	// result at the end.
	Changes bool
	// TTL is after how many µs of processing time without a row like it, from either input, a row is forgotten; 0 means never. What was emitted of it stays. It is for
	// operators with Changes: one that answers at the end would forget answers.
	TTL int64
	// Types are those of the columns of both inputs. Rows are dealt to tasks by all columns.
	Types []schema.Type
	// Pool is where columns take their memory; Budget bounds what is kept.
	Pool   *batch.Pool
	Budget *limit.Budget
}

// counts are how often a row came.
type counts struct{ left, right uint64 }

// stranger reports whether a row has come from the right alone.
func (c *counts) stranger() bool { return c.left == 0 && c.right > 0 }

// SetOp is the operator.
type SetOp struct {
	cfg    Config
	name   string
	hasher *keyed.Hasher
	table  *keyed.Table
	counts *keyed.Slab[counts]
	slots  []uint32
	// changes is nil where the answer comes at the end.
	changes *changes
	// expiry is nil where nothing is forgotten.
	expiry *expiry
	// strangers counts rows that have come from the right alone.
	strangers int
	moved     []moved
	ended     [2]bool
	view      batch.Batch // rows of a batch that have come before
	sel       []uint16

	// The walk at the end: the slots that were scanned, which of them is next, and how often it is still to come out.
	walk    keyed.Cursor
	scanned []uint32
	repeat  uint64
	done    bool
	emitted []uint32
	out     batch.Batch
	// ranges are those of hashes whose rows come out one after the other, nil if all are in memory; spent says that all rows in memory have come out, over that there are no more.
	ranges *keyed.Ranges
	spent  bool
	over   bool
}

// moved is a row of a batch whose entry was taken out, to be put in again as the left writes it.
type moved struct {
	position int
	right    uint64
}

// New returns a set operation. It does not keep c.
func New(c *Config) *SetOp {
	s := &SetOp{cfg: *c, name: c.Kind.String() + " " + c.Name, slots: make([]uint32, batch.MaxRows), emitted: make([]uint32, 0, batch.MaxRows)}
	s.sel = make([]uint16, 0, batch.MaxRows) // never nil: that would select every row
	columns := make([]int, len(c.Types))
	for i, typ := range c.Types {
		columns[i] = i
		s.out.Cols = append(s.out.Cols, batch.NewColumn(c.Pool, typ))
	}
	s.hasher = keyed.NewHasher(columns)
	s.table = keyed.NewTable(c.Pool, c.Types, s.name, c.Budget)
	s.counts = keyed.NewSlab[counts](c.Budget)
	s.table.SetValues(keyed.Values{Append: s.appendCounts, Restore: s.restoreCounts, Leave: s.leaves(), Postpone: true, Free: s.leave, Vacate: s.vacate})
	if c.Changes {
		s.changes = &changes{shown: keyed.NewSlab[shown](c.Budget)}
		if c.TTL > 0 {
			s.expiry = &expiry{Sweep: timer.NewSweep(c.TTL), last: keyed.NewSlab[int64](c.Budget)}
		}
	}
	return s
}

// Apply is for operators of one input.
func (s *SetOp) Apply(*batch.Batch, *op.Output) (bool, error) {
	return false, fmt.Errorf("%s has two inputs: rows come by ApplyInput", s.name)
}

// ApplyInput counts the rows of in.
func (s *SetOp) ApplyInput(input int, in *batch.Batch, out *op.Output) (more bool, err error) {
	switch {
	case s.changes != nil && s.changes.flushing:
		return s.OnFlush(out)
	case in.Kinds != nil && s.changes == nil:
		return false, fmt.Errorf("%s: an input carries updates and deletions, which this operator does not process", s.name)
	case s.ended[input]:
		return false, fmt.Errorf("%s: rows of input %d after its end", s.name, input)
	}
	rows := int64(in.Rows())
	if s.onlyKnown(input) {
		if in, err = s.known(in); err != nil {
			return false, err
		}
	}
	slots := s.slots[:in.Rows()]
	if err := s.enter(input, in, s.hash(in), slots); err != nil {
		return false, err
	}
	out.Counts.In += rows
	if s.changes != nil {
		absorbed := int64(len(slots) - s.applyChanges(input, in, slots))
		out.Counts.Filtered += rows - absorbed
		out.Counts.Absorbed += absorbed
		if len(s.changes.slots) < mostTouched {
			return false, nil
		}
		return s.OnFlush(out)
	}
	for _, slot := range slots {
		s.take(input, slot, true)
	}
	out.Counts.Filtered += rows - int64(len(slots))
	out.Counts.Absorbed += int64(len(slots))
	return false, nil
}

// hash returns a hash for each row; without columns all rows are one.
func (s *SetOp) hash(in *batch.Batch) []uint64 {
	hashes := s.hasher.Hash(in)
	if len(s.cfg.Types) == 0 { // then they are not dealt, and belong to key group 0
		keyed.Place(hashes, make([]uint64, len(hashes)))
	}
	return hashes
}

// onlyKnown reports whether rows of an input matter only if they have come before: those of the right need one on the left, those of an
// intersection one on either side.
func (s *SetOp) onlyKnown(input int) bool {
	return s.ended[1-input] && (input == rightInput || s.cfg.Kind == Intersect)
}

// known returns the rows of in that have come before, lent until the next call.
func (s *SetOp) known(in *batch.Batch) (*batch.Batch, error) {
	slots := s.slots[:in.Rows()]
	if err := s.table.Find(s.hash(in), in.Cols, in.Sel, slots); err != nil {
		return nil, err
	}
	s.sel = s.sel[:0]
	for i, slot := range slots {
		if slot != keyed.NoSlot && (s.expiry == nil || !s.expiry.expired(slot)) {
			s.sel = append(s.sel, uint16(in.Row(i))) //nolint:gosec // a row number of a batch
		}
	}
	s.view.View(in, s.sel)
	return &s.view, nil
}

// enter finds the slots of rows, new ones included.
func (s *SetOp) enter(input int, in *batch.Batch, hashes []uint64, slots []uint32) error {
	s.moved = s.moved[:0]
	if input == leftInput && s.strangers > 0 {
		if err := s.takeOut(in, hashes, slots); err != nil {
			return err
		}
	}
	if err := s.upsert(in, hashes, slots); err != nil {
		return err
	}
	if s.expiry == nil {
		return nil
	}
	s.moved = s.moved[:0]
	if is, err := s.takeExpired(slots); err != nil {
		return err
	} else if is {
		if err := s.upsert(in, hashes, slots); err != nil {
			return err
		}
	}
	s.expiry.touch(slots)
	return nil
}

// upsert puts those rows in that are not there, with what moved says.
func (s *SetOp) upsert(in *batch.Batch, hashes []uint64, slots []uint32) error {
	fresh, err := s.table.Upsert(hashes, in.Cols, in.Sel, slots)
	if err != nil {
		return err
	}
	if err := s.grow(); err != nil {
		return err
	}
	if err := s.table.Touch(slots); err != nil {
		return err
	}
	moved := s.moved
	for _, position := range fresh {
		c := counts{}
		if len(moved) > 0 && moved[0].position == int(position) {
			c.right, moved = moved[0].right, moved[1:]
		}
		*s.counts.At(slots[position]) = c
		if s.changes != nil { // the row that had the slot before may have left memory, and have been shown
			*s.changes.shown.At(slots[position]) = shown{}
		}
	}
	if s.expiry != nil {
		for _, position := range fresh {
			*s.expiry.last.At(slots[position]) = s.expiry.Now()
		}
	}
	return nil
}

// grow makes room for all slots of the table.
func (s *SetOp) grow() error {
	err := s.counts.Grow(s.table.Limit())
	if err == nil && s.changes != nil {
		err = s.changes.shown.Grow(s.table.Limit())
	}
	if err == nil && s.expiry != nil {
		err = s.expiry.last.Grow(s.table.Limit())
	}
	return op.OutOfMemory(s.name, err)
}

// takeOut deletes the rows of in that came from the right alone, so that they are put in again in their place on the left, and as they are written there.
func (s *SetOp) takeOut(in *batch.Batch, hashes []uint64, slots []uint32) error {
	if err := s.table.Find(hashes, in.Cols, in.Sel, slots); err != nil {
		return err
	}
	for i, slot := range slots {
		if slot == keyed.NoSlot || !s.counts.At(slot).stranger() {
			continue
		}
		if s.changes != nil && s.changes.shown.At(slot).touched {
			continue // it may have to be taken back as it was given
		}
		if s.expiry != nil && s.expiry.expired(slot) {
			continue // it is forgotten instead
		}
		if err := s.table.TouchOne(slot); err != nil {
			return err
		}
		s.moved = append(s.moved, moved{position: i, right: s.counts.At(slot).right})
		s.counts.At(slot).right = 0 // seen: the row may come again in this batch
	}
	for _, m := range s.moved {
		if err := s.table.Delete(slots[m.position]); err != nil {
			return err
		}
	}
	return nil
}

// OnInputEnd emits the answer once both inputs are over.
func (s *SetOp) OnInputEnd(input int, out *op.Output) (more bool, err error) {
	s.ended[input] = true
	if s.changes != nil {
		return s.OnFlush(out)
	}
	if !s.ended[1-input] || s.done {
		return false, nil
	}
	s.emitted = s.emitted[:0]
	for len(s.emitted) < batch.MaxRows && s.next() {
		n := min(s.repeat, uint64(batch.MaxRows-len(s.emitted)))
		for range n {
			s.emitted = append(s.emitted, s.scanned[0])
		}
		s.repeat -= n
	}
	if len(s.emitted) == 0 && s.ranges != nil && !s.over {
		return true, nil
	}
	if len(s.emitted) == 0 { // and nothing that is still lent lies here
		s.done = true
		s.table.Free()
		s.counts.Free()
		return false, nil
	}
	s.table.GatherKeys(s.emitted, s.out.Cols)
	s.out.Len = len(s.emitted)
	out.Emit(0, &s.out)
	return true, nil
}

// next makes scanned begin with a row that is to come out, and reports whether there is one.
func (s *SetOp) next() bool {
	for s.repeat == 0 {
		if len(s.scanned) > 0 {
			s.scanned = s.scanned[1:]
		}
		if len(s.scanned) == 0 {
			n := s.table.Scan(&s.walk, s.slots)
			if n == 0 {
				s.spent = true
				return false
			}
			s.scanned = s.slots[:n]
		}
		s.repeat = s.times(s.counts.At(s.scanned[0]))
	}
	return true
}

// times is how often a row comes out.
func (s *SetOp) times(c *counts) uint64 {
	n := uint64(0)
	switch {
	case s.cfg.Kind == Intersect:
		n = min(c.left, c.right)
	case s.cfg.All:
		n = c.left - min(c.left, c.right)
	case c.right == 0:
		n = c.left
	}
	if !s.cfg.All {
		n = min(n, 1)
	}
	return n
}
