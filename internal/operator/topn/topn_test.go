package topn_test

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/topn"
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
	timeColumn
	valueColumn
	textColumn
)

func types() []schema.Type {
	return []schema.Type{schema.Of(schema.Int32), schema.Of(schema.Timestamp), schema.Of(schema.Int64), schema.Of(schema.Text)}
}

// under makes the operator of config for optest.
func under(config topn.Config) optest.Operator {
	config.Name, config.Types = "top 1", types()
	return optest.Operator{
		New: func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
			return topn.New(pool, budget, config), nil
		},
		Inputs: []optest.Input{{Keys: config.Partition}}, Alone: len(config.Partition) == 0, Changes: true,
	}
}

func drawRow(t *rapid.T) []any {
	row := []any{
		rapid.IntRange(0, 2).Draw(t, "key"), rapid.IntRange(-5, 5).Draw(t, "time"), rapid.IntRange(0, 3).Draw(t, "value"),
		rapid.SampledFrom([]string{"", "b", "a text that is longer than a view", "a text that is longer than another"}).Draw(t, "text"),
	}
	if null := rapid.IntRange(0, 20).Draw(t, "null"); null < len(row) {
		row[null] = nil
	}
	return row
}

// draw draws rows, of which some are taken back later if there are changes.
func draw(changes bool) optest.Draw {
	return func(t *rapid.T, _ *batch.Pool) []*batch.Batch {
		var rows, live [][]any
		var kinds []batch.Change
		add := func(row []any, kind batch.Change) {
			rows, kinds = append(rows, row), append(kinds, kind)
			if op.Adds(kind) {
				live = append(live, row)
			}
		}
		share := 0
		if changes {
			share = rapid.IntRange(0, 60).Draw(t, "share taken back")
		}
		for range rapid.IntRange(0, 100).Draw(t, "rows") {
			if len(live) == 0 || rapid.IntRange(0, 99).Draw(t, "what") >= share {
				add(drawRow(t), batch.Insert)
				continue
			}
			at := rapid.IntRange(0, len(live)-1).Draw(t, "gone")
			old := live[at]
			live = slices.Delete(live, at, at+1)
			if rapid.Bool().Draw(t, "update") {
				next := drawRow(t)
				next[keyColumn] = old[keyColumn]
				add(old, batch.UpdateBefore)
				add(next, batch.UpdateAfter)
			} else {
				add(old, batch.Delete)
			}
		}
		b := optest.Make(types(), rows...)
		if changes {
			b.Kinds = kinds
		}
		return []*batch.Batch{b}
	}
}

// left returns the rows that changes leave, in the order in which they came.
func left(in *batch.Batch) []int {
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
	return rows
}

// reference computes everything anew from the rows that are left.
func reference(config topn.Config, in *batch.Batch) []string {
	keys := slices.Clone(config.Order)
	byKeys := keyed.NewOrder(types(), config.Order)
	if !config.Arrival {
		for i := range types() {
			keys = append(keys, keyed.Key{Column: i})
		}
	}
	order := keyed.NewOrder(types(), keys)
	partition := make([]keyed.Key, len(config.Partition))
	for i, column := range config.Partition {
		partition[i].Column = column
	}
	same := keyed.NewOrder(types(), partition)
	rows := left(in)
	slices.SortStableFunc(rows, func(a, b int) int {
		return cmp.Or(same.Compare(in.Cols, a, in.Cols, b), order.Compare(in.Cols, a, in.Cols, b))
	})
	texts := sdktest.Rows(&batch.Batch{Cols: in.Cols, Len: in.Len})
	var out []string
	var number, rank, dense int64
	var last int // that counts
	for i, row := range rows {
		begins := i == 0 || same.Compare(in.Cols, rows[i-1], in.Cols, row) != 0
		if begins {
			number, rank, dense = 0, 0, 0
		}
		number++
		if begins || byKeys.Compare(in.Cols, rows[i-1], in.Cols, row) != 0 {
			rank = number
			dense++
		}
		value := [...]int64{number, rank, dense}[config.Function]
		end := config.Offset + config.Limit
		inside := value > config.Offset && (config.Limit < 0 || value <= end)
		if value == end {
			last = row
		}
		tie := config.WithTies && config.Limit > 0 && value > end && byKeys.Compare(in.Cols, last, in.Cols, row) == 0
		if !inside && !tie {
			continue
		}
		if config.RankColumn {
			out = append(out, fmt.Sprintf("%s, %d", texts[row], value))
		} else {
			out = append(out, texts[row])
		}
	}
	return out
}

