package aggregate_test

import (
	"slices"
	"testing"

	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// TestBarrierWhileGroupsComeOut: what was emitted before a barrier is gone from what is stored, with its rows, and the rest comes out of a restored operator.
func TestBarrierWhileGroupsComeOut(t *testing.T) {
	for name, config := range map[string]aggregate.Config{
		"keys": {Keys: []int{keyInt}}, "sets": {Keys: []int{keyInt}, Sets: [][]int{{0}, {}}}, "one group": {},
	} {
		t.Run(name, func(t *testing.T) {
			config.Name, config.Types = "aggregate 1", types()
			config.Calls = []aggregate.Call{call(t, "count"), orderBy(call(t, "array_agg", argText), argInt), distinct(call(t, "sum", argInt))}
			fresh := func() *aggregate.Operator { return aggregate.New(&batch.Pool{}, newBudget(), config) }
			plain := fresh()
			fed(t, plain, 3*batch.MaxRows)
			want := ended(t, plain, -1)

			first := fresh()
			kept := optest.Store(first)
			fed(t, first, 3*batch.MaxRows)
			got := ended(t, first, 1)
			if more, err := first.OnBarrier(1, newOut()); more || err != nil {
				t.Fatal(more, err)
			}
			if err := kept.Seal(); err != nil {
				t.Fatal(err)
			}
			second := fresh()
			if _, err := kept.Move(second); err != nil {
				t.Fatal(err)
			}
			if name == "one group" { // it has come out, and nothing is left of it
				if data, err := first.Rest(0); data != nil || err != nil {
					t.Fatal(data, err)
				}
				return
			}
			got = append(got, ended(t, second, -1)...)
			slices.Sort(got)
			slices.Sort(want)
			if diff := sdktest.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// fed feeds rows with n keys.
func fed(t *testing.T, o *aggregate.Operator, n int) {
	t.Helper()
	for _, in := range stream(n)[:8] {
		if _, err := o.Apply(in, op.NewOutput(1)); err != nil {
			t.Fatal(err)
		}
	}
}

// ended calls OnEnd some times, or until there is no more, and returns the rows.
func ended(t *testing.T, o *aggregate.Operator, times int) []string {
	t.Helper()
	var rows []string
	for more := true; more && times != 0; times-- {
		out := op.NewOutput(1)
		var err error
		if more, err = o.OnEnd(out); err != nil {
			t.Fatal(err)
		}
		if b := out.Ports[0]; b != nil {
			rows = append(rows, sdktest.Rows(b)...)
		}
	}
	return rows
}
