package plans_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	connectors "wire.example/wire/internal/connect/registry"
	formats "wire.example/wire/internal/format/registry"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/plan/optimize"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/bind"
	"wire.example/wire/internal/sql/catalog"
	"wire.example/wire/internal/sql/parse"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

var update = flag.Bool("update", false, "write the plans into the scripts")

// sizes are the rows of the tables, as statistics have them.
var sizes = map[string]float64{"t": 100_000, "u": 10_000, "k": 100, "big": 1_000_000, "mid": 10_000, "tiny": 10}

// rows is a source whose rows nobody reads.
func rows(name string, columns *schema.Schema, list []*batch.Batch) *logical.Source {
	s := &logical.Source{Name: name, Type: &connector.SourceType{Name: "rows", Bounded: func(any) bool { return true }}, Schema: columns, EventTime: -1}
	n := 0
	for _, b := range list {
		n += b.Len
	}
	s.Statistics = &logical.Statistics{Rows: float64(n), Exact: true}
	if size, ok := sizes[name]; ok {
		s.Statistics = &logical.Statistics{Rows: size}
	}
	return s
}

type table struct{ source *logical.Source }

func (t *table) Source() *logical.Source { return t.source }

// world is the catalog of the tables.
type world struct {
	catalog  *catalog.Catalog
	registry *connector.Registry
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{catalog: catalog.New(), registry: connectors.New(connectors.Environment{FS: vfs.NewMem(), Clock: clock.System()})}
	w.registry.Formats = formats.New()
	text, err := os.ReadFile("testdata/tables.sql")
	if err != nil {
		t.Fatal(err)
	}
	statements, err := parse.Script(string(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		w.create(t, s.(*ast.CreateRelation))
	}
	return w
}

func (w *world) binder() *bind.Binder {
	return bind.New(bind.Environment{Catalog: w.catalog, Rows: rows, Settings: func(name string) (string, bool) { return "UTC", name == "timezone" }})
}

func (w *world) create(t testing.TB, s *ast.CreateRelation) {
	t.Helper()
	if bind.HasConnector(s) {
		o, err := w.binder().Source(s, bind.Connectors{Registry: w.registry}, "")
		if err != nil {
			t.Fatal(err)
		}
		w.catalog.Put(o)
		return
	}
	o, err := w.binder().MemoryTable(s, "")
	if err != nil {
		t.Fatal(err)
	}
	source := rows(o.Name, o.Schema(), nil)
	o.Rows = &table{source}
	w.catalog.Put(o)
}

// plan is the plan of a query before any pass.
func (w *world) plan(text string) (*logical.Plan, error) {
	statements, err := parse.Script(text)
	if err != nil {
		return nil, err
	}
	plan, b := &logical.Plan{}, w.binder()
	for _, s := range statements {
		r, err := b.Query(s.(*ast.Query), "query")
		if err != nil {
			return nil, err
		}
		sink := &logical.Sink{Name: "result", Type: &connector.SinkType{Name: "rows", Changes: all}, Input: r.Node}
		plan.Sinks = append(plan.Sinks, sink)
	}
	return plan, nil
}

// all says that the result may be any changelog.
func all(any) connector.Changes { return connector.Changelog }

// answer is what the script called after pass shows for a query.
func (w *world) answer(pass, text string) string {
	plan, err := w.plan(text)
	if err != nil {
		return err.Error() + "\n"
	}
	if pass == "Optimize" {
		if err := optimize.Optimize(plan); err != nil {
			return err.Error() + "\n"
		}
		return optimize.Explain(plan, optimize.Explained{Verbose: true})
	}
	for _, p := range optimize.Passes() {
		before := plan.String()
		if err := p.Run(plan); err != nil {
			return err.Error() + "\n"
		}
		if p.Name == pass {
			return before + "=>\n" + plan.String()
		}
	}
	return "there is no pass " + pass + "\n"
}

// TestPlans compares the plans of every script.
func TestPlans(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no scripts", err)
	}
	w := newWorld(t)
	for _, path := range paths {
		pass := strings.TrimSuffix(filepath.Base(path), ".txt")
		t.Run(pass, func(t *testing.T) { w.script(t, pass, path) })
	}
}

func (w *world) script(t *testing.T, pass, path string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for block := range strings.SplitSeq(strings.TrimSpace(string(raw)), "\n\n") {
		query, want, _ := strings.Cut(block+"\n", "----\n")
		got := w.answer(pass, query)
		out = append(out, query+"----\n"+got)
		if !*update && got != want {
			t.Errorf("%s\ngot\n%s\nwant\n%s", query, got, want)
		}
	}
	if *update {
		if err := os.WriteFile(path, []byte(strings.Join(out, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEveryPassHasAScript keeps the scripts complete.
func TestEveryPassHasAScript(t *testing.T) {
	without := []string{"CollapseAgain"} // is Collapse
	for _, p := range optimize.Passes() {
		if _, err := os.Stat(filepath.Join("testdata", p.Name+".txt")); err != nil && !slices.Contains(without, p.Name) {
			t.Errorf("pass %s has no script", p.Name)
		}
	}
}
