package parse_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/sql/ast"
	sqlparse "wire.example/wire/internal/sql/parse"
	"wire.example/wire/sdk/sqlstate"
)

var rewrite = flag.Bool("rewrite", false, "write what the parser answers into testdata")

// A script is blocks parted by an empty line: the statement, a line of four dashes, and the answer. Blocks without such a line are
// comments.
func runScripts(t *testing.T, folder string, answer func(t *testing.T, input string) string) {
	t.Helper()
	files, err := filepath.Glob("testdata/" + folder + "/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			var out []string
			for _, block := range blocks(t, file) {
				input, want, found := strings.Cut(block, "\n----")
				if !found {
					out = append(out, block)
					continue
				}
				got := answer(t, input)
				if got != strings.TrimPrefix(want, "\n") && !*rewrite {
					t.Errorf("%s\n got:\n%s\nwant:%s", input, got, want)
				}
				out = append(out, input+"\n----\n"+got)
			}
			if *rewrite {
				if err := os.WriteFile(file, []byte(strings.Join(out, "\n\n")+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func blocks(t testing.TB, file string) []string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.Trim(string(raw), "\n"), "\n\n")
}

// The answer to a statement is its dump, and its canonical text where that differs from what was written.
func TestStatements(t *testing.T) {
	runScripts(t, "statements", func(t *testing.T, input string) string {
		s, err := sqlparse.Statement(input)
		if err != nil {
			return "error: " + err.Error()
		}
		checkRoundTrip(t, s)
		checkSpans(t, s, input)
		if sql := ast.SQL(s); sql != input {
			return ast.Dump(s) + "\n" + sql
		}
		return ast.Dump(s)
	})
}

// The answer to a wrong statement is the error as a person sees it.
func TestErrors(t *testing.T) {
	runScripts(t, "errors", func(t *testing.T, input string) string {
		s, err := sqlparse.Statement(input)
		if err == nil {
			t.Errorf("%s\nparses, as %s", input, ast.Dump(s))
			return "parses"
		}
		return checkError(t, err, input)
	})
}

// failer is a test, a fuzz target or a property.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// checkRoundTrip asserts that the canonical text of a tree parses to the tree.
func checkRoundTrip(t failer, s ast.Statement) {
	t.Helper()
	sql := ast.SQL(s)
	again, err := sqlparse.Statement(sql, parse.WithMaxDepth(10*parse.MaxDepth))
	if err != nil {
		t.Fatalf("%s\nprints as\n%s\nwhich does not parse: %v", ast.Dump(s), sql, err)
	}
	if !ast.Equal(s, again) {
		t.Fatalf("%s\nparses to\n%s\ninstead of\n%s", sql, ast.Dump(again), ast.Dump(s))
	}
	if second := ast.SQL(again); second != sql {
		t.Fatalf("%s\nprints again as\n%s", sql, second)
	}
}

// checkError asserts what every error has, and returns it as a person sees it.
func checkError(t failer, err error, text string) string {
	t.Helper()
	var e *parse.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T: %v", err, err)
	}
	if len(e.SQLSTATE) != 5 || e.Message == "" || e.Span.Start < 0 || e.Span.End < e.Span.Start || int(e.Span.End) > len(text) {
		t.Fatalf("%q: %+v", text, e)
	}
	if sqlstate.Of(err) != e.SQLSTATE {
		t.Fatalf("sqlstate.Of finds %s in an error of %s", sqlstate.Of(err), e.SQLSTATE)
	}
	rendered := e.Render(text)
	if !strings.Contains(rendered, "^") {
		t.Fatalf("%q: no caret in %q", text, rendered)
	}
	return rendered
}
