package window_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// slicedTypes are windowTypes with a slice for the window.
func slicedTypes() []schema.Type {
	types := windowTypes()
	types[colStart], types[colEnd] = schema.Of(schema.Int64), schema.Of(schema.Int64)
	return types
}

// drawSlices draws rows with their slices, as an Assign gives them, and the same rows once for each of their windows.
func drawSlices(t *rapid.T, shape window.Shape) (slices, windows *batch.Batch) {
	var rows, repeated [][]any
	at := rapid.IntRange(-30, 10).Draw(t, "from")
	for range rapid.IntRange(0, 60).Draw(t, "rows") {
		at += rapid.SampledFrom([]int{0, 0, 0, 1, 3, 9}).Draw(t, "on")
		list := ends(shape, int64(at-rapid.IntRange(0, 6).Draw(t, "back")))
		if len(list) > 1 && rapid.IntRange(0, 4).Draw(t, "late") == 0 {
			list = list[rapid.IntRange(0, len(list)-1).Draw(t, "late for"):]
		}
		if len(list) == 0 {
			continue
		}
		row := []any{
			int(list[0][1]), int(list[len(list)-1][1]), rapid.SampledFrom([]any{"a", "b", nil, "a key that is longer than twelve bytes"}).Draw(t, "key"),
			rapid.IntRange(0, 2).Draw(t, "other"), rapid.SampledFrom([]any{1, 2, 3, nil}).Draw(t, "number"), rapid.SampledFrom([]any{true, false, nil}).Draw(t, "filter"),
		}
		rows = append(rows, row)
		for _, w := range list {
			again := append([]any{int(w[0]), int(w[1])}, row[2:]...)
			repeated = append(repeated, again)
		}
	}
	return optest.Make(slicedTypes(), rows...), optest.Make(windowTypes(), repeated...)
}

func drawSliced(t *rapid.T, tb testing.TB) window.SlicedConfig {
	c := window.SlicedConfig{Shape: drawShape(t, window.Tumble, window.Hop, window.Hop, window.Cumulate), TimeType: schema.Of(schema.TimestampTZ)}
	c.Config = drawAggregate(t, tb, false)
	c.Types = slicedTypes()
	c.Sets, c.Partition, c.Lateness, c.Emission = nil, nil, 0, window.OnClose
	list := c.Calls
	c.Calls = nil
	for _, call := range list {
		if only := c.Config; only.Sliceable() {
			only.Calls = append(only.Calls, call)
			if only.Sliceable() {
				c.Calls = append(c.Calls, call)
			}
		}
	}
	return c
}

func sliced(c window.SlicedConfig) optest.Operator {
	o := grouped(c.Config)
	o.New = func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
		return window.NewSliced(pool, budget, c)
	}
	o.Watermarks = optest.Bound(c.Lag-1, colStart)
	if o.Changes = false; len(c.Keys) == 0 {
		o.Inputs[0].Keys, o.Alone = nil, true
	}
	if c.ProcessingTime {
		o.Watermarks, o.Times = nil, optest.Bound(-1, colStart)
	}
	return o
}

func TestSlices(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := drawSliced(r, t)
		in, repeated := drawSlices(r, c.Shape)
		want := wantGroups(r, c.Config, repeated)
		if err := optest.CheckOne(r, sliced(c), []*batch.Batch{in}, [][]string{want}); err != nil {
			r.Fatalf("%+v: %v", c, err)
		}
	})
}

func TestTwoHalvesOfSlices(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := drawSliced(r, t)
		in, repeated := drawSlices(r, c.Shape)
		want := wantGroups(r, c.Config, repeated)
		o := sliced(c)
		o.New = func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
			first, err := window.NewCombiner(pool, budget, c.Config)
			if err != nil {
				return nil, err
			}
			m := c
			m.Config = merging(c.Config)
			second, err := window.NewSliced(pool, budget, m)
			return &halves{merger: second, first: first, out: op.NewOutput(1)}, err
		}
		if err := optest.CheckOne(r, o, []*batch.Batch{in}, [][]string{want}); err != nil {
			r.Fatalf("%+v: %v", c, err)
		}
	})
}

func TestWrongSlices(t *testing.T) {
	good := window.SlicedConfig{Shape: window.Shape{Kind: window.Hop, Size: 4, Every: 2}, TimeType: schema.Of(schema.Timestamp)}
	good.Config = window.Config{Start: colStart, End: colEnd}
	good.Name, good.Types = "slices 2", slicedTypes()
	for want, change := range map[string]func(*window.SlicedConfig){
		"the slide of HOP":        func(c *window.SlicedConfig) { c.Shape.Every = 0 },
		"cannot be given once":    func(c *window.SlicedConfig) { c.Lateness = 1 },
		"sessions have no slices": func(c *window.SlicedConfig) { c.Shape = window.Shape{Kind: window.Session, Gap: 1} },
		"a slice from TIMESTAMP":  func(c *window.SlicedConfig) { c.Types = windowTypes() },
		"windows of BIGINT":       func(c *window.SlicedConfig) { c.TimeType = schema.Of(schema.Int64) },
		"a lag of -1":             func(c *window.SlicedConfig) { c.Lag = -1 },
	} {
		c := good
		change(&c)
		if _, err := window.NewSliced(&batch.Pool{}, limit.New("test", 0), c); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "slices 2") {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if diff := sdktest.Diff(len(good.Output()), 2); diff != "" {
		t.Error(diff)
	}
}
