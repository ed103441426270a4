package eval_test

import (
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
// The rows are evaluated together, then those of even number only, and the program is the same.
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
	even := cells(p, b, []uint16{0, 2, 4, 6})
	for i, cell := range even {
		if cell != all[2*i] {
			return "row " + string(rune('0'+2*i)) + " alone " + cell + " among others " + all[2*i]
		}
	}
	return strings.Join(all, "\t")
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
