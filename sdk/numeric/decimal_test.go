package numeric_test

import (
	"math/big"
	"testing"
	"unsafe"

	"github.com/cockroachdb/apd/v3"
	"pgregory.net/rapid"

	"wire.example/wire/sdk/numeric"
)

// bound is 10^38: coefficients stay below it.
func bound() *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(38), nil) }

// coefs draws coefficients of every length, with borders and trailing zeros more often than chance would.
func coefs() *rapid.Generator[numeric.Int128] {
	return rapid.Custom(func(t *rapid.T) numeric.Int128 {
		digits := rapid.IntRange(0, 38).Draw(t, "digits")
		limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
		n := new(big.Int).SetUint64(rapid.Uint64().Draw(t, "high"))
		n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(rapid.Uint64().Draw(t, "low")))
		switch rapid.IntRange(0, 4).Draw(t, "shape") {
		case 0:
			n.Sub(limit, big.NewInt(1)) // all nines
		case 1:
			n.Quo(limit, big.NewInt(10)) // a power of ten
		default:
			n.Mod(n, limit)
		}
		if rapid.Bool().Draw(t, "negative") {
			n.Neg(n)
		}
		return int128(n)
	})
}

func finite() *rapid.Generator[numeric.Decimal] {
	return rapid.Custom(func(t *rapid.T) numeric.Decimal {
		return numeric.Decimal{Coef: coefs().Draw(t, "coef"), Scale: int16(rapid.IntRange(0, 38).Draw(t, "scale"))}
	})
}

func any128() *rapid.Generator[numeric.Decimal] {
	return rapid.OneOf(finite(), finite(), finite(), rapid.SampledFrom([]numeric.Decimal{numeric.NaN(), numeric.Inf(1), numeric.Inf(-1)}))
}

// int128 converts |n| < 2^127.
func int128(n *big.Int) numeric.Int128 {
	mask := new(big.Int).SetUint64(^uint64(0))
	return numeric.Int128{Lo: new(big.Int).And(n, mask).Uint64(), Hi: new(big.Int).Rsh(n, 64).Int64()}
}

func bigInt(x numeric.Int128) *big.Int {
	n := big.NewInt(x.Hi)
	return n.Lsh(n, 64).Add(n, new(big.Int).SetUint64(x.Lo))
}

func rat(d numeric.Decimal) *big.Rat {
	return new(big.Rat).SetFrac(bigInt(d.Coef), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.Scale)), nil))
}

func inRange(n *big.Int) bool { return n.CmpAbs(bound()) < 0 }

// checkExact fails unless d is the exact value want at the given scale, or err says that it needs more than 38 digits.
func checkExact(t *rapid.T, d numeric.Decimal, err error, want *big.Rat, scale int) {
	t.Helper()
	coef := new(big.Rat).Mul(want, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(min(scale, 38))), nil)))
	fits := coef.IsInt() && inRange(coef.Num())
	switch {
	case !fits && err == nil:
		t.Fatalf("got %s, want an overflow", d)
	case fits && err != nil:
		t.Fatalf("want %s, got %v", want.FloatString(scale), err)
	case fits && (rat(d).Cmp(want) != 0 || int(d.Scale) != min(scale, 38)):
		t.Fatalf("got %s, want %s", d, want.FloatString(scale))
	}
}

func TestLayoutIsArrowDecimal128(t *testing.T) {
	x := numeric.Int128FromInt64(-2)
	if unsafe.Sizeof(x) != 16 || unsafe.Offsetof(x.Hi) != 8 {
		t.Fatalf("size %d, high word at %d", unsafe.Sizeof(x), unsafe.Offsetof(x.Hi))
	}
	if x.Lo != 1<<64-2 || x.Hi != -1 {
		t.Fatalf("-2 is %#v", x)
	}
}

func TestArithmeticIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := finite().Draw(t, "a"), finite().Draw(t, "b")
		d, err := numeric.Add(a, b)
		checkExact(t, d, err, new(big.Rat).Add(rat(a), rat(b)), int(max(a.Scale, b.Scale)))
		d, err = numeric.Sub(a, b)
		checkExact(t, d, err, new(big.Rat).Sub(rat(a), rat(b)), int(max(a.Scale, b.Scale)))
		d, err = numeric.Mul(a, b)
		checkExact(t, d, err, new(big.Rat).Mul(rat(a), rat(b)), int(a.Scale+b.Scale))
		if got, want := numeric.Cmp(a, b), rat(a).Cmp(rat(b)); got != want {
			t.Fatalf("Cmp = %d, want %d", got, want)
		}
	})
}

func TestModAgainstApd(t *testing.T) {
	context := apd.BaseContext.WithPrecision(200)
	rapid.Check(t, func(t *rapid.T) {
		a, b := finite().Draw(t, "a"), finite().Draw(t, "b")
		got, err := numeric.Mod(a, b)
		if b.IsZero() {
			if err == nil {
				t.Fatal("division by zero passed")
			}
			return
		}
		var want apd.Decimal
		x, _, _ := apd.NewFromString(a.String())
		y, _, _ := apd.NewFromString(b.String())
		if _, err := context.Rem(&want, x, y); err != nil {
			t.Fatal(err)
		}
		value, _, _ := apd.NewFromString(got.String())
		if err != nil || value.Cmp(&want) != 0 || got.Scale != max(a.Scale, b.Scale) {
			t.Fatalf("got %s, %v, want %s", got, err, &want)
		}
	})
}

