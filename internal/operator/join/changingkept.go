package join

import (
	"encoding/binary"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// Kept are what is stored of the right input, its rows or how many a key has, and the rows of the left one: docs/format/entries.md. Keys and lists follow from them.
func (j *Changing) Kept() []keyed.Kept {
	left, right := j.stores[LeftInput].rows, j.stores[RightInput].rows
	switch counted := !j.plan.stores[RightInput]; {
	case counted && !j.leaves():
		return []keyed.Kept{j.table, left}
	case counted:
		return []keyed.Kept{j.numbers, &changingRows{Rows: left, j: j, input: LeftInput, passive: true}}
	case !j.leaves():
		return []keyed.Kept{right, left}
	default:
		return []keyed.Kept{&changingRows{Rows: right, j: j, input: RightInput, passive: true}, &changingRows{Rows: left, j: j, input: LeftInput}}
	}
}

// describe says how what is kept is written.
func (j *Changing) describe() {
	if !j.plan.stores[RightInput] {
		v := keyed.Values{Append: j.appendNumber, Restore: j.restoreNumber, Leave: j.leaves(), Postpone: j.leaves()}
		if v.Leave {
			v.Free, v.Vacate = j.numbers.let, j.runs.Free
		}
		j.table.SetValues(v)
	}
	if j.leaves() {
		j.joint = j.newJoint()
	}
	for input, s := range j.stores {
		e := keyed.Extras{Loaded: func(ids []uint32) error { return op.OutOfMemory(s.name, j.load(input, ids)) }}
		if s.degrees != nil || s.ages != nil {
			e.Append, e.Restore = s.appendBeside, s.restoreBeside
		}
		if j.leaves() {
			e.Has, e.Postpone = j.missing.present, true
		}
		s.rows.SetExtras(e)
	}
}

// newJoint has what is kept of both inputs read together.
func (j *Changing) newJoint() *keyed.Joint {
	left, right := j.stores[LeftInput].rows, j.stores[RightInput].rows
	reading := func(on bool) { j.missing.reading = on }
	if !j.plan.stores[RightInput] {
		return keyed.NewJoint(j.table.HasHash, reading, j.table, left)
	}
	return keyed.NewJoint(j.table.HasHash, reading, right, left)
}

// appendBeside appends what a row counts, and its age.
func (s *store) appendBeside(dst []byte, id uint32) []byte {
	if s.degrees != nil {
		dst = binary.AppendUvarint(dst, uint64(*s.degrees.At(id)))
	}
	if s.doubts != nil {
		dst = binary.AppendUvarint(dst, uint64(*s.doubts.At(id)))
	}
	if s.ages != nil {
		dst = binary.AppendVarint(dst, *s.ages.born.At(id))
	}
	return dst
}

// restoreBeside sets what a row counts, and its age.
func (s *store) restoreBeside(id uint32, value []byte) error {
	if err := s.grow(); err != nil {
		return op.OutOfMemory(s.name, err)
	}
	for _, slab := range [...]*keyed.Slab[uint32]{s.degrees, s.doubts} {
		if slab == nil {
			continue
		}
		v, n := binary.Uvarint(value)
		if n <= 0 || v > uint64(unsettled) {
			return &keyed.CorruptError{What: s.name, Reason: "a row has no number of matches"}
		}
		*slab.At(id), value = uint32(v), value[n:]
	}
	if s.ages != nil {
		v, n := binary.Varint(value)
		if n <= 0 {
			return &keyed.CorruptError{What: s.name, Reason: "a row has no age"}
		}
		*s.ages.born.At(id), value = v, value[n:]
	}
	if len(value) > 0 {
		return &keyed.CorruptError{What: s.name, Reason: "more is stored beside a row than there is"}
	}
	return nil
}

// load makes rows that were put in found, but for those that have expired.
func (j *Changing) load(input int, ids []uint32) error {
	s := j.stores[input]
	if err := s.grow(); err != nil {
		return err
	}
	if !j.plan.stores[RightInput] {
		ids = j.numbers.housed(ids)
	}
	if err := j.relink(input, ids); err != nil || s.ages == nil {
		return err
	}
	for _, id := range ids {
		s.ages.link(id)
	}
	return j.expire(input, j.lapsed(s, ids))
}

// Rest returns nothing: the parts are all there is.
func (j *Changing) Rest(op.KeyGroup) ([]byte, error) { return nil, nil }

// RestoreRest is never called.
func (j *Changing) RestoreRest(op.KeyGroup, []byte) error { return nil }

// Restored has keys leave memory that were restored in part.
func (j *Changing) Restored() error { return op.OutOfMemory(j.cfg.title(), j.restoreWhole()) }

// touchNumbers notes that it changes how many rows of the right input keys have, if that is what is stored and the batch at work is of that input.
func (j *Changing) touchNumbers() error {
	w := &j.work
	if w.input != RightInput || !j.table.Noting() {
		return nil
	}
	w.touched = w.touched[:0]
	for _, slot := range w.slots[:w.n] {
		if slot != keyed.NoSlot {
			w.touched = append(w.touched, slot)
		}
	}
	return j.table.Touch(w.touched)
}

// touchMatches notes that stored rows count the candidates that match, or may.
func (j *Changing) touchMatches() error {
	w, t := &j.work, &j.tried
	s := j.stores[1-w.input]
	if s.degrees == nil || !s.rows.Noting() {
		return nil
	}
	w.touched = w.touched[:0]
	for i, id := range t.ids {
		if id != keyed.NoRow && (t.truth[i] == isTrue || t.truth[i] == isUnknown) {
			w.touched = append(w.touched, id)
		}
	}
	return s.rows.Touch(w.touched)
}
