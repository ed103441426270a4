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

// expiring is an operator of many keys.
func expiring() optest.Expiry[op.Durable] {
	config := normalize.Config{Name: "n", Types: pair(), Key: []int{0}, TTL: 10_000}
	return optest.Expiry[op.Durable]{
		TTL: config.TTL,
		New: func() op.Durable { return normalize.New(&batch.Pool{}, limit.New("test", 0), config).(op.Durable) },
		Rows: func(nth int) *batch.Batch {
			var changes []change
			for i := range 200 {
				changes = append(changes, change{ua, i, fmt.Sprint("text ", nth)})
			}
			return make2(changes...)
		},
	}
}

func TestKeysAreSwept(t *testing.T) { expiring().Swept(t) }

func TestExpiredKeysAreNotFoundBack(t *testing.T) { expiring().NotFoundBack(t) }

func TestExpiredKeysAreRemoved(t *testing.T) { expiring().Removed(t) }
