package eval_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/sdk/batch"
)

func lines(tb testing.TB, path string) []string {
	tb.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
}

// table reads testdata/table.tsv.
func table(tb testing.TB) (*batch.Batch, bind.Scope) {
	tb.Helper()
	rows := lines(tb, "testdata/table.tsv")
	var fields []field
	for i, head := range strings.Split(rows[0], "\t") {
		name, spelled, _ := strings.Cut(head, " ")
		node, err := parse.Type(spelled)
		if err != nil {
			tb.Fatal(err)
		}
		typ, err := bind.TypeOf(node)
		if err != nil {
			tb.Fatal(err)
		}
		f := field{name: name, typ: typ}
		for _, row := range rows[1:] {
			f.values = append(f.values, strings.Split(row, "\t")[i])
		}
		fields = append(fields, f)
	}
	return input(tb, fields...)
}

// differences reads testdata/differences.txt: a reason after '#', then the questions it is for.
func differences(tb testing.TB) map[string]string {
	tb.Helper()
	known, reason := map[string]string{}, ""
	for _, line := range lines(tb, "testdata/differences.txt") {
		if after, ok := strings.CutPrefix(line, "# "); ok {
			reason = after
		} else if line != "" {
			known[line] = reason
		}
	}
	return known
}

// TestAnswersArePostgreSQLs compares every line of testdata/answers.txt, which testdata/answers.sh had from a real PostgreSQL 15, with ours.
// The rows are evaluated together, then every other one, then as a few among many, by the same program.
func TestAnswersArePostgreSQLs(t *testing.T) {
	b, scope := table(t)
	known, compared := differences(t), 0
	for _, line := range lines(t, "testdata/answers.txt") {
		question, want, _ := strings.Cut(line, "\t")
		got := answer(b, scope, question)
		compared++
		switch reason, differs := known[question]; {
		case got == want && differs:
			t.Errorf("%s: listed as a difference (%s), but agrees", question, reason)
		case got != want && !differs:
			t.Errorf("%s\n got %s\nwant %s", question, got, want)
		}
	}
	if compared < 1000 {
		t.Errorf("only %d questions", compared)
	}
}

func answer(b *batch.Batch, scope bind.Scope, question string) string {
	node, err := parse.Expr(question)
	if err != nil {
		return err.Error()
	}
	e, err := bind.Bind(node, scope)
	if err != nil {
		return err.Error()
	}
	p, err := eval.Compile(&batch.Pool{}, e)
	if err != nil {
		return err.Error()
	}
	defer p.Close()
	all := cells(p, b, nil)
	for i, cell := range cells(p, b, []uint16{0, 2, 4, 6}) {
		if cell != all[2*i] {
			return fmt.Sprintf("row %d gives %s with every other row, %s with all", 2*i, cell, all[2*i])
		}
	}
	for i, cell := range cells(p, repeated(b, 5), []uint16{14, 15, 16, 17, 18, 19, 20}) {
		if cell != all[i] {
			return fmt.Sprintf("row %d gives %s in a sparse selection, %s with all", i, cell, all[i])
		}
	}
	return strings.Join(all, "\t")
}

// repeated is b several times over.
func repeated(b *batch.Batch, times int) *batch.Batch {
	var rows []uint16
	for range times {
		for i := range b.Len {
			rows = append(rows, uint16(i))
		}
	}
	out := &batch.Batch{Len: len(rows)}
	for _, c := range b.Cols {
		part := batch.NewColumn(&batch.Pool{}, c.Type())
		part.Gather(c, rows)
		out.Cols = append(out.Cols, part)
	}
	return out
}

func cells(p *eval.Program, b *batch.Batch, sel []uint16) []string {
	var errs builtin.Errors
	part := *b
	part.Sel = sel
	cols := p.Eval(&part, nil, &errs)
	out := make([]string, part.Rows())
	for i := range out {
		out[i] = shown(cols[0], part.Row(i), &errs)
	}
	return out
}
