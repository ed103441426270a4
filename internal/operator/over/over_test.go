package over_test

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/window"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/over"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
	"wire.example/wire/sdk/sqlstate"
)

// fixtures of a released version are never written again; a new version of a layout gets files of its own.
var writeFixtures = flag.Bool("write-fixtures", false, "write fixtures that are missing")

// The columns of the tests of this file.
const (
	part = iota // TEXT, may be NULL
	key         // INTEGER, few values
	number
	amount // INTEGER, may be NULL
	small  // INTEGER, 1 to 5
	flagged
	back // BIGINT, the same in all rows: offsets
	ahead
)

var smallTypes = []schema.Type{
	schema.Of(schema.Text), schema.Of(schema.Int32), schema.Of(schema.Int64), schema.Of(schema.Int32), schema.Of(schema.Int32), schema.Of(schema.Bool),
	schema.Of(schema.Int64), schema.Of(schema.Int64),
}

func makeRows(pool *batch.Pool, random *rand.Rand, n, parts, keys int, offsets [2]int64) *batch.Batch {
	b := &batch.Batch{Len: n}
	for _, typ := range smallTypes {
		c := batch.NewColumn(pool, typ)
		c.Reset(n)
		b.Cols = append(b.Cols, c)
	}
	for i := range n {
		if p := random.IntN(parts + 1); p == 0 && parts > 0 {
			b.Cols[part].SetNull(i)
		} else {
			b.Cols[part].SetBytes(i, fmt.Appendf(nil, "a partition with a long name: %d", p))
		}
		b.Cols[key].Int32s()[i] = int32(random.IntN(keys))
		b.Cols[number].Int64s()[i] = int64(i)
		if b.Cols[amount].Int32s()[i] = int32(random.IntN(1000) - 300); random.IntN(7) == 0 {
			b.Cols[amount].SetNull(i)
		}
		b.Cols[small].Int32s()[i] = int32(1 + random.IntN(5))
		b.Cols[flagged].Bits().Put(i, random.IntN(3) > 0)
		b.Cols[back].Int64s()[i], b.Cols[ahead].Int64s()[i] = offsets[0], offsets[1]
	}
	return b
}

func call(name string, frame over.Frame, args ...int) over.Call {
	use := window.Use{Name: name, Star: name == "count" && args == nil}
	for _, a := range args {
		use.Args = append(use.Args, &bind.Expr{Op: bind.Column, Path: []int{a}, Type: smallTypes[a]})
	}
	bound, err := window.Standard().Resolve(use)
	if err != nil {
		panic(err)
	}
	return over.Call{Function: bound.Function, Args: args, Filter: over.NoColumn, Frame: frame, Result: bound.Result}
}

func filtered(c over.Call) over.Call {
	c.Filter = flagged
	return c
}

// between is a frame from back rows, values or groups before to ahead after.
func between(unit ast.FrameUnit, exclude ast.FrameExclude) over.Frame {
	return over.Frame{Unit: unit, Start: ast.Preceding, End: ast.Following, StartOffset: back, EndOffset: ahead, Exclude: exclude}
}

func under(config over.Config) optest.Operator {
	config.Name, config.Types = "over 1", smallTypes
	return optest.Operator{
		New: func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
			return over.New(pool, budget, config), nil
		},
		Inputs: []optest.Input{{Keys: config.Partition}},
	}
}

// everyCall has a call for each way to compute.
func everyCall() []over.Call {
	all := over.DefaultFrame()
	rows, groups, values := between(ast.FrameRows, ast.ExcludeNothing), between(ast.FrameGroups, ast.ExcludeTies), between(ast.FrameRange, ast.ExcludeGroup)
	current := between(ast.FrameRows, ast.ExcludeCurrentRow)
	return []over.Call{
		call("row_number", all), call("rank", all), call("dense_rank", all), call("percent_rank", all), call("cume_dist", all), call("ntile", all, small),
		call("lag", all, part, small), call("lead", all, amount, small, small), call("lead", all, number),
		call("first_value", rows, number), call("last_value", groups, part), call("nth_value", values, number, small),
		call("count", rows), filtered(call("count", values)), call("count", groups, amount),
		call("sum", all, amount), call("sum", current, amount), filtered(call("avg", groups, amount)), call("sum", values, number),
		call("max", all, part), call("min", rows, amount), filtered(call("max", groups, amount)),
		call("approx_count_distinct", rows, amount), call("approx_count_distinct", groups, key), call("approx_count_distinct", all, amount),
		call("array_agg", rows, number), call("string_agg", current, part, part),
	}
}

