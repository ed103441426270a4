package window_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// drawRevised draws a Sliced whose answers change.
func drawRevised(t *rapid.T, tb testing.TB) window.SlicedConfig {
	c := drawSliced(t, tb)
	c.Lateness = 0
	switch rapid.IntRange(0, 2).Draw(t, "emission") {
	case 0:
		c.Emission = window.OnUpdate
	case 1:
		c.Emission, c.Interval = window.Periodically, int64(rapid.IntRange(1, 100).Draw(t, "interval"))
	}
	if !c.ProcessingTime && (c.Emission == window.OnClose || rapid.Bool().Draw(t, "late")) {
		c.Lateness = int64(rapid.IntRange(1, 12).Draw(t, "lateness"))
	}
	if c.ProcessingTime && c.Emission == window.OnClose {
		c.Emission = window.OnUpdate
	}
	return c
}

func revised(c window.SlicedConfig) optest.Operator {
	o := sliced(c)
	o.New = func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
		return window.NewRevised(pool, budget, c)
	}
	o.Changes, o.Times = true, optest.AnyTime
	o.Watermarks = optest.Bound(c.Lag+c.Lateness-1, colStart)
	if c.ProcessingTime {
		o.Watermarks, o.Times = nil, optest.Bound(-1, colStart)
	}
	return o
}

func TestSlicesThatAreRevised(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := drawRevised(r, t)
		in, repeated := drawSlices(r, c.Shape)
		want := wantGroups(r, c.Config, repeated)
		if err := optest.CheckOne(r, revised(c), []*batch.Batch{in}, [][]string{want}); err != nil {
			r.Fatalf("%+v: %v", c, err)
		}
	})
}

func TestTwoHalvesOfSlicesThatAreRevised(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := drawRevised(r, t)
		in, repeated := drawSlices(r, c.Shape)
		want := wantGroups(r, c.Config, repeated)
		o := revised(c)
		o.New = func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
			first, err := window.NewCombiner(pool, budget, c.Config)
			if err != nil {
				return nil, err
			}
			m := c
			m.Config = merging(c.Config)
			second, err := window.NewRevised(pool, budget, m)
			return &halves{merger: second, first: first, out: op.NewOutput(1)}, err
		}
		if err := optest.CheckOne(r, o, []*batch.Batch{in}, [][]string{want}); err != nil {
			r.Fatalf("%+v: %v", c, err)
		}
	})
}

func TestWrongRevisedSlices(t *testing.T) {
	good := window.SlicedConfig{Shape: window.Shape{Kind: window.Hop, Size: 4, Every: 2}, TimeType: schema.Of(schema.Timestamp)}
	good.Config = window.Config{Start: colStart, End: colEnd, Emission: window.OnUpdate}
	good.Name, good.Types = "slices 2", slicedTypes()
	for want, change := range map[string]func(*window.SlicedConfig){
		"cannot be put together": func(c *window.SlicedConfig) { c.Retracts = true },
		"nothing changes":        func(c *window.SlicedConfig) { c.Emission = window.OnClose },
		"an interval of 0":       func(c *window.SlicedConfig) { c.Emission = window.Periodically },
	} {
		c := good
		change(&c)
		if _, err := window.NewRevised(&batch.Pool{}, limit.New("test", 0), c); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "slices 2") {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// emitted is what a call emits until it has no more.
func emitted(t *testing.T, call func(*op.Output) (bool, error)) (rows []string) {
	t.Helper()
	out := op.NewOutput(1)
	for more := true; more; {
		out.Reset()
		var err error
		if more, err = call(out); err != nil {
			t.Fatal(err)
		}
		if b := out.Ports[0]; b != nil {
			rows = append(rows, sdktest.Rows(b)...)
		}
	}
	return rows
}

// loaded is a call behind what it needs, which is read first, of rows or, for an event, nil. Nothing is where store is nil.
func loaded(store *optest.Stored, in *batch.Batch, call func(*op.Output) (bool, error)) func(*op.Output) (bool, error) {
	return func(out *op.Output) (bool, error) {
		if store != nil {
			if err := store.Load(0, in); err != nil {
				return false, err
			}
		}
		return call(out)
	}
}

// TestIntervalsGoOnAcrossBarriers: what waits for its interval is stored, and is told of when that is over, as a change of what was told before.
func TestIntervalsGoOnAcrossBarriers(t *testing.T) {
	c := window.SlicedConfig{Shape: window.Shape{Kind: window.Hop, Size: 4, Every: 2}, TimeType: schema.Of(schema.TimestampTZ)}
	c.Config = window.Config{Start: colStart, End: colEnd, Emission: window.Periodically, Interval: 100}
	c.Name, c.Types, c.Keys, c.Calls = "windows 1", slicedTypes(), []int{colKey}, []aggregate.Call{call(t, "count")}
	create := func() *window.Revised {
		r, err := window.NewRevised(&batch.Pool{}, limit.New("test", 0), c)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	row := optest.Make(slicedTypes(), []any{2, 4, "a", 1, 1, nil})
	feed := func(r *window.Revised) {
		t.Helper()
		if got := emitted(t, func(out *op.Output) (bool, error) { return r.Apply(row, out) }); len(got) > 0 {
			t.Errorf("rows come out before their interval is over: %v", got)
		}
	}
	at := func(r *window.Revised, micros int64) []string {
		return emitted(t, func(out *op.Output) (bool, error) { return r.OnTime(micros, out) })
	}
	first := create()
	store := optest.Store(first)
	at(first, 10)
	feed(first)
	if got := at(first, 110); len(got) != 2 {
		t.Fatalf("%v: two windows have the row", got)
	}
	feed(first)
	if _, ok := any(first).(op.BarrierHandler); ok {
		t.Error("something is emitted at a barrier")
	}
	second := create()
	if _, err := store.Move(second); err != nil {
		t.Fatal(err)
	}
	if got := at(second, 120); len(got) > 0 {
		t.Errorf("%v", got)
	}
	feed(second)
	want := []string{}
	for _, w := range [][2]int64{{-2, 2}, {0, 4}} {
		want = append(want, `-U "a", `+stamps(w)+", 1", `+U "a", `+stamps(w)+", 3")
	}
	if diff := sdktest.Diff(want, at(second, 200)); diff != "" {
		t.Error(diff)
	}
}
