package timejoin

import (
	"encoding/binary"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// intervalVersion is the version of the state of interval joins in docs/format/state.md.
const intervalVersion = 1

// Tables are the state: the rows of the left input with their keys, then those of the right.
func (j *Interval) Tables() []op.Table { return []op.Table{j.stores[LeftInput], j.stores[RightInput]} }

// Needs declares the keys of in, on both sides.
func (j *Interval) Needs(input int, in *batch.Batch, needs *op.Needs) {
	for i := range j.stores {
		if in == nil {
			needs.All(i)
		} else {
			needs.Keys(i, j.stores[input].keys.hash(in))
		}
	}
}

// Snapshot returns the state of a key group.
func (j *Interval) Snapshot(number op.KeyGroup) ([]byte, error) {
	var parts [2][]byte
	var err error
	for input, s := range j.stores {
		if parts[input], err = s.snapshot(uint8(number)); err != nil {
			return nil, err
		}
	}
	return keyed.AppendParts(nil, intervalVersion, parts[:]...), nil
}

// Restore puts the state of a key group in.
func (j *Interval) Restore(number op.KeyGroup, data []byte) error {
	parts, err := keyed.Parts(j.cfg.title(sortInterval), data, intervalVersion, len(j.stores))
	if err != nil {
		return err
	}
	for input, s := range j.stores {
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
		if err := s.reindex(p, group); err != nil {
			return err
		}
	}
	return nil
}

// reindex indexes the rows of a group that were restored.
func (s *store) reindex(p *slice, group uint8) error {
	ids := p.rows.AppendGroup(nil, group)
	for len(ids) > 0 {
		n := min(len(ids), batch.MaxRows)
		p.rows.Gather(ids[:n], s.own)
		b := batch.Batch{Cols: s.own, Len: n}
		if err := s.index(p, &b, s.keys.hash(&b), ids[:n]); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}
