package parse_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/sdk/sqlstate"
)

// The scripts of errors have the input, a line of four dashes, and the error as Render shows it.
func TestErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/errors/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, block := range strings.Split(strings.TrimRight(string(raw), "\n"), "\n\n") {
			input, want, found := strings.Cut(block, "\n----")
			if !found {
				out = append(out, block)
				continue
			}
			got := render(t, input)
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
	}
}

func render(t *testing.T, input string) string {
	t.Helper()
	n, err := parse.Expr(input)
	if err == nil {
		t.Errorf("%s\nparses, as %s", input, ast.Dump(n))
		return "parses"
	}
	var e *parse.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T is not a *parse.Error", err)
	}
	if sqlstate.Of(err) != e.SQLSTATE {
		t.Errorf("sqlstate.Of finds %s in an error of %s", sqlstate.Of(err), e.SQLSTATE)
	}
	return e.Render(input)
}

func TestEmptyTextIsAnError(t *testing.T) {
	for _, text := range []string{"", " ", "-- only a comment\n", "/* */"} {
		_, err := parse.Expr(text)
		if err == nil || err.Error() != "syntax error at end of input" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestInvisibleCharacters(t *testing.T) {
	for text, want := range map[string]string{
		"a\u00a0+ b":  "this is a no-break space (U+00A0); write an ordinary space",
		"a +\u200b b": "this is an invisible character (U+200B); write an ordinary space",
		"1\u2009+ b":  "this is a typographic space (U+2009); write an ordinary space",
		"\ufeffa":     "this is an invisible character (U+FEFF); write an ordinary space",
	} {
		_, err := parse.Expr(text)
		var e *parse.Error
		if !errors.As(err, &e) || e.Hint != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestInvalidEncoding(t *testing.T) {
	for text, want := range map[string]string{
		"a\xff":       `invalid byte sequence for encoding "UTF8": 0xff`,
		"'a\x00'":     `invalid byte sequence for encoding "UTF8": 0x00`,
		"a\x00\xff":   `invalid byte sequence for encoding "UTF8": 0x00`,
		"'\ufffd\xc3": `invalid byte sequence for encoding "UTF8": 0xc3`,
	} {
		_, err := parse.Expr(text)
		if err == nil || err.Error() != want || sqlstate.Of(err) != sqlstate.CharacterNotInRepertoire {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Each of these would be as deep as it is long.
func TestDepthLimit(t *testing.T) {
	const n = 50_000
	for name, text := range map[string]string{
		"parentheses": strings.Repeat("(", n),
		"closed":      strings.Repeat("(", n) + "1" + strings.Repeat(")", n),
		"signs":       strings.Repeat("- ", n) + "1",
		"not":         strings.Repeat("not ", n) + "a",
		"sum":         "1" + strings.Repeat("+1", n),
		"cast":        "1" + strings.Repeat("::int", n/2),
		"is":          "a" + strings.Repeat(" isnull", n/2),
		"fields":      "(a)" + strings.Repeat(".a", n),
		"subscripts":  "a" + strings.Repeat("[1]", n),
		"nested":      strings.Repeat("a[", n),
		"calls":       strings.Repeat("f(", n),
		"case":        strings.Repeat("case when ", n/4),
		"arrays":      "array" + strings.Repeat("[", n),
		"types":       "a::" + strings.Repeat("row(a ", n/4),
		"maps":        "a::" + strings.Repeat("map(", n/4),
		"logic":       strings.Repeat("a and (b or ", n/10),
		"zones":       "a" + strings.Repeat(" at time zone b", n/10),
		"between":     strings.Repeat("a between (", n/4),
	} {
		_, err := parse.Expr(text)
		if sqlstate.Of(err) != sqlstate.StatementTooComplex {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLongChainsOfLogicAreFlat(t *testing.T) {
	for _, word := range []string{" and ", " or "} {
		n, err := parse.Expr("a" + strings.Repeat(word+"a", 50_000))
		if err != nil {
			t.Fatal(err)
		}
		if l := n.(*ast.Logical); len(l.Args) != 50_001 {
			t.Errorf("%d operands", len(l.Args))
		}
	}
	if _, err := parse.Expr("1 in (1" + strings.Repeat(",1", 100_000) + ")"); err != nil {
		t.Error(err)
	}
}

func TestLimits(t *testing.T) {
	_, err := parse.Expr("a + b", parse.WithMaxLength(4))
	if sqlstate.Of(err) != sqlstate.ProgramLimitExceeded || err.Error() != "text of 5 bytes is too long: the limit is 4" {
		t.Error(err)
	}
	if _, err = parse.Expr("a + b", parse.WithMaxLength(5)); err != nil {
		t.Error(err)
	}
	_, err = parse.Expr("((((a))))", parse.WithMaxDepth(4))
	if sqlstate.Of(err) != sqlstate.StatementTooComplex {
		t.Error(err)
	}
	if _, err = parse.Expr("((((a))))", parse.WithMaxDepth(5)); err != nil {
		t.Error(err)
	}
}

func TestIncomplete(t *testing.T) {
	for text, want := range map[string]bool{
		"a +": true, "(a": true, "'a": true, "/* a": true, `"a`: true, "$$a": true, "case when a": true,
		"a b": false, "a)": false, "1x": false,
	} {
		_, err := parse.Expr(text)
		var e *parse.Error
		if !errors.As(err, &e) || e.Incomplete != want {
			t.Errorf("%q: incomplete is not %v: %v", text, want, err)
		}
	}
}

func TestRenderCutsLongLines(t *testing.T) {
	text := strings.Repeat("long_name + ", 50) + "* b" + strings.Repeat(" + other_name", 50)
	_, err := parse.Expr(text)
	var e *parse.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	lines := strings.Split(e.Render(text), "\n")
	if len(lines) != 3 || len([]rune(lines[1])) > 110 {
		t.Fatalf("%q", lines)
	}
	caret := strings.IndexByte(lines[2], '^')
	if []rune(lines[1])[caret] != '*' {
		t.Errorf("the caret is not below the star:\n%s", strings.Join(lines, "\n"))
	}
	_, err = parse.Expr("a + '" + strings.Repeat("x", 1000))
	if !errors.As(err, &e) || len(strings.Split(e.Render("a + '"+strings.Repeat("x", 1000)), "\n")[2]) > 110 {
		t.Errorf("the carets go on and on: %v", err)
	}
}

func TestRenderOfAnotherText(t *testing.T) {
	e := &parse.Error{Message: "m", Span: ast.Span{Start: 100, End: 200}}
	if got := e.Render("short"); !strings.Contains(got, "short") {
		t.Error(got)
	}
}

func TestErrorOfTheHook(t *testing.T) {
	failing := func(p *parse.Parser) (ast.Node, error) {
		return nil, sqlstate.New(sqlstate.UndefinedTable, "no such table")
	}
	_, err := parse.Expr("a + (select b)", parse.WithSubquery(failing))
	var e *parse.Error
	if !errors.As(err, &e) || e.SQLSTATE != sqlstate.UndefinedTable || e.Message != "no such table" || e.Span.Start != 4 {
		t.Errorf("%v", err)
	}
	own := &parse.Error{SQLSTATE: "42P01", Message: "own"}
	_, err = parse.Expr("(select b)", parse.WithSubquery(func(*parse.Parser) (ast.Node, error) { return nil, own }))
	if !errors.Is(err, own) {
		t.Errorf("%v", err)
	}
}
