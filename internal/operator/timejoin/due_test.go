package timejoin

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
)

// TestRowsComeWhenTheirTimeHas: a row is ready as soon as its time is passed, and not before.
func TestRowsComeWhenTheirTimeHas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		budget := limit.New("test", 0)
		d := newDue[uint32](budget)
		waiting, ready := map[uint32]int64{}, []uint32{}
		reached, id := int64(math.MinInt64), uint32(0)
		times := rapid.OneOf(rapid.Int64Range(-50, 50), rapid.Int64(), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64}))
		look := func(all bool) {
			for k, at := range waiting {
				if at < reached || all {
					ready = append(ready, k)
					delete(waiting, k)
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				for range rapid.IntRange(1, 30).Draw(t, "rows") {
					id++
					waiting[id] = times.Draw(t, "time")
					if err := d.push(waiting[id], id); err != nil {
						t.Fatal(err)
					}
				}
				look(false)
			},
			"advance": func(t *rapid.T) {
				to := times.Draw(t, "to")
				if reached = max(reached, to); d.advance(to) != nil {
					t.Fatal("no memory")
				}
				look(false)
			},
			"flush": func(t *rapid.T) {
				if err := d.flush(); err != nil {
					t.Fatal(err)
				}
				look(true)
			},
			"take": func(t *rapid.T) {
				var got []uint32
				for n := rapid.IntRange(1, 20).Draw(t, "at most"); d.any(); {
					some := d.take(n)
					if len(some) > n || len(some) == 0 {
						t.Fatalf("%d rows at once, not %d", len(some), n)
					}
					got = append(got, some...)
				}
				slices.Sort(got)
				slices.Sort(ready)
				if !slices.Equal(got, ready) {
					t.Fatalf("ready are %v, want %v", got, ready)
				}
				ready = ready[:0]
			},
			"": func(t *rapid.T) {
				if d.any() != (len(ready) > 0) || d.empty() != (len(ready)+len(waiting) == 0) {
					t.Fatalf("ready %v, empty %v, where %d are ready and %d wait", d.any(), d.empty(), len(ready), len(waiting))
				}
			},
		})
		d.free()
		if used := budget.Used(); used != 0 {
			t.Fatalf("%d bytes are still reserved", used)
		}
	})
}

func TestLevelsWithoutRowsGiveTheirMemoryBack(t *testing.T) {
	budget := limit.New("test", 0)
	d := newDue[uint32](budget)
	for i := range int64(3 * dueKept) {
		if err := d.push(1000+i, uint32(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.flush(); err != nil {
		t.Fatal(err)
	}
	if used, most := budget.Used(), int64(cap(d.ready))*idBytes; used != most {
		t.Errorf("%d bytes are reserved, want %d", used, most)
	}
}
