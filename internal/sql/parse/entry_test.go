package parse_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	expr "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/sql/ast"
	sqlparse "wire.example/wire/internal/sql/parse"
	"wire.example/wire/sdk/sqlstate"
)

func TestScriptReturnsWhatStandsBeforeAMistake(t *testing.T) {
	const text = "SELECT 1; ;\n-- a comment\nSELECT 2 /* ; */;\nSELECT 'a;b';\nSELCT 3; SELECT 4"
	list, err := sqlparse.Script(text)
	if len(list) != 3 {
		t.Fatalf("%d statements", len(list))
	}
	for i, want := range []string{"SELECT 1", "SELECT 2", "SELECT 'a;b'"} {
		if at := list[i].Location(); text[at.Start:at.End] != want {
			t.Errorf("statement %d is %q", i, text[at.Start:at.End])
		}
	}
	var e *parse.Error
	if !errors.As(err, &e) || !strings.Contains(e.Render(text), "(5:1)") || e.Hint != "did you mean SELECT?" {
		t.Errorf("%v", err)
	}
}

func TestScriptMayBeEmpty(t *testing.T) {
	for _, text := range []string{"", " ", ";", " ; ;-- x\n", "/* x */"} {
		if list, err := sqlparse.Script(text); err != nil || len(list) != 0 {
			t.Errorf("%q: %d statements, %v", text, len(list), err)
		}
	}
}

func TestScriptNeedsSemicolons(t *testing.T) {
	list, err := sqlparse.Script("SELECT 1; SELECT 2 DROP TABLE t")
	if len(list) != 1 || err == nil {
		t.Errorf("%d statements, %v", len(list), err)
	}
}

func TestSplit(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "",
		"  -- x\n":                         "",
		"SELECT 1":                         "| rest SELECT 1",
		"SELECT 1;":                        "SELECT 1;",
		" SELECT 1 ; SELECT 2;; ":          "SELECT 1 ;|SELECT 2;",
		"SELECT ';';SELECT \";\"; $$;$$":   "SELECT ';';|SELECT \";\";| rest $$;$$",
		"SELECT (1; SELECT 2":              "SELECT (1;| rest SELECT 2",
		"SELECT 1; SELECT 'abc; x":         "SELECT 1;| rest SELECT 'abc; x open",
		"SELECT 1; 'abc":                   "SELECT 1;| rest 'abc open",
		"SELECT 1; /* abc":                 "SELECT 1;| rest /* abc open",
		"SELECT 1; SELECT \"abc":           "SELECT 1;| rest SELECT \"abc open",
		"SELECT 1; SELECT $a$ x; $b$":      "SELECT 1;| rest SELECT $a$ x; $b$ open",
		"SELECT 1; SELECT \\ 2; SELECT 3;": "SELECT 1;| rest SELECT \\ 2; SELECT 3;",
		"SELECT 1 -- ;\n, 2; x":            "SELECT 1 -- ;\n, 2;| rest x",
	} {
		spans, rest, open := sqlparse.Split(text)
		parts := make([]string, 0, len(spans)+1)
		for _, s := range spans {
			parts = append(parts, text[s.Start:s.End])
		}
		if int(rest) < len(text) {
			parts = append(parts, " rest "+text[rest:])
			if len(parts) == 1 {
				parts = append([]string{""}, parts...)
			}
		}
		got := strings.Join(parts, "|")
		if open {
			got += " open"
		}
		if got != want {
			t.Errorf("%q is split into %q, want %q", text, got, want)
		}
	}
}

