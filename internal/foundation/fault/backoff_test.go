package fault_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/fault"
)

func TestBound(t *testing.T) {
	for _, test := range []struct {
		name    string
		backoff fault.Backoff
		attempt int
		want    time.Duration
	}{
		{"zero value", fault.Backoff{}, 3, 0},
		{"first", fault.Backoff{Base: time.Second, Max: time.Minute, Factor: 3}, 0, time.Second},
		{"third", fault.Backoff{Base: time.Second, Max: time.Minute, Factor: 3}, 2, 9 * time.Second},
		{"capped", fault.Backoff{Base: time.Second, Max: time.Minute, Factor: 3}, 4, time.Minute},
		{"far beyond", fault.Backoff{Base: time.Second, Max: time.Minute, Factor: 3}, math.MaxInt, time.Minute},
		{"base above max", fault.Backoff{Base: time.Hour, Max: time.Minute}, 0, time.Minute},
		{"factor by default", fault.Backoff{Base: time.Second, Max: time.Minute}, 3, 8 * time.Second},
		{"factor not a number", fault.Backoff{Base: time.Second, Factor: math.NaN()}, 1, 2 * time.Second},
		{"constant", fault.Backoff{Base: time.Second, Factor: 1}, 100, time.Second},
		{"no cap", fault.Backoff{Base: time.Second}, 1000, math.MaxInt64},
		{"negative attempt", fault.Backoff{Base: time.Second}, -5, time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.backoff.Bound(test.attempt); got != test.want {
				t.Errorf("Bound = %v, want %v", got, test.want)
			}
			if got := test.backoff.Next(test.attempt); got != test.want {
				t.Errorf("Next without Rand = %v, want the bound %v", got, test.want)
			}
		})
	}
}

// A pause stays within its bound, a seed repeats it, and the draws reach both halves of the range.
func TestNextIsFullJitter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		b := fault.Backoff{
			Base:   time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "base")),
			Max:    time.Duration(rapid.Int64Range(0, math.MaxInt64).Draw(t, "max")),
			Factor: rapid.Float64Range(0, 10).Draw(t, "factor"),
		}
		attempt := rapid.IntRange(0, 100).Draw(t, "attempt")
		first, again := b, b
		first.Rand, again.Rand = rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 1))
		bound := b.Bound(attempt)
		for range 10 {
			pause := first.Next(attempt)
			if pause < 0 || pause > bound {
				t.Fatalf("pause %v outside 0..%v", pause, bound)
			}
			if pause != again.Next(attempt) {
				t.Fatal("the same seed gave another pause")
			}
		}
	})
	b := fault.Backoff{Base: time.Second, Rand: rand.New(rand.NewPCG(1, 2))}
	short := 0
	for range 1000 {
		if b.Next(0) < time.Second/2 {
			short++
		}
	}
	if short < 400 || short > 600 {
		t.Errorf("%d of 1000 pauses in the lower half", short)
	}
}