func configs() map[string]topn.Config {
	key := []int{keyColumn}
	byTime := []keyed.Key{{Column: timeColumn, Desc: true}}
	byBoth := []keyed.Key{{Column: valueColumn, Desc: true, NullsFirst: true}, {Column: timeColumn}}
	return map[string]topn.Config{
		"first":                   {Partition: key, Order: byTime, Limit: 1},
		"first with its rank":     {Partition: key, Order: byBoth, Limit: 1, RankColumn: true},
		"three":                   {Partition: key, Order: byBoth, Limit: 3},
		"three with ranks":        {Partition: key, Order: byTime, Limit: 3, RankColumn: true},
		"second and third":        {Partition: key, Order: byTime, Limit: 2, Offset: 1},
		"second, third, ranks":    {Partition: key, Order: byTime, Limit: 2, Offset: 1, RankColumn: true},
		"all but two":             {Partition: key, Order: byTime, Limit: topn.NoLimit, Offset: 2},
		"all, numbered":           {Partition: key, Order: byTime, Limit: topn.NoLimit, RankColumn: true},
		"rank":                    {Partition: key, Order: byTime, Limit: 3, Function: topn.Rank},
		"rank, ranks":             {Partition: key, Order: byTime, Limit: 4, Offset: 1, Function: topn.Rank, RankColumn: true},
		"dense rank":              {Partition: key, Order: byTime, Limit: 2, Function: topn.DenseRank},
		"dense rank, ranks":       {Partition: key, Order: byTime, Limit: 3, Offset: 1, Function: topn.DenseRank, RankColumn: true},
		"with ties":               {Partition: key, Order: byTime, Limit: 3, Offset: 1, WithTies: true},
		"with ties, ranks":        {Partition: key, Order: byTime, Limit: 2, WithTies: true, RankColumn: true},
		"of all":                  {Order: byBoth, Limit: 5, Offset: 2},
		"rank of all":             {Order: byTime, Limit: 2, Function: topn.Rank, RankColumn: true},
		"dense rank of all":       {Order: byTime, Limit: 2, Function: topn.DenseRank},
		"dense ranks of all":      {Order: byBoth, Limit: 3, Offset: 1, Function: topn.DenseRank, RankColumn: true},
		"first of all":            {Order: byBoth, Limit: 1},
		"with ties of all":        {Order: byTime, Limit: 1, Offset: 1, WithTies: true},
		"of all by text":          {Order: []keyed.Key{{Column: textColumn}}, Limit: 5, RankColumn: true},
		"limit":                   {Arrival: true, Limit: 5},
		"limit and offset":        {Arrival: true, Limit: 5, Offset: 2, Key: []int{timeColumn}},
		"arrival of a time":       {Partition: key, Arrival: true, Order: byTime, Limit: 2, RankColumn: true},
		"none":                    {Partition: key, Order: byTime},
		"three with time to live": {Partition: key, Order: byTime, Limit: 3, TTL: 1 << 40},
	}
}

func TestTheFirstRowsAreKept(t *testing.T) {
	for name, config := range configs() {
		for _, changes := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, changes %v", name, changes), func(t *testing.T) {
				config.Changes = changes
				o := under(config)
				o.Times = optest.AnyTime
				optest.Check(t, o, draw(changes), func(in []*batch.Batch) [][]string { return [][]string{reference(config, in[0])} })
			})
		}
	}
}

// drive feeds batches to an operator, and returns what it emits.
type drive struct {
	t   *testing.T
	o   *topn.Operator
	sum op.Counts

	config topn.Config
	stored *optest.Stored // nil unless what changes is stored
}

func (d *drive) call(f func(out *op.Output) (bool, error)) []string {
	d.t.Helper()
	return d.callWith(nil, f)
}

// callWith is call for rows, or nil for an event.
func (d *drive) callWith(in *batch.Batch, f func(out *op.Output) (bool, error)) []string {
	d.t.Helper()
	out := op.NewOutput(1)
	var rows []string
	for more := true; more; {
		out.Reset()
		var err error
		if d.stored != nil {
			err = d.stored.Load(0, in)
		}
		if err == nil {
			more, err = f(out)
		}
		if err != nil {
			d.t.Fatal(err)
		}
		d.sum.Add(out.Counts)
		if b := out.Ports[0]; b != nil {
			rows = append(rows, sdktest.Rows(b)...)
		}
	}
	return rows
}

