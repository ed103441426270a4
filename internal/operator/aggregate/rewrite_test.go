package aggregate_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// hand feeds an operator.
func hand(t *rapid.T, o *aggregate.Operator, in *batch.Batch) {
	out := op.NewOutput(1)
	for more := true; more; {
		out.Reset()
		var err error
		if more, err = o.Apply(in, out); err != nil {
			t.Fatal(err)
		}
	}
}

// shown flushes an operator, and ends it if it answers at the end, and returns the rows that came, sorted.
func shown(t *rapid.T, o *aggregate.Operator) []string {
	rows := []string{}
	out := op.NewOutput(1)
	for more := true; more; {
		out.Reset()
		var err error
		if more, err = o.OnEnd(out); err != nil {
			t.Fatal(err)
		}
		for _, bad := range out.Rejects {
			rows = append(rows, bad.Err.Error())
		}
		if b := out.Ports[0]; b != nil {
			plain := *b
			plain.Kinds = nil
			rows = append(rows, sdktest.Rows(&plain)...)
		}
	}
	slices.Sort(rows)
	return rows
}

// moved makes an operator for now of what one for old has, and its rewriter.
func moved(t *rapid.T, o *aggregate.Operator, old, now aggregate.Config, from []int) *aggregate.Operator {
	budget := newBudget()
	r, err := aggregate.NewRewriter(&batch.Pool{}, budget, old, now, from)
	if err != nil {
		t.Fatal(err)
	}
	next := aggregate.New(&batch.Pool{}, newBudget(), now)
	for g := range op.KeyGroups {
		group := op.KeyGroup(g)
		data, err := o.Snapshot(group)
		if err == nil && data != nil {
			if data, err = r.Group(data); err == nil && data != nil {
				err = next.Restore(group, data)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	r.Free()
	if budget.Used() != 0 {
		t.Errorf("%d bytes are still reserved", budget.Used())
	}
	return next
}

// TestOtherCalls drops calls half-way, puts them into another order and adds some: those that stay answer as if they had been alone. Whoever would have
// answered at the end answers with each change.
func TestOtherCalls(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		pool := &batch.Pool{}
		old := drawConfig(rt, t, false)
		now := old
		now.Calls = nil
		var from []int
		for i := range old.Calls {
			if rapid.Bool().Draw(rt, "stays") {
				from = append(from, i)
			}
		}
		from = rapid.Permutation(from).Draw(rt, "from")
		for _, i := range from {
			now.Calls = append(now.Calls, old.Calls[i])
		}
		if old.Sets == nil && !slices.ContainsFunc(old.Calls, func(c aggregate.Call) bool { return c.OrderBy != nil || c.Function.Order != 0 }) {
			now.Changes = rapid.Bool().Draw(rt, "changes")
			now.TTL = map[bool]int64{true: 1}[now.Changes && rapid.Bool().Draw(rt, "expires")]
		}
		first, second := drawInput(rt, pool), drawInput(rt, pool)
		before, alone := aggregate.New(pool, newBudget(), old), aggregate.New(pool, newBudget(), now)
		hand(rt, before, first)
		hand(rt, alone, first)
		after := moved(rt, before, old, now, from)
		if now.Changes {
			if err := after.Announce(); err != nil {
				rt.Fatal(err)
			}
		}
		hand(rt, after, second)
		hand(rt, alone, second)
		got, want := shown(rt, after), shown(rt, alone)
		if !slices.Equal(got, want) {
			rt.Fatalf("%q\nshould be\n%q", got, want)
		}
	})
}

// TestCallsAreAdded adds calls half-way: those that were there answer as before, the others as if no row had come before.
func TestCallsAreAdded(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		pool := &batch.Pool{}
		old := drawConfig(rt, t, false)
		old.Sets = nil
		now := old
		added := drawCall(rt, t, false)
		now.Calls = append(slices.Clone(old.Calls), added)
		from := make([]int, len(now.Calls))
		for i := range from {
			from[i] = i
		}
		from[len(from)-1] = -1
		first, second := drawInput(rt, pool), drawInput(rt, pool)
		before, alone := aggregate.New(pool, newBudget(), old), aggregate.New(pool, newBudget(), old)
		hand(rt, before, first)
		hand(rt, alone, first)
		after := moved(rt, before, old, now, from)
		hand(rt, after, second)
		hand(rt, alone, second)
		if got, want := len(shown(rt, after)), len(shown(rt, alone)); got != want {
			rt.Fatalf("%d groups, should be %d", got, want)
		}
	})
}

func TestRewritersThatCannotBe(t *testing.T) {
	config := aggregate.Config{Name: "a", Types: types(), Keys: []int{keyInt}, Calls: []aggregate.Call{call(t, "count"), call(t, "array_agg", argInt)}}
	unkeyed := config
	unkeyed.Keys = nil
	distinct := config
	distinct.Calls = []aggregate.Call{config.Calls[0], func() aggregate.Call { c := call(t, "sum", argInt); c.Distinct = true; return c }()}
	for name, c := range map[string]struct {
		old  aggregate.Config
		from []int
	}{
		"other keys": {unkeyed, []int{0, 1}}, "too few": {config, []int{0}}, "no such call": {config, []int{0, 7}}, "kept otherwise": {distinct, []int{0, 1}},
	} {
		if _, err := aggregate.NewRewriter(&batch.Pool{}, newBudget(), c.old, config, c.from); err == nil {
			t.Errorf("%s: there is a rewriter", name)
		}
	}
	if got := config.KeyTypes(); len(got) != 1 || got[0].Kind != schema.Int64 && got[0].Kind != schema.Int32 {
		t.Error(got)
	}
}

func TestDamagedGroupsAreNotRewritten(t *testing.T) {
	config := aggregate.Config{Name: "a", Types: types(), Keys: []int{keyInt}, Calls: []aggregate.Call{call(t, "count"), call(t, "array_agg", argInt)}}
	r, err := aggregate.NewRewriter(&batch.Pool{}, newBudget(), config, config, []int{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, parts := range map[string][][]byte{
		"no mark":  {nil, []byte("T"), nil},
		"no table": {{0}, []byte("T"), nil},
	} {
		var corrupt *keyed.CorruptError
		if _, err := r.Group(keyed.AppendParts(nil, 2, parts...)); !errors.As(err, &corrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.Group([]byte("nothing")); err == nil {
		t.Error("it is rewritten")
	}
	for _, value := range [][]byte{nil, {0x80}, {2}, {2, 1, 0, 0, 0}} {
		if _, _, err := r.Calls(nil, value); err == nil {
			t.Errorf("%x is rewritten", value)
		}
	}
}
