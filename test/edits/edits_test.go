package edits_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/plan/evolve"
	"wire.example/wire/internal/plan/logical"
)

// file is a sink with a name.
func file(name string) string {
	return fmt.Sprintf("CREATE SINK %s WITH (connector = 'file', path = '/%s.jsonl', format = 'json', if_exists = 'replace');\n", name, name)
}

const (
	groups  = `INSERT INTO out SELECT customer, count(*) AS n, sum(amount) AS total FROM orders GROUP BY customer;`
	minutes = `INSERT INTO out SELECT customer, window_start, count(*) AS n, sum(amount) AS total FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(at), INTERVAL '1 minute')) GROUP BY customer, window_start, window_end;`
	hops    = `INSERT INTO out SELECT customer, window_start, count(*) AS n, sum(amount) AS total FROM TABLE(HOP(TABLE orders, DESCRIPTOR(at), INTERVAL '20 seconds', INTERVAL '1 minute')) GROUP BY customer, window_start, window_end;`
	joined  = `INSERT INTO out SELECT o.id, o.amount, m.note FROM orders o JOIN more m ON o.amount = m.id;`
	more    = `CREATE SOURCE more (id INT, customer INT, amount INT, note TEXT) WITH (connector = 'file', path = '/more.jsonl', format = 'json');
`
)

// edits keep state: their answers are those of a run without an edit.
var edits = []struct {
	name     string
	old, now string
	verdicts string
	// reason is in what is said of the change.
	reason string
	// sinks are the files to compare; out if empty.
	sinks    []string
	emit     logical.EmitMode
	accepted evolve.Accepted
}{
	{name: "nothing", old: source + file("out") + groups, now: source + file("out") + groups, verdicts: "kept"},
	{name: "another amount of memory", old: source + file("out") + groups, now: "SET memory = '64MB';" + source + file("out") + groups, verdicts: "kept"},
	{
		name: "a filter after state", old: source + file("out") + groups, verdicts: "kept",
		now: source + file("out") + `INSERT INTO out SELECT customer, count(*) AS n, sum(amount) AS total FROM orders GROUP BY customer HAVING sum(amount) % 2 = 0;`,
	},
	{
		name: "a column in the projection after state", old: source + file("out") + groups, verdicts: "kept",
		now: source + file("out") + `INSERT INTO out SELECT customer, count(*) AS n, sum(amount) AS total, sum(amount) * 2 AS twice, 'x' AS mark FROM orders GROUP BY customer;`,
	},
	{
		name: "a column less in the projection after state", old: source + file("out") + groups, verdicts: "kept",
		now: source + file("out") + `INSERT INTO out SELECT total FROM (SELECT customer, count(*) AS n, sum(amount) AS total FROM orders GROUP BY customer) g WHERE n > 0;`,
	},
	{
		name: "an aggregate less", old: source + file("out") + groups, verdicts: "transformed", reason: "count(*) is dropped",
		now: source + file("out") + `INSERT INTO out SELECT customer, sum(amount) AS total FROM orders GROUP BY customer;`,
	},
	{
		name: "aggregates in another order", old: source + file("out") + groups, verdicts: "transformed", reason: "another order",
		now: source + file("out") + `INSERT INTO out SELECT sum(amount) AS total, customer, count(*) AS n FROM orders GROUP BY customer;`,
	},
	{
		name: "everything renamed", verdicts: "kept", reason: "",
		old: source + file("out") + `INSERT INTO out WITH g AS (SELECT customer AS who, count(*) AS n FROM orders GROUP BY customer) SELECT who, n FROM g;`,
		now: strings.ReplaceAll(source, "orders (", "purchases (") + file("out") +
			`CREATE VIEW per AS SELECT p.customer AS c, count(*) AS k FROM purchases p GROUP BY p.customer; INSERT INTO out SELECT c AS who, k AS n FROM per;`,
	},
	{
		name: "wider keys and arguments", old: source + file("out") + groups, verdicts: "transformed", reason: "key 1 was INTEGER, is BIGINT",
		now: strings.ReplaceAll(strings.ReplaceAll(source, "customer INT", "customer BIGINT"), "amount INT", "amount BIGINT") + file("out") + groups,
	},
	{
		name: "a wider NUMERIC and a wider REAL", verdicts: "transformed", reason: "NUMERIC(12,2)",
		old: source + file("out") + `INSERT INTO out SELECT price, weight, count(*) AS n, max(note) AS note FROM orders GROUP BY price, weight;`,
		now: strings.NewReplacer("NUMERIC(10,2)", "NUMERIC(12,2)", "REAL", "DOUBLE", "VARCHAR(20)", "TEXT").Replace(source) + file("out") +
			`INSERT INTO out SELECT price, weight, count(*) AS n, max(note) AS note FROM orders GROUP BY price, weight;`,
	},
	{
		name: "DISTINCT beside others, and one of them gone", verdicts: "transformed",
		old: source + file("out") + `INSERT INTO out SELECT customer, count(DISTINCT amount) AS d, min(id) AS low, string_agg(note, ',' ORDER BY id DESC) AS notes FROM orders GROUP BY customer;`,
		now: source + file("out") + `INSERT INTO out SELECT customer, string_agg(note, ',' ORDER BY id DESC) AS notes, count(DISTINCT amount) AS d FROM orders GROUP BY customer;`,
	},
	{
		name: "DISTINCT gone", verdicts: "transformed",
		old: source + file("out") + `INSERT INTO out SELECT customer, count(DISTINCT amount) AS d, sum(amount) AS total FROM orders GROUP BY customer;`,
		now: source + file("out") + groups[:0] + `INSERT INTO out SELECT customer, sum(amount) AS total FROM orders GROUP BY customer;`,
	},
	{
		name: "DISTINCT of a wider type", verdicts: "transformed",
		old: source + file("out") + `INSERT INTO out SELECT customer, count(DISTINCT amount) AS d FROM orders GROUP BY customer;`,
		now: strings.ReplaceAll(source, "amount INT", "amount BIGINT") + file("out") + `INSERT INTO out SELECT customer, count(DISTINCT amount) AS d FROM orders GROUP BY customer;`,
	},
	{
		name: "without keys", verdicts: "transformed",
		old: source + file("out") + `INSERT INTO out SELECT count(*) AS n, sum(amount) AS total FROM orders;`,
		now: source + file("out") + `INSERT INTO out SELECT sum(amount) AS total FROM orders;`,
	},
	{
		name: "windows with an aggregate less", old: source + file("out") + minutes, verdicts: "transformed",
		now: source + file("out") + strings.ReplaceAll(minutes, "count(*) AS n, ", ""),
	},
	{
		name: "hopping windows with an aggregate less", verdicts: "transformed", old: source + file("out") + strings.ReplaceAll(hops, "count(*) AS n", "max(amount) AS n"),
		now: source + file("out") + strings.ReplaceAll(hops, "count(*) AS n, ", ""),
	},
	{
		name: "windows of wider keys", old: source + file("out") + minutes, verdicts: "transformed",
		now: strings.ReplaceAll(source, "customer INT", "customer BIGINT") + file("out") + minutes,
	},
	{
		name: "another watermark", old: source + file("out") + minutes, verdicts: "kept", reason: "",
		now: strings.ReplaceAll(source, "5 seconds", "30 seconds") + file("out") + minutes,
	},
	{
		name: "a time to live", old: source + file("out") + groups, verdicts: "transformed", reason: "forgotten now", emit: logical.EmitChanges,
		now: "SET ttl = '1 day';" + source + file("out") + groups,
	},
	{
		name: "another time to live", old: "SET ttl = '2 days';" + source + file("out") + groups, verdicts: "kept", reason: "time to live", emit: logical.EmitChanges,
		now: "SET ttl = '1 day';" + source + file("out") + groups,
	},
	{
		name: "a join", old: source + more + file("out") + joined, verdicts: "kept",
		now: source + more + file("out") + `INSERT INTO out SELECT o.id, m.note FROM orders o JOIN more m ON o.amount = m.id;`,
	},
}

