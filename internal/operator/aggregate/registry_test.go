package aggregate_test

import (
	"flag"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	library "wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// kindsOf are the types that a parameter of kind k is tried with.
func kindsOf(k schema.Kind) []schema.Type {
	switch k {
	case builtin.Any, builtin.NonArray:
		var list []schema.Type
		for _, t := range sdktest.Types() {
			if k == builtin.Any || t.Kind != schema.Array {
				list = append(list, t)
			}
		}
		return list
	case builtin.DoubleArray:
		return []schema.Type{schema.ArrayOf(schema.Of(schema.Float64))}
	case schema.Array:
		return []schema.Type{schema.ArrayOf(schema.Of(schema.Int32)), schema.ArrayOf(schema.Of(schema.Text))}
	default:
		return []schema.Type{schema.Of(k)}
	}
}

// TestEveryFunctionTakesRowsBack: for every function of the library and every type of arguments, whatever was added and taken back again was never there. Before it is, and
// between, the operator goes on from snapshots.
func TestEveryFunctionTakesRowsBack(t *testing.T) {
	checks := flag.Lookup("rapid.checks").Value.String()
	if err := flag.Set("rapid.checks", "10"); err != nil { // there are hundreds of functions and types
		t.Fatal(err)
	}
	defer func() { _ = flag.Set("rapid.checks", checks) }()
	for _, name := range library.Standard().Names() {
		for _, f := range library.Standard().Lookup(name) {
			params := f.Params
			if f.Class == library.HypotheticalSet {
				params = []schema.Kind{schema.Int32, schema.Int32}
			}
			tried := [][]schema.Type{nil}
			for _, p := range params {
				var more [][]schema.Type
				for _, with := range tried {
					for i, typ := range kindsOf(p) {
						if len(with) > 0 && i > 0 && len(kindsOf(p)) > 4 && i != len(tried)%len(kindsOf(p)) {
							continue // of the second argument, a few types
						}
						more = append(more, append(slices.Clone(with), typ))
					}
				}
				tried = more
			}
			for _, args := range tried {
				t.Run(fmt.Sprint(f.Signature(), args), func(t *testing.T) { takeBack(t, f, args) })
			}
		}
	}
}

func takeBack(t *testing.T, f *library.Function, args []schema.Type) {
	t.Helper()
	list := append([]schema.Type{schema.Of(schema.Int32), schema.Of(schema.Bool)}, args...)
	s := &schema.Schema{}
	for i, typ := range list {
		s.Fields = append(s.Fields, schema.Field{Name: fmt.Sprint("c", i), Type: typ})
	}
	direct := f.DirectArgs(len(args))
	rapid.Check(t, func(r *rapid.T) {
		in := sdktest.Values{}.DrawBatch(r, &batch.Pool{}, s, rapid.IntRange(0, 12).Draw(r, "rows"))
		for i := range direct { // in all rows the same
			constant(in.Cols[2+i], f)
		}
		if f.Name == "approx_percentile" {
			constant(in.Cols[3], f)
		}
		c := aggregate.Call{Function: f, ArgTypes: args, Filter: aggregate.NoColumn}
		for i := range args {
			c.Args = append(c.Args, 2+i)
			if f.Class != library.Plain && i >= direct {
				c.OrderBy = append(c.OrderBy, keyed.Key{Column: 2 + i})
			}
			if i < direct {
				c.Direct = append(c.Direct, first(in.Cols[2+i]))
			}
		}
		if rapid.Bool().Draw(r, "filter") {
			c.Filter = 1
		}
		c.Distinct = f.Class == library.Plain && !f.Star && !slices.ContainsFunc(args, hasForms) && rapid.Bool().Draw(r, "distinct")
		config := aggregate.Config{Name: "aggregate 1", Types: list, Calls: []aggregate.Call{c}, Changes: true, Retracts: true}
		if rapid.Bool().Draw(r, "keys") {
			config.Keys = []int{0}
		}
		log, rows := drawChangelog(r, &batch.Pool{}, in)
		driven := newChanging(config, 1, zero)
		driven.drive(r, log)
		want, _ := reference(byValues(config), only(&batch.Pool{}, in, rows))
		if diff := sdktest.Diff(want, driven.rows()); diff != "" {
			r.Error(diff)
		}
	})
}

// hasForms reports whether equal values of a type may look different: which of them shows depends on which came first.
func hasForms(t schema.Type) bool {
	return t.Kind.IsFloat() || t.Kind == schema.Numeric || t.Kind == schema.Interval || t.Kind == schema.JSONB || t.Kind.IsNested()
}

// constant makes all rows of a direct argument one that its function takes.
func constant(col *batch.Column, f *library.Function) {
	n := col.Len()
	col.Reset(n)
	for i := range n {
		switch col.Kind() {
		case schema.Float64:
			col.Float64s()[i] = 0.5
		case schema.Int32:
			col.Int32s()[i] = 3
		case schema.Array:
			elements := col.Child(0)
			at := elements.Len()
			elements.Resize(at + 2)
			elements.Float64s()[at], elements.Float64s()[at+1] = 0.25, 1
			col.Offsets()[i], col.Offsets()[i+1] = int32(at), int32(at+2)
		default:
			panic("a direct argument of " + f.Signature())
		}
	}
}

// first is a column of the first row, nil if there is none.
func first(col *batch.Column) *batch.Column {
	if col.Len() == 0 {
		return nil
	}
	one := batch.NewColumn(&batch.Pool{}, col.Type())
	one.Gather(col, []uint16{0})
	return one
}
