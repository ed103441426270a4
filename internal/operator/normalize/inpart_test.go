package normalize_test

import (
	"fmt"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/normalize"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/sdk/batch"
)

// TestKeysAreRestoredInPart: a restore may leave rows in the store of which the keys come back, or the other way around.
func TestKeysAreRestoredInPart(t *testing.T) {
	for _, changelog := range []bool{false, true} {
		config := normalize.Config{Name: "n", Types: pair(), Key: []int{0}, TTL: 100, Changelog: changelog}
		optest.RestoreInPart(t, func() op.Durable { return normalize.New(&batch.Pool{}, limit.New("test", 0), config).(op.Durable) }, func(round int) (batches []*batch.Batch) {
			for from := 0; from < 2000; from += 1000 {
				var all []change
				for i := range 1000 {
					all = append(all, change{ins, from + i, fmt.Sprint(round)})
				}
				batches = append(batches, make2(all...))
			}
			return batches
		})
	}
}