func (d *drive) apply(kinds []batch.Change, rows ...[]any) []string {
	d.t.Helper()
	in := optest.Make(types(), rows...)
	in.Kinds = kinds
	return d.callWith(in, func(out *op.Output) (bool, error) { return d.o.Apply(in, out) })
}

func newDrive(t *testing.T, config topn.Config) *drive {
	config.Name, config.Types = "top 1", types()
	return &drive{t: t, config: config, o: topn.New(&batch.Pool{}, limit.New("test", 0), config)}
}

func want(t *testing.T, what string, got []string, rows ...string) {
	t.Helper()
	if diff := sdktest.Diff(rows, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestARowThatEntersShiftsTheOthers(t *testing.T) {
	d := newDrive(t, topn.Config{Partition: []int{keyColumn}, Order: []keyed.Key{{Column: valueColumn, Desc: true}}, Limit: 3, RankColumn: true})
	want(t, "no flush yet", d.apply(nil, []any{1, 0, 30, ""}, []any{1, 0, 10, ""}, []any{1, 0, 20, ""}, []any{1, 0, 5, ""}))
	want(t, "a flush", d.call(d.o.OnFlush), `+I 1, 0, 30, "", 1`, `+I 1, 0, 20, "", 2`, `+I 1, 0, 10, "", 3`)
	want(t, "nothing", d.call(d.o.OnFlush))
	for value := range 1000 {
		d.apply(nil, []any{1, 0, value % 26, ""})
	}
	want(t, "another", d.call(d.o.OnFlush), `-U 1, 0, 20, "", 2`, `+U 1, 0, 25, "", 2`, `-U 1, 0, 10, "", 3`, `+U 1, 0, 25, "", 3`)
	d.apply(nil, []any{1, 0, 1, ""})
	want(t, "one that does not count", d.call(d.o.OnFlush))
	if d.sum.In != 1005 || !d.sum.Balanced() || d.sum.Filtered < 900 {
		t.Errorf("the account is %+v", d.sum)
	}
}

func TestARowThatIsTakenBackLetsTheNextIn(t *testing.T) {
	d := newDrive(t, topn.Config{Partition: []int{keyColumn}, Order: []keyed.Key{{Column: valueColumn}}, Limit: 1, Changes: true})
	d.apply(nil, []any{1, 0, 3, ""}, []any{1, 0, 1, ""}, []any{1, 0, 2, ""})
	want(t, "the first", d.call(d.o.OnFlush), `+I 1, 0, 1, ""`)
	d.apply([]batch.Change{batch.Delete}, []any{1, 0, 1, ""})
	want(t, "the next", d.call(d.o.OnFlush), `-U 1, 0, 1, ""`, `+U 1, 0, 2, ""`)
	d.apply([]batch.Change{batch.UpdateBefore, batch.UpdateAfter, batch.Delete}, []any{1, 0, 2, ""}, []any{1, 0, 2, ""}, []any{1, 0, 9, ""})
	want(t, "the same row again, and one that is not known", d.call(d.o.OnFlush))
	d.apply([]batch.Change{batch.Delete, batch.Delete, batch.Delete}, []any{1, 0, 2, ""}, []any{1, 0, 3, ""}, []any{7, 0, 3, ""})
	want(t, "nothing left", d.call(d.o.OnFlush), `-D 1, 0, 2, ""`)
	if d.sum.In != 10 || !d.sum.Balanced() || d.sum.Filtered != 2 {
		t.Errorf("the account is %+v", d.sum)
	}
	want(t, "the end", d.call(d.o.OnEnd))
}

func TestManyChangesAreFlushedByThemselves(t *testing.T) {
	for _, ranks := range []bool{false, true} {
		d := newDrive(t, topn.Config{Order: []keyed.Key{{Column: valueColumn, Desc: true}}, Limit: 50_000, RankColumn: ranks})
		left := map[string]int{}
		fold := func(rows []string) {
			for _, row := range rows {
				if kind, rest, _ := strings.Cut(row, " "); kind == "+I" || kind == "+U" {
					left[rest]++
				} else if left[rest]--; left[rest] == 0 {
					delete(left, rest)
				}
			}
		}
		for at := 0; at < 120_000; at += 4000 {
			rows := make([][]any, 4000)
			for i := range rows {
				rows[i] = []any{1, 0, at + i, ""}
			}
			fold(d.apply(nil, rows...))
		}
		fold(d.call(d.o.OnEnd))
		if len(left) != 50_000 || !ranks && left[`1, 0, 70000, ""`] != 1 || ranks && left[`1, 0, 70000, "", 50000`] != 1 {
			t.Errorf("%d rows are left", len(left))
		}
	}
}

func TestPartitionsExpire(t *testing.T) {
	d := newDrive(t, topn.Config{Partition: []int{keyColumn}, Order: []keyed.Key{{Column: valueColumn}}, Limit: 2, TTL: 100, Changes: true})
	tick := func(micros int64) []string {
		return d.call(func(out *op.Output) (bool, error) { return d.o.OnTime(micros, out) })
	}
	d.o.SetTime(1000)
	d.apply(nil, []any{1, 0, 5, ""}, []any{2, 0, 5, ""})
	want(t, "a tick", tick(1050), `+I 1, 0, 5, ""`, `+I 2, 0, 5, ""`)
	d.apply(nil, []any{1, 0, 6, ""})
	want(t, "a tick", tick(1100), `+I 1, 0, 6, ""`)
	want(t, "a tick within the eighth", tick(1101))
	d.apply([]batch.Change{batch.Delete, batch.Delete}, []any{1, 0, 6, ""}, []any{2, 0, 5, ""})
	want(t, "one partition is forgotten", d.call(d.o.OnFlush), `-D 1, 0, 6, ""`)
	if d.sum.Filtered != 1 || !d.sum.Balanced() {
		t.Errorf("the account is %+v", d.sum)
	}
}

// TestWhenRowsCameIsStored: a partition that a row came for which changed nothing is not forgotten too early, although it was stored before.
func TestWhenRowsCameIsStored(t *testing.T) {
	d := newDrive(t, topn.Config{Partition: []int{keyColumn}, Order: []keyed.Key{{Column: valueColumn}}, Limit: 1, TTL: 100})
	d.stored = optest.Store(d.o)
	d.o.SetTime(1000)
	d.apply(nil, []any{1, 0, 5, ""})
	d.call(d.o.OnFlush)
	if err := errors.Join(d.stored.Seal(), d.stored.Drain(math.MaxInt64)); err != nil {
		t.Fatal(err)
	}
	d.o.SetTime(1080)
	d.apply(nil, []any{1, 0, 6, ""})
	next := newDrive(t, d.config)
	var err error
	if next.stored, err = d.stored.Move(next.o); err != nil {
		t.Fatal(err)
	}
	want(t, "a tick", next.call(func(out *op.Output) (bool, error) { return next.o.OnTime(1110, out) }))
	next.apply(nil, []any{1, 0, 4, ""})
	want(t, "a row that takes the first place", next.call(next.o.OnFlush), `-U 1, 0, 5, ""`, `+U 1, 0, 4, ""`)
	if n, err := next.stored.Len(); n != 2 || err != nil {
		t.Errorf("%d entries were stored, %v", n, err)
	}
}

func TestStarvedOfMemory(t *testing.T) {
	rows := make([][]any, 3000)
	for i := range rows {
		rows[i] = []any{i, i, i, "some text that is longer than a view"}
	}
	in := optest.Make(types(), rows...)
	optest.Starve(t, under(configs()["three with ranks"]), "top 1", in)
	optest.Starve(t, under(configs()["of all"]), "top 1", in)
	optest.Starve(t, under(topn.Config{Order: []keyed.Key{{Column: valueColumn}}, Limit: 5, Changes: true}), "top 1", in)
	optest.Starve(t, under(topn.Config{Arrival: true, Limit: 2000, RankColumn: true, Changes: true}), "top 1", in)
}

func TestFixtures(t *testing.T) {
	in := optest.Make(types(), []any{1, 1, 0, "some text that is longer than a view"}, []any{1, 2, 0, ""}, []any{2, nil, nil, nil}, []any{1, 2, 0, ""})
	for _, name := range []string{"second, third, ranks", "limit", "three with time to live"} {
		config := configs()[name]
		config.Changes = true
		o := under(config)
		o.Changes = false
		o.New = func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
			config.Name, config.Types = "top 1", types()
			return afterwards{topn.New(pool, budget, config)}, nil
		}
		optest.Fixture(t, o, "testdata/"+strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), ",", "")+"-v1.state", *writeFixtures, in)
		optest.EntriesFixture(t, o, "testdata/entries-v1-"+strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), ",", "")+".txt", *writeFixtures, in)
	}
}

