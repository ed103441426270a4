package numeric

import "math/bits"

// maxText bounds the text of a Decimal: 38 digits, sign, leading zero, point.
const maxText = MaxDigits + 3

// digitPairs holds "00" to "99".
const digitPairs = "00010203040506070809" + "10111213141516171819" + "20212223242526272829" + "30313233343536373839" +
	"40414243444546474849" + "50515253545556575859" + "60616263646566676869" + "70717273747576777879" +
	"80818283848586878889" + "90919293949596979899"

// Append appends d's text as PostgreSQL writes it: exactly Scale digits after the point, or NaN, Infinity, -Infinity.
func Append(dst []byte, d Decimal) []byte {
	switch d.Scale {
	case ScaleNaN:
		return append(dst, "NaN"...)
	case ScalePosInf:
		return append(dst, "Infinity"...)
	case ScaleNegInf:
		return append(dst, "-Infinity"...)
	default:
		return AppendCoef(dst, d.Coef, int(d.Scale))
	}
}

// String returns d's text as Append writes it.
func (d Decimal) String() string {
	var buf [maxText]byte
	return string(Append(buf[:0], d))
}

// AppendCoef appends the text of coef * 10^-scale. coef must have at most 38 digits and scale must be in 0..38.
func AppendCoef(dst []byte, coef Int128, scale int) []byte {
	var buf [maxText]byte
	u := coef.magnitude()
	at := len(buf)
	if u.hi == 0 {
		at = writeShort(&buf, at, u.lo, scale)
	} else {
		at = writeLong(&buf, u, scale)
	}
	if coef.Hi < 0 {
		at--
		buf[at] = '-'
	}
	return append(dst, buf[at:]...)
}

// writeShort writes v * 10^-scale so that it ends before buf[at] and returns where it starts.
func writeShort(buf *[maxText]byte, at int, v uint64, scale int) int {
	if scale > 0 {
		at, v = writeFraction(buf, at, v, scale)
		at--
		buf[at] = '.'
	}
	return writeInteger(buf, at, v)
}

// writeFraction writes the last count digits of v before buf[at]; it returns where they start and the digits that are left.
func writeFraction(buf *[maxText]byte, at int, v uint64, count int) (int, uint64) {
	for count >= 2 {
		pair := v % 100 * 2
		v /= 100
		at -= 2
		buf[at], buf[at+1] = digitPairs[pair], digitPairs[pair+1]
		count -= 2
	}
	if count > 0 {
		at--
		buf[at] = byte('0' + v%10)
		v /= 10
	}
	return at, v
}

// writeInteger writes v, at least one digit, before buf[at] and returns where it starts.
func writeInteger(buf *[maxText]byte, at int, v uint64) int {
	for v >= 100 {
		pair := v % 100 * 2
		v /= 100
		at -= 2
		buf[at], buf[at+1] = digitPairs[pair], digitPairs[pair+1]
	}
	if v >= 10 {
		at -= 2
		buf[at], buf[at+1] = digitPairs[v*2], digitPairs[v*2+1]
		return at
	}
	at--
	buf[at] = byte('0' + v)
	return at
}

// writeLong writes u * 10^-scale at the end of buf and returns where it starts. It works on two halves of 19 digits.
func writeLong(buf *[maxText]byte, u uint128, scale int) int {
	const half = 19
	at := len(buf)
	high, low := bits.Div64(u.hi, u.lo, pow10u64[half]) // u is below 10^38, so the quotient fits
	if scale < half {
		if scale > 0 {
			at, low = writeFraction(buf, at, low, scale)
			at--
			buf[at] = '.'
		}
		at, _ = writeFraction(buf, at, low, half-scale)
		return writeInteger(buf, at, high)
	}
	at, _ = writeFraction(buf, at, low, half)
	if scale == half {
		at--
		buf[at] = '.'
		return writeInteger(buf, at, high)
	}
	return writeShort(buf, at, high, scale-half)
}
