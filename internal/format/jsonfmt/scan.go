package jsonfmt

import (
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
	quotes    = 0x2222222222222222
	slashes   = 0x5c5c5c5c5c5c5c5c
	zeros     = 0x3030303030303030
	overDigit = 0x7676767676767676 // added to 0..9 stays below 0x80, to more does not
)

// at returns the byte i of the block.
func at(p unsafe.Pointer, i int) byte { return *(*byte)(unsafe.Add(p, i)) }

// load returns the eight bytes from i on.
func load(p unsafe.Pointer, i int) uint64 { return *(*uint64)(unsafe.Add(p, i)) }

// special marks, in the high bits, the first byte of x that ends a run of plain text: a quote, a backslash, a control character or a byte
// beyond ASCII. Marks above the first may be wrong, since subtraction borrows upwards.
func special(x uint64) uint64 {
	return ((x - spaces) | ((x ^ quotes) - ones) | ((x ^ slashes) - ones) | x) & highBits
}

// stop is special but for bytes beyond ASCII, which it passes over.
func stop(x uint64) uint64 {
	return ((x - spaces) | ((x ^ quotes) - ones) | ((x ^ slashes) - ones)) & highBits &^ x
}

// stringEnd returns the end of the string whose first byte is i: its closing quote, or -1 if a control character comes before. escaped and
// wide tell whether it holds backslashes or bytes beyond ASCII.
func stringEnd(p unsafe.Pointer, i int) (end int, escaped, wide bool) {
	for {
		x := load(p, i)
		m := stop(x)
		if m == 0 {
			wide = wide || x&highBits != 0
			i += 8
			continue
		}
		n := uint(bits.TrailingZeros64(m)) &^ 7
		wide = wide || x&(1<<n-1)&highBits != 0
		i += int(n >> 3) //nolint:gosec // below 8
		switch at(p, i) {
		case '"':
			return i, escaped, wide
		case '\\':
			if at(p, i+1) < ' ' {
				return -1, true, wide
			}
			escaped = true
			i += 2
		default:
			return -1, escaped, wide
		}
	}
}

// skipSpace returns the first byte from i on that is no blank, tab or carriage return. A line feed ends the row and is not passed.
func skipSpace(p unsafe.Pointer, i int) int {
	for c := at(p, i); c == ' ' || c == '\t' || c == '\r'; c = at(p, i) {
		i++
	}
	return i
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
var pow10 = [maxShort + 1]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

// shortIntegerEnd returns the byte after the integer at i, which begins with a digit from 1 to 9, or 0 if it has more than 15 digits or
// goes on as another number.
func shortIntegerEnd(p unsafe.Pointer, i int) int {
	n := digitCount(load(p, i) ^ zeros)
	if n == 8 {
		n += digitCount(load(p, i+8) ^ zeros)
	}
	if c := at(p, i+n); n == 16 || c == '.' || c|0x20 == 'e' {
		return 0
	}
	return i + n
}

// plainInteger reads an integer of at most 19 digits at i. end is 0 if there is none, or it is longer or no BIGINT, or it goes on as
// another number.
func plainInteger(p unsafe.Pointer, i int) (v int64, end int) {
	negative := at(p, i) == '-'
	if negative {
		i++
	}
	x := load(p, i) ^ zeros
	n := digitCount(x)
	if n == 0 || (x&0xff == 0 && n > 1) {
		return 0, 0
	}
	u := eightDigits(x << (64 - 8*uint(n))) //nolint:gosec // 1..8
	if n == 8 {
		var more int
		u, more = longInteger(p, i+8, u)
		n += more
	}
	if c := at(p, i+n); c == '.' || c|0x20 == 'e' || c-'0' <= 9 {
		return 0, 0
	}
	if u >= 1<<63 {
		return 0, 0
	}
	v = int64(u)
	if negative {
		v = -v
	}
	return v, i + n
}

// longInteger adds to u, the eight digits before i, at most eleven that follow; more says how many.
func longInteger(p unsafe.Pointer, i int, u uint64) (_ uint64, more int) {
	x := load(p, i) ^ zeros
	if more = digitCount(x); more < 8 {
		return u*pow10[more] + eightDigits(x<<(64-8*uint(more))), more //nolint:gosec // 0..7
	}
	u = u*pow10[8] + eightDigits(x)
	x = load(p, i+8) ^ zeros
	last := min(digitCount(x), 3)
	return u*pow10[last] + eightDigits(x<<(64-8*uint(last))), 8 + last //nolint:gosec // 0..3
}

// shortDecimal reads a number without exponent of at most 18 digits at i as coef / 10^scale. end is 0 if there is none, or it is longer or
// goes on as another number.
func shortDecimal(p unsafe.Pointer, i int) (coef int64, scale, end int) {
	negative := at(p, i) == '-'
	if negative {
		i++
	}
	u, n := digitRun(p, i)
	if n == 0 || n > 16 || n > 1 && at(p, i) == '0' {
		return 0, 0, 0
	}
	i += n
	if at(p, i) == '.' {
		fraction, digits := digitRun(p, i+1)
		if digits == 0 || digits > 16 || n+digits > maxShort {
			return 0, 0, 0
		}
		u, scale = u*pow10[digits]+fraction, digits
		i += 1 + digits
	}
	if at(p, i)|0x20 == 'e' {
		return 0, 0, 0
	}
	if coef = int64(u); negative { //nolint:gosec // below 10^18
		coef = -coef
	}
	return coef, scale, i
}

// digitRun reads the digits from i on, n of them. n is 17 if there are more than 16; v is then wrong.
func digitRun(p unsafe.Pointer, i int) (v uint64, n int) {
	x := load(p, i) ^ zeros
	if n = digitCount(x); n < 8 {
		return eightDigits(x << (64 - 8*uint(n))), n //nolint:gosec // 0..7
	}
	y := load(p, i+8) ^ zeros
	m := digitCount(y)
	v = eightDigits(x)*pow10[m] + eightDigits(y<<(64-8*uint(m))) //nolint:gosec // 0..8
	if n += m; n == 16 && at(p, i+16)-'0' <= 9 {
		n++
	}
	return v, n
}
