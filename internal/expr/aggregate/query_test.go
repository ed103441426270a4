package aggregate_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// The corpus is asked by the simplest query there is: it computes the arguments of all rows, drops and sorts rows as the call says, and gives each group's
// rows to a state in some way.

// groupNames are the groups of the table, no row, and all rows.
func groupNames() []string { return []string{"none", "0", "1", "2", "3", "4", "5", "6", "all"} }

func tableLines(tb testing.TB) []string {
	tb.Helper()
	data, err := os.ReadFile("testdata/table.tsv")
	if err != nil {
		tb.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

type table struct {
	rows   *batch.Batch
	schema *schema.Schema
	groups [][]uint16 // rows, by number of name
}

var theTable = sync.OnceValue(func() *table {
	data, err := os.ReadFile("testdata/table.tsv")
	if err != nil {
		panic(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	t := &table{rows: &batch.Batch{Len: len(lines) - 1}, schema: &schema.Schema{}, groups: make([][]uint16, len(groupNames()))}
	for k, head := range strings.Split(lines[0], "\t") {
		name, spelledType, _ := strings.Cut(head, " ")
		node, err := parse.Type(spelledType)
		if err != nil {
			panic(err)
		}
		typ, err := bind.TypeOf(node)
		if err != nil {
			panic(err)
		}
		t.schema.Fields = append(t.schema.Fields, schema.Field{Name: name, Type: typ})
		col := batch.NewColumn(&batch.Pool{}, typ)
		col.Reset(t.rows.Len)
		for i, line := range lines[1:] {
			setText(col, i, strings.Split(line, "\t")[k])
		}
		t.rows.Cols = append(t.rows.Cols, col)
	}
	for i, g := range t.rows.Cols[0].Int32s() {
		t.groups[g+1] = append(t.groups[g+1], uint16(i))
		t.groups[len(t.groups)-1] = append(t.groups[len(t.groups)-1], uint16(i))
	}
	return t
})

func setText(col *batch.Column, row int, text string) {
	if text == "NULL" {
		col.SetNull(row)
		if col.Kind() == schema.Array {
			col.Offsets()[row+1] = col.Offsets()[row]
		}
		return
	}
	if bad := builtin.SetValue(col, row, []byte(text)); bad != nil {
		panic(fmt.Sprintf("%s: %v", text, bad))
	}
}

// query is a call over the table, ready to be given to a state.
type query struct {
	f      *aggregate.Function
	spec   *aggregate.Spec
	args   []*batch.Column
	groups [][]uint16
	result schema.Type
	errs   builtin.Errors // of the arguments
}

// parts are what a call is made of, bound.
type parts struct {
	use    aggregate.Use
	call   *ast.FuncCall
	filter *bind.Expr
	order  []*bind.Expr
}

func bindCall(text string, scope bind.Scope) (*parts, error) {
	node, err := parse.Expr(text)
	if err != nil {
		return nil, err
	}
	var p parts
	hook := func(b *bind.Binder, node ast.Node) (*bind.Expr, error) {
		call, ok := node.(*ast.FuncCall)
		if !ok || p.call != nil {
			return nil, nil
		}
		p.call = call
		p.use = aggregate.Use{Name: call.Name[0].Text, Star: call.Star, Within: call.WithinGroup != nil}
		for _, a := range call.Args {
			e, err := b.Bind(a.X)
			if err != nil {
				return nil, err
			}
			p.use.Args = append(p.use.Args, e)
		}
		for _, item := range slices.Concat(call.WithinGroup, call.OrderBy) {
			e, err := b.Bind(item.X)
			if err != nil {
				return nil, err
			}
			if p.use.Within {
				p.use.Order = append(p.use.Order, e)
			} else {
				p.order = append(p.order, e)
			}
		}
		if call.Filter != nil {
			if p.filter, err = bind.Condition(call.Filter, "FILTER", scope); err != nil {
				return nil, err
			}
		}
		return &bind.Expr{Op: bind.Opaque, Node: call}, nil
	}
	if _, err := bind.Bind(node, scope, bind.WithHook(hook)); err != nil {
		return nil, err
	}
	return &p, nil
}

// columns evaluates expressions over the table.
func columns(t *testing.T, errs *builtin.Errors, exprs ...*bind.Expr) []*batch.Column {
	t.Helper()
	if len(exprs) == 0 {
		return nil
	}
	rows := theTable().rows
	program, err := eval.Compile(&batch.Pool{}, exprs...)
	if err != nil {
		t.Fatal(err)
	}
	cols := program.Eval(rows, nil, errs)
	for i, col := range cols {
		if col.Len() != rows.Len { // a constant
			cols[i] = batch.NewColumn(&batch.Pool{}, col.Type())
			cols[i].Gather(col, make([]uint16, rows.Len))
		}
	}
	return cols
}

// prepare makes a query of a call.
func prepare(t *testing.T, text string) (*query, error) {
	t.Helper()
	tab := theTable()
	p, err := bindCall(text, bind.FromSchema(tab.schema))
	if err != nil {
		return nil, err
	}
	bound, err := aggregate.Standard().Resolve(p.use)
	if err != nil {
		return nil, err
	}
	q := &query{f: bound.Function, result: bound.Result, spec: &aggregate.Spec{Pool: &batch.Pool{}, Budget: limit.New("test", 0), Retracts: true}}
	for _, a := range bound.Args {
		q.spec.Args = append(q.spec.Args, a.Type)
	}
	q.args = columns(t, &q.errs, bound.Args...)
	for i := range q.f.DirectArgs(len(bound.Args)) {
		direct := batch.NewColumn(&batch.Pool{}, q.args[i].Type())
		direct.Gather(q.args[i], []uint16{0})
		q.spec.Direct = append(q.spec.Direct, direct)
	}
	var keep *batch.Column
	if p.filter != nil {
		keep = columns(t, &q.errs, p.filter)[0]
	}
	keys := columns(t, &q.errs, p.order...)
	var sort []aggregate.Sort
	for _, item := range slices.Concat(p.call.WithinGroup, p.call.OrderBy) {
		sort = append(sort, aggregate.Sort{Desc: item.Desc, NullsFirst: item.Nulls == ast.NullsFirst || item.Nulls == ast.NullsDefault && item.Desc})
	}
	if p.use.Within {
		keys = q.args[q.f.DirectArgs(len(q.args)):]
		q.spec.Sort = sort
	}
	if p.call.Distinct { // PostgreSQL finds repeats by sorting
		keys = slices.Concat(keys, q.args)
		sort = append(sort, make([]aggregate.Sort, len(q.args))...)
	}
	for _, rows := range tab.groups {
		rows = slices.DeleteFunc(slices.Clone(rows), func(row uint16) bool {
			return keep != nil && (keep.IsNull(int(row)) || !keep.Bits().Get(int(row)))
		})
		slices.SortStableFunc(rows, func(a, b uint16) int { return order(sort, keys, int(a), int(b)) })
		if p.call.Distinct {
			rows = slices.CompactFunc(rows, func(a, b uint16) bool { return order(nil, q.args, int(a), int(b)) == 0 })
		}
		q.groups = append(q.groups, rows)
	}
	return q, nil
}

// order compares two rows of the table by keys, as ORDER BY does.
func order(sort []aggregate.Sort, keys []*batch.Column, a, b int) int {
	for k, key := range keys {
		var how aggregate.Sort
		if k < len(sort) {
			how = sort[k]
		}
		x, y := key.IsNull(a), key.IsNull(b)
		switch {
		case x && y:
			continue
		case x != y:
			if x == how.NullsFirst {
				return -1
			}
			return 1
		}
		if c := eval.CompareValues(key, a, key, b); c != 0 {
			if how.Desc {
				return -c
			}
			return c
		}
	}
	return 0
}

// answers are Wire's answers to a call, one a group; nil if the call's function cannot go that way.
func answers(t *testing.T, text string, w way) []string {
	t.Helper()
	q, err := prepare(t, text)
	out := make([]string, len(groupNames()))
	if err != nil {
		for i := range out {
			out[i] = failure(err)
		}
		return out
	}
	col := batch.NewColumn(&batch.Pool{}, q.result)
	var errs builtin.Errors
	if !w.run(t, q, col, &errs) {
		return nil
	}
	for i := range out {
		out[i] = shown(col, i)
		for k, row := range q.errs.Rows {
			if slices.Contains(q.groups[i], row) {
				out[i] = failure(q.errs.Errs[k])
			}
		}
	}
	for k, row := range errs.Rows {
		out[row] = failure(errs.Errs[k])
	}
	return out
}

func shown(col *batch.Column, row int) string {
	if col.IsNull(row) {
		return spelled(col.Type().PgName(), "", true)
	}
	return spelled(col.Type().PgName(), string(builtin.AppendValue(nil, col, row)), false)
}

// spelled is type and value as the corpus writes them. PostgreSQL has one type for arrays of any dimensions.
func spelled(typ, value string, null bool) string {
	typ = strings.ReplaceAll(strings.ReplaceAll(typ, "character varying", "text"), "[][]", "[]")
	switch {
	case null:
		return typ + " NULL"
	case value == "" || value == "NULL" || strings.TrimSpace(value) != value || strings.ContainsAny(value, "\n\r\t") || value[0] == '"':
		return fmt.Sprintf("%s %q", typ, value)
	}
	return typ + " " + value
}
