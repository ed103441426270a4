package normalize_test

import (
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/normalize"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/sdk/batch"
)

// TestKeysExpireWhereverTheyAre: keys that have left memory are forgotten when they would be in memory, and in time nothing of them is stored.
func TestKeysExpireWhereverTheyAre(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		config := normalize.Config{
			Name: "n", Types: pair(), Key: []int{0}, TTL: 10_000, Changelog: rapid.Bool().Draw(r, "changelog"), Upserts: rapid.Bool().Draw(r, "upserts"),
		}
		fresh := func() op.Durable { return normalize.New(&batch.Pool{}, limit.New("test", 0), config).(op.Durable) }
		w := optest.NewTwin(fresh(), fresh())
		now := int64(1000)
		for range rapid.IntRange(1, 60).Draw(r, "steps") {
			switch rapid.IntRange(0, 4).Draw(r, "step") {
			case 0:
				now += rapid.Int64Range(1, 6000).Draw(r, "time")
				w.Tick(r, now)
			case 1:
				w.Evict(r)
			default:
				var changes []change
				for range rapid.IntRange(1, 5).Draw(r, "rows") {
					kind := rapid.SampledFrom([]batch.Change{ins, ua, del}).Draw(r, "kind")
					changes = append(changes, change{kind, rapid.IntRange(0, 9).Draw(r, "key"), rapid.SampledFrom([]string{"a", "b"}).Draw(r, "text")})
				}
				w.Feed(r, now, make2(changes...))
			}
		}
		for range 30 {
			now += 3000
			w.Tick(r, now)
			w.Flush(r)
		}
		w.Empty(r)
	})
}
