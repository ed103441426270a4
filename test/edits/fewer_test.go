package edits_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/plan/logical"
)

// fewerColumns are queries from which DROPPED, a column of the rows that a step keeps, is taken out.
var fewerColumns = map[string]struct {
	query string
	emit  logical.EmitMode
}{
	"hash join":       {`SELECT o.id, o.amount, DROPPED m.id AS other, m.note FROM orders o JOIN more m ON o.amount = m.customer AND m.id < 11000`, logical.EmitFinal},
	"join":            {`SELECT o.id, DROPPED o.price, m.note FROM orders o JOIN more m ON o.id = m.id - 10000`, logical.EmitChanges},
	"left join":       {`SELECT o.id, o.note, o.at, m.note AS words, DROPPED o.price, m.id AS other FROM orders o LEFT JOIN more m ON o.id + 10000 = m.id`, logical.EmitChanges},
	"full join":       {`SELECT DROPPED o.id, m.note, m.id AS other FROM orders o FULL JOIN more m ON o.id + 10000 = m.id`, logical.EmitChanges},
	"IN":              {`SELECT o.id, DROPPED o.price FROM orders o WHERE o.amount IN (SELECT customer FROM more)`, logical.EmitChanges},
	"interval join":   {`SELECT a.id, a.weight AS w, DROPPED_AP b.id AS other FROM orders a JOIN orders b ON a.customer = b.customer AND b.at BETWEEN a.at AND a.at + INTERVAL '15 seconds'`, logical.EmitChanges},
	"window join":     {`SELECT a.id, DROPPED_A b.id AS other FROM (SELECT * FROM TUMBLE(orders, at, INTERVAL '1 minute')) a JOIN (SELECT * FROM TUMBLE(orders, at, INTERVAL '1 minute')) b ON a.customer = b.customer AND a.window_start = b.window_start AND a.window_end = b.window_end WHERE b.amount = 50`, logical.EmitChanges},
	"first row":       {`SELECT id, customer, DROPPED_T price FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY at DESC) AS r FROM orders) t WHERE r = 1`, logical.EmitChanges},
	"first rows":      {`SELECT id, DROPPED_T customer, price FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY amount DESC, id) AS r FROM orders) t WHERE r <= 3`, logical.EmitChanges},
	"both sides":      {`SELECT o.id, DROPPED DROPPED_M o.price, m.note FROM orders o JOIN more m ON o.id = m.id - 10000`, logical.EmitChanges},
	"first of groups": {`SELECT id, DROPPED_T customer, price FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY amount DESC, id) AS r FROM orders) t WHERE r <= 3`, logical.EmitFinal},
	"first of a sort": {`SELECT id, DROPPED_T customer, price, note FROM orders t ORDER BY price DESC, amount, id LIMIT 700 OFFSET 3`, logical.EmitFinal},
	"sort":            {`SELECT id, DROPPED_P customer, note FROM orders t ORDER BY weight DESC, amount, id`, logical.EmitFinal},
	"OVER":            {`SELECT id, DROPPED_P sum(weight) OVER w AS s, lag(weight) OVER w AS l FROM orders t WINDOW w AS (PARTITION BY customer ORDER BY amount DESC, id)`, logical.EmitFinal},
	"OVER of all":     {`SELECT id, DROPPED_P max(weight) OVER (ORDER BY amount DESC, id) AS s FROM orders t`, logical.EmitFinal},
	"first of all":    {`SELECT id, customer, price, DROPPED_T amount FROM orders t ORDER BY amount DESC, id LIMIT 7`, logical.EmitChanges},
}

