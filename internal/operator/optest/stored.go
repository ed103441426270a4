package optest

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// Stored is an operator whose state is stored entry by entry, for tests that drive it themselves. It owns all key groups.
type Stored struct {
	op      op.Durable
	parts   []keyed.Kept
	store   *store.Memory
	changes *store.Changes // of the sealed epoch; nil when all of it is stored
	// loads: Load is called before each call, so that a Move may leave entries in the store unread.
	loads bool
	// unread are parts of which it has; reads is how often some were read since, and moves how many Moves there were.
	unread       []keyed.Unread
	reads, moves int
	last         *batch.Batch // that Load was called for last
}

// Store has the changes of an operator, which is new, stored from now on.
func Store(o op.Durable) *Stored { return StoreLow(o, 0) }

// StoreLow is Store where memory is tight while less than low bytes of the budget are left.
func StoreLow(o op.Durable, low int64) *Stored {
	return StoreThrough(o, low, func(r store.Reader) store.Reader { return r })
}

// StoreThrough is StoreLow where what has left memory is read through what through makes of the store's reader.
func StoreThrough(o op.Durable, low int64, through func(store.Reader) store.Reader) *Stored {
	s := &Stored{op: o, parts: o.Kept(), store: store.NewMemory()}
	for i, part := range s.parts {
		part.Keep(keyed.Home{Space: s.space(i), To: math.MaxUint64})
		if leaving, ok := part.(keyed.Evictable); ok && leaving.MayLeave() {
			leaving.Attach(through(s.store.Reader()), low)
		}
		if spiller, ok := part.(keyed.Spiller); ok {
			spiller.Attach(through(s.store.Reader()), 0)
		}
	}
	return s
}

// Spill has all rows that can leave memory do so, or only those of parts that ask for it.
func (s *Stored) Spill(all bool) error {
	for _, part := range s.parts {
		spiller, ok := part.(keyed.Spiller)
		if !ok || !all && !spiller.Tight() {
			continue
		}
		if err := s.Drain(math.MaxInt64); err != nil {
			return err
		}
		if err := spillAll(spiller, s.store); err != nil {
			return err
		}
	}
	return nil
}

// Evict has about so many entries of each part leave memory that may, or all of them, with their memory. The operator must be flushed, and say what it needs before each call from then on.
func (s *Stored) Evict(want int, all bool) error {
	for _, part := range s.parts {
		leaving, ok := part.(keyed.Evictable)
		if !ok || !leaving.MayLeave() {
			continue
		}
		if !all {
			if evicted, err := leaving.Evict(want, s.changes == nil); err != nil || evicted >= want {
				return err
			}
		}
		if err := s.Drain(math.MaxInt64); err != nil {
			return err
		}
		if err := s.spillChanges(leaving); err != nil {
			return err
		}
		if departing, ok := part.(keyed.Departing); ok && all {
			if err := departing.Depart(false); err != nil {
				return err
			}
			continue
		}
		if _, err := leaving.Evict(want, true); err != nil {
			return err
		}
	}
	return nil
}

// SpillPiled returns how many bytes were written before their turn by the part that has the most of them, and has those with more than most give them to the store, as a driver does between calls while memory is short.
func (s *Stored) SpillPiled(most int64) (largest int64, err error) {
	for _, part := range s.parts {
		piling, ok := part.(keyed.Piling)
		if !ok {
			continue
		}
		piled := piling.Piled()
		if largest = max(largest, piled); piled <= most {
			continue
		}
		if err := errors.Join(s.Drain(math.MaxInt64), s.spillChanges(piling)); err != nil {
			return largest, err
		}
	}
	return largest, nil
}

// Settle stores all that may leave memory, if the operator wants that before its next call.
func (s *Stored) Settle() error {
	if settler, ok := s.op.(op.Settler); !ok || !settler.Settles() {
		return nil
	}
	if err := s.Drain(math.MaxInt64); err != nil {
		return err
	}
	for _, part := range s.parts {
		if leaving, ok := part.(keyed.Evictable); ok && leaving.MayLeave() {
			if err := s.spillChanges(leaving); err != nil {
				return err
			}
		}
	}
	return nil
}

