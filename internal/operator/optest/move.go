package optest

import (
	"context"
	"errors"
	"math"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
)

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

// Move ends an epoch of operators that share the key groups, and has others, which are new, go on with what is stored, each with the groups that it owns. Where Load is called, what may stay in the
// store unread does so every other time, and is read on as rows come.
func Move(from []*Stored, to []op.Durable, owner func(op.KeyGroup) int) ([]*Stored, error) {
	var next []*Stored
	for _, o := range to {
		s := Store(o)
		s.moves, s.loads = from[0].moves+1, from[0].loads
		next = append(next, s)
	}
	known := make([]admission, len(next[0].parts))
	for _, s := range from {
		if err := s.Seal(); err != nil {
			return nil, err
		}
		s.say(known)
		if err := s.Drain(math.MaxInt64); err != nil {
			return nil, err
		}
	}
	given := make([][]keyed.Entries, len(known))
	for part := range known {
		var err error
		if given[part], err = deal(from, next, part, owner); err != nil {
			return nil, err
		}
	}
	for i, s := range next {
		for part := range known {
			if err := s.admit(part, known, &given[part][i]); err != nil {
				return nil, err
			}
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

// say notes what parts say of what they have stored.
func (s *Stored) say(known []admission) {
	for i, part := range s.parts {
		a := &known[i]
		if n, ok := part.(keyed.Numbered); ok && n.MayPostpone() {
			a.highest = max(a.highest, n.Highest())
		}
		o, ok := part.(keyed.Outlined)
		if !ok {
			continue
		}
		outline, ok := o.Outline()
		if a.silent = a.silent || !ok; a.silent {
			a.outlines = nil
			continue
		}
		a.outlines = append(a.outlines, outline)
	}
}

// lazyEvery: one Move in so many leaves unread what may stay so.
const lazyEvery = 2

// admit puts the entries of a part in, or leaves some unread.
func (s *Stored) admit(part int, known []admission, given *keyed.Entries) error {
	a := admission{left: none}
	if s.loads && s.moves%lazyEvery == 1 {
		a = known[part]
		a.left, a.pieces = unread, s.moves/lazyEvery%passEvery
		if j := jointOf(s.parts[part]); j != nil {
			return s.postpone(j, known)
		}
	}
	err := a.admit(s.parts[part], given)
	if a.rest != nil {
		s.unread = append(s.unread, a.rest)
	}
	return err
}

// postpone leaves what is read together unread, but for a few entries.
func (s *Stored) postpone(j *keyed.Joint, known []admission) error {
	if j.Postponed() {
		return nil
	}
	for i, part := range s.parts {
		if n, ok := part.(keyed.Numbered); ok && jointOf(part) == j {
			n.Above(known[i].highest)
		}
	}
	j.Postpone(0)
	s.unread = append(s.unread, j)
	if few := s.moves / lazyEvery % passEvery; few > 0 {
		_, err := j.ReadOn(few, false)
		return err
	}
	return nil
}

// deal stores the entries of a part for those that own their key groups, and returns what each of them is given.
func deal(from, to []*Stored, part int, owner func(op.KeyGroup) int) ([]keyed.Entries, error) {
	var all []entry
	for _, s := range from {
		err := s.scan(part, func(e entry) { all = append(all, e) })
		if err != nil {
			return nil, err
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
			return nil, err
		}
	}
	return given, nil
}

// readOn reads some of what a Move has left unread, not for each batch, and now and then without putting it in.
func (s *Stored) readOn() error {
	const (
		readEvery = 2
		most      = 2 // so few that some stays unread for a while where there is little
	)
	if s.reads++; len(s.unread) == 0 || s.reads%readEvery != 0 {
		return nil
	}
	more, err := s.unread[0].ReadOn(most, s.reads/readEvery%passEvery == 0)
	if !more {
		s.unread = s.unread[1:]
	}
	return err
}
