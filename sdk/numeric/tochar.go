package numeric

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"wire.example/wire/sdk/sqlstate"
)

// AppendDecimal appends d as the template writes it. whole, if not 0, is the number of bits of the integer that d is.
func (t *Template) AppendDecimal(dst []byte, d Decimal, whole int) ([]byte, error) {
	s := t.shape
	switch {
	case s.roman:
		r, err := Round(d, 0)
		if err != nil {
			return dst, err
		}
		n, err := r.Int64()
		switch {
		case d.IsNaN():
			return dst, sqlstate.New(sqlstate.FeatureNotSupported, "cannot convert NaN to integer")
		case d.IsInf():
			return dst, sqlstate.New(sqlstate.FeatureNotSupported, "cannot convert infinity to integer")
		case err != nil || n != int64(int32(n)): //nolint:gosec // tests whether it is one
			return dst, sqlstate.New(sqlstate.NumericValueOutOfRange, "integer out of range")
		}
		return t.write(dst, &s, romanText(n), '+')
	case s.exponent && !d.IsFinite():
		return append(dst, overflowScientific(&s)...), nil
	case s.exponent:
		return append(dst, scientific(d, s.post)...), nil
	}
	if s.shifted {
		var err error
		if d, err = shiftedBy(d, s.multi, whole); err != nil {
			return dst, err
		}
		s.pre += s.multi
	}
	r, err := Round(d, s.post)
	if err != nil {
		return dst, err
	}
	return t.appendNumber(dst, &s, r.String())
}

// shiftedBy is d times ten to the power of digits; of integers of so many bits it has to be one again.
func shiftedBy(d Decimal, digits, whole int) (Decimal, error) {
	if whole == 32 && digits < 10 { // PostgreSQL 15 multiplies without a look at the range
		n, err := d.Int64()
		power := int32(math.Pow(10, float64(digits)))
		return FromInt64(int64(int32(n) * power)), err //nolint:gosec // as said
	}
	power, ok := Rescale10(Int128FromInt64(1), digits)
	if !ok {
		return d, sqlstate.New(sqlstate.NumericValueOutOfRange, "value overflows numeric format")
	}
	out, err := Mul(d, Decimal{Coef: power})
	if err != nil || whole == 0 {
		return out, err
	}
	if _, err := out.Int64(); err != nil {
		return d, sqlstate.New(sqlstate.NumericValueOutOfRange, map[int]string{32: "integer", 64: "bigint"}[whole]+" out of range")
	}
	return out, nil
}

// AppendFloat appends a REAL (of 32 bits) or DOUBLE PRECISION as the template writes it.
func (t *Template) AppendFloat(dst []byte, v float64, bits int) ([]byte, error) {
	s := t.shape
	digits := 15
	if bits == 32 {
		digits = 6
	}
	special := math.IsNaN(v) || math.IsInf(v, 0)
	switch {
	case s.roman:
		r := math.RoundToEven(v)
		if special || r < math.MinInt32 || r > math.MaxInt32 {
			r = 0
		}
		return t.write(dst, &s, romanText(int64(r)), '+')
	case s.exponent && special:
		return append(dst, overflowScientific(&s)...), nil
	case s.exponent:
		if text := strconv.FormatFloat(v, 'e', s.post, 64); text[0] == '-' {
			dst = append(dst, text...)
		} else {
			dst = append(append(dst, ' '), text...)
		}
		return dst, nil
	}
	if s.shifted {
		if v *= math.Pow(10, float64(s.multi)); bits == 32 {
			v = float64(float32(v))
		}
		s.pre += s.multi
	}
	whole := len(fixed(math.Abs(v), 0))
	s.post = max(0, min(s.post, digits-whole))
	return t.appendNumber(dst, &s, fixed(v, s.post))
}

// fixed is v with so many digits behind the point.
func fixed(v float64, post int) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(v, 'f', post, 64)
}

// appendNumber writes a number that has its digits.
func (t *Template) appendNumber(dst []byte, s *shape, number string) ([]byte, error) {
	sign := byte('+')
	if number[0] == '-' {
		sign, number = '-', number[1:]
	}
	if whole := len(number[:indexOr(number, '.')]); whole > s.pre {
		number = strings.Repeat("#", s.pre) + "." + strings.Repeat("#", s.post)
	}
	return t.write(dst, s, number, sign)
}

func indexOr(text string, b byte) int {
	if i := strings.IndexByte(text, b); i >= 0 {
		return i
	}
	return len(text)
}

