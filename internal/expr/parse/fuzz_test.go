package parse_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
)

// addScripts seeds a fuzzer with the inputs of all scripts.
func addScripts(f *testing.F) {
	for _, pattern := range []string{"testdata/*.txt", "testdata/errors/*.txt"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("no scripts: %v", err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			for _, block := range strings.Split(string(raw), "\n\n") {
				if input, _, found := strings.Cut(block, "\n----"); found {
					f.Add(input)
				}
			}
		}
	}
}

// What parses prints as text that parses to the same; what does not has a proper error.
func FuzzExpr(f *testing.F) {
	addScripts(f)
	f.Fuzz(func(t *testing.T, text string) {
		n, err := parse.Expr(text, parse.WithSubquery(textOfQuery))
		if err != nil {
			checkError(t, err, text)
			return
		}
		checkSpans(t, n, len(text))
		if strings.Contains(text, "--") || strings.Contains(text, "/*") {
			return // comments may stand in the text of a query, whose last line the test's hook does not end
		}
		sql := ast.SQL(n)
		again, err := parse.Expr(sql, parse.WithSubquery(textOfQuery), parse.WithMaxDepth(10*parse.MaxDepth))
		if err != nil {
			t.Fatalf("%q prints as %q: %v", text, sql, err)
		}
		if !ast.Equal(n, again) {
			t.Fatalf("%q prints as %q\n  %s\nis not\n  %s", text, sql, ast.Dump(n), ast.Dump(again))
		}
	})
}

func checkError(t *testing.T, err error, text string) {
	t.Helper()
	var e *parse.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T: %v", err, err)
	}
	if len(e.SQLSTATE) != 5 || e.Message == "" || e.Span.Start < 0 || e.Span.End < e.Span.Start || int(e.Span.End) > len(text) {
		t.Fatalf("%q: %+v", text, e)
	}
	if !strings.Contains(e.Render(text), "^") {
		t.Fatalf("%q: no caret in %q", text, e.Render(text))
	}
}

// Tokens lie in the text one behind the other, with nothing but white space and comments between them.
func FuzzLexer(f *testing.F) {
	addScripts(f)
	f.Fuzz(func(t *testing.T, text string) {
		p := parse.New(text)
		end := int32(0)
		for p.Peek().Kind != parse.EOF && p.Peek().Kind != parse.Invalid {
			token := p.Next()
			if token.Start < end || token.End <= token.Start || int(token.End) > len(text) {
				t.Fatalf("%q: token %+v behind %d", text, token, end)
			}
			if gap := strings.TrimLeft(text[end:token.Start], " \t\r\n\f"); gap != "" && gap[0] != '-' && gap[0] != '/' {
				t.Fatalf("%q: %q is in no token", text, gap)
			}
			if !utf8.ValidString(token.Text) {
				t.Fatalf("%q: token %+v is no text", text, token)
			}
			end = token.End
		}
		p.ExpectEnd()
		if err := p.Err(); err != nil {
			checkError(t, err, text)
		}
	})
}

// A type prints as text that parses to the same type.
func FuzzType(f *testing.F) {
	for _, types := range typeSpellings {
		for _, text := range types.spellings {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		typ, err := parse.Type(text)
		if err != nil {
			checkError(t, err, text)
			return
		}
		again, err := parse.Type(typ.String())
		if err != nil {
			t.Fatalf("%q prints as %q: %v", text, typ, err)
		}
		if again.String() != typ.String() || again.Kind != typ.Kind {
			t.Fatalf("%q prints as %q, which prints as %q", text, typ, again)
		}
	})
}
