package edits_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/state/store"
)

// rates is a table whose rows change.
const rates = `CREATE TABLE rates (customer INT PRIMARY KEY, amount INT, at TIMESTAMPTZ, WATERMARK FOR at AS at - INTERVAL '5 seconds')
	WITH (connector = 'file', path = '/rates.jsonl', format = 'json', changelog = true);
`

func (w *world) writeRates() {
	w.t.Helper()
	var b strings.Builder
	for i := range rows {
		op := "+U"
		if i < 7 {
			op = "+I"
		}
		fmt.Fprintf(&b, `{"op":"%s","customer":%d,"amount":%d,"at":"2026-01-01T%02d:%02d:%02dZ"}`+"\n", op, i%7, i, i/3600, i/60%60, i%60)
	}
	w.write("/rates.jsonl", b.String())
}

// widerTypes makes the types of sources wider.
func widerTypes() *strings.Replacer {
	return strings.NewReplacer("id INT", "id BIGINT", "customer INT", "customer BIGINT", "amount INT", "amount BIGINT", "weight REAL", "weight DOUBLE", "NUMERIC(10,2)", "NUMERIC(12,2)", "VARCHAR(20)", "TEXT")
}

// Rows that joins, first rows, window functions and set operations keep go on with wider types.
func TestWiderTypesOfRows(t *testing.T) {
	wider := widerTypes()
	for name, c := range map[string]struct {
		query string
		emit  logical.EmitMode
	}{
		"hash join":        {`SELECT o.id, o.amount, o.price, o.weight, m.id AS other, m.note FROM orders o JOIN more m ON o.amount = m.customer AND m.id < 11000`, logical.EmitFinal},
		"changing join":    {`SELECT o.id, o.weight, o.price, m.n FROM orders o JOIN (SELECT customer, count(*) AS n FROM more GROUP BY customer) m ON o.amount = m.customer`, logical.EmitChanges},
		"left join":        {`SELECT o.id, o.weight, m.id AS other FROM orders o LEFT JOIN (SELECT DISTINCT id FROM more WHERE id < 12000) m ON o.id + 10000 = m.id`, logical.EmitChanges},
		"IN":               {`SELECT o.id, o.weight FROM orders o WHERE o.amount IN (SELECT max(amount) FROM more GROUP BY customer)`, logical.EmitChanges},
		"interval join":    {`SELECT a.id, a.weight, b.id AS other FROM orders a JOIN orders b ON a.customer = b.customer AND b.at BETWEEN a.at AND a.at + INTERVAL '15 seconds'`, logical.EmitChanges},
		"window join":      {`SELECT a.id, a.weight, b.id AS other FROM (SELECT * FROM TUMBLE(orders, at, INTERVAL '1 minute')) a JOIN (SELECT * FROM TUMBLE(orders, at, INTERVAL '1 minute')) b ON a.customer = b.customer AND a.window_start = b.window_start AND a.window_end = b.window_end WHERE b.amount = 50`, logical.EmitChanges},
		"temporal join":    {`SELECT o.id, o.weight, r.amount FROM orders o LEFT JOIN rates FOR SYSTEM_TIME AS OF o.at r ON o.customer = r.customer`, logical.EmitChanges},
		"first row":        {`SELECT id, customer, weight, price FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY at DESC) AS r FROM orders) t WHERE r = 1`, logical.EmitChanges},
		"first rows":       {`SELECT id, customer, weight, price FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY amount DESC, id) AS r FROM orders) t WHERE r <= 3`, logical.EmitChanges},
		"first of all":     {`SELECT id, customer, weight, price FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY amount DESC, id) AS r FROM orders) t WHERE r <= 3 ORDER BY amount DESC, id LIMIT 7`, logical.EmitChanges},
		"window function":  {`SELECT id, weight, price, sum(amount) OVER (PARTITION BY customer ORDER BY amount DESC, id) AS s FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY amount DESC, id) AS r FROM orders) t WHERE r <= 30`, logical.EmitChanges},
		"sort":             {`SELECT id, customer, amount, weight, price, note FROM orders ORDER BY weight DESC, amount, id`, logical.EmitFinal},
		"first of a sort":  {`SELECT id, customer, amount, weight, price, note FROM orders ORDER BY weight DESC, amount, id LIMIT 700 OFFSET 3`, logical.EmitFinal},
		"first of groups":  {`SELECT id, customer, weight, price FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY amount DESC, id) AS r FROM orders) t WHERE r <= 3`, logical.EmitFinal},
		"sort by time":     {`SELECT id, customer, amount, weight, price, note FROM orders ORDER BY at, amount, id`, logical.EmitChanges},
		"OVER":             {`SELECT id, weight, price, sum(amount) OVER w AS s, lag(weight) OVER w AS l, first_value(amount) OVER w AS f, avg(price) OVER w AS p FROM orders WINDOW w AS (PARTITION BY customer ORDER BY amount DESC, id)`, logical.EmitFinal},
		"OVER of all":      {`SELECT id, weight, sum(amount) OVER (ORDER BY amount DESC, id) AS s FROM orders`, logical.EmitFinal},
		"OVER time":        {`SELECT id, weight, price, sum(amount) OVER w AS s, min(weight) OVER w AS l, first_value(amount) OVER w AS f, avg(price) OVER w AS p, lag(amount) OVER w AS b, row_number() OVER w AS n FROM orders WINDOW w AS (PARTITION BY customer ORDER BY at)`, logical.EmitChanges},
		"OVER time, rows":  {`SELECT id, weight, sum(amount) OVER (PARTITION BY customer ORDER BY at ROWS BETWEEN 3 PRECEDING AND CURRENT ROW) AS s FROM orders`, logical.EmitChanges},
		"OVER time, all":   {`SELECT id, weight, max(amount) OVER (ORDER BY at) AS s FROM orders`, logical.EmitChanges},
		"rows of sessions": {`SELECT window_start, window_end, weight, count(*) AS n, sum(amount) AS s FROM TABLE(SESSION(TABLE orders PARTITION BY customer, DESCRIPTOR(at), INTERVAL '8 seconds')) WHERE id % 100 < 60 GROUP BY window_start, window_end, weight`, logical.EmitChanges},
		"fold":             {`SELECT customer, n, weight FROM (SELECT customer, weight, count(*) AS n FROM orders GROUP BY customer, weight EMIT CHANGES) g`, logical.EmitFinal},
		"except":           {`SELECT id, customer, weight, price FROM orders EXCEPT SELECT id - 10000, customer, weight, price FROM more WHERE id < 12000`, logical.EmitChanges},
		"intersect":        {`SELECT amount, weight FROM orders INTERSECT SELECT amount, weight FROM more`, logical.EmitChanges},
	} {
		t.Run(name, stored(func(t *testing.T, w *world) {
			script := source + file("out") + "INSERT INTO out " + c.query + ";"
			if strings.Contains(c.query, "more") {
				script = strings.Replace(more, "note TEXT", "note TEXT, weight REAL, price NUMERIC(10,2)", 1) + script
			}
			if strings.Contains(c.query, "rates") {
				script = rates + script
			}
			for _, lanes := range []int{1, 3} {
				w, want := w.anew(), newWorld(t, false)
				w.writeRates()
				want.writeRates()
				m, _ := w.must(leg{script: script, lanes: 2, blocks: half, emit: c.emit})
				m, e := w.must(leg{script: wider.Replace(script), lanes: lanes, blocks: half, from: m, emit: c.emit})
				if e.Loses() || !strings.Contains(verdicts(e), "transformed") {
					t.Fatalf("%s", e.Table())
				}
				_, e = w.must(leg{script: wider.Replace(script), lanes: 2, from: m, emit: c.emit})
				if e.Loses() || strings.Contains(verdicts(e), "transformed") {
					t.Fatalf("%s", e.Table())
				}
				want.must(leg{script: wider.Replace(script), lanes: 2, emit: c.emit})
				got, should := w.lines("/out.jsonl"), want.lines("/out.jsonl")
				if strings.Contains(got[0], `"op"`) {
					got, should = replay(t, w, "/out.jsonl"), replay(t, want, "/out.jsonl")
				}
				if !slices.Equal(got, should) || len(got) < 5 {
					t.Errorf("%d lanes: %d rows, not %d\n%s", lanes, len(got), len(should), difference(got, should))
				}
			}
		}))
	}
}

