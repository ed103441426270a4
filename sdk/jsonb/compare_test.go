package jsonb_test

import (
	"bytes"
	"cmp"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/jsonb"
)

// ascending is an order that a PostgreSQL 15 gave: SELECT v FROM … ORDER BY v::jsonb.
var ascending = []string{ //nolint:gochecknoglobals // immutable table
	`[]`, `null`, `""`, `"B"`, `"a"`, `"a\"b"`, `"aa"`, `"é"`, `-1e3`, `-2.5`, `-1`, `0`, `1e-3`, `0.5`, `1`, `9`, `9.5`, `10`, `1e2`, `101`,
	`123456789012345678901234567890123456789012345678901`, `1e60`, `false`, `true`,
	`[null]`, `["a"]`, `[1]`, `[false]`, `[[]]`, `[[1]]`, `[{}]`, `[1, 2]`, `[1, 3]`, `[1, 1, 1]`,
	`{}`, `{"a": 1}`, `{"a": 2}`, `{"b": 0}`, `{"z": 9}`, `{"a": 1, "b": 1}`,
}

func TestCompare(t *testing.T) {
	for i, a := range ascending {
		for j, b := range ascending {
			if got := jsonb.Compare([]byte(a), []byte(b)); got != cmp.Compare(i, j) {
				t.Errorf("Compare(%s, %s) = %d", a, b, got)
			}
		}
	}
}

// TestCompareTellsSpellingsApart: what is not the same text is never equal, whatever it is worth.
func TestCompareTellsSpellingsApart(t *testing.T) {
	for _, pair := range [][2]string{{`1`, `1.0`}, {`[1e1]`, `[10]`}, {`{"a": 0}`, `{"a": -0}`}} {
		a, b := []byte(pair[0]), []byte(pair[1])
		if got, back := jsonb.Compare(a, b), jsonb.Compare(b, a); got == 0 || got != -back {
			t.Errorf("Compare(%s, %s) = %d, the other way %d", a, b, got, back)
		}
	}
	for _, b := range []string{`1`, `1.0`, `10e-1`, `0.1e1`} {
		if jsonb.Compare([]byte(b), []byte(`0.9`)) != 1 || jsonb.Compare([]byte(b), []byte(`1.1`)) != -1 {
			t.Errorf("%s is not between 0.9 and 1.1", b)
		}
	}
}

func TestCompareNumbers(t *testing.T) {
	number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,4})(\.[0-9]{1,5})?(e[+-]?[0-9]{1,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		x, _ := new(big.Rat).SetString(a)
		y, _ := new(big.Rat).SetString(b)
		if got := jsonb.CompareNumbers([]byte(a), []byte(b)); got != x.Cmp(y) {
			t.Fatalf("CompareNumbers(%s, %s) = %d, not %d", a, b, got, x.Cmp(y))
		}
	})
	for _, pair := range [][2]string{{`1e99999999999999999999`, `1e5`}, {`1`, `1e-99999999999999999999`}, {`0`, `-0e99999999999999999999999`}} {
		if got := jsonb.CompareNumbers([]byte(pair[0]), []byte(pair[1])); (got <= 0) != (pair[0] == `0`) {
			t.Errorf("CompareNumbers(%s, %s) = %d", pair[0], pair[1], got)
		}
	}
}

func FuzzCompare(f *testing.F) {
	for i := 1; i < len(ascending); i++ {
		f.Add([]byte(ascending[i-1]), []byte(ascending[i]))
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		x, errX := jsonb.Canonical(nil, a)
		y, errY := jsonb.Canonical(nil, b)
		if errX != nil || errY != nil {
			return
		}
		order := jsonb.Compare(x, y)
		if (order == 0) != bytes.Equal(x, y) || order != -jsonb.Compare(y, x) {
			t.Errorf("%s, %s: %d", x, y, order)
		}
	})
}
