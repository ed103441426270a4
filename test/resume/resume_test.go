package resume_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"wire.example/wire/internal/cli/result"
	"wire.example/wire/internal/connect/memory"
	"wire.example/wire/internal/connect/registry"
	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/flow"
	formats "wire.example/wire/internal/format/registry"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/sql/bind"
	"wire.example/wire/internal/sql/session"
	"wire.example/wire/sdk/batch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// queries are asked over the tables of schema. Their answers do not depend on the order in which rows come; those that are ordered are
// compared row by row.
var queries = []struct {
	text    string
	ordered bool
}{
	{`SELECT id, amount * 2 FROM orders WHERE amount > 50`, false},
	{`SELECT customer, count(*), sum(amount), min(note), bool_or(paid) FROM orders GROUP BY customer`, false},
	{`SELECT count(*), avg(weight), sum(weight), count(DISTINCT customer) FROM orders`, false},
	{`SELECT count(*) FROM orders WHERE false`, false},
	{`SELECT customer % 5, stddev(amount), count(*) FILTER (WHERE note IS NULL) FROM orders GROUP BY 1 HAVING count(*) > 10`, false},
	{`SELECT o.id, c.name FROM orders o JOIN customers c ON o.customer = c.id`, false},
	{`SELECT o.id, c.name FROM orders o LEFT JOIN customers c ON o.customer = c.id AND o.amount > c.id`, false},
	{`SELECT o.id, c.name FROM orders o FULL JOIN customers c ON o.customer = c.id`, false},
	{`SELECT c.city, count(*), sum(o.amount) FROM orders o JOIN customers c ON o.customer = c.id GROUP BY c.city ORDER BY 3 DESC, 1 LIMIT 7`, true},
	{`SELECT name FROM customers WHERE id IN (SELECT customer FROM orders WHERE amount > 90)`, false},
	{`SELECT name FROM customers c WHERE NOT EXISTS (SELECT FROM orders o WHERE o.customer = c.id)`, false},
	{`SELECT a.id, b.id FROM orders a JOIN orders b ON a.customer = b.customer AND a.id < b.id WHERE a.amount = b.amount`, false},
	{`SELECT DISTINCT customer, paid FROM orders`, false},
	{`SELECT customer FROM orders EXCEPT SELECT id FROM customers`, false},
	{`SELECT customer FROM orders INTERSECT SELECT id FROM customers`, false},
	{`SELECT id FROM orders UNION ALL SELECT id FROM customers`, false},
	{`SELECT id, amount, note FROM orders ORDER BY amount DESC NULLS LAST, id`, true},
	{`SELECT id FROM orders ORDER BY weight, id LIMIT 20 OFFSET 5`, true},
	{`SELECT id, row_number() OVER (PARTITION BY customer ORDER BY id), sum(amount) OVER (PARTITION BY customer ORDER BY id) FROM orders`, false},
	{`SELECT max(n), min(n) FROM (SELECT customer, count(*) AS n FROM orders GROUP BY customer) g`, false},
	{`SELECT city, count(*) FROM customers GROUP BY ROLLUP (city) ORDER BY 1`, true},
	{`SELECT o.id, (SELECT name FROM customers c WHERE c.id = o.customer) FROM orders o`, false},
	{`SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (3, NULL)) v (n, t)`, false},
	{`SELECT 1`, false},
}

const schema = `
CREATE TABLE orders (id BIGINT, customer BIGINT, amount NUMERIC(8,2), weight DOUBLE PRECISION, note TEXT, paid BOOLEAN)
	WITH (connector = 'file', path = '/orders.jsonl', format = 'json');
CREATE TABLE customers (id BIGINT, name TEXT, city TEXT) WITH (connector = 'file', path = '/customers.jsonl', format = 'json');`

