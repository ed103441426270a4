package over_test

import (
	"errors"
	"fmt"
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
	"wire.example/wire/sdk/temporal"
)

// The columns of the tests of this file: the last three are the same in all rows.
const (
	timedPart = iota
	timedAt
	timedValue
	timedFlag
	timedCount
	timedSpan
	timedAhead
	timedBy
)

func timedTypes() []schema.Type {
	return []schema.Type{
		schema.Of(schema.Text), schema.Of(schema.Timestamp), schema.Of(schema.Int32), schema.Of(schema.Bool), schema.Of(schema.Int64), schema.Of(schema.Interval), schema.Of(schema.Interval),
		schema.Of(schema.Int32),
	}
}

func timedCall(name string, frame over.Frame, args ...int) over.Call {
	use := window.Use{Name: name, Star: name == "count" && args == nil}
	for _, a := range args {
		use.Args = append(use.Args, &bind.Expr{Op: bind.Column, Path: []int{a}, Type: timedTypes()[a]})
	}
	bound, err := window.Standard().Resolve(use)
	if err != nil {
		panic(err)
	}
	return over.Call{Function: bound.Function, Args: args, Filter: over.NoColumn, Frame: frame, Result: bound.Result}
}

func timedFrame(unit ast.FrameUnit, start, end ast.FrameBoundKind) over.Frame {
	f := over.Frame{Unit: unit, Start: start, End: end, StartOffset: over.NoColumn, EndOffset: over.NoColumn}
	column := func(kind ast.FrameBoundKind) int {
		switch {
		case unit != ast.FrameRange:
			return timedCount
		case kind == ast.Following:
			return timedAhead
		default:
			return timedSpan
		}
	}
	if start == ast.Preceding || start == ast.Following {
		f.StartOffset = column(start)
	}
	if end == ast.Preceding || end == ast.Following {
		f.EndOffset = column(end)
	}
	return f
}

func underTimed(config over.Config) optest.Operator {
	config.Name, config.Types = "over 1", timedTypes()
	return optest.Operator{
		New: func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
			return over.NewTimed(pool, budget, config), nil
		},
		Inputs: []optest.Input{{Keys: config.Partition}}, Alone: len(config.Partition) == 0,
		Watermarks: optest.Bound(config.Lag, timedAt), Times: optest.AnyTime,
	}
}

func drawTimed(t *rapid.T, _ *batch.Pool) []*batch.Batch {
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	disorder := rapid.IntRange(1, 20).Draw(t, "disorder")
	rows, span, ahead, by := rapid.IntRange(0, 3).Draw(t, "rows before"), rapid.IntRange(0, 8).Draw(t, "span"), rapid.IntRange(0, 8).Draw(t, "ahead"), rapid.IntRange(0, 3).Draw(t, "by")
	all := make([][]any, rapid.IntRange(0, 80).Draw(t, "rows"))
	for i := range all {
		row := []any{
			[]string{"a", "b", "a partition with a long name"}[random.IntN(3)], i/2 + random.IntN(disorder), random.IntN(100), random.IntN(2) == 0,
			rows,
			temporal.Interval{Micros: int64(span)},
			temporal.Interval{Micros: int64(ahead)},
			by,
		}
		if null := random.IntN(20); null <= timedValue {
			row[null] = nil
		}
		all[i] = row
	}
	return []*batch.Batch{optest.Make(timedTypes(), all...)}
}

// timedFinal is what the operator that answers at the end says of the rows in the order of all their columns.
func timedFinal(t testing.TB, config over.Config, in *batch.Batch) [][]string {
	keys := make([]keyed.Key, len(in.Cols))
	for i := range keys {
		keys[i].Column = i
	}
	order := keyed.NewOrder(timedTypes(), keys)
	rows := make([]int, in.Len)
	for i := range rows {
		rows[i] = i
	}
	slices.SortStableFunc(rows, func(a, b int) int { return order.Compare(in.Cols, a, in.Cols, b) })
	config.Name, config.Types, config.TTL = "over 1", timedTypes(), 0
	result, err := optest.Run(optest.Operator{New: func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
		return over.New(pool, budget, config), nil
	}}, pick(in, rows))
	if err != nil {
		t.Fatal(err)
	}
	return result.Rows
}

