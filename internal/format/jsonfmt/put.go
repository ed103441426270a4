package jsonfmt

import (
	"math/bits"
	"strconv"
	"unsafe"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/temporal"
)

// The functions here write at p+n, where enough bytes are free (see encoder.fixed), and return what n becomes. They may write some bytes
// more than they count.

// store writes eight bytes at p+n.
func store(p unsafe.Pointer, n int, x uint64) { *(*uint64)(unsafe.Add(p, n)) = x }

func putNull(p unsafe.Pointer, n int) int {
	*(*[4]byte)(unsafe.Add(p, n)) = [4]byte{'n', 'u', 'l', 'l'}
	return n + 4
}

// eight is 10^8.
const eight = 100_000_000

// digitWord returns the eight digits of v, which is below 10^8, as values 0..9, the first in the lowest byte. All are made at once, byte by
// byte in one word (Paul Khuong, "How to print integers really fast", 2017).
func digitWord(v uint64) uint64 {
	halves := v/10000 | v%10000<<32
	hundreds := (halves * 10486 >> 20) & (0x7f | 0x7f<<32)
	pairs := hundreds | (halves-100*hundreds)<<16
	tens := (pairs * 103 >> 10) & (0xf | 0xf<<16 | 0xf<<32 | 0xf<<48)
	return tens | (pairs-10*tens)<<8
}

// putInt puts v in decimal.
func putInt(p unsafe.Pointer, n int, v int64) int {
	if uint64(v) >= eight { //nolint:gosec // negative numbers become large
		return putWide(p, n, v)
	}
	// The digit 0 of the number 0 is kept by the bit that is set above all digits but the last.
	digits := digitWord(uint64(v)) //nolint:gosec // not negative
	skip := uint(bits.TrailingZeros64(digits|1<<56)) &^ 7
	store(p, n, (digits|zeros)>>skip)
	return n + 8 - int(skip>>3) //nolint:gosec // below 8
}

// putWide is putInt for numbers that are negative or have more than eight digits.
func putWide(p unsafe.Pointer, n int, v int64) int {
	u := uint64(v) //nolint:gosec // negated below if need be
	if v < 0 {
		*(*byte)(unsafe.Add(p, n)) = '-'
		n++
		u = -u
	}
	switch {
	case u < eight:
		return putInt(p, n, int64(u)) //nolint:gosec // below 10^8
	case u < eight*eight:
		n = putInt(p, n, int64(u/eight)) //nolint:gosec // below 10^8
		store(p, n, digitWord(u%eight)|zeros)
		return n + 8
	}
	return n + len(strconv.AppendUint(unsafe.Slice((*byte)(unsafe.Add(p, n)), 20)[:0], u, 10))
}

// putDecimal puts row of a NUMERIC column. 0 means that it is no number, or needs more than 18 digits or eight behind the point.
func putDecimal(p unsafe.Pointer, n int, c *batch.Column, row int) int {
	coef, scale := c.Coefs()[row], int(c.ScaleAt(row))
	if uint(scale) > 8 || !coef.FitsInt64() { //nolint:gosec // what marks NaN and infinities is negative and becomes large
		return 0
	}
	u := uint64(coef.Int64()) //nolint:gosec // negated below if need be
	if coef.Hi < 0 {
		*(*byte)(unsafe.Add(p, n)) = '-'
		n++
		u = -u
	}
	whole := u / pow10[scale]
	if whole >= pow10[maxShort] {
		return 0
	}
	n = putInt(p, n, int64(whole)) //nolint:gosec // below 10^18
	if scale == 0 {
		return n
	}
	*(*byte)(unsafe.Add(p, n)) = '.'
	store(p, n+1, digitWord((u-whole*pow10[scale])*pow10[8-scale])|zeros)
	return n + 1 + scale
}

// plainStamps bounds the timestamps, from 1970 on, whose year has four digits.
const plainStamps = 253402300800 * temporal.Second

// minuteText remembers the text of the minute put last: few rows begin a new one.
type minuteText struct {
	minute uint64 // since 1970, plus one; 0: none yet
	text   [2]uint64
}

// put puts the timestamp v, which is below plainStamps and not negative, in quotes, with a T between date and time.
func (m *minuteText) put(p unsafe.Pointer, n int, v int64) int {
	minute := uint64(v) / minuteMicros      //nolint:gosec // not negative
	rest := uint64(v) - minute*minuteMicros //nolint:gosec // not negative
	if m.minute != minute+1 {
		m.minute = minute + 1
		var room [32]byte
		temporal.AppendTimestampISO(room[:0], v)
		m.text = *(*[2]uint64)(unsafe.Pointer(&room))
	}
	*(*byte)(unsafe.Add(p, n)) = '"'
	*(*[2]uint64)(unsafe.Add(p, n+1)) = m.text
	n += 1 + stampMinuteLen
	// Seconds and fraction are eight digits. They are put as ":ss.ffffff", then cut behind the last that is not 0.
	digits := digitWord(rest)
	last := (bits.Len64(digits) + 7) >> 3
	digits |= zeros
	store(p, n, ':'|digits&0xffff<<8|'.'<<24|digits>>16<<32)
	*(*uint16)(unsafe.Add(p, n+8)) = uint16(digits >> 48) //nolint:gosec // two digits
	if last > 2 {
		n += last + 2
	} else {
		n += 3
	}
	*(*byte)(unsafe.Add(p, n)) = '"'
	return n + 1
}

// putShort puts a text that its view holds, in quotes. false means that it needs escapes.
func putShort(p unsafe.Pointer, n int, view *batch.View) bool {
	words := (*[2]uint64)(unsafe.Pointer(view))
	lo, hi := words[0]>>32|words[1]<<32, words[1]>>32
	mask := &keepBytes[view.Len&15]
	if stop(lo)&mask[0]|stop(hi)&mask[1] != 0 {
		return false
	}
	*(*byte)(unsafe.Add(p, n)) = '"'
	store(p, n+1, lo)
	store(p, n+9, hi)
	*(*byte)(unsafe.Add(p, n+1+int(view.Len))) = '"'
	return true
}

// putLong puts the text of size bytes at text, more than eight, in quotes. false means that it needs escapes.
func putLong(p unsafe.Pointer, n int, text unsafe.Pointer, size int) bool {
	*(*byte)(unsafe.Add(p, n)) = '"'
	out := unsafe.Add(p, n+1)
	i := 0
	for ; i+16 <= size; i += 16 {
		x, y := load(text, i), load(text, i+8)
		if stop(x)|stop(y) != 0 {
			return false
		}
		store(out, i, x)
		store(out, i+8, y)
	}
	if i+8 <= size {
		x := load(text, i)
		if stop(x) != 0 {
			return false
		}
		store(out, i, x)
	}
	x := load(text, size-8) // some of it a second time
	store(out, size-8, x)
	*(*byte)(unsafe.Add(out, size)) = '"'
	return stop(x) == 0
}
