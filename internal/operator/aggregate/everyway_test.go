package aggregate_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// TestEveryWayOfChanges drives operators with changes as optest does: cut, flushed, told of time, moved, with state that is not resident.
func TestEveryWayOfChanges(t *testing.T) {
	simple := []aggregate.Call{call(t, "count"), call(t, "sum", argInt), filter(call(t, "max", argText)), call(t, "bool_or", argFilter)}
	hard := []aggregate.Call{
		distinct(call(t, "count", argText)), orderBy(call(t, "string_agg", argText, keyText), argInt), filter(distinct(call(t, "count", argText))),
		filter(call(t, "percentile_disc", argFraction, within, argText)), distinct(call(t, "sum", argInt)), call(t, "min", argInt),
	}
	for _, tt := range []struct {
		name   string
		config aggregate.Config
	}{
		{"one group", aggregate.Config{Calls: simple}},
		{"one group, rows kept", aggregate.Config{Calls: hard}},
		{"a key", aggregate.Config{Keys: []int{keyInt}, Calls: simple}},
		{"a key, values seen", aggregate.Config{Keys: []int{keyInt}, Calls: append(slices.Clone(simple[:2]), hard[0], hard[2], hard[4])}},
		{"keys, rows kept", aggregate.Config{Keys: []int{keyText, keyInt}, Calls: hard}},
		{"keys alone", aggregate.Config{Keys: []int{keyText, keyInt}}},
		{"sets", aggregate.Config{Keys: []int{keyInt, keyText}, Sets: [][]int{{0, 1}, {0}, {1}, {}, {}}, Calls: slices.Concat(simple, hard[:2])}},
		{"sets with a key in common", aggregate.Config{Keys: []int{keyInt, keyText}, Sets: [][]int{{0, 1}, {0}}, Partition: []int{keyInt}, Calls: slices.Concat(simple, hard)}},
	} {
		for _, retracts := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				config := tt.config
				config.Name, config.Types, config.Changes, config.Retracts = "aggregate 1", types(), true, retracts
				rapid.Check(t, func(r *rapid.T) {
					config.TTL = rapid.SampledFrom([]int64{0, 1 << 60}).Draw(r, "TTL")
					o := under(config)
					o.Changes, o.Times = true, optest.AnyTime
					in := drawInput(r, &batch.Pool{})
					log := in
					if retracts {
						var rows []uint16
						log, rows = drawChangelog(r, &batch.Pool{}, in)
						in = only(&batch.Pool{}, in, rows)
					}
					rows, _ := reference(byValues(config), in)
					if err := optest.CheckOne(r, o, []*batch.Batch{log}, [][]string{rows}); err != nil {
						r.Error(err)
					}
				})
			})
		}
	}
}

// TestEveryWayOfAnswersOverChanges: so does an operator that answers once over a changelog, and keeps the rows of some calls ranked.
func TestEveryWayOfAnswersOverChanges(t *testing.T) {
	calls := []aggregate.Call{
		call(t, "count"), call(t, "min", argInt), call(t, "max", argText), distinct(call(t, "sum", argInt)), filter(call(t, "percentile_disc", argFraction, within, argText)),
	}
	for name, config := range map[string]aggregate.Config{
		"keys": {Keys: []int{keyText, keyInt}, Calls: calls},
		"sets": {Keys: []int{keyInt, keyText}, Sets: [][]int{{0, 1}, {0}, {}}, Calls: calls},
	} {
		t.Run(name, func(t *testing.T) {
			config.Name, config.Types, config.Retracts = "aggregate 1", types(), true
			rapid.Check(t, func(r *rapid.T) {
				in := drawInput(r, &batch.Pool{})
				log, rows := drawChangelog(r, &batch.Pool{}, in)
				want, _ := reference(byValues(config), only(&batch.Pool{}, in, rows))
				if err := optest.CheckOne(r, under(config), []*batch.Batch{log}, [][]string{want}); err != nil {
					r.Error(err)
				}
			})
		})
	}
}

// TestOutOfMemoryWithChanges: every reservation can be refused.
func TestOutOfMemoryWithChanges(t *testing.T) {
	for _, config := range []aggregate.Config{
		{Keys: []int{keyInt}, Calls: []aggregate.Call{call(t, "count"), call(t, "stddev", argFloat)}},
		{Keys: []int{keyInt}, Retracts: true, Calls: []aggregate.Call{call(t, "max", argText), distinct(call(t, "sum", argInt))}},
		{Retracts: true, TTL: 1000, Calls: []aggregate.Call{orderBy(call(t, "array_agg", argText), argInt)}},
		{Calls: []aggregate.Call{call(t, "string_agg", argText, argText)}},
	} {
		config.Name, config.Types, config.Changes = "aggregate 7", types(), true
		optest.Starve(t, under(config), "aggregate 7", numbers(3000, 500))
	}
}