func timedConfigs() map[string]over.Config {
	order := []keyed.Key{{Column: timedAt}}
	both := []keyed.Key{{Column: timedAt}, {Column: timedValue, Desc: true, NullsFirst: true}}
	all, rows := over.DefaultFrame(), timedFrame(ast.FrameRows, ast.UnboundedPreceding, ast.CurrentRow)
	near, groups := timedFrame(ast.FrameRows, ast.Preceding, ast.CurrentRow), timedFrame(ast.FrameGroups, ast.Preceding, ast.CurrentRow)
	span := timedFrame(ast.FrameRange, ast.Preceding, ast.CurrentRow)
	ahead := timedFrame(ast.FrameRange, ast.Preceding, ast.Following)
	before, peers, later := timedFrame(ast.FrameRows, ast.Preceding, ast.Preceding), timedFrame(ast.FrameRange, ast.CurrentRow, ast.CurrentRow), timedFrame(ast.FrameRange, ast.Following, ast.Following)
	without := near
	without.Exclude = ast.ExcludeTies
	positions := []over.Call{timedCall("row_number", all), timedCall("rank", all), timedCall("dense_rank", all)}
	filtered := timedCall("sum", all, timedValue)
	filtered.Filter = timedFlag
	growing := []over.Call{
		timedCall("sum", all, timedValue), timedCall("count", rows), timedCall("max", rows, timedPart), filtered, timedCall("array_agg", rows, timedValue), timedCall("avg", all, timedValue),
	}
	values := []over.Call{timedCall("first_value", all, timedPart), timedCall("last_value", all, timedValue), timedCall("last_value", rows, timedValue), timedCall("first_value", rows, timedValue)}
	lags := []over.Call{timedCall("lag", all, timedValue), timedCall("lag", all, timedPart, timedBy), timedCall("lag", all, timedValue, timedBy, timedCount)}
	lags[2] = timedCall("lag", all, timedCount, timedBy, timedCount)
	parts := []int{timedPart}
	return map[string]over.Config{
		"positions":     {Partition: parts, Order: both, Calls: positions},
		"of all":        {Order: both, Calls: slices.Concat(positions, growing, values)},
		"growing":       {Partition: parts, Order: order, Calls: growing, Lag: 3},
		"values":        {Partition: parts, Order: order, Calls: values, TTL: 1 << 40},
		"lag":           {Partition: parts, Order: both, Calls: lags},
		"rows":          {Partition: parts, Order: order, Calls: []over.Call{timedCall("sum", near, timedValue), timedCall("min", before, timedValue), timedCall("nth_value", near, timedPart, timedBy)}},
		"rows, no ties": {Partition: parts, Order: order, Calls: []over.Call{timedCall("array_agg", without, timedValue), timedCall("count", without)}, Lag: 1},
		"groups":        {Partition: parts, Order: both, Calls: []over.Call{timedCall("sum", groups, timedValue), timedCall("first_value", groups, timedValue)}},
		"times":         {Partition: parts, Order: order, Calls: []over.Call{timedCall("sum", span, timedValue), timedCall("max", span, timedPart), timedCall("count", peers)}},
		"times ahead":   {Partition: parts, Order: order, Calls: []over.Call{timedCall("sum", ahead, timedValue), timedCall("row_number", all), timedCall("last_value", later, timedPart)}, Lag: 2},
		"values kept":   {Partition: parts, Order: order, Calls: values},
		"all kept":      {Partition: parts, Order: order, Calls: slices.Concat(positions, growing, values, lags, []over.Call{timedCall("sum", near, timedValue), timedCall("sum", span, timedValue)}), Lag: 1},
		"everything":    {Partition: parts, Order: order, Calls: slices.Concat(positions, growing, values, lags, []over.Call{timedCall("sum", near, timedValue), timedCall("sum", span, timedValue)}), TTL: 1 << 40},
	}
}

func TestEachRowIsAnsweredOnce(t *testing.T) {
	for name, config := range timedConfigs() {
		t.Run(name, func(t *testing.T) {
			draw := drawTimed
			if name == "rows" { // nth_value counts from 1
				draw = func(t *rapid.T, pool *batch.Pool) []*batch.Batch {
					in := drawTimed(t, pool)
					for i := range in[0].Len {
						in[0].Cols[timedBy].Int32s()[i]++
					}
					return in
				}
			}
			optest.Check(t, underTimed(config), draw, func(in []*batch.Batch) [][]string { return timedFinal(t, config, in[0]) })
		})
	}
}

// timed feeds batches to a Timed, and returns what it emits.
type timed struct {
	t      *testing.T
	o      *over.Timed
	budget *limit.Budget
}

func newTimed(t *testing.T, config over.Config) *timed {
	config.Name, config.Types = "over 1", timedTypes()
	budget := limit.New("test", 0)
	return &timed{t: t, o: over.NewTimed(&batch.Pool{}, budget, config), budget: budget}
}

