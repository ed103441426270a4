package keyed

import (
	"encoding/binary"
	"math"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
)

// PrefixLen is the length in bytes of a Prefix.
const PrefixLen = 16

// Prefix is the beginning of a row's sort keys in a form that orders as they do: Prefix.Hi decides, then Lo. Rows whose prefixes are equal may
// still differ unless the order is Exact.
type Prefix struct{ Hi, Lo uint64 }

// Less reports whether p comes before q.
func (p Prefix) Less(q Prefix) bool { return p.Hi < q.Hi || p.Hi == q.Hi && p.Lo < q.Lo }

// Exact reports whether rows with equal prefixes are equal in this order.
func (o *Order) Exact() bool { return o.exact }

// prefixer writes what is not NULL in row i of c into dst, all of whose bytes it sets.
type prefixer func(dst []byte, c *batch.Column, i int)

// planPrefix gives keys their places: whole ones as long as they fit, then as much as possible of the one that does not.
func (o *Order) planPrefix(types []schema.Type) {
	at := 0
	o.exact = true
	for i := range o.keys {
		k := &o.keys[i]
		write, size, whole := prefixerOf(types[k.Column].Kind)
		room := PrefixLen - at - 1 // the first byte says whether it is NULL
		if write == nil || room < 1 || size > room && whole {
			whole = false
			if write = shortPrefixer(types[k.Column].Kind, room); write == nil {
				o.exact = false
				return
			}
		}
		if !whole {
			size = room
		}
		k.prefix, k.at, k.size, k.whole = write, at, size+1, whole
		at += size + 1
		if !whole {
			o.exact = false
			return
		}
	}
}

// prefixerOf returns how values of a kind are written, in how many bytes, and whether these say all.
func prefixerOf(kind schema.Kind) (write prefixer, size int, whole bool) {
	switch kind {
	case schema.Bool:
		return func(dst []byte, c *batch.Column, i int) { dst[0] = byte(fixedWord(c, i)) }, 1, true
	case schema.Int16:
		return func(dst []byte, c *batch.Column, i int) {
			binary.BigEndian.PutUint16(dst, uint16(c.Int16s()[i])^1<<15)
		}, 2, true
	case schema.Int32, schema.Date:
		return func(dst []byte, c *batch.Column, i int) {
			binary.BigEndian.PutUint32(dst, uint32(c.Int32s()[i])^1<<31)
		}, 4, true
	case schema.Int64, schema.Time, schema.Timestamp, schema.TimestampTZ:
		return func(dst []byte, c *batch.Column, i int) {
			binary.BigEndian.PutUint64(dst, uint64(c.Int64s()[i])^1<<63)
		}, 8, true
	case schema.Float32, schema.Float64:
		return func(dst []byte, c *batch.Column, i int) {
			binary.BigEndian.PutUint64(dst, orderedFloat(fixedWord(c, i)))
		}, 8, true
	case schema.Numeric:
		return numericPrefix, 8, false
	case schema.Interval:
		return intervalPrefix, 8, false
	case schema.Text, schema.Bytes:
		return textPrefix, 1, false
	case schema.UUID:
		return func(dst []byte, c *batch.Column, i int) { copy(dst, c.UUIDs()[i][:]) }, PrefixLen, true
	default:
		return nil, 0, false
	}
}

// shortPrefixer writes as many bytes of a kind as there is room for.
func shortPrefixer(kind schema.Kind, room int) prefixer {
	full, size, _ := prefixerOf(kind)
	if full == nil || room < 1 {
		return nil
	}
	return func(dst []byte, c *batch.Column, i int) {
		var all [PrefixLen]byte
		full(all[:size], c, i)
		copy(dst, all[:])
	}
}

// orderedFloat makes the bits of a double, without -0 and with one NaN, order as numbers do, NaN last.
func orderedFloat(w uint64) uint64 {
	if w>>63 != 0 {
		return ^w
	}
	return w | 1<<63
}

// numericPrefix writes the nearest double, which is never below that of a smaller number.
func numericPrefix(dst []byte, c *batch.Column, i int) {
	var all [8]byte
	binary.BigEndian.PutUint64(all[:], orderedFloat(floatWord(nearestFloat(c.Decimal(i)))))
	clear(dst)
	copy(dst, all[:])
}

