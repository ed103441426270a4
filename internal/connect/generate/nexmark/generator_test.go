package nexmark

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// The data set of a seed never changes: committed answers and stored positions depend on it. A new hash here is a new data set.
func TestDataSetOfASeedIsFixed(t *testing.T) {
	const count = 100_000
	cases := []struct {
		name      string
		seed      uint64
		groupSize int64
		want      string
	}{
		{"default", 0, 1, "3bd448553b19e63c2a91a1c389ba942114c97a8b2b00bf106ddbbd1e34e82cc7"},
		{"seed 1", 1, 1, "e3bad0d951f70daddfc05088b355b7f125c03c70a919c3188f495102886d1264"},
		{"seed 1 out of order", 1, 1000, "1167d4e1f8a7b2765c39288c3102af38fb8b27709e4cdcd4ab281840c2bd27a8"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			c := DefaultConfig()
			c.Seed, c.GroupSize = test.seed, test.groupSize
			sum := sha256.New()
			var line []byte
			each(t, c, count, func(_ uint64, e *Event) {
				line = append(AppendJSON(line[:0], e), '\n')
				sum.Write(line)
			})
			if got := hex.EncodeToString(sum.Sum(nil)); got != test.want {
				t.Errorf("hash of %d events = %s, want %s", count, got, test.want)
			}
		})
	}
}

func TestRestartAnywhereEqualsTheStraightRun(t *testing.T) {
	c := DefaultConfig()
	c.Events, c.GroupSize = 5_003, 100
	straight := make([][]byte, c.Events)
	each(t, c, uint64(c.Events), func(k uint64, e *Event) { straight[k] = AppendJSON(nil, e) })
	rapid.Check(t, func(t *rapid.T) {
		g, err := NewGenerator(c)
		if err != nil {
			t.Fatal(err)
		}
		start := rapid.Uint64Range(0, g.Count()-1).Draw(t, "start")
		for k := start; k < min(start+20, g.Count()); k++ {
			if got := AppendJSON(nil, g.At(k)); !bytes.Equal(got, straight[k]) {
				t.Fatalf("position %d after a restart at %d:\n%s\nwant\n%s", k, start, got, straight[k])
			}
		}
	})
}

func TestBoundedRunEnds(t *testing.T) {
	c := DefaultConfig()
	c.Events = 7
	g := generator(t, c)
	if g.Count() != 7 || g.At(6) == nil {
		t.Errorf("count = %d, At(6) = %v", g.Count(), g.At(6))
	}
	for _, k := range []uint64{7, 8, math.MaxUint64} {
		if g.At(k) != nil || g.Event(k) != nil {
			t.Errorf("position %d of 7 is dealt", k)
		}
	}
}

// A run's length decides where it ends, not what its events are.
func TestBoundedRunIsAPrefix(t *testing.T) {
	c := DefaultConfig()
	endless := generator(t, c)
	c.Events = 200
	bounded := generator(t, c)
	for k := range uint64(200) {
		if want, got := AppendJSON(nil, endless.At(k)), AppendJSON(nil, bounded.At(k)); !bytes.Equal(got, want) {
			t.Fatalf("event %d:\n%s\nwant\n%s", k, got, want)
		}
	}
}

func TestDisorderKeepsTheEvents(t *testing.T) {
	c := DefaultConfig()
	inOrder := generator(t, c)
	c.GroupSize = 64
	moved := 0
	each(t, c, 6_400, func(k uint64, e *Event) {
		if e.Number != k {
			moved++
		}
		if want, got := AppendJSON(nil, inOrder.Event(e.Number)), AppendJSON(nil, e); !bytes.Equal(got, want) {
			t.Fatalf("event %d at position %d:\n%s\nwant\n%s", e.Number, k, got, want)
		}
	})
	if moved != 5_600 { // 953 ≡ 57 (mod 64) keeps every eighth event in its place
		t.Errorf("%d of 6,400 events are out of place, want 5,600", moved)
	}
}

func TestSeedsDiffer(t *testing.T) {
	c := DefaultConfig()
	zero := generator(t, c)
	c.Seed = 1
	one := generator(t, c)
	for n := range uint64(100) {
		if bytes.Equal(AppendJSON(nil, zero.Event(n)), AppendJSON(nil, one.Event(n))) {
			t.Errorf("event %d is the same for two seeds", n)
		}
	}
}

func TestKindsFollowTheEventNumber(t *testing.T) {
	var counts [3]int
	each(t, DefaultConfig(), 50_000, func(n uint64, e *Event) {
		want := KindBid
		switch n % 50 {
		case 0:
			want = KindPerson
		case 1, 2, 3:
			want = KindAuction
		}
		if e.Kind != want || e.Number != n {
			t.Fatalf("event %d is number %d, a %s; want a %s", n, e.Number, e.Kind, want)
		}
		counts[e.Kind]++
	})
	if counts != [3]int{1_000, 3_000, 46_000} {
		t.Errorf("kinds = %v", counts)
	}
}

func TestKindNames(t *testing.T) {
	for kind, want := range map[Kind]string{KindPerson: "person", KindAuction: "auction", KindBid: "bid", 7: "unknown"} {
		if got := kind.String(); got != want {
			t.Errorf("kind %d = %s, want %s", kind, got, want)
		}
	}
}

func TestIDsCountUp(t *testing.T) {
	person, auction := int64(1000), int64(1000)
	each(t, DefaultConfig(), 10_000, func(n uint64, e *Event) {
		switch e.Kind {
		case KindPerson:
			if e.Person.ID != person {
				t.Fatalf("event %d is person %d, want %d", n, e.Person.ID, person)
			}
			person++
		case KindAuction:
			if e.Auction.ID != auction {
				t.Fatalf("event %d is auction %d, want %d", n, e.Auction.ID, auction)
			}
			auction++
		}
	})
}

func TestEveryTimestampIsItsEventsOwn(t *testing.T) {
	for _, rate := range []int64{1, 7, 10_000, 300_000, 999_999, maxRate} {
		c := DefaultConfig()
		c.EventsPerSecond = rate
		last := c.BaseTime - 1
		each(t, c, 20_000, func(n uint64, e *Event) {
			if e.DateTime() <= last {
				t.Fatalf("rate %d: event %d at %d follows %d", rate, n, e.DateTime(), last)
			}
			last = e.DateTime()
			if want := c.BaseTime + int64(n)*microsPerSecond/rate; last != want {
				t.Fatalf("rate %d: event %d at %d, want %d", rate, n, last, want)
			}
		})
	}
}

func TestAtDoesNotAllocate(t *testing.T) {
	c := DefaultConfig()
	c.PersonBytes, c.AuctionBytes, c.BidBytes = maxTextBytes, maxTextBytes, 0
	for _, c := range []Config{DefaultConfig(), c} {
		g := generator(t, c)
		line := make([]byte, 0, 2*maxTextBytes)
		k := uint64(0)
		if got := testing.AllocsPerRun(2_000, func() { line = AppendJSON(line[:0], g.At(k)); k++ }); got != 0 {
			t.Errorf("%v allocations an event", got)
		}
	}
}
