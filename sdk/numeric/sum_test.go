package numeric_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/sqlstate"
)

// TestSumIsExact puts values in by Add, AddCoef and Merge in any split and takes some out again: the answer is that of rational numbers.
func TestSumIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(finite(), 1, 12).Draw(t, "values")
		gone := rapid.SliceOfN(any128(), 0, 6).Draw(t, "gone")
		var left, right numeric.Sum
		want, scale := new(big.Rat), 0
		for _, d := range gone {
			left.Add(d)
			scale = max(scale, int(d.Scale))
		}
		for i, d := range values {
			want.Add(want, rat(d))
			scale = max(scale, int(d.Scale))
			switch i % 3 {
			case 0:
				left.Add(d)
			case 1:
				right.Add(d)
			default:
				right.AddCoef(d.Coef, int(d.Scale))
			}
		}
		left.Merge(&right)
		for _, d := range gone {
			left.Sub(d)
		}
		if left.Count() != int64(len(values)) {
			t.Fatalf("count %d, want %d", left.Count(), len(values))
		}
		d, err := left.Result()
		checkExact(t, d, err, want, scale)
		checkAvg(t, &left, want.Quo(want, new(big.Rat).SetInt64(int64(len(values)))))
	})
}

// checkAvg fails unless the average is nearest to want, and there is one whenever it fits.
func checkAvg(t *rapid.T, s *numeric.Sum, want *big.Rat) {
	t.Helper()
	avg, err := s.Avg()
	if err != nil {
		t.Fatalf("an average of 38-digit values always fits: %v", err)
	}
	unit := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(avg.Scale)), nil))
	distance := new(big.Rat).Sub(new(big.Rat).Mul(want, unit), new(big.Rat).SetInt(bigInt(avg.Coef)))
	if distance.Abs(distance).Cmp(big.NewRat(1, 2)) > 0 {
		t.Fatalf("average %s, want %s", avg, want.FloatString(40))
	}
}

func TestSumRetractsSpecialValues(t *testing.T) {
	var s numeric.Sum
	steps := []struct {
		add, sub string
		want     string
	}{
		{add: "1.50", want: "1.50"},
		{add: "Infinity", want: "Infinity"},
		{add: "-Infinity", want: "NaN"},
		{sub: "Infinity", want: "-Infinity"},
		{add: "NaN", want: "NaN"},
		{sub: "-Infinity", want: "NaN"},
		{sub: "NaN", want: "1.50"},
		{add: "2", want: "3.50"},
		{sub: "1.50", want: "2.00"}, // the scale is that of the widest value ever held
		{sub: "2", want: "0"},       // until the sum is empty
		{add: "1", want: "1"},
	}
	for i, step := range steps {
		if step.add != "" {
			s.Add(parseFatal(t, step.add))
		} else {
			s.Sub(parseFatal(t, step.sub))
		}
		if got, err := s.Result(); err != nil || got.String() != step.want {
			t.Errorf("step %d: %s, %v, want %s", i, got, err, step.want)
		}
	}
}

func TestSumOverflowsOnlyAtTheEnd(t *testing.T) {
	nines := parseFatal(t, "99999999999999999999999999999999999999")
	var s numeric.Sum
	for range 1000 {
		s.Add(nines)
	}
	s.Add(parseFatal(t, "0.00000000000000000000000000000000000001"))
	if _, err := s.Result(); sqlstate.Of(err) != sqlstate.NumericValueOutOfRange {
		t.Errorf("no overflow: %v", err)
	}
	for range 1000 {
		s.Sub(nines)
	}
	if got, err := s.Result(); err != nil || got.String() != "0.00000000000000000000000000000000000001" {
		t.Errorf("%s, %v", got, err)
	}
}

func TestEmptySum(t *testing.T) {
	var s numeric.Sum
	if got, err := s.Result(); err != nil || got != (numeric.Decimal{}) || s.Count() != 0 {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := s.Avg(); sqlstate.Of(err) != sqlstate.DivisionByZero {
		t.Errorf("average of nothing: %v", err)
	}
}

func TestSumBinaryRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s, back numeric.Sum
		for _, d := range rapid.SliceOf(any128()).Draw(t, "values") {
			s.Add(d)
		}
		b, err := s.AppendBinary([]byte("head"))
		if err != nil || len(b) != 4+numeric.SumSize {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
		if err := back.UnmarshalBinary(b[4:]); err != nil || back != s {
			t.Fatalf("%v became %v, %v", s, back, err)
		}
	})
}

func TestSumRefusesDamagedBytes(t *testing.T) {
	var s numeric.Sum
	good, _ := s.AppendBinary(nil)
	good[numeric.SumSize-8] = 39 // the scale
	for _, b := range [][]byte{nil, good, good[:8], append(good, 0)} {
		if err := s.UnmarshalBinary(b); err == nil {
			t.Errorf("%d bytes accepted", len(b))
		}
	}
}

func BenchmarkSum(b *testing.B) {
	price, rate := parseFatal(b, "123456.78"), parseFatal(b, "0.908")
	b.Run("one-scale", func(b *testing.B) {
		var s numeric.Sum
		for b.Loop() {
			s.Add(price)
		}
	})
	b.Run("two-scales", func(b *testing.B) {
		var s numeric.Sum
		s.Add(rate)
		for b.Loop() {
			s.Add(price)
		}
	})
}