// What a step keeps of rows goes on with a column less.
func TestAColumnLessOfRows(t *testing.T) {
	for name, c := range fewerColumns {
		t.Run(name, stored(func(t *testing.T, w *world) {
			both := source + more + file("out") + "INSERT INTO out " + c.query + ";"
			old := strings.NewReplacer("DROPPED_P", "t.price AS gone,", "DROPPED_AP", "a.price AS gone,", "DROPPED_A", "a.weight,", "DROPPED_T", "t.weight,", "DROPPED_M", "m.amount AS gone,", "DROPPED", "o.weight,").Replace(both)
			now := strings.NewReplacer("DROPPED_P", "", "DROPPED_AP", "", "DROPPED_A", "", "DROPPED_T", "", "DROPPED_M", "", "DROPPED", "").Replace(both)
			for _, lanes := range []int{1, 3} {
				w, want := w.anew(), newWorld(t, false)
				m, _ := w.must(leg{script: old, lanes: 2, blocks: half, emit: c.emit})
				m, e := w.must(leg{script: now, lanes: lanes, blocks: half, from: m, emit: c.emit})
				if e.Loses() || !strings.Contains(verdicts(e), "transformed") || !strings.Contains(e.Table(), "is not kept any more") {
					t.Fatalf("%s", e.Table())
				}
				if _, e = w.must(leg{script: now, lanes: 2, from: m, emit: c.emit}); e.Loses() || strings.Contains(verdicts(e), "transformed") {
					t.Fatalf("%s", e.Table())
				}
				want.must(leg{script: now, lanes: 2, emit: c.emit})
				got, should := without(t, w.lines("/out.jsonl"), "weight"), want.lines("/out.jsonl")
				should = without(t, should, "weight")
				if !slices.Equal(got, should) || len(got) < 5 {
					t.Errorf("%d lanes: %d rows, not %d\n%s", lanes, len(got), len(should), difference(got, should))
				}
			}
		}))
	}
}

// Rows that have left memory in sorted runs go on with a column less, too.
func TestAColumnLessOfRowsInRuns(t *testing.T) {
	const (
		many, memory = 30_000, 1500 << 10
		old          = source + `CREATE SINK out WITH (connector = 'file', path = '/out.jsonl'); INSERT INTO out SELECT id, customer, amount, weight, price, note FROM orders ORDER BY price DESC, amount, id LIMIT 20000;`
	)
	now := strings.Replace(old, "weight, price", "price", 1)
	stored(func(t *testing.T, w *world) {
		want := newWorld(t, false)
		w.write("/orders.jsonl", orders(many))
		want.write("/orders.jsonl", orders(many))
		m, _ := w.must(leg{script: old, lanes: 2, blocks: 8 * half * 2, memory: memory})
		if w.slices(m) < 2 {
			t.Fatal("no rows have left memory")
		}
		if _, e := w.must(leg{script: now, lanes: 3, from: m, memory: 16 << 20}); e.Loses() || verdicts(e) != "transformed" {
			t.Fatalf("%s", e.Table())
		}
		want.must(leg{script: now, lanes: 2})
		if got, should := w.lines("/out.jsonl"), want.lines("/out.jsonl"); !slices.Equal(got, should) || len(got) < many/2 {
			t.Errorf("%d rows, not %d\n%s", len(got), len(should), difference(got, should))
		}
	})(t)
}

// A column less is refused where rows that are taken back are found by all of their columns, where several queries' rows come together, and where nobody can tell whose rows are whose.
func TestAColumnLessThatIsRefused(t *testing.T) {
	for name, query := range map[string]string{
		"first rows of a changelog": `SELECT customer, n, DROPPED m FROM (SELECT *, row_number() OVER (ORDER BY n DESC, customer) AS r FROM (SELECT customer, count(*) AS n, max(weight) AS m FROM orders GROUP BY customer) g) t WHERE r <= 3`,
		"a join with itself":        `SELECT a.id, DROPPED b.id AS other FROM orders a JOIN orders b ON a.customer = b.customer AND b.at BETWEEN a.at AND a.at + INTERVAL '15 seconds'`,
	} {
		t.Run(name, func(t *testing.T) {
			script := source + file("out") + "INSERT INTO out " + query + ";"
			old := strings.NewReplacer("DROPPED m", "m, 1 AS one", "DROPPED", "a.amount, b.amount AS gone,").Replace(script)
			now := strings.NewReplacer("DROPPED m", "2 AS two", "DROPPED", "").Replace(script)
			w := newWorld(t, true)
			m, _ := w.must(leg{script: old, lanes: 2, blocks: half, emit: logical.EmitChanges})
			_, e, err := w.run(leg{script: now, lanes: 2, from: m, emit: logical.EmitChanges})
			switch {
			case err == nil && name != "a join with itself":
				t.Errorf("it goes on\n%s", e.Table())
			case err != nil && !strings.Contains(err.Error(), "--allow-reset"):
				t.Errorf("%v", err)
			}
		})
	}
}

// without are the rows of JSON lines without a member, those that were taken back left out, sorted.
func without(t *testing.T, lines []string, member string) []string {
	t.Helper()
	count := map[string]int{}
	for _, line := range lines {
		var row map[string]any
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		op := row["op"]
		delete(row, "op")
		delete(row, member)
		delete(row, "gone")
		text, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		if op == "-D" || op == "-U" {
			count[string(text)]--
		} else {
			count[string(text)]++
		}
	}
	return counted(t, count)
}
