package window_test

import (
	"math"
	"strconv"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/sdk/batch"
)

// driven is an Aggregate that a test drives, with its state in a store.
type driven struct {
	t      *testing.T
	a      *window.Aggregate
	stored *optest.Stored
	out    *op.Output
	// settled is how often everything had to be stored before a call went on; most is the most memory that was taken before a call.
	settled int
	most    int64
	budget  *limit.Budget
}

// call calls the operator until it has no more, and returns how many rows came out.
func (d *driven) call(in *batch.Batch, f func(*op.Output) (bool, error)) (rows int) {
	d.t.Helper()
	for more := true; more; {
		if d.a.Settles() {
			d.settled++
		}
		if err := d.stored.Settle(); err != nil {
			d.t.Fatal(err)
		}
		var needs op.Needs
		d.a.Needs(0, in, &needs)
		if err := needs.Load(d.a.Tables()); err != nil {
			d.t.Fatal(err)
		}
		d.most = max(d.most, d.budget.Used())
		d.out.Reset()
		var err error
		if more, err = f(d.out); err != nil {
			d.t.Fatal(err)
		}
		if b := d.out.Ports[0]; b != nil {
			rows += b.Rows()
		}
	}
	return rows
}

// TestAllGroupsOfAWindow: when windows close that have far more groups than memory, all are told of, some at a time; what comes behind is corrected; and then nothing is left of them. The windows have one end.
func TestAllGroupsOfAWindow(t *testing.T) {
	const groups, limitBytes, low = 20_000, 1_200_000, 1_000_000
	c := window.Config{Start: colStart, End: colEnd, Emission: window.OnClose, Lateness: 100}
	c.Name, c.Types, c.Keys = "windows 1", windowTypes(), []int{colKey}
	c.Calls = []aggregate.Call{call(t, "count")}
	budget := limit.New("test", limitBytes)
	a, err := window.NewAggregate(&batch.Pool{}, budget, c)
	if err != nil {
		t.Fatal(err)
	}
	d := &driven{t: t, a: a, stored: optest.StoreLow(a, low), out: op.NewOutput(1), budget: budget}
	apply := func(from, to int) (rows int) {
		for ; from < to; from += 500 {
			var list [][]any
			for n := from; n < min(from+500, to); n++ {
				list = append(list, []any{-5 - 2*(n%2), 1_000, strconv.Itoa(n), 0, 0, nil})
			}
			in := optest.Make(windowTypes(), list...)
			rows += d.call(in, func(out *op.Output) (bool, error) { return a.Apply(in, out) })
			rows += d.call(nil, a.OnFlush)
			if err := d.stored.Evict(1, true); err != nil {
				t.Fatal(err)
			}
		}
		return rows
	}
	if rows := apply(0, groups); rows != 0 {
		t.Errorf("%d rows came before a window closed", rows)
	}
	watermark := func(micros int64) int {
		return d.call(nil, func(out *op.Output) (bool, error) { return a.OnWatermark(micros, out) })
	}
	if rows := watermark(999); rows != 0 {
		t.Errorf("%d rows came before a window closed", rows)
	}
	if rows := watermark(1_000); rows != groups {
		t.Errorf("%d groups were told of when the windows closed, want %d", rows, groups)
	}
	if d.settled < 4 || d.most > limitBytes {
		t.Errorf("groups came back in %d ranges, and took %d bytes", d.settled, d.most)
	}
	if rows := apply(0, 1_000); rows != 2_000 {
		t.Errorf("%d rows correct 1,000 groups, want an update of each", rows)
	}
	if rows := apply(groups, groups+100); rows != 100 {
		t.Errorf("%d rows tell of 100 groups that came late", rows)
	}
	if n, err := d.stored.Len(); err != nil || n != groups+100 {
		t.Errorf("%d groups are stored, want %d: %v", n, groups+100, err)
	}
	if rows := watermark(math.MaxInt64); rows != 0 {
		t.Errorf("%d rows came when windows were over that everything was told of", rows)
	}
	if err := d.stored.Seal(); err != nil {
		t.Fatal(err)
	}
	if err := d.stored.Drain(math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	if n, err := d.stored.Len(); err != nil || n != 0 {
		t.Errorf("%d groups are stored of windows that are over: %v", n, err)
	}
}

// TestGroupsDoNotWaitForMemory: groups that wait for their interval are told of before it is over once no others can leave memory.
func TestGroupsDoNotWaitForMemory(t *testing.T) {
	c := window.Config{Start: colStart, End: colEnd, Emission: window.Periodically, Interval: 1_000_000}
	c.Name, c.Types, c.Keys = "windows 1", windowTypes(), []int{colKey}
	c.Calls = []aggregate.Call{call(t, "count")}
	budget := limit.New("test", 1<<30)
	a, err := window.NewAggregate(&batch.Pool{}, budget, c)
	if err != nil {
		t.Fatal(err)
	}
	d := &driven{t: t, a: a, stored: optest.Store(a), out: op.NewOutput(1), budget: budget}
	in := optest.Make(windowTypes(), []any{0, 10, "a", 0, 0, nil}, []any{0, 10, "b", 0, 0, nil})
	if rows := d.call(in, func(out *op.Output) (bool, error) { return a.Apply(in, out) }) + d.call(nil, a.OnFlush); rows != 0 {
		t.Errorf("%d rows came before the interval was over", rows)
	}
	for range 2 { // the first time they are found to be all there is
		if err := d.stored.Evict(2, false); err != nil {
			t.Fatal(err)
		}
	}
	if rows := d.call(nil, a.OnFlush); rows != 2 {
		t.Errorf("%d groups were told of when memory was short, want 2", rows)
	}
}
