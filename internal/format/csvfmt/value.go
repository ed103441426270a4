package csvfmt

import (
	"bytes"
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

// ends reports whether the byte at i ends an unquoted field, blanks to be trimmed not considered.
func (d *decoder) ends(i int) bool {
	c := at(d.p, i)
	return c == d.format.syntax.delimiter || c == '\n' || c == '\r' && at(d.p, i+1) == '\n'
}

// readField stores the field at i as row of f's column and returns the byte that ended it, or -1. The usual forms of the usual types are read
// here, all others by readOther.
func (d *decoder) readField(f *field, i, row int) int {
	if f.skip || d.dropped && !f.isTime {
		return d.skipField(i)
	}
	end := 0
	switch f.typ.Kind {
	case schema.Int64:
		if v, after := plainInteger(d.p, i); after > 0 && d.ends(after) {
			*slotOf[int64](f.base, row) = v
			end = after
		}
	case schema.Int32:
		if v, after := plainInteger(d.p, i); after > 0 && v == int64(int32(v)) && d.ends(after) {
			*slotOf[int32](f.base, row) = int32(v)
			end = after
		}
	case schema.Text:
		if f.isPlain {
			end = d.fastText(f, i, row)
		}
	case schema.Timestamp, schema.TimestampTZ:
		end = d.fastStamp(f, i, row)
	default:
	}
	if end == 0 {
		if end = d.readOther(f, i, row); end < 0 {
			return -1
		}
	}
	if f.conds != nil && !d.dropped && !f.meets(row) {
		d.dropped = true
	}
	return end
}

// fastText stores text at i that is plain ASCII, in quotes or not. 0 means that it is for readOther.
func (d *decoder) fastText(f *field, i, row int) int {
	if q := d.format.syntax.quote; at(d.p, i) == q && q != 0 {
		end := d.inside.plainEnd(d.p, i+1)
		if at(d.p, end) != q || !d.ends(end+1) {
			return 0
		}
		*slotOf[batch.View](f.base, row) = d.view(i+1, end)
		return end + 1
	}
	end := d.words.plainEnd(d.p, i)
	if end == i || !d.ends(end) {
		return 0
	}
	*slotOf[batch.View](f.base, row) = d.view(i, end)
	return end
}

// view returns the view of the block's bytes from start to end.
func (d *decoder) view(start, end int) batch.View {
	n := end - start
	if n > batch.InlineLen {
		words := [2]uint64{uint64(uint32(n)) | load(d.p, start)<<32, uint64(start) << 32} //nolint:gosec // blocks are below 4 GiB; buffer 0
		return *(*batch.View)(unsafe.Pointer(&words))
	}
	lo, hi := load(d.p, start), load(d.p, start+8)
	if n < 8 {
		lo &= 1<<(uint(n)*8) - 1 //nolint:gosec // below 8
		hi = 0
	} else {
		hi &= 1<<(uint(n-8)*8) - 1 //nolint:gosec // 0..4
	}
	words := [2]uint64{uint64(uint32(n)) | lo<<32, lo>>32 | hi<<32} //nolint:gosec // at most 12
	return *(*batch.View)(unsafe.Pointer(&words))
}

// maxStamp is the longest text that fastStamp tries.
const maxStamp = 32

// fastStamp reads a timestamp in the form YYYY-MM-DD hh:mm:ss.ffffff at i, trying the length of the one before first. 0 means that it is
// for readOther.
func (d *decoder) fastStamp(f *field, i, row int) int {
	if !d.stamps {
		return 0
	}
	end := i + f.stampLen
	if f.stampLen == 0 || end >= len(d.data) || !d.ends(end) {
		end = d.words.plainEnd(d.p, i)
		if end-i > maxStamp || !d.ends(end) {
			return 0
		}
		f.stampLen = end - i
	}
	v, ok := f.stamp.Fast(d.data[i:end])
	if !ok {
		return 0
	}
	*slotOf[int64](f.base, row) = v
	return end
}

// token is one field's text.
type token struct {
	start, end int // without quotes and trimmed blanks
	after      int // the byte that ended the field
	quoted     bool
	escaped    bool // holds quotes or escapes that stand for other text
	wide       bool // may hold bytes beyond ASCII, or NUL
}

// readOther reads any field at i into f and returns the byte that ended it, or -1.
func (d *decoder) readOther(f *field, i, row int) int {
	t, bad := d.next(i)
	if bad != nil {
		return d.fail(f.name, bad)
	}
	text := d.data[t.start:t.end]
	if !t.quoted && (len(text) == 0 || string(text) == d.null) {
		if f.notNull {
			return d.fail(f.name, codec.ErrNotNull(f.name))
		}
		d.nulls = true
		f.col.SetNull(row)
		return t.after
	}
	if t.escaped {
		d.scratch = d.format.syntax.appendUnescaped(d.scratch[:0], text)
		text = d.scratch
	}
	if bad := d.store(f, row, t, text); bad != nil {
		return d.fail(f.name, bad)
	}
	return t.after
}

func (d *decoder) store(f *field, row int, t token, text []byte) *sqlstate.Error {
	var err error
	switch k := f.typ.Kind; {
	case f.isOp:
		return d.readOp(f, row, text)
	case k == schema.Text && f.typ.Length == 0 && !t.escaped:
		if t.wide {
			if bad := codec.CheckText(text); bad != nil {
				return bad
			}
		}
		*slotOf[batch.View](f.base, row) = d.view(t.start, t.end)
	case k == schema.Timestamp:
		*slotOf[int64](f.base, row), err = f.stamp.ParseUTC(text)
	case k == schema.TimestampTZ:
		*slotOf[int64](f.base, row), err = f.stamp.ParseTZ(text, nil)
	default:
		return codec.SetText(f.col, row, text)
	}
	if err != nil {
		return codec.AsSQLState(err)
	}
	return nil
}

// readOp stores the kind of change that text names.
func (d *decoder) readOp(f *field, row int, text []byte) *sqlstate.Error {
	for kind := batch.Insert; kind <= batch.Delete; kind++ {
		if string(text) == kind.String() {
			d.kinds[row] = kind
			return nil
		}
	}
	return sqlstate.Errorf(sqlstate.InvalidTextRepresentation, "column %q is no kind of change: \"%s\"", f.name, codec.Shown(text)).
		WithHint("Write +I, -U, +U or -D.")
}

// skipField returns the byte that ends the field at i, whose value nothing needs, or -1.
func (d *decoder) skipField(i int) int {
	if q := d.format.syntax.quote; at(d.p, i) == q && q != 0 {
		if end := d.inside.plainEnd(d.p, i+1); at(d.p, end) == q && d.ends(end+1) {
			return end + 1
		}
	} else if after := d.words.plainEnd(d.p, i); d.ends(after) {
		return after
	}
	t, bad := d.next(i)
	if bad != nil {
		return d.fail("", bad)
	}
	return t.after
}

// next finds the bounds of the field at i.
func (d *decoder) next(i int) (token, *sqlstate.Error) {
	for d.format.syntax.isBlank(at(d.p, i)) {
		i++
	}
	if quote := d.format.syntax.quote; quote != 0 && at(d.p, i) == quote {
		return d.nextQuoted(i + 1)
	}
	t := token{start: i}
	for !d.ends(i) {
		c := at(d.p, i)
		if c == d.format.syntax.quote && c != 0 {
			return t, sqlstate.New(sqlstate.BadCopyFileFormat, "quote in an unquoted field").
				WithHint("Enclose the field in quotes and double those inside, or set quote: none if quotes have no meaning.")
		}
		t.wide = t.wide || c >= 0x80 || c == 0
		i++
	}
	t.end, t.after = i, i
	for t.end > t.start && d.format.syntax.isBlank(at(d.p, t.end-1)) {
		t.end--
	}
	return t, nil
}

// nextQuoted finds the bounds of the field whose first byte inside quotes is i.
func (d *decoder) nextQuoted(i int) (token, *sqlstate.Error) {
	s := &d.format.syntax
	t := token{start: i, quoted: true, wide: true}
	for {
		n := d.closing(i)
		if n < 0 {
			return t, sqlstate.New(sqlstate.BadCopyFileFormat, "unterminated CSV quoted field")
		}
		i += n + 1
		switch {
		case at(d.p, i-1) == '\\' && s.backslash: // a backslash, which a quote or another may follow
			t.escaped = true
			i++
			continue
		case at(d.p, i) == s.quote && !s.backslash && i < d.size:
			t.escaped = true
			i++
			continue
		}
		break
	}
	t.end = i - 1
	d.broken += bytes.Count(d.data[t.start:t.end], []byte{'\n'})
	for s.isBlank(at(d.p, i)) {
		i++
	}
	if t.after = i; !d.ends(i) {
		return t, sqlstate.New(sqlstate.BadCopyFileFormat, "text behind a quoted field").
			WithHint("Double the quotes inside a quoted field.")
	}
	return t, nil
}

// closing returns how far from i the next quote or escaping backslash is, -1 if there is none.
func (d *decoder) closing(i int) int {
	if i >= d.size {
		return -1
	}
	rest := d.data[i:d.size]
	n := bytes.IndexByte(rest, d.format.syntax.quote)
	if d.format.syntax.backslash {
		if k := bytes.IndexByte(rest[:max(n, 0)], '\\'); k >= 0 {
			return k
		}
	}
	return n
}

// appendUnescaped appends the text inside quotes with its escapes replaced. A backslash before anything but a quote or a backslash is
// itself.
func (s *syntax) appendUnescaped(dst, raw []byte) []byte {
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case i+1 == len(raw):
		case c == s.quote && !s.backslash:
			i++
		case c == '\\' && s.backslash && (raw[i+1] == s.quote || raw[i+1] == '\\'):
			i++
			c = raw[i]
		}
		dst = append(dst, c)
	}
	return dst
}