// TestAnyWayToRun: cuts, selections, lent memory, instances, snapshots and restores make no difference.
func TestAnyWayToRun(t *testing.T) {
	order := []keyed.Key{{Column: key, Desc: true}}
	for name, config := range map[string]over.Config{
		"partitions":   {Partition: []int{part}, Order: order, Calls: everyCall()},
		"one":          {Order: order, Calls: everyCall()},
		"no order":     {Partition: []int{key, part}, Calls: []over.Call{call("sum", over.DefaultFrame(), amount), call("rank", over.DefaultFrame())}},
		"without call": {Partition: []int{key}, Order: order},
		"carried":      {Partition: []int{part}, Order: order, Calls: carriedCalls()},
		"one, carried": {Order: order, Calls: carriedCalls()},
		"ahead":        {Partition: []int{part}, Order: order, Calls: append(aheadCalls(), carriedCalls()...)},
		"one, ahead":   {Order: order, Calls: aheadCalls()},
		"one, leads":   {Order: order, Calls: []over.Call{call("lead", over.DefaultFrame(), amount, small, small), call("row_number", over.DefaultFrame())}},
		"whole":        {Partition: []int{part}, Order: order, Calls: wholeCalls()},
		"one, whole":   {Order: order, Calls: append(wholeCalls(), carriedCalls()...)},
		"whole, no order": {Partition: []int{part}, Calls: append(wholeCalls()[2:], // of which none asks for peers, but all rows are
			call("row_number", over.DefaultFrame()), call("sum", over.DefaultFrame(), amount), call("first_value", over.DefaultFrame(), number), call("last_value", over.DefaultFrame(), part))},
	} {
		t.Run(name, func(t *testing.T) {
			draw := func(t *rapid.T, pool *batch.Pool) []*batch.Batch {
				random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
				offsets := [2]int64{rapid.Int64Range(0, 4).Draw(t, "back"), rapid.Int64Range(0, 4).Draw(t, "ahead")}
				return []*batch.Batch{makeRows(pool, random, rapid.IntRange(0, 70).Draw(t, "rows"), 3, 6, offsets)}
			}
			optest.Check(t, under(config), draw, nil)
		})
	}
}

// carriedCalls need no more of a partition than some rows before the current one, and its peers.
func carriedCalls() []over.Call {
	back, groups, rows := between(ast.FrameRows, ast.ExcludeNothing), between(ast.FrameGroups, ast.ExcludeTies), over.DefaultFrame()
	for _, f := range []*over.Frame{&back, &groups, &rows} {
		f.End, f.EndOffset = ast.CurrentRow, over.NoColumn
	}
	rows.Unit = ast.FrameRows
	all := over.DefaultFrame()
	return []over.Call{
		call("row_number", all), call("rank", all), call("dense_rank", all), call("lag", all, amount), call("sum", all, amount), filtered(call("max", rows, number)), call("first_value", all, number),
		call("sum", back, amount), call("min", back, amount), call("count", groups), call("last_value", back, number),
	}
}

// aheadCalls need some rows behind the current one, too.
func aheadCalls() []over.Call {
	all := over.DefaultFrame()
	rows, groups, current := between(ast.FrameRows, ast.ExcludeNothing), between(ast.FrameGroups, ast.ExcludeTies), between(ast.FrameRows, ast.ExcludeCurrentRow)
	behind, later := rows, groups
	behind.Start, later.Start = ast.Following, ast.CurrentRow
	behind.StartOffset, behind.EndOffset, later.StartOffset, later.Exclude = back, ahead, over.NoColumn, ast.ExcludeNothing
	return []over.Call{
		call("lead", all, number), call("lead", all, amount, small, small), call("sum", rows, amount), filtered(call("avg", groups, amount)), call("max", current, amount),
		call("sum", behind, amount), call("count", later), call("first_value", behind, number), call("nth_value", later, number, small), call("array_agg", current, number), call("rank", all),
	}
}