// TestFixturesOfRowsThatHaveLeftMemory: rows in runs and such that came since, of which one takes another back. In version 1 rows did not leave memory.
func TestFixturesOfRowsThatHaveLeftMemory(t *testing.T) {
	config := topn.Config{Order: []keyed.Key{{Column: valueColumn}}, Limit: 1, RankColumn: true, Changes: true}
	for name, spill := range map[string]bool{"v1-of-all": false, "v2-of-all": true} {
		var rows [][]any
		for i := range 30 {
			rows = append(rows, []any{1, 2, i, "some text that is longer than a view"})
		}
		o := under(config)
		o.Changes, o.Spill = false, spill
		o.New = func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
			config.Name, config.Types = "top 1", types()
			return retracting{topn.New(pool, budget, config)}, nil
		}
		optest.EntriesFixture(t, o, "testdata/entries-"+name+".txt", *writeFixtures, optest.Make(types(), rows...))
	}
}

// retracting is an operator of which at the end the first rows are taken back, and others that come behind them.
type retracting struct{ *topn.Operator }

func (o retracting) OnEnd(out *op.Output) (more bool, err error) {
	var rows [][]any
	for _, i := range []int{25, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 20} {
		rows = append(rows, []any{1, 2, i, "some text that is longer than a view"})
	}
	in := optest.Make(types(), rows...)
	in.Kinds = make([]batch.Change, len(rows))
	for i := range in.Kinds {
		in.Kinds[i] = batch.Delete
	}
	for more := true; more; {
		if more, err = o.Apply(in, op.NewOutput(1)); err != nil {
			return false, err
		}
	}
	_, err = o.OnFlush(out)
	return false, err
}

