package dedupe_test

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/dedupe"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// fixtures of a released version are never written again; a new version of a layout gets files of its own.
var writeFixtures = flag.Bool("write-fixtures", false, "write fixtures that are missing")

// The columns of tests.
const (
	keyColumn = iota
	nameColumn
	timeColumn
	valueColumn
	textColumn
)

func types() []schema.Type {
	return []schema.Type{schema.Of(schema.Int32), schema.Of(schema.Text), schema.Of(schema.Timestamp), schema.Of(schema.Int64), schema.Of(schema.Text)}
}

// under makes the operator of config for optest.
func under(config dedupe.Config) optest.Operator {
	config.Name, config.Types = "dedupe 1", types()
	return optest.Operator{
		New: func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
			return dedupe.New(pool, budget, config), nil
		},
		Inputs: []optest.Input{{Keys: config.Partition}}, Alone: len(config.Partition) == 0, Changes: true,
	}
}

// draw draws rows with few keys and few times.
func draw(t *rapid.T, _ *batch.Pool) []*batch.Batch {
	n := rapid.IntRange(0, 120).Draw(t, "rows")
	rows := make([][]any, n)
	for i := range rows {
		row := []any{
			rapid.IntRange(0, 4).Draw(t, "key"), rapid.SampledFrom([]string{"a", "b", "a name that is longer than a view"}).Draw(t, "name"),
			rapid.IntRange(-5, 5).Draw(t, "time"), rapid.IntRange(0, 3).Draw(t, "value"),
			strings.Repeat("text ", rapid.IntRange(0, 5).Draw(t, "text")),
		}
		if null := rapid.IntRange(0, 20).Draw(t, "null"); null < len(row) {
			row[null] = nil
		}
		rows[i] = row
	}
	return []*batch.Batch{optest.Make(types(), rows...)}
}

// reference picks one row of each partition by comparing all.
func reference(config dedupe.Config, in *batch.Batch) []string {
	partition := make([]keyed.Key, len(config.Partition))
	for i, column := range config.Partition {
		partition[i].Column = column
	}
	rest := config.Order
	if config.Ties == dedupe.ByContent {
		rest = slices.Clone(rest)
		for i := range types() {
			rest = append(rest, keyed.Key{Column: i})
		}
	}
	same, order := keyed.NewOrder(types(), partition), keyed.NewOrder(types(), rest)
	var kept []int
	for row := range in.Len {
		at := slices.IndexFunc(kept, func(other int) bool { return same.Compare(in.Cols, row, in.Cols, other) == 0 })
		if at < 0 {
			kept = append(kept, row)
			continue
		}
		switch c := order.Compare(in.Cols, row, in.Cols, kept[at]); {
		case c < 0, c == 0 && config.Ties == dedupe.LastArrived:
			kept[at] = row
		}
	}
	texts := sdktest.Rows(in)
	var out []string
	for _, row := range kept {
		out = append(out, texts[row])
	}
	return out
}

func configs() map[string]dedupe.Config {
	both := []int{keyColumn, nameColumn}
	return map[string]dedupe.Config{
		"last by time":      {Partition: both, Order: []keyed.Key{{Column: timeColumn, Desc: true}}},
		"first by time":     {Partition: both[:1], Order: []keyed.Key{{Column: timeColumn}, {Column: valueColumn, Desc: true, NullsFirst: true}}},
		"first that came":   {Partition: both[1:], Ties: dedupe.FirstArrived},
		"last that came":    {Partition: both[:1], Ties: dedupe.LastArrived},
		"first of a time":   {Partition: both[:1], Order: []keyed.Key{{Column: timeColumn}}, Ties: dedupe.FirstArrived},
		"last of a value":   {Partition: both, Order: []keyed.Key{{Column: valueColumn}}, Ties: dedupe.LastArrived},
		"by text":           {Partition: both[:1], Order: []keyed.Key{{Column: textColumn, Desc: true}}},
		"one partition":     {Order: []keyed.Key{{Column: timeColumn, Desc: true}}},
		"least of all":      {Partition: both[:1]},
		"with time to live": {Partition: both, Order: []keyed.Key{{Column: timeColumn}}, TTL: 1 << 40},
	}
}

