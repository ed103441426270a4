package over_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/window"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/over"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/testserver"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// domain is a type of ordering columns: values and offsets as literals, of which the last offsets are errors.
type domain struct {
	name     string
	typ      schema.Type
	values   []string
	offset   schema.Kind
	offsets  []string
	mistakes []string
}

var domains = []domain{
	{"k_smallint", schema.Of(schema.Int16), []string{"-32768", "-1", "0", "1", "2", "5", "32767"}, schema.Int64, []string{"0", "1", "3", "40000"}, []string{"-1"}},
	{"k_integer", schema.Of(schema.Int32), []string{"-2147483648", "1", "2", "3", "4", "7", "2147483647"}, schema.Int64, []string{"0", "1", "2", "2147483647", "9223372036854775807"}, []string{"-1"}},
	{"k_bigint", schema.Of(schema.Int64), []string{"-9223372036854775808", "-5", "1", "2", "9223372036854775806", "9223372036854775807"}, schema.Int64, []string{"0", "1", "10", "9223372036854775807"}, []string{"-9223372036854775808"}},
	{"k_real", schema.Of(schema.Float32), []string{"-Infinity", "-1.5", "0", "0.25", "1", "Infinity", "NaN"}, schema.Float64, []string{"0", "0.25", "1.5", "Infinity"}, []string{"NaN", "-1"}},
	{"k_double", schema.Of(schema.Float64), []string{"-Infinity", "-1e300", "0", "0.5", "1", "1.5", "Infinity", "NaN"}, schema.Float64, []string{"0", "0.5", "1", "1e300", "Infinity"}, []string{"NaN", "-Infinity"}},
	{"k_numeric", schema.Of(schema.Numeric), []string{"-Infinity", "-1.50", "0", "0.5", "1.0", "1.00", "2", "1e30", "Infinity", "NaN"}, schema.Numeric, []string{"0", "0.5", "1", "1e30", "Infinity"}, []string{"NaN", "-1", "-Infinity"}},
	{"k_date", schema.Of(schema.Date), []string{"-infinity", "2020-01-30", "2020-01-31", "2020-02-29", "2020-03-01", "2020-03-31", "infinity"}, schema.Interval, []string{"0", "1 day", "1 mon", "1 mon -2 days", "12 hours"}, []string{"-1 day"}},
	{"k_timestamp", schema.Of(schema.Timestamp), []string{"-infinity", "2020-01-31 12:00", "2020-02-29 11:59:59.5", "2020-03-01 00:00", "2020-03-31", "infinity"}, schema.Interval, []string{"0", "1 day", "1 mon", "36 hours"}, []string{"-1 mon"}},
	{"k_timestamptz", schema.Of(schema.TimestampTZ), []string{"2020-01-31 12:00+02", "2020-02-29 11:59:59.5+00", "2020-03-01 00:00-05", "2020-03-31+00", "infinity"}, schema.Interval, []string{"0", "1 day", "1 mon", "36 hours"}, []string{"-1 sec"}},
	{"k_time", schema.Of(schema.Time), []string{"00:00", "01:00", "01:30", "12:00:00.5", "23:59:59", "24:00"}, schema.Interval, []string{"0", "30 minutes", "1 hour", "5 days 1 minute", "100 hours"}, []string{"-1 hour"}},
	{"k_interval", schema.Of(schema.Interval), []string{"-1 day", "0", "1 hour", "24 hours", "1 day", "29 days", "1 mon", "1 year"}, schema.Interval, []string{"0", "1 hour", "1 day", "1 mon"}, []string{"-1 day"}},
}

// The columns before those of domains: the number of the row, partition, values, filter, argument of ntile and the like.
const (
	idColumn = iota
	partColumn
	valueColumn
	decimalColumn
	textColumn
	flagColumn
	countColumn
	firstDomain
)

