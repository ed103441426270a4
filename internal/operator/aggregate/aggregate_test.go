package aggregate_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	library "wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// The columns of the inputs: keys, arguments, a filter.
const (
	keyInt = iota
	keyText
	keyNumeric
	argInt
	argFloat
	argText
	argFilter
	argFraction
)

func types() []schema.Type {
	var list []schema.Type
	for _, k := range []schema.Kind{
		schema.Int64, schema.Text, schema.Numeric, schema.Int32, schema.Float64, schema.Text, schema.Bool, schema.Float64,
	} {
		list = append(list, schema.Of(k))
	}
	return list
}

// call makes a call of the function that name and the types of columns choose; those behind / are the keys of WITHIN GROUP.
func call(t testing.TB, name string, columns ...int) aggregate.Call {
	t.Helper()
	return callOver(t, types(), name, columns...)
}

// callOver is call over columns of other types.
func callOver(t testing.TB, types []schema.Type, name string, columns ...int) aggregate.Call {
	t.Helper()
	use := library.Use{Name: name, Star: len(columns) == 0}
	var args []int
	for _, c := range columns {
		if c == within {
			use.Within = true
			continue
		}
		e := &bind.Expr{Op: bind.Column, Path: []int{c}, Type: types[c]}
		if args = append(args, c); use.Within {
			use.Order = append(use.Order, e)
		} else {
			use.Args = append(use.Args, e)
		}
	}
	bound, err := library.Standard().Resolve(use)
	if err != nil {
		t.Fatal(err)
	}
	c := aggregate.Call{Function: bound.Function, Args: args, Filter: aggregate.NoColumn}
	for _, a := range bound.Args {
		c.ArgTypes = append(c.ArgTypes, a.Type)
	}
	for i := range use.Order {
		c.OrderBy = append(c.OrderBy, keyed.Key{Column: args[len(use.Args)+i]})
	}
	return c
}

const within = -1

// drawCall draws any call, or one that can be made in two halves.
func drawCall(t *rapid.T, tb testing.TB, halves bool) aggregate.Call {
	list := []func() aggregate.Call{
		func() aggregate.Call { return call(tb, "count") },
		func() aggregate.Call { return call(tb, "count", argText) },
		func() aggregate.Call { return call(tb, "sum", argInt) },
		func() aggregate.Call { return call(tb, "avg", argInt) },
		func() aggregate.Call { return call(tb, "sum", argFloat) },
		func() aggregate.Call { return call(tb, "max", argText) },
		func() aggregate.Call { return call(tb, "min", argFloat) },
		func() aggregate.Call { return call(tb, "sum", keyNumeric) },
		func() aggregate.Call { return call(tb, "stddev", argInt) },
		func() aggregate.Call { return call(tb, "corr", argFloat, argFraction) },
		func() aggregate.Call { return call(tb, "approx_count_distinct", argText) },
		func() aggregate.Call { return call(tb, "bool_or", argFilter) },
		func() aggregate.Call { return call(tb, "var_pop", keyNumeric) },
		func() aggregate.Call { return call(tb, "variance", argFloat) },
		func() aggregate.Call { return call(tb, "bit_xor", argInt) },
		func() aggregate.Call { return call(tb, "approx_percentile", argFloat, argFraction) },
	}
	if !halves {
		list = append(list,
			func() aggregate.Call { return call(tb, "array_agg", argInt) },
			func() aggregate.Call { return call(tb, "string_agg", argText, keyText) },
			func() aggregate.Call { return call(tb, "percentile_disc", argFraction, within, argText) },
			func() aggregate.Call { return call(tb, "percentile_cont", argFraction, within, argFloat) },
			func() aggregate.Call { return call(tb, "mode", within, argInt) },
			func() aggregate.Call { return call(tb, "dense_rank", argFloat, within, argFraction) },
			func() aggregate.Call { return call(tb, "rank", argFloat, within, argFraction) })
	}
	c := list[rapid.IntRange(0, len(list)-1).Draw(t, "function")]()
	if rapid.Bool().Draw(t, "filter") {
		c.Filter = argFilter
	}
	if halves {
		return c
	}
	plain := c.Function.Class == library.Plain
	c.Distinct = plain && !c.Function.Star && rapid.Bool().Draw(t, "distinct")
	if plain && rapid.Bool().Draw(t, "order by") {
		column := argInt // of DISTINCT, only arguments can be keys
		if c.Distinct {
			column = c.Args[0]
		}
		c.OrderBy = []keyed.Key{{Column: column, Desc: rapid.Bool().Draw(t, "desc"), NullsFirst: rapid.Bool().Draw(t, "nulls first")}}
	}
	return c
}

