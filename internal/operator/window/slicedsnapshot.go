package window

import (
	"encoding/binary"
	"math"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// slicedVersion is that of the layout of a Sliced's state: docs/format/window.md.
const slicedVersion = 1

// Snapshot returns the entries of the keys of a group.
func (s *Sliced) Snapshot(group op.KeyGroup) ([]byte, error) {
	var main []byte
	answered := false // windows of some of the keys were
	appendKey := func(dst []byte, key uint32) []byte {
		r := s.runs.At(key)
		answered = answered || r.count > 0 || r.back != none || r.odd != none
		return s.appendRun(dst, r)
	}
	if s.table != nil {
		var err error
		if main, err = s.table.Snapshot(uint8(group), appendKey); err != nil {
			return nil, err
		}
	} else if group == 0 && s.runs.Len() > 0 && !s.runs.At(0).empty() {
		main = appendKey(nil, 0)
	}
	var fired []byte
	if answered {
		fired = binary.LittleEndian.AppendUint64(nil, uint64(s.fired)) //nolint:gosec // as it is
	}
	return keyed.AppendParts(nil, slicedVersion, fired, main), nil
}

func (s *Sliced) appendRun(dst []byte, r *run) []byte {
	dst = binary.AppendUvarint(dst, uint64(r.front))
	for _, head := range [...]uint32{r.oldest, r.odd, r.open} {
		n := 0
		for id := head; id != none && (head != r.oldest || r.count > 0); id = s.entries.At(id).next {
			n++
		}
		dst = binary.AppendUvarint(dst, uint64(n)) //nolint:gosec // not negative
		for id := head; n > 0; id, n = s.entries.At(id).next, n-1 {
			of := s.list[s.entries.At(id).slice]
			dst = binary.AppendVarint(binary.AppendVarint(dst, of.first), of.last)
			dst = s.appendEntry(dst, id)
		}
	}
	if s.shape.Kind != Cumulate || r.back == none {
		return dst
	}
	dst = binary.AppendVarint(dst, s.rest[0].last) // all that were answered end there
	return s.appendEntry(dst, r.back)
}

func (s *Sliced) appendEntry(dst []byte, id uint32) []byte {
	for _, c := range s.calls {
		dst = c.state.Append(id, dst)
	}
	return dst
}

// Restore puts the entries of a snapshot in.
func (s *Sliced) Restore(group op.KeyGroup, data []byte) error {
	parts, err := keyed.Parts(s.cfg.Name, data, slicedVersion, 2)
	if err != nil {
		return err
	}
	switch len(parts[0]) {
	case 0:
	case 8:
		s.fired = max(s.fired, int64(binary.LittleEndian.Uint64(parts[0]))) //nolint:gosec // as it was
	default:
		return s.corrupt("the end of the last window is no number")
	}
	restore := func(key uint32, value []byte) error {
		if err := s.runs.Grow(int(key) + 1); err != nil {
			return err
		}
		*s.runs.At(key) = noRun()
		if err := s.restoreRun(key, value); err != nil {
			return err
		}
		return s.enterRestored(key)
	}
	s.whole = true
	if s.table == nil {
		err = restore(0, parts[1])
	} else {
		err = s.table.Restore(uint8(group), parts[1], restore)
	}
	return op.OutOfMemory(s.cfg.Name, err)
}

func (s *Sliced) corrupt(reason string) error {
	return &keyed.CorruptError{What: "slices of " + s.cfg.Name, Reason: reason}
}

// slicesReader reads what appendRun wrote.
type slicesReader struct {
	sliced *Sliced
	data   []byte
	bad    bool
}

func (r *slicesReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.data)
	if r.bad = r.bad || n <= 0; r.bad {
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *slicesReader) varint() int64 {
	v, n := binary.Varint(r.data)
	if r.bad = r.bad || n <= 0; r.bad {
		return 0
	}
	r.data = r.data[n:]
	return v
}

// entry reads the states of an entry, which it makes.
func (r *slicesReader) entry(key uint32, of *slice) (uint32, error) {
	id, err := r.sliced.take()
	if err != nil {
		return 0, err
	}
	e := r.sliced.entries.At(id)
	*e = entry{next: none, peer: none, key: key}
	if of != nil {
		e.peer, e.slice, of.entries = of.entries, of.number, id
	}
	for _, c := range r.sliced.calls {
		if r.data, err = c.state.Restore(id, r.data); err != nil {
			return 0, err
		}
	}
	return id, nil
}

func (s *Sliced) restoreRun(key uint32, value []byte) error {
	in := &slicesReader{sliced: s, data: value}
	front := in.uvarint()
	for chain := range 3 {
		for n := in.uvarint(); n > 0 && !in.bad; n-- {
			first, last := in.varint(), in.varint()
			if in.bad {
				break
			}
			of := s.known(first, last, chain < 2)
			if of == nil {
				return s.corrupt("a slice that was answered and was not")
			}
			id, err := in.entry(key, of)
			if err != nil {
				return err
			}
			s.hang(s.runs.At(key), id, of, chain)
		}
	}
	r := s.runs.At(key)
	if in.bad || front > uint64(r.count) {
		return s.corrupt("a key does not end where it should")
	}
	if front > 0 { // what was there before could not be subtracted: a call that is gone
		s.subtracts = false
	}
	if r.front = uint32(front); len(in.data) > 0 { //nolint:gosec // at most count
		last := in.varint()
		of := s.known(math.MinInt64, last, true)
		back, err := in.entry(key, nil)
		if err != nil {
			return err
		}
		s.entries.At(back).slice = of.number
		s.runs.At(key).back = back
	}
	if len(in.data) > 0 || in.bad {
		return s.corrupt("a key does not end where it should")
	}
	return s.sumBack(s.runs.At(key))
}

// known returns a slice, which it makes if need be; nil if there is one that was answered and another was meant.
func (s *Sliced) known(first, last int64, answered bool) *slice {
	if !answered {
		if first <= s.fired {
			return nil
		}
		return s.slice(first, last)
	}
	if found := s.index[[2]int64{first, last}]; found != nil {
		return found
	}
	n := s.newSlice(first, last)
	i, _ := slices.BinarySearchFunc(s.rest, n, (*slice).compareLast)
	s.rest = slices.Insert(s.rest, i, n)
	return n
}

// hang puts an entry at the end of a chain of its key.
func (s *Sliced) hang(r *run, id uint32, of *slice, chain int) {
	switch chain {
	case 0:
		if r.count == 0 {
			r.oldest = id
		} else {
			s.entries.At(r.newest).next = id
		}
		r.newest = id
		r.count++
	case 1:
		place := &r.odd
		for *place != none {
			place = &s.entries.At(*place).next
		}
		*place = id
	default:
		s.chain(&r.open, id, of)
	}
}

// sumBack makes the sum of the entries behind the front.
func (s *Sliced) sumBack(r *run) error {
	if r.count == r.front {
		return nil
	}
	back, err := s.take()
	if err != nil {
		return err
	}
	*s.entries.At(back) = entry{next: none, peer: none}
	r.back = back
	id := r.oldest
	for i := range r.count {
		if i >= r.front {
			if err := s.fold([]uint32{back}, []uint32{id}); err != nil {
				return err
			}
		}
		id = s.entries.At(id).next
	}
	return nil
}