var baseColumns = []struct {
	name   string
	typ    schema.Type
	values []string
}{
	{"id", schema.Of(schema.Int32), nil},
	{"p", schema.Of(schema.Text), []string{"a", "b"}},
	{"v", schema.Of(schema.Int32), []string{"-3", "0", "1", "2", "100", "2147483647"}},
	{"n", schema.Of(schema.Numeric), []string{"1.5", "1.50", "-7", "0.001", "3"}},
	{"t", schema.Of(schema.Text), []string{"", "x", "y", "a text that is longer than a view"}},
	{"f", schema.Of(schema.Bool), []string{"t", "f"}},
	{"c", schema.Of(schema.Int32), []string{"1", "2", "3"}},
}

// table is rows for both: literals, "" meaning NULL.
type table struct {
	types []schema.Type
	names []string
	rows  [][]string
}

const null = "\x00"

func drawTable(random *rand.Rand, rows int) *table {
	t := &table{}
	for _, c := range baseColumns {
		t.types, t.names = append(t.types, c.typ), append(t.names, c.name)
	}
	for _, d := range domains {
		t.types, t.names = append(t.types, d.typ), append(t.names, d.name)
	}
	pick := func(values []string) string {
		if random.IntN(6) == 0 {
			return null
		}
		return values[random.IntN(len(values))]
	}
	for i := range rows {
		row := []string{strconv.Itoa(i)}
		for _, c := range baseColumns[1:] {
			row = append(row, pick(c.values))
		}
		for _, d := range domains {
			row = append(row, pick(d.values))
		}
		t.rows = append(t.rows, row)
	}
	return t
}

func literal(value string, typ schema.Type) string {
	if value == null {
		return "NULL::" + typ.PgName()
	}
	return "'" + value + "'::" + typ.PgName()
}

// sql is the table as a sub-query.
func (t *table) sql() string {
	var b strings.Builder
	for i, row := range t.rows {
		b.WriteString([]string{"SELECT ", "\nUNION ALL SELECT "}[min(i, 1)])
		for k, v := range row {
			if k > 0 {
				b.WriteString(", ")
			}
			b.WriteString(literal(v, t.types[k]))
			if i == 0 {
				b.WriteString(" AS " + t.names[k])
			}
		}
	}
	return b.String()
}

// batch is the table as columns, and a column for each of some constants.
func (t *table) batch(constants []constant) *batch.Batch {
	out := &batch.Batch{Len: len(t.rows)}
	fill := func(typ schema.Type, value func(row int) string) {
		c := batch.NewColumn(&batch.Pool{}, typ)
		c.Reset(len(t.rows))
		for i := range t.rows {
			if v := value(i); v == null {
				c.SetNull(i)
			} else if bad := builtin.SetValue(c, i, []byte(v)); bad != nil {
				panic(bad)
			}
		}
		out.Cols = append(out.Cols, c)
	}
	for k, typ := range t.types {
		fill(typ, func(row int) string { return t.rows[row][k] })
	}
	for _, c := range constants {
		fill(c.typ, func(int) string { return c.value })
	}
	return out
}

// constant is an offset of a frame.
type constant struct {
	typ   schema.Type
	value string
}

// query is a query for both.
type query struct {
	config    over.Config
	constants []constant
	sql       []string // the calls
	over      string   // the window without its frame
	unique    bool     // the order leaves no ties
}