func drawConfig(t *rapid.T, tb testing.TB, halves bool) aggregate.Config {
	config := aggregate.Config{Name: "aggregate 1", Types: types()}
	config.Keys = rapid.SampledFrom([][]int{nil, {keyInt}, {keyText}, {keyNumeric, keyInt}, {keyText, keyInt, keyNumeric}}).Draw(t, "keys")
	if rapid.Bool().Draw(t, "sets") {
		config.Sets = [][]int{}
		for range rapid.IntRange(1, 3).Draw(t, "sets") {
			var set []int
			for i := range config.Keys {
				if rapid.Bool().Draw(t, "in set") {
					set = append(set, i)
				}
			}
			config.Sets = append(config.Sets, set)
		}
		if slices.ContainsFunc(config.Sets, func(set []int) bool { return slices.Contains(set, 0) }) &&
			!slices.ContainsFunc(config.Sets, func(set []int) bool { return !slices.Contains(set, 0) }) {
			config.Partition = config.Keys[:1]
		}
	}
	for range rapid.IntRange(0, 4).Draw(t, "calls") {
		config.Calls = append(config.Calls, drawCall(t, tb, halves))
	}
	return config
}

// drawInput draws rows of which many have the same keys.
func drawInput(t *rapid.T, pool *batch.Pool) *batch.Batch {
	var fields []schema.Field
	for i, typ := range types() {
		fields = append(fields, schema.Field{Name: fmt.Sprint("c", i), Type: typ})
	}
	kinds := sdktest.Values{}.DrawBatch(t, pool, schema.New(fields...), rapid.IntRange(1, 6).Draw(t, "different rows"))
	n := rapid.IntRange(0, 40).Draw(t, "rows")
	out := &batch.Batch{Len: n}
	for k, col := range kinds.Cols {
		rows := make([]uint16, n)
		for i := range rows {
			rows[i] = uint16(rapid.IntRange(0, kinds.Len-1).Draw(t, "row"))
		}
		c := batch.NewColumn(pool, fields[k].Type)
		c.Gather(col, rows)
		if k == argFraction {
			for i := range rows { // the same in all rows, and of a percentile a fraction
				c.Float64s()[i] = 0.25
			}
			c.DropValid()
		}
		out.Cols = append(out.Cols, c)
	}
	return out
}

// reference groups by text and asks each function about one group after the other.
func reference(config aggregate.Config, in *batch.Batch) (rows, failed []string) {
	type group struct {
		set  int
		rows []int
	}
	sets := config.Sets
	if sets == nil {
		all := make([]int, len(config.Keys))
		for i := range all {
			all[i] = i
		}
		sets = [][]int{all}
	}
	var list []*group
	for number, set := range sets {
		byKey := map[string]*group{}
		if len(set) == 0 {
			byKey[""] = &group{set: number}
			list = append(list, byKey[""])
		}
		for row := range in.Len {
			key := ""
			for _, i := range set {
				key += canonical(in.Cols[config.Keys[i]], row) + "|"
			}
			g := byKey[key]
			if g == nil {
				g = &group{set: number}
				byKey[key] = g
				list = append(list, g)
			}
			g.rows = append(g.rows, row)
		}
	}
	for _, g := range list {
		var cells []string
		bits := 0
		for i, k := range config.Keys {
			if !slices.Contains(sets[g.set], i) {
				bits |= 1 << i
				cells = append(cells, "NULL")
				continue
			}
			cells = append(cells, one(in.Cols[k], g.rows[0]))
		}
		if config.Sets != nil {
			cells = append(cells, fmt.Sprint(bits))
		}
		bad := ""
		for _, c := range config.Calls {
			cell, err := answer(c, in, g.rows)
			if cells = append(cells, cell); bad == "" && err != nil {
				bad = "a row to be emitted: " + err.Error()
			}
		}
		if bad != "" {
			failed = append(failed, bad)
			continue
		}
		rows = append(rows, strings.Join(cells, ", "))
	}
	slices.Sort(rows)
	slices.Sort(failed)
	return rows, failed
}