func TestEdits(t *testing.T) {
	for _, c := range edits {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				m, _ := w.must(leg{script: c.old, lanes: 2, blocks: half, emit: c.emit})
				if m.Finished {
					t.Fatal("nothing is left to read")
				}
				_, e := w.must(leg{script: c.now, lanes: 3, from: m, accepted: c.accepted, emit: c.emit})
				if got := verdicts(e); got != c.verdicts {
					t.Errorf("%s, should be %s\n%s", got, c.verdicts, e.Table())
				}
				if !strings.Contains(e.Table(), c.reason) {
					t.Errorf("nothing is said of %q:\n%s", c.reason, e.Table())
				}
				want := newWorld(t, false)
				want.must(leg{script: c.now, lanes: 2, emit: c.emit})
				got, should := w.lines("/out.jsonl"), want.lines("/out.jsonl")
				if c.emit == logical.EmitChanges {
					got, should = replay(t, w, "/out.jsonl"), replay(t, want, "/out.jsonl")
				}
				if strings.Contains(c.name, "an aggregate less") { // windows that had closed have it
					n := regexp.MustCompile(`"n":\d+,`)
					for i := range got {
						got[i] = n.ReplaceAllString(got[i], "")
					}
					slices.Sort(got)
				}
				if !slices.Equal(got, should) {
					t.Errorf("%d rows, should be %d\n%s", len(got), len(should), difference(got, should))
				}
			})
		})
	}
}

func difference(got, want []string) string {
	var b strings.Builder
	for _, side := range []struct {
		name string
		a, b []string
	}{{"more", got, want}, {"missing", want, got}} {
		shown := 0
		for _, row := range side.a {
			if !slices.Contains(side.b, row) && shown < 4 {
				fmt.Fprintf(&b, "%s: %s\n", side.name, row)
				shown++
			}
		}
	}
	return b.String()
}

