package edits_test

import (
	"fmt"
	"slices"
	"testing"
)

// keepers are queries that keep rows, of few columns of their sources.
var keepers = []struct{ name, query string }{
	{"a join", `INSERT INTO out SELECT o.id, m.note FROM orders o JOIN more m ON o.id = m.id - 10000;`},
	{"an outer join of queries", `INSERT INTO out SELECT o.id, m.note FROM (SELECT * FROM orders) o LEFT JOIN (SELECT * FROM more) m ON o.id = m.customer;`},
	{"EXISTS", `INSERT INTO out SELECT id FROM orders o WHERE EXISTS (SELECT 1 FROM more m WHERE m.customer = o.amount);`},
	{"a join with itself", `INSERT INTO out SELECT a.id, b.note FROM orders a JOIN orders b ON a.id = b.id;`},
	{"a join within bounds of time", `INSERT INTO out SELECT a.id, b.weight FROM orders a JOIN orders b ON a.amount = b.amount AND b.at BETWEEN a.at - INTERVAL '1 second' AND a.at + INTERVAL '1 second';`},
	{"first rows", `INSERT INTO out SELECT id, note FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY amount DESC, id) AS r FROM orders) t WHERE r <= 3;`},
	{"first rows of all", `INSERT INTO out SELECT id FROM (SELECT * FROM orders ORDER BY amount, id LIMIT 10) t;`},
	{"a sort", `INSERT INTO out SELECT id FROM orders ORDER BY amount, id;`},
	{"window functions", `INSERT INTO out SELECT id, s FROM (SELECT *, sum(amount) OVER (PARTITION BY customer ORDER BY at, id) AS s FROM orders) t;`},
	{"rows of sessions", `INSERT INTO out SELECT id, window_start FROM SESSION(orders PARTITION BY customer, at, INTERVAL '8 seconds');`},
}

// TestAnotherQueryBesideRows: what a step keeps of a source's rows does not depend on which columns others read of them.
func TestAnotherQueryBesideRows(t *testing.T) {
	const (
		others = `INSERT INTO second SELECT id, customer, amount, price, weight, note FROM orders WHERE id % 2 = 0; INSERT INTO third SELECT note, customer, amount, id FROM more;`
		both   = source + more
	)
	for _, c := range keepers {
		alone := both + file("out") + c.query
		beside := both + file("out") + c.query + file("second") + file("third") + others
		for _, edit := range []struct{ name, old, now string }{{"comes", alone, beside}, {"goes", beside, alone}} {
			t.Run(fmt.Sprintf("%s/another %s", c.name, edit.name), stored(func(t *testing.T, w *world) {
				m, _ := w.must(leg{script: edit.old, lanes: 2, blocks: half})
				if m.Finished {
					t.Fatal("nothing is left to read")
				}
				_, e := w.must(leg{script: edit.now, lanes: 3, from: m})
				if got := verdicts(e); got != "kept" {
					t.Errorf("%s, should be kept\n%s", got, e.Table())
				}
				got, want := w.lines("/out.jsonl"), straight(t, alone, "/out.jsonl", 0)
				if !slices.Equal(got, want) {
					t.Errorf("%d rows, should be %d\n%s", len(got), len(want), difference(got, want))
				}
			}))
		}
	}
}
