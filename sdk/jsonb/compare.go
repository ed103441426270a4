package jsonb

import (
	"bytes"
	"cmp"
	"strconv"
)

// Compare orders two canonical values as PostgreSQL orders jsonb: -1, 0 or +1. Null < String < Number < Boolean < Array < Object; of arrays
// and objects the one with fewer parts comes first, then their parts decide, in an object key before value; an empty array that is no part of
// another value comes before all. Strings are compared by bytes, numbers by value. Values that PostgreSQL calls equal but are written
// differently (1 and 1.0) are ordered by their text, so that 0 means the same bytes.
func Compare(a, b []byte) int {
	emptyA, emptyB := string(a) == "[]", string(b) == "[]"
	var order int
	switch {
	case emptyA != emptyB:
		if order = 1; emptyA {
			order = -1
		}
	case TypeOf(a) < Array && TypeOf(b) == Array || TypeOf(a) == Array && TypeOf(b) < Array:
		order = cmp.Compare(TypeOf(a), TypeOf(b))
	default:
		order = compareParts(a, b)
	}
	if order == 0 {
		return bytes.Compare(a, b)
	}
	return order
}

// rank is the place of a type among the others.
func rank(t Type) int {
	return [...]int{Null: 0, String: 1, Number: 2, Boolean: 3, Array: 4, Object: 5}[t]
}

// compareParts is Compare without the rules for a whole value; 0 for numbers that are equal.
func compareParts(a, b []byte) int {
	t := TypeOf(a)
	if order := cmp.Compare(rank(t), rank(TypeOf(b))); order != 0 {
		return order
	}
	switch t {
	case String:
		return compareStrings(a, b)
	case Number:
		return CompareNumbers(a, b)
	case Boolean:
		return bytes.Compare(a[:1], b[:1]) // f, t
	case Null:
		return 0
	}
	if order := cmp.Compare(Length(a), Length(b)); order != 0 {
		return order
	}
	x, y := Walk(a), Walk(b)
	for {
		keyA, valueA, ok := x.Next()
		keyB, valueB, _ := y.Next()
		if !ok {
			return 0
		}
		if t == Object {
			if order := compareStrings(keyA, keyB); order != 0 {
				return order
			}
		}
		if order := compareParts(valueA, valueB); order != 0 {
			return order
		}
	}
}

// compareStrings compares two strings in quotes by the bytes that they stand for.
func compareStrings(a, b []byte) int {
	if bytes.IndexByte(a, '\\') < 0 && bytes.IndexByte(b, '\\') < 0 {
		return bytes.Compare(a[1:len(a)-1], b[1:len(b)-1])
	}
	return bytes.Compare(Unquoted(a), Unquoted(b))
}

// CompareNumbers orders two numbers of any length by value: -1, 0 or +1.
func CompareNumbers(a, b []byte) int {
	x, y := decimalOf(a), decimalOf(b)
	if x.sign != y.sign || x.sign == 0 {
		return cmp.Compare(x.sign, y.sign)
	}
	order := cmp.Compare(x.point, y.point)
	for i := 0; order == 0 && i < max(x.len(), y.len()); i++ {
		order = cmp.Compare(x.digit(i), y.digit(i))
	}
	return order * x.sign
}

// decimal is 0.d₁d₂d₃… · 10^point with d₁ ≠ 0, its digits where they stand in the text.
type decimal struct {
	sign         int // -1, 0, 1
	point        int64
	whole, after []byte // digits before and after the point, from the first that is not 0 on
}

func (d *decimal) len() int { return len(d.whole) + len(d.after) }

func (d *decimal) digit(i int) byte {
	switch {
	case i < len(d.whole):
		return d.whole[i]
	case i < d.len():
		return d.after[i-len(d.whole)]
	}
	return '0'
}

// decimalOf takes a JSON number apart. Exponents beyond 64 bits count as the largest.
func decimalOf(text []byte) decimal {
	d := decimal{sign: 1}
	if text[0] == '-' {
		d.sign, text = -1, text[1:]
	}
	exponent := int64(0)
	if e := bytes.IndexAny(text, "eE"); e >= 0 {
		exponent, _ = strconv.ParseInt(string(text[e+1:]), 10, 48) // out of range it is the nearest
		text = text[:e]
	}
	d.whole, d.after, _ = bytes.Cut(text, []byte("."))
	d.whole = bytes.TrimLeft(d.whole, "0")
	d.point = exponent + int64(len(d.whole))
	if len(d.whole) == 0 {
		digits := bytes.TrimLeft(d.after, "0")
		d.point -= int64(len(d.after) - len(digits))
		if d.after = digits; len(digits) == 0 {
			return decimal{}
		}
	}
	return d
}
