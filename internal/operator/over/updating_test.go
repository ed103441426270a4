package over_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/over"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// updating makes the operator of config for optest.
func updating(config over.Config) optest.Operator {
	config.Name, config.Types = "over 1", smallTypes
	return optest.Operator{
		New: func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
			return over.NewUpdating(pool, budget, config), nil
		},
		Inputs: []optest.Input{{Keys: config.Partition}}, Alone: len(config.Partition) == 0, Changes: true,
	}
}

// pick returns the rows of b with these numbers as a batch.
func pick(b *batch.Batch, rows []int) *batch.Batch {
	out := &batch.Batch{Len: len(rows)}
	for _, c := range b.Cols {
		to := batch.NewColumn(&batch.Pool{}, c.Type())
		to.Reset(len(rows))
		for i, row := range rows {
			to.CopyRow(i, c, row)
		}
		out.Cols = append(out.Cols, to)
	}
	return out
}

// drawChanges draws rows, of which some are taken back later if there are changes.
func drawChanges(changes bool) optest.Draw {
	return func(t *rapid.T, pool *batch.Pool) []*batch.Batch {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		offsets := [2]int64{rapid.Int64Range(0, 3).Draw(t, "back"), rapid.Int64Range(0, 3).Draw(t, "ahead")}
		n := rapid.IntRange(0, 60).Draw(t, "rows")
		all := makeRows(pool, random, n, 2, 1+random.IntN(8), offsets)
		for i := range n {
			all.Cols[number].Int64s()[i] = int64(random.IntN(10))
		}
		if !changes {
			return []*batch.Batch{all}
		}
		var rows, live []int
		var kinds []batch.Change
		for row := range n {
			rows, live, kinds = append(rows, row), append(live, row), append(kinds, batch.Insert)
			for len(live) > 0 && random.IntN(3) == 0 {
				at := random.IntN(len(live))
				rows, kinds = append(rows, live[at]), append(kinds, batch.Delete)
				live = slices.Delete(live, at, at+1)
			}
		}
		b := pick(all, rows)
		b.Kinds = kinds
		return []*batch.Batch{b}
	}
}

// leftover returns the rows that changes leave, ordered by all their columns.
func leftover(in *batch.Batch) *batch.Batch {
	texts := sdktest.Rows(&batch.Batch{Cols: in.Cols, Len: in.Len})
	var rows []int
	for row := range in.Len {
		if len(in.Kinds) == 0 || op.Adds(in.Kinds[row]) {
			rows = append(rows, row)
			continue
		}
		at := slices.IndexFunc(rows, func(other int) bool { return texts[other] == texts[row] })
		rows = slices.Delete(rows, at, at+1)
	}
	keys := make([]keyed.Key, len(smallTypes))
	for i := range keys {
		keys[i].Column = i
	}
	order := keyed.NewOrder(smallTypes, keys)
	slices.SortStableFunc(rows, func(a, b int) int { return order.Compare(in.Cols, a, in.Cols, b) })
	return pick(in, rows)
}

// final is what the operator that answers at the end says of the rows that are left.
func final(t testing.TB, config over.Config, in *batch.Batch) [][]string {
	config.Changes, config.TTL = false, 0
	result, err := optest.Run(under(config), leftover(in))
	if err != nil {
		t.Fatal(err)
	}
	return result.Rows
}

