package window_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// drawSessions draws rows with windows of their own, and the same rows with the windows of their sessions by keys.
func drawSessions(t *rapid.T, keys []int, gap int) (in, merged *batch.Batch) {
	var rows [][]any
	at := rapid.IntRange(-30, 10).Draw(t, "from")
	for range rapid.IntRange(0, 60).Draw(t, "rows") {
		at += rapid.SampledFrom([]int{0, 0, 1, 1, 3, 9}).Draw(t, "on")
		micros := at - rapid.IntRange(0, 6).Draw(t, "back")
		rows = append(rows, []any{
			micros, micros + gap, rapid.SampledFrom([]any{"a", "b", nil, "a key that is longer than twelve bytes"}).Draw(t, "key"),
			rapid.IntRange(0, 1).Draw(t, "other"), rapid.SampledFrom([]any{1, 2, 3, nil}).Draw(t, "number"), rapid.SampledFrom([]any{true, false, nil}).Draw(t, "filter"),
		})
	}
	in = optest.Make(windowTypes(), rows...)
	return in, settled(in, keys, gap)
}

// settled are rows with the windows of their sessions.
func settled(in *batch.Batch, keys []int, gap int) *batch.Batch {
	out := &batch.Batch{Len: in.Len, Cols: slices.Clone(in.Cols)}
	for _, k := range []int{colStart, colEnd} {
		out.Cols[k] = batch.NewColumn(&batch.Pool{}, in.Cols[k].Type())
		out.Cols[k].Reset(in.Len)
	}
	starts := in.Cols[colStart].Int64s()
	order := make([]int, in.Len)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(starts[a], starts[b]) })
	text := func(row int) string {
		var cols []*batch.Column
		for _, k := range keys {
			cols = append(cols, in.Cols[k])
		}
		return sdktest.Rows(&batch.Batch{Cols: cols, Len: in.Len, Sel: []uint16{uint16(row)}})[0]
	}
	open := map[string][]int{}
	settle := func(list []int) {
		for _, row := range list {
			out.Cols[colStart].Int64s()[row] = starts[list[0]]
			out.Cols[colEnd].Int64s()[row] = starts[list[len(list)-1]] + int64(gap)
		}
	}
	for _, row := range order {
		list := open[text(row)]
		if len(list) > 0 && starts[row]-starts[list[len(list)-1]] >= int64(gap) {
			settle(list)
			list = nil
		}
		open[text(row)] = append(list, row)
	}
	for _, list := range open {
		settle(list)
	}
	return out
}

func drawSessionConfig(t *rapid.T, tb testing.TB) window.Config {
	c := drawAggregate(t, tb, false)
	list := c.Calls
	c.Sets, c.Partition, c.Calls = nil, nil, nil
	for _, call := range list {
		only := c
		if only.Calls = append(only.Calls, call); only.Mergeable() {
			c.Calls = append(c.Calls, call)
		}
	}
	return c
}

func sessions(c window.Config) optest.Operator {
	o := grouped(c)
	o.New = func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
		return window.NewSessions(pool, budget, c)
	}
	if o.Watermarks = optest.Bound(c.Lag+c.Lateness, colStart); len(c.Keys) == 0 {
		o.Inputs[0].Keys, o.Alone = nil, true
	}
	if c.ProcessingTime {
		o.Watermarks, o.Times = nil, optest.Bound(0, colStart)
	}
	return o
}

func TestSessions(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := drawSessionConfig(r, t)
		in, merged := drawSessions(r, c.Keys, rapid.IntRange(1, 7).Draw(r, "gap"))
		want := wantGroups(r, c, merged)
		if err := optest.CheckOne(r, sessions(c), []*batch.Batch{in}, [][]string{want}); err != nil {
			r.Fatalf("%+v: %v", c, err)
		}
	})
}

// TestSessionsGrowTogether: what a row joins is corrected, and a row exactly a gap apart joins nothing.
func TestSessionsGrowTogether(t *testing.T) {
	c := window.Config{Start: colStart, End: colEnd, Emission: window.OnUpdate}
	c.Name, c.Types, c.Keys = "sessions 1", windowTypes(), []int{colKey}
	c.Calls = []aggregate.Call{call(t, "count")}
	made, err := window.NewSessions(&batch.Pool{}, limit.New("test", 0), c)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, start := range []int{0, 10, 20, 15, 30} {
		if _, err := made.Apply(optest.Make(windowTypes(), []any{start, start + 10, "a", 0, 0, nil}), op.NewOutput(1)); err != nil {
			t.Fatal(err)
		}
		out := op.NewOutput(1)
		for more := true; more; {
			out.Reset()
			if more, err = made.OnFlush(out); err != nil {
				t.Fatal(err)
			}
			if b := out.Ports[0]; b != nil {
				got = append(got, sdktest.Rows(b)...)
			}
		}
		got = append(got, "")
	}
	want := `+I "a", 0, 10, 1` + "\n\n" + `+I "a", 10, 20, 1` + "\n\n" + `+I "a", 20, 30, 1` + "\n\n" +
		`-D "a", 10, 20, 1` + "\n" + `-U "a", 20, 30, 1` + "\n" + `+U "a", 10, 30, 3` + "\n\n" + `+I "a", 30, 40, 1` + "\n"
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

func TestWrongSessions(t *testing.T) {
	c := window.Config{Start: colStart, End: colEnd}
	c.Name, c.Types, c.Calls = "sessions 4", windowTypes(), []aggregate.Call{distinct(call(t, "count", colKey))}
	if _, err := window.NewSessions(&batch.Pool{}, limit.New("test", 0), c); err == nil || !strings.Contains(err.Error(), "sessions 4: what is asked of sessions cannot be merged") {
		t.Error(err)
	}
	if c.Start = colKey; c.Mergeable() {
		t.Error("DISTINCT can be merged")
	}
	if _, err := window.NewSessions(&batch.Pool{}, limit.New("test", 0), c); err == nil || !strings.Contains(err.Error(), "a window from TEXT") {
		t.Error(err)
	}
}
