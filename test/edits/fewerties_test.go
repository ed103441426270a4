package edits_test

import (
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/plan/evolve"
	"wire.example/wire/internal/plan/logical"
)

// weighted are rows whose first column is the one that is taken out: it decides which of those that are equal in an order are the first.
const weighted = `(SELECT DROPPED_T id, customer, price, amount FROM orders t) i`

// A column less of rows leaves answers as they would be, or is refused, or has to be accepted: also where steps follow each other, keep numbers of their own behind the rows, and where the column decides among equal rows.
func TestAColumnLessOfRowsAmongOthers(t *testing.T) {
	const must, mixed, refused = "", "mixed", "refused"
	for name, c := range map[string]struct{ query, how string }{
		"first row that expires":    {`SELECT id, customer, DROPPED_T price FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY at DESC) AS r FROM orders) t WHERE r = 1`, must},
		"first rows that expire":    {`SELECT id, customer, DROPPED_T price FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY amount DESC, id) AS r FROM orders) t WHERE r <= 3`, must},
		"left join, rows expire":    {`SELECT o.id, DROPPED o.price, m.note FROM orders o LEFT JOIN more m ON o.id = m.id - 10000`, must},
		"EXISTS":                    {`SELECT o.id, DROPPED o.price FROM orders o WHERE EXISTS (SELECT 1 FROM more m WHERE m.id = o.id + 10000 AND m.amount > 20)`, must},
		"NOT EXISTS":                {`SELECT o.id, DROPPED o.price FROM orders o WHERE NOT EXISTS (SELECT 1 FROM more m WHERE m.id = o.id + 10000 AND m.amount > 20)`, must},
		"OR IN":                     {`SELECT o.id, DROPPED o.price FROM orders o WHERE o.amount > 90 OR o.id IN (SELECT m.id - 10000 FROM more m WHERE m.amount < 5)`, must},
		"left joins":                {`SELECT o.id, DROPPED o.price, m.note, n.amount AS third FROM orders o LEFT JOIN more m ON o.id = m.id - 10000 LEFT JOIN more n ON n.id = m.id AND n.customer = o.customer`, must},
		"groups of a join":          {`SELECT customer, count(*) AS n, DROPPED_MAX sum(k) AS s FROM (SELECT o.customer, o.weight, m.amount AS k FROM orders o JOIN more m ON o.id = m.id - 10000) j GROUP BY customer`, must},
		"a join with itself":        {`SELECT a.id, a.amount, DROPPED_A b.amount AS c, b.customer AS k FROM orders a JOIN orders b ON a.id = b.id + 1`, must},
		"the first that came":       {`SELECT DISTINCT ON (customer) customer, DROPPED_T price, id FROM orders t`, must},
		"first rows":                {`SELECT DROPPED_I id, price, amount FROM ` + weighted + ` ORDER BY amount DESC, id LIMIT 50`, mixed},
		"equal rows":                {`SELECT DROPPED_I id, price FROM ` + weighted + ` ORDER BY amount DESC LIMIT 50`, mixed},
		"equal rows behind others":  {`SELECT DROPPED_I id, price FROM ` + weighted + ` ORDER BY amount DESC LIMIT 50 OFFSET 10`, refused},
		"equal rows with a number":  {`SELECT DROPPED_U id, price, r FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY amount DESC) AS r FROM ` + weighted + `) u WHERE r <= 30`, refused},
		"equal rows of a partition": {`SELECT DROPPED_U id, price, customer FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY amount DESC) AS r FROM ` + weighted + `) u WHERE r = 1`, mixed},
	} {
		t.Run(name, stored(func(t *testing.T, w *world) {
			script := source + more + file("out") + "INSERT INTO out " + c.query + ";"
			if strings.Contains(name, "expire") {
				script = "SET ttl = '2 days';" + script
			}
			old := strings.NewReplacer("DROPPED_MAX", "max(weight) AS weight,", "DROPPED_A", "a.weight,", "DROPPED_T", "t.weight,", "DROPPED_I", "i.weight,", "DROPPED_U", "u.weight,", "DROPPED", "o.weight,").Replace(script)
			now := strings.NewReplacer("DROPPED_MAX", "", "DROPPED_A", "", "DROPPED_T", "", "DROPPED_I", "", "DROPPED_U", "", "DROPPED", "").Replace(script)
			want := newWorld(t, false)
			m, _ := w.must(leg{script: old, lanes: 2, blocks: half, emit: logical.EmitChanges})
			next := leg{script: now, lanes: 3, blocks: half, from: m, emit: logical.EmitChanges}
			if c.how != must {
				if _, e, err := w.run(next); err == nil || !strings.Contains(err.Error(), map[string]string{mixed: "--accept-mixed", refused: "--allow-reset"}[c.how]) {
					t.Fatalf("%v\n%s", err, e.Table())
				}
				next.accepted = evolve.Accepted{Mixed: true}
			}
			if c.how == refused {
				return
			}
			m, e := w.must(next)
			if !strings.Contains(verdicts(e), "transformed") {
				t.Fatalf("%s", e.Table())
			}
			w.must(leg{script: now, lanes: 2, from: m, emit: logical.EmitChanges})
			want.must(leg{script: now, lanes: 2, emit: logical.EmitChanges})
			got, should := without(t, w.lines("/out.jsonl"), "weight"), without(t, want.lines("/out.jsonl"), "weight")
			if len(got) != len(should) || len(got) < 5 || c.how == must && !slices.Equal(got, should) {
				t.Errorf("%d rows, not %d\n%s", len(got), len(should), difference(got, should))
			}
		}))
	}
}

// Rows that a join holds until the other side has ended, with what their split had reached, go on with a column less.
func TestAColumnLessOfRowsThatAreHeld(t *testing.T) {
	script := source + more + file("out") + `INSERT INTO out SELECT window_start, k, DROPPED count(*) AS n FROM TUMBLE((SELECT o.at, GONE m.customer AS k FROM orders o JOIN more m ON o.id = m.id - 10000), at, INTERVAL '1 minute') x GROUP BY window_start, window_end, k;`
	old, now := strings.NewReplacer("DROPPED", "max(weight) AS weight,", "GONE", "o.weight,").Replace(script), strings.NewReplacer("DROPPED", "", "GONE", "").Replace(script)
	stored(func(t *testing.T, w *world) {
		want := newWorld(t, false)
		m, _ := w.must(leg{script: old, lanes: 2, blocks: half, emit: logical.EmitFinal})
		m, e := w.must(leg{script: now, lanes: 3, blocks: half, from: m, emit: logical.EmitFinal})
		if verdicts(e) != "transformed transformed" {
			t.Fatalf("%s", e.Table())
		}
		w.must(leg{script: now, lanes: 2, from: m, emit: logical.EmitFinal})
		want.must(leg{script: now, lanes: 2, emit: logical.EmitFinal})
		if got, should := w.lines("/out.jsonl"), want.lines("/out.jsonl"); !slices.Equal(got, should) || len(got) < 5 {
			t.Errorf("%d rows, not %d\n%s", len(got), len(should), difference(got, should))
		}
	})(t)
}
