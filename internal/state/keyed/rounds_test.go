package keyed_test

import (
	"testing"

	"wire.example/wire/internal/state/keyed"
)

// As many leave as are to, also where a task has entries of few groups: what is not enough costs the store a table each time.
func TestRoundsOfFewGroupsAreEnough(t *testing.T) {
	for _, groups := range []int{keyed.Groups, keyed.Groups / 4, keyed.Groups / 64} {
		const each, want = 1000, 700
		var left [keyed.Groups]int
		for g := range groups {
			left[g] = each
		}
		total := 0
		evict := func(group uint8, most int) (int, error) {
			n := min(most, left[group])
			left[group] -= n
			return n, nil
		}
		var r keyed.Rounds
		for total+want <= groups*each/2 {
			n, err := r.Evict(want, evict)
			if err != nil || n < want || n > 2*want {
				t.Fatalf("of %d groups %d entries leave, want %d: %v", groups, n, want, err)
			}
			total += n
		}
		least, most := each, 0
		for g := range groups {
			least, most = min(least, left[g]), max(most, left[g])
		}
		if most-least > 2*(2*want/groups+1) {
			t.Errorf("of %d groups one has %d entries left and another one %d", groups, least, most)
		}
		for range 3 {
			n, err := r.Evict(groups*each, evict)
			if err != nil {
				t.Fatal(err)
			}
			total += n
		}
		if total != groups*each {
			t.Errorf("%d entries of %d groups have left, not all %d", total, groups, groups*each)
		}
	}
}

// What is left over after a round says nothing of how many groups have entries: those of all leave alike afterwards.
func TestRoundsAreNotTaughtByLeftovers(t *testing.T) {
	const want = 12_288
	var left [keyed.Groups]int
	for g := range left {
		left[g] = 40
	}
	left[7], left[8], left[9] = 150, 150, 150
	evict := func(group uint8, most int) (int, error) {
		n := min(most, left[group])
		left[group] -= n
		return n, nil
	}
	var r keyed.Rounds
	for range 4 {
		if _, err := r.Evict(want, evict); err != nil {
			t.Fatal(err)
		}
		for g := range left {
			if left[g] == 0 {
				left[g] = 400
			}
		}
	}
	left = [keyed.Groups]int{5: 1, 6: 1, 7: 1} // nothing else may leave just now
	if n, err := r.Evict(want, evict); n != 3 || err != nil {
		t.Fatalf("%d entries have left, %v", n, err)
	}
	for range 20 {
		for g := range left {
			left[g] = 400
		}
		if n, err := r.Evict(want, evict); n < want || err != nil {
			t.Fatalf("%d entries have left, %v", n, err)
		}
	}
	for g, n := range left {
		if n < 400-4*want/keyed.Groups {
			t.Errorf("group %d has %d entries left of 400", g, n)
		}
	}
}
