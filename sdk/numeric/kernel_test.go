package numeric_test

import (
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/numeric"
)

func TestCheckedHelpers(t *testing.T) {
	check := func(t *rapid.T, name string, got numeric.Int128, ok bool, want *big.Int) {
		if ok != inRange(want) || (ok && bigInt(got).Cmp(want) != 0) {
			t.Fatalf("%s = %s, %t, want %s", name, bigInt(got), ok, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := coefs().Draw(t, "a"), coefs().Draw(t, "b")
		m, n := rapid.Int64().Draw(t, "m"), rapid.Int64().Draw(t, "n")
		x, y := bigInt(a), bigInt(b)
		got, ok := numeric.AddInt128(a, b)
		check(t, "AddInt128", got, ok, new(big.Int).Add(x, y))
		got, ok = numeric.SubInt128(a, b)
		check(t, "SubInt128", got, ok, new(big.Int).Sub(x, y))
		got, ok = numeric.MulSmall(a, m)
		check(t, "MulSmall", got, ok, new(big.Int).Mul(x, big.NewInt(m)))
		check(t, "MulInt64", numeric.MulInt64(m, n), true, new(big.Int).Mul(big.NewInt(m), big.NewInt(n)))
		if a.Cmp(b) != x.Cmp(y) || a.Sign() != x.Sign() || a.FitsInt64() != x.IsInt64() || !a.InRange() || bigInt(a.Neg()).Cmp(x.Neg(x)) != 0 {
			t.Fatalf("Cmp %d, Sign %d, FitsInt64 %t", a.Cmp(b), a.Sign(), a.FitsInt64())
		}
	})
}

func TestInRangeAtTheBorder(t *testing.T) {
	for add, want := range map[int64]bool{-1: true, 0: false, 1: false} {
		n := new(big.Int).Add(bound(), big.NewInt(add))
		if got := int128(n).InRange(); got != want {
			t.Errorf("10^38%+d: %t", add, got)
		}
		if got := int128(n.Neg(n)).InRange(); got != want {
			t.Errorf("-(10^38%+d): %t", add, got)
		}
	}
	if smallest := (numeric.Int128{Hi: -1 << 63}); smallest.InRange() {
		t.Error("-2^127 is in range")
	}
}

func TestRescale10(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, digits := coefs().Draw(t, "a"), rapid.IntRange(-80, 80).Draw(t, "digits")
		want := new(big.Rat).SetInt(bigInt(a))
		power := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(digits, -digits))), nil))
		if digits < 0 {
			power.Inv(power)
		}
		rounded, _ := new(big.Int).SetString(want.Mul(want, power).FloatString(0), 10) // halves away from zero
		got, ok := numeric.Rescale10(a, digits)
		if ok != inRange(rounded) || (ok && bigInt(got).Cmp(rounded) != 0) {
			t.Fatalf("Rescale10(%s, %d) = %s, %t, want %s", bigInt(a), digits, bigInt(got), ok, rounded)
		}
	})
}

// TestSlicesAgreeWithScalars runs the column kernels beside the helpers they repeat, in place too.
func TestSlicesAgreeWithScalars(t *testing.T) {
	type kernel struct {
		slice  func(dst, a, b []numeric.Int128) int
		scalar func(a, b numeric.Int128) (numeric.Int128, bool)
	}
	kernels := map[string]kernel{
		"add": {numeric.AddSlice, numeric.AddInt128},
		"sub": {numeric.SubSlice, numeric.SubInt128},
		"mul": {
			func(dst, a, _ []numeric.Int128) int { return numeric.MulSmallSlice(dst, a, -908) },
			func(a, _ numeric.Int128) (numeric.Int128, bool) { return numeric.MulSmall(a, -908) },
		},
		"rescale": {
			func(dst, a, _ []numeric.Int128) int { return numeric.Rescale10Slice(dst, a, 3) },
			func(a, _ numeric.Int128) (numeric.Int128, bool) { return numeric.Rescale10(a, 3) },
		},
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 20).Draw(t, "n")
		a, b := rapid.SliceOfN(coefs(), n, n).Draw(t, "a"), rapid.SliceOfN(coefs(), n, n).Draw(t, "b")
		for name, k := range kernels {
			var want []numeric.Int128
			failed := -1
			for i := range a {
				r, ok := k.scalar(a[i], b[i])
				if !ok {
					failed = i
					break
				}
				want = append(want, r)
			}
			dst := slices.Clone(a)
			if at := k.slice(dst, dst, b); at != failed || !slices.Equal(dst[:len(want)], want) {
				t.Fatalf("%s stopped at %d, want %d; %v, want %v", name, at, failed, dst, want)
			}
		}
	})
}

func TestSlicesOfInt64(t *testing.T) {
	a := []int64{0, 1, -1, 1 << 62, -1 << 63}
	wide, products := make([]numeric.Int128, len(a)), make([]numeric.Int128, len(a))
	numeric.WidenSlice(wide, a)
	numeric.MulInt64Slice(products, a, -908)
	for i, v := range a {
		if want := big.NewInt(v); bigInt(wide[i]).Cmp(want) != 0 || bigInt(products[i]).Cmp(want.Mul(want, big.NewInt(-908))) != 0 {
			t.Errorf("%d: %s, %s", v, bigInt(wide[i]), bigInt(products[i]))
		}
	}
}

func BenchmarkMulInt64Slice(b *testing.B) {
	price, out := make([]int64, 4096), make([]numeric.Int128, 4096)
	for i := range price {
		price[i] = int64(i) * 12_345
	}
	for b.Loop() {
		numeric.MulInt64Slice(out, price, 908)
	}
	perRow(b, len(price))
}

func BenchmarkAddSlice(b *testing.B) {
	x := make([]numeric.Int128, 4096)
	for i := range x {
		x[i] = numeric.Int128FromInt64(int64(i) * 12_345)
	}
	out := make([]numeric.Int128, len(x))
	for b.Loop() {
		numeric.AddSlice(out, x, x)
	}
	perRow(b, len(x))
}

func perRow(b *testing.B, rows int) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
}
