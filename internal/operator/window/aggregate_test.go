package window_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	library "wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// The columns of the rows that are grouped.
const (
	colStart = iota
	colEnd
	colKey
	colOther
	colNumber
	colFilter
)

func windowTypes() []schema.Type {
	return []schema.Type{
		schema.Of(schema.TimestampTZ), schema.Of(schema.TimestampTZ), schema.Of(schema.Text), schema.Of(schema.Int64), schema.Of(schema.Int64), schema.Of(schema.Bool),
	}
}

// call makes a call over columns of windowTypes.
func call(t testing.TB, name string, columns ...int) aggregate.Call {
	t.Helper()
	use := library.Use{Name: name, Star: len(columns) == 0}
	for _, c := range columns {
		use.Args = append(use.Args, &bind.Expr{Op: bind.Column, Path: []int{c}, Type: windowTypes()[c]})
	}
	bound, err := library.Standard().Resolve(use)
	if err != nil {
		t.Fatal(err)
	}
	c := aggregate.Call{Function: bound.Function, Args: columns, Filter: aggregate.NoColumn}
	for _, a := range bound.Args {
		c.ArgTypes = append(c.ArgTypes, a.Type)
	}
	return c
}

func filtered(c aggregate.Call) aggregate.Call {
	c.Filter = colFilter
	return c
}

func distinct(c aggregate.Call) aggregate.Call {
	c.Distinct = true
	return c
}

func ordered(c aggregate.Call) aggregate.Call {
	c.OrderBy = []keyed.Key{{Column: colNumber}, {Column: colOther}}
	return c
}

// drawWindowed draws rows of windows, of which many have the same keys, in an order that is not too wild.
func drawWindowed(t *rapid.T) *batch.Batch {
	var rows [][]any
	at := rapid.IntRange(-30, 10).Draw(t, "from")
	for range rapid.IntRange(0, 50).Draw(t, "rows") {
		at += rapid.SampledFrom([]int{0, 0, 0, 1, 3}).Draw(t, "on")
		end := at - rapid.IntRange(0, 6).Draw(t, "back")
		start := end - rapid.SampledFrom([]int{5, 5, 7}).Draw(t, "length")
		row := []any{
			start, end, rapid.SampledFrom([]any{"a", "b", nil, "a key that is longer than twelve bytes"}).Draw(t, "key"), rapid.IntRange(0, 2).Draw(t, "other"),
			rapid.SampledFrom([]any{1, 2, 3, nil}).Draw(t, "number"), rapid.SampledFrom([]any{true, false, nil}).Draw(t, "filter"),
		}
		if rapid.IntRange(0, 20).Draw(t, "none") == 0 {
			row[rapid.IntRange(colStart, colEnd).Draw(t, "bound")] = nil
		}
		rows = append(rows, row)
	}
	return optest.Make(windowTypes(), rows...)
}

// changed makes a changelog of rows: some are taken back later, as long as their watermark allows.
func changed(t *rapid.T, in *batch.Batch) *batch.Batch {
	var rows []uint16
	var kinds []batch.Change
	var open []int
	for row := range in.Len {
		for len(open) > 0 && rapid.IntRange(0, 3).Draw(t, "back") == 0 {
			k := rapid.IntRange(0, len(open)-1).Draw(t, "which")
			back := open[k]
			open = slices.Delete(open, k, k+1)
			rows = append(rows, uint16(back))
			if kinds = append(kinds, batch.Delete); rapid.Bool().Draw(t, "update") {
				kinds[len(kinds)-1] = batch.UpdateBefore
				rows, kinds = append(rows, uint16(row)), append(kinds, batch.UpdateAfter)
				open = append(open, row)
			}
		}
		rows, kinds = append(rows, uint16(row)), append(kinds, batch.Insert)
		open = append(open, row)
	}
	out := &batch.Batch{Len: len(rows), Kinds: kinds}
	for _, c := range in.Cols {
		own := batch.NewColumn(&batch.Pool{}, c.Type())
		own.Gather(c, rows)
		out.Cols = append(out.Cols, own)
	}
	return out
}

// wantGroups asks an aggregate of each window about the rows of that window alone.
func wantGroups(t *rapid.T, c window.Config, in *batch.Batch) []string {
	byWindow := map[[2]int64][]uint16{}
	taken := map[string]int{}
	text := sdktest.Rows(&batch.Batch{Cols: in.Cols, Len: in.Len})
	for row := in.Len - 1; row >= 0; row-- { // from behind: which of equal rows is left does not matter
		if len(in.Kinds) > 0 && !op.Adds(in.Kinds[row]) {
			taken[text[row]]++
			continue
		}
		if taken[text[row]] > 0 {
			taken[text[row]]--
			continue
		}
		if !in.Cols[c.Start].IsNull(row) && !in.Cols[c.End].IsNull(row) {
			at := [2]int64{in.Cols[c.Start].Int64s()[row], in.Cols[c.End].Int64s()[row]}
			byWindow[at] = append([]uint16{uint16(row)}, byWindow[at]...)
		}
	}
	var rows []string
	for at, sel := range byWindow {
		part := c.Config
		part.Retracts, part.Partition = false, nil
		o := optest.Operator{New: func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
			return aggregate.New(pool, budget, part), nil
		}}
		one := &batch.Batch{Len: len(sel)}
		for _, col := range in.Cols {
			own := batch.NewColumn(&batch.Pool{}, col.Type())
			own.Gather(col, sel)
			one.Cols = append(one.Cols, own)
		}
		got, err := optest.Run(o, one)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range got.Rows[0] {
			cells := slices.DeleteFunc(strings.Split(row, ", "), func(cell string) bool { return cell == "" })
			rows = append(rows, strings.Join(slices.Concat(cells[:len(c.Keys)], []string{stamps(at)}, cells[len(c.Keys):]), ", "))
		}
	}
	slices.Sort(rows)
	return rows
}

