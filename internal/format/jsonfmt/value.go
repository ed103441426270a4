package jsonfmt

import (
	"unsafe"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// slotOf returns the address of value row of a column whose values lie at base.
func slotOf[T any](base unsafe.Pointer, row int) *T {
	var v T
	return (*T)(unsafe.Add(base, uintptr(row)*unsafe.Sizeof(v))) //nolint:gosec // row is not negative
}

// readValue stores the value at i as row of m's column and returns the byte after it, or -1. The usual forms of the usual types are read
// here, all others by readOther.
func (d *decoder) readValue(m *member, i, row int) int {
	p := d.p
	switch m.typ.Kind {
	case schema.Int64:
		if v, end := plainInteger(p, i); end > 0 {
			*slotOf[int64](m.base, row) = v
			return end
		}
	case schema.Text:
		if end := d.stopAt(i + 1); at(p, i) == '"' && at(p, end) == '"' && m.typ.Length == 0 && !m.isOp {
			*slotOf[batch.View](m.base, row) = d.view(i+1, end)
			return end + 1
		}
	case schema.Timestamp, schema.TimestampTZ:
		if at(p, i) == '"' {
			if end := m.readStamp(p, i+1, row); end > 0 {
				return end
			}
		}
	case schema.Row:
		if at(p, i) == '{' {
			if m.nullTo > 0 {
				m.endNulls(row)
			}
			return d.readObject(m.object, i+1, row)
		}
	case schema.Int32:
		if v, end := plainInteger(p, i); end > 0 && v == int64(int32(v)) {
			*slotOf[int32](m.base, row) = int32(v)
			return end
		}
	case schema.Int16:
		if v, end := plainInteger(p, i); end > 0 && v == int64(int16(v)) {
			*slotOf[int16](m.base, row) = int16(v)
			return end
		}
	case schema.Array:
		if at(p, i) == '[' {
			return d.readArray(m, i+1, row)
		}
	default:
	}
	return d.readOther(m, i, row)
}

// keepBytes are the masks that keep the first n of 16 bytes; a table, since the length of short text is hard to predict.
//
//nolint:gochecknoglobals // immutable table
var keepBytes = [17][2]uint64{
	{},
	{1<<8 - 1},
	{1<<16 - 1},
	{1<<24 - 1},
	{1<<32 - 1},
	{1<<40 - 1},
	{1<<48 - 1},
	{1<<56 - 1},
	{1<<64 - 1},
	{1<<64 - 1, 1<<8 - 1},
	{1<<64 - 1, 1<<16 - 1},
	{1<<64 - 1, 1<<24 - 1},
	{1<<64 - 1, 1<<32 - 1},
	{1<<64 - 1, 1<<40 - 1},
	{1<<64 - 1, 1<<48 - 1},
	{1<<64 - 1, 1<<56 - 1},
	{1<<64 - 1, 1<<64 - 1},
}

// view returns the view of the block's bytes from start to end.
func (d *decoder) view(start, end int) batch.View {
	n := end - start
	if n > batch.InlineLen {
		words := [2]uint64{uint64(uint32(n)) | load(d.p, start)<<32, uint64(start) << 32} //nolint:gosec // blocks are below 4 GiB; buffer 0
		return *(*batch.View)(unsafe.Pointer(&words))
	}
	mask := &keepBytes[n&15]
	lo, hi := load(d.p, start)&mask[0], load(d.p, start+8)&mask[1]
	words := [2]uint64{uint64(uint32(n)) | lo<<32, lo>>32 | hi<<32} //nolint:gosec // at most 12
	return *(*batch.View)(unsafe.Pointer(&words))
}

// readNull stores a NULL, or fails where none is allowed; it stands at i, or should stand before.
func (d *decoder) readNull(m *member, i, row int) int {
	switch {
	case m.isDeleted:
		d.kinds[row] = batch.UpdateAfter
		return 0
	case m.isOp:
		return d.failAt(m.path, errNoOp(m.path), i)
	case m.notNull:
		return d.failAt(m.path, codec.ErrNotNull(m.path), i)
	}
	d.setNull(m, row)
	return 0
}

// readOther reads any value at i into m.
func (d *decoder) readOther(m *member, i, row int) int {
	switch c := at(d.p, i); {
	case m.isDeleted:
		return d.readDeleted(m, i, row)
	case c == 'n':
		end := d.literal(i, "null")
		if end > 0 && d.readNull(m, i, row) < 0 {
			return -1
		}
		return end
	case m.typ.Kind == schema.JSONB:
		return d.readJSONB(m, i, row)
	case c == '"':
		return d.readString(m, i, row)
	case c == '{' || c == '[':
		return d.readNested(m, i, row)
	case c == 't' || c == 'f':
		return d.readBool(m, i, row)
	default:
		return d.readNumber(m, i, row)
	}
}

func (d *decoder) readBool(m *member, i, row int) int {
	v := at(d.p, i) == 't'
	word := "false"
	if v {
		word = "true"
	}
	end := d.literal(i, word)
	switch {
	case end < 0:
		return -1
	case m.typ.Kind == schema.Bool:
		m.col.Bits().Put(row, v)
	case m.typ.Kind == schema.Text && !m.isOp:
		return d.keepText(m, i, end, row)
	default:
		return d.failAt(m.path, codec.ErrSyntax(m.typ, d.data[i:end]), i)
	}
	return end
}

// readNested handles an object or array where the column is neither: TEXT keeps its source text.
func (d *decoder) readNested(m *member, i, row int) int {
	end := d.skipValue(i, maxDepth-1)
	if end < 0 {
		return -1
	}
	text := d.data[i:end]
	if m.typ.Kind != schema.Text || m.isOp {
		return d.failAt(m.path, codec.ErrSyntax(m.typ, text), i)
	}
	if bad := checkUTF8(text); bad != nil {
		return d.failAt(m.path, bad, i)
	}
	return d.keepText(m, i, end, row)
}

// literal checks that word stands at i and returns the byte after it.
func (d *decoder) literal(i int, word string) int {
	for k := range len(word) {
		if at(d.p, i+k) != word[k] {
			return d.syntax(i, "a value")
		}
	}
	return i + len(word)
}

// keepText makes the source text from i to end, which is checked, row of a TEXT column, and returns end.
func (d *decoder) keepText(m *member, i, end, row int) int {
	text, bad := codec.FitVarchar(d.data[i:end], m.typ)
	if bad != nil {
		return d.failAt(m.path, bad, i)
	}
	*slotOf[batch.View](m.base, row) = d.view(i, i+len(text))
	return end
}

// readOp stores the kind of change that text names.
func (d *decoder) readOp(m *member, row int, text []byte) *sqlstate.Error {
	for kind := batch.Insert; kind <= batch.Delete; kind++ {
		if string(text) == kind.String() {
			d.kinds[row] = kind
			return nil
		}
	}
	return sqlstate.Errorf(sqlstate.InvalidTextRepresentation, "member %q is no kind of change: \"%s\"", m.path, codec.Shown(text)).
		WithHint(opHint)
}

// opHint says what readOp takes.
const opHint = "Write +I, -U, +U or -D."

func errNoOp(name string) *sqlstate.Error {
	return sqlstate.Errorf(sqlstate.NotNullViolation, "member %q, the kind of change, is missing", name).WithHint(opHint)
}
