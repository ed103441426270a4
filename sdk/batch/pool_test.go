package batch_test

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
)

// maxPooled is the largest slice that a pool keeps, in words.
const maxPooled = 1 << 17

func TestPoolCounts(t *testing.T) {
	var p batch.Pool
	a := p.Get(1)
	b := p.Get(65)
	if len(a) != 1 || cap(a) != 64 || len(b) != 65 || cap(b) != 128 {
		t.Errorf("1 word: %d of %d; 65 words: %d of %d", len(a), cap(a), len(b), cap(b))
	}
	if diff := cmp.Diff(batch.Stats{Gets: 2, Misses: 2, Bytes: (64 + 128) * 8}, p.Stats()); diff != "" {
		t.Error(diff)
	}
	p.Put(a)
	if diff := cmp.Diff(batch.Stats{Gets: 2, Puts: 1, Misses: 2, Bytes: 128 * 8}, p.Stats()); diff != "" {
		t.Error(diff)
	}
	again := p.Get(64)
	if &again[0] != &a[0] {
		t.Error("a slice that was given back is not lent again")
	}
	if got := p.Stats().Misses; got != 2 {
		t.Errorf("%d misses, want 2", got)
	}
	p.Put(again)
	p.Put(b)
	p.Put(nil)
	if got := p.Stats(); got.Bytes != 0 || got.Puts != 3 {
		t.Errorf("%+v after everything came back", got)
	}
}

func TestPoolLeavesHugeSlicesToTheCollector(t *testing.T) {
	var p batch.Pool
	for i, n := range []int{maxPooled, maxPooled + 1} {
		s := p.Get(n)
		if got := p.Stats().Bytes; got != int64(n)*8 {
			t.Errorf("%d words count as %d bytes", n, got)
		}
		p.Put(s)
		before := p.Stats().Misses
		p.Put(p.Get(n))
		if missed := p.Stats().Misses - before; missed != int64(i) {
			t.Errorf("%d words: %d misses the second time, want %d", n, missed, i)
		}
	}
	if got := p.Stats().Bytes; got != 0 {
		t.Errorf("%d bytes are still lent", got)
	}
}

func TestPoolBoundsWhatItKeeps(t *testing.T) {
	var p batch.Pool
	const kept = (8 << 20) / (maxPooled * 8)
	var lent [][]uint64
	for range kept + 3 {
		lent = append(lent, p.Get(maxPooled))
	}
	for _, s := range lent {
		p.Put(s)
	}
	before := p.Stats().Misses
	for range kept + 3 {
		p.Get(maxPooled)
	}
	if got := p.Stats().Misses - before; got != 3 {
		t.Errorf("%d misses, want 3: the pool keeps %d slices of the largest class", got, kept)
	}
}

// TestPoolBalances: whatever is lent and given back, Bytes is the sum of the capacities outside, and no slice is lent twice.
func TestPoolBalances(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p batch.Pool
		out := map[*uint64][]uint64{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if len(out) > 0 && rapid.Bool().Draw(t, "put") {
				for first, s := range out {
					p.Put(s)
					delete(out, first)
					break
				}
			} else {
				s := p.Get(rapid.IntRange(1, 5000).Draw(t, "words"))
				if out[&s[0]] != nil {
					t.Fatal("one slice was lent to two")
				}
				out[&s[0]] = s
			}
			want := 0
			for _, s := range out {
				want += cap(s) * 8
			}
			if got := p.Stats().Bytes; got != int64(want) {
				t.Fatalf("%d bytes lent, want %d", got, want)
			}
		}
	})
}

func TestPoolIsSafeForManyGoroutines(t *testing.T) {
	var p batch.Pool
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 500 {
				s := p.Get(64 + i%200)
				for j := range s {
					s[j] = uint64(g)
				}
				for j := range s {
					if s[j] != uint64(g) {
						t.Errorf("goroutine %d sees another's words", g)
						return
					}
				}
				p.Put(s)
			}
		})
	}
	wg.Wait()
	if got := p.Stats(); got.Bytes != 0 || got.Gets != 2000 || got.Puts != 2000 {
		t.Errorf("%+v", got)
	}
}
