package aggregate_test

import (
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// TestGroupsAreLookedAt: whoever reads stored groups sees what each call has come to, and is told of damage.
func TestGroupsAreLookedAt(t *testing.T) {
	for name, test := range map[string]struct {
		config aggregate.Config
		path   string
	}{
		"a-key":   {aggregate.Config{Keys: []int{keyText}}, "testdata/entries-v2-a-key.txt"},
		"changes": {aggregate.Config{Keys: []int{keyText}, Changes: true, Retracts: true, TTL: 1_000_000}, "testdata/entries-v1-changes.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			c := test.config
			c.Name, c.Types, c.Calls = "aggregate 1", types(), everyState(t)
			budget := limit.New("test", limit.Unlimited)
			r, err := aggregate.NewReader(&batch.Pool{}, budget, c, 2)
			if err != nil {
				t.Fatal(err)
			}
			answer := func(call int) string {
				out := batch.NewColumn(&batch.Pool{}, r.Type(call))
				r.Answer(call, []uint32{1}, out)
				return sdktest.Rows(&batch.Batch{Cols: []*batch.Column{out}, Len: 1})[0]
			}
			counted := map[string]int{}
			for _, value := range optest.EntryValues(t, test.path, "0") {
				optest.Damaged(t, value, func(value []byte) error {
					err := r.Group(1, value)
					for i := range c.Calls {
						if err == nil && r.Known(i) {
							answer(i)
						}
					}
					r.Free(1)
					return err
				})
				if err := r.Group(1, value); err != nil {
					t.Fatal(err)
				}
				counted[answer(0)+" "+answer(1)]++
				r.Free(1)
			}
			if len(counted) != 2 || counted["4 20"] != 1 || counted["2 11"] != 1 {
				t.Errorf("count and sum are %v", counted)
			}
			if known := r.Known(len(c.Calls) - 2); known {
				t.Error("a call that keeps rows is known from its group")
			}
			r.Close()
			if n := budget.Used(); n != 0 {
				t.Errorf("%d bytes are left in use", n)
			}
		})
	}
}
