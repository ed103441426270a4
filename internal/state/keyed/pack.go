package keyed

import (
	"encoding/binary"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// packer makes words of the prefixes of rows.
type packer struct {
	// short says that the text at the end of the prefixes lies in them, in every row, so that they say all of it.
	short bool
	// value are the prefixes of one key, for the rows of a chunk: 16 bytes, as two big-endian words.
	value [2][chunkRows]uint64
}

// fill makes the prefixes of rows: the first 8 bytes in words, the others in spare.
func (p *packer) fill(o *Order, rows *Rows, r run) {
	clear(r.words)
	clear(r.spare)
	last := o.lastPrefixed()
	p.short = last != nil && last.kind == schema.Text
	for from := 0; from < len(r.ids); {
		to, number := from+1, r.ids[from]>>chunkShift
		for to < len(r.ids) && to-from < chunkRows && r.ids[to]>>chunkShift == number {
			to++
		}
		for k := range o.keys {
			key := &o.keys[k]
			if key.size == 0 {
				break
			}
			p.values(key, rows.chunks[number].cols[key.Column], r.ids[from:to])
			p.place(key, r.words[from:to], r.spare[from:to])
		}
		from = to
	}
}

// values sets value to what the prefix holds of a key, from its first byte on.
func (p *packer) values(key *orderKey, c *batch.Column, ids []uint32) {
	const present = 1 << 56
	hi, lo := p.value[0][:len(ids)], p.value[1][:len(ids)]
	if c == nil || c.Kind() == schema.Null {
		for i := range hi {
			hi[i], lo[i] = key.null(), 0
		}
		return
	}
	switch c.Kind() {
	case schema.Int64, schema.Time, schema.Timestamp, schema.TimestampTZ:
		values := c.Int64s()
		for i, id := range ids {
			v := uint64(values[id&(chunkRows-1)]) ^ 1<<63
			hi[i], lo[i] = v>>8, v<<56
		}
	case schema.Int32, schema.Date:
		values := c.Int32s()
		for i, id := range ids {
			hi[i], lo[i] = uint64(uint32(values[id&(chunkRows-1)])^1<<31)<<24, 0
		}
	case schema.Text, schema.Bytes:
		p.texts(key, c, ids)
	default:
		for i, id := range ids {
			var all [PrefixLen]byte
			if row := int(id & (chunkRows - 1)); !c.IsNull(row) {
				key.prefix(all[:key.size-1], c, row)
			}
			a, b := binary.BigEndian.Uint64(all[:8]), binary.BigEndian.Uint64(all[8:])
			hi[i], lo[i] = a>>8, a<<56|b>>8
		}
	}
	if key.Desc {
		for i := range hi {
			hi[i], lo[i] = ^hi[i]&^(0xff<<56), ^lo[i]
		}
	}
	for i := range hi {
		hi[i] |= present
	}
	if c.HasNulls() {
		for i, id := range ids {
			if c.IsNull(int(id & (chunkRows - 1))) {
				hi[i], lo[i] = key.null(), 0
			}
		}
	}
}

// null is what stands for NULL in the first byte.
func (k *orderKey) null() uint64 {
	if k.NullsFirst {
		return 0
	}
	return 2 << 56
}

func (p *packer) texts(key *orderKey, c *batch.Column, ids []uint32) {
	hi, lo := p.value[0][:len(ids)], p.value[1][:len(ids)]
	room := key.size - 1
	for i, id := range ids {
		row := int(id & (chunkRows - 1))
		if c.IsNull(row) {
			continue
		}
		text := c.Bytes(row)
		p.short = p.short && len(text) <= room
		a, b := leading(text)
		hi[i], lo[i] = a>>8, a<<56|b>>8
	}
}

// leading returns the first 16 bytes of text, filled up with zeros, as two big-endian words.
func leading(text []byte) (hi, lo uint64) {
	switch n := len(text); {
	case n >= 16:
		return binary.BigEndian.Uint64(text), binary.BigEndian.Uint64(text[8:])
	case n > 8:
		return binary.BigEndian.Uint64(text), binary.BigEndian.Uint64(text[n-8:]) << (8 * uint(16-n))
	case n == 8:
		return binary.BigEndian.Uint64(text), 0
	case n >= 4:
		return uint64(binary.BigEndian.Uint32(text))<<32 | uint64(binary.BigEndian.Uint32(text[n-4:]))<<(8*uint(8-n)), 0
	default:
		for i, b := range text {
			hi |= uint64(b) << (56 - 8*i)
		}
		return hi, 0
	}
}

// place puts value where the key lies in the prefixes.
func (p *packer) place(key *orderKey, words, spare []uint64) {
	hi, lo := p.value[0][:len(words)], p.value[1][:len(words)]
	keepHi, keepLo := ^uint64(0), ^uint64(0)
	if cut := uint(8 * (PrefixLen - key.size)); cut < 64 {
		keepLo <<= cut
	} else {
		keepHi, keepLo = keepHi<<(cut-64), 0
	}
	spare = spare[:len(words)]
	switch shift := uint(8 * key.at); {
	case shift == 0:
		for i := range words {
			words[i], spare[i] = hi[i]&keepHi, lo[i]&keepLo
		}
	case shift < 64:
		for i := range words {
			a, b := hi[i]&keepHi, lo[i]&keepLo
			words[i] |= a >> shift
			spare[i] |= a<<(64-shift) | b>>shift
		}
	default:
		for i := range words {
			spare[i] |= (hi[i] & keepHi) >> (shift - 64)
		}
	}
}

// pack makes one word of the two of each row: of those bytes that are not the same in all rows, the first 8. It reports whether these are all.
func (p *packer) pack(r run) (complete bool) {
	hi, lo := r.words, r.spare[:len(r.words)]
	firstHi, firstLo := hi[0], lo[0]
	differHi, differLo := uint64(0), uint64(0)
	for i := range hi {
		differHi |= hi[i] ^ firstHi
		differLo |= lo[i] ^ firstLo
	}
	var places [PrefixLen]uint8 // of the bytes that differ, as shifts: 120 is that of the first
	n := 0
	for i := range PrefixLen {
		word, shift := differHi, 56-8*i
		if i >= 8 {
			word, shift = differLo, 120-8*i
		}
		if word>>uint(shift)&0xff != 0 {
			places[n] = uint8(120 - 8*i)
			n++
		}
	}
	switch {
	case n == 0:
		clear(hi)
	case places[0]-places[n-1] < 64: // near each other
		low := uint(places[n-1])
		mask := ^uint64(0) >> (56 - uint(places[0]-places[n-1]))
		for i := range hi {
			if low >= 64 {
				hi[i] = hi[i] >> (low - 64) & mask
			} else {
				hi[i] = (lo[i]>>low | hi[i]<<1<<(63-low)) & mask
			}
		}
	default:
		for i := range hi {
			word := uint64(0)
			for _, place := range places[:min(n, 8)] {
				from := lo[i]
				if place >= 64 {
					from = hi[i]
				}
				word = word<<8 | from>>(place&63)&0xff
			}
			hi[i] = word
		}
	}
	return n <= 8
}