func nearestFloat(d numeric.Decimal) float64 {
	switch {
	case d.IsNaN():
		return math.NaN()
	case d.IsInf():
		return math.Inf(numeric.Sign(d))
	}
	return d.Float64()
}

// intervalPrefix writes the days of an interval, 30 a month and time included.
func intervalPrefix(dst []byte, c *batch.Column, i int) {
	v := c.Intervals()[i].Canonical()
	days := int64(v.Months)*30 + int64(v.Days)
	if v.Micros < 0 {
		days-- // the whole days below
	}
	var all [8]byte
	binary.BigEndian.PutUint64(all[:], uint64(days)^1<<63)
	clear(dst)
	copy(dst, all[:])
}

// textPrefix writes the first bytes, and zeros after the end.
func textPrefix(dst []byte, c *batch.Column, i int) {
	n := copy(dst, c.Bytes(i))
	clear(dst[n:])
}

// Prefixes sets prefixes to those of n rows of cols: those of rows, or the first n.
func (o *Order) Prefixes(cols []*batch.Column, rows []uint16, prefixes []Prefix) {
	clear(prefixes)
	for k := range o.keys {
		key := &o.keys[k]
		if key.size == 0 {
			break
		}
		if c := cols[key.Column]; c != nil && isLong(c.Kind()) {
			key.longPrefixes(c, rows, prefixes)
			continue
		}
		for i := range prefixes {
			row := i
			if rows != nil {
				row = int(rows[i])
			}
			p := key.prefixOf(cols, row)
			prefixes[i].Hi |= p.Hi
			prefixes[i].Lo |= p.Lo
		}
	}
}

// isLong reports whether values of a kind are numbers of 64 bits in the order of these.
func isLong(kind schema.Kind) bool {
	switch kind {
	case schema.Int64, schema.Time, schema.Timestamp, schema.TimestampTZ:
		return true
	default:
		return false
	}
}

// What stands before a value in a prefix.
const (
	nullBefore = 0
	notNull    = 1
	nullBehind = 2
)

// longPrefixes puts the values of a column of numbers of 64 bits in prefixes.
func (k *orderKey) longPrefixes(c *batch.Column, rows []uint16, prefixes []Prefix) {
	turn, cut := uint64(1<<63), 8*(1+8-k.size) // bits that are turned, and those at the end that have no room
	if k.Desc {
		turn = ^turn
	}
	null := uint64(nullBehind)
	if k.NullsFirst {
		null = nullBefore
	}
	left := PrefixLen*8 - 72 - k.at*8 // how far the 72 bits lie from the end
	values, nulls := c.Int64s(), c.HasNulls()
	for i := range prefixes {
		row := i
		if rows != nil {
			row = int(rows[i])
		}
		hi, lo := uint64(notNull), (uint64(values[row])^turn)>>cut<<cut
		if nulls && c.IsNull(row) {
			hi, lo = null, 0
		}
		if left >= 0 {
			prefixes[i].Hi |= hi<<left | lo>>(64-left)
			prefixes[i].Lo |= lo << left
		} else {
			prefixes[i].Hi |= hi >> -left
			prefixes[i].Lo |= lo>>-left | hi<<(64+left)
		}
	}
}

func (o *Order) prefix(cols []*batch.Column, row int) (p Prefix) {
	for k := range o.keys {
		key := &o.keys[k]
		if key.size == 0 {
			break
		}
		if c := cols[key.Column]; c != nil && isLong(c.Kind()) {
			one, rows := [1]Prefix{p}, [1]uint16{uint16(row)}
			key.longPrefixes(c, rows[:], one[:])
			p = one[0]
			continue
		}
		part := key.prefixOf(cols, row)
		p.Hi |= part.Hi
		p.Lo |= part.Lo
	}
	return p
}

// prefixOf returns a prefix that has this key alone.
func (k *orderKey) prefixOf(cols []*batch.Column, row int) Prefix {
	var all [PrefixLen]byte
	c, dst := cols[k.Column], all[k.at:k.at+k.size]
	switch {
	case !isNull(c, row):
		dst[0] = notNull
		k.prefix(dst[1:], c, row)
		if k.Desc {
			for i := 1; i < len(dst); i++ {
				dst[i] = ^dst[i]
			}
		}
	case !k.NullsFirst:
		dst[0] = nullBehind
	}
	return Prefix{Hi: binary.BigEndian.Uint64(all[:8]), Lo: binary.BigEndian.Uint64(all[8:])}
}