func TestOneRowIsKept(t *testing.T) {
	for name, config := range configs() {
		t.Run(name, func(t *testing.T) {
			o := under(config)
			o.Times = optest.AnyTime
			optest.Check(t, o, draw, func(in []*batch.Batch) [][]string { return [][]string{reference(config, in[0])} })
		})
	}
}

func TestFinalRowsComeOnce(t *testing.T) {
	for _, lag := range []int64{0, 2} {
		for name, config := range map[string]dedupe.Config{
			"content":       {Partition: []int{keyColumn}, Order: []keyed.Key{{Column: timeColumn}}},
			"first of time": {Partition: []int{keyColumn}, Order: []keyed.Key{{Column: timeColumn}}, Ties: dedupe.FirstArrived},
			"last of time":  {Order: []keyed.Key{{Column: timeColumn}, {Column: valueColumn}}, Ties: dedupe.LastArrived, TTL: 1 << 40},
		} {
			t.Run(fmt.Sprint(name, " ", lag), func(t *testing.T) {
				config.Final, config.Lag = true, lag
				o := under(config)
				o.Changes, o.Times, o.Watermarks = false, optest.AnyTime, optest.Bound(lag, timeColumn)
				optest.Check(t, o, draw, func(in []*batch.Batch) [][]string { return [][]string{reference(config, in[0])} })
			})
		}
	}
}

// drive feeds batches to an operator, and returns what it emits by call.
type drive struct {
	t *testing.T
	o *dedupe.Operator
}

func (d drive) call(f func(out *op.Output) (bool, error)) []string {
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
			rows = append(rows, sdktest.Rows(b)...)
		}
	}
	return rows
}

func (d drive) apply(rows ...[]any) []string {
	d.t.Helper()
	in := optest.Make(types(), rows...)
	return d.call(func(out *op.Output) (bool, error) { return d.o.Apply(in, out) })
}

func newDrive(t *testing.T, config dedupe.Config) drive {
	config.Name, config.Types = "dedupe 1", types()
	return drive{t, dedupe.New(&batch.Pool{}, limit.New("test", 0), config)}
}

