package bind_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/sdk/schema"
)

func lines(tb testing.TB, path string) []string {
	tb.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
}

// columns is the scope of testdata/columns.tsv.
func columns(tb testing.TB) bind.Scope {
	tb.Helper()
	s := &schema.Schema{}
	for _, head := range strings.Split(lines(tb, "testdata/columns.tsv")[0], "\t") {
		name, spelled, _ := strings.Cut(head, " ")
		node, err := parse.Type(spelled)
		if err != nil {
			tb.Fatal(err)
		}
		typ, err := bind.TypeOf(node)
		if err != nil {
			tb.Fatal(err)
		}
		s.Fields = append(s.Fields, schema.Field{Name: name, Type: typ})
	}
	return bind.FromSchema(s)
}

// verdict is the type of an expression, or SQLSTATE and message of what is wrong with it.
func verdict(scope bind.Scope, question string) string {
	node, err := parse.Expr(question)
	if err != nil {
		var wrong *parse.Error
		if errors.As(err, &wrong) {
			return string(wrong.SQLSTATE) + " " + wrong.Message
		}
		return err.Error()
	}
	e, err := bind.Bind(node, scope)
	if err != nil {
		var wrong *bind.Error
		if errors.As(err, &wrong) {
			return string(wrong.SQLSTATE) + " " + wrong.Message
		}
		return err.Error()
	}
	return e.Type.PgName()
}

// TestTypesAndComplaintsArePostgreSQLs compares every line of testdata/answers.txt, which testdata/answers.sh had from a real PostgreSQL 15.
// testdata/differences.txt has a reason after '#', then the questions it is for.
func TestTypesAndComplaintsArePostgreSQLs(t *testing.T) {
	scope := columns(t)
	known, reason := map[string]string{}, ""
	for _, line := range lines(t, "testdata/differences.txt") {
		if after, ok := strings.CutPrefix(line, "# "); ok {
			reason = after
		} else {
			known[line] = reason
		}
	}
	for _, line := range lines(t, "testdata/answers.txt") {
		question, want, _ := strings.Cut(line, "\t")
		got := verdict(scope, question)
		switch reason, differs := known[question]; {
		case got == want && differs:
			t.Errorf("%s: listed as a difference (%s), but agrees", question, reason)
		case got != want && !differs:
			t.Errorf("%s\n got %s\nwant %s", question, got, want)
		}
	}
}
