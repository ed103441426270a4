package edits_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/plan/evolve"
	"wire.example/wire/internal/plan/logical"
)

// shapes are queries of all kinds of steps. Each goes on from itself, under other names too.
var shapes = []string{
	`SELECT id, amount * 2 AS twice FROM orders WHERE amount > 50`,
	`SELECT customer, count(*) AS n, sum(amount) AS s, min(note) AS m FROM orders GROUP BY customer`,
	`SELECT count(*) AS n, avg(weight) AS a, count(DISTINCT customer) AS d FROM orders`,
	`SELECT customer % 5 AS k, stddev(amount) AS s, count(*) FILTER (WHERE note IS NULL) AS n FROM orders GROUP BY 1 HAVING count(*) > 10`,
	`SELECT o.id, c.note FROM orders o JOIN more c ON o.customer = c.id`,
	`SELECT o.id, c.note FROM orders o LEFT JOIN more c ON o.customer = c.id AND o.amount > c.amount`,
	`SELECT o.id, c.note FROM orders o FULL JOIN more c ON o.customer = c.id`,
	`SELECT c.note, count(*) AS n, sum(o.amount) AS s FROM orders o JOIN more c ON o.customer = c.id GROUP BY c.note ORDER BY 3 DESC, 1 LIMIT 7`,
	`SELECT note FROM more WHERE id IN (SELECT customer FROM orders WHERE amount > 90)`,
	`SELECT note FROM more c WHERE NOT EXISTS (SELECT FROM orders o WHERE o.customer = c.id)`,
	`SELECT a.id, b.id AS other FROM orders a JOIN orders b ON a.customer = b.customer AND a.id < b.id WHERE a.amount = b.amount`,
	`SELECT DISTINCT customer, amount FROM orders`,
	`SELECT customer FROM orders EXCEPT SELECT id FROM more`,
	`SELECT customer FROM orders INTERSECT SELECT id FROM more`,
	`SELECT id FROM orders UNION ALL SELECT id FROM more`,
	`SELECT id, amount, note FROM orders ORDER BY amount DESC NULLS LAST, id`,
	`SELECT id FROM orders LIMIT 5 OFFSET 2`,
	`SELECT id, row_number() OVER (PARTITION BY customer ORDER BY id) AS r, sum(amount) OVER (PARTITION BY customer ORDER BY id) AS s FROM orders`,
	`SELECT max(n) AS a, min(n) AS b FROM (SELECT customer, count(*) AS n FROM orders GROUP BY customer) g`,
	`SELECT customer, amount, count(*) AS n FROM orders GROUP BY ROLLUP (customer, amount)`,
	`SELECT o.id, (SELECT note FROM more c WHERE c.id = o.customer) AS note FROM orders o`,
	`SELECT id, part FROM orders, UNNEST(string_to_array(note, 'n')) AS u (part)`,
	`SELECT id, g FROM orders, generate_series(1, amount) AS g`,
	`SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY at DESC) AS r FROM orders) t WHERE r <= 3`,
	`SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY customer ORDER BY at DESC) AS r FROM orders) t WHERE r = 1`,
	`SELECT customer, window_start, count(*) AS n FROM TABLE(SESSION(TABLE orders PARTITION BY customer, DESCRIPTOR(at), INTERVAL '3 seconds')) GROUP BY customer, window_start, window_end`,
	`SELECT customer, window_end, max(amount) AS m FROM TABLE(CUMULATE(TABLE orders, DESCRIPTOR(at), INTERVAL '10 seconds', INTERVAL '1 minute')) GROUP BY customer, window_start, window_end`,
	`SELECT a.id, b.id AS other FROM orders a JOIN orders b ON a.customer = b.customer AND b.at BETWEEN a.at AND a.at + INTERVAL '5 seconds'`,
	`SELECT price, weight, percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) AS p, array_agg(id ORDER BY id) AS ids FROM orders GROUP BY price, weight`,
}

