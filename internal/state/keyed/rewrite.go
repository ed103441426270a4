package keyed

import (
	"encoding/binary"
	"math"

	"wire.example/wire/sdk/schema"
)

// RewriteTable makes of the snapshot of a key group of a table whose keys had the types old that of one whose keys have the types now, which hold every value of
// those and hash it alike: integers and floats may be wider, a NUMERIC may have more digits. value appends what is kept for a key; nil keeps it as it is. The error is a
// *CorruptError, or value's.
func RewriteTable(what string, data []byte, old, now []schema.Type, value func(dst, value []byte) ([]byte, error)) ([]byte, error) {
	var kept, entries []byte
	n, err := ReadTable(what, data, old, now, func(key, v []byte) (err error) {
		if value != nil {
			if kept, err = value(kept[:0], v); err != nil {
				return err
			}
			v = kept
		}
		entries = appendTableEntry(entries, key, v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return buildTable(now, n, entries), nil
}

// ReadTable gives the keys of the snapshot of a key group of a table, as ones of the types now, and what is kept for each to f, which borrows them for the call; see RewriteTable. It returns how many there are.
func ReadTable(what string, data []byte, old, now []schema.Type, f func(key, value []byte) error) (keys int, err error) {
	r, err := unseal(what, data, kindTable, tableVersion)
	if err != nil {
		return 0, err
	}
	if v := r.byte(); r.err == nil && v != HashVersion {
		r.at--
		r.fail("the keys were hashed by version %d; this program has version %d", v, HashVersion)
	}
	r.types(old)
	keys = r.count()
	var key []byte
	for n := keys; n > 0 && r.err == nil; n-- {
		key = key[:0]
		for i := range old {
			key = r.widen(key, &old[i], &now[i])
		}
		v := r.take(r.uvarint())
		if r.err != nil {
			break
		}
		if err := f(key, v); err != nil {
			return 0, err
		}
	}
	return keys, r.end()
}

// BuildTable makes the snapshot of a key group of a table of the keys that ReadTable gave, with what is kept for each.
func BuildTable(types []schema.Type, keys, values [][]byte) []byte {
	var entries []byte
	for i, key := range keys {
		entries = appendTableEntry(entries, key, values[i])
	}
	return buildTable(types, len(keys), entries)
}

func appendTableEntry(dst, key, value []byte) []byte {
	dst = append(dst, key...)
	return append(binary.AppendUvarint(dst, uint64(len(value))), value...)
}

func buildTable(types []schema.Type, n int, entries []byte) []byte {
	dst := appendTypes([]byte{kindTable, tableVersion, HashVersion}, types)
	dst = binary.AppendUvarint(dst, uint64(n)) //nolint:gosec // not negative
	return seal(append(dst, entries...))
}

// RewriteRows makes of the snapshot of a key group of rows of the types old that of rows of the types now; see RewriteTable.
func RewriteRows(what string, data []byte, old, now []schema.Type) ([]byte, error) {
	r, err := unseal(what, data, kindRows, rowsVersion)
	if err != nil {
		return nil, err
	}
	links := r.byte()
	r.types(old)
	n := r.count()
	dst := appendTypes([]byte{kindRows, rowsVersion, links}, now)
	dst = binary.AppendUvarint(dst, uint64(n))
	for ; n > 0 && r.err == nil; n-- {
		for i := range old {
			dst = r.widen(dst, &old[i], &now[i])
		}
		dst = append(dst, r.take(4*uint64(links)+1)...) // the links and the mark
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	return seal(dst), nil
}

// widen reads a value of the type old and appends it as one of the type now.
func (r *reader) widen(dst []byte, old, now *schema.Type) []byte {
	tag := r.byte()
	if r.err == nil && tag > presentValue {
		r.at--
		r.fail("%d is neither a value nor NULL", tag)
	}
	if dst = append(dst, tag); tag == absentValue || r.err != nil {
		return dst
	}
	from := r.at
	switch old.Kind {
	case schema.Int16:
		return appendWhole(dst, int64(int16(r.uint16())), now.Kind)
	case schema.Int32:
		return appendWhole(dst, int64(int32(r.uint32())), now.Kind)
	case schema.Float32:
		f := math.Float32frombits(r.uint32())
		if now.Kind == schema.Float32 {
			return binary.LittleEndian.AppendUint32(dst, math.Float32bits(f))
		}
		return appendWideFloat(dst, f)
	case schema.Array:
		n := r.count()
		dst = binary.AppendUvarint(dst, uint64(n))
		for ; n > 0 && r.err == nil; n-- {
			dst = r.widen(dst, old.Elem, now.Elem)
		}
		return dst
	case schema.Row:
		for i := range old.Fields {
			dst = r.widen(dst, &old.Fields[i].Type, &now.Fields[i].Type)
		}
		return dst
	case schema.Bool:
		r.take(1)
	case schema.Date:
		r.take(4)
	case schema.Numeric:
		r.take(18)
	case schema.Interval, schema.UUID:
		r.take(16)
	case schema.Text, schema.Bytes, schema.JSONB:
		r.take(r.uvarint())
	default:
		r.take(8)
	}
	return append(dst, r.data[from:r.at]...)
}

// appendWideFloat appends a float as one of 8 bytes. A NaN is the quiet one.
func appendWideFloat(dst []byte, f float32) []byte {
	w := math.Float64bits(float64(f))
	if f != f {
		w = floatWord(float64(f))
	}
	return binary.LittleEndian.AppendUint64(dst, w)
}

func appendWhole(dst []byte, v int64, as schema.Kind) []byte {
	switch as {
	case schema.Int16:
		return binary.LittleEndian.AppendUint16(dst, uint16(v))
	case schema.Int32:
		return binary.LittleEndian.AppendUint32(dst, uint32(v))
	default:
		return binary.LittleEndian.AppendUint64(dst, uint64(v))
	}
}