func overflowScientific(s *shape) string {
	return " " + strings.Repeat("#", s.pre) + "." + strings.Repeat("#", s.post+4)
}

// scientific is d with one digit before the point, post behind it, and an exponent.
func scientific(d Decimal, post int) string {
	text := d.String()
	sign := " "
	if text[0] == '-' {
		sign, text = "-", text[1:]
	}
	digits := strings.TrimLeft(strings.Replace(text, ".", "", 1), "0")
	power := 0
	if digits != "" {
		power = len(digits) - 1
		if at := strings.IndexByte(text, '.'); at >= 0 {
			power -= len(text) - 1 - at
		}
	}
	if want := post + 1; len(digits) <= want {
		digits += strings.Repeat("0", want-len(digits))
	} else {
		up := digits[want] >= '5'
		b := []byte(digits[:want])
		for i := want - 1; up && i >= 0; i-- {
			if up = b[i] == '9'; up {
				b[i] = '0'
			} else {
				b[i]++
			}
		}
		if digits = string(b); up {
			digits = "1" + digits
		}
	}
	whole := len(digits) - post
	out := sign + digits[:whole]
	if post > 0 {
		out += "." + digits[whole:]
	}
	return fmt.Sprintf("%se%+03d", out, power)
}

// romanText is a number from 1 to 3999 in Roman numerals, and 15 marks for any other.
func romanText(n int64) string {
	if n < 1 || n > 3999 {
		return strings.Repeat("#", 15)
	}
	values := []int64{1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1}
	names := []string{"M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"}
	var b strings.Builder
	for i, v := range values {
		for ; n >= v; n -= v {
			b.WriteString(names[i])
		}
	}
	return b.String()
}

// writer writes the digits of a number where a template has places for them.
type writer struct {
	shape
	dst    []byte
	number string
	at     int // of the next digit of number
	sign   byte
	// spaces are places before the first digit, current counts places, count is how many there are.
	spaces, current, count int
	signed                 bool // the sign is written, or not wanted
	inNumber               bool
	// last is the last digit that has to be written, -1 if all have.
	last int
	// end is where the text ends, if not -1: PostgreSQL ends it where a template asks for more digits than a DOUBLE PRECISION has.
	end int
	err error
}

// write writes a number, whose sign is apart.
func (t *Template) write(dst []byte, s *shape, number string, sign byte) ([]byte, error) {
	w := &writer{shape: *s, dst: dst, number: number, sign: sign, last: -1, end: -1}
	if w.zeroStart > 0 {
		w.zeroStart--
	}
	if w.roman {
		w.shape = shape{roman: true, fill: s.fill}
		w.sign = 0
	} else {
		w.spaces = max(0, w.pre-indexOr(number, '.'))
	}
	w.begin()
	for _, item := range t.items {
		w.item(item)
	}
	if w.end >= 0 {
		return w.dst[:w.end], w.err
	}
	return w.dst, w.err
}

// begin decides on the sign and on what is left out.
func (w *writer) begin() {
	if w.plus || w.minus {
		w.signed = !w.plus || w.minus
	} else {
		if w.sign != '-' && w.fill {
			w.bracket = false
		}
		w.signed = w.sign == '+' && w.fill && !w.locked
		if w.place == signBefore && w.pre == w.preAtSign {
			w.place = signBehind
		}
	}
	w.count = w.post + w.pre - 1
	if w.fill && w.point {
		w.last = lastDigit(w.number)
		if w.last >= 0 && w.zeroEnd > w.spaces {
			w.last = max(w.last, min(len(w.number)-1, w.zeroEnd-w.spaces))
		}
	}
	if !w.signed && w.spaces == 0 {
		w.count++
	}
}

// lastDigit is where the last digit behind the point is that is not 0; the point if there is none, -1 without a point.
func lastDigit(number string) int {
	last := strings.IndexByte(number, '.')
	if last < 0 {
		return -1
	}
	for i := last + 1; i < len(number); i++ {
		if number[i] != '0' {
			last = i
		}
	}
	return last
}