// spillChanges stores what changed of a part in the epoch under way.
func (s *Stored) spillChanges(part keyed.Evictable) error {
	changes := &store.Changes{}
	for part.Spill(changes, spilledAtOnce) {
	}
	return s.store.Apply(context.Background(), []*store.Changes{changes})
}

// Load asks the operator what it needs for rows of an input, or for the next call of an event, for which in is nil, and makes it resident, as a driver does where state is away. It is called before each call, or never.
func (s *Stored) Load(input int, in *batch.Batch) error {
	s.loads = true
	if in != nil && in != s.last { // not between two calls for the same rows
		if err := s.readOn(); err != nil {
			return err
		}
	}
	s.last = in
	tables := s.op.(op.Tabled).Tables()
	if !slices.ContainsFunc(tables, func(t op.Table) bool { return !t.Resident() }) {
		return nil
	}
	var needs op.Needs
	s.op.(op.Needer).Needs(input, in, &needs)
	return needs.Load(tables)
}

// spilledAtOnce is about how many bytes of spilled rows are stored at once: so few that there are several pieces.
const spilledAtOnce = 700

func spillAll(part keyed.Spiller, to store.Store) error {
	changes := &store.Changes{}
	for more := true; more; {
		var err error
		if more, err = part.SpillSome(changes, spilledAtOnce); err != nil {
			return err
		}
		if err := to.Apply(context.Background(), []*store.Changes{changes}); err != nil {
			return err
		}
		changes.Reset()
	}
	return nil
}

func (s *Stored) space(part int) store.Space {
	return store.Space{Operator: 1, Table: uint8(part)} //nolint:gosec // at most op.MaxKept
}

// Seal ends an epoch. What is left of the one before is stored first.
func (s *Stored) Seal() error {
	if err := s.Drain(math.MaxInt64); err != nil {
		return err
	}
	s.changes = &store.Changes{}
	for _, part := range s.parts {
		part.Seal()
	}
	return nil
}

// Drain stores about most bytes of the epoch that was sealed.
func (s *Stored) Drain(most int64) error {
	if s.changes == nil {
		return nil
	}
	for _, part := range s.parts {
		before := s.changes.Bytes()
		if more, err := part.Drain(s.changes, most); more || err != nil {
			return err
		}
		if most -= s.changes.Bytes() - before; most <= 0 {
			return nil
		}
	}
	changes := s.changes
	s.changes = nil
	return s.store.Apply(context.Background(), []*store.Changes{changes})
}

// Forget ends an epoch and writes it, but stores nothing: for benchmarks.
func (s *Stored) Forget() error {
	if s.changes == nil {
		s.changes = &store.Changes{}
	}
	for _, part := range s.parts {
		part.Seal()
		if _, err := part.Drain(s.changes, math.MaxInt64); err != nil {
			return err
		}
	}
	s.changes.Reset()
	return nil
}

// Len is how many entries are stored, of the epochs that were stored whole.
func (s *Stored) Len() (n int, err error) {
	for i := range s.parts {
		if err := s.scan(i, func(entry) { n++ }); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// indexed reports whether entries of a slice are put in.
func indexed(part keyed.Kept, slice int64) bool {
	p, ok := part.(keyed.Indexed)
	return !ok || slice == p.Index()
}

// scan reads what is stored of a part.
func (s *Stored) scan(part int, give func(entry)) error {
	r := s.store.Reader()
	err := r.Scan(s.space(part), 0, math.MaxUint64, func(slice int64, hash uint64, key, value []byte) error {
		give(entry{slice, hash, bytes.Clone(key), bytes.Clone(value)})
		return nil
	})
	if bad := r.Close(); err == nil {
		err = bad
	}
	return err
}
