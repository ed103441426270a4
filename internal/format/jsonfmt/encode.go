package jsonfmt

import (
	"encoding/binary"
	"slices"
	"unsafe"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// encoder writes rows as PostgreSQL's row_to_json does at zone UTC, one a line. One lane uses it.
type encoder struct {
	raw     bool
	opKey   string // `{"op":"`, "" unless rows carry kinds of change
	columns []writer
	fixed   int // bytes that a row takes at most, but for its texts and rarer types, and that must be free behind them
	clock   minuteText
	bad     []codec.RowError
}

func newEncoder(f *format, spec codec.EncodeSpec) (*encoder, error) {
	e := &encoder{raw: spec.Raw && !spec.Changelog}
	if spec.Changelog {
		name := spec.OpField
		if name == "" {
			name = f.options.OpField
		}
		if err := checkOpField(name, spec.Schema); err != nil {
			return nil, err
		}
		e.opKey = "{" + quotedName(name) + `:"`
	}
	e.columns = newWriters(spec.Schema.Fields, spec.Changelog)
	e.fixed = len(e.opKey) + 2*wordSize
	for i := range e.columns {
		e.fixed += len(e.columns[i].key) + widestFixed
	}
	return e, nil
}

// Encode appends the rows of b that count. Only a row without origin in raw mode can fail.
func (e *encoder) Encode(dst []byte, ends []int, b *batch.Batch) ([]byte, []int, []codec.RowError) {
	e.bad = e.bad[:0]
	if e.raw {
		dst, ends = e.appendRecords(dst, ends, b)
	} else {
		dst, ends = e.appendRows(dst, ends, b)
	}
	return dst, ends, e.bad
}

// appendRecords appends the lines that the rows came from. Lines that lie behind each other are copied at once.
func (e *encoder) appendRecords(dst []byte, ends []int, b *batch.Batch) ([]byte, []int) {
	rows := b.Rows()
	for i := 0; i < rows; {
		row := b.Row(i)
		i++
		first := b.OriginRow(row)
		if first < 0 {
			e.bad = append(e.bad, codec.RowError{Row: row, Err: sqlstate.New(sqlstate.InternalError, "raw output of a row that has no record")})
			continue
		}
		o := b.Origin
		start, end := o.Starts[first], o.Ends[first]
		base := len(dst) - int(start)
		ends = append(ends, base+int(end)+1)
		for i < rows {
			next := b.OriginRow(b.Row(i))
			if next < 0 || o.Starts[next] != end+1 || o.Block.Data[end] != '\n' {
				break
			}
			end = o.Ends[next]
			ends = append(ends, base+int(end)+1)
			i++
		}
		dst = append(append(dst, o.Block.Data[start:end]...), '\n')
	}
	return dst, ends
}

// appendRows writes the rows member by member. The usual types are put into free space behind dst, without asking each time whether
// there is any: fixed bytes always are.
func (e *encoder) appendRows(dst []byte, ends []int, b *batch.Batch) ([]byte, []int) {
	for i := range e.columns {
		e.columns[i].bind(b.Cols[i])
	}
	dst = slices.Grow(dst, e.fixed)
	p, n, room := memory(dst)
	for i := range b.Rows() {
		row := b.Row(i)
		if room-n < e.fixed {
			p, n, room = memory(slices.Grow(unsafe.Slice((*byte)(p), room)[:n], e.fixed))
		}
		n = e.putOp(p, n, b, row)
		for k := range e.columns {
			w := &e.columns[k]
			n = w.putKey(p, n)
			if w.valid != nil && !w.valid.Get(row) {
				n = putNull(p, n)
				continue
			}
			switch w.form {
			case putsInt64:
				n = putInt(p, n, *slotOf[int64](w.base, row))
				continue
			case putsInt32:
				n = putInt(p, n, int64(*slotOf[int32](w.base, row)))
				continue
			case putsStamp:
				if v := *slotOf[int64](w.base, row); uint64(v) < uint64(plainStamps) { //nolint:gosec // negative ones become large
					n = w.putZone(p, e.clock.put(p, n, v))
					continue
				}
			case putsDecimal:
				if after := putDecimal(p, n, w.col, row); after > 0 {
					n = after
					continue
				}
			case putsText:
				view := slotOf[batch.View](w.base, row)
				size := int(view.Len)
				if size > room-n-e.fixed {
					p, n, room = memory(slices.Grow(unsafe.Slice((*byte)(p), room)[:n], size+e.fixed))
				}
				if w.putText(p, n, view, row) {
					n += size + 2
					continue
				}
			default:
			}
			dst = w.append(unsafe.Slice((*byte)(p), room)[:n], w.col, row)
			p, n, room = memory(slices.Grow(dst, e.fixed))
		}
		*(*uint16)(unsafe.Add(p, n)) = '}' | '\n'<<8
		n += 2
		ends = append(ends, n)
	}
	return unsafe.Slice((*byte)(p), room)[:n], ends
}

// memory returns where the bytes of dst lie, how many there are, and for how many there is room.
func memory(dst []byte) (p unsafe.Pointer, n, room int) {
	return unsafe.Pointer(unsafe.SliceData(dst)), len(dst), cap(dst)
}

// putOp puts what stands before the first column, if it is not part of the column's key.
func (e *encoder) putOp(p unsafe.Pointer, n int, b *batch.Batch, row int) int {
	switch {
	case e.opKey != "":
		kind := batch.Insert
		if b.Kinds != nil {
			kind = b.Kinds[row]
		}
		n += copy(unsafe.Slice((*byte)(unsafe.Add(p, n)), len(e.opKey)), e.opKey)
		name := kind.String()
		*(*[3]byte)(unsafe.Add(p, n)) = [3]byte{name[0], name[1], '"'}
		return n + 3
	case len(e.columns) == 0:
		*(*byte)(unsafe.Add(p, n)) = '{'
		return n + 1
	}
	return n
}

// Forms of columns that appendRows puts itself.
const (
	putsOther = iota
	putsInt64
	putsInt32
	putsText
	putsStamp
	putsDecimal
)

// wordSize is how many bytes a store may write beyond what it means to, widestFixed what the widest value put without asking takes, so much
// included.
const (
	wordSize    = 16
	widestFixed = 48
)

// writer appends the values of one column or nested value.
type writer struct {
	key   string // what stands before the value: a brace or comma, the quoted name, a colon
	head  [2]uint64
	typ   schema.Type
	parts []writer // members of a ROW, the element of an ARRAY

	// The column of the batch at hand.
	col   *batch.Column
	base  unsafe.Pointer
	valid batch.Bitmap
	form  uint8
}

func quotedName(name string) string { return string(appendQuoted(nil, []byte(name))) }

func newWriters(fields []schema.Field, follows bool) []writer {
	writers := make([]writer, len(fields))
	for i, field := range fields {
		separator := "{"
		if i > 0 || follows {
			separator = ","
		}
		writers[i] = newWriter(separator+quotedName(field.Name)+":", field.Type)
	}
	return writers
}

func newWriter(key string, typ schema.Type) writer {
	w := writer{key: key, typ: typ}
	var head [wordSize]byte
	copy(head[:], key)
	w.head = [2]uint64{binary.LittleEndian.Uint64(head[:]), binary.LittleEndian.Uint64(head[8:])}
	switch typ.Kind {
	case schema.Row:
		w.parts = newWriters(typ.Fields, false)
	case schema.Array:
		w.parts = []writer{newWriter("", *typ.Elem)}
	default:
	}
	return w
}

// bind makes c, which may be nil, the column that w writes.
func (w *writer) bind(c *batch.Column) {
	w.col, w.base, w.valid, w.form = c, nil, nil, putsOther
	if c == nil || c.Len() == 0 {
		return
	}
	w.valid, w.base = c.Valid(), values(c)
	switch w.typ.Kind {
	case schema.Int64:
		w.form = putsInt64
	case schema.Int32:
		w.form = putsInt32
	case schema.Text:
		w.form = putsText
	case schema.Timestamp, schema.TimestampTZ:
		w.form = putsStamp
	case schema.Numeric:
		w.form = putsDecimal
	default:
	}
}

// putText puts the text of row, whose view is at hand, in quotes. false means that it needs escapes.
func (w *writer) putText(p unsafe.Pointer, n int, view *batch.View, row int) bool {
	if view.Len <= batch.InlineLen {
		return putShort(p, n, view)
	}
	return putLong(p, n, unsafe.Pointer(unsafe.SliceData(w.col.Bytes(row))), int(view.Len))
}

// putZone adds the offset of a TIMESTAMPTZ to the timestamp in quotes that ends at n.
func (w *writer) putZone(p unsafe.Pointer, n int) int {
	if w.typ.Kind == schema.Timestamp {
		return n
	}
	*(*[7]byte)(unsafe.Add(p, n-1)) = [7]byte{'+', '0', '0', ':', '0', '0', '"'}
	return n + 6
}

// putKey puts what stands before the value.
func (w *writer) putKey(p unsafe.Pointer, n int) int {
	*(*[2]uint64)(unsafe.Add(p, n)) = w.head
	if len(w.key) > wordSize {
		copy(unsafe.Slice((*byte)(unsafe.Add(p, n)), len(w.key)), w.key)
	}
	return n + len(w.key)
}