func updatingConfigs() map[string]over.Config {
	order := []keyed.Key{{Column: key, Desc: true}, {Column: amount, NullsFirst: true}}
	parts := []int{part}
	configs := map[string]over.Config{
		"all":          {Partition: parts, Order: order[:1], Calls: everyCall(), TTL: 1 << 40},
		"without call": {Partition: parts, Order: order},
		"one":          {Order: order[:1], Calls: []over.Call{call("sum", between(ast.FrameRows, ast.ExcludeNothing), amount), call("count", over.DefaultFrame())}},
		"no order":     {Partition: parts, Calls: []over.Call{call("sum", over.DefaultFrame(), amount), call("row_number", over.DefaultFrame())}},
		"near": {Partition: parts, Order: order, Calls: []over.Call{
			call("avg", between(ast.FrameRows, ast.ExcludeNothing), amount), call("lag", over.DefaultFrame(), part, small), call("lead", over.DefaultFrame(), amount),
			call("array_agg", between(ast.FrameRows, ast.ExcludeTies), number),
		}},
	}
	for i, c := range everyCall() {
		if c.Frame.Unit != ast.FrameRows && c.Frame.End == ast.Following || i%3 == 2 { // any row may differ, as in "all"; and a third will do
			continue
		}
		configs[fmt.Sprintf("%d %s", i, c.Function.Name)] = over.Config{Partition: parts, Order: order[:1], Calls: []over.Call{c}}
	}
	rows := over.Frame{Unit: ast.FrameRows, EndOffset: over.NoColumn, StartOffset: over.NoColumn, Start: ast.UnboundedPreceding, End: ast.CurrentRow}
	configs["rows to the current"] = over.Config{Partition: parts, Order: order, Calls: []over.Call{call("sum", rows, amount), call("last_value", rows, number)}}
	behind := over.Frame{Unit: ast.FrameRows, Start: ast.Following, StartOffset: back, End: ast.UnboundedFollowing, EndOffset: over.NoColumn}
	configs["rows behind"] = over.Config{Partition: parts, Order: order, Calls: []over.Call{call("max", behind, amount), call("sum", behind, number)}}
	ahead := over.Frame{Unit: ast.FrameRows, Start: ast.UnboundedPreceding, StartOffset: over.NoColumn, End: ast.Following, EndOffset: ahead}
	configs["rows until ahead"] = over.Config{Partition: parts, Order: order, Calls: []over.Call{call("sum", ahead, amount), call("first_value", ahead, number)}}
	before := over.Frame{Unit: ast.FrameRange, Start: ast.UnboundedPreceding, StartOffset: over.NoColumn, End: ast.Preceding, EndOffset: back}
	configs["values before"] = over.Config{Partition: parts, Order: order[:1], Calls: []over.Call{call("sum", before, amount), call("rank", before)}}
	return configs
}

func TestUpdatingLeavesTheFinalAnswer(t *testing.T) {
	for name, config := range updatingConfigs() {
		for _, changes := range []bool{false, true} {
			if len(config.Calls) == 1 && !changes {
				continue
			}
			t.Run(fmt.Sprintf("%s, changes %v", name, changes), func(t *testing.T) {
				config.Changes = changes
				o := updating(config)
				o.Times = optest.AnyTime
				optest.Check(t, o, drawChanges(changes), func(in []*batch.Batch) [][]string { return final(t, config, in[0]) })
			})
		}
	}
}

// drives feeds batches to an updating operator, and returns what it emits.
type drives struct {
	t   *testing.T
	o   *over.Updating
	sum op.Counts
}

func (d *drives) call(f func(out *op.Output) (bool, error)) []string {
	d.t.Helper()
	out := op.NewOutput(1)
	var rows []string
	for more := true; more; {
		out.Reset()
		var err error
		if more, err = f(out); err != nil {
			d.t.Fatal(err)
		}
		d.sum.Add(out.Counts)
		if b := out.Ports[0]; b != nil {
			rows = append(rows, sdktest.Rows(b)...)
		}
	}
	return rows
}

func (d *drives) apply(kind batch.Change, rows ...[]any) {
	d.t.Helper()
	in := optest.Make(smallTypes, rows...)
	for range rows {
		in.Kinds = append(in.Kinds, kind)
	}
	if got := d.call(func(out *op.Output) (bool, error) { return d.o.Apply(in, out) }); len(got) > 0 {
		d.t.Errorf("rows before a flush: %v", got)
	}
}

func rowOf(p string, k, amount int) []any { return []any{p, k, 0, amount, 1, true, 1, 1} }

func newDrives(t *testing.T, config over.Config) *drives {
	config.Name, config.Types = "over 1", smallTypes
	return &drives{t: t, o: over.NewUpdating(&batch.Pool{}, limit.New("test", 0), config)}
}