// describe plans a script and describes it, as it is stored.
func (w *world) describe(script string, lanes int, emit logical.EmitMode, old *evolve.Description) *evolve.Description {
	w.t.Helper()
	l := w.compile(script)
	l.Parallelism, l.Emit = lanes, emit
	plan, err := engine.PlanFrom(w.t.Context(), l, lanes, old)
	if err != nil {
		w.t.Fatalf("%s\n%v", script, err)
	}
	text, err := engine.Describe(l, plan).Encode()
	if err != nil {
		w.t.Fatal(err)
	}
	d, err := evolve.Decode(text)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

func TestEveryShapeGoesOnFromItself(t *testing.T) {
	w := newWorld(t, false)
	renames := strings.NewReplacer("orders", "purchases", "more", "others", "out", "result")
	for i, query := range shapes {
		for _, emit := range []logical.EmitMode{logical.EmitFinal, logical.EmitChanges} {
			t.Run(fmt.Sprintf("%d/%v", i, emit), func(t *testing.T) {
				w := &world{t: t, fs: w.fs, name: w.name}
				script := source + more + file("out") + "INSERT INTO out " + query + ";"
				if !strings.Contains(query, "more") {
					script = source + file("out") + "INSERT INTO out " + query + ";"
				}
				renamed := strings.ReplaceAll(strings.ReplaceAll(renames.Replace(script), "/purchases.", "/orders."), "/others.", "/more.")
				renamed = strings.ReplaceAll(renamed, "/result.", "/out.")
				old := w.describe(script, 2, emit, nil)
				e := evolve.Compare(old, w.describe(script, 7, emit, old))
				if !e.Unchanged() {
					t.Errorf("it has changed:\n%s", e.Table())
				}
				e = evolve.Compare(old, w.describe(renamed, 7, emit, old))
				if got := strings.Trim(strings.ReplaceAll(verdicts(e), "kept", ""), " "); got != "" || e.Loses() {
					t.Errorf("under other names:\n%s", e.Table())
				}
			})
		}
	}
}

// fixtures are descriptions that releases have stored. A release that stores others adds a folder.
const fixtures = "../upgrade/plans"

// TestStoredDescriptionsAreRead reads what each release stored: plans that are made now go on from it.
func TestStoredDescriptionsAreRead(t *testing.T) {
	files, err := filepath.Glob(fixtures + "/*/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no fixtures: %v", err)
	}
	for _, path := range files {
		t.Run(filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			old, err := evolve.Decode(text)
			if err != nil {
				t.Fatal(err)
			}
			script, err := os.ReadFile(strings.TrimSuffix(path, ".json") + ".sql")
			if err != nil {
				t.Fatal(err)
			}
			e := evolve.Compare(old, newWorld(t, false).describe(string(script), 3, 0, old))
			if got := strings.Trim(strings.ReplaceAll(verdicts(e), "kept", ""), " "); got != "" || e.Loses() {
				t.Errorf("the plan that is made now does not go on from it:\n%s", e.Table())
			}
		})
	}
}

// TestFixtures writes the fixtures of this release, with WIRE_WRITE_FIXTURES=1.
func TestFixtures(t *testing.T) {
	if os.Getenv("WIRE_WRITE_FIXTURES") == "" {
		t.Skip("fixtures are written with WIRE_WRITE_FIXTURES=1")
	}
	dir := filepath.Join(fixtures, fmt.Sprint(evolve.Version))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, false)
	for name, script := range map[string]string{
		"groups": source + file("out") + groups, "windows": source + file("out") + hops, "join": source + more + file("out") + joined,
	} {
		l := w.compile(script)
		l.Parallelism = 2
		plan, err := engine.Plan(t.Context(), l, 2)
		if err != nil {
			t.Fatal(err)
		}
		text, err := engine.Describe(l, plan).Encode()
		if err != nil {
			t.Fatal(err)
		}
		for ext, content := range map[string][]byte{".json": text, ".sql": []byte(script)} {
			if err := os.WriteFile(filepath.Join(dir, name+ext), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// What was known of sources when a pipeline was first planned decides for good: how a join keeps its rows hangs on how many there are.
func TestStatisticsOfTheFirstStartDecide(t *testing.T) {
	w := newWorld(t, false)
	var large []byte
	for i := range 5000 {
		large = fmt.Appendf(large, `{"id":%d,"customer":1,"amount":2,"note":"n"}`+"\n", i)
	}
	w.write("/more.jsonl", `{"id":1,"customer":1,"amount":2,"note":"n"}`+"\n")
	script := source + more + file("out") + joined
	old := w.describe(script, 2, 0, nil)
	w.write("/more.jsonl", string(large))
	if e := evolve.Compare(old, w.describe(script, 2, 0, nil)); !e.Loses() {
		t.Fatalf("the plan does not hang on how many rows there are:\n%s", e.Table())
	}
	now := w.describe(script, 2, 0, old)
	if e := evolve.Compare(old, now); !e.Unchanged() {
		t.Errorf("it was decided anew:\n%s", e.Table())
	}
	if e := evolve.Compare(old, w.describe(script, 2, 0, now)); !e.Unchanged() { // and again, from the description of the second run
		t.Errorf("it was decided anew at the third start:\n%s", e.Table())
	}
}
