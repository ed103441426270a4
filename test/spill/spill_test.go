package spill_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wire.example/wire/test/process"
)

func TestMain(m *testing.M) {
	code := m.Run()
	process.Remove()
	os.Exit(code)
}

// queries give their rows in one order alone.
var queries = map[string]string{ //nolint:gochecknoglobals // a table of cases
	"sort":            "SELECT k, n, t FROM b ORDER BY k",
	"limit":           "SELECT k, t FROM b ORDER BY t DESC, k LIMIT 300000 OFFSET 7",
	"window":          "SELECT * FROM (SELECT k, n, sum(n) OVER w s, row_number() OVER w r FROM b WINDOW w AS (PARTITION BY n % 70001 ORDER BY k)) x ORDER BY n",
	"one partition":   "SELECT k, sum(n) OVER w s, row_number() OVER w r, lag(n, 2) OVER w l, lead(n, 3) OVER w a, max(t) OVER (ORDER BY k ROWS BETWEEN 3 PRECEDING AND 2 FOLLOWING) m FROM b WINDOW w AS (ORDER BY k)",
	"whole partition": "SELECT k, n, avg(n) OVER () a, percent_rank() OVER w p, ntile(7) OVER w h, last_value(n) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) l FROM b WINDOW w AS (ORDER BY k)",
	"first of each":   "SELECT DISTINCT ON (n % 300007) n % 300007 m, k, t FROM b ORDER BY n % 300007, k",
	"sort of windows": "SELECT n % 9 g, rank() OVER (PARTITION BY n % 50021 ORDER BY t) r, k FROM b ORDER BY 1, 2, 3",
}

// rows of the input take some 100 bytes each in memory: ten times what the runs have, if tests may take long.
const (
	memory = "40MiB"
	few    = 700_000
	many   = 4_500_000
)

// TestMoreThanMemory: a run with little memory, without and with a state directory, the latter killed at a checkpoint and resumed, answers as one with much.
func TestMoreThanMemory(t *testing.T) {
	dir := t.TempDir()
	rows := few
	if process.Heavy() {
		rows = many
	}
	writeInput(t, filepath.Join(dir, "in.csv"), rows)
	for name, query := range queries {
		t.Run(name, func(t *testing.T) {
			script := "CREATE SOURCE b (k BIGINT, n BIGINT, t TEXT) WITH (connector = 'file', path = 'in.csv', format = 'csv');" +
				"CREATE SINK o WITH (connector = 'file', path = 'out.csv', format = 'csv'); INSERT INTO o " + query + ";"
			if err := os.WriteFile(filepath.Join(dir, "q.sql"), []byte(script), 0o600); err != nil {
				t.Fatal(err)
			}
			want := answer(t, dir, "", "--ephemeral", "--memory", "4GiB")
			if got := answer(t, dir, "", "--ephemeral", "--memory", memory); !bytes.Equal(got, want) {
				t.Errorf("without a state directory: %d bytes, want %d", len(got), len(want))
			}
			if got := answer(t, dir, "epoch/confirmed:2", "--state-dir", filepath.Join(t.TempDir(), "state"), "--memory", memory, "--checkpoint-interval", "10ms"); !bytes.Equal(got, want) {
				t.Errorf("with a state directory: %d bytes, want %d", len(got), len(want))
			}
		})
	}
}

// TestAPartitionOfMoreThanMemory: a function that needs all rows behind the current one in a partition which is larger than memory fails, and says so.
func TestAPartitionOfMoreThanMemory(t *testing.T) {
	dir := t.TempDir()
	writeInput(t, filepath.Join(dir, "in.csv"), few)
	script := "CREATE SOURCE b (k BIGINT, n BIGINT, t TEXT) WITH (connector = 'file', path = 'in.csv', format = 'csv'); CREATE SINK o WITH (connector = 'blackhole');" +
		"INSERT INTO o SELECT k, n, t, sum(n) OVER (ORDER BY k ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) FROM b;"
	p := process.Start(t, dir, []string{"TMPDIR=" + t.TempDir()}, "run", "--memory="+memory, "-e", script)
	if p.Wait(); p.Exit() != 1 || !strings.Contains(p.Says(), "one partition of o.over is larger than memory") {
		t.Fatalf("it ended with %d: %s", p.Exit(), p.Says())
	}
}

// TestWayOut: a step that keeps all rows in memory fails, and says what else can be asked for.
func TestWayOut(t *testing.T) {
	script := "SET emit = 'changes'; CREATE SOURCE b (n BIGINT) WITH (connector = 'generate', kind = 'sequence', rows = 300000); CREATE SINK o WITH (connector = 'blackhole');" +
		"INSERT INTO o SELECT n, sum(n) OVER (ORDER BY n % 1009) AS s FROM b;"
	p := process.Start(t, t.TempDir(), []string{"TMPDIR=" + t.TempDir()}, "run", "--memory=16MiB", "-e", script)
	if p.Wait(); p.Exit() != 1 || !strings.Contains(p.Says(), "out of memory in o.over") || !strings.Contains(p.Says(), "with PARTITION BY partitions leave it") {
		t.Fatalf("it ended with %d: %s", p.Exit(), p.Says())
	}
}

// answer runs the script in dir, to the end, and returns what it wrote, which it removes. If kill is a point the run is killed there first.
func answer(t *testing.T, dir, kill string, flags ...string) []byte {
	t.Helper()
	args := append([]string{"run", "q.sql", "--summary", "none", "--parallelism", "2"}, flags...)
	if kill != "" {
		p := process.Aim{Point: kill}.Start(t, dir, nil, args...)
		if p.Wait(); !p.Killed() {
			t.Errorf("the run was not killed: %s", p.Says())
		}
	}
	p := process.Start(t, dir, nil, args...)
	p.Wait()
	if err := p.Finishes(); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out.csv")
	text, err := os.ReadFile(out) //nolint:gosec // a path of the test's
	if err == nil {
		err = os.Remove(out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// writeInput writes rows of a random number, the number of the row, and a text.
func writeInput(t *testing.T, path string, rows int) {
	t.Helper()
	random := rand.New(rand.NewPCG(process.FixedSeed(t), 0))
	text := []byte("k,n,t\n")
	for n := range rows {
		text = fmt.Appendf(text, "%d,%d,a text of some length %d\n", random.Int64N(1<<60), n, random.Int64N(1<<40))
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