// files writes the tables' files.
func files(t *testing.T) vfs.FS {
	t.Helper()
	fsys, random := vfs.NewMem(), rand.New(rand.NewPCG(7, 7))
	var orders, customers strings.Builder
	for i := range 1500 {
		note := fmt.Sprintf("%q", strings.Repeat("note ", random.IntN(6))+fmt.Sprint(random.IntN(50)))
		if random.IntN(5) == 0 {
			note = "null"
		}
		fmt.Fprintf(&orders, `{"id":%d,"customer":%d,"amount":%d.%02d,"weight":%g,"note":%s,"paid":%v}`+"\n",
			i, random.IntN(80), random.IntN(100), random.IntN(4)*25, random.Float64()*1e6, note, random.IntN(2) == 0)
	}
	for i := range 60 {
		fmt.Fprintf(&customers, `{"id":%d,"name":"customer number %d","city":"city %d"}`+"\n", i, i, i%7)
	}
	for path, text := range map[string]string{"/orders.jsonl": orders.String(), "/customers.jsonl": customers.String()} {
		if err := vfs.WriteFile(fsys, path, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	return fsys
}

// answer is a session's handler that renders rows.
type answer struct {
	out    bytes.Buffer
	writer result.Writer
}

func (a *answer) Begin(columns []session.Column) error {
	list := make([]result.Column, len(columns))
	for i, c := range columns {
		list[i] = result.Column{Name: c.Name, Type: c.Type}
	}
	a.out.Reset()
	a.writer = result.New(&a.out, result.CSV, list, result.Course{})
	return nil
}

func (a *answer) Rows(_ context.Context, b *batch.Batch) error { return a.writer.Rows(b) }

func (a *answer) Done(string) error {
	if a.writer == nil {
		return nil
	}
	return a.writer.End()
}

func (a *answer) Notice(string) {}

// pieces is an executor that runs each plan in pieces.
type pieces struct {
	t        *testing.T
	settings flow.Settings
	random   *rand.Rand // nil: straight, with one lane
	legs     int        // of the last plan
	kills    int        // legs that were killed
	rows     []*batch.Appender
}

// Run runs the plan: each piece stops after some blocks, and is resumed at another parallelism. Only the number of tasks differs between the plans,
// so that the names of steps are the same.
func (p *pieces) Run(ctx context.Context, l *logical.Plan) error {
	plan, err := engine.Plan(ctx, l, 1)
	if err != nil {
		return err
	}
	s := p.settings
	out := plan.Sinks[0].Config.(*memory.Output)
	give := out.Take
	out.Take = p.take
	for p.legs = 1; ; p.legs++ {
		run := p.leg
		if p.random != nil {
			plan = physical.New(l, 1+p.random.IntN(4))
			s.QueueDepth, s.StopAfter = 1+p.random.IntN(3), 1+p.random.Int64N(12)
			if p.random.IntN(3) == 0 {
				run, s.StopAfter = p.killed, 0
			}
		}
		outcome, err := run(ctx, plan, s)
		if err != nil {
			return err
		}
		if outcome.Finished {
			break
		}
		if outcome.Manifest != nil {
			s.Resume = outcome.Manifest
		}
		p.forget(plan.Sinks[0].Name, s.Resume)
	}
	for _, a := range p.rows {
		if err := give(ctx, a.Batch()); err != nil {
			return err
		}
	}
	return nil
}

// take keeps rows.
func (p *pieces) take(_ context.Context, b *batch.Batch) error {
	a := batch.NewAppender(p.settings.Pool)
	a.Append(b, b.Sel)
	p.rows = append(p.rows, a)
	return nil
}

// forget drops the rows that came after the sink's state in m: those of a run that was killed.
func (p *pieces) forget(sink string, m *flow.Manifest) {
	var state struct {
		Rows int `json:"rows"`
	}
	if m != nil {
		if err := json.Unmarshal(m.Sinks[sink], &state); err != nil {
			p.t.Fatal(err)
		}
	}
	for i, a := range p.rows {
		if a.Rows() > state.Rows {
			whole := p.rows[i]
			p.rows = p.rows[:i]
			var rows []uint16
			for r := range state.Rows {
				rows = append(rows, uint16(r))
			}
			if len(rows) > 0 {
				part := batch.NewAppender(p.settings.Pool)
				part.Append(whole.Batch(), rows)
				p.rows = append(p.rows, part)
			}
			return
		}
		state.Rows -= a.Rows()
	}
}

// killed is a leg with barriers at any time that ends without warning, some time after one of its manifests was stored, or with the input.
func (p *pieces) killed(ctx context.Context, plan *physical.Plan, s flow.Settings) (flow.Outcome, error) {
	p.kills++
	ctx, kill := context.WithCancel(ctx)
	defer kill()
	manual := clock.NewManual(clock.System().Now())
	s.Clock, s.EpochEvery, s.EpochBounded, s.ManifestPath = manual, 1, true, "/m"
	left := 1 + p.random.IntN(5)
	store := s.FS
	var last *flow.Manifest
	s.FS = vfs.Watch(store, func(o vfs.Op) {
		if o.Call != vfs.CallRename || o.NewPath != "/m" {
			return
		}
		var err error
		if last, err = flow.ReadManifest(store, "/m"); err != nil {
			p.t.Error(err)
		}
		if left--; left == 0 {
			kill()
		}
	})
	var ticks sync.WaitGroup
	ticks.Go(func() {
		for ctx.Err() == nil {
			manual.Advance(1)
			runtime.Gosched()
		}
	})
	outcome, err := p.leg(ctx, plan, s)
	kill()
	ticks.Wait()
	if errors.Is(err, context.Canceled) {
		return flow.Outcome{Manifest: last}, nil
	}
	return outcome, err
}

func (p *pieces) leg(ctx context.Context, plan *physical.Plan, s flow.Settings) (flow.Outcome, error) {
	s.Budget = limit.New("query", 64<<20)
	pipeline, err := flow.Build(ctx, plan, s)
	if err != nil {
		return flow.Outcome{}, err
	}
	outcome, err := pipeline.Run(ctx, nil)
	report := pipeline.Report()
	if err = errors.Join(err, pipeline.Close()); err == nil && !report.Balanced() {
		p.t.Errorf("the account does not add up: %+v", report.Steps)
	}
	if used := s.Budget.Used(); used != 0 {
		p.t.Errorf("%d bytes are still reserved", used)
	}
	return outcome, err
}

// Explain is not asked for.
func (p *pieces) Explain(context.Context, *logical.Plan, session.Explanation) ([]string, error) {
	return nil, errors.New("no plans are shown here")
}

// ask returns the rows of a query, sorted unless they are ordered.
func ask(t *testing.T, p *pieces, query string, ordered bool) []string {
	t.Helper()
	r := registry.New(registry.Environment{FS: p.settings.FS, Clock: p.settings.Clock})
	r.Formats = formats.New()
	s := session.New(session.Config{
		Executor: p, Connectors: bind.Connectors{Registry: r}, Clock: p.settings.Clock, Pool: p.settings.Pool, Name: "test",
	})
	var a answer
	if err := s.Execute(t.Context(), schema, &a); err != nil {
		t.Fatal(err)
	}
	if err := s.Execute(t.Context(), query, &a); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	rows := strings.Split(strings.TrimSuffix(a.out.String(), "\n"), "\n")
	if !ordered {
		slices.Sort(rows)
	}
	return rows
}

func TestQueriesInPieces(t *testing.T) {
	settings := flow.Settings{Pool: &batch.Pool{}, Clock: clock.System(), FS: files(t), Log: slog.New(slog.DiscardHandler), BlockBytes: 1024}
	kills := 0
	for i, query := range queries {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			want := ask(t, &pieces{t: t, settings: settings}, query.text, query.ordered)
			legs := 0
			for seed := range uint64(8) {
				p := &pieces{t: t, settings: settings, random: rand.New(rand.NewPCG(seed, uint64(i)))}
				if got := ask(t, p, query.text, query.ordered); !slices.Equal(got, want) {
					t.Errorf("%s\nseed %d, %d pieces: %d rows, a straight run gives %d, or others\n%s", query.text, seed, p.legs, len(got), len(want), difference(got, want))
				}
				legs += p.legs
				kills += p.kills
			}
			if strings.Contains(query.text, "orders") && legs < 12 {
				t.Errorf("%s: %d pieces in 8 runs prove nothing", query.text, legs)
			}
		})
	}
	if kills < len(queries) {
		t.Errorf("%d pieces were killed", kills)
	}
}

// difference shows some rows that only one side has.
func difference(got, want []string) string {
	var b strings.Builder
	for name, sides := range map[string][2][]string{"more": {got, want}, "missing": {want, got}} {
		shown := 0
		for _, row := range sides[0] {
			if !slices.Contains(sides[1], row) && shown < 3 {
				fmt.Fprintf(&b, "%s: %s\n", name, row)
				shown++
			}
		}
	}
	return b.String()
}
