package keyed

import (
	"math/rand/v2"
	"testing"

	"wire.example/wire/internal/foundation/limit"
)

// TestNumbering: a row has the number that it was given last, whether rows come one behind the other or not, and numbers take memory of their own in the latter case alone.
func TestNumbering(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	budget := limit.New("test", limit.Unlimited)
	for _, kind := range []string{"in order", "in the place of others", "in any order", "far apart"} {
		n, want, last := newNumbering(budget), map[uint32]uint64{}, uint64(0)
		for step := range 200 {
			var ids []uint32
			for range random.IntN(300) {
				ids = append(ids, uint32(len(want)+len(ids))) //nolint:gosec // few
			}
			if kind == "in any order" {
				random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
			}
			if (kind == "in the place of others" || kind == "far apart") && step%2 == 1 && len(want) > 0 {
				ids = ids[:0]
				for id := random.Uint32N(uint32(len(want))); int(id) < len(want); id += 1 + random.Uint32N(100) { //nolint:gosec // few
					ids = append(ids, id)
				}
			}
			if kind == "far apart" && random.IntN(3) == 0 {
				last += random.Uint64N(1 << 34)
			}
			for i, id := range ids {
				want[id] = last + 1 + uint64(i)
			}
			if n.grow(len(want)); kind == "in any order" {
				for _, id := range ids {
					if err := n.set(id, want[id]); err != nil {
						t.Fatal(err)
					}
				}
			} else if err := n.give(ids, last); err != nil {
				t.Fatal(err)
			}
			last += uint64(len(ids))
			for id, number := range want {
				if got := n.of(id); got != number {
					t.Fatalf("%s: row %d has number %d, and not %d", kind, id, got, number)
				}
			}
		}
		if used := budget.Used(); (used > 0) != (kind != "in order") {
			t.Errorf("%s: numbers take %d bytes", kind, used)
		}
		if n.Free(); budget.Used() != 0 {
			t.Errorf("%s: %d bytes are not given back", kind, budget.Used())
		}
	}
}

// TestNumberThatIsRefused: where there is no memory for the number of a row that takes the place of another, that is said, and the others keep theirs.
func TestNumberThatIsRefused(t *testing.T) {
	budget := limit.New("test", 1)
	n := newNumbering(budget)
	n.grow(10)
	if err := n.give([]uint32{0, 1, 2}, 0); err != nil {
		t.Fatal(err)
	}
	if err := n.give([]uint32{1}, 3); err == nil {
		t.Fatal("a number has taken no memory")
	}
	if n.of(0) != 1 || n.of(1) != 2 || n.of(2) != 3 {
		t.Error("rows have other numbers")
	}
}