// refused are edits that lose state.
var refused = []struct {
	name, old, now, reason string
	accepted               evolve.Accepted
}{
	{name: "other keys", old: source + file("out") + groups, now: source + file("out") + `INSERT INTO out SELECT amount, count(*) AS n, sum(amount) AS total FROM orders GROUP BY amount;`, reason: "it groups by orders.amount, and grouped by orders.customer"},
	{name: "another filter", old: source + file("out") + groups, now: source + file("out") + strings.ReplaceAll(groups, "FROM orders", "FROM orders WHERE amount > 5"), reason: "the filter before it was none, is (orders.amount > 5)"},
	{name: "another window", old: source + file("out") + minutes, now: source + file("out") + strings.ReplaceAll(minutes, "1 minute", "2 minutes"), reason: "its windows were TUMBLE size 1m0s, are TUMBLE size 2m0s"},
	{name: "another condition", old: source + more + file("out") + joined, now: source + more + file("out") + strings.ReplaceAll(joined, "o.amount = m.id", "o.amount = m.customer"), reason: "its condition was orders.amount = more.id"},
	{name: "a narrower type", old: source + file("out") + groups, now: strings.ReplaceAll(source, "customer INT", "customer SMALLINT") + file("out") + groups, reason: "key 1 was INTEGER, is SMALLINT"},
	{name: "another file", old: source + file("out") + groups, now: strings.ReplaceAll(source, "/orders", "/more") + file("out") + groups, reason: "option path is another"},
	{name: "no groups any more", old: source + file("out") + groups, now: source + file("out") + `INSERT INTO out SELECT customer FROM orders;`, reason: "nothing computes it for sink out any more"},
	{name: "a step of another kind", old: source + file("out") + groups, now: source + file("out") + `INSERT INTO out SELECT id, row_number() OVER (PARTITION BY customer ORDER BY id) AS r FROM orders;`, reason: "out.over (window functions) takes its place in sink out, and keeps other state"},
	{name: "a new aggregate", old: source + file("out") + groups, now: source + file("out") + strings.ReplaceAll(groups, "AS total", "AS total, max(id) AS high"), reason: "--accept-partial"},
	{name: "a source less", old: source + more + file("out") + `INSERT INTO out SELECT amount, count(*) AS n FROM (SELECT amount FROM orders UNION ALL SELECT amount FROM more) u GROUP BY amount;`, now: source + file("out") + `INSERT INTO out SELECT amount, count(*) AS n FROM orders GROUP BY amount;`, reason: "its state has rows of more, which come no more"},
}

func TestRefusedEdits(t *testing.T) {
	for _, c := range refused {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, true)
			m, _ := w.must(leg{script: c.old, lanes: 2, blocks: half})
			_, e, err := w.run(leg{script: c.now, lanes: 2, from: m})
			if !errors.Is(err, engine.ErrRefused) || !strings.Contains(err.Error(), c.reason) || !e.Loses() {
				t.Fatalf("%v, should say %q\n%s", err, c.reason, e.Table())
			}
			m, _ = w.must(leg{script: c.now, lanes: 2, from: m, accepted: evolve.Accepted{Reset: []string{"all"}}})
			if !m.Finished {
				t.Error("it did not come to its end")
			}
		})
	}
}

// TestNumbersDoNotTurn: first rows whose number is selected come of other steps at the end than as they change. The reason says so, and that without the number they go on.
func TestNumbersDoNotTurn(t *testing.T) {
	const first = `INSERT INTO out SELECT id, customer, r FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY amount DESC, id) AS r FROM orders) t WHERE r <= 3;`
	for _, c := range []struct {
		name     string
		was, now logical.EmitMode
		reason   string
	}{
		{"from the end to changes", logical.EmitFinal, logical.EmitChanges, "the row number is selected: at the end it comes of window functions over all rows, and as answers change of the first rows alone, whose state is another"},
		{"from changes to the end", logical.EmitChanges, logical.EmitFinal, "the row number is selected: as answers change it came of the first rows alone, and at the end it comes of window functions over all rows, which were not kept"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, true)
			script := source + file("out") + first
			m, _ := w.must(leg{script: script, lanes: 2, blocks: half, emit: c.was})
			_, e, err := w.run(leg{script: script, lanes: 2, from: m, emit: c.now})
			if reason := c.reason + "; a query that does not select the number keeps its state; accept that with --allow-reset out.t.over"; !errors.Is(err, engine.ErrRefused) || !strings.Contains(err.Error(), reason) {
				t.Fatalf("%v, should say %q\n%s", err, reason, e.Table())
			}
			if m, _ = w.must(leg{script: script, lanes: 2, from: m, emit: c.now, accepted: evolve.Accepted{Reset: []string{"out.t.over"}}}); !m.Finished {
				t.Error("it did not come to its end")
			}
			w = newWorld(t, true)
			script = source + file("out") + strings.Replace(first, "customer, r FROM", "customer FROM", 1)
			m, _ = w.must(leg{script: script, lanes: 2, blocks: half, emit: c.was})
			if _, e, err = w.run(leg{script: script, lanes: 2, from: m, emit: c.now}); err != nil || e.Loses() {
				t.Errorf("without the number: %v\n%s", err, e.Table())
			}
		})
	}
}