// wholeCalls need to have seen all rows of a partition.
func wholeCalls() []over.Call {
	all := over.DefaultFrame()
	whole := over.Frame{Unit: ast.FrameRange, Start: ast.UnboundedPreceding, End: ast.UnboundedFollowing, StartOffset: over.NoColumn, EndOffset: over.NoColumn}
	groups := whole
	groups.Unit = ast.FrameGroups
	return []over.Call{
		call("percent_rank", all), call("cume_dist", all), call("ntile", all, small), call("sum", whole, amount), filtered(call("max", groups, number)), call("count", whole), filtered(call("count", whole)),
		call("first_value", whole, number), call("last_value", groups, part), call("array_agg", groups, number), call("avg", whole, amount),
	}
}

// TestLargePartitions compares partitions of several batches with what loops over the rows of each frame make.
func TestLargePartitions(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, test := range []struct {
		name    string
		rows    int
		keys    int
		offsets [2]int64
		unit    ast.FrameUnit
		exclude ast.FrameExclude
	}{
		{"rows", 9000, 1 << 30, [2]int64{5000, 10}, ast.FrameRows, ast.ExcludeNothing},
		{"rows, narrow", 6000, 1 << 30, [2]int64{3, 2}, ast.FrameRows, ast.ExcludeNothing},
		{"rows without themselves", 6000, 1 << 30, [2]int64{4500, 0}, ast.FrameRows, ast.ExcludeCurrentRow},
		{"range", 6000, 5000, [2]int64{700, 30}, ast.FrameRange, ast.ExcludeNothing},
		{"range without peers", 6000, 500, [2]int64{7, 90}, ast.FrameRange, ast.ExcludeGroup},
		{"groups", 6000, 2000, [2]int64{900, 900}, ast.FrameGroups, ast.ExcludeTies},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := between(test.unit, test.exclude)
			config := over.Config{Name: "over 1", Types: smallTypes, Order: []keyed.Key{{Column: key}}, Calls: []over.Call{
				call("sum", f, amount), filtered(call("sum", f, number)), call("min", f, amount), filtered(call("max", f, number)), call("count", f),
				call("bit_and", f, amount), call("first_value", f, number), call("last_value", f, number),
			}}
			in := makeRows(&batch.Pool{}, random, test.rows, 0, test.keys, test.offsets)
			got := drive(t, config, in)
			for i, want := range loops(in, test.unit, test.exclude, test.offsets) {
				if got[i] != want {
					t.Fatalf("row %d: %s, want %s", i, got[i], want)
				}
			}
		})
	}
}

