package timejoin

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	durable "wire.example/wire/internal/state/store"
)

// keeping is what a store of rows needs to have them stored one by one, those of a slice in the slice of its number.
type keeping struct {
	home keyed.Home
	// sealed and current are what slices that are not there any more have still to say, of the sealed epoch and of the one under way.
	sealed, current *durable.Changes
	// left are the slices of which not everything is written that was sealed.
	left []*slice
	// reader reads what has left memory, which is tight while less than low bytes are left; nil: nothing may leave.
	reader durable.Reader
	low    int64
	// spilling is the place of the slice that is being spilled.
	spilling int
}

// Kept are the rows of the left input, and those of the right.
func (j *Interval) Kept() []keyed.Kept {
	return []keyed.Kept{j.stores[LeftInput], j.stores[RightInput]}
}

// Rest returns nothing: the parts are all there is.
func (j *Interval) Rest(op.KeyGroup) ([]byte, error) { return nil, nil }

// RestoreRest is never called.
func (j *Interval) RestoreRest(op.KeyGroup, []byte) error { return nil }

// Restored has nothing to make.
func (j *Interval) Restored() error { return nil }

// Kept are the rows of the left input, and those of the right.
func (w *Window) Kept() []keyed.Kept { return []keyed.Kept{w.stores[LeftInput], w.stores[RightInput]} }

// Rest returns nothing: the parts are all there is.
func (w *Window) Rest(op.KeyGroup) ([]byte, error) { return nil, nil }

// RestoreRest is never called.
func (w *Window) RestoreRest(op.KeyGroup, []byte) error { return nil }

// Restored has nothing to make.
func (w *Window) Restored() error { return nil }

// Keep has changes noted; see keyed.Kept, for this and what follows.
func (s *store) Keep(at keyed.Home) {
	s.kept = &keeping{home: at, sealed: &durable.Changes{}, current: &durable.Changes{}}
}

// begin has the rows of a new slice stored.
func (k *keeping) begin(s *store, p *slice) {
	p.rows.SetSlice(p.number, nil)
	e := keyed.Extras{Loaded: func(ids []uint32) error { return s.reindex(p, ids) }}
	switch {
	case s.ranged:
		e.Ranged = true
	case s.MayLeave():
		e.Has = p.table.HasHash
	}
	p.rows.SetExtras(e)
	p.rows.Keep(k.home)
	if k.reader != nil {
		p.rows.Attach(k.reader, k.low)
	}
}

// Shape is that of rows in slices of time.
func (s *store) Shape() keyed.Shape {
	return keyed.Shape{Rows: true, Columns: s.cfg.types(s.input), Slice: keyed.SliceNumber}
}

// Seal ends an epoch.
func (s *store) Seal() {
	k := s.kept
	k.sealed, k.current = k.current, k.sealed
	k.left = append(k.left[:0], s.slices...)
	for _, p := range s.slices {
		p.rows.Seal()
	}
}

// Drain writes what changed in the sealed epoch. The error is always nil.
func (s *store) Drain(into *durable.Changes, most int64) (more bool, err error) {
	k := s.kept
	from := into.Bytes()
	into.Add(k.sealed)
	k.sealed.Reset()
	for len(k.left) > 0 {
		last := len(k.left) - 1
		p := k.left[last]
		if !p.dropped {
			left := most - (into.Bytes() - from)
			if left <= 0 {
				return true, nil
			}
			if more, err := p.rows.Drain(into, left); more || err != nil {
				return more, err
			}
		}
		k.left[last] = nil
		k.left = k.left[:last]
	}
	return false, nil
}

// Admit puts stored rows in.
func (s *store) Admit(e *keyed.Entries) error {
	return bySlice(e, func(number int64, some *keyed.Entries) error { return s.at(number).rows.Admit(some) })
}

// bySlice gives take the entries of each slice.
func bySlice(e *keyed.Entries, take func(number int64, some *keyed.Entries) error) error {
	for from := 0; from < e.Len(); {
		to := from + 1
		for to < e.Len() && e.Slices[to] == e.Slices[from] {
			to++
		}
		some := keyed.Entries{Slices: e.Slices[from:to], Hashes: e.Hashes[from:to], Keys: e.Keys[from:to], Values: e.Values[from:to]}
		if err := take(e.Slices[from], &some); err != nil {
			return err
		}
		from = to
	}
	return nil
}