// drawQuery draws a window and calls over it.
func drawQuery(random *rand.Rand, t *table) *query {
	q := &query{config: over.Config{Name: "over 1", Types: slices.Clone(t.types)}}
	var window []string
	if random.IntN(3) > 0 {
		q.config.Partition = []int{partColumn}
		window = append(window, "PARTITION BY p")
	}
	var order []string
	add := func(column int) {
		key := keyed.Key{Column: column, Desc: random.IntN(2) == 0, NullsFirst: random.IntN(2) == 0}
		q.config.Order = append(q.config.Order, key)
		order = append(order, t.names[column]+[2]string{" ASC", " DESC"}[b2i(key.Desc)]+[2]string{" NULLS LAST", " NULLS FIRST"}[b2i(key.NullsFirst)])
	}
	ordered := random.IntN(8)
	if ordered > 0 {
		add(firstDomain + random.IntN(len(domains)))
	}
	if ordered > 4 {
		add(idColumn)
		q.unique = true
	}
	if len(order) > 0 {
		window = append(window, "ORDER BY "+strings.Join(order, ", "))
	}
	q.over = strings.Join(window, " ")
	for range 1 + random.IntN(5) {
		q.addCall(random)
	}
	return q
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (q *query) drawFrame(random *rand.Rand) (over.Frame, string) {
	f := over.DefaultFrame()
	units := []ast.FrameUnit{ast.FrameRange}
	if q.unique {
		units = append(units, ast.FrameRows)
	}
	if len(q.config.Order) > 0 {
		units = append(units, ast.FrameGroups)
	}
	f.Unit = units[random.IntN(len(units))]
	for {
		f.Start, f.End = ast.FrameBoundKind(random.IntN(4)), ast.FrameBoundKind(1+random.IntN(4))
		if f.Start == ast.CurrentRow && f.End == ast.Preceding || f.Start == ast.Following && f.End < ast.Following {
			continue
		}
		offsets := f.Start == ast.Preceding || f.Start == ast.Following || f.End == ast.Preceding || f.End == ast.Following
		if !offsets || f.Unit != ast.FrameRange || len(q.config.Order) == 1 {
			break
		}
	}
	text := [...]string{"RANGE", "ROWS", "GROUPS"}[f.Unit] + " BETWEEN " + q.bound(random, f.Unit, f.Start, &f.StartOffset) + " AND " + q.bound(random, f.Unit, f.End, &f.EndOffset)
	if random.IntN(2) == 0 {
		excludes := []ast.FrameExclude{ast.ExcludeNothing, ast.ExcludeGroup}
		excludes = append(excludes, ast.ExcludeCurrentRow, ast.ExcludeTies)
		f.Exclude = excludes[random.IntN(len(excludes))]
		text += [...]string{" EXCLUDE NO OTHERS", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES"}[f.Exclude]
	}
	return f, text
}

func (q *query) bound(random *rand.Rand, unit ast.FrameUnit, kind ast.FrameBoundKind, column *int) string {
	words := [...]string{"UNBOUNDED PRECEDING", "PRECEDING", "CURRENT ROW", "FOLLOWING", "UNBOUNDED FOLLOWING"}[kind]
	if kind != ast.Preceding && kind != ast.Following {
		return words
	}
	c := constant{schema.Of(schema.Int64), strconv.Itoa(random.IntN(5))}
	if random.IntN(20) == 0 {
		c.value = "9223372036854775807"
	}
	mistakes := []string{"-1", null}
	if unit == ast.FrameRange {
		d := domains[q.config.Order[0].Column-firstDomain]
		c = constant{schema.Of(d.offset), d.offsets[random.IntN(len(d.offsets))]}
		mistakes = append([]string{null}, d.mistakes...)
	}
	if random.IntN(40) == 0 {
		c.value = mistakes[random.IntN(len(mistakes))]
	}
	*column = len(q.config.Types)
	q.config.Types = append(q.config.Types, c.typ)
	q.constants = append(q.constants, c)
	return literal(c.value, c.typ) + " " + words
}

// functions are what is called: the name, the arguments, and whether the answer shows the order of ties.
var functions = []struct {
	name    string
	args    []int
	ordered bool
	filters bool
}{
	{"row_number", nil, true, false},
	{"rank", nil, false, false},
	{"dense_rank", nil, false, false},
	{"percent_rank", nil, false, false},
	{"cume_dist", nil, false, false},
	{"ntile", []int{countColumn}, true, false},
	{"lag", []int{textColumn}, true, false},
	{"lag", []int{valueColumn, countColumn}, true, false},
	{"lead", []int{decimalColumn, valueColumn, decimalColumn}, true, false},
	{"lead", []int{textColumn, countColumn, partColumn}, true, false},
	{"first_value", []int{idColumn}, true, false},
	{"last_value", []int{textColumn}, true, false},
	{"nth_value", []int{idColumn, countColumn}, true, false},
	{"count", nil, false, true},
	{"count", []int{valueColumn}, false, true},
	{"sum", []int{valueColumn}, false, true},
	{"sum", []int{decimalColumn}, false, true},
	{"avg", []int{valueColumn}, false, true},
	{"min", []int{textColumn}, false, true},
	{"max", []int{valueColumn}, false, true},
	{"max", []int{decimalColumn}, true, true},
	{"bool_or", []int{flagColumn}, false, true},
	{"bit_and", []int{valueColumn}, false, true},
	{"array_agg", []int{idColumn}, true, true},
	{"string_agg", []int{textColumn, partColumn}, true, true},
}

func (q *query) addCall(random *rand.Rand) {
	f := functions[random.IntN(len(functions))]
	for f.ordered && !q.unique {
		f = functions[random.IntN(len(functions))]
	}
	frame, text := q.drawFrame(random)
	use := window.Use{Name: f.name, Star: f.name == "count" && f.args == nil}
	var args []string
	for _, a := range f.args {
		args = append(args, baseColumns[a].name)
		use.Args = append(use.Args, &bind.Expr{Op: bind.Column, Path: []int{a}, Type: baseColumns[a].typ})
	}
	call := f.name + "(" + strings.Join(args, ", ") + ")"
	if use.Star {
		call = "count(*)"
	}
	bound, err := window.Standard().Resolve(use)
	if err != nil {
		panic(err)
	}
	c := over.Call{Function: bound.Function, Filter: over.NoColumn, Frame: frame, Result: bound.Result}
	for i := range f.args {
		if bound.Args[i].Op == bind.Cast {
			panic(call + " casts its arguments")
		}
		c.Args = append(c.Args, f.args[i])
	}
	if f.filters && random.IntN(3) == 0 {
		c.Filter = flagColumn
		call += " FILTER (WHERE f)"
	}
	q.config.Calls = append(q.config.Calls, c)
	q.sql = append(q.sql, fmt.Sprintf("%s OVER (%s %s)", call, q.over, text))
}

// ask answers a query by PostgreSQL: the id and the values of each row, by id; or a SQLSTATE.
func ask(t *testing.T, conn *pgconn.PgConn, q *query, data *table) []string {
	t.Helper()
	sql := "SELECT id, " + strings.Join(q.sql, ", ") + " FROM (" + data.sql() + ") q ORDER BY id"
	result := conn.ExecParams(t.Context(), sql, nil, nil, nil, nil).Read()
	var bad *pgconn.PgError
	if errors.As(result.Err, &bad) {
		return []string{"ERROR " + bad.Code}
	}
	if result.Err != nil {
		t.Fatal(result.Err)
	}
	var rows []string
	for _, row := range result.Rows {
		texts := make([]string, len(row))
		for i, v := range row {
			if texts[i] = "NULL"; v != nil {
				texts[i] = string(v)
			}
		}
		rows = append(rows, strings.Join(texts, " | "))
	}
	return rows
}

// answer is the operator's.
func answer(q *query, data *table, cut int) []string {
	pool := &batch.Pool{}
	o := over.New(pool, limit.New("test", 0), q.config)
	in := data.batch(q.constants)
	for from := 0; from < in.Len; from += cut {
		part := *in
		part.Sel = []uint16{}
		for i := from; i < min(from+cut, in.Len); i++ {
			part.Sel = append(part.Sel, uint16(i))
		}
		if _, err := o.Apply(&part, op.NewOutput(1)); err != nil {
			return []string{"ERROR " + string(sqlstate.Of(err))}
		}
	}
	rows := make([]string, in.Len)
	if err := drain(o.OnEnd, q, rows); err != nil {
		return []string{"ERROR " + string(sqlstate.Of(err))}
	}
	return rows
}

// drain notes in rows, by id, what a call emits, until it has no more.
func drain(call func(out *op.Output) (bool, error), q *query, rows []string) error {
	for more := true; more; {
		out := op.NewOutput(1)
		var err error
		if more, err = call(out); err != nil {
			return err
		}
		b := out.Ports[0]
		if b == nil {
			continue
		}
		for i := range b.Rows() {
			row := b.Row(i)
			id := b.Cols[idColumn].Int32s()[row]
			if len(b.Kinds) > 0 && !op.Adds(b.Kinds[row]) {
				rows[id] = ""
				continue
			}
			text := fmt.Sprint(id)
			for _, c := range b.Cols[len(q.config.Types):] {
				if c.IsNull(row) {
					text += " | NULL"
				} else {
					text += " | " + string(builtin.AppendValue(nil, c, row))
				}
			}
			rows[id] = text
		}
	}
	return nil
}

// updatingAnswer is that of the operator that keeps the answers: rows come in any order, and some of them go and come again.
func updatingAnswer(q *query, data *table, random *rand.Rand) []string {
	o := over.NewUpdating(&batch.Pool{}, limit.New("test", 0), q.config)
	in := data.batch(q.constants)
	rows := make([]string, in.Len)
	feed := func(kind batch.Change, numbers ...int) error {
		part := pick(in, numbers)
		for range numbers {
			part.Kinds = append(part.Kinds, kind)
		}
		return drain(func(out *op.Output) (bool, error) { return o.Apply(part, out) }, q, rows)
	}
	for _, row := range random.Perm(in.Len) {
		err := feed(batch.Insert, row)
		if random.IntN(3) == 0 && err == nil {
			err = drain(o.OnFlush, q, rows)
		}
		if random.IntN(4) == 0 && err == nil {
			if err = feed(batch.Delete, row); err == nil && random.IntN(2) == 0 {
				err = drain(o.OnFlush, q, rows)
			}
			if err == nil {
				err = feed(batch.Insert, row)
			}
		}
		if err != nil {
			return []string{"ERROR " + string(sqlstate.Of(err))}
		}
	}
	if err := drain(o.OnEnd, q, rows); err != nil {
		return []string{"ERROR " + string(sqlstate.Of(err))}
	}
	return rows
}

// TestPostgresAgrees compares random windows over random rows.
func TestPostgresAgrees(t *testing.T) {
	conn, err := pgconn.Connect(t.Context(), testserver.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the test's own context has ended
	if _, err := conn.Exec(t.Context(), "SET timezone = 'UTC'; SET extra_float_digits = 1").ReadAll(); err != nil {
		t.Fatal(err)
	}
	if aggregate.Standard().Lookup("sum") == nil {
		t.Fatal("no aggregates")
	}
	failures, mistakes := 0, 0
	for seed := range uint64(postgresQueries) {
		random := rand.New(rand.NewPCG(seed, 15))
		data := drawTable(random, 1+random.IntN(25))
		q := drawQuery(random, data)
		want := ask(t, conn, q, data)
		if strings.HasPrefix(want[0], "ERROR") {
			mistakes++
		}
		got := answer(q, data, 1+random.IntN(30))
		if other := updatingAnswer(q, data, random); !slices.Equal(other, want) && !(isError(other) && isError(want)) {
			t.Errorf("seed %d, updating: %s\nOVER (%s)\n got  %s\n want %s", seed, strings.Join(q.sql, "\n"), q.over, strings.Join(other, "\n"), strings.Join(want, "\n"))
			failures++
		}
		if slices.Equal(got, want) || isError(got) && isError(want) { // of several mistakes any may be the first
			continue
		}
		if failures++; failures > 3 {
			t.Fatal("and more")
		}
		i := 0
		for i < min(len(got), len(want)) && got[i] == want[i] {
			i++
		}
		t.Errorf("seed %d: %s\nOVER (%s)\nfirst difference:\n got  %s\n want %s", seed, strings.Join(q.sql, "\n"), q.over,
			append(got, "nothing")[min(i, len(got))], append(want, "nothing")[min(i, len(want))])
		if i < len(want) && len(data.rows) < 30 {
			for _, row := range data.rows {
				t.Log(strings.ReplaceAll(strings.Join(row[:firstDomain], " "), null, "NULL"), strings.ReplaceAll(row[max(0, orderColumn(q))], null, "NULL"))
			}
		}
	}
	if mistakes < postgresQueries/100 || mistakes > postgresQueries/4 {
		t.Errorf("%d of %d queries are errors", mistakes, postgresQueries)
	}
}

func isError(rows []string) bool { return strings.HasPrefix(rows[0], "ERROR 220") }

func orderColumn(q *query) int {
	if len(q.config.Order) == 0 {
		return 0
	}
	return q.config.Order[0].Column
}

// postgresQueries is how many random queries are compared.
const postgresQueries = 600
