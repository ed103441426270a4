package sort_test

import (
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/sort"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestRowsThatAreEmittedStay: where memory gets short while rows are emitted they do not leave it.
func TestRowsThatAreEmittedStay(t *testing.T) {
	budget := limit.New("test", 64<<20)
	config := sort.Config{Name: "sort 1", Types: []schema.Type{schema.Of(schema.Int64)}, Keys: []keyed.Key{{Column: 0}}, Limit: sort.NoLimit}
	optest.RowsThatAreEmittedStay(t, sort.New(&batch.Pool{}, budget, config), budget)
}