func (d *timed) call(f func(out *op.Output) (bool, error)) []string {
	d.t.Helper()
	out := op.NewOutput(1)
	var rows []string
	for more := true; more; {
		out.Reset()
		var err error
		if more, err = f(out); err != nil {
			d.t.Fatal(err)
		}
		if b := out.Ports[0]; b != nil {
			rows = append(rows, sdktest.Rows(&batch.Batch{Cols: slices.Concat(b.Cols[:3], b.Cols[8:]), Len: b.Len})...)
		}
	}
	return rows
}

func (d *timed) apply(part string, at ...int) {
	d.t.Helper()
	rows := make([][]any, len(at))
	for i := range rows {
		rows[i] = []any{part, at[i], 1, true, 1, temporal.Interval{Micros: 10}, temporal.Interval{Micros: 5}, 1}
	}
	if _, err := d.o.Apply(optest.Make(timedTypes(), rows...), op.NewOutput(1)); err != nil {
		d.t.Fatal(err)
	}
}

func (d *timed) watermark(micros int64) []string {
	d.t.Helper()
	return d.call(func(out *op.Output) (bool, error) { return d.o.OnWatermark(micros, out) })
}

func TestRowsComeWhenTheirTimeHas(t *testing.T) {
	d := newTimed(t, over.Config{Partition: []int{timedPart}, Order: []keyed.Key{{Column: timedAt}}, Lag: 1, Calls: []over.Call{
		timedCall("count", timedFrame(ast.FrameRange, ast.Preceding, ast.Following)), timedCall("row_number", over.DefaultFrame()),
	}})
	if d.o.Limit(100) != 100 {
		t.Error("a limit before there is a row")
	}
	d.apply("a", 20, 10, 12)
	if d.o.Limit(100) != 95 || d.o.Limit(1<<63-1) != 1<<63-1 || d.o.Limit(-1<<63) != -1<<63 {
		t.Errorf("the limit is %d", d.o.Limit(100))
	}
	wants(t, "too early", d.watermark(16))
	wants(t, "the first", d.watermark(17), `"a", 10, 1, 2, 1`)
	d.apply("a", 16)
	d.apply("b", 18)
	wants(t, "the next", d.watermark(19), `"a", 12, 1, 3, 2`)
	wants(t, "others", d.watermark(26), `"a", 16, 1, 4, 3`, `"b", 18, 1, 1, 1`)
	wants(t, "the end", d.call(d.o.OnEnd), `"a", 20, 1, 4, 4`)
	if d.budget.Used() != 0 {
		t.Errorf("%d bytes are still reserved", d.budget.Used())
	}
}

// TestNothingIsKeptInVain has many rows and partitions go by.
func TestNothingIsKeptInVain(t *testing.T) {
	for name, calls := range map[string][]over.Call{
		"rows":    {timedCall("sum", timedFrame(ast.FrameRows, ast.Preceding, ast.CurrentRow), timedValue)},
		"times":   {timedCall("sum", timedFrame(ast.FrameRange, ast.Preceding, ast.CurrentRow), timedValue)},
		"running": {timedCall("sum", over.DefaultFrame(), timedValue), timedCall("first_value", over.DefaultFrame(), timedPart)},
	} {
		t.Run(name, func(t *testing.T) {
			d := newTimed(t, over.Config{Partition: []int{timedPart}, Order: []keyed.Key{{Column: timedAt}}, Calls: calls, TTL: 1000})
			peak := int64(0)
			for round := range 400 {
				d.o.SetTime(int64(1000 + round*100))
				part := fmt.Sprint("p", round/10)
				if name == "running" {
					part = fmt.Sprint("p", round%10)
				}
				at := make([]int, 1000)
				for i := range at {
					at[i] = round*1000 + i
				}
				d.apply(part, at...)
				d.watermark(int64(round * 1000))
				if _, err := d.o.OnTime(int64(1000+round*100), op.NewOutput(1)); err != nil {
					t.Fatal(err)
				}
				if round == 100 {
					peak = d.budget.Used()
				}
			}
			if used := d.budget.Used(); used > peak+peak/4 {
				t.Errorf("%d bytes after 100 rounds, %d after 400", peak, used)
			}
		})
	}
}

func TestPartitionsOfTimeExpire(t *testing.T) {
	d := newTimed(t, over.Config{Partition: []int{timedPart}, Order: []keyed.Key{{Column: timedAt}}, TTL: 100, Calls: []over.Call{
		timedCall("row_number", over.DefaultFrame()), timedCall("first_value", over.DefaultFrame(), timedAt),
	}})
	tick := func(micros int64) {
		if _, err := d.o.OnTime(micros, op.NewOutput(1)); err != nil {
			t.Fatal(err)
		}
	}
	d.o.SetTime(1000)
	d.apply("a", 1)
	d.apply("b", 1)
	wants(t, "the first", d.watermark(10), `"a", 1, 1, 1, 1`, `"b", 1, 1, 1, 1`)
	tick(1050)
	d.apply("b", 12)
	tick(1100)
	d.apply("a", 13)
	wants(t, "one is forgotten", d.watermark(20), `"a", 13, 1, 1, 13`, `"b", 12, 1, 2, 1`)
}