func (w *writer) item(item templateItem) {
	switch item.kind {
	case plainText:
		w.dst = append(w.dst, item.text...)
	case anyDigit, zeroDigit, decimalPoint:
		w.digit(item.kind)
	case comma:
		w.either(w.inNumber, ',')
	case currency:
		w.dst = append(w.dst, ' ')
	case roman, lowerRoman:
		text := w.number
		if item.kind == lowerRoman {
			text = strings.ToLower(text)
		}
		if !w.fill {
			text = strings.Repeat(" ", 15-len(text)) + text
		}
		w.dst = append(w.dst, text...)
	case ordinal, lowerOrdinal:
		if w.roman || w.number[0] == '#' || w.sign == '-' || w.point {
			return
		}
		if last := w.number[len(w.number)-1]; last < '0' || last > '9' {
			w.err = sqlstate.Errorf(sqlstate.InvalidTextRepresentation, "\"%s\" is not a number", w.number)
			return
		}
		text := ordinalOf(w.number)
		if item.kind == ordinal {
			text = strings.ToUpper(text)
		}
		w.dst = append(w.dst, text...)
	case minusSign:
		w.either(w.sign == '-', '-')
	case plusSign:
		w.either(w.sign == '+', '+')
	case eitherSign:
		if w.sign == 0 {
			w.stop()
			return
		}
		w.dst = append(w.dst, w.sign)
	default:
	}
}

// either writes b, or a blank where it is not to be written, unless blanks are left out.
func (w *writer) either(written bool, b byte) {
	if !written && w.fill {
		return
	}
	if !written {
		b = ' '
	}
	w.dst = append(w.dst, b)
}

func ordinalOf(number string) string {
	last := number[len(number)-1]
	if len(number) > 1 && number[len(number)-2] == '1' {
		last = '0'
	}
	switch last {
	case '1':
		return "st"
	case '2':
		return "nd"
	case '3':
		return "rd"
	}
	return "th"
}

// next is the next character of the number, 0 behind its end.
func (w *writer) next() byte {
	if w.at < len(w.number) {
		return w.number[w.at]
	}
	return 0
}

// leadingZero reports whether the next digit is the 0 before the point, which a 9 does not write.
func (w *writer) leadingZero() bool { return !w.zero && w.at == 0 && w.next() == '0' && w.post != 0 }

// lastIsPoint reports whether no digit behind the point has to be written.
func (w *writer) lastIsPoint() bool { return w.last >= 0 && w.number[w.last] == '.' }

// digit is for a place of a digit, or for the point.
func (w *writer) digit(kind pattern) {
	if w.roman {
		return
	}
	w.inNumber = false
	if !w.signed && (w.current >= w.spaces || w.zero && w.zeroStart == w.current) && (!w.leadingZero() || w.lastIsPoint()) {
		w.signBefore()
	}
	switch {
	case w.current < w.spaces && (w.zeroStart > w.current || !w.zero):
		if !w.fill {
			w.dst = append(w.dst, ' ')
		}
	case w.zero && w.current < w.spaces:
		w.dst, w.inNumber = append(w.dst, '0'), true
	default:
		w.character(kind)
	}
	w.signBehind()
	w.current++
}

func (w *writer) signBefore() {
	switch {
	case w.locked && w.place == signBefore:
		w.dst, w.signed = append(w.dst, w.sign), true
	case w.locked:
	case w.bracket:
		b := byte('<')
		if w.sign == '+' {
			b = ' '
		}
		w.dst, w.signed = append(w.dst, b), true
	case w.sign == '-':
		w.dst, w.signed = append(w.dst, '-'), true
	default:
		if !w.fill {
			w.dst = append(w.dst, ' ')
		}
		w.signed = true
	}
}

// character writes the next character of the number.
func (w *writer) character(kind pattern) {
	switch b := w.next(); {
	case b == '.':
		if !w.lastIsPoint() || w.fill {
			w.dst = append(w.dst, '.')
		}
	case w.last >= 0 && w.at > w.last && kind != zeroDigit:
	case w.leadingZero():
		if !w.fill {
			w.dst = append(w.dst, ' ')
		} else if w.lastIsPoint() {
			w.dst = append(w.dst, '0')
		}
	case b == 0:
		w.stop()
		w.inNumber = true
	default:
		w.dst, w.inNumber = append(w.dst, b), true
	}
	if w.at < len(w.number) {
		w.at++
	}
}

// stop makes the text end here.
func (w *writer) stop() {
	if w.end < 0 {
		w.end = len(w.dst)
	}
}

func (w *writer) signBehind() {
	end := w.count
	if w.spaces > 0 {
		end++
	}
	if w.point {
		end++
	}
	if w.last >= 0 && w.last == w.at {
		end = w.current
	}
	if w.current+1 != end {
		return
	}
	switch {
	case w.signed && w.bracket && w.sign == '+':
		w.dst = append(w.dst, ' ')
	case w.signed && w.bracket:
		w.dst = append(w.dst, '>')
	case w.locked && w.place == signBehind:
		w.dst = append(w.dst, w.sign)
	}
}
