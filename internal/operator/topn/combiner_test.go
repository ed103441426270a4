package topn_test

import (
	"fmt"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/topn"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// halves is a combiner and the operator behind it.
type halves struct {
	*topn.Operator
	front *topn.Combiner
	most  int // rows that the combiner emitted at once
}

func (h *halves) pass(f func(out *op.Output) (bool, error), out *op.Output) error {
	for more := true; more; {
		middle := op.NewOutput(1)
		var err error
		if more, err = f(middle); err != nil {
			return err
		}
		out.Counts.In, out.Counts.Absorbed, out.Counts.Filtered = out.Counts.In+middle.Counts.In, out.Counts.Absorbed+middle.Counts.Absorbed, out.Counts.Filtered+middle.Counts.Filtered
		b := middle.Ports[0]
		if b == nil {
			continue
		}
		h.most = max(h.most, b.Rows())
		for back := true; back; {
			inner := op.NewOutput(1)
			if back, err = h.Operator.Apply(b, inner); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *halves) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	return false, h.pass(func(middle *op.Output) (bool, error) { return h.front.Apply(in, middle) }, out)
}

func (h *halves) OnFlush(out *op.Output) (bool, error) {
	if err := h.pass(h.front.OnFlush, out); err != nil {
		return false, err
	}
	return h.Operator.OnFlush(out)
}

func (h *halves) Needs(_ int, _ *batch.Batch, needs *op.Needs) {
	for i := range h.Tables() {
		needs.All(i)
	}
}

// TestHalvesAreTheWhole: rows that pass a combiner give the same answer.
func TestHalvesAreTheWhole(t *testing.T) {
	for name, config := range configs() {
		if config.Arrival {
			continue
		}
		t.Run(name, func(t *testing.T) {
			o := under(config)
			config.Name, config.Types = "top 1", types()
			o.New = func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
				return &halves{Operator: topn.New(pool, budget, config), front: topn.NewCombiner(pool, budget, config)}, nil
			}
			optest.Check(t, o, draw(false), func(in []*batch.Batch) [][]string { return [][]string{reference(config, in[0])} })
		})
	}
}

func TestACombinerHoldsSome(t *testing.T) {
	config := topn.Config{Name: "top 1", Types: types(), Order: []keyed.Key{{Column: valueColumn, Desc: true}}}
	for limited, want := range map[int64]int{3: 3, 1 << 20: batch.MaxRows} {
		config.Limit = limited
		h := &halves{Operator: topn.New(&batch.Pool{}, limit.New("test", 0), config), front: topn.NewCombiner(&batch.Pool{}, limit.New("test", 0), config)}
		out := op.NewOutput(1)
		for at := range 10 {
			rows := make([][]any, 4000)
			for i := range rows {
				rows[i] = []any{1, 0, at*4000 + i, fmt.Sprint("text ", i)}
			}
			if _, err := h.Apply(optest.Make(types(), rows...), out); err != nil {
				t.Fatal(err)
			}
		}
		before := h.most
		if _, err := h.OnFlush(out); err != nil {
			t.Fatal(err)
		}
		if h.most != want || limited == 3 && before != 0 || out.Counts.In != 40_000 || !out.Counts.Balanced() {
			t.Errorf("limit %d: %d rows at once, %d before the flush, %+v", limited, h.most, before, out.Counts)
		}
	}
}