func grouped(c window.Config) optest.Operator {
	o := optest.Operator{
		New: func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
			return window.NewAggregate(pool, budget, c)
		},
		Inputs:     []optest.Input{{Keys: c.Keys}},
		Watermarks: optest.Bound(c.Lag+c.Lateness-1, colEnd),
		Times:      optest.AnyTime,
		Changes:    true,
	}
	switch {
	case c.Sets != nil:
		o.Inputs[0].Keys, o.Alone = c.Partition, c.Partition == nil
	case len(c.Keys) == 0:
		o.Inputs[0].Keys = []int{colStart, colEnd}
	}
	if c.ProcessingTime {
		o.Watermarks, o.Times = nil, optest.Bound(-1, colEnd)
	}
	return o
}

// drawAggregate draws what is asked of windows: anything, or what can be made in two halves, or taken back.
func drawAggregate(t *rapid.T, tb testing.TB, simple bool) window.Config {
	c := window.Config{Start: colStart, End: colEnd}
	c.Name, c.Types = "windows 1", windowTypes()
	c.Keys = rapid.SampledFrom([][]int{nil, {colKey}, {colOther}, {colKey, colOther}}).Draw(t, "keys")
	if len(c.Keys) > 0 && rapid.IntRange(0, 3).Draw(t, "sets") == 0 {
		c.Sets = [][]int{{0}, {}}
		if rapid.Bool().Draw(t, "partition") {
			c.Sets, c.Partition = [][]int{{0}, {0}}, c.Keys[:1:1]
		}
		if rapid.Bool().Draw(t, "by window") {
			c.Partition = append(c.Partition, colEnd)
		}
	}
	list := []aggregate.Call{
		call(tb, "count"), call(tb, "count", colNumber), call(tb, "sum", colNumber), filtered(call(tb, "count")), filtered(call(tb, "avg", colNumber)), call(tb, "sum", colOther),
	}
	if !simple {
		list = append(list, call(tb, "max", colKey), distinct(call(tb, "count", colKey)), ordered(call(tb, "array_agg", colNumber)), call(tb, "min", colNumber))
	}
	for range rapid.IntRange(0, 3).Draw(t, "calls") {
		c.Calls = append(c.Calls, rapid.SampledFrom(list).Draw(t, "call"))
	}
	switch rapid.IntRange(0, 3).Draw(t, "emission") {
	case 0:
		c.Emission = window.OnUpdate
	case 1:
		c.Emission, c.Interval = window.Periodically, int64(rapid.IntRange(1, 100).Draw(t, "interval"))
	}
	c.Lag = int64(rapid.IntRange(0, 3).Draw(t, "lag"))
	if rapid.Bool().Draw(t, "late") {
		c.Lateness = int64(rapid.IntRange(1, 5).Draw(t, "lateness"))
	}
	if rapid.IntRange(0, 4).Draw(t, "processing time") == 0 {
		c.ProcessingTime, c.Lag, c.Lateness = true, 0, 0
	}
	return c
}

// check draws what is asked for and the rows, and has them aggregated in every way.
func check(t *testing.T, draw func(*rapid.T) (window.Config, *batch.Batch)) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		config, in := draw(t)
		want := [][]string{wantGroups(t, config, in)}
		if err := optest.CheckOne(t, grouped(config), []*batch.Batch{in}, want); err != nil {
			t.Fatalf("%+v: %v", config, err)
		}
	})
}

func TestGroupsOfWindows(t *testing.T) {
	check(t, func(r *rapid.T) (window.Config, *batch.Batch) { return drawAggregate(r, t, false), drawWindowed(r) })
}

func TestGroupsOfChanges(t *testing.T) {
	check(t, func(r *rapid.T) (window.Config, *batch.Batch) {
		c := drawAggregate(r, t, true)
		c.Retracts = true
		return c, changed(r, drawWindowed(r))
	})
}