// Rows that have left memory in sorted runs go on with wider types, too. The budget is well below what those of OVER take, the smallest.
func TestWiderTypesOfRowsInRuns(t *testing.T) {
	const many, memory = 30_000, 1000 << 10
	for name, query := range map[string]string{
		"sort":       `SELECT id, customer, amount, weight, price, note FROM orders ORDER BY weight DESC, amount, id`,
		"first rows": `SELECT id, customer, amount, weight, price, note FROM orders ORDER BY weight DESC, amount, id LIMIT 20000`,
		"OVER":       `SELECT id, weight, price, sum(amount) OVER w AS s, lag(weight) OVER w AS l FROM orders WINDOW w AS (PARTITION BY customer ORDER BY amount DESC, id)`,
	} {
		t.Run(name, stored(func(t *testing.T, w *world) {
			script := source + file("out") + "INSERT INTO out " + query + ";"
			want := newWorld(t, false)
			w.write("/orders.jsonl", orders(many))
			want.write("/orders.jsonl", orders(many))
			m, _ := w.must(leg{script: script, lanes: 2, blocks: 8 * half * 2, memory: memory})
			if w.slices(m) < 2 {
				t.Fatalf("rows have left memory in %d slices", w.slices(m))
			}
			_, e := w.must(leg{script: widerTypes().Replace(script), lanes: 3, from: m, memory: 16 << 20})
			if e.Loses() || verdicts(e) != "transformed" {
				t.Fatalf("%s", e.Table())
			}
			want.must(leg{script: widerTypes().Replace(script), lanes: 2})
			if got, should := w.lines("/out.jsonl"), want.lines("/out.jsonl"); !slices.Equal(got, should) || len(got) < many/2 {
				t.Errorf("%d rows, not %d\n%s", len(got), len(should), difference(got, should))
			}
		}))
	}
}

// slices counts the slices of the second part of the one step with state.
func (w *world) slices(m *flow.Manifest) int {
	w.t.Helper()
	seen := map[int64]bool{}
	for _, record := range m.States {
		r := w.reader()
		err := r.Scan(store.Space{Operator: record.Number, Table: 1}, 0, math.MaxUint64, func(slice int64, _ uint64, _, _ []byte) error {
			seen[slice] = true
			return nil
		})
		if err := errors.Join(err, r.Close()); err != nil {
			w.t.Fatal(err)
		}
	}
	return len(seen)
}
