package parse_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/sql/ast"
	sqlparse "wire.example/wire/internal/sql/parse"
)

// Whatever tree the grammar can make, its canonical text parses back to it.
func TestPrintedTreesParseToThemselves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for range 5 {
			checkRoundTrip(t, generator{t}.statement())
		}
	})
}

// Statements joined by semicolons and comments are found again, by Script and by Split.
func TestScriptsFallIntoTheirStatements(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := generator{t}
		want := several(g, 0, g.statement)
		var text strings.Builder
		for _, s := range want {
			text.WriteString(g.of("", ";", "-- it's a comment;\n", "/* ; */ ;\n") + ast.SQL(s) + g.of(";", " ;", ";;"))
		}
		got, err := sqlparse.Script(text.String())
		if err != nil || len(got) != len(want) {
			t.Fatalf("%s\n%d statements instead of %d, %v", &text, len(got), len(want), err)
		}
		spans, rest, open := sqlparse.Split(text.String())
		if len(spans) != len(want) || int(rest) != text.Len() || open {
			t.Fatalf("%s\nis split into %v, %d, %t", &text, spans, rest, open)
		}
		for i, s := range got {
			if !ast.Equal(s, want[i]) {
				t.Fatalf("%s\nis not\n%s", ast.Dump(s), ast.Dump(want[i]))
			}
			checkSpans(t, s, text.String())
			piece, err := sqlparse.Statement(text.String()[spans[i].Start:spans[i].End])
			if err != nil || !ast.Equal(piece, s) {
				t.Fatalf("%s: %v", text.String()[spans[i].Start:spans[i].End], err)
			}
		}
	})
}
