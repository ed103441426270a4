package store_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/state/store"
)

// sortedIn are the entries of changes that are applied in turn, in the order of keys, without those that a later one drops.
func sortedIn(changes []*store.Changes) (lines []string) {
	var s store.Sorted
	s.SortInTurn(changes)
	for shard := range store.Shards {
		_ = s.Each(shard, func(entries []store.Entry) error { // no error is given
			for _, e := range entries {
				lines = append(lines, fmt.Sprintf("%d/%x=%s", e.Slice, e.Hash, e.Value))
			}
			return nil
		})
	}
	return lines
}

// Changes that are sorted in turn leave what calls one after another do, where some of them drop the same.
func TestSortInTurn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		space := store.Space{Operator: 1}
		hash := func(what string) uint64 {
			return rapid.SampledFrom([]uint64{0, 1, 1 << 62, math.MaxUint64}).Draw(t, what)
		}
		slice := rapid.Int64Range(0, 1)
		model := map[string]string{}
		order := []string{}
		for s := range int64(2) {
			for _, h := range []uint64{0, 1, 1 << 62, math.MaxUint64} {
				order = append(order, fmt.Sprintf("%d/%x", s, h))
			}
		}
		var changes []*store.Changes
		for n := range rapid.IntRange(1, 6).Draw(t, "changes") {
			c := &store.Changes{}
			c.Log(1)
			for range rapid.IntRange(0, 2).Draw(t, "drops") {
				from, to := hash("from"), hash("to")
				all, of := rapid.Bool().Draw(t, "all"), slice.Draw(t, "dropped slice")
				if all {
					c.DropAll(space, from, to)
				} else {
					c.Drop(space, of, from, to)
				}
				for s := range int64(2) {
					for _, h := range []uint64{0, 1, 1 << 62, math.MaxUint64} {
						if from <= h && h <= to && (all || s == of) {
							delete(model, fmt.Sprintf("%d/%x", s, h))
						}
					}
				}
			}
			for range rapid.IntRange(0, 3).Draw(t, "puts") {
				s, h := slice.Draw(t, "slice"), hash("hash")
				c.Put(space, s, h, nil, fmt.Append(nil, n))
				model[fmt.Sprintf("%d/%x", s, h)] = fmt.Sprint(n)
			}
			changes = append(changes, c)
		}
		got := map[string]string{}
		for _, line := range sortedIn(changes) {
			var at, value string
			for i := range line {
				if line[i] == '=' {
					at, value = line[:i], line[i+1:]
				}
			}
			got[at] = value
		}
		for _, at := range order {
			if got[at] != model[at] {
				t.Fatalf("%s is %q instead of %q", at, got[at], model[at])
			}
		}
	})
}
