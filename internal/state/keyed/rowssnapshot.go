package keyed

import (
	"encoding/binary"

	"wire.example/wire/sdk/batch"
)

// rowsVersion is the version of the layout of rows in docs/format/state.md.
const rowsVersion = 1

// Snapshot returns the rows of a key group, nil if it has none: values, links and marks. Links must name rows of the same group, or none.
func (r *Rows) Snapshot(group uint8) ([]byte, error) {
	if r.guard != nil {
		if err := r.guard.group(group); err != nil {
			return nil, err
		}
	}
	n := r.count(group)
	if n == 0 {
		return nil, nil
	}
	dst := appendTypes([]byte{kindRows, rowsVersion, byte(r.links)}, r.types)
	dst = binary.AppendUvarint(dst, uint64(n))
	ids := make([]uint32, batch.MaxRows)
	for at := 0; at < n; {
		for _, id := range ids[:r.scanGroup(group, &at, ids)] {
			cols, row := r.Row(id)
			for _, col := range cols {
				dst = appendExact(dst, col, row)
			}
			for k := range r.links {
				ordinal := NoRow
				if link := *r.Link(id, k); link != NoRow {
					ordinal = r.Ordinal(link)
				}
				dst = binary.LittleEndian.AppendUint32(dst, ordinal)
			}
			dst = append(dst, *r.Mark(id))
		}
	}
	return seal(dst), nil
}

// Restore puts the rows of a snapshot in, in their order, so that At finds each by the ordinal it had. The group must be empty. The error is a
// *CorruptError or SQLSTATE 53200. Columns that were nil are NULL now.
func (r *Rows) Restore(group uint8, data []byte) error {
	in, err := unseal(r.name, data, kindRows, rowsVersion)
	if err != nil {
		return err
	}
	if links := in.byte(); in.err == nil && int(links) != r.links {
		in.at--
		in.fail("rows with %d links, where %d are kept", links, r.links)
	}
	in.types(r.types)
	total := in.count()
	if r.count(group) > 0 {
		in.fail("key group %d has rows already", group)
	}
	cols := make([]*batch.Column, len(r.types))
	for i, typ := range r.types {
		cols[i] = batch.NewColumn(r.pool, typ)
	}
	defer release(cols)
	ids, hashes := make([]uint32, batch.MaxRows), make([]uint64, batch.MaxRows)
	for left := total; left > 0 && in.err == nil; {
		n := min(left, batch.MaxRows)
		links, marks := r.read(in, cols, n)
		if in.err != nil {
			break
		}
		if hashes = r.hashesOf(hashes, group, cols, n); hashes[0]>>groupShift != uint64(group) {
			in.fail("a row of key group %d in key group %d", hashes[0]>>groupShift, group)
			break
		}
		if err := r.Append(cols, hashes[:n], nil, ids[:n]); err != nil {
			return err
		}
		for i, id := range ids[:n] {
			*r.Mark(id) = marks[i]
			for k := range r.links {
				*r.Link(id, k) = links[i*r.links+k]
			}
		}
		left -= n
	}
	if err := in.end(); err != nil {
		return err
	}
	return r.relink(in, group)
}

// hashesOf returns the hashes of n rows of a key group, in the memory of hashes: those that they were appended with, if Extras.Hashed says what these follow from, or some of the group.
func (r *Rows) hashesOf(hashes []uint64, group uint8, cols []*batch.Column, n int) []uint64 {
	if from := r.extras.Hashed; len(from) > 0 {
		return hashColumns(hashes, appendColumns(nil, cols, from), nil, n)
	}
	for i := range hashes[:n] {
		hashes[i] = uint64(group) << groupShift
	}
	return hashes[:n]
}

// read reads n rows into cols, and their links and marks.
func (r *Rows) read(in *reader, cols []*batch.Column, n int) (links []uint32, marks []uint8) {
	for _, c := range cols {
		c.Reset(n)
	}
	for i := range n {
		for _, c := range cols {
			in.value(c, i)
		}
		for range r.links {
			links = append(links, in.uint32())
		}
		marks = append(marks, in.byte())
	}
	return links, marks
}

// relink makes ordinals in links row numbers.
func (r *Rows) relink(in *reader, group uint8) error {
	for id := range r.ids(group) {
		for k := range r.links {
			link := r.Link(id, k)
			ordinal := *link
			if ordinal == NoRow {
				continue
			}
			if *link = r.At(group, ordinal); *link == NoRow {
				in.fail("a link to row %d, which is not there", ordinal)
				return in.err
			}
		}
	}
	return nil
}