func wants(t *testing.T, what string, got []string, rows ...string) {
	t.Helper()
	if diff := sdktest.Diff(rows, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestOnlyWhatDiffersIsEmitted(t *testing.T) {
	frame := over.Frame{Unit: ast.FrameRows, Start: ast.Preceding, StartOffset: back, End: ast.CurrentRow, EndOffset: over.NoColumn}
	d := newDrives(t, over.Config{Partition: []int{part}, Order: []keyed.Key{{Column: key}}, Calls: []over.Call{call("sum", frame, amount)}, Changes: true})
	d.apply(batch.Insert, rowOf("a", 1, 1), rowOf("a", 3, 3), rowOf("a", 4, 4), rowOf("b", 1, 1))
	wants(t, "the first flush", d.call(d.o.OnFlush),
		`+I "a", 1, 0, 1, 1, true, 1, 1, 1`, `+I "a", 3, 0, 3, 1, true, 1, 1, 4`, `+I "a", 4, 0, 4, 1, true, 1, 1, 7`, `+I "b", 1, 0, 1, 1, true, 1, 1, 1`)
	d.apply(batch.Insert, rowOf("a", 2, 2))
	wants(t, "a row between", d.call(d.o.OnFlush),
		`+I "a", 2, 0, 2, 1, true, 1, 1, 3`, `-U "a", 3, 0, 3, 1, true, 1, 1, 4`, `+U "a", 3, 0, 3, 1, true, 1, 1, 5`)
	d.apply(batch.Delete, rowOf("a", 1, 1), rowOf("a", 7, 7))
	wants(t, "the first goes", d.call(d.o.OnFlush),
		`-D "a", 1, 0, 1, 1, true, 1, 1, 1`, `-U "a", 2, 0, 2, 1, true, 1, 1, 3`, `+U "a", 2, 0, 2, 1, true, 1, 1, 2`)
	d.apply(batch.Insert, rowOf("a", 9, 1))
	d.apply(batch.Delete, rowOf("a", 9, 1))
	wants(t, "one that came and went", d.call(d.o.OnFlush))
	d.apply(batch.Delete, rowOf("a", 2, 2), rowOf("a", 3, 3), rowOf("a", 4, 4))
	wants(t, "none is left", d.call(d.o.OnFlush),
		`-D "a", 4, 0, 4, 1, true, 1, 1, 7`, `-D "a", 3, 0, 3, 1, true, 1, 1, 5`, `-D "a", 2, 0, 2, 1, true, 1, 1, 2`)
	wants(t, "the end", d.call(d.o.OnEnd))
	if !d.sum.Balanced() || d.sum.Filtered != 1 {
		t.Errorf("the account is %+v", d.sum)
	}
}

func TestLargePartitionsOfChanges(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for _, calls := range [][]over.Call{
		{call("sum", over.DefaultFrame(), amount), call("row_number", over.DefaultFrame())},
		{call("sum", between(ast.FrameRows, ast.ExcludeNothing), amount)},
	} {
		config := over.Config{Order: []keyed.Key{{Column: key}}, Calls: calls, Changes: true}
		in := makeRows(&batch.Pool{}, random, 12_000, 0, 1000, [2]int64{3, 2})
		var rows []int
		for row := range in.Len {
			rows = append(rows, row)
		}
		kinds := make([]batch.Change, in.Len, 2*in.Len)
		for range 4000 {
			row := random.IntN(in.Len)
			if i := slices.Index(rows[in.Len:], row); i < 0 {
				rows, kinds = append(rows, row), append(kinds, batch.Delete)
			}
		}
		changes := pick(in, rows)
		changes.Kinds = kinds
		got, err := optest.Run(updating(config), changes)
		if err != nil {
			t.Fatal(err)
		}
		want := final(t, config, changes)
		slices.Sort(want[0])
		if diff := sdktest.Diff(want, got.Rows); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestPartitionsOfChangesExpire(t *testing.T) {
	d := newDrives(t, over.Config{Partition: []int{part}, Order: []keyed.Key{{Column: key}}, Calls: []over.Call{call("row_number", over.DefaultFrame())}, TTL: 100, Changes: true})
	tick := func(micros int64) []string {
		return d.call(func(out *op.Output) (bool, error) { return d.o.OnTime(micros, out) })
	}
	d.o.SetTime(1000)
	d.apply(batch.Insert, rowOf("a", 1, 1), rowOf("b", 1, 1))
	wants(t, "a tick", tick(1050), `+I "a", 1, 0, 1, 1, true, 1, 1, 1`, `+I "b", 1, 0, 1, 1, true, 1, 1, 1`)
	d.apply(batch.Insert, rowOf("a", 2, 1))
	wants(t, "a tick", tick(1100), `+I "a", 2, 0, 1, 1, true, 1, 1, 2`)
	d.apply(batch.Insert, rowOf("b", 2, 1), rowOf("a", 3, 1))
	wants(t, "one is forgotten", d.call(d.o.OnFlush), `+I "b", 2, 0, 1, 1, true, 1, 1, 1`, `+I "a", 3, 0, 1, 1, true, 1, 1, 3`)
}

func TestUpdatingWithoutMemory(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	in := makeRows(&batch.Pool{}, random, 3000, 3, 50, [2]int64{2, 2})
	optest.Starve(t, updating(over.Config{Partition: []int{part}, Order: []keyed.Key{{Column: key}}, Calls: everyCall()}), "over 1", in)
	optest.Starve(t, updating(over.Config{Order: []keyed.Key{{Column: key}}, Calls: everyCall()[:3]}), "over 1", in)
}

func TestDamagedStateOfUpdating(t *testing.T) {
	config := over.Config{Name: "over 1", Types: smallTypes, Partition: []int{part}}
	for what, data := range map[string][]byte{
		"nothing":           {},
		"another version":   keyed.AppendParts(nil, 9, nil, []byte("rows")),
		"no rows":           keyed.AppendParts(nil, 1, nil, []byte("rows")),
		"half of an answer": keyed.AppendParts(nil, 1, []byte{1}, []byte("rows")),
	} {
		var corrupt *keyed.CorruptError
		if err := over.NewUpdating(&batch.Pool{}, limit.New("test", 0), config).Restore(0, data); !errors.As(err, &corrupt) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestWhatComesBackTakesNoMore: however often partitions leave memory and come back, many at once, no more memory is taken.
func TestWhatComesBackTakesNoMore(t *testing.T) {
	const parts, rows = 60, 6 * batch.MaxRows
	config := over.Config{Name: "over 1", Types: smallTypes, Partition: []int{part}, Calls: []over.Call{call("count", over.DefaultFrame())}}
	budget := limit.New("test", 0)
	u := over.NewUpdating(&batch.Pool{}, budget, config)
	stored := optest.Store(u)
	out := op.NewOutput(1)
	apply := func(in *batch.Batch) {
		t.Helper()
		if err := stored.Load(0, in); err != nil {
			t.Fatal(err)
		}
		out.Reset()
		if _, err := u.Apply(in, out); err != nil {
			t.Fatal(err)
		}
	}
	flush := func() {
		t.Helper()
		for more := true; more; {
			out.Reset()
			var err error
			if more, err = u.OnFlush(out); err != nil {
				t.Fatal(err)
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range rows / batch.MaxRows {
		apply(makeRows(&batch.Pool{}, random, batch.MaxRows, parts, 1000, [2]int64{}))
	}
	flush()
	all := makeRows(&batch.Pool{}, random, 500, parts, 1000, [2]int64{}) // of all partitions; they come and go
	var picked []int
	for range 2 {
		for row := range all.Len {
			picked = append(picked, row)
		}
	}
	touching := pick(all, picked)
	touching.Kinds = make([]batch.Change, touching.Len)
	for i := all.Len; i < touching.Len; i++ {
		touching.Kinds[i] = batch.Delete
	}
	var used int64
	for round := range 20 {
		if err := stored.Evict(2*rows, false); err != nil {
			t.Fatal(err)
		}
		apply(touching)
		flush()
		flush()
		if now := budget.Used(); round == 5 {
			used = now
		} else if round > 5 && now > used+200_000 {
			t.Fatalf("%d bytes are in use after %d rounds, %d were before", now, round, used)
		}
	}
}