func want(t *testing.T, what string, got []string, rows ...string) {
	t.Helper()
	if diff := sdktest.Diff(rows, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestChangesBetweenFlushesAreOne(t *testing.T) {
	for _, upsert := range []bool{false, true} {
		d := newDrive(t, dedupe.Config{Partition: []int{keyColumn}, Order: []keyed.Key{{Column: timeColumn, Desc: true}}, Upsert: upsert})
		want(t, "the first rows", d.apply([]any{1, "a", 1, 0, ""}, []any{2, "a", 1, 0, ""}, []any{1, "a", 2, 0, ""}), `2, "a", 1, 0, ""`, `1, "a", 2, 0, ""`)
		for at := 3; at < 1003; at++ {
			want(t, "a replacement", d.apply([]any{1, "a", at, 0, strings.Repeat("x", at)}))
		}
		want(t, "a row that loses", d.apply([]any{1, "a", 5, 0, ""}))
		last := `+U 1, "a", 1002, 0, "` + strings.Repeat("x", 1002) + `"`
		if upsert {
			want(t, "a flush", d.call(d.o.OnFlush), last)
		} else {
			want(t, "a flush", d.call(d.o.OnFlush), `-U 1, "a", 2, 0, ""`, last)
		}
		want(t, "another flush", d.call(d.o.OnFlush))
		want(t, "the end", d.call(d.o.OnEnd))
	}
}

func TestManyPartitionsAreFlushedByThemselves(t *testing.T) {
	d := newDrive(t, dedupe.Config{Partition: []int{keyColumn}, Order: []keyed.Key{{Column: timeColumn, Desc: true}}})
	rounds := func(at int) (emitted int) {
		for from := 0; from < 1<<16; from += 4000 {
			rows := make([][]any, 4000)
			for i := range rows {
				rows[i] = []any{from + i, "a", at, 0, "some text that is longer than a view"}
			}
			emitted += len(d.apply(rows...))
		}
		return emitted
	}
	first, second := rounds(1), rounds(2)
	if first != 17*4000 || second < 2*32768 {
		t.Errorf("%d rows at first, then %d", first, second)
	}
	if rest := len(d.call(d.o.OnEnd)); second+rest != 2*first {
		t.Errorf("%d changes, and %d at the end", second, rest)
	}
}

func TestPartitionsExpire(t *testing.T) {
	for _, partition := range [][]int{{keyColumn}, nil} {
		d := newDrive(t, dedupe.Config{Partition: partition, Order: []keyed.Key{{Column: timeColumn}}, TTL: 100})
		tick := func(micros int64) []string {
			return d.call(func(out *op.Output) (bool, error) { return d.o.OnTime(micros, out) })
		}
		d.o.SetTime(1000)
		want(t, "the first row", d.apply([]any{1, "a", 5, 0, ""}), `1, "a", 5, 0, ""`)
		want(t, "a tick", tick(1050))
		want(t, "a row that loses", d.apply([]any{1, "a", 6, 0, ""}))
		want(t, "a tick before its time", tick(1149))
		want(t, "a row that wins", d.apply([]any{1, "a", 4, 0, ""}))
		want(t, "a tick", tick(1170), `-U 1, "a", 5, 0, ""`, `+U 1, "a", 4, 0, ""`)
		want(t, "a tick when it is time", tick(1249))
		want(t, "a row of a new partition", d.apply([]any{1, "a", 6, 0, ""}), `1, "a", 6, 0, ""`)
		want(t, "a tick within the eighth", tick(1250))
	}
}

func TestStarvedOfMemory(t *testing.T) {
	rows := make([][]any, 3000)
	for i := range rows {
		rows[i] = []any{i, "a", i, 0, "some text that is longer than a view"}
	}
	in := optest.Make(types(), rows...)
	optest.Starve(t, under(configs()["last by time"]), "dedupe 1", in)
	optest.Starve(t, under(dedupe.Config{Partition: []int{keyColumn}, Order: []keyed.Key{{Column: timeColumn}}, Final: true}), "dedupe 1", in)
	optest.Starve(t, under(dedupe.Config{Order: []keyed.Key{{Column: timeColumn}}}), "dedupe 1", in)
}

func TestFixtures(t *testing.T) {
	in := optest.Make(types(), []any{1, "a", 1, 0, "some text that is longer than a view"}, []any{1, "a", 2, 0, ""}, []any{2, nil, nil, nil, nil})
	o := under(dedupe.Config{Partition: []int{keyColumn}, Order: []keyed.Key{{Column: timeColumn}}, Final: true, TTL: 5})
	o.Changes = false
	optest.Fixture(t, o, "testdata/dedupe-v1.state", *writeFixtures, in)
	optest.EntriesFixture(t, o, "testdata/entries-v1.txt", *writeFixtures, in)
}

func TestDamagedStateIsRefused(t *testing.T) {
	config := dedupe.Config{Name: "dedupe 1", Types: types(), Partition: []int{keyColumn}, Order: []keyed.Key{{Column: timeColumn}}}
	rows := keyed.NewRows(&batch.Pool{}, types(), 0, "test", limit.New("test", 0))
	in := optest.Make(types(), []any{1, "a", 1, 0, ""}, []any{1, "a", 1, 0, ""})
	if err := rows.Append(in.Cols, nil, nil, make([]uint32, 2)); err != nil {
		t.Fatal(err)
	}
	twice, err := rows.Snapshot(0)
	if err != nil {
		t.Fatal(err)
	}
	for what, data := range map[string][]byte{
		"nothing":           {},
		"another version":   keyed.AppendParts(nil, 9, twice),
		"no rows":           keyed.AppendParts(nil, 1, []byte("rows")),
		"a partition twice": keyed.AppendParts(nil, 1, twice),
	} {
		var corrupt *keyed.CorruptError
		if err := dedupe.New(&batch.Pool{}, limit.New("test", 0), config).Restore(0, data); !errors.As(err, &corrupt) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
