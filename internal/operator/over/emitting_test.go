package over_test

import (
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/over"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestRowsThatAreEmittedStay: where memory gets short while rows are emitted they do not leave it.
func TestRowsThatAreEmittedStay(t *testing.T) {
	budget := limit.New("test", 64<<20)
	config := over.Config{Name: "over 1", Types: []schema.Type{schema.Of(schema.Int64)}, Order: []keyed.Key{{Column: 0}}, Calls: []over.Call{timedCall("row_number", over.DefaultFrame())}}
	optest.RowsThatAreEmittedStay(t, over.New(&batch.Pool{}, budget, config), budget)
}
