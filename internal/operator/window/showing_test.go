package window_test

import (
	"maps"
	"math"
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
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// shownRows are the rows that changes leave.
type shownRows map[string]int

func (s shownRows) fold(t interface{ Fatalf(string, ...any) }, changes []string) {
	for _, c := range changes {
		kind, row, _ := strings.Cut(c, " ")
		if kind == "+I" || kind == "+U" {
			s[row]++
			continue
		}
		if s[row]--; s[row] < 0 {
			t.Fatalf("%s: it was not there", c)
		}
		if s[row] == 0 {
			delete(s, row)
		}
	}
}

// showings are the emissions between which state goes on, and how their windows show.
func showings(c window.SlicedConfig) map[string]window.SlicedConfig {
	early, every, closed := c, c, c
	early.Emission, early.Interval = window.OnUpdate, 0
	every.Emission, every.Interval = window.Periodically, 50
	closed.Emission, closed.Interval = window.OnClose, 0
	return map[string]window.SlicedConfig{"update": early, "every": every, "close": closed}
}

func showing(name string) window.Showing {
	if name == "close" {
		return window.AtClose
	}
	return window.Early
}

func newRevised(t *rapid.T, c window.SlicedConfig) *window.Revised {
	r, err := window.NewRevised(&batch.Pool{}, limit.New("test", 0), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestSlicesGoOnWithAnotherEmission: whatever was told before, what all changes leave is the answer.
func TestSlicesGoOnWithAnotherEmission(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := drawRevised(r, t)
		c.ProcessingTime, c.Lateness = false, int64(rapid.IntRange(1, 12).Draw(r, "lateness after"))
		in, repeated := drawSlices(r, c.Shape)
		want := wantGroups(r, c.Config, repeated)
		slices.Sort(want)
		names := []string{rapid.SampledFrom([]string{"update", "every", "close"}).Draw(r, "was"), rapid.SampledFrom([]string{"update", "every", "close"}).Draw(r, "is")}
		of := showings(c)
		o := newRevised(r, of[names[0]])
		store := optest.Store(o)
		rows := shownRows{}
		given := func(in *batch.Batch, call func(*op.Output) (bool, error)) {
			rows.fold(r, emitted(t, loaded(store, in, call)))
		}
		do := func(call func(*op.Output) (bool, error)) { given(nil, call) }
		at, now := rapid.IntRange(0, in.Len).Draw(r, "edited at"), int64(0)
		firsts := in.Cols[colStart].Int64s()
		move := func() {
			do(o.OnFlush)
			next := of[names[1]]
			if names[0] != names[1] {
				next.Former = showing(names[0])
			}
			o = newRevised(r, next)
			moved, err := store.Move(o)
			if err != nil {
				r.Fatal(err)
			}
			store = moved
		}
		for row := range in.Len {
			if row == at {
				move()
			}
			part := *in
			part.Sel = []uint16{uint16(row)} //nolint:gosec // a few rows
			given(&part, func(out *op.Output) (bool, error) { return o.Apply(&part, out) })
			switch rapid.IntRange(0, 3).Draw(r, "next") {
			case 0:
				now += 30
				do(func(out *op.Output) (bool, error) { return o.OnTime(now, out) })
			case 1:
				mark := int64(math.MaxInt32)
				for _, first := range firsts[row+1:] {
					mark = min(mark, first+c.Lag+c.Lateness-1)
				}
				do(o.OnFlush)
				do(func(out *op.Output) (bool, error) { return o.OnWatermark(mark, out) })
			case 2:
				do(o.OnFlush)
			}
		}
		if at == in.Len {
			move()
		}
		do(o.OnFlush)
		do(o.OnEnd)
		got := slices.Sorted(maps.Keys(rows))
		for _, n := range rows {
			if n != 1 {
				r.Fatalf("%v: %v", names, rows)
			}
		}
		if diff := sdktest.Diff(want, got); diff != "" {
			r.Fatalf("%v %+v: %s", names, c, diff)
		}
	})
}

// TestEarlyAnswersAreTakenBack: with answers when windows close, what windows that have not closed showed before is taken back, and comes when they close.
func TestEarlyAnswersAreTakenBack(t *testing.T) {
	c := window.SlicedConfig{Shape: window.Shape{Kind: window.Hop, Size: 4, Every: 2}, TimeType: schema.Of(schema.TimestampTZ)}
	c.Config = window.Config{Start: colStart, End: colEnd, Lateness: 100}
	c.Name, c.Types, c.Keys, c.Calls = "windows 1", slicedTypes(), []int{colKey}, []aggregate.Call{call(t, "count")}
	of := showings(c)
	create := func(c window.SlicedConfig) *window.Revised {
		r, err := window.NewRevised(&batch.Pool{}, limit.New("test", 0), c)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	row := optest.Make(slicedTypes(), []any{2, 4, "a", 1, 1, nil})
	first := create(of["every"])
	store := optest.Store(first)
	emitted(t, func(out *op.Output) (bool, error) { return first.OnTime(10, out) })
	emitted(t, func(out *op.Output) (bool, error) { return first.Apply(row, out) })
	shown := emitted(t, func(out *op.Output) (bool, error) { return first.OnTime(110, out) })
	closed := emitted(t, func(out *op.Output) (bool, error) { return first.OnWatermark(2, out) })
	next := of["close"]
	next.Former = window.Early
	second := create(next)
	if _, err := store.Move(second); err != nil {
		t.Fatal(err)
	}
	back := emitted(t, second.OnFlush)
	again := emitted(t, func(out *op.Output) (bool, error) { return second.OnWatermark(4, out) })
	one, two := `"a", `+stamps([2]int64{-2, 2})+", 1", `"a", `+stamps([2]int64{0, 4})+", 1"
	if diff := sdktest.Diff([]string{"+I " + one, "+I " + two, "-D " + two, "+I " + two}, slices.Concat(shown, closed, back, again)); diff != "" {
		t.Error(diff)
	}
}
