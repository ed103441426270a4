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