func columnTypes(in *batch.Batch) []schema.Type {
	var list []schema.Type
	for _, c := range in.Cols {
		list = append(list, c.Type())
	}
	return list
}

func one(c *batch.Column, row int) string {
	return sdktest.Rows(&batch.Batch{Cols: []*batch.Column{c}, Len: c.Len(), Sel: []uint16{uint16(row)}})[0]
}

// canonical is the same for values that are equal.
func canonical(c *batch.Column, row int) string {
	if c.Kind() == schema.Numeric && !c.IsNull(row) {
		return fmt.Sprint(c.Decimal(row).Canonical())
	}
	if text := one(c, row); text != "-0" || !c.Kind().IsFloat() {
		return text
	}
	return "0"
}

// answer asks a function about the rows of one group.
func answer(c aggregate.Call, in *batch.Batch, rows []int) (string, error) {
	var args []*batch.Column
	for _, a := range c.Args {
		args = append(args, in.Cols[a])
	}
	values := args[c.Function.DirectArgs(len(args)):]
	rows = slices.DeleteFunc(slices.Clone(rows), func(row int) bool {
		return c.Filter != aggregate.NoColumn && (in.Cols[c.Filter].IsNull(row) || !in.Cols[c.Filter].Bits().Get(row)) ||
			c.Function.Strict && slices.ContainsFunc(values, func(col *batch.Column) bool { return col.IsNull(row) })
	})
	if c.Distinct && !c.Function.IgnoresRepeats { // min and max look at all values: of those that are equal the answer is one by its form
		seen := map[string]bool{}
		rows = slices.DeleteFunc(rows, func(row int) bool {
			key := ""
			for _, v := range values {
				key += canonical(v, row) + "|"
			}
			was := seen[key]
			seen[key] = true
			return was
		})
	}
	keys := c.OrderBy
	if c.Distinct && c.Function.Order == library.ShownOrder {
		for _, a := range c.Args {
			keys = append(slices.Clone(keys), keyed.Key{Column: a})
		}
	}
	order := keyed.NewOrder(columnTypes(in), keys)
	slices.SortStableFunc(rows, func(a, b int) int { return order.Compare(in.Cols, a, in.Cols, b) })
	spec := &library.Spec{Args: c.ArgTypes, Pool: &batch.Pool{}, Budget: limit.New("reference", 0), Sort: make([]library.Sort, len(c.OrderBy))}
	out := batch.NewColumn(&batch.Pool{}, c.Function.ResultType(c.ArgTypes))
	numbers := make([]uint16, len(rows))
	for i, row := range rows {
		numbers[i] = uint16(row)
	}
	given := &library.Rows{Rows: numbers, N: len(rows), Args: args}
	if c.Function.Order == library.SortedOrder {
		s := c.Function.NewScan(spec)
		s.Begin(int64(len(rows)))
		s.Add(given)
		out.Reset(1)
		if bad := s.Result(out, 0); bad != nil {
			return "", bad
		}
		return one(out, 0), nil
	}
	s := c.Function.NewState(spec)
	var errs builtin.Errors
	if err := cmp.Or(s.Grow(1), s.Add(given)); err != nil {
		return "", err
	}
	s.Result([]uint32{0}, out, &errs)
	if errs.Len() > 0 {
		return "", errs.Errs[0]
	}
	return one(out, 0), nil
}

// under makes the operator of config for optest.
func under(config aggregate.Config) optest.Operator {
	o := optest.Operator{New: func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
		return aggregate.New(pool, budget, config), nil
	}}
	keys := config.Partition
	if config.Sets == nil {
		keys = config.Keys
	}
	if len(keys) > 0 {
		o.Inputs = []optest.Input{{Keys: keys}}
	} else {
		o.Alone = true
	}
	return o
}

func TestAggregate(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		config := drawConfig(r, t, false)
		in := drawInput(r, &batch.Pool{})
		got, err := optest.Run(under(config), in)
		if err != nil {
			r.Fatal(err)
		}
		rows, failed := reference(config, in)
		slices.Sort(got.Rows[0])
		slices.Sort(got.Rejects)
		if diff := sdktest.Diff(rows, got.Rows[0]); diff != "" {
			r.Errorf("%v %v\n%s", config.Keys, config.Sets, diff)
		}
		if diff := sdktest.Diff(failed, got.Rejects); diff != "" {
			r.Error(diff)
		}
	})
}
