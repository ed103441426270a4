package numeric_test

import (
	"math"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/sqlstate"
)

func TestFloat64IsNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := finite().Draw(t, "d")
		want, err := strconv.ParseFloat(d.String(), 64)
		if got := d.Float64(); err != nil || got != want {
			t.Fatalf("%s: %v, want %v", d, got, want)
		}
	})
}

func TestFloatsKeepTheirDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64Range(-1e37, 1e37).Draw(t, "f")
		d, err := numeric.FromFloat64(f)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'e', 14, 64), 64)
		if got := d.Float64(); math.Abs(got-want) > 1e-38 {
			t.Fatalf("%v became %s, %v, want %v", f, d, got, want)
		}
		if _, err := numeric.FromFloat32(float32(f)); err != nil {
			t.Fatal(err)
		}
	})
}

func TestHugeFloatOverflows(t *testing.T) {
	for _, f := range []float64{1e38, -1e38, 1e300, math.MaxFloat64} {
		if d, err := numeric.FromFloat64(f); sqlstate.Of(err) != sqlstate.NumericValueOutOfRange {
			t.Errorf("%v became %s, %v", f, d, err)
		}
	}
	if d, err := numeric.FromFloat64(math.SmallestNonzeroFloat64); err != nil || !d.IsZero() || d.Scale != 38 {
		t.Errorf("the smallest double became %s, %v", d, err)
	}
}

func TestInt64RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int64().Draw(t, "v")
		if got, err := numeric.FromInt64(v).Int64(); err != nil || got != v {
			t.Fatalf("%d became %d, %v", v, got, err)
		}
	})
}
