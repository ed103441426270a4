package flow

import (
	"math"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/fold"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// later is a fold of a later release, with another layout.
type later struct{ *fold.Fold }

func (l later) EntriesVersion() int { return 2 }

// TestUnknownVersionOfEntries: state that another release laid out otherwise is refused by name.
func TestUnknownVersionOfEntries(t *testing.T) {
	f := fold.New(&batch.Pool{}, limit.New("test", 0), fold.Config{Name: "f", Types: []schema.Type{schema.Of(schema.Int64)}, Partition: []int{0}})
	for _, tt := range []struct {
		operator op.Operator
		stored   int
		want     string
	}{
		{f, 0, ""}, {f, 1, ""}, {f, 2, `version 2 of the layout of its entries, and this release of Wire reads version 1`}, {later{f}, 0, "version 1"}, {later{f}, 2, ""},
	} {
		s := &step{plan: &physical.Step{Name: "counts"}, op: tt.operator}
		k := s.keep(1, 0, math.MaxUint64)
		k.version, k.whole = tt.stored, true
		err := k.restore(t.Context(), store.NewMemory().Reader(), layoutEntries)
		if (err == nil) != (tt.want == "") || err != nil && (!strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), `step "counts"`)) {
			t.Errorf("stored version %d: %v", tt.stored, err)
		}
	}
}