// merging is the second half of c, over the rows of its combiner.
func merging(c window.Config) window.Config {
	m := c
	m.Merge, m.Types = true, c.PartialOutput()
	at := len(c.Keys)
	m.Start, m.End = at, at+1
	m.Keys, m.Calls, m.Partition = nil, nil, nil
	for i := range c.Keys {
		m.Keys = append(m.Keys, i)
	}
	if at += 2; c.Sets != nil {
		m.SetColumn = at
		at++
	}
	for _, call := range c.Calls {
		n := len(call.Function.PartialTypes(call.ArgTypes))
		call.Args = nil
		for range n {
			call.Args = append(call.Args, at)
			at++
		}
		m.Calls = append(m.Calls, call)
	}
	return m
}

// merger is an Aggregate or a Sliced.
type merger interface {
	op.Operator
	op.Stateful
	op.Tabled
	op.WatermarkHandler
	op.TimeHandler
	op.Ender
}

// halves is a combiner and what merges its rows, as one operator.
type halves struct {
	merger
	first *window.Combiner
	out   *op.Output
	more  bool
}

func (h *halves) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	counts := op.Counts{}
	for more := true; more; {
		var err error
		if more, err = h.pass(func(o *op.Output) (bool, error) { return h.first.Apply(in, o) }, out); err != nil {
			return false, err
		}
		counts.Add(h.out.Counts)
	}
	out.Counts = counts
	out.Counts.Emitted = 0
	return false, nil
}

func (h *halves) pass(call func(*op.Output) (bool, error), out *op.Output) (bool, error) {
	h.out.Reset()
	more, err := call(h.out)
	if b := h.out.Ports[0]; err == nil && b != nil {
		_, err = h.merger.Apply(b, out)
	}
	return more, err
}

func (h *halves) OnFlush(out *op.Output) (bool, error) {
	for more := !h.more; more; {
		var err error
		if more, err = h.pass(h.first.OnFlush, op.NewOutput(1)); err != nil {
			return false, err
		}
	}
	var err error
	if f, ok := h.merger.(op.Flusher); ok {
		h.more, err = f.OnFlush(out)
	}
	return h.more, err
}

func (h *halves) OnBarrier(epoch int64, out *op.Output) (bool, error) {
	if b, ok := h.merger.(op.BarrierHandler); ok {
		return b.OnBarrier(epoch, out)
	}
	return false, nil
}

func (h *halves) Needs(_ int, in *batch.Batch, needs *op.Needs) {
	for i := range h.Tables() {
		needs.All(i)
	}
}

func TestTwoHalves(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := drawAggregate(r, t, true)
		in := drawWindowed(r)
		want := [][]string{wantGroups(r, c, in)}
		o := grouped(c)
		o.New = func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
			first, err := window.NewCombiner(pool, budget, c)
			if err != nil {
				return nil, err
			}
			second, err := window.NewAggregate(pool, budget, merging(c))
			return &halves{merger: second, first: first, out: op.NewOutput(1)}, err
		}
		if c.Sets != nil {
			o.Alone = true
		}
		if err := optest.CheckOne(r, o, []*batch.Batch{in}, want); err != nil {
			r.Fatalf("%+v: %v", c, err)
		}
	})
}

func TestWrongAggregates(t *testing.T) {
	c := window.Config{Start: colKey, End: colEnd}
	c.Name, c.Types = "windows 3", windowTypes()
	if _, err := window.NewAggregate(&batch.Pool{}, limit.New("test", 0), c); err == nil || !strings.Contains(err.Error(), "windows 3: a window from TEXT") {
		t.Error(err)
	}
	c.Start, c.Lag = colStart, -1
	if _, err := window.NewCombiner(&batch.Pool{}, limit.New("test", 0), c); err == nil || !strings.Contains(err.Error(), "a lag of -1") {
		t.Error(err)
	}
}

// TestGroupsOfManyKeys: so many groups change, wait, and close that a restore leaves some of them in the store.
func TestGroupsOfManyKeys(t *testing.T) {
	check(t, func(r *rapid.T) (window.Config, *batch.Batch) {
		c := drawAggregate(r, t, true)
		c.Retracts = rapid.Bool().Draw(r, "retracts")
		c.Keys = []int{colOther}
		c.Partition = slices.Clone(c.Partition)
		for i, column := range c.Partition {
			if column == colKey {
				c.Partition[i] = colOther
			}
		}
		if c.Emission == window.OnClose && !c.ProcessingTime {
			c.Lateness = int64(rapid.IntRange(1, 5).Draw(r, "lateness of all"))
		}
		var rows [][]any
		at := 0
		for range rapid.IntRange(60, 200).Draw(r, "rows") {
			at += rapid.SampledFrom([]int{0, 0, 0, 0, 1}).Draw(r, "on")
			end := at - at%10 + 10
			rows = append(rows, []any{end - rapid.SampledFrom([]int{10, 10, 12}).Draw(r, "length"), end, "a", rapid.IntRange(0, 60).Draw(r, "key"), rapid.IntRange(0, 3).Draw(r, "number"), true})
		}
		in := optest.Make(windowTypes(), rows...)
		if c.Retracts {
			in = changed(r, in)
		}
		return c, in
	})
}