// afterwards is an operator whose rows are all taken back at the end: so that one that was restored has something to say.
type afterwards struct{ *topn.Operator }

func (o afterwards) OnEnd(out *op.Output) (more bool, err error) {
	in := optest.Make(types(), []any{1, 1, 0, "some text that is longer than a view"}, []any{1, 2, 0, ""})
	in.Kinds = []batch.Change{batch.Delete, batch.Delete}
	for more := true; more; {
		if more, err = o.Apply(in, op.NewOutput(1)); err != nil {
			return false, err
		}
	}
	_, err = o.OnFlush(out)
	return false, err
}

func TestDamagedStateIsRefused(t *testing.T) {
	config := topn.Config{Name: "top 1", Types: types(), Partition: []int{keyColumn}, Order: []keyed.Key{{Column: timeColumn}}, Limit: 1}
	for what, data := range map[string][]byte{
		"nothing":         {},
		"another version": keyed.AppendParts(nil, 9, []byte("rows")),
		"no rows":         keyed.AppendParts(nil, 1, []byte("rows")),
	} {
		var corrupt *keyed.CorruptError
		if err := topn.New(&batch.Pool{}, limit.New("test", 0), config).Restore(0, data); !errors.As(err, &corrupt) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestRunsOfOtherKeyGroupsAreRefused: rows without partitions are of key group 0. Whoever took a run of another one would look for its rows without end.
func TestRunsOfOtherKeyGroupsAreRefused(t *testing.T) {
	config := topn.Config{Name: "top 1", Types: types(), Order: []keyed.Key{{Column: timeColumn}}, Limit: 1, Changes: true}
	for _, group := range []uint64{0, 1, 255} {
		parts := topn.New(&batch.Pool{}, limit.New("test", 0), config).Kept()
		runs := parts[len(parts)-1].(keyed.Indexed)
		err := runs.Admit(&keyed.Entries{
			Slices: []int64{runs.Index()}, Hashes: []uint64{group << 56}, Keys: [][]byte{{0, 0, 0, 0, 0, 0, 0, 1}}, Values: [][]byte{{1, 0, 1, 1, 10}},
		})
		var corrupt *keyed.CorruptError
		if group == 0 && err != nil || group > 0 && (!errors.As(err, &corrupt) || !strings.Contains(err.Error(), fmt.Sprintf("of key group %d,", group))) {
			t.Errorf("key group %d: %v", group, err)
		}
	}
}

// TestAdvice: where rows cannot leave memory it is said what else can be asked for.
func TestAdvice(t *testing.T) {
	for name, config := range configs() {
		config.Name, config.Types, config.Changes = "top 1", types(), true
		stay := name == "limit" || name == "limit and offset"
		if advice := topn.New(&batch.Pool{}, limit.New("test", 0), config).Advice(); (advice != "") != stay {
			t.Errorf("%s: %q", name, advice)
		}
	}
}
