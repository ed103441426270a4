package parse_test

import (
	"os"
	"strings"
	"testing"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
)

// PostgreSQL's own grouping of more than 2,000 expressions, written by testdata/postgres/generate.sh: every pair of infix operators,
// prefixes and postfixes against each, and random mixtures. What PostgreSQL calls a syntax error must be one here.
func TestGroupingIsPostgreSQLs(t *testing.T) {
	raw, err := os.ReadFile("testdata/postgres/grouping.tsv")
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, line := range strings.Split(strings.TrimSpace(string(raw)), "\n") {
		text, grouped, _ := strings.Cut(line, "\t")
		got, err := parse.Expr(text)
		if code, failed := strings.CutPrefix(grouped, "error "); failed {
			if code == "42601" && err == nil {
				t.Errorf("%s\nis a syntax error to PostgreSQL, here %s", text, ast.Dump(got))
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		want, err := parse.Expr(grouped)
		if err != nil {
			t.Errorf("%s: %v", grouped, err)
			continue
		}
		if a, b := plain(got), plain(want); a != b {
			t.Errorf("%s\n      here: %s\nPostgreSQL: %s", text, a, b)
		}
		compared++
	}
	if compared < 1500 {
		t.Errorf("only %d expressions were compared", compared)
	}
}

func form(parts ...string) string { return "(" + strings.Join(parts, " ") + ")" }

// plain writes a tree with everything replaced that PostgreSQL replaces when it analyses a query: BETWEEN, IN and LIKE by operators,
// and casts to the type that a value has already, by nothing.
func plain(n ast.Node) string {
	switch n := n.(type) {
	case *ast.Column:
		return n.Parts[len(n.Parts)-1].Text
	case *ast.Cast:
		return plain(n.X)
	case *ast.Distinct:
		test := form("distinct", plain(n.L), plain(n.R))
		if n.Not {
			return form("not", test)
		}
		return test
	case *ast.Between:
		return plainBetween(n)
	case *ast.In:
		return plainIn(n)
	case *ast.Like:
		return plainLike(n)
	case *ast.Quantified:
		return form(strings.Replace(plainOperator(n.Op), "LIKE", "~~", 1), plain(n.L), plain(n.R))
	}
	return plainOther(n)
}

func plainOther(n ast.Node) string {
	head := ast.Dump(n)
	children := ast.Children(n)
	if len(children) == 0 {
		return head
	}
	// The head of the dump alone, with the children in their plain form behind it.
	if i := strings.IndexByte(head, ' '); i > 0 {
		head = head[1:i]
	}
	switch n := n.(type) {
	case *ast.Unary:
		head = "prefix" + n.Op
	case *ast.FuncCall:
		head = n.Name[0].Text
	}
	parts := []string{head}
	for _, c := range children {
		parts = append(parts, plain(c))
	}
	return form(parts...)
}

func plainOperator(op string) string { return strings.ToLower(op) }

func plainBetween(n *ast.Between) string {
	x, low, high := plain(n.X), plain(n.Low), plain(n.High)
	inside := func(low, high string) string { return form("and", form(">=", x, low), form("<=", x, high)) }
	outside := func(low, high string) string { return form("or", form("<", x, low), form(">", x, high)) }
	switch {
	case n.Symmetric && n.Not:
		return form("and", outside(low, high), outside(high, low))
	case n.Symmetric:
		return form("or", inside(low, high), inside(high, low))
	case n.Not:
		return outside(low, high)
	}
	return inside(low, high)
}

func plainIn(n *ast.In) string {
	word, op := "or", "="
	if n.Not {
		word, op = "and", "<>"
	}
	if len(n.List) == 1 {
		return form(op, plain(n.X), plain(n.List[0]))
	}
	parts := []string{word}
	for _, e := range n.List {
		parts = append(parts, form(op, plain(n.X), plain(e)))
	}
	return form(parts...)
}

func plainLike(n *ast.Like) string {
	op := [...]string{ast.PlainLike: "~~", ast.ILike: "~~*", ast.SimilarTo: "~"}[n.Kind]
	if n.Not {
		op = "!" + op
	}
	pattern := plain(n.Pattern)
	switch {
	case n.Kind == ast.SimilarTo:
		pattern = form("similar_to_escape", pattern, plain(n.Escape))
	case n.Escape != nil:
		pattern = form("like_escape", pattern, plain(n.Escape))
	}
	return form(op, plain(n.X), pattern)
}
