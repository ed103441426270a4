package keyed

import (
	"encoding/binary"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// AppendRow appends the values of a row as they are: docs/format/state.md, "Values".
func AppendRow(dst []byte, cols []*batch.Column, row int) []byte {
	for _, c := range cols {
		dst = appendExact(dst, c, row)
	}
	return dst
}

// ReadRow makes what AppendRow wrote at the beginning of data the given row of cols, which have it, and returns what follows. Rows are read in ascending order. The error, a
// *CorruptError, names what.
func ReadRow(what string, data []byte, cols []*batch.Column, row int) (rest []byte, err error) {
	in := &reader{what: what, data: data}
	for _, c := range cols {
		in.value(c, row)
	}
	if in.err != nil {
		return nil, in.err
	}
	return data[in.at:], nil
}

// RewriteRow appends to dst what AppendRow would write of a row of the types now, made of the one of the types old at the beginning of data, which hold it: value i goes on from the value
// from[i] of old, or is NULL if that is negative. Values are widened as by RewriteTable; an integer may become a NUMERIC, too. rest is what follows behind that in data. The error,
// a *CorruptError, names what.
func RewriteRow(what string, dst, data []byte, old, now []schema.Type, from []int) (out, rest []byte, err error) {
	in := &reader{what: what, data: data}
	starts := make([]int, len(old))
	for i := range old {
		starts[i] = in.at
		in.widen(nil, &old[i], &old[i])
	}
	if in.err != nil {
		return nil, nil, in.err
	}
	rest = data[in.at:]
	for i, k := range from {
		if k < 0 {
			dst = append(dst, absentValue)
			continue
		}
		in.at = starts[k]
		dst = in.widenTo(dst, &old[k], &now[i])
	}
	return dst, rest, in.err
}

// widenTo is widen, and makes integers NUMERIC where that is asked for.
func (r *reader) widenTo(dst []byte, old, now *schema.Type) []byte {
	if now.Kind != schema.Numeric || old.Kind == schema.Numeric || r.data[r.at] == absentValue {
		return r.widen(dst, old, now)
	}
	long := schema.Of(schema.Int64)
	word := r.widen(nil, old, &long)
	if len(word) != 1+wordBytes {
		r.fail("a value of %v that was to be NUMERIC", *old)
		return dst
	}
	v := int64(binary.LittleEndian.Uint64(word[1:])) //nolint:gosec // the bits of it
	dst = binary.LittleEndian.AppendUint64(append(dst, presentValue), uint64(v))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(v>>63)) //nolint:gosec // the sign
	return binary.LittleEndian.AppendUint16(dst, 0)
}
