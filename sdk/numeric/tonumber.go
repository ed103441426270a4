package numeric

import (
	"strings"
	"unicode/utf8"

	"wire.example/wire/sdk/sqlstate"
)

// reader reads a number as a template has it.
type reader struct {
	*shape
	text string
	at   int
	// number is what was read: the sign, a blank where none was, then digits and the point.
	number    []byte
	pre, post int
	point     bool
	inNumber  bool
}

// Parse reads text by the template.
func (t *Template) Parse(text string) (Decimal, error) {
	s := t.shape
	switch {
	case s.exponent:
		return Decimal{}, sqlstate.New(sqlstate.FeatureNotSupported, `"EEEE" not supported for input`)
	case s.roman:
		return Decimal{}, sqlstate.New(sqlstate.FeatureNotSupported, `"RN" not supported for input`)
	}
	r := &reader{shape: &s, text: text, number: []byte{' '}}
	for _, item := range t.items {
		if r.over() {
			break
		}
		r.item(item)
	}
	d, err := ParseString(strings.TrimSuffix(string(r.number), "."))
	if err != nil {
		return Decimal{}, err
	}
	if d, err = Rescale(d, s.pre+s.multi+r.post, r.post); err != nil {
		return Decimal{}, err
	}
	if s.shifted {
		power, err := Power(FromInt64(10), FromInt64(int64(-s.multi)))
		if err != nil {
			return Decimal{}, err
		}
		return Mul(d, power)
	}
	return d, nil
}

func (r *reader) over() bool { return r.at >= len(r.text) }

// starts reports whether word stands where the reader is.
func (r *reader) starts(word byte) bool { return r.at < len(r.text) && r.text[r.at] == word }

func (r *reader) item(item templateItem) {
	switch item.kind {
	case plainText:
		r.pass()
	case anyDigit, zeroDigit, decimalPoint:
		r.digit(item.kind)
		r.at++
	case comma:
		if !(!r.inNumber && r.fill) && r.starts(',') {
			r.at++
		}
	case currency:
		r.skip(1)
	case minusSign, plusSign, eitherSign:
		if b := r.text[r.at]; b == '-' && item.kind != plusSign || b == '+' && item.kind != minusSign {
			r.number[0] = b
			r.at++
			return
		}
		r.skip(1)
	case ordinal, lowerOrdinal:
		r.skip(2)
	default:
	}
}

// pass passes over a character, whatever it is.
func (r *reader) pass() {
	_, size := utf8.DecodeRuneInString(r.text[r.at:])
	r.at += size
}

// skip passes over so many characters, but not over one that may be of a number.
func (r *reader) skip(n int) {
	for range n {
		if r.over() || strings.IndexByte("0123456789.,+-", r.text[r.at]) >= 0 {
			return
		}
		r.pass()
	}
}

func (r *reader) isDigit(at int) bool {
	return at < len(r.text) && r.text[at] >= '0' && r.text[at] <= '9'
}

// digit reads what stands where a digit or the point is expected, up to its last byte.
func (r *reader) digit(kind pattern) {
	if r.starts(' ') {
		r.at++
	}
	if r.over() {
		return
	}
	if r.number[0] == ' ' && kind != decimalPoint && r.pre+r.post == 0 {
		r.sign()
	}
	if r.over() {
		return
	}
	read := false
	switch {
	case r.isDigit(r.at):
		if r.point && r.post == r.shape.post {
			return
		}
		r.number = append(r.number, r.text[r.at])
		if r.point {
			r.post++
		} else {
			r.pre++
		}
		read = true
	case r.shape.point && !r.point && r.starts('.'):
		r.number = append(r.number, '.')
		r.point, read = true, true
	}
	if r.number[0] == ' ' && r.pre+r.post > 0 {
		r.signBehind(read)
	}
}

// sign reads a sign before the number.
func (r *reader) sign() {
	minus := r.starts('-') || !(r.locked && r.place == signBefore) && r.bracket && r.starts('<')
	switch {
	case minus:
		r.number[0] = '-'
		r.at++
	case r.starts('+'):
		r.number[0] = '+'
		r.at++
	}
}

// signBehind reads a sign behind the number, the last character of which was read just now or before.
func (r *reader) signBehind(read bool) {
	switch {
	case r.locked && read && r.at+1 < len(r.text) && !r.isDigit(r.at+1):
		if b := r.text[r.at+1]; b == '-' || b == '+' {
			r.number[0] = b
			r.at++
		}
	case !read && !r.locked && (r.plus || r.minus):
		if b := r.text[r.at]; b == '-' || b == '+' {
			r.number[0] = b
		}
	}
}
