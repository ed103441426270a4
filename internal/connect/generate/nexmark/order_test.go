package nexmark

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// numbers lists what a run of count deals, in the order of its positions.
func numbers(size, count uint64) []uint64 {
	o := newOrder(size, count)
	all := make([]uint64, count)
	for k := range count {
		all[k] = o.number(k)
	}
	return all
}

func TestOrderOfKnownRuns(t *testing.T) {
	cases := []struct {
		name        string
		size, count uint64
		want        []uint64
	}{
		{"in order", 1, 5, []uint64{0, 1, 2, 3, 4}},
		{"whole groups", 5, 10, []uint64{0, 3, 1, 4, 2, 5, 8, 6, 9, 7}},
		{"short last group is dealt by its own size", 5, 9, []uint64{0, 3, 1, 4, 2, 5, 6, 7, 8}},
		{"short run", 1000, 7, []uint64{0, 1, 2, 3, 4, 5, 6}},
		{"short run whose size turns 953 into 5", 1000, 12, []uint64{0, 5, 10, 3, 8, 1, 6, 11, 4, 9, 2, 7}},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			if got := numbers(test.size, test.count); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestOrderFollowsTheRuleInWholeGroups(t *testing.T) {
	const size, count = 1000, 10_000
	for k, n := range numbers(size, count) {
		if want := uint64(k)/size*size + uint64(k)*orderStep%size; n != want {
			t.Fatalf("position %d deals %d, want %d", k, n, want)
		}
	}
}

// Groups of a size coprime with 10 only show that the rule's k may be read as the position within the group.
func TestOrderStartsEachGroupAtItsFirstNumber(t *testing.T) {
	const size, count = 7, 7 * 1000
	for k, n := range numbers(size, count) {
		if k%size == 0 && n != uint64(k) {
			t.Fatalf("group at %d starts with %d", k, n)
		}
	}
}

func TestOrderIsAPermutationWithinGroups(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Uint64Range(1, 3000).Filter(func(s uint64) bool { return s%orderStep != 0 }).Draw(t, "size")
		count := rapid.Uint64Range(0, 8000).Draw(t, "count")
		dealt := numbers(size, count)
		for start := uint64(0); start < count; start += size {
			group := slices.Sorted(slices.Values(dealt[start:min(start+size, count)]))
			for i, n := range group {
				if n != start+uint64(i) {
					t.Fatalf("group at %d holds %d where %d belongs", start, n, start+uint64(i))
				}
			}
		}
	})
}

func TestOrderOfATailThatTheStepDivides(t *testing.T) {
	for _, tail := range []uint64{953, 1906} {
		dealt := numbers(2000, 2000+tail)
		if !slices.IsSorted(dealt[2000:]) {
			t.Errorf("tail of %d is out of order", tail)
		}
	}
}

func TestSplitsShareARun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.Uint64Range(0, 3000).Draw(t, "count")
		splits := rapid.Uint64Range(1, 9).Draw(t, "splits")
		seen := make([]bool, count)
		for index := range splits {
			s := Split{Index: index, Count: splits}
			length := s.Len(count)
			for i := range length {
				k := s.Position(i)
				if k >= count || seen[k] {
					t.Fatalf("%+v deals position %d of %d a second time or too far", s, k, count)
				}
				seen[k] = true
			}
			if next := s.Position(length); next < count {
				t.Fatalf("%+v stops at %d, before position %d of %d", s, length, next, count)
			}
		}
		if k := slices.Index(seen, false); k >= 0 {
			t.Fatalf("no split deals position %d", k)
		}
	})
}

func TestWholeRunIsOneSplit(t *testing.T) {
	s := Split{Index: 0, Count: 1}
	for i := range uint64(200) {
		if s.Position(i) != i {
			t.Fatalf("position of %d = %d", i, s.Position(i))
		}
	}
}