// TestDivisionRounds checks that a quotient is nearest at its scale, has the digits that are promised, and no fewer than fit.
func TestDivisionRounds(t *testing.T) {
	half := big.NewRat(1, 2)
	rapid.Check(t, func(t *rapid.T) {
		a, b := finite().Draw(t, "a"), finite().Filter(func(d numeric.Decimal) bool { return !d.IsZero() }).Draw(t, "b")
		exact := new(big.Rat).Quo(rat(a), rat(b))
		d, err := numeric.Div(a, b)
		if err != nil {
			if inRange(new(big.Int).Quo(exact.Num(), exact.Denom())) {
				t.Fatalf("%s fits: %v", exact.FloatString(2), err)
			}
			return
		}
		unit := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.Scale)), nil))
		scaled := new(big.Rat).Mul(exact, unit)
		distance := new(big.Rat).Sub(scaled, new(big.Rat).SetInt(bigInt(d.Coef)))
		if distance.Abs(distance).Cmp(half) > 0 {
			t.Fatalf("%s is not nearest to %s", d, exact.FloatString(50))
		}
		if d.Scale < max(a.Scale, b.Scale) && inRange(new(big.Int).Quo(new(big.Int).Mul(scaled.Num(), big.NewInt(10)), scaled.Denom())) {
			t.Fatalf("%s has room for another digit", d)
		}
	})
}

// TestFunctionsAgainstApd checks the transcendental functions against apd at twice the digits.
func TestFunctionsAgainstApd(t *testing.T) {
	context := apd.BaseContext.WithPrecision(90)
	check := func(t *rapid.T, name string, got numeric.Decimal, err error, want *apd.Decimal) {
		var rounded apd.Decimal
		if _, err := context.Quantize(&rounded, want, -int32(got.Scale)); err != nil {
			t.Fatal(err)
		}
		if value, _, _ := apd.NewFromString(got.String()); err != nil || value.Cmp(&rounded) != 0 {
			t.Fatalf("%s = %s, %v, want %s", name, got, err, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := numeric.Abs(finite().Draw(t, "d"))
		if d.IsZero() {
			return
		}
		var want apd.Decimal
		x, _, _ := apd.NewFromString(d.String())
		if _, err := context.Ln(&want, x); err != nil {
			t.Fatal(err)
		}
		got, err := numeric.Ln(d)
		check(t, "ln", got, err, &want)
		if _, err := context.Sqrt(&want, x); err != nil {
			t.Fatal(err)
		}
		got, err = numeric.Sqrt(d)
		check(t, "sqrt", got, err, &want)
		small := numeric.Decimal{Coef: numeric.Int128FromInt64(rapid.Int64Range(-87_000, 87_000).Draw(t, "small")), Scale: 3}
		x, _, _ = apd.NewFromString(small.String())
		if _, err := context.Exp(&want, x); err != nil {
			t.Fatal(err)
		}
		got, err = numeric.Exp(small)
		check(t, "exp", got, err, &want)
	})
}

func TestCanonicalMakesEqualValuesIdentical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := any128().Draw(t, "d")
		c := d.Canonical()
		if !numeric.Equal(c, d) || numeric.Cmp(c, d) != 0 {
			t.Fatalf("%s became %s", d, c)
		}
		if wider, err := numeric.Round(d, int(d.Scale)+rapid.IntRange(0, 5).Draw(t, "zeros")); err == nil {
			if wider.Canonical() != c || wider.Hash64(7) != d.Hash64(7) || !numeric.Equal(wider, d) {
				t.Fatalf("%s and %s differ", wider, d)
			}
		}
		if c.Scale > 0 && new(big.Int).Rem(bigInt(c.Coef), big.NewInt(10)).Sign() == 0 {
			t.Fatalf("%s still ends in a zero", c)
		}
	})
}

func TestHash64IsStable(t *testing.T) {
	// These values are stored: a change of the function loses keys.
	for text, want := range map[string]uint64{"0": 0x6afd55ff8790a8d4, "1.50": 0x15c9554468bceb05, "-12345678901234567890.5": 0xb9e9fcf6ee4252b8, "NaN": 0x5ccf359648b5587b} {
		if got := parseFatal(t, text).Hash64(1); got != want {
			t.Errorf("Hash64(%s) = %#x, want %#x", text, got, want)
		}
	}
}

func TestHash64Spreads(t *testing.T) {
	buckets := [256]int{}
	const keys = 1 << 16
	for i := range int64(keys) {
		buckets[numeric.FromInt64(i).Hash64(0)>>56]++
	}
	for i, n := range buckets {
		if n < keys/256/2 || n > keys/256*2 {
			t.Errorf("bucket %d holds %d of %d keys", i, n, keys)
		}
	}
}

func TestOrderOfSpecialValues(t *testing.T) {
	order := []numeric.Decimal{numeric.Inf(-1), numeric.FromInt64(-1), {}, {Coef: numeric.Int128FromInt64(1), Scale: 38}, numeric.Inf(1), numeric.NaN()}
	for i, a := range order {
		for j, b := range order {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := numeric.Cmp(a, b); got != want {
				t.Errorf("Cmp(%s, %s) = %d, want %d", a, b, got, want)
			}
			if numeric.Equal(a, b) != (i == j) {
				t.Errorf("Equal(%s, %s) = %t", a, b, i != j)
			}
		}
	}
}

func TestCmpIsTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := any128().Draw(t, "a"), any128().Draw(t, "b"), any128().Draw(t, "c")
		if numeric.Cmp(a, b) != -numeric.Cmp(b, a) {
			t.Fatal("not antisymmetric")
		}
		if numeric.Cmp(a, b) <= 0 && numeric.Cmp(b, c) <= 0 && numeric.Cmp(a, c) > 0 {
			t.Fatal("not transitive")
		}
	})
}

func parseFatal(t testing.TB, s string) numeric.Decimal {
	t.Helper()
	d, err := numeric.ParseString(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
