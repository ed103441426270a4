package batch

import (
	"encoding/binary"
	"math"
	"math/bits"
	"unsafe"

	"wire.example/wire/sdk/schema"
)

// Odd constants with well mixed bits (the fractional parts of square roots).
const (
	mix0 = 0x6a09e667f3bcc909
	mix1 = 0xbb67ae8584caa73b
	mix2 = 0x3c6ef372fe94f82b
	null = 0xa54ff53a5f1d36f1
)

// fold multiplies to 128 bits and folds the halves: the mixing step of wyhash (Wang Yi, public domain).
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// HashBytes hashes b with seed. It is not stable over releases and must not be stored.
func HashBytes(b []byte, seed uint64) uint64 {
	h := seed ^ uint64(len(b))*mix0
	if len(b) < 16 {
		lo, hi := short(b)
		return fold(lo^mix1^h, hi^mix2)
	}
	return hashLong(unsafe.Pointer(unsafe.SliceData(b)), len(b), h)
}

// hashLong hashes the n bytes at p, 16 at least. Two chains of multiplications run side by side; the last 16 bytes may be read twice.
func hashLong(p unsafe.Pointer, n int, h uint64) uint64 {
	last := unsafe.Add(p, n-16)
	if n > 32 {
		other := h ^ mix2
		for ; n > 32; n -= 32 {
			h = fold(load(p, 0)^mix1^h, load(p, 8)^mix2)
			other = fold(load(p, 16)^mix0^other, load(p, 24)^mix1)
			p = unsafe.Add(p, 32)
		}
		h ^= other
	}
	if n > 16 {
		h = fold(load(p, 0)^mix1^h, load(p, 8)^mix2)
	}
	return fold(load(last, 0)^mix1^h, load(last, 8)^mix2)
}

// load returns the 8 bytes at p plus off, little-endian.
func load(p unsafe.Pointer, off uintptr) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(p, off))[:])
}

// short loads fewer than 16 bytes as two words; they overlap or are padded with zeros.
func short(b []byte) (lo, hi uint64) {
	switch {
	case len(b) >= 8:
		return binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[len(b)-8:])
	case len(b) >= 4:
		return uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[len(b)-4:]))
	case len(b) > 0:
		return uint64(b[0])<<16 | uint64(b[len(b)>>1])<<8 | uint64(b[len(b)-1]), 0
	}
	return 0, 0
}

// HashRows returns, in the memory of hashes, one hash for each row of b that counts, over every value of every column and the row's kind of
// change. Equal values of equal types hash alike; NUMERIC by coefficient and scale as they are.
func HashRows(hashes []uint64, b *Batch) []uint64 {
	n := b.Rows()
	if cap(hashes) < n {
		hashes = make([]uint64, max(n, MaxRows))
	}
	hashes = hashes[:n]
	for i := range hashes {
		hashes[i] = mix0
	}
	if b.Kinds != nil {
		for i := range hashes {
			hashes[i] ^= uint64(b.Kinds[b.Row(i)])
		}
	}
	for _, c := range b.Cols {
		if c != nil {
			hashColumn(hashes, c, b.Sel)
		}
	}
	return hashes
}

// hashColumn mixes the values of c at the rows of sel (nil: all) into hashes.
func hashColumn(hashes []uint64, c *Column, sel []uint16) {
	switch c.Kind() {
	case schema.Int64, schema.Time, schema.Timestamp, schema.TimestampTZ:
		hashInt64(hashes, c, sel)
	case schema.Text, schema.Bytes, schema.JSONB:
		hashText(hashes, c, sel)
	default:
		for i := range hashes {
			row := i
			if sel != nil {
				row = int(sel[i])
			}
			hashes[i] = hashValue(hashes[i], c, row)
		}
	}
}

