package window

import (
	"encoding/binary"

	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/schema"
)

// Reader reads what calls know of windows from stored entries, as an aggregate.Reader does of groups: docs/format/entries.md.
type Reader struct {
	*aggregate.Reader
	// Name is the step's, for errors.
	Name string
	// Times are the types of the start and the end of a window.
	Times [2]schema.Type
	// Spare is a slot that is empty between calls.
	Spare uint32
}

func (r *Reader) corrupt(what, reason string) error {
	return &keyed.CorruptError{What: what + " of " + r.Name, Reason: reason}
}

// Slice reads the value of an entry of a Sliced into a slot, which is empty: what the rows of a key and a slice add up to.
func (r *Reader) Slice(slot uint32, value []byte) error {
	if len(value) == 0 || value[0] > 1 {
		return r.corrupt("slices", "an entry does not end where it should")
	}
	rest, err := r.Calls(slot, value[1:])
	if err == nil && len(rest) > 0 {
		err = r.corrupt("slices", "an entry does not end where it should")
	}
	return err
}

// Cell reads that of a Revised: the same, whoever was told of the rows.
func (r *Reader) Cell(slot uint32, value []byte) error {
	if len(value) == 0 || value[0]>>fresh != 0 {
		return r.corrupt("slices", "a cell has marks that do not exist")
	}
	marks, into := value[0], slot
	value = value[1:]
	for l := known; l < fresh; l++ {
		if marks>>l&1 == 0 {
			continue
		}
		rest, err := r.Calls(into, value)
		if err == nil && into != slot {
			err = r.Fold(slot, into)
		}
		if into != slot {
			r.Free(into)
		}
		if err != nil {
			return err
		}
		value, into = rest, r.Spare
	}
	if len(value) > 0 {
		return r.corrupt("slices", "a cell does not end where it should")
	}
	return nil
}

// Sessions reads the value of a key of Sessions. It asks for a slot, which is empty, for each session, with its start and its end in µs, the newest first.
func (r *Reader) Sessions(value []byte, slot func(start, end int64) (uint32, error)) error {
	if _, ok := storedSlice(value); ok {
		value = value[sliceBytes:]
	}
	left, n := binary.Uvarint(value)
	if n <= 0 {
		return r.corrupt("sessions", "they do not end where they should")
	}
	for value = value[n:]; left > 0; left-- {
		start, n := binary.Varint(value)
		end, m := binary.Varint(value[max(n, 0):])
		if n <= 0 || m <= 0 || n+m >= len(value) || value[n+m]&^(lasting|owing) != 0 {
			return r.corrupt("sessions", "they do not end where they should")
		}
		marks := value[n+m]
		value = value[n+m+1:]
		var err error
		if marks&owing != 0 {
			if value, err = r.skipShown(value); err != nil {
				return err
			}
		}
		id, err := slot(start, end)
		if err != nil {
			return err
		}
		if value, err = r.Calls(id, value); err != nil {
			return err
		}
	}
	if len(value) > 0 {
		return r.corrupt("sessions", "they do not end where they should")
	}
	return nil
}

// skipShown returns what is behind the rows that were emitted for a session.
func (r *Reader) skipShown(value []byte) (rest []byte, err error) {
	left, n := binary.Uvarint(value)
	if n <= 0 {
		return nil, r.corrupt("sessions", "the number of rows of one has no end")
	}
	for value = value[n:]; left > 0; left-- {
		if value, err = r.Shown(value, r.Times[:]); err != nil {
			return nil, err
		}
	}
	return value, nil
}
