package flow

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestHalvesOfUpdatesStayTogetherOrBecomeTwoChanges: behind an exchange every task sees an update as two neighbours, or sees one half as what it is alone.
func TestHalvesOfUpdatesStayTogetherOrBecomeTwoChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := &batch.Batch{Cols: []*batch.Column{batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))}, Before: []int64{}}
		var keys []int64
		for range rapid.IntRange(1, 20).Draw(t, "changes") {
			key := rapid.Int64Range(0, 5)
			switch rapid.IntRange(0, 3).Draw(t, "change") {
			case 0:
				b.Kinds = append(b.Kinds, batch.Insert)
			case 1:
				b.Kinds = append(b.Kinds, batch.Delete)
			default:
				b.Kinds = append(b.Kinds, batch.UpdateBefore, batch.UpdateAfter)
				keys = append(keys, key.Draw(t, "key"))
			}
			keys = append(keys, key.Draw(t, "key"))
		}
		gaps := rapid.Bool().Draw(t, "rows between that do not count")
		b.Len = len(keys)
		if gaps {
			b.Len *= 2
		}
		b.Cols[0].Reset(b.Len)
		kinds := b.Kinds
		b.Kinds = make([]batch.Change, b.Len)
		for i, key := range keys {
			row := i
			if gaps {
				row = 2 * i
				b.Sel = append(b.Sel, uint16(row))
			}
			b.Cols[0].Int64s()[row], b.Kinds[row] = key, kinds[i]
		}
		b.Before = make([]int64, b.Len)
		tasks := rapid.IntRange(1, 3).Draw(t, "tasks")
		kind := physical.Hash
		if rapid.Bool().Draw(t, "broadcast") {
			kind = physical.Broadcast
		}
		o := testOutlet()
		o.exchange = &physical.Exchange{Kind: kind, Keys: []int{0}, To: physical.Input{Stage: &physical.Stage{Name: "s"}}}
		o.queues = make([]*queue, tasks)
		c := newConsignment(o)
		newDealer(o).deal(b, c)
		owner, hashes := batch.Spread(tasks), keyed.NewHasher([]int{0}).Hash(b)
		for part := range c.parts {
			var want, got []batch.Change
			var values, dealt []int64
			to := func(i int) bool { return kind == physical.Broadcast || int(owner[hashes[i]>>56]) == part }
			for i, k := range kinds {
				if !to(i) {
					continue
				}
				switch {
				case k == batch.UpdateBefore && !to(i+1):
					k = batch.Delete
				case k == batch.UpdateAfter && !to(i-1):
					k = batch.Insert
				}
				want, values = append(want, k), append(values, keys[i])
			}
			for _, full := range c.parts[part] {
				out := full.rows.Batch()
				if out.Before != nil {
					t.Fatal("the exchange is not dated")
				}
				got = append(got, out.Kinds...)
				dealt = append(dealt, out.Cols[0].Int64s()...)
			}
			if !slices.Equal(got, want) || !slices.Equal(dealt, values) {
				t.Fatalf("task %d of %d gets %v, want %v", part, tasks, got, want)
			}
		}
		if !slices.Equal(b.Kinds[:1], kinds[:1]) {
			t.Fatal("the rows that were lent have changed")
		}
	})
}
