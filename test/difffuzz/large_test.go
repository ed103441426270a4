package difffuzz_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"wire.example/wire/internal/testserver"
)

// What the large joins take: a side may be more than there is memory for.
const (
	largeMemory  = "48MiB"
	leastLarge   = 180_000
	mostLarge    = 260_000
	hotKey       = 7
	largeColumns = "k BIGINT, v BIGINT, s TEXT"
)

// TestLargeJoins: a join whose sides do not fit into memory answers what PostgreSQL does. WIRE_LARGE says how many are asked, WIRE_SEED which.
func TestLargeJoins(t *testing.T) {
	n := number(t, "WIRE_LARGE", 0)
	if os.Getenv("WIRE_TEST_HEAVY") == "1" {
		n = max(n, 3)
	}
	if n == 0 {
		t.Skip("takes ten seconds a join: WIRE_TEST_HEAVY=1, or WIRE_LARGE=20")
	}
	wire, server, first := testserver.Wire(t), testserver.Postgres(t), number(t, "WIRE_SEED", firstSeed)
	for seed := first; seed < first+n; seed++ {
		r := rand.New(rand.NewPCG(seed, 32)) //nolint:gosec // replayed by its seed
		dir := t.TempDir()
		sides := [2][][]any{largeSide(r), largeSide(r)}
		query := largeQuery(r)
		for at, name := range []string{"l", "r"} {
			writeLarge(t, filepath.Join(dir, name+".jsonl"), sides[at])
		}
		want := largeWitness(t, server, sides, query)
		if got := largeAnswer(t, wire, dir, query); got != want {
			t.Fatalf("# first after %d queries: seed %d: %s\n- %s\n+ %s", seed-first+1, seed, query, want, got)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
}

// largeSide draws the rows of a side: keys that match a few times, one that does so often, and NULLs.
func largeSide(r *rand.Rand) [][]any {
	rows := make([][]any, leastLarge+r.IntN(mostLarge-leastLarge))
	for i := range rows {
		var key any = int64(r.IntN(mostLarge))
		switch r.IntN(500) {
		case 0:
			key = nil
		case 1:
			key = int64(hotKey)
		}
		rows[i] = []any{key, int64(i), fmt.Sprint(i) + strings.Repeat("x", r.IntN(300))}
	}
	return rows
}

// largeQuery draws a join, and sums up what it answers.
func largeQuery(r *rand.Rand) string {
	one := func(list ...string) string { return list[r.IntN(len(list))] }
	if r.IntN(3) > 0 {
		residual := one("", " AND l.v % 3 < r.v % 5")
		return "SELECT count(*) AS n, count(l.k) AS lk, count(r.k) AS rk, sum(l.v) AS lv, sum(r.v) AS rv, sum((l.v + 3) * (r.v + 7) % 1009) AS both, min(l.s) AS ls, max(r.s) AS rs FROM l " +
			one("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN") + " r ON l.k = r.k" + residual
	}
	return "SELECT count(*) AS n, count(l.k) AS lk, sum(l.v) AS lv, sum((l.v + 3) * l.v % 1009) AS both, max(l.s) AS ls FROM l WHERE " +
		one("EXISTS (SELECT FROM r WHERE r.k = l.k AND r.v % 5 > l.v % 3)", "NOT EXISTS (SELECT FROM r WHERE r.k = l.k AND r.v % 5 > l.v % 3)",
			"EXISTS (SELECT FROM r WHERE r.k = l.k)", "NOT EXISTS (SELECT FROM r WHERE r.k = l.k)", "l.k NOT IN (SELECT k FROM r WHERE k IS NOT NULL AND v % 2 = 0)")
}

func writeLarge(t *testing.T, path string, rows [][]any) {
	t.Helper()
	var b strings.Builder
	for _, row := range rows {
		key := "null"
		if row[0] != nil {
			key = fmt.Sprint(row[0])
		}
		fmt.Fprintf(&b, `{"k":%s,"v":%d,"s":%q}`+"\n", key, row[1], row[2])
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// largeWitness is PostgreSQL's answer, as JSON.
func largeWitness(t *testing.T, server string, sides [2][][]any, query string) (answer string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for at, name := range []string{"l", "r"} {
		if _, err := conn.Exec(ctx, "CREATE TEMPORARY TABLE "+name+" ("+largeColumns+")"); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.CopyFrom(ctx, pgx.Identifier{name}, []string{"k", "v", "s"}, pgx.CopyFromRows(sides[at])); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.QueryRow(ctx, `SELECT replace(row_to_json(q)::text, ' ', '') FROM (`+strings.ReplaceAll(query, "min(l.s)", `min(l.s COLLATE "C")`)+") q").Scan(&answer); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return answer
}

// largeAnswer is Wire's, with little memory.
func largeAnswer(t *testing.T, wire, dir, query string) string {
	t.Helper()
	var b strings.Builder
	for _, name := range []string{"l", "r"} {
		fmt.Fprintf(&b, "CREATE SOURCE %s (%s) WITH (connector = 'file', path = '%s', format = 'json');\n", name, largeColumns, filepath.Join(dir, name+".jsonl"))
	}
	out := filepath.Join(dir, "out.jsonl")
	fmt.Fprintf(&b, "CREATE SINK out WITH (connector = 'file', path = '%s', format = 'json', if_exists = 'replace');\nINSERT INTO out %s;\n", out, query)
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	c := exec.CommandContext(ctx, wire, "run", "--ephemeral", "--quiet", "--parallelism", "1", "--memory", largeMemory, "-e", b.String())
	c.Env = append(os.Environ(), "TMPDIR="+dir)
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", query, err, said)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}
