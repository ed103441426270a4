package window

import (
	"math/rand/v2"
	"slices"
	"testing"

	"wire.example/wire/internal/foundation/limit"
)

// TestDuesComeInOrder: the earliest time comes out first, however many there are, in whatever order they were put in.
func TestDuesComeInOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // any numbers do
	for name, draw := range map[string]func(i int) int64{
		"in order": func(i int) int64 { return int64(i) },
		"nearly":   func(i int) int64 { return int64(i) + r.Int64N(100) },
		"any":      func(int) int64 { return r.Int64N(1000) },
		"backward": func(i int) int64 { return -int64(i) },
	} {
		t.Run(name, func(t *testing.T) {
			d := dues{budget: limit.New("test", 0)}
			var want []int64
			for i := range 20_000 {
				want = append(want, draw(i))
				if err := d.push(due{micros: want[i]}); err != nil {
					t.Fatal(err)
				}
			}
			slices.Sort(want)
			for i, micros := range want {
				if at, ok := d.pop(micros); !ok || at.micros != micros {
					t.Fatalf("number %d is %d, %v; want %d", i, at.micros, ok, micros)
				}
			}
		})
	}
}