// drive returns the columns of the calls, a line a row, in the order in which rows come out.
func drive(t testing.TB, config over.Config, in *batch.Batch) []string {
	t.Helper()
	budget := limit.New("test", 0)
	o := over.New(&batch.Pool{}, budget, config)
	for from := 0; from < in.Len; from += 3000 {
		part := *in
		part.Sel = []uint16{}
		for i := from; i < min(from+3000, in.Len); i++ {
			part.Sel = append(part.Sel, uint16(i))
		}
		if _, err := o.Apply(&part, op.NewOutput(1)); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for more := true; more; {
		out := op.NewOutput(1)
		var err error
		if more, err = o.OnEnd(out); err != nil {
			t.Fatal(err)
		}
		if b := out.Ports[0]; b != nil {
			got = append(got, sdktest.Rows(&batch.Batch{Cols: b.Cols[len(config.Types):], Len: b.Len, Sel: b.Sel})...)
		}
	}
	if budget.Used() != 0 {
		t.Errorf("%d bytes are still in use", budget.Used())
	}
	return got
}

// loops answers the calls of TestLargePartitions.
func loops(in *batch.Batch, unit ast.FrameUnit, exclude ast.FrameExclude, offsets [2]int64) []string {
	keys, numbers := in.Cols[key].Int32s(), in.Cols[number].Int64s()
	sorted := make([]int, in.Len)
	for i := range sorted {
		sorted[i] = i
	}
	slices.SortStableFunc(sorted, func(a, b int) int { return int(keys[a]) - int(keys[b]) })
	group := make([]int, in.Len)
	for i := 1; i < in.Len; i++ {
		if group[i] = group[i-1]; keys[sorted[i]] != keys[sorted[i-1]] {
			group[i]++
		}
	}
	var out []string
	for i, row := range sorted {
		place := func(j int) int64 {
			switch unit {
			case ast.FrameRows:
				return int64(j - i)
			case ast.FrameGroups:
				return int64(group[j] - group[i])
			default:
				return int64(keys[sorted[j]] - keys[row])
			}
		}
		f := frame{in: in}
		for j, other := range sorted {
			peer := keys[other] == keys[row]
			switch {
			case place(j) < -offsets[0] || place(j) > offsets[1]:
			case exclude == ast.ExcludeCurrentRow && j == i, exclude == ast.ExcludeGroup && peer, exclude == ast.ExcludeTies && peer && j != i:
			default:
				f.add(other)
			}
		}
		text := func(known bool, v int64) string {
			if !known {
				return "NULL"
			}
			return fmt.Sprint(v)
		}
		first, last := int64(0), int64(0)
		if len(f.rows) > 0 {
			first, last = numbers[f.rows[0]], numbers[f.rows[len(f.rows)-1]]
		}
		some := len(f.rows) > 0
		out = append(out, strings.Join([]string{
			text(f.amounts > 0, f.sum), text(f.flags > 0, f.numbers), text(f.amounts > 0, f.least), text(f.flags > 0, f.most), fmt.Sprint(len(f.rows)),
			text(f.amounts > 0, f.bits), text(some, first), text(some, last),
		}, ", "))
	}
	return out
}

// frame adds up the rows of a frame.
type frame struct {
	in                              *batch.Batch
	rows                            []int
	amounts, flags                  int
	sum, numbers, least, most, bits int64
}

func (f *frame) add(row int) {
	f.rows = append(f.rows, row)
	if c := f.in.Cols[amount]; !c.IsNull(row) {
		v := int64(c.Int32s()[row])
		if f.amounts == 0 {
			f.least, f.bits = v, v
		}
		f.least, f.bits, f.sum = min(f.least, v), f.bits&v, f.sum+v
		f.amounts++
	}
	if f.in.Cols[flagged].Bits().Get(row) {
		v := f.in.Cols[number].Int64s()[row]
		if f.flags == 0 {
			f.most = v
		}
		f.most, f.numbers = max(f.most, v), f.numbers+v
		f.flags++
	}
}

// TestSnapshotsWhileEmitting: an operator restored from a snapshot that was taken between two batches, in the middle of a partition, goes on with the
// next row.
func TestSnapshotsWhileEmitting(t *testing.T) {
	calls := []over.Call{
		call("row_number", over.DefaultFrame()), call("sum", over.DefaultFrame(), amount), call("max", between(ast.FrameRows, ast.ExcludeNothing), amount),
	}
	snapshotsWhileEmitting(t, calls, 30_000, false, false)
	snapshotsWhileEmitting(t, calls, 30_000, true, false)
	snapshotsWhileEmitting(t, calls, 30_000, true, true)
	snapshotsWhileEmitting(t, carriedCalls(), 2000, true, true)
	snapshotsWhileEmitting(t, append(wholeCalls(), carriedCalls()...), 2000, true, true)
	snapshotsWhileEmitting(t, append(aheadCalls(), carriedCalls()...), 2000, true, true)
}

func snapshotsWhileEmitting(t *testing.T, calls []over.Call, rows int, kept, spilled bool) {
	t.Helper()
	random := rand.New(rand.NewPCG(7, 8))
	in := makeRows(&batch.Pool{}, random, rows, 4, 50, [2]int64{2, 2})
	config := over.Config{Name: "over 1", Types: smallTypes, Partition: []int{part}, Order: []keyed.Key{{Column: key}, {Column: number}}, Calls: calls}
	want := drive(t, config, in)
	o := over.New(&batch.Pool{}, limit.New("test", 0), config)
	var stored *optest.Stored
	if kept {
		stored = optest.Store(o)
	}
	for from := 0; from < in.Len; from += batch.MaxRows {
		part := *in
		part.Sel = []uint16{}
		for i := from; i < min(from+batch.MaxRows, in.Len); i++ {
			part.Sel = append(part.Sel, uint16(i))
		}
		if _, err := o.Apply(&part, op.NewOutput(1)); err != nil {
			t.Fatal(err)
		}
		if spilled && (from/batch.MaxRows%3 == 1 || rows < batch.MaxRows) {
			if err := stored.Spill(true); err != nil {
				t.Fatal(err)
			}
		}
	}
	var got []string
	var counts op.Counts
	for more := true; more; {
		if spilled {
			if err := stored.Spill(false); err != nil {
				t.Fatal(err)
			}
		}
		out := op.NewOutput(1)
		var err error
		if more, err = o.OnEnd(out); err != nil {
			t.Fatal(err)
		}
		counts.Add(out.Counts)
		if b := out.Ports[0]; b != nil {
			got = append(got, sdktest.Rows(&batch.Batch{Cols: b.Cols[len(config.Types):], Len: b.Len, Sel: b.Sel})...)
		} else if more { // rows are about to leave memory
			continue
		}
		restored := over.New(&batch.Pool{}, limit.New("test", 0), config)
		if kept {
			_, err := o.OnBarrier(1, op.NewOutput(1))
			if err == nil {
				stored, err = stored.Move(restored)
			}
			if err != nil {
				t.Fatal(err)
			}
			o = restored
			continue
		}
		for g := range op.KeyGroups {
			data, err := o.Snapshot(op.KeyGroup(g))
			if err != nil {
				t.Fatal(err)
			}
			if data == nil {
				continue
			}
			if err := restored.Restore(op.KeyGroup(g), data); err != nil {
				t.Fatal(err)
			}
			if again, err := restored.Snapshot(op.KeyGroup(g)); err != nil || !slices.Equal(again, data) {
				t.Fatalf("group %d has another snapshot after its restore: %v", g, err)
			}
		}
		o = restored
	}
	if spilled { // what has left memory comes by key group
		slices.Sort(got)
		slices.Sort(want)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d rows, want %d", len(got), len(want))
	}
	if counts.Forwarded != int64(in.Len) || counts.Held != -int64(in.Len) {
		t.Errorf("%+v", counts)
	}
}

func TestMistakes(t *testing.T) {
	rows := func(offset any, small any) *batch.Batch {
		return optest.Make(smallTypes, []any{"a", 1, 1, 5, small, true, offset, 0}, []any{"a", 2, 2, math.MaxInt32, 1, true, offset, 0})
	}
	ranges, groups := between(ast.FrameRange, ast.ExcludeNothing), between(ast.FrameGroups, ast.ExcludeNothing)
	groups.Start, groups.StartOffset, groups.EndOffset = ast.CurrentRow, over.NoColumn, back
	for _, test := range []struct {
		call over.Call
		in   *batch.Batch
		code sqlstate.Code
		want string
	}{
		{call("ntile", over.DefaultFrame(), small), rows(0, 0), sqlstate.InvalidArgumentForNtile, "argument of ntile must be greater than zero"},
		{call("nth_value", over.DefaultFrame(), key, small), rows(0, 0), sqlstate.InvalidArgumentForNthValue, "argument of nth_value must be greater than zero"},
		{call("sum", between(ast.FrameRows, ast.ExcludeNothing), key), rows(-1, 1), sqlstate.InvalidPrecedingOrFollowing, "frame starting offset must not be negative"},
		{call("sum", groups, key), rows(-1, 1), sqlstate.InvalidPrecedingOrFollowing, "frame ending offset must not be negative"},
		{call("sum", groups, key), rows(nil, 1), sqlstate.NullValueNotAllowed, "frame ending offset must not be null"},
		{call("rank", ranges), rows(nil, 1), sqlstate.NullValueNotAllowed, "frame starting offset must not be null"},
		{call("rank", ranges), rows(-1, 1), sqlstate.InvalidPrecedingOrFollowing, "invalid preceding or following size in window function"},
	} {
		config := over.Config{Partition: []int{part}, Order: []keyed.Key{{Column: key}}, Calls: []over.Call{test.call}}
		_, err := optest.Run(under(config), test.in)
		var bad *sqlstate.Error
		if !errors.As(err, &bad) || bad.Code != test.code || bad.Message != test.want {
			t.Errorf("%s: %v, want %s", test.call.Function.Name, err, test.want)
		}
	}
}

// TestOverflowIsTheError: a sum that no BIGINT holds fails the run.
func TestOverflowIsTheError(t *testing.T) {
	types := slices.Clone(smallTypes)
	in := optest.Make(types, []any{"a", 1, math.MaxInt64, 1, 1, true, 0, 0}, []any{"a", 1, 1, 1, 1, true, 0, 0})
	c := call("sum", over.DefaultFrame(), number)
	config := over.Config{Calls: []over.Call{c}}
	if got, err := optest.Run(under(config), in); err != nil || !strings.HasSuffix(got.Rows[0][1], "9223372036854775808") {
		t.Errorf("%v, %v", got.Rows, err)
	}
}

func TestWithoutMemory(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	in := makeRows(&batch.Pool{}, random, 3000, 3, 1000, [2]int64{500, 5})
	config := over.Config{Partition: []int{part}, Order: []keyed.Key{{Column: key}}, Calls: everyCall()}
	optest.Starve(t, under(config), "over 1", in)
}

func TestColumnsThatNothingReads(t *testing.T) {
	in := makeRows(&batch.Pool{}, rand.New(rand.NewPCG(1, 2)), 10, 1, 5, [2]int64{})
	in.Cols[part] = nil
	config := over.Config{Name: "over", Types: smallTypes, Order: []keyed.Key{{Column: key}}, Calls: []over.Call{call("sum", over.DefaultFrame(), amount)}}
	o := over.New(&batch.Pool{}, limit.New("test", 0), config)
	out := op.NewOutput(1)
	if _, err := o.Apply(in, out); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if _, err := o.OnEnd(out); err != nil {
		t.Fatal(err)
	}
	if b := out.Ports[0]; b.Cols[part] != nil || b.Cols[number] == nil || len(b.Cols) != len(smallTypes)+1 {
		t.Errorf("%v", b.Cols)
	}
}

func TestDamagedState(t *testing.T) {
	config := over.Config{Name: "over 1", Types: smallTypes, Partition: []int{part}, Order: []keyed.Key{{Column: key}}}
	o := over.New(&batch.Pool{}, limit.New("test", 0), config)
	if _, err := o.Apply(makeRows(&batch.Pool{}, rand.New(rand.NewPCG(1, 2)), 10, 0, 5, [2]int64{}), op.NewOutput(1)); err != nil {
		t.Fatal(err)
	}
	for g := range op.KeyGroups {
		data, err := o.Snapshot(op.KeyGroup(g))
		if err != nil {
			t.Fatal(err)
		}
		for i := range data {
			bad := slices.Clone(data)
			bad[i] ^= 0x10
			if err := over.New(&batch.Pool{}, limit.New("test", 0), config).Restore(op.KeyGroup(g), bad); err == nil || !strings.Contains(err.Error(), "over 1") {
				t.Fatalf("byte %d: %v", i, err)
			}
		}
	}
}

func TestFixtures(t *testing.T) {
	in := optest.Make(smallTypes,
		[]any{"a", 2, 0, 5, 1, true, 1, 1}, []any{"a partition that is not inline", 1, 1, nil, 2, nil, 1, 1}, []any{nil, nil, 2, 7, 3, false, 1, 1}, []any{"a", 1, 3, -1, 4, true, 1, 1})
	config := over.Config{Partition: []int{part}, Order: []keyed.Key{{Column: key}}, Calls: everyCall()}
	optest.Fixture(t, under(config), "testdata/over-v1.state", *writeFixtures, in)
	optest.EntriesFixture(t, under(config), "testdata/entries-v1-over.txt", *writeFixtures, in)
	spilled := under(config)
	spilled.Spill = true
	optest.EntriesFixture(t, spilled, "testdata/entries-v2-over.txt", *writeFixtures, in)
	optest.EntriesFixture(t, updating(config), "testdata/entries-v1-updating.txt", *writeFixtures, in)
	config.TTL = 1 << 40
	optest.EntriesFixture(t, updating(config), "testdata/entries-v1-updating-with-ttl.txt", *writeFixtures, in)
}
