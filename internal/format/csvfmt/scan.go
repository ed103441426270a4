package csvfmt

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unsafe"

	"wire.example/wire/sdk/codec"
)

// padding is how many readable bytes must follow the data of a block. The widest load starts at its last byte and takes 16.
const padding = codec.Padding

// Words of eight equal bytes, for work on eight bytes at a time (little endian).
const (
	highBits  = 0x8080808080808080
	ones      = 0x0101010101010101
	spaces    = 0x2020202020202020
	zeros     = 0x3030303030303030
	overDigit = 0x7676767676767676 // added to 0..9 stays below 0x80, to more does not
)

// at returns the byte i of the block.
func at(p unsafe.Pointer, i int) byte { return *(*byte)(unsafe.Add(p, i)) }

// load returns the eight bytes from i on.
func load(p unsafe.Pointer, i int) uint64 { return *(*uint64)(unsafe.Add(p, i)) }

// words are two characters that end a run of plain text, eight times each.
type words struct{ first, second uint64 }

// outsideWords are the delimiter and the quote.
func (s *syntax) outsideWords() words {
	w := words{first: ones * uint64(s.delimiter), second: ones * uint64(s.quote)}
	if s.quote == 0 {
		w.second = w.first
	}
	return w
}

// insideWords are the quote and what escapes it.
func (s *syntax) insideWords() words {
	w := words{first: ones * uint64(s.quote), second: ones * uint64(s.quote)}
	if s.backslash {
		w.second = ones * '\\'
	}
	return w
}

// special marks, in the high bits, the first byte of x that ends a run of plain text: one of the characters, a control character or a byte
// beyond ASCII. Marks above the first may be wrong, since subtraction borrows upwards.
func (w *words) special(x uint64) uint64 {
	return ((x - spaces) | ((x ^ w.first) - ones) | ((x ^ w.second) - ones) | x) & highBits
}

// isPlain reports whether text, beyond ASCII or not, holds neither of the characters and no control character.
func (w *words) isPlain(text []byte) bool {
	for ; len(text) >= 8; text = text[8:] {
		if x := binary.LittleEndian.Uint64(text); ((x-spaces)|((x^w.first)-ones)|((x^w.second)-ones))&highBits&^x != 0 {
			return false
		}
	}
	for _, c := range text {
		if c < ' ' || c == byte(w.first) || c == byte(w.second) {
			return false
		}
	}
	return true
}

// nearBytes is how far indexByte looks by itself.
const nearBytes = 64

// indexByte is bytes.IndexByte for a byte, eight times in w, that is probably near.
func indexByte(data []byte, w uint64) int {
	i := 0
	for ; i+8 <= len(data) && i < nearBytes; i += 8 {
		x := binary.LittleEndian.Uint64(data[i:]) ^ w
		if m := (x - ones) &^ x & highBits; m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	if n := bytes.IndexByte(data[i:], byte(w)); n >= 0 {
		return i + n
	}
	return -1
}

// plainEnd returns the first byte from i on that is special.
func (w *words) plainEnd(p unsafe.Pointer, i int) int {
	for {
		if m := w.special(load(p, i)); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
}

// digitCount returns how many of the eight bytes of x, which are xor-ed with zeros, are digits before the first that is not.
func digitCount(x uint64) int {
	return bits.TrailingZeros64(((x+overDigit)|x)&highBits) >> 3
}

// eightDigits is the number whose digits, most significant first, are the bytes of x.
func eightDigits(x uint64) uint64 {
	x = x*10 + x>>8
	return ((x&0x000000ff000000ff)*(100+1000000<<32) + (x>>16&0x000000ff000000ff)*(1+10000<<32)) >> 32
}

//nolint:gochecknoglobals // immutable table
var pow10 = [9]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}

// plainInteger reads an integer of at most 15 digits at i. end is 0 if there is none, or it is longer.
func plainInteger(p unsafe.Pointer, i int) (v int64, end int) {
	negative := at(p, i) == '-'
	if negative {
		i++
	}
	x := load(p, i) ^ zeros
	n := digitCount(x)
	if n == 0 {
		return 0, 0
	}
	u := eightDigits(x << (64 - 8*uint(n))) //nolint:gosec // 1..8
	if n == 8 {
		x = load(p, i+8) ^ zeros
		more := digitCount(x)
		if more == 8 {
			return 0, 0
		}
		u = u*pow10[more] + eightDigits(x<<(64-8*uint(more))) //nolint:gosec // 0..7
		n += more
	}
	v = int64(u) //nolint:gosec // below 10^15
	if negative {
		v = -v
	}
	return v, i + n
}
