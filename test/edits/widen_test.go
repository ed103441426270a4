package edits_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/plan/logical"
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

// Rows that joins, first rows, window functions and set operations keep go on with wider types.
func TestWiderTypesOfRows(t *testing.T) {
	wider := strings.NewReplacer("id INT", "id BIGINT", "customer INT", "customer BIGINT", "amount INT", "amount BIGINT", "weight REAL", "weight DOUBLE", "NUMERIC(10,2)", "NUMERIC(12,2)", "VARCHAR(20)", "TEXT")
	for name, c := range map[string]struct {
		query string
		emit  logical.EmitMode
	}{
		"hash join":       {`SELECT o.id, o.amount, o.price, o.weight, m.id AS other, m.note FROM orders o JOIN more m ON o.amount = m.customer AND m.id < 11000`, logical.EmitFinal},
		"changing join":   {`SELECT o.id, o.weight, o.price, m.n FROM orders o JOIN (SELECT customer, count(*) AS n FROM more GROUP BY customer) m ON o.amount = m.customer`, logical.EmitChanges},
		"left join":       {`SELECT o.id, o.weight, m.id AS other FROM orders o LEFT JOIN (SELECT DISTINCT id FROM more WHERE id < 12000) m ON o.id + 10000 = m.id`, logical.EmitChanges},
		"IN":              {`SELECT o.id, o.weight FROM orders o WHERE o.amount IN (SELECT max(amount) FROM more GROUP BY customer)`, logical.EmitChanges},
		"interval join":   {`SELECT a.id, a.weight, b.id AS other FROM orders a JOIN orders b ON a.customer = b.customer AND b.at BETWEEN a.at AND a.at + INTERVAL '15 seconds'`, logical.EmitChanges},
		"window join":     {`SELECT a.id, a.weight, b.id AS other FROM (SELECT * FROM TUMBLE(orders, at, INTERVAL '1 minute')) a JOIN (SELECT * FROM TUMBLE(orders, at, INTERVAL '1 minute')) b ON a.customer = b.customer AND a.window_start = b.window_start AND a.window_end = b.window_end WHERE b.amount = 50`, logical.EmitChanges},
		"temporal join":   {`SELECT o.id, o.weight, r.amount FROM orders o LEFT JOIN rates FOR SYSTEM_TIME AS OF o.at r ON o.customer = r.customer`, logical.EmitChanges},
		"first row":       {`SELECT id, customer, weight, price FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY at DESC) AS r FROM orders) t WHERE r = 1`, logical.EmitChanges},
		"first rows":      {`SELECT id, customer, weight, price FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY amount DESC, id) AS r FROM orders) t WHERE r <= 3`, logical.EmitChanges},
		"first of all":    {`SELECT id, customer, weight, price FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY amount DESC, id) AS r FROM orders) t WHERE r <= 3 ORDER BY amount DESC, id LIMIT 7`, logical.EmitChanges},
		"window function": {`SELECT id, weight, price, sum(amount) OVER (PARTITION BY customer ORDER BY amount DESC, id) AS s FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY amount DESC, id) AS r FROM orders) t WHERE r <= 30`, logical.EmitChanges},
		"except":          {`SELECT id, customer, weight, price FROM orders EXCEPT SELECT id - 10000, customer, weight, price FROM more WHERE id < 12000`, logical.EmitChanges},
		"intersect":       {`SELECT amount, weight FROM orders INTERSECT SELECT amount, weight FROM more`, logical.EmitChanges},
	} {
		t.Run(name, func(t *testing.T) {
			script := source + file("out") + "INSERT INTO out " + c.query + ";"
			if strings.Contains(c.query, "more") {
				script = strings.Replace(more, "note TEXT", "note TEXT, weight REAL, price NUMERIC(10,2)", 1) + script
			}
			if strings.Contains(c.query, "rates") {
				script = rates + script
			}
			for _, lanes := range []int{1, 3} {
				w, want := newWorld(t, true), newWorld(t, true)
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
		})
	}
}