// A prompt reads on as long as more text may mend the error.
func TestIncomplete(t *testing.T) {
	for _, text := range []string{
		"", "SELECT a,", "SELECT a FROM", "SELECT (1", "SELECT 'abc", "SELECT \"abc", "SELECT /* abc", "WITH q AS (SELECT 1)", "INSERT INTO t",
		"CREATE TABLE t (a INT,", "SELECT a FROM t WHERE", "SELECT CASE WHEN a", "SELECT * FROM a JOIN b", "EXPLAIN", "SELECT $$ab",
	} {
		if _, err := sqlparse.Statement(text); !sqlparse.Incomplete(err) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"SELCT", "SELECT a FROM t WHERE )", "SELECT 1 1", "SELECT \\", "UPDATE t", "SELECT 1; SELECT"} {
		if _, err := sqlparse.Statement(text); err == nil || sqlparse.Incomplete(err) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if sqlparse.Incomplete(nil) || sqlparse.Incomplete(errors.New("x")) {
		t.Error("no error of this package is incomplete")
	}
}

func TestQuery(t *testing.T) {
	q, err := sqlparse.Query("WITH q AS (SELECT 1) TABLE q;")
	if err != nil || q.String() != "WITH q AS (SELECT 1) TABLE q" {
		t.Errorf("%v, %v", q, err)
	}
	for text, want := range map[string]string{
		"INSERT INTO t SELECT 1": `syntax error at or near "INSERT"`,
		"":                       "syntax error at end of input",
		"SELECT 1; SELECT 2":     `syntax error at or near "SELECT"`,
	} {
		if q, err := sqlparse.Query(text); q != nil || err == nil || err.Error() != want {
			t.Errorf("%q: %v, %v", text, q, err)
		}
	}
}

// However deep a statement is nested and however long its chains are, the answer is a tree or an error.
func TestDepthIsBounded(t *testing.T) {
	const many = 200_000
	for name, text := range map[string]string{
		"parentheses":    strings.Repeat("(", many) + "SELECT 1" + strings.Repeat(")", many),
		"open":           strings.Repeat("(", many),
		"subqueries":     strings.Repeat("SELECT (", many) + "1",
		"derived tables": strings.Repeat("SELECT * FROM (", many) + "SELECT 1",
		"WITH":           strings.Repeat("WITH q AS (", many) + "SELECT 1",
		"joins":          "SELECT * FROM " + strings.Repeat("(", many) + "a",
		"right joins":    "SELECT * FROM a" + strings.Repeat(" JOIN a", many),
		"left joins":     "SELECT * FROM a" + strings.Repeat(" CROSS JOIN a", many),
		"unions":         "SELECT 1" + strings.Repeat(" UNION SELECT 1", many),
		"intersections":  "SELECT 1" + strings.Repeat(" UNION SELECT 1 INTERSECT SELECT 1", many),
		"grouping sets":  "SELECT 1 GROUP BY " + strings.Repeat("GROUPING SETS (", many),
		"maps":           "CREATE SINK s WITH (a = " + strings.Repeat("(a = ", many),
		"lists":          "CREATE SINK s WITH (a = " + strings.Repeat("[", many),
		"explain":        strings.Repeat("EXPLAIN ", many) + "SELECT 1",
		"lateral":        "SELECT * FROM " + strings.Repeat("LATERAL ", many),
		"windows":        strings.Repeat("SELECT * FROM TUMBLE((", many),
	} {
		if _, err := sqlparse.Statement(text); err == nil {
			t.Errorf("%s: no error", name)
		} else if code := sqlstate.Of(err); code != sqlstate.StatementTooComplex && code != sqlstate.SyntaxError {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestChainsMayBeLong(t *testing.T) {
	const many = 900
	for _, text := range []string{
		"SELECT 1" + strings.Repeat(" UNION ALL SELECT 1", many),
		"SELECT * FROM a" + strings.Repeat(" JOIN a USING (x)", many),
		"SELECT 1" + strings.Repeat(", 1", 10_000),
		"VALUES (1)" + strings.Repeat(", (1)", 10_000),
		"SELECT * FROM a" + strings.Repeat(", a", 10_000),
	} {
		s, err := sqlparse.Statement(text)
		if err != nil {
			t.Fatalf("%.40q: %v", text, err)
		}
		checkRoundTrip(t, s)
	}
}

func TestLength(t *testing.T) {
	_, err := sqlparse.Statement(strings.Repeat(" ", sqlparse.MaxLength) + "SELECT 1")
	if sqlstate.Of(err) != sqlstate.ProgramLimitExceeded {
		t.Errorf("%v", err)
	}
	if _, err := sqlparse.Statement("SELECT 1", parse.WithMaxLength(5)); sqlstate.Of(err) != sqlstate.ProgramLimitExceeded {
		t.Errorf("%v", err)
	}
	spans, rest, open := sqlparse.Split("SELECT 1;", parse.WithMaxLength(5))
	if len(spans) != 0 || rest != 0 || open {
		t.Errorf("%v %d %t", spans, rest, open)
	}
}

func TestSpansOfNames(t *testing.T) {
	const text = "SELECT x FROM s.t AS u WHERE a = (SELECT b FROM v)"
	s, err := sqlparse.Statement(text)
	if err != nil {
		t.Fatal(err)
	}
	q, _ := s.(*ast.Query)
	sel, _ := q.Body.(*ast.Select)
	name, _ := sel.From[0].(*ast.TableName)
	var got []string
	for _, at := range []expr.Span{name.Span, name.Name.Span, name.Name.Last().Span, name.Alias.Span, sel.Where.Location()} {
		got = append(got, text[at.Start:at.End])
	}
	want := []string{"s.t AS u", "s.t", "t", "AS u", "a = (SELECT b FROM v)"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if fmt.Sprint(q) != text {
		t.Errorf("%v", q)
	}
}
