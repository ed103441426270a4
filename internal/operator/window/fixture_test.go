package window_test

import (
	"flag"
	"slices"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// Fixtures of a released version are never written again; a new version of a layout gets files of its own.
var writeFixtures = flag.Bool("write-fixtures", false, "write fixtures that are missing")

// TestFixtures: state that an earlier release wrote is read, and gives the answers that it gave then.
func TestFixtures(t *testing.T) {
	c := window.Config{Start: colStart, End: colEnd}
	c.Name, c.Types, c.Keys = "windows 1", windowTypes(), []int{colKey}
	c.Calls = []aggregate.Call{call(t, "count"), call(t, "sum", colNumber), filtered(call(t, "max", colKey))}
	rows := [][]any{
		{0, 10, "a", 1, 2, true}, {0, 10, nil, 1, 3, false}, {2, 12, "a", 1, nil, nil}, {0, 10, "a", 2, 5, true}, {2, 12, "a long key, longer than twelve", 3, 7, true},
	}
	optest.Fixture(t, grouped(c), "testdata/aggregate-v1.state", *writeFixtures, optest.Make(windowTypes(), rows...))
	optest.EntriesFixture(t, grouped(c), "testdata/entries-v1-aggregate.txt", *writeFixtures, optest.Make(windowTypes(), rows...))

	windows := slices.Clone(rows)
	s := window.SlicedConfig{Config: c, Shape: window.Shape{Kind: window.Hop, Size: 10, Every: 2}, TimeType: schema.Of(schema.TimestampTZ)}
	s.Types = slicedTypes()
	for i, row := range rows {
		rows[i] = append([]any{2, 10}, row[2:]...)
	}
	o := sliced(s)
	optest.Fixture(t, o, "testdata/sliced-open-v1.state", *writeFixtures, optest.Make(slicedTypes(), rows...))
	optest.EntriesFixture(t, o, "testdata/entries-v1-sliced-open.txt", *writeFixtures, optest.Make(slicedTypes(), rows...))
	o.Leave = true
	optest.EntriesFixture(t, o, "testdata/entries-v2-sliced-open.txt", *writeFixtures, optest.Make(slicedTypes(), rows...))
	o.Leave = false
	o.New = func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
		made, err := window.NewSliced(pool, budget, s)
		return &hurried{Sliced: made}, err
	}
	optest.Fixture(t, o, "testdata/sliced-v1.state", *writeFixtures, optest.Make(slicedTypes(), rows...))
	optest.EntriesFixture(t, o, "testdata/entries-v1-sliced.txt", *writeFixtures, optest.Make(slicedTypes(), rows...))

	s.Emission, s.Interval, s.Lateness = window.Periodically, 10, 100
	o = revised(s)
	optest.Fixture(t, o, "testdata/revised-v1.state", *writeFixtures, optest.Make(slicedTypes(), rows...))
	optest.EntriesFixture(t, o, "testdata/entries-v1-revised.txt", *writeFixtures, optest.Make(slicedTypes(), rows...))
	o.New = func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
		made, err := window.NewRevised(pool, budget, s)
		return &hurriedRevised{Revised: made}, err
	}
	optest.Fixture(t, o, "testdata/revised-closed-v1.state", *writeFixtures, optest.Make(slicedTypes(), rows...))
	optest.EntriesFixture(t, o, "testdata/entries-v1-revised-closed.txt", *writeFixtures, optest.Make(slicedTypes(), rows...))

	optest.Fixture(t, sessions(c), "testdata/sessions-v1.state", *writeFixtures, optest.Make(windowTypes(), windows...))
	optest.OldEntriesFixture(t, sessions(c), "testdata/entries-v1-sessions.txt", optest.Make(windowTypes(), windows...))
	optest.EntriesFixture(t, sessions(c), "testdata/entries-v3-sessions.txt", *writeFixtures, optest.Make(windowTypes(), windows...))
	keeping := c
	keeping.Calls = []aggregate.Call{distinct(call(t, "count", colNumber)), ordered(call(t, "array_agg", colNumber))}
	optest.EntriesFixture(t, grouped(keeping), "testdata/entries-v3-aggregate.txt", *writeFixtures, optest.Make(windowTypes(), windows...))
	c.Emission, c.Interval = window.Periodically, 10
	for name, o := range map[string]optest.Operator{"aggregate": grouped(c), "sessions": sessions(c)} {
		o.New = func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
			if name == "sessions" {
				made, err := window.NewSessions(pool, budget, c)
				return &telling{waiter: made}, err
			}
			made, err := window.NewAggregate(pool, budget, c)
			return &telling{waiter: made}, err
		}
		optest.EntriesFixture(t, o, "testdata/entries-v2-"+name+".txt", *writeFixtures, optest.Make(windowTypes(), windows...))
	}
	rowsOf := window.HeldConfig{Name: "windows 1", Types: windowTypes(), Keys: []int{colKey}, Start: colStart, End: colEnd}
	optest.Fixture(t, held(rowsOf), "testdata/held-v1.state", *writeFixtures, optest.Make(windowTypes(), windows...))
	optest.EntriesFixture(t, held(rowsOf), "testdata/entries-v1-held.txt", *writeFixtures, optest.Make(windowTypes(), windows...))
}

// telling tells of rows before they come once more.
type telling struct {
	waiter
}

func (w *telling) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	for _, step := range []func(*op.Output) (bool, error){
		func(o *op.Output) (bool, error) { return w.OnTime(10, o) }, func(o *op.Output) (bool, error) { return w.waiter.Apply(in, o) }, func(o *op.Output) (bool, error) { return w.OnTime(20, o) },
	} {
		for more := true; more; {
			var err error
			if more, err = step(op.NewOutput(1)); err != nil {
				return false, err
			}
		}
	}
	return w.waiter.Apply(in, out)
}

// hurriedRevised answers windows before a barrier.
type hurriedRevised struct {
	*window.Revised
}

func (h *hurriedRevised) OnBarrier(_ int64, out *op.Output) (bool, error) {
	return h.OnWatermark(4, out)
}

// hurried answers windows before a barrier.
type hurried struct {
	*window.Sliced
}

func (h *hurried) OnBarrier(_ int64, out *op.Output) (bool, error) { return h.OnWatermark(4, out) }
