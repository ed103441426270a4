package aggregate

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/sdk/sqlstate"
)

// TestArenaHoldsWhatIsPutIn compares blocks with slices, through growth, reuse and pages that are given back.
func TestArenaHoldsWhatIsPutIn(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		budget := limit.New("test", 0)
		a := arena{memory: &account{budget: budget}}
		var blocks [8]block
		var want [8][]byte
		size := rapid.SampledFrom([]int{8, 100, 5000, 700_000})
		for step := range rapid.IntRange(1, 60).Draw(r, "steps") {
			i := rapid.IntRange(0, len(blocks)-1).Draw(r, "block")
			data := bytes.Repeat([]byte{byte(step + 1)}, rapid.IntRange(0, size.Draw(r, "size")).Draw(r, "length"))
			var err error
			switch rapid.IntRange(0, 3).Draw(r, "operation") {
			case 0:
				want[i], err = bytes.Clone(data), a.set(&blocks[i], data)
			case 1:
				a.drop(&blocks[i])
				want[i] = nil
			default:
				want[i], err = append(want[i], data...), a.append(&blocks[i], data)
			}
			if err != nil {
				r.Fatal(err)
			}
			for k := range blocks {
				if !bytes.Equal(a.bytes(&blocks[k]), want[k]) {
					r.Fatalf("block %d is not what was put in", k)
				}
			}
			if budget.Used() != a.memory.used {
				r.Fatalf("%d bytes are reserved, not %d", budget.Used(), a.memory.used)
			}
		}
	})
}

// TestArenaReusesBlocks: what one slot gives back another gets, so that a state that changes does not grow.
func TestArenaReusesBlocks(t *testing.T) {
	a := arena{memory: &account{budget: limit.New("test", 0)}}
	data := bytes.Repeat([]byte("x"), 1000)
	var blocks [100]block
	for range 1000 {
		for i := range blocks {
			if err := a.append(&blocks[i], data[:10*i]); err != nil {
				t.Fatal(err)
			}
		}
		for i := range blocks {
			a.drop(&blocks[i])
		}
	}
	if a.memory.used > 512<<10 {
		t.Errorf("%d bytes for at most 100,000", a.memory.used)
	}
}

func TestArenaRefuses(t *testing.T) {
	a := arena{memory: &account{budget: limit.New("test", 2000)}}
	var b block
	var full *limit.ExceededError
	if err := a.append(&b, make([]byte, 1500)); !errors.As(err, &full) {
		t.Errorf("got %v", err)
	}
	if err := a.append(&b, make([]byte, 100)); err != nil || b.n != 100 {
		t.Errorf("after a refusal: %v", err)
	}
	b.n = maxBlock // as if
	if err := a.reserve(&b, 1); sqlstate.Of(err) != sqlstate.ProgramLimitExceeded {
		t.Errorf("got %v", err)
	}
}
