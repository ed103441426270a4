package bind_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	connectors "wire.example/wire/internal/connect/registry"
	exprbind "wire.example/wire/internal/expr/bind"
	exprparse "wire.example/wire/internal/expr/parse"
	formats "wire.example/wire/internal/format/registry"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/bind"
	"wire.example/wire/internal/sql/catalog"
	"wire.example/wire/internal/sql/parse"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

var update = flag.Bool("update", false, "write what the scripts answer into them")

// block is some statements of a script and what they answer. The statements of a block form one pipeline.
type block struct {
	line         int
	comments     []string
	text, answer string
}

// readScript reads blocks: statements, a line of four dashes, the answer, a blank line.
func readScript(tb testing.TB, path string) []*block {
	tb.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	var blocks []*block
	var b *block
	answer := false
	for i, line := range strings.Split(strings.TrimRight(string(raw), "\n"), "\n") {
		switch {
		case line == "":
			b, answer = nil, false
			continue
		case b == nil:
			b = &block{line: i + 1}
			blocks = append(blocks, b)
		}
		switch {
		case line == "----":
			answer = true
		case answer:
			b.answer += line + "\n"
		case b.text == "" && strings.HasPrefix(line, "# "):
			b.comments = append(b.comments, line)
		default:
			b.text += line + "\n"
		}
	}
	return blocks
}

func writeScript(tb testing.TB, path string, blocks []*block) {
	tb.Helper()
	var out strings.Builder
	for i, b := range blocks {
		if i > 0 {
			out.WriteByte('\n')
		}
		for _, c := range b.comments {
			out.WriteString(c + "\n")
		}
		if b.text != "" {
			out.WriteString(b.text + "----\n" + b.answer)
		}
	}
	if err := os.WriteFile(path, []byte(out.String()), 0o600); err != nil {
		tb.Fatal(err)
	}
}

// world is a catalog and the connectors that there are.
type world struct {
	catalog  *catalog.Catalog
	registry *connector.Registry
}

func newWorld() *world {
	r := connectors.New(connectors.Environment{FS: vfs.NewMem(), Clock: clock.System()})
	r.Formats = formats.New()
	return &world{catalog: catalog.New(), registry: r}
}

// rowsType is the connector of rows that are known, as far as a plan shows it.
var rowsType = &connector.SourceType{Name: "values"}

func rowsOf(name string, columns *schema.Schema, rows []*batch.Batch) *logical.Source {
	n := 0
	for _, b := range rows {
		n += b.Len
	}
	return &logical.Source{Name: fmt.Sprintf("%s (%d)", name, n), Type: rowsType, Schema: columns, EventTime: -1}
}

// table is a table in memory without rows.
type table struct{ source *logical.Source }

func (t *table) Source() *logical.Source { return t.source }

func (w *world) environment() bind.Environment {
	const noon = 1_753_700_645_123_456 // 2025-07-28 11:04:05.123456
	settings := func(name string) (string, bool) { return "UTC", name == "timezone" }
	return bind.Environment{Catalog: w.catalog, Rows: rowsOf, Now: noon, Settings: settings}
}

// run answers the statements of a block: plans, or what is wrong.
func (w *world) run(text string) string {
	statements, err := parse.Script(text)
	if err != nil {
		return render(err, text)
	}
	b := bind.New(w.environment())
	plan := &logical.Plan{}
	for _, s := range statements {
		if err := w.statement(b, plan, s, text); err != nil {
			return render(err, text)
		}
	}
	if len(plan.Sinks) == 0 {
		return "ok\n"
	}
	return plan.String()
}

func (w *world) statement(b *bind.Binder, plan *logical.Plan, s ast.Statement, text string) error {
	at := s.Location()
	own := text[at.Start:at.End]
	fresh := bind.New(w.environment())
	using := bind.Connectors{Registry: w.registry}
	switch s := s.(type) {
	case *ast.Query:
		r, err := b.Query(s, "query")
		if err != nil {
			return err
		}
		columns := make([]string, len(r.Columns))
		for i, c := range r.Columns {
			columns[i] = schema.QuoteName(c.Name) + " " + c.Type.String()
		}
		plan.Sinks = append(plan.Sinks, &logical.Sink{Name: strings.Join(columns, ", "), Type: &connector.SinkType{Name: "result"}, Input: r.Node})
	case *ast.Insert:
		i, err := b.Insert(s)
		if err != nil {
			return err
		}
		sink := &logical.Sink{Name: s.Table.Last().Text, Type: &connector.SinkType{Name: "table"}, Input: i.Node}
		if i.Sink != nil {
			copied := i.Sink.Sink
			copied.Input = i.Node
			sink = &copied
		}
		plan.Sinks = append(plan.Sinks, sink)
	case *ast.CreateView:
		v, err := fresh.View(s, own)
		if err != nil {
			return err
		}
		w.catalog.Put(v)
	case *ast.CreateRelation:
		return w.create(fresh, using, s, own)
	default:
		return fmt.Errorf("no statement for this test: %T", s)
	}
	return nil
}

func (w *world) create(b *bind.Binder, using bind.Connectors, s *ast.CreateRelation, own string) error {
	switch {
	case s.Kind == ast.Sink:
		o, err := b.Sink(s, using, own)
		if err != nil {
			return err
		}
		w.catalog.Put(o)
	case s.Kind == ast.Table && !bind.HasConnector(s):
		o, err := b.MemoryTable(s, own)
		if err != nil {
			return err
		}
		o.Rows = &table{rowsOf(o.Name, o.Schema(), nil)}
		w.catalog.Put(o)
	default:
		o, err := b.Source(s, using, own)
		if err != nil {
			return err
		}
		w.catalog.Put(o)
	}
	return nil
}

// render shows every mistake that err joins.
func render(err error, text string) string {
	var out []string
	for _, e := range exprbind.Mistakes(err) {
		out = append(out, e.Render(text))
	}
	var syntax *exprparse.Error
	switch {
	case errors.As(err, &syntax):
		out = []string{syntax.Render(text)}
	case out == nil:
		out = []string{err.Error()}
	}
	return strings.Join(out, "\n") + "\n"
}

// TestScripts runs the scripts of testdata: each block's statements, over what the file tables.txt and the blocks before it made.
func TestScripts(t *testing.T) {
	paths, err := filepath.Glob("testdata/*/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.ToSlash(path), ".txt"), func(t *testing.T) {
			w := newWorld()
			prepare(t, w)
			blocks := readScript(t, path)
			for _, b := range blocks {
				if b.text == "" {
					continue
				}
				got := w.run(b.text)
				if *update {
					b.answer = got
				} else if got != b.answer {
					t.Errorf("%s:%d: %sgot\n%swant\n%s", path, b.line, b.text, got, b.answer)
				}
			}
			if *update {
				writeScript(t, path, blocks)
			}
		})
	}
}

// prepare makes the tables that scripts read.
func prepare(tb testing.TB, w *world) {
	tb.Helper()
	raw, err := os.ReadFile("testdata/tables.sql")
	if err != nil {
		tb.Fatal(err)
	}
	if got := w.run(string(raw)); got != "ok\n" {
		tb.Fatal(got)
	}
}
