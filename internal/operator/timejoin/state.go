package timejoin

import (
	"encoding/binary"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// The versions of the state in docs/format/state.md.
const (
	intervalVersion = 1
	windowVersion   = 1
	temporalVersion = 1
)

// Tables are the state: the rows of the left input with their keys, then those of the right.
func (j *Interval) Tables() []op.Table { return tables(j.stores) }

// Snapshot returns the state of a key group.
func (j *Interval) Snapshot(number op.KeyGroup) ([]byte, error) {
	return snapshot(j.stores, intervalVersion, number)
}

// Restore puts the state of a key group in.
func (j *Interval) Restore(number op.KeyGroup, data []byte) error {
	return restore(j.stores, intervalVersion, number, data)
}

// Tables are the state: the rows of the left input, then those of the right.
func (w *Window) Tables() []op.Table { return tables(w.stores) }

// Needs declares the keys of in, or all that a watermark may close.
func (w *Window) Needs(input int, in *batch.Batch, needs *op.Needs) {
	if in != nil {
		needs.Keys(input, w.stores[input].keys.hash(in))
		return
	}
	for i := range w.stores {
		needs.All(i)
	}
}

// Snapshot returns the state of a key group.
func (w *Window) Snapshot(number op.KeyGroup) ([]byte, error) {
	return snapshot(w.stores, windowVersion, number)
}

// Restore puts the state of a key group in.
func (w *Window) Restore(number op.KeyGroup, data []byte) error {
	return restore(w.stores, windowVersion, number, data)
}

func tables(stores [2]*store) []op.Table { return []op.Table{stores[LeftInput], stores[RightInput]} }

func snapshot(stores [2]*store, version byte, number op.KeyGroup) ([]byte, error) {
	var parts [2][]byte
	var err error
	for input, s := range stores {
		if parts[input], err = s.snapshot(uint8(number)); err != nil {
			return nil, err
		}
	}
	return keyed.AppendParts(nil, version, parts[:]...), nil
}

func restore(stores [2]*store, version byte, number op.KeyGroup, data []byte) error {
	parts, err := keyed.Parts(stores[LeftInput].name, data, version, len(stores))
	if err != nil {
		return err
	}
	for input, s := range stores {
		if err := s.restore(uint8(number), parts[input]); err != nil {
			return err
		}
	}
	return nil
}

// snapshot returns the rows of a key group: for each slice that has some its number and their length, and they themselves.
func (s *store) snapshot(group uint8) ([]byte, error) {
	var dst []byte
	for _, p := range s.slices {
		rows, err := p.rows.Snapshot(group)
		if err != nil {
			return nil, err
		}
		if rows == nil {
			continue
		}
		dst = binary.AppendVarint(dst, p.number)
		dst = binary.AppendUvarint(dst, uint64(len(rows)))
		dst = append(dst, rows...)
	}
	return dst, nil
}

// restore puts the rows of a key group in. What finds them is made anew.
func (s *store) restore(group uint8, data []byte) error {
	for at := 0; at < len(data); {
		number, n := binary.Varint(data[at:])
		size, m := binary.Uvarint(data[at+max(n, 0):])
		if n <= 0 || m <= 0 || size > uint64(len(data)-at-n-m) {
			return &keyed.CorruptError{What: s.name, Offset: at, Reason: "a slice that is cut off"}
		}
		at += n + m
		rows := data[at : at+int(size)] //nolint:gosec // at most the length of data
		at += len(rows)
		p := s.at(number)
		if err := p.rows.Restore(group, rows); err != nil {
			return err
		}
		if err := s.reindex(p, p.rows.AppendGroup(nil, group)); err != nil {
			return err
		}
	}
	return nil
}

// parted reports whether some rows are done with, of a slice whose other rows must be told from them.
func (s *store) parted(p *slice, ids []uint32) bool {
	return !s.indexed && !p.partly && slices.ContainsFunc(ids, func(id uint32) bool { return *p.rows.Mark(id)&settled != 0 })
}

// reindex indexes rows that are stored.
func (s *store) reindex(p *slice, ids []uint32) error {
	parted := s.parted(p, ids)
	for len(ids) > 0 {
		n := min(len(ids), batch.MaxRows)
		p.rows.Gather(ids[:n], s.own)
		b := batch.Batch{Cols: s.own, Len: n}
		if err := s.index(p, &b, s.keys.hash(&b), ids[:n]); err != nil {
			return err
		}
		ids = ids[n:]
	}
	if parted {
		return op.OutOfMemory(s.name, s.part(p))
	}
	return nil
}
