package parse_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
)

//nolint:gochecknoglobals // a flag of the test binary
var rewrite = flag.Bool("rewrite", false, "write what the parser answers into testdata")

// A script is blocks parted by an empty line: the input, a line of four dashes, then the dump, then the canonical text where it is not
// the input itself. Lines that begin with # before a block are comments.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { runScript(t, file) })
	}
}

func runScript(t *testing.T, file string) {
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	blocks := strings.Split(strings.TrimSpace(string(raw)), "\n\n")
	for _, block := range blocks {
		input, want, found := strings.Cut(block, "\n----")
		if !found {
			out = append(out, block) // a comment
			continue
		}
		got := answer(t, input)
		if got != strings.TrimPrefix(want, "\n") && !*rewrite {
			t.Errorf("%s\n got: %s\nwant: %s", input, got, want)
		}
		out = append(out, input+"\n----\n"+got)
	}
	if *rewrite {
		if err := os.WriteFile(file, []byte(strings.Join(out, "\n\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// answer returns the dump of input and its canonical text, having checked that the latter parses to the same.
func answer(t *testing.T, input string) string {
	t.Helper()
	n, err := parse.Expr(input, parse.WithSubquery(textOfQuery))
	if err != nil {
		return "error: " + err.Error()
	}
	dump, sql := ast.Dump(n), ast.SQL(n)
	again, err := parse.Expr(sql, parse.WithSubquery(textOfQuery))
	if err != nil {
		t.Errorf("%s\nprints as %s\nwhich does not parse: %v", input, sql, err)
	} else if ast.Dump(again) != dump {
		t.Errorf("%s\nprints as %s\nwhich parses to %s\ninstead of %s", input, sql, ast.Dump(again), dump)
	}
	if sql != input {
		dump += "\n" + sql
	}
	return dump
}

// queryText stands for a statement of the SQL front end.
type queryText struct {
	ast.Span
	text string
}

func (q *queryText) String() string { return q.text }

// textOfQuery is a hook that takes the tokens up to the closing parenthesis for a query.
func textOfQuery(p *parse.Parser) (ast.Node, error) {
	start := p.Peek().Start
	for depth := 0; p.Peek().Kind != parse.EOF; {
		if p.At("(") {
			depth++
		}
		if p.At(")") {
			if depth == 0 {
				break
			}
			depth--
		}
		p.Next()
	}
	span := p.From(start)
	if err := p.Err(); err != nil {
		return nil, err
	}
	return &queryText{Span: span, text: p.Text(span)}, nil
}