func hashInt64(hashes []uint64, c *Column, sel []uint16) {
	values := c.Int64s()
	switch {
	case c.Valid() != nil:
		for i := range hashes {
			row := i
			if sel != nil {
				row = int(sel[i])
			}
			if c.IsNull(row) {
				hashes[i] = fold(hashes[i]^null, mix1)
			} else {
				hashes[i] = fold(hashes[i]^uint64(values[row]), mix1)
			}
		}
	case sel == nil:
		values = values[:len(hashes)]
		for i, v := range values {
			hashes[i] = fold(hashes[i]^uint64(v), mix1)
		}
	default:
		for i, row := range sel {
			hashes[i] = fold(hashes[i]^uint64(values[row]), mix1)
		}
	}
}

func hashText(hashes []uint64, c *Column, sel []uint16) {
	views := c.Views()
	if c.Valid() == nil && sel == nil {
		views = views[:len(hashes)]
		for i := range views {
			hashes[i] = c.hashView(&views[i], hashes[i])
		}
		return
	}
	for i := range hashes {
		row := i
		if sel != nil {
			row = int(sel[i])
		}
		if c.IsNull(row) {
			hashes[i] = fold(hashes[i]^null, mix1)
			continue
		}
		hashes[i] = c.hashView(&views[row], hashes[i])
	}
}

// hashView hashes what v stands for: a value that lies in the view by the view's two words.
func (c *Column) hashView(v *View, h uint64) uint64 {
	if v.Len <= InlineLen {
		p := unsafe.Pointer(v)
		return fold(load(p, 0)^mix1^h, load(p, 8)^mix2)
	}
	data := c.bufs[v.Buf].Data
	b := data[v.Off : uint64(v.Off)+uint64(v.Len)]
	if len(b) < 16 {
		lo, hi := short(b)
		return fold(lo^mix1^h, hi^mix2)
	}
	return hashLong(unsafe.Pointer(unsafe.SliceData(b)), len(b), h^uint64(len(b))*mix0)
}

// hashValue mixes one value of any kind into h.
func hashValue(h uint64, c *Column, row int) uint64 {
	if c.Kind() != schema.Null && c.IsNull(row) {
		return fold(h^null, mix1)
	}
	switch c.Kind() {
	case schema.Bool:
		if c.Bits().Get(row) {
			return fold(h^1, mix1)
		}
		return fold(h^2, mix1)
	case schema.Int16:
		return fold(h^uint64(c.Int16s()[row]), mix1)
	case schema.Int32, schema.Date:
		return fold(h^uint64(c.Int32s()[row]), mix1)
	case schema.Float32:
		return fold(h^uint64(math.Float32bits(c.Float32s()[row])), mix1)
	case schema.Float64:
		return fold(h^math.Float64bits(c.Float64s()[row]), mix1)
	case schema.Numeric:
		coef := c.Coefs()[row]
		return fold(h^coef.Lo^mix2, uint64(coef.Hi)^uint64(c.ScaleAt(row))^mix1)
	case schema.Interval:
		iv := c.Intervals()[row]
		return fold(h^uint64(iv.Micros), uint64(uint32(iv.Months))<<32^uint64(uint32(iv.Days))^mix1)
	case schema.UUID:
		u := c.UUIDs()[row]
		return HashBytes(u[:], h)
	case schema.Array:
		return hashArray(h, c, row)
	case schema.Row:
		for _, k := range c.kids {
			if k != nil {
				h = hashValue(h, k, row)
			}
		}
		return fold(h, mix2)
	case schema.Int64, schema.Time, schema.Timestamp, schema.TimestampTZ:
		return fold(h^uint64(c.Int64s()[row]), mix1)
	case schema.Text, schema.Bytes, schema.JSONB:
		return HashBytes(c.Bytes(row), h)
	default:
		return fold(h^null, mix1)
	}
}

func hashArray(h uint64, c *Column, row int) uint64 {
	offsets := c.Offsets()
	from, to := offsets[row], offsets[row+1]
	h = fold(h^uint64(to-from), mix2)
	for i := from; i < to; i++ {
		h = hashValue(h, c.kids[0], int(i))
	}
	return h
}