// TestUpserts: nobody needs the old rows, and deletes have only keys.
func TestUpserts(t *testing.T) {
	config := aggregate.Config{
		Name: "a", Types: types(), Keys: []int{keyInt}, Changes: true, Upsert: true, Retracts: true,
		Calls: []aggregate.Call{call(t, "count"), call(t, "max", argText)},
	}
	one, two := []any{1, "k", "1", 5, 0.5, "five", true, 0.5}, []any{2, "k", "1", 5, 0.5, "five", true, 0.5}
	in := optest.Make(types(), one, two, one, one, two)
	in.Kinds = []batch.Change{batch.Insert, batch.Insert, batch.Insert, batch.UpdateBefore, batch.UpdateAfter}
	o := under(config)
	var steps []string
	operator, err := o.New(&batch.Pool{}, newBudget())
	if err != nil {
		t.Fatal(err)
	}
	a := operator.(*aggregate.Operator)
	out := newOut()
	for _, rows := range [][]uint16{{0, 1}, {2}, {3, 4}, {}, {3}} {
		part := *in
		part.Sel = rows
		if _, err := a.Apply(&part, out); err != nil {
			t.Fatal(err)
		}
		out.Reset()
		if _, err := a.OnFlush(out); err != nil {
			t.Fatal(err)
		}
		if b := out.Ports[0]; b != nil {
			steps = append(steps, sdktest.Rows(b)...)
		}
	}
	want := []string{`+I 1, 1, "five"`, `+I 2, 1, "five"`, `+U 1, 2, "five"`, `+U 1, 1, "five"`, `+U 2, 2, "five"`, `-D 1, NULL, NULL`}
	if diff := sdktest.Diff(want, steps); diff != "" {
		t.Error(diff)
	}
}

// TestAnswersThatFail: an answer that cannot be given is told of once, and its group has no row until it can.
func TestAnswersThatFail(t *testing.T) {
	const huge = "99999999999999999999999999999999999999"
	config := aggregate.Config{Name: "a", Types: types(), Changes: true, Retracts: true, Keys: []int{keyInt}, Calls: []aggregate.Call{call(t, "sum", keyNumeric)}}
	row := func(v string) []any { return []any{1, "k", v, 5, 0.5, "five", true, 0.5} }
	in := optest.Make(types(), row("1"), row(huge), row(huge), row("1"), row(huge))
	in.Kinds = []batch.Change{batch.Insert, batch.Insert, batch.Insert, batch.Insert, batch.Delete}
	operator, err := under(config).New(&batch.Pool{}, newBudget())
	if err != nil {
		t.Fatal(err)
	}
	a := operator.(*aggregate.Operator)
	out := newOut()
	var steps []string
	for i := range in.Len {
		part := *in
		part.Sel = []uint16{uint16(i)}
		if i == 4 {
			part.Sel = []uint16{4} // twice: one is left
			if _, err := a.Apply(&part, out); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := a.Apply(&part, out); err != nil {
			t.Fatal(err)
		}
		out.Reset()
		if _, err := a.OnFlush(out); err != nil {
			t.Fatal(err)
		}
		for _, bad := range out.Rejects {
			steps = append(steps, bad.Err.Error())
		}
		if b := out.Ports[0]; b != nil {
			steps = append(steps, sdktest.Rows(b)...)
		}
	}
	if diff := sdktest.Diff([]string{"+I 1, 1", "value overflows numeric format", "-D 1, 1", "+I 1, 2"}, steps); diff != "" {
		t.Error(diff)
	}
}

// TestAMillionGroups: a running count of a million keys takes less than 100 MB.
func TestAMillionGroups(t *testing.T) {
	if testing.Short() {
		t.Skip("a million rows")
	}
	budget := newBudget()
	o := aggregate.New(&batch.Pool{}, budget, aggregate.Config{
		Name: "a", Types: types()[:1], Keys: []int{0}, Calls: []aggregate.Call{call(t, "count")}, Changes: true,
	})
	key := batch.NewColumn(&batch.Pool{}, types()[0])
	key.Reset(batch.MaxRows)
	out := newOut()
	for from := 0; from < 1_000_000; from += batch.MaxRows {
		for i := range key.Int64s() {
			key.Int64s()[i] = int64((from + i) * 7919)
		}
		out.Reset()
		if _, err := o.Apply(&batch.Batch{Cols: []*batch.Column{key}, Len: batch.MaxRows}, out); err != nil {
			t.Fatal(err)
		}
		for more := true; more; {
			out.Reset()
			var err error
			if more, err = o.OnFlush(out); err != nil {
				t.Fatal(err)
			}
		}
	}
	if used := budget.Used(); used > 100<<20 {
		t.Errorf("%d MB", used>>20)
	} else {
		t.Logf("%d MB", used>>20)
	}
}
