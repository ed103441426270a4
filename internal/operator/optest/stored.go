package optest

import (
	"bytes"
	"context"
	"math"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
)

// Stored is an operator whose state is stored entry by entry, for tests that drive it themselves. It owns all key groups.
type Stored struct {
	op      op.Durable
	parts   []keyed.Kept
	store   *store.Memory
	changes *store.Changes // of the sealed epoch; nil when all of it is stored
}

// Store has the changes of an operator, which is new, stored from now on.
func Store(o op.Durable) *Stored {
	return begin(o, store.NewMemory())
}

func begin(o op.Durable, in *store.Memory) *Stored {
	s := &Stored{op: o, parts: o.Kept(), store: in}
	for i, part := range s.parts {
		part.Keep(keyed.Home{Space: s.space(i), To: math.MaxUint64})
	}
	return s
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
		entries, err := s.entries(i)
		if err != nil {
			return 0, err
		}
		n += entries.Len()
	}
	return n, nil
}

// Move ends an epoch and has to, which is new, go on with what is stored.
func (s *Stored) Move(to op.Durable) (*Stored, error) {
	if err := s.Seal(); err != nil {
		return nil, err
	}
	if err := s.Drain(math.MaxInt64); err != nil {
		return nil, err
	}
	next := begin(to, s.store)
	for i, part := range next.parts {
		entries, err := s.entries(i)
		if err != nil {
			return nil, err
		}
		if err := admit(part, entries); err != nil {
			return nil, err
		}
	}
	for g := range op.KeyGroups {
		group := op.KeyGroup(g) //nolint:gosec // below KeyGroups
		data, err := s.op.Rest(group)
		if err != nil {
			return nil, err
		}
		if data == nil {
			continue
		}
		if err := to.RestoreRest(group, data); err != nil {
			return nil, err
		}
	}
	return next, to.Restored()
}

// entries reads what is stored of a part.
func (s *Stored) entries(part int) (*keyed.Entries, error) {
	e := &keyed.Entries{}
	r := s.store.Reader()
	err := r.Scan(s.space(part), 0, math.MaxUint64, func(slice int64, hash uint64, key, value []byte) error {
		e.Slices, e.Hashes = append(e.Slices, slice), append(e.Hashes, hash)
		e.Keys, e.Values = append(e.Keys, bytes.Clone(key)), append(e.Values, bytes.Clone(value))
		return nil
	})
	if bad := r.Close(); err == nil {
		err = bad
	}
	return e, err
}