func TestWhatDependsOnLaterRowsIsRefused(t *testing.T) {
	for _, c := range []over.Call{
		timedCall("lead", over.DefaultFrame(), timedValue), timedCall("ntile", over.DefaultFrame(), timedBy), timedCall("cume_dist", over.DefaultFrame()),
		timedCall("sum", timedFrame(ast.FrameRows, ast.Preceding, ast.Following), timedValue), timedCall("sum", timedFrame(ast.FrameRange, ast.CurrentRow, ast.UnboundedFollowing), timedValue),
		timedCall("sum", timedFrame(ast.FrameRows, ast.UnboundedPreceding, ast.Preceding), timedValue), timedCall("nth_value", over.DefaultFrame(), timedValue, timedBy),
	} {
		if over.TimedRefusal(&c) == "" {
			t.Errorf("%s %+v is not refused", c.Function.Name, c.Frame)
		}
	}
	for _, config := range timedConfigs() {
		for _, c := range config.Calls {
			if reason := over.TimedRefusal(&c); reason != "" {
				t.Errorf("%s %+v: %s", c.Function.Name, c.Frame, reason)
			}
		}
	}
	d := newTimed(t, over.Config{Order: []keyed.Key{{Column: timedAt}}, Calls: []over.Call{timedCall("lag", over.DefaultFrame(), timedValue, timedBy)}})
	d.apply("a", 1)
	for by, want := range map[int]string{-1: "negative offset", 2: "must not grow from 1 to 2"} {
		row := []any{"a", 2, 1, true, 1, temporal.Interval{}, temporal.Interval{}, by}
		_, err := d.o.Apply(optest.Make(timedTypes(), row), op.NewOutput(1))
		var e *sqlstate.Error
		if !errors.As(err, &e) || e.Code != sqlstate.FeatureNotSupported || !strings.Contains(e.Message, want) {
			t.Errorf("offset %d: %v", by, err)
		}
	}
}

func TestTimedWithoutMemory(t *testing.T) {
	rows := make([][]any, 3000)
	for i := range rows {
		rows[i] = []any{fmt.Sprint("partition ", i%700), i, i, true, 2, temporal.Interval{Micros: 100}, temporal.Interval{}, 1}
	}
	in := optest.Make(timedTypes(), rows...)
	optest.Starve(t, underTimed(timedConfigs()["everything"]), "over 1", in)
	optest.Starve(t, underTimed(timedConfigs()["of all"]), "over 1", in)
}

func TestTimedFixtures(t *testing.T) {
	in := optest.Make(timedTypes(),
		[]any{"a", 1, 7, true, 2, temporal.Interval{Micros: 9}, temporal.Interval{}, 1}, []any{"b", 2, nil, false, 2, temporal.Interval{Micros: 9}, temporal.Interval{}, 1},
		[]any{"a", nil, 9, true, 2, temporal.Interval{Micros: 9}, temporal.Interval{}, 1})
	for _, name := range []string{"everything", "of all"} {
		optest.Fixture(t, underTimed(timedConfigs()[name]), "testdata/timed-"+strings.ReplaceAll(name, " ", "-")+"-v1.state", *writeFixtures, in)
		optest.EntriesFixture(t, underTimed(timedConfigs()[name]), "testdata/entries-v1-timed-"+strings.ReplaceAll(name, " ", "-")+".txt", *writeFixtures, in)
	}
	config := over.Config{Name: "over 1", Types: timedTypes(), Partition: []int{timedPart}, Order: []keyed.Key{{Column: timedAt}}}
	whole := config
	whole.Partition = nil
	for what, test := range map[string]struct {
		config over.Config
		data   []byte
	}{
		"nothing":         {config, nil},
		"another version": {config, keyed.AppendParts(nil, 9, nil, nil, []byte("rows"))},
		"no rows":         {config, keyed.AppendParts(nil, 1, []byte("rows"), nil, nil)},
		"no table":        {config, keyed.AppendParts(nil, 1, nil, []byte("table"), nil)},
		"no numbers":      {whole, keyed.AppendParts(nil, 1, nil, nil, []byte{0x80})},
		"too much":        {whole, keyed.AppendParts(nil, 1, nil, nil, []byte{0, 0, 0, 0})},
	} {
		var corrupt *keyed.CorruptError
		if err := over.NewTimed(&batch.Pool{}, limit.New("test", 0), test.config).Restore(0, test.data); !errors.As(err, &corrupt) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
