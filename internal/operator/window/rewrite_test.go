package window_test

import (
	"testing"

	library "wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestDamagedWindowsAreNotRewritten gives a rewriter what no operator has stored.
func TestDamagedWindowsAreNotRewritten(t *testing.T) {
	count := library.Standard().Lookup("count")[0]
	at := schema.Of(schema.TimestampTZ)
	config := func(keys ...int) *window.Config {
		return &window.Config{
			Config: aggregate.Config{Name: "w", Types: []schema.Type{schema.Of(schema.Int64), at, at}, Keys: keys, Calls: []aggregate.Call{{Function: count, Filter: aggregate.NoColumn}}},
			Start:  1, End: 2,
		}
	}
	budget := limit.New("test", 0)
	for _, keys := range [][]int{nil, {0}} {
		r, err := window.NewRewriter(&batch.Pool{}, budget, config(keys...), config(keys...), []int{0})
		if err != nil {
			t.Fatal(err)
		}
		for name, rewrite := range map[string]func([]byte) ([]byte, error){"windows": r.Windows, "slices": r.Slices, "sessions": r.Sessions} {
			parts := map[string]int{"windows": 2, "slices": 2, "sessions": 1}[name]
			for _, bad := range [][]byte{{0x80}, {1}, {0, 1}, {1, 0x80}, {3, 2, 2, 1}, {0, 0, 0, 0, 2}} {
				list := make([][]byte, parts)
				list[parts-1] = bad
				if _, err := rewrite(keyed.AppendParts(nil, 1, list...)); err == nil {
					t.Errorf("%s with keys %v: %x is rewritten", name, keys, bad)
				}
			}
			if _, err := rewrite([]byte("nothing")); err == nil {
				t.Errorf("%s: nothing is rewritten", name)
			}
		}
		r.Free()
	}
	if budget.Used() != 0 {
		t.Errorf("%d bytes are still reserved", budget.Used())
	}
	other := config(0)
	other.Calls = nil
	if _, err := window.NewRewriter(&batch.Pool{}, budget, config(), other, nil); err == nil {
		t.Error("windows of other groups are rewritten")
	}
}
