package window_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	library "wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// waiter is an operator of windows that answer every interval.
type waiter interface {
	op.Operator
	op.Stateful
	op.Durable
	op.Flusher
	op.WatermarkHandler
	op.TimeHandler
	op.Ender
}

func newWaiter(t testing.TB, c window.Config, sessions bool) waiter {
	t.Helper()
	var made waiter
	var err error
	if sessions {
		made, err = window.NewSessions(&batch.Pool{}, limit.New("test", 0), c)
	} else {
		made, err = window.NewAggregate(&batch.Pool{}, limit.New("test", 0), c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// waiting is windows of each kind that say something every interval.
func drawWaiting(r *rapid.T, t *testing.T) (c window.Config, sessions bool) {
	if sessions = rapid.Bool().Draw(r, "sessions"); sessions {
		c = drawSessionConfig(r, t)
	} else {
		c = drawAggregate(r, t, false)
		c.Upsert = rapid.Bool().Draw(r, "upsert")
	}
	c.Emission, c.Interval, c.ProcessingTime = window.Periodically, int64(rapid.IntRange(1, 20).Draw(r, "interval")), false
	return c, sessions
}

// moved is an operator that goes on from what another one has stored, entry by entry or by key groups.
func moved(r *rapid.T, t *testing.T, from waiter, store *optest.Stored, c window.Config, sessions bool) (waiter, *optest.Stored) {
	to := newWaiter(t, c, sessions)
	if store != nil {
		next, err := store.Move(to)
		if err != nil {
			r.Fatal(err)
		}
		return to, next
	}
	for g := range op.KeyGroups {
		data, err := from.Snapshot(op.KeyGroup(g))
		if err != nil {
			r.Fatal(err)
		}
		if len(data) == 0 {
			continue
		}
		if err := to.Restore(op.KeyGroup(g), data); err != nil {
			r.Fatal(err)
		}
	}
	return to, nil
}

// TestBarriersTellNothing: what waits for its interval does so across barriers and restores, and then comes out as it would have without.
func TestBarriersTellNothing(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c, sessions := drawWaiting(r, t)
		var in *batch.Batch
		if sessions {
			in, _ = drawSessions(r, c.Keys, 4)
		} else {
			in = drawWindowed(r)
		}
		straight, other := newWaiter(t, c, sessions), newWaiter(t, c, sessions)
		var store *optest.Stored
		if rapid.Bool().Draw(r, "stored") {
			store = optest.Store(other)
		}
		restored := func(in *batch.Batch, call func(waiter, *op.Output) (bool, error)) []string {
			return emitted(t, loaded(store, in, func(out *op.Output) (bool, error) { return call(other, out) }))
		}
		given := func(what string, in *batch.Batch, call func(waiter, *op.Output) (bool, error)) {
			want, got := emitted(t, func(out *op.Output) (bool, error) { return call(straight, out) }), restored(in, call)
			slices.Sort(want)
			slices.Sort(got)
			if diff := sdktest.Diff(want, got); diff != "" {
				r.Fatalf("%+v\n%s: %s", c, what, diff)
			}
		}
		both := func(what string, call func(waiter, *op.Output) (bool, error)) { given(what, nil, call) }
		now, mark := int64(0), int64(-100)
		tick := func(w waiter, out *op.Output) (bool, error) { return w.OnTime(now, out) }
		both("the first time", tick)
		for rest := 0; rest < in.Len; {
			n := min(in.Len-rest, rapid.IntRange(1, 5).Draw(r, "piece"))
			part := *in
			part.Sel = nil
			for i := range n {
				part.Sel = append(part.Sel, uint16(rest+i)) //nolint:gosec // a few rows
			}
			rest += n
			given("rows", &part, func(w waiter, out *op.Output) (bool, error) { return w.Apply(&part, out) })
			switch rapid.IntRange(0, 3).Draw(r, "next") {
			case 0:
				now += int64(rapid.IntRange(1, 30).Draw(r, "later"))
				both("a time", tick)
			case 1:
				mark += int64(rapid.IntRange(1, 60).Draw(r, "on"))
				both("a watermark", func(w waiter, out *op.Output) (bool, error) { return w.OnWatermark(mark, out) })
			case 2:
				both("a flush", func(w waiter, out *op.Output) (bool, error) { return w.OnFlush(out) })
				if h, ok := other.(op.BarrierHandler); ok {
					if got := emitted(t, func(out *op.Output) (bool, error) { return h.OnBarrier(1, out) }); len(got) > 0 {
						r.Fatalf("emitted at a barrier: %v", got)
					}
				}
				other, store = moved(r, t, other, store, c, sessions)
				if got := restored(nil, tick); len(got) > 0 {
					r.Fatalf("restored, and told of: %v", got)
				}
				again := func(w waiter, out *op.Output) (bool, error) { return w.OnWatermark(mark, out) }
				if c.Lateness == 0 {
					both("the watermark again", again)
					break
				}
				// That a window had closed is not stored: what corrects it is told of by the first watermark, or else by the interval.
				now += c.Interval
				want := append(emitted(t, func(out *op.Output) (bool, error) { return again(straight, out) }), emitted(t, func(out *op.Output) (bool, error) { return tick(straight, out) })...)
				got := append(restored(nil, again), restored(nil, tick)...)
				slices.Sort(want)
				slices.Sort(got)
				if diff := sdktest.Diff(want, got); diff != "" {
					r.Fatalf("%+v\nthe watermark again, and a time: %s", c, diff)
				}
			}
		}
		both("the end", func(w waiter, out *op.Output) (bool, error) { return w.OnEnd(out) })
	})
}

// TestWaitingSaysWhatOthersKnow: two updates behind a barrier are one change of what was told before it.
func TestWaitingSaysWhatOthersKnow(t *testing.T) {
	for name, sessions := range map[string]bool{"windows": false, "sessions": true} {
		t.Run(name, func(t *testing.T) {
			c := window.Config{Start: colStart, End: colEnd, Emission: window.Periodically, Interval: 100}
			c.Name, c.Types, c.Keys, c.Calls = "windows 1", windowTypes(), []int{colKey}, []aggregate.Call{call(t, "count"), call(t, "max", colKey)}
			row := optest.Make(windowTypes(), []any{0, 4, "a", 1, 1, nil})
			first, second := newWaiter(t, c, sessions), newWaiter(t, c, sessions)
			store := optest.Store(first)
			feed := func(w waiter) []string {
				return emitted(t, func(out *op.Output) (bool, error) { return w.Apply(row, out) })
			}
			at := func(w waiter, micros int64) []string {
				return emitted(t, func(out *op.Output) (bool, error) { return w.OnTime(micros, out) })
			}
			got := slices.Concat(at(first, 10), feed(first), at(first, 110), feed(first))
			if _, err := store.Move(second); err != nil {
				t.Fatal(err)
			}
			got = slices.Concat(got, at(second, 120), feed(second), at(second, 200))
			if diff := sdktest.Diff([]string{`+I "a", 0, 4, 1, "a"`, `-U "a", 0, 4, 1, "a"`, `+U "a", 0, 4, 3, "a"`}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWaitingIsRewritten: what others know of a window is that of before an edit, with NULL for what they never knew, and in the types of now.
func TestWaitingIsRewritten(t *testing.T) {
	for name, sessions := range map[string]bool{"windows": false, "sessions": true} {
		t.Run(name, func(t *testing.T) {
			old := window.Config{Start: colStart, End: colEnd, Emission: window.Periodically, Interval: 100}
			old.Name, old.Types, old.Keys = "windows 1", windowTypes(), []int{colKey}
			old.Types[colNumber] = schema.Of(schema.Int32)
			sum := func(of schema.Kind) aggregate.Call {
				use := library.Use{Name: "sum", Args: []*bind.Expr{{Op: bind.Column, Path: []int{colNumber}, Type: schema.Of(of)}}}
				bound, err := library.Standard().Resolve(use)
				if err != nil {
					t.Fatal(err)
				}
				return aggregate.Call{Function: bound.Function, Args: []int{colNumber}, ArgTypes: []schema.Type{schema.Of(of)}, Filter: aggregate.NoColumn}
			}
			now := old
			now.Types = windowTypes()
			old.Calls, now.Calls = []aggregate.Call{call(t, "count"), sum(schema.Int32)}, []aggregate.Call{call(t, "max", colKey), sum(schema.Int64)}
			first, second := newWaiter(t, old, sessions), newWaiter(t, now, sessions)
			row := optest.Make(old.Types, []any{0, 4, "a", 1, 7, nil})
			apply := func(out *op.Output) (bool, error) { return first.Apply(row, out) }
			emitted(t, func(out *op.Output) (bool, error) { return first.OnTime(10, out) })
			emitted(t, apply)
			emitted(t, func(out *op.Output) (bool, error) { return first.OnTime(110, out) })
			emitted(t, apply)
			r, err := window.NewRewriter(&batch.Pool{}, limit.New("test", 0), &old, &now, []int{-1, 1})
			if err != nil {
				t.Fatal(err)
			}
			rewrite := r.Windows
			if sessions {
				rewrite = r.Sessions
			}
			for g := range op.KeyGroups {
				data, err := first.Snapshot(op.KeyGroup(g))
				if err != nil || len(data) == 0 {
					continue
				}
				if data, err = rewrite(data); err == nil {
					err = second.Restore(op.KeyGroup(g), data)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			got := emitted(t, func(out *op.Output) (bool, error) { return second.OnEnd(out) })
			if diff := sdktest.Diff([]string{`-U "a", 0, 4, NULL, 7`, `+U "a", 0, 4, NULL, 14`}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
