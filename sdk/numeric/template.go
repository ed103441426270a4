package numeric

import (
	"strings"
	"unicode/utf8"

	"wire.example/wire/sdk/sqlstate"
)

// Template is a compiled template of numbers, such as 'FM999,990.00', as to_char and to_number take it. It is not changed once it is made: it may be used at
// several places at once.
type Template struct {
	items []templateItem
	shape shape
}

// templateItem is a pattern, or text that stands for itself.
type templateItem struct {
	kind pattern
	text string
}

// pattern is a part of a template that means something.
type pattern uint8

const (
	plainText pattern = iota
	anyDigit
	zeroDigit
	decimalPoint
	comma
	currency
	roman
	lowerRoman
	ordinal
	lowerOrdinal
	minusSign
	plusSign
	eitherSign
	lockedSign
	bracketSign
	shiftedPoint
	exponent
	blank
	fill
	ignored
)

// signPlace is where a template has an S.
type signPlace uint8

const (
	noSign signPlace = iota
	signBefore
	signBehind
)

// shape is what all patterns of a template together say.
type shape struct {
	pre, post, multi                                                                 int // digits before and behind the point, and behind a V
	zeroStart, zeroEnd                                                               int
	place                                                                            signPlace
	preAtSign                                                                        int
	zero, blank, point, fill, locked, minus, plus, bracket, roman, shifted, exponent bool
}

// patterns are the words of templates, each before the ones that it begins with.
func patterns() []templateItem {
	return []templateItem{
		{comma, ","},
		{decimalPoint, "."},
		{zeroDigit, "0"},
		{anyDigit, "9"},
		{blank, "B"},
		{ignored, "C"},
		{decimalPoint, "D"},
		{exponent, "EEEE"},
		{fill, "FM"},
		{comma, "G"},
		{currency, "L"},
		{minusSign, "MI"},
		{plusSign, "PL"},
		{bracketSign, "PR"},
		{roman, "RN"},
		{eitherSign, "SG"},
		{ignored, "SP"},
		{lockedSign, "S"},
		{ordinal, "TH"},
		{shiftedPoint, "V"},
		{blank, "b"},
		{ignored, "c"},
		{decimalPoint, "d"},
		{exponent, "eeee"},
		{fill, "fm"},
		{comma, "g"},
		{currency, "l"},
		{minusSign, "mi"},
		{plusSign, "pl"},
		{bracketSign, "pr"},
		{lowerRoman, "rn"},
		{eitherSign, "sg"},
		{ignored, "sp"},
		{lockedSign, "s"},
		{lowerOrdinal, "th"},
		{shiftedPoint, "v"},
	}
}

// CompileTemplate reads a template. The error, SQLSTATE 42601, is of patterns that do not go together.
func CompileTemplate(text string) (*Template, error) {
	t := &Template{}
	all := patterns()
	quoted := false
	for i := 0; i < len(text); {
		_, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case quoted && text[i] == '\\' && i+1 < len(text):
			i++
			_, size = utf8.DecodeRuneInString(text[i:])
			t.items = append(t.items, templateItem{plainText, text[i : i+size]})
		case text[i] == '"':
			quoted = !quoted
		case quoted:
			t.items = append(t.items, templateItem{plainText, text[i : i+size]})
		case text[i] == '\\' && strings.HasPrefix(text[i+1:], `"`):
			i++
			t.items = append(t.items, templateItem{plainText, `"`})
		default:
			item := templateItem{plainText, text[i : i+size]}
			for _, p := range all {
				if strings.HasPrefix(text[i:], p.text) {
					item, size = p, len(p.text)
					break
				}
			}
			if err := t.shape.add(item); err != nil {
				return nil, err
			}
			t.items = append(t.items, item)
		}
		i += size
	}
	return t, nil
}

// add notes what a pattern says.
func (s *shape) add(item templateItem) error {
	if item.kind == plainText {
		return nil
	}
	if s.exponent && item.kind != exponent {
		return wrong(`"EEEE" must be the last pattern used`)
	}
	switch item.kind {
	case anyDigit, zeroDigit:
		return s.digit(item)
	case decimalPoint:
		return s.decimal()
	case lockedSign, minusSign, plusSign, eitherSign, bracketSign:
		return s.signed(item)
	case blank:
		s.blank = s.blank || s.pre == 0 && s.post == 0 && !s.zero
	case fill:
		s.fill = true
	case roman, lowerRoman:
		s.roman = true
	case shiftedPoint:
		if s.point {
			return wrong(`cannot use "V" and decimal point together`)
		}
		s.shifted = true
	case exponent:
		if s.exponent {
			return wrong(`cannot use "EEEE" twice`)
		}
		if s.blank || s.fill || s.locked || s.bracket || s.minus || s.plus || s.roman || s.shifted {
			return wrong(`"EEEE" is incompatible with other formats`).WithHint(`"EEEE" may only be used together with digit and decimal point patterns.`)
		}
		s.exponent = true
	default:
	}
	return nil
}

func (s *shape) digit(item templateItem) error {
	if s.bracket {
		return wrong(`"` + item.text + `" must be ahead of "PR"`)
	}
	if item.kind == anyDigit && s.shifted {
		s.multi++
		return nil
	}
	if item.kind == zeroDigit && !s.zero && !s.point {
		s.zero, s.zeroStart = true, s.pre+1
	}
	if s.point {
		s.post++
	} else {
		s.pre++
	}
	if item.kind == zeroDigit {
		s.zeroEnd = s.pre + s.post
	}
	return nil
}

func (s *shape) decimal() error {
	switch {
	case s.point:
		return wrong("multiple decimal points")
	case s.shifted:
		return wrong(`cannot use "V" and decimal point together`)
	}
	s.point = true
	return nil
}

func (s *shape) signed(item templateItem) error {
	word := strings.ToUpper(item.text)
	switch {
	case item.kind == bracketSign && (s.locked || s.plus || s.minus):
		return wrong(`cannot use "PR" and "S"/"PL"/"MI"/"SG" together`)
	case item.kind == bracketSign:
		s.bracket = true
	case item.kind != lockedSign && s.locked:
		return wrong(`cannot use "S" and "` + word + `" together`)
	case item.kind != lockedSign:
		s.minus = s.minus || item.kind != plusSign
		s.plus = s.plus || item.kind != minusSign
	case s.locked:
		return wrong(`cannot use "S" twice`)
	case s.plus || s.minus || s.bracket:
		return wrong(`cannot use "S" and "PL"/"MI"/"SG"/"PR" together`)
	case !s.point:
		s.place, s.preAtSign, s.locked = signBefore, s.pre, true
	default:
		s.place, s.locked = signBehind, true
	}
	return nil
}

func wrong(message string) *sqlstate.Error { return sqlstate.New(sqlstate.SyntaxError, message) }
