package setreturning_test

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/expr/setreturning"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

var update = flag.Bool("update", false, "ask PostgreSQL for the answers and write them")

const callsFile = "testdata/calls.txt"

// shownRows is how many rows of an answer are written.
const shownRows = 12

// run answers a call, "f(x, …)" or "f(x) AS t(a integer)": a line of columns, the first rows, and how many there are; or an error.
func run(text string) []string {
	rows, head, err := rowsOf(text, batch.MaxRows)
	if err != nil {
		return []string{fmt.Sprintf("ERROR %s %s", sqlstate.Of(err), err)}
	}
	return lines(head, rows)
}

func lines(head string, rows []string) []string {
	out := append([]string{head}, rows[:min(len(rows), shownRows)]...)
	return append(out, fmt.Sprintf("(%d)", len(rows)))
}

// rowsOf makes all rows of a call, in pieces of at most room rows.
func rowsOf(text string, room int) (rows []string, head string, err error) {
	bound, declared, err := resolve(text)
	if err != nil {
		return nil, "", err
	}
	fields := bound.Function.Fields(bound.Types, declared)
	for i, f := range fields {
		if i > 0 {
			head += ", "
		}
		head += f.Name + " " + f.Type.PgName()
	}
	args, err := values(bound.Args)
	if err != nil {
		return nil, head, err
	}
	if bound.Function.Strict && slices.ContainsFunc(args, func(c *batch.Column) bool { return c.IsNull(0) }) {
		return nil, head, nil
	}
	g := bound.Function.New(bound.Types, declared)
	if bad := g.Start(args, 0); bad != nil {
		return nil, head, bad
	}
	out := make([]*batch.Column, len(fields))
	for i, f := range fields {
		out[i] = batch.NewColumn(&batch.Pool{}, f.Type)
	}
	for len(rows) < 1<<20 {
		for _, c := range out {
			c.Reset(room)
		}
		n, bad := g.Fill(out, 0, room)
		for row := range n {
			rows = append(rows, shown(out, row))
		}
		if bad != nil {
			return rows, head, bad
		}
		if n < room {
			break
		}
	}
	return rows, head, nil
}

func shown(cols []*batch.Column, row int) string {
	texts := make([]string, len(cols))
	for i, c := range cols {
		texts[i] = "NULL"
		if !c.IsNull(row) {
			texts[i] = quoted(string(builtin.AppendValue(nil, c, row)))
		}
	}
	return strings.Join(texts, " | ")
}

func quoted(value string) string {
	if value == "" || value == "NULL" || strings.TrimSpace(value) != value || strings.ContainsAny(value, "\n\r\t") {
		return fmt.Sprintf("%q", value)
	}
	return value
}

func resolve(text string) (*setreturning.Bound, []schema.Field, error) {
	text, list, _ := strings.Cut(text, " AS t(")
	var declared []schema.Field
	for column := range strings.SplitSeq(strings.TrimSuffix(list, ")"), ", ") {
		name, typ, ok := strings.Cut(column, " ")
		if !ok {
			continue
		}
		node, err := parse.Type(typ)
		if err != nil {
			return nil, nil, err
		}
		t, err := bind.TypeOf(node)
		if err != nil {
			return nil, nil, err
		}
		declared = append(declared, schema.Field{Name: name, Type: t})
	}
	node, err := parse.Expr(text)
	if err != nil {
		return nil, nil, err
	}
	call := node.(*ast.FuncCall)
	args := make([]*bind.Expr, len(call.Args))
	for i, a := range call.Args {
		if args[i], err = unsettled(a.X); err != nil {
			return nil, nil, err
		}
	}
	bound, err := setreturning.Standard().Resolve(call.Span, call.Name[0].Text, args)
	return bound, declared, err
}

// unsettled binds an argument, and leaves a literal without a type as it is.
func unsettled(node ast.Node) (*bind.Expr, error) {
	e, err := bind.Bind(node, bind.FromSchema(schema.New()))
	if lit, ok := node.(*ast.Literal); ok && err == nil && (lit.Kind == ast.String || lit.Kind == ast.Null) {
		e.Unknown = true
	}
	return e, err
}

// values evaluates constants.
func values(exprs []*bind.Expr) ([]*batch.Column, error) {
	program, err := eval.Compile(&batch.Pool{}, exprs...)
	if err != nil {
		return nil, err
	}
	var errs builtin.Errors
	cols := program.Eval(&batch.Batch{Len: 1}, nil, &errs)
	if errs.Len() > 0 {
		return nil, errs.Errs[0]
	}
	return cols, nil
}

// entry is a call of the file, with its answer.
type entry struct {
	comment, call string
	answer, wire  []string
}

func readCalls(t *testing.T) []*entry {
	t.Helper()
	f, err := os.Open(callsFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var entries []*entry
	for in := bufio.NewScanner(f); in.Scan(); {
		line := in.Text()
		answer, indented := strings.CutPrefix(line, "\t")
		switch {
		case line == "" || line[0] == '#':
			entries = append(entries, &entry{comment: line})
		case !indented:
			entries = append(entries, &entry{call: line})
		default:
			e := entries[len(entries)-1]
			if wire, ok := strings.CutPrefix(answer, "Wire: "); ok {
				e.wire = append(e.wire, wire)
			} else {
				e.answer = append(e.answer, answer)
			}
		}
	}
	return entries
}

// same compares answers; of an error only the SQLSTATE counts.
func same(a, b []string) bool {
	return slices.EqualFunc(a, b, func(x, y string) bool {
		if strings.HasPrefix(x, "ERROR ") && len(x) > 11 && len(y) > 11 {
			x, y = x[:11], y[:11]
		}
		return x == y
	})
}

// TestCalls compares Wire's answers with those of PostgreSQL in testdata. -update asks a PostgreSQL.
func TestCalls(t *testing.T) {
	entries := readCalls(t)
	if *update {
		ask(t, entries)
	}
	seen := map[string]bool{}
	for _, e := range entries {
		if e.call == "" {
			continue
		}
		name, _, _ := strings.Cut(e.call, "(")
		seen[name] = true
		want := e.answer
		if e.wire != nil {
			want = e.wire
		}
		if got := run(e.call); !same(got, want) {
			t.Errorf("%s\n\tgot  %s\n\twant %s", e.call, strings.Join(got, "\n\t     "), strings.Join(want, "\n\t     "))
		}
	}
	for _, name := range setreturning.Standard().Names() {
		if !seen[name] && !strings.Contains(name, "populate") {
			t.Errorf("no call of %s", name)
		}
	}
}

// TestPiecesMakeNoDifference: the rows are the same whatever the room.
func TestPiecesMakeNoDifference(t *testing.T) {
	for _, e := range readCalls(t) {
		if e.call == "" {
			continue
		}
		want, head, err := rowsOf(e.call, batch.MaxRows)
		for _, room := range []int{1, 2, 3, 7} {
			if len(want) > 5000 {
				continue
			}
			got, _, bad := rowsOf(e.call, room)
			if !slices.Equal(got, want) || fmt.Sprint(bad) != fmt.Sprint(err) {
				t.Errorf("%s in pieces of %d (%s):\n%v, %v\nwant %v, %v", e.call, room, head, got, bad, want, err)
			}
		}
	}
}
