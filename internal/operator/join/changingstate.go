package join

import (
	"encoding/binary"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// The version of the state of a Changing join, and its parts for a key group: docs/format/state.md.
const (
	changingVersion = 1
	partNumbers     = 0 // of rows of the right input by key, where they are not stored
	partSide        = 1 // where the parts of the left input begin; those of the right follow
	partStored      = 0
	partDegrees     = 1
	partDoubts      = 2
	partBorn        = 3
	sideParts       = 4
	changingParts   = partSide + 2*sideParts
)

// Tables are the state: what is missing; the keys; then, of the left and then of the right input, the rows and what finds them; then what else rows are found by.
func (j *Changing) Tables() []op.Table {
	tables := []op.Table{&j.missing, j.table}
	for _, s := range j.stores {
		tables = append(tables, s.rows)
		if s.index != nil {
			tables = append(tables, s.index.table)
		}
	}
	if j.kin != nil {
		tables = append(tables, j.kin.table)
	}
	return tables
}

// Needs declares the key groups of in, or its keys where some are away; for a time, those of which rows have expired. The end of an input needs none: what is away is dropped whole, or stays.
func (j *Changing) Needs(input int, in *batch.Batch, needs *op.Needs) {
	n := len(j.Tables())
	if j.someAway() {
		dealt := j.asked
		if in != nil {
			_, dealt = j.hash(input, in)
		}
		for i := range n {
			needs.Keys(i, dealt)
		}
		return
	}
	if in == nil {
		for i := range n {
			needs.All(i)
		}
		return
	}
	_, dealt := j.hash(input, in)
	var seen [op.KeyGroups]bool
	for _, h := range dealt {
		if g := op.GroupOf(h); !seen[g] {
			seen[g] = true
			for i := range n {
				needs.Groups(i, g, g)
			}
		}
	}
}

// Snapshot returns the state of a key group.
func (j *Changing) Snapshot(number op.KeyGroup) ([]byte, error) {
	var p [changingParts][]byte
	var err error
	if !j.plan.stores[RightInput] {
		p[partNumbers], err = j.table.Snapshot(uint8(number), j.appendNumber)
		if err != nil {
			return nil, err
		}
	}
	for input, s := range j.stores {
		if err := s.snapshot(uint8(number), p[partSide+input*sideParts:]); err != nil {
			return nil, err
		}
	}
	return keyed.AppendParts(nil, changingVersion, p[:]...), nil
}

func (s *store) snapshot(number uint8, p [][]byte) (err error) {
	if p[partStored], err = s.rows.Snapshot(number); err != nil || p[partStored] == nil {
		return err
	}
	ids := s.rows.AppendGroup(nil, number)
	if s.degrees != nil {
		for _, id := range ids {
			p[partDegrees] = binary.AppendUvarint(p[partDegrees], uint64(*s.degrees.At(id)))
		}
	}
	if s.doubts != nil {
		for _, id := range ids {
			p[partDoubts] = binary.AppendUvarint(p[partDoubts], uint64(*s.doubts.At(id)))
		}
	}
	if s.ages != nil {
		for _, id := range ids {
			p[partBorn] = binary.AppendVarint(p[partBorn], *s.ages.born.At(id))
		}
	}
	return nil
}

// Restore puts the state of a key group in.
func (j *Changing) Restore(number op.KeyGroup, data []byte) error {
	p, err := keyed.Parts(j.cfg.title(), data, changingVersion, changingParts)
	if err != nil {
		return err
	}
	if (p[partNumbers] != nil) && j.plan.stores[RightInput] {
		return j.corrupt("numbers of rows where rows are stored")
	}
	if p[partNumbers] != nil {
		err := j.table.Restore(uint8(number), p[partNumbers], j.restoreNumber)
		if err != nil {
			return err
		}
	}
	for input := range j.stores {
		if err := j.restoreSide(input, uint8(number), p[partSide+input*sideParts:]); err != nil {
			return op.OutOfMemory(j.cfg.title(), err)
		}
	}
	return nil
}

// appendNumber appends how many rows of the right input have a key.
func (j *Changing) appendNumber(dst []byte, slot uint32) []byte {
	return binary.AppendUvarint(dst, uint64(j.runs.At(slot)[RightInput].count))
}

// restoreNumber sets how many rows of the right input have a key.
func (j *Changing) restoreNumber(slot uint32, value []byte) error {
	count, n := binary.Uvarint(value)
	if n <= 0 || n != len(value) || count >= uint64(keyed.NoRow) {
		return j.corrupt("no number of rows")
	}
	if err := j.runs.Grow(j.table.Limit()); err != nil {
		return op.OutOfMemory(j.cfg.title(), err)
	}
	*j.runs.At(slot) = bucket{noRun(), noRun()}
	j.runs.At(slot)[RightInput].count = uint32(count)
	return nil
}

func (j *Changing) corrupt(reason string) error {
	return &keyed.CorruptError{What: j.cfg.title(), Reason: reason}
}

// restoreSide puts the rows of an input in, and finds their places anew.
func (j *Changing) restoreSide(input int, number uint8, p [][]byte) error {
	s := j.stores[input]
	if p[partStored] == nil {
		return nil
	}
	if !j.plan.stores[input] {
		return j.corrupt("rows where only their number is stored")
	}
	if err := s.rows.Restore(number, p[partStored]); err != nil {
		return err
	}
	if err := s.grow(); err != nil {
		return err
	}
	ids := s.rows.AppendGroup(nil, number)
	born, err := j.restoreNumbers(s, ids, p)
	if err != nil {
		return err
	}
	for from := 0; from < len(ids); from += batch.MaxRows {
		some := ids[from:min(from+batch.MaxRows, len(ids))]
		if err := j.relink(input, some); err != nil {
			return err
		}
	}
	if s.ages == nil {
		return nil
	}
	for i, id := range ids {
		s.ages.push(id, born[i])
	}
	return nil
}

// relink makes rows that are stored found again.
func (j *Changing) relink(input int, ids []uint32) error {
	s := j.stores[input]
	b, slots := s.gather(ids), j.work.slots[:len(ids)]
	if _, err := j.place(input, b, slots, true); err != nil {
		return err
	}
	if s.hashes != nil {
		s.images = s.hasher.Hash(b)
	}
	for p, id := range ids {
		if !j.findable(slots, p) {
			return j.corrupt("a row is stored that equals no other one")
		}
		if err := j.attach(input, slots, p, id); err != nil {
			return err
		}
	}
	return nil
}

// restoreNumbers sets what rows count, and returns their ages.
func (j *Changing) restoreNumbers(s *store, ids []uint32, p [][]byte) (born []int64, err error) {
	for i, slab := range [...]*keyed.Slab[uint32]{s.degrees, s.doubts} {
		data := p[partDegrees+i]
		for i := 0; slab != nil && i < len(ids); i++ {
			v, n := binary.Uvarint(data)
			if n <= 0 || v > uint64(unsettled) {
				return nil, j.corrupt("a row has no number of matches")
			}
			*slab.At(ids[i]), data = uint32(v), data[n:]
		}
		if len(data) > 0 {
			return nil, j.corrupt("more numbers of matches than rows")
		}
	}
	data := p[partBorn]
	for i := 0; s.ages != nil && i < len(ids); i++ {
		v, n := binary.Varint(data)
		if n <= 0 {
			return nil, j.corrupt("a row has no age")
		}
		born, data = append(born, v), data[n:]
	}
	if len(data) > 0 {
		return nil, j.corrupt("more ages than rows")
	}
	return born, nil
}
