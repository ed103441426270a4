package spill_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"wire.example/wire/internal/engine"
	"wire.example/wire/test/process"
)

// leastKeys is how many keys of some 350 bytes there are, each of two rows: a bit more than the least memory has room for, or ten times as many.
func leastKeys() int {
	if process.Heavy() {
		return 300_000
	}
	return 24_000
}

// shape is a query over rows of a number n and a long key k.
type shape struct {
	query string
	// changes: the answer is a changelog. final: it is folded.
	changes, final bool
}

// counted are rows that are taken back while they change.
const counted = "(SELECT k, count(*) AS c, max(n) AS m FROM keyed GROUP BY k)"

// shapes are one of each way in which state leaves memory.
func shapes() map[string]shape {
	return map[string]shape{
		"group":             {query: "SELECT k, count(*) AS c, max(n) AS m, sum(n) AS s FROM keyed GROUP BY k"},
		"changes":           {query: "SELECT k, count(*) AS c FROM keyed GROUP BY k HAVING count(*) > 1", changes: true},
		"ordered":           {query: "SELECT k, string_agg(n::text, ',' ORDER BY n DESC) AS s FROM keyed GROUP BY k", changes: true},
		"values":            {query: "SELECT n % 100 AS g, count(DISTINCT k) AS c, count(*) AS a FROM keyed GROUP BY 1"},
		"sets":              {query: "SELECT k, n % 3 AS r, count(*) AS c FROM keyed GROUP BY GROUPING SETS ((k), (n % 3), ())"},
		"distinct":          {query: "SELECT DISTINCT k FROM keyed"},
		"except":            {query: "SELECT k FROM keyed EXCEPT SELECT k FROM keyed WHERE n % 5 = 0"},
		"less of changes":   {query: "SELECT k, c FROM " + counted + " x EXCEPT SELECT k, c FROM " + counted + " y WHERE m % 5 = 0", changes: true},
		"less, each":        {query: "SELECT k, c FROM " + counted + " x EXCEPT ALL SELECT k, c FROM " + counted + " y WHERE m % 5 = 0", changes: true},
		"both, each":        {query: "SELECT k, c FROM " + counted + " x INTERSECT ALL SELECT k, c FROM " + counted + " y WHERE c % 2 = 0", changes: true},
		"both of changes":   {query: "SELECT k, c FROM " + counted + " x INTERSECT SELECT k, c FROM " + counted + " y WHERE c % 2 = 0", changes: true},
		"once, changing":    {query: "SELECT DISTINCT k, c FROM " + counted + " x", changes: true},
		"values of changes": {query: "SELECT left(k, 60) AS k, count(DISTINCT c) AS d, max(m) AS m FROM " + counted + " x GROUP BY 1", changes: true},
		"semijoin":          {query: "SELECT k, m FROM " + counted + " x WHERE k IN (SELECT k FROM keyed WHERE n % 5 = 0)", changes: true},
		"outer of changes":  {query: "SELECT a.k, a.c, b.m FROM " + counted + " a FULL JOIN (SELECT k, max(n) AS m FROM keyed WHERE n % 3 = 0 GROUP BY k) b ON a.k = b.k", changes: true},
		"join":              {query: "SELECT a.n, b.n AS m FROM keyed a JOIN keyed b ON a.k = b.k AND a.n < b.n"},
		"left join":         {query: "SELECT a.n, b.n AS m FROM keyed a LEFT JOIN (SELECT * FROM keyed WHERE n % 3 = 0) b ON a.k = b.k"},
		"join of changes":   {query: "SELECT a.n, b.c FROM keyed a JOIN (SELECT k, count(*) AS c FROM keyed GROUP BY k) b ON a.k = b.k", changes: true},
		"sort":              {query: "SELECT k, n FROM keyed ORDER BY k DESC, n"},
		"window":            {query: "SELECT n, k, row_number() OVER (PARTITION BY n % 501 ORDER BY k, n) AS r FROM keyed"},
		"first rows":        {query: "SELECT * FROM (SELECT n, k, row_number() OVER (PARTITION BY k ORDER BY n) AS r FROM keyed) x WHERE r <= 1"},
		"fold":              {query: "SELECT k, max(n) AS m FROM keyed GROUP BY k", final: true},
	}
}

// script is the shape's.
func (s shape) script() string {
	setting := ""
	if s.changes {
		setting = "SET emit = 'changes';\n"
	}
	return fmt.Sprintf("%sCREATE SOURCE numbers (n BIGINT) WITH (connector = 'generate', kind = 'sequence', rows = %d);\n"+
		"CREATE VIEW keyed AS SELECT n, repeat(((n * 2654435761) %% %d)::text, 70) AS k FROM numbers;\n"+
		"CREATE SINK b WITH (connector = 'blackhole');\nINSERT INTO b %s;\n", setting, 2*leastKeys(), leastKeys(), s.query)
}

// leaves runs a shape, and returns what it leaves.
func (s shape) leaves(t *testing.T, memory int64, kept bool, parallelism int) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "q.sql")
	if err := os.WriteFile(file, []byte(s.script()), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"run", file, "--memory", strconv.FormatInt(memory, 10), "--parallelism", strconv.Itoa(parallelism)}
	if kept {
		args = append(args, "--checkpoint-interval", "200ms")
	} else {
		args = append(args, "--ephemeral")
	}
	if s.final {
		args = append(args, "--final")
	}
	p := process.Start(t, dir, []string{"TMPDIR=" + t.TempDir()}, args...)
	p.Wait()
	if err := p.Finishes(); err != nil {
		t.Fatal(err)
	}
	found := checksum.FindStringSubmatch(p.Says()) // of what is left: how many changes led there may differ
	if found == nil {
		t.Fatalf("no checksum: %s", p.Says())
	}
	return "checksum " + found[1] + ", rows " + found[2]
}

// TestLeastMemory: the least memory suffices for long keys, whatever keeps them, with a state directory and checkpoints and without, in one task and in two.
func TestLeastMemory(t *testing.T) {
	for name, s := range shapes() {
		t.Run(name, func(t *testing.T) {
			want := s.leaves(t, 4<<30, false, 2)
			for parallelism := 1; parallelism <= 2; parallelism++ {
				for _, kept := range []bool{false, true} {
					if !process.Heavy() && kept != (parallelism == 2) {
						continue
					}
					if got := s.leaves(t, engine.LeastMemory, kept, parallelism); got != want {
						t.Errorf("kept %v, parallelism %d: %s, want %s", kept, parallelism, got, want)
					}
				}
			}
		})
	}
}
