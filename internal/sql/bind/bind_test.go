package bind_test

import (
	"strings"
	"testing"

	exprbind "wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/bind"
	"wire.example/wire/internal/sql/catalog"
	"wire.example/wire/internal/sql/parse"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

func statement(tb testing.TB, text string) ast.Statement {
	tb.Helper()
	s, err := parse.Statement(text)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func query(tb testing.TB, e bind.Environment, text string) (*bind.Rows, error) {
	tb.Helper()
	return bind.New(e).Query(statement(tb, text).(*ast.Query), "query")
}

func prepared(tb testing.TB) *world {
	tb.Helper()
	w := newWorld()
	prepare(tb, w)
	return w
}

func printed(n logical.Node) string {
	p := &logical.Plan{Sinks: []*logical.Sink{{Name: "x", Type: &connector.SinkType{Name: "x"}, Input: n}}}
	return p.String()
}

func TestParameters(t *testing.T) {
	w := prepared(t)
	e := w.environment()
	const text = "SELECT a + $1, $2 FROM t WHERE b = $2"
	if _, err := query(t, e, text); sqlstate.Of(err) != "42P02" || !strings.Contains(exprbind.Mistakes(err)[0].Hint, "PREPARE") {
		t.Errorf("outside of a prepared statement: %v", err)
	}
	e.Params = &bind.Params{Types: []schema.Type{schema.Of(schema.Int64)}}
	if _, err := query(t, e, text); sqlstate.Of(err) != "42P02" || err.Error() != "there is no parameter $2" {
		t.Errorf("too few: %v", err)
	}
	e.Params.Types = append(e.Params.Types, schema.Of(schema.Text))
	r, err := query(t, e, text)
	if err != nil {
		t.Fatal(err)
	}
	if got := []string{r.Columns[0].Type.String(), r.Columns[1].Type.String()}; got[0] != "BIGINT" || got[1] != "TEXT" {
		t.Errorf("types %q", got)
	}
	for i, value := range []string{"7", "seven"} {
		v, err := exprbind.Literal(exprbind.NullOf(e.Params.Types[i]).Span, e.Params.Types[i], value)
		if err != nil {
			t.Fatal(err)
		}
		e.Params.Values = append(e.Params.Values, v)
	}
	if r, err = query(t, e, text); err != nil {
		t.Fatal(err)
	}
	if got := printed(r.Node); !strings.Contains(got, "(a + 7)") || !strings.Contains(got, "(b = 'seven')") {
		t.Error(got)
	}
}

func TestTheTimeOfTheStatement(t *testing.T) {
	w := prepared(t)
	e := w.environment()
	e.Now = -1 // before 1970 too
	for text, want := range map[string]string{
		"SELECT now()":                "'1969-12-31 23:59:59.999999+00'::TIMESTAMPTZ",
		"SELECT current_timestamp(3)": "'1970-01-01 00:00:00+00'::TIMESTAMPTZ",
		"SELECT localtimestamp(0)":    "'1970-01-01 00:00:00'::TIMESTAMP",
		"SELECT current_date":         "'1969-12-31 23:59:59.999999'::TIMESTAMP::DATE",
	} {
		r, err := query(t, e, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := printed(r.Node); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestOneScanOfASourceInAPipeline(t *testing.T) {
	w := prepared(t)
	b := bind.New(w.environment())
	var nodes []logical.Node
	for _, text := range []string{
		"SELECT auction FROM bid", "SELECT b.price FROM bid AS b JOIN bid AS c USING (auction)", "SELECT (SELECT max(price) FROM bid)",
	} {
		r, err := b.Query(statement(t, text).(*ast.Query), "q")
		if err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, r.Node)
	}
	scans, names := map[*logical.Scan]bool{}, map[string]bool{}
	var visit func(n logical.Node)
	visit = func(n logical.Node) {
		if s, ok := n.(*logical.Scan); ok && s.Source.Name == "bid" {
			scans[s] = true
		}
		if p, ok := n.(*logical.Project); ok {
			if names[p.Name] {
				t.Errorf("two steps are called %s", p.Name)
			}
			names[p.Name] = true
			for _, item := range p.Items {
				if s, ok := item.Expr.Node.(*logical.Subquery); ok {
					visit(s.Query)
				}
			}
		}
		for _, in := range n.Inputs() {
			visit(in)
		}
	}
	for _, n := range nodes {
		visit(n)
	}
	if len(scans) != 1 {
		t.Errorf("%d scans", len(scans))
	}
	if got := b.Read(); len(got) != 1 || got[0] != "bid" {
		t.Errorf("read %q", got)
	}
}

func TestViewsKnowWhatTheyRead(t *testing.T) {
	w := prepared(t)
	if got := w.run("CREATE VIEW one AS SELECT a FROM t; CREATE VIEW two AS SELECT * FROM one JOIN u USING (a)"); got != "ok\n" {
		t.Fatal(got)
	}
	if got := strings.Join(w.catalog.Find("two").DependsOn(), " "); got != "one t u" {
		t.Error(got)
	}
	var names []string
	for _, o := range w.catalog.Dependents("t") {
		names = append(names, o.Kind().String()+" "+o.ObjectName())
	}
	if got := strings.Join(names, ", "); got != "view two, view one" {
		t.Error(got)
	}
	w.catalog.Remove("t")
	if got := w.run("SELECT * FROM two"); !strings.HasPrefix(got, "42P01: view \"two\": view \"one\": relation \"t\" does not exist (1:15)") {
		t.Error(got)
	}
	if got := w.run("CREATE TABLE t (z INTEGER)"); got != "ok\n" {
		t.Fatal(got)
	}
	if got := w.run("SELECT * FROM one"); !strings.HasPrefix(got, "42703: view \"one\": column \"a\" does not exist") {
		t.Error(got)
	}
}

func TestManyQueriesAreRefused(t *testing.T) {
	w := prepared(t)
	w.run("CREATE VIEW v0 AS SELECT a FROM t")
	for i := range 20 {
		text := strings.NewReplacer("NEXT", "v"+string(rune('a'+i)), "LAST", map[bool]string{true: "v0", false: "v" + string(rune('a'+i-1))}[i == 0]).
			Replace("CREATE VIEW NEXT AS SELECT x.a FROM LAST AS x, LAST AS y")
		if got := w.run(text); got != "ok\n" {
			if !strings.HasPrefix(got, "54001: ") {
				t.Errorf("%s: %s", text, got)
			}
			return
		}
	}
	t.Error("there is no bound")
}

func TestConstraintsOfTablesInMemory(t *testing.T) {
	w := prepared(t)
	const text = "CREATE TABLE c (a INT CHECK (a > 0), b INT UNIQUE, CHECK (b > a), CONSTRAINT own CHECK (a < 9), CHECK (c.b <> 5), UNIQUE (b, a))"
	if got := w.run(text); got != "ok\n" {
		t.Fatal(got)
	}
	r := w.catalog.Find("c").(*catalog.Relation)
	checks, err := bind.New(w.environment()).Checks(r)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range checks {
		got = append(got, c.Name+" "+c.Condition.Text(r.Schema().Fields))
	}
	for _, u := range r.Unique {
		got = append(got, u.Name+" "+strings.Trim(strings.ReplaceAll(schema.New(r.Schema().Fields[u.Columns[0]]).String(), " INTEGER", ""), " "))
	}
	want := []string{"c_a_check (a > 0)", "c_check (b > a)", "own (a < 9)", "c_check1 (b <> 5)", "c_b_key b", "c_b_a_key a"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q", got)
	}
}

func TestKeysOfSources(t *testing.T) {
	w := prepared(t)
	for _, text := range []string{
		"CREATE SOURCE s (b INT, g INT GENERATED ALWAYS AS (b) STORED, a INT, PRIMARY KEY (a, b)) WITH (connector = 'file', path = 'x')",
		"CREATE SOURCE s2 (b INT, g INT GENERATED ALWAYS AS (b) STORED, PRIMARY KEY (g)) WITH (connector = 'file', path = 'x')",
	} {
		if got := w.run(text); got != "ok\n" {
			t.Fatal(got)
		}
	}
	if key := w.catalog.Find("s").(*catalog.Relation).Source.Key; len(key) != 2 || key[0] != 0 || key[1] != 1 {
		t.Errorf("key %v", key)
	}
	if key := w.catalog.Find("s2").(*catalog.Relation).Source.Key; key != nil {
		t.Errorf("a computed column is no key of what is read: %v", key)
	}
	r, err := query(t, w.environment(), "SELECT id FROM k")
	if err != nil {
		t.Fatal(err)
	}
	if key := r.Node.Inputs()[0].(*logical.Scan).Source.Key; len(key) != 1 || key[0] != 0 {
		t.Errorf("key of a table in memory: %v", key)
	}
}
