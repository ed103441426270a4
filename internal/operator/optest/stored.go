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
}

// Store has the changes of an operator, which is new, stored from now on.
func Store(o op.Durable) *Stored { return StoreLow(o, 0) }

// StoreLow is Store where memory is tight while less than low bytes of the budget are left.
func StoreLow(o op.Durable, low int64) *Stored {
	s := &Stored{op: o, parts: o.Kept(), store: store.NewMemory()}
	for i, part := range s.parts {
		part.Keep(keyed.Home{Space: s.space(i), To: math.MaxUint64})
		if leaving, ok := part.(keyed.Evictable); ok && leaving.MayLeave() {
			leaving.Attach(s.store.Reader(), low)
		}
		if spiller, ok := part.(keyed.Spiller); ok {
			spiller.Attach(s.store.Reader(), 0)
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

// Load asks the operator what it needs for rows of an input, or for the next call of an event, for which in is nil, and makes it resident, as a driver does where state is away. It is called before each call.
func (s *Stored) Load(input int, in *batch.Batch) error {
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

// Move ends an epoch and has to, which is new, go on with what is stored.
func (s *Stored) Move(to op.Durable) (*Stored, error) {
	next, err := Move([]*Stored{s}, []op.Durable{to}, func(op.KeyGroup) int { return 0 })
	if err != nil {
		return nil, err
	}
	return next[0], nil
}

// MoveInPart is Move where memory is short, or is now and then: entries of parts that may leave memory are put in if admits says so of their hashes, the others stay in the store.
func (s *Stored) MoveInPart(to op.Durable, admits func(part int, hash uint64) bool) (*Stored, error) {
	if err := s.Seal(); err != nil {
		return nil, err
	}
	if err := s.Drain(math.MaxInt64); err != nil {
		return nil, err
	}
	next := Store(to)
	for i, part := range next.parts {
		leaving, ok := part.(keyed.Evictable)
		ok = ok && leaving.MayLeave()
		changes := &store.Changes{}
		err := s.scan(i, func(e entry) { changes.Put(next.space(i), e.slice, e.hash, e.key, e.value) })
		if err == nil {
			err = next.store.Apply(context.Background(), []*store.Changes{changes})
		}
		var bad error
		if err == nil {
			err = next.scan(i, func(e entry) {
				put := part.Admit
				if ok && !admits(i, e.hash) {
					put = leaving.Pass
				}
				one := &keyed.Entries{Slices: []int64{e.slice}, Hashes: []uint64{e.hash}, Keys: [][]byte{e.key}, Values: [][]byte{e.value}}
				bad = errors.Join(bad, put(one))
			})
		}
		if err = errors.Join(err, bad); err != nil {
			return nil, err
		}
	}
	return next, to.Restored()
}

// Move ends an epoch of operators that share the key groups, and has others, which are new, go on with what is stored, each with the groups that it owns.
func Move(from []*Stored, to []op.Durable, owner func(op.KeyGroup) int) ([]*Stored, error) {
	var next []*Stored
	for _, o := range to {
		next = append(next, Store(o))
	}
	for _, s := range from {
		if err := s.Seal(); err != nil {
			return nil, err
		}
		if err := s.Drain(math.MaxInt64); err != nil {
			return nil, err
		}
	}
	for part := range next[0].parts {
		if err := deal(from, next, part, owner); err != nil {
			return nil, err
		}
	}
	for g := range op.KeyGroups {
		group := op.KeyGroup(g) //nolint:gosec // below KeyGroups
		for _, s := range from {
			data, err := s.op.Rest(group)
			if err == nil && data != nil {
				err = next[owner(group)].op.RestoreRest(group, data)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	for _, s := range next {
		if err := s.op.Restored(); err != nil {
			return nil, err
		}
	}
	return next, nil
}

// deal puts the entries of a part in, in those that own their key groups.
func deal(from, to []*Stored, part int, owner func(op.KeyGroup) int) error {
	var all []entry
	for _, s := range from {
		err := s.scan(part, func(e entry) { all = append(all, e) })
		if err != nil {
			return err
		}
	}
	sortEntries(all)
	given := make([]keyed.Entries, len(to))
	changes := make([]store.Changes, len(to))
	for _, e := range all {
		at := owner(op.GroupOf(e.hash))
		changes[at].Put(to[at].space(part), e.slice, e.hash, e.key, e.value)
		if !indexed(to[at].parts[part], e.slice) {
			continue
		}
		g := &given[at]
		g.Slices, g.Hashes, g.Keys, g.Values = append(g.Slices, e.slice), append(g.Hashes, e.hash), append(g.Keys, e.key), append(g.Values, e.value)
	}
	for i, s := range to {
		if err := s.store.Apply(context.Background(), []*store.Changes{&changes[i]}); err != nil {
			return err
		}
		if err := (&admission{left: none}).admit(s.parts[part], &given[i]); err != nil {
			return err
		}
	}
	return nil
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
