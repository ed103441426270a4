package window_test

import (
	"fmt"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/internal/state/store/storetest"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// pagedLow is what memory is tight below where windows are gone through page by page.
const pagedLow = 8 << 20

// paged is an operator whose windows are gone through page by page, the first of some tasks.
type paged struct {
	t      *testing.T
	tasks  int
	op     pagedOperator
	budget *limit.Budget
	stored *optest.Stored
	out    *op.Output
	reader *storetest.Reader // of what has left memory
}

type pagedOperator interface {
	op.Durable
	op.Operator
	op.WatermarkHandler
}

// newPaged makes the operator that fresh makes of a configuration with windows of two slices.
func newPaged(t *testing.T, tasks int, lateness int64, fresh func(*limit.Budget, window.SlicedConfig) (pagedOperator, error)) *paged {
	t.Helper()
	c := window.SlicedConfig{Shape: window.Shape{Kind: window.Hop, Size: 20, Every: 10}, TimeType: schema.Of(schema.TimestampTZ), Tasks: tasks}
	c.Start, c.End, c.Emission, c.Lateness = colStart, colEnd, window.OnClose, lateness
	c.Name, c.Types, c.Keys = "slices 1", slicedTypes(), []int{colKey}
	c.Calls = []aggregate.Call{call(t, "count")}
	p := &paged{t: t, tasks: tasks, budget: limit.New("test", 1<<30), out: op.NewOutput(1)}
	var err error
	if p.op, err = fresh(p.budget, c); err != nil {
		t.Fatal(err)
	}
	p.stored = optest.StoreThrough(p.op, pagedLow, func(r store.Reader) store.Reader {
		p.reader = &storetest.Reader{Reader: r}
		return p.reader
	})
	return p
}

// fill gives the windows that end at 10 and 20 about so many groups, and has them leave memory. Only those count that are the task's, if its key groups are to be a part of all.
func (p *paged) fill(groups int, part bool) {
	p.t.Helper()
	h := keyed.NewHasher([]int{colKey})
	for from, total := 0, 0; total < groups; from += batch.MaxRows {
		var rows [][]any
		for n := from; n < from+batch.MaxRows; n++ {
			rows = append(rows, []any{10, 20, fmt.Sprintf("%0200d", n), 0, 0, nil})
		}
		in := optest.Make(slicedTypes(), rows...)
		var sel []uint16
		for i, x := range h.Hash(in) {
			if (!part || int(op.GroupOf(x)) < keyed.Groups/p.tasks) && total < groups {
				sel, total = append(sel, uint16(i)), total+1
			}
		}
		var v batch.Batch
		v.View(in, sel)
		if err := p.stored.Load(0, &v); err != nil {
			p.t.Fatal(err)
		}
		if _, err := p.op.Apply(&v, p.out); err != nil {
			p.t.Fatal(err)
		}
		p.evict()
	}
}

// answer has windows answered that end by mark. It returns how much memory a page takes at most, and how many answers there are. Behind each page all leaves memory, if leaves says so.
func (p *paged) answer(mark int64, leaves bool) (most int64, answers int) {
	p.t.Helper()
	for more := true; more; {
		before := p.budget.Used()
		if err := p.stored.Load(0, nil); err != nil {
			p.t.Fatal(err)
		}
		most = max(most, p.budget.Used()-before)
		p.out.Reset()
		var err error
		if more, err = p.op.OnWatermark(mark, p.out); err != nil {
			p.t.Fatal(err)
		}
		if b := p.out.Ports[0]; b != nil {
			answers += b.Rows()
		} else if leaves {
			p.evict()
		}
	}
	return most, answers
}

// evict has all leave memory.
func (p *paged) evict() {
	p.t.Helper()
	if err := p.stored.Evict(0, true); err != nil {
		p.t.Fatal(err)
	}
}
