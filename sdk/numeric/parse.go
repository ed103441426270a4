package numeric

import (
	"math"
	"math/bits"
	"unsafe"
)

// Parse reads PostgreSQL's text form of a NUMERIC: optional white space, sign, digits with at most one point, exponent; or NaN, Infinity, inf
// in any case. The scale is as written, less the exponent. Errors: 22P02 for bad syntax, 22003 for more than 38 digits. It does not keep b.
func Parse(b []byte) (Decimal, error) {
	if d, ok := parseShort(b); ok {
		return d, nil
	}
	return parseLong(b)
}

// ParseString is Parse for a string.
func ParseString(s string) (Decimal, error) {
	return Parse(unsafe.Slice(unsafe.StringData(s), len(s))) // Parse neither writes to its argument nor keeps it
}

// parseShort handles what nearly every number in data looks like: at most 18 digits, perhaps a sign and a point, nothing else.
func parseShort(b []byte) (Decimal, bool) {
	digits := b
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > 19 {
		return Decimal{}, false
	}
	const pointOffset = 256 + '.' - '0' // what a point becomes below, modulo 256
	var coef uint64
	point := -1
	for i, c := range digits {
		c -= '0'
		if c <= 9 {
			coef = coef*10 + uint64(c)
			continue
		}
		if c != pointOffset || point >= 0 {
			return Decimal{}, false
		}
		point = i
	}
	scale := 0
	if point >= 0 {
		scale = len(digits) - 1 - point
	}
	if len(digits) == 1 && point == 0 || len(digits) == 19 && point < 0 {
		return Decimal{}, false
	}
	value := int64(coef)
	if negative {
		value = -value
	}
	return Decimal{Coef: Int128FromInt64(value), Scale: int16(scale)}, true
}

func parseLong(text []byte) (Decimal, error) {
	b := trimSpace(text)
	if d, ok := parseSpecial(b); ok {
		return d, nil
	}
	var m mantissa
	b = m.sign(b)
	n := m.digits(b)
	if n == 0 {
		return Decimal{}, errSyntax(text)
	}
	exponent := 0
	if b = b[n:]; len(b) > 0 {
		if b[0] != 'e' && b[0] != 'E' {
			return Decimal{}, errSyntax(text)
		}
		var ok bool
		if exponent, ok = parseExponent(b[1:]); !ok {
			return Decimal{}, errSyntax(text)
		}
	}
	return m.decimal(exponent)
}

// mantissa collects the digits before the exponent.
type mantissa struct {
	negative bool
	tooLong  bool    // coef would have needed more than 38 digits
	coef     uint128 // the digits up to the last that is not zero
	length   int     // how many digits coef has
	zeros    int     // zeros seen after the digits in coef
	fraction int     // digits seen after the point
}

// sign consumes an optional sign.
func (m *mantissa) sign(b []byte) []byte {
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		m.negative = b[0] == '-'
		return b[1:]
	}
	return b
}

// digits reads digits with at most one point and returns how many bytes they are: 0 if b does not start with a digit, or a point and a digit.
func (m *mantissa) digits(b []byte) int {
	point := -1
	for i, c := range b {
		if c == '.' && point < 0 {
			point = i
			continue
		}
		if c < '0' || c > '9' {
			if i == 1 && point == 0 {
				return 0
			}
			return i
		}
		if point >= 0 {
			m.fraction++
		}
		m.push(c - '0')
	}
	if len(b) == 1 && point == 0 {
		return 0
	}
	return len(b)
}

// push appends a digit. Zeros wait until a digit follows, so that trailing ones cost no room.
func (m *mantissa) push(digit byte) {
	if digit == 0 {
		if m.length > 0 {
			m.zeros++
		}
		return
	}
	shift := m.zeros + 1
	if m.length == 0 {
		shift = 1
	}
	m.zeros = 0
	m.length += shift
	if m.length > MaxDigits {
		m.tooLong = true
		m.length = MaxDigits + 1
		return
	}
	for ; shift > 0; shift -= 19 {
		power := pow10u64[min(shift, 19)]
		hi, lo := bits.Mul64(m.coef.lo, power)
		m.coef = uint128{hi: m.coef.hi*power + hi, lo: lo}
	}
	m.coef = m.coef.add(uint128{lo: uint64(digit)})
}

// decimal applies the exponent.
func (m *mantissa) decimal(exponent int) (Decimal, error) {
	const (
		exponentBound = math.MaxInt32 / 2 // PostgreSQL's bounds on exponent and display scale
		scaleBound    = 1<<14 - 1
	)
	scale := max(m.fraction-exponent, 0)
	if m.tooLong || exponent >= exponentBound || exponent <= -exponentBound || scale > scaleBound {
		return Decimal{}, errOverflow()
	}
	scale = min(scale, MaxDigits)
	if m.length == 0 {
		return Decimal{Scale: int16(scale)}, nil
	}
	shift := m.zeros - m.fraction + exponent + scale
	if shift < 0 || m.length+shift > MaxDigits {
		return Decimal{}, errOverflow()
	}
	u, _ := m.coef.mul(pow10[shift]).narrow()
	return Decimal{Coef: signed(m.negative, u), Scale: int16(scale)}, nil
}

// parseExponent reads what follows the e as C's strtol does: white space, sign, digits to the end. Large values saturate.
func parseExponent(b []byte) (int, bool) {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	var m mantissa
	b = m.sign(b)
	if len(b) == 0 {
		return 0, false
	}
	value := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		value = min(value*10+int(c-'0'), math.MaxInt32)
	}
	if m.negative {
		value = -value
	}
	return value, true
}

// parseSpecial recognizes NaN and the infinities.
func parseSpecial(b []byte) (Decimal, bool) {
	var m mantissa
	word := m.sign(b)
	switch {
	case foldEqual(word, "inf") || foldEqual(word, "infinity"):
		if m.negative {
			return Inf(-1), true
		}
		return Inf(1), true
	case foldEqual(b, "nan"):
		return NaN(), true
	default:
		return Decimal{}, false
	}
}

// foldEqual compares b with lower, ignoring the case of ASCII letters.
func foldEqual(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

func trimSpace(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// isSpace is C's isspace in the C locale.
func isSpace(c byte) bool { return c == ' ' || (c >= '\t' && c <= '\r') }
