package spill_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"wire.example/wire/test/process"
)

// groupMemory is what the runs may take.
const groupMemory = 40 << 20

// keys is how many keys of some 400 bytes there are: a few times what memory takes, or ten times.
func keys() int {
	if process.Heavy() {
		return 600_000
	}
	return 80_000
}

// groupQueries are answered from a source s of numbers from 0 on, twice as many as there are keys.
func groupQueries() map[string]string {
	return map[string]string{
		"group": "SELECT k, count(*) AS c, max(n) AS m, sum(n) AS s FROM keyed GROUP BY k",
		"sets":  "SELECT k, n % 3 AS r, count(*) AS c FROM keyed GROUP BY GROUPING SETS ((k), (n % 3), ())",
		"value": "SELECT count(DISTINCT k) AS c, sum(DISTINCT n) AS s FROM keyed",
		// DISTINCT, and rows of which nothing is left.
		"except": "SELECT k FROM keyed EXCEPT SELECT k FROM keyed WHERE n % 5 = 0",
		// Changes, folded.
		"fold": "SELECT k, max(n) AS m FROM keyed GROUP BY k",
		"sort": "SELECT k, n FROM keyed ORDER BY k DESC, n",
	}
}

// script is a query into a blackhole, whose checksum does not depend on the order of rows.
func script(query string) string {
	return fmt.Sprintf("CREATE SOURCE numbers (n BIGINT) WITH (connector = 'generate', kind = 'sequence', rows = %d);\n"+
		"CREATE VIEW keyed AS SELECT n, repeat(((n * 2654435761) %% %d)::text, 64) AS k FROM numbers;\n"+
		"CREATE SINK b WITH (connector = 'blackhole');\nINSERT INTO b %s;\n", 2*keys(), keys(), query)
}

var (
	checksum = regexp.MustCompile(`checksum ([0-9a-f]{16}), (?:left|rows) ([0-9]+)`) //nolint:gochecknoglobals // a constant
	peak     = regexp.MustCompile(`(?m)^CPU .*peak memory ([0-9.]+) ([MG])B`)        //nolint:gochecknoglobals // a constant
)

// answered is the checksum of what a run answered, and the most memory that it took, in bytes.
func answered(t *testing.T, p *process.Process) (sum string, bytes int64) {
	t.Helper()
	p.Wait()
	if err := p.Finishes(); err != nil {
		t.Fatal(err)
	}
	said := p.Says()
	found, took := checksum.FindStringSubmatch(said), peak.FindStringSubmatch(said)
	if found == nil || took == nil {
		t.Fatalf("no checksum, or no memory: %s", said)
	}
	n, err := strconv.ParseFloat(took[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	if took[2] == "G" {
		n *= 1000
	}
	return "checksum " + found[1] + ", rows " + found[2], int64(n * 1e6)
}

// empty fails unless nothing is left among temporary files.
func empty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		t.Errorf("%s is left in TMPDIR", e.Name())
	}
}

// mostBeside is what a process may take beside --memory: what it takes when idle, and a tenth of that memory.
const mostBeside = 60 << 20

// TestGroupsOfMoreThanMemory: every query answers with little memory what it answers with much, without a state directory, with one, and killed and resumed.
func TestGroupsOfMoreThanMemory(t *testing.T) {
	for name, query := range groupQueries() {
		t.Run(name, func(t *testing.T) {
			if name == "fold" {
				sameWithLittle(t, script(query), "--final")
				return
			}
			sameWithLittle(t, script(query))
		})
	}
}

// lasting are queries whose answers change, over what lives longer than the runs.
func lasting() map[string]string {
	return map[string]string{
		"group":    "SELECT k, count(*) AS c, max(n) AS m FROM keyed GROUP BY k",
		"values":   "SELECT k, count(DISTINCT n % 7) AS c FROM keyed GROUP BY k",
		"rows":     "SELECT k, percentile_disc(0.5) WITHIN GROUP (ORDER BY n) AS p FROM keyed GROUP BY k",
		"distinct": "SELECT DISTINCT k FROM keyed",
		"rollup":   "SELECT k, count(*) AS c, max(n) AS m FROM keyed GROUP BY ROLLUP (k)",
		"first":    "SELECT k, n FROM (SELECT k, n, ROW_NUMBER() OVER (PARTITION BY k ORDER BY n) AS r FROM keyed) AS x WHERE r = 1",
		"tops":     topQueries()["first rows"],
		"window":   "SELECT k, n, sum(n) OVER w AS s, lag(n) OVER w AS l FROM keyed WINDOW w AS (PARTITION BY k ORDER BY n % 1009 DESC, n)",
	}
}

// TestStateThatExpiresOfMoreThanMemory: so does every query whose state has a time to live.
func TestStateThatExpiresOfMoreThanMemory(t *testing.T) {
	if !process.Heavy() { // what is under way beside the state depends on the machine
		t.Skip("takes long: WIRE_TEST_HEAVY=1")
	}
	scripts := map[string]string{
		"times": timedScript("SELECT k, n, sum(n) OVER w AS s, lag(n) OVER w AS l FROM timed WINDOW w AS (PARTITION BY k ORDER BY t, n)"),
		"upserts": fmt.Sprintf("CREATE SOURCE bid (auction BIGINT, bidder BIGINT, price BIGINT, channel TEXT, url TEXT, date_time TIMESTAMP, extra TEXT, PRIMARY KEY (auction, bidder)) "+
			"WITH (connector = 'generate', kind = 'nexmark', table = 'bid', rows = %d, seed = 1, changes = 'upsert');\n"+
			"CREATE SINK b WITH (connector = 'blackhole');\nINSERT INTO b SELECT auction %% 100 AS a, count(*) AS c, sum(price) AS s, sum(length(url)) AS l FROM bid GROUP BY 1;\n", 5*keys()),
	}
	for name, query := range lasting() {
		scripts[name] = "SET emit = 'changes';\n" + script(query)
	}
	for name, script := range scripts {
		t.Run(name, func(t *testing.T) { sameWithLittle(t, "SET ttl = '1 day';\n"+script) })
	}
}

// TestKeptRowsOfMoreThanMemory: so does every query with calls that keep rows until the end.
func TestKeptRowsOfMoreThanMemory(t *testing.T) {
	if !process.Heavy() { // what is under way beside the state depends on the machine
		t.Skip("takes long: WIRE_TEST_HEAVY=1")
	}
	for name, query := range map[string]string{
		"ordered": "SELECT k, string_agg(n::text, '+' ORDER BY n DESC) AS s, percentile_disc(0.5) WITHIN GROUP (ORDER BY repeat(n::text, 9)) AS p FROM keyed GROUP BY k",
		"few":     "SELECT left(k, 2) AS k, n % 3 AS r, count(*) AS c, mode() WITHIN GROUP (ORDER BY k) AS m FROM keyed GROUP BY GROUPING SETS ((left(k, 2), n % 3), (left(k, 2)))",
	} {
		t.Run(name, func(t *testing.T) { sameWithLittle(t, script(query)) })
	}
}

// sameWithLittle fails unless a script answers with little memory what it answers with much, without a state directory, with one, and killed and resumed.
func sameWithLittle(t *testing.T, script string, flags ...string) {
	t.Helper()
	sameBeside(t, mostBeside, script, flags...)
}

// sameBeside is sameWithLittle where a process may take so many bytes beside --memory.
func sameBeside(t *testing.T, beside int64, script string, flags ...string) {
	t.Helper()
	sameWith(t, groupMemory, beside, script, flags...)
}

// sameWith is sameBeside for so much memory.
func sameWith(t *testing.T, memory, beside int64, script string, flags ...string) {
	t.Helper()
	temp, dir := t.TempDir(), t.TempDir()
	env := []string{"TMPDIR=" + temp}
	file := filepath.Join(dir, "q.sql")
	if err := os.WriteFile(file, []byte(script), 0o666); err != nil {
		t.Fatal(err)
	}
	little := "--memory=" + strconv.FormatInt(memory, 10)
	args := func(more ...string) []string { return append(append([]string{"run"}, flags...), more...) }
	want, much := answered(t, process.Start(t, dir, env, args("--memory=4GiB", "-e", script)...))
	same := func(what string, p *process.Process) {
		t.Helper()
		got, took := answered(t, p)
		if got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
		t.Logf("%s: %s: %d MB with much memory, %d MB with %d MiB", what, want, much/1e6, took/1e6, memory>>20)
		if took > memory+beside {
			t.Errorf("%s: %d bytes of memory were taken", what, took)
		}
		empty(t, temp)
	}
	same("without a state directory", process.Start(t, dir, env, args(little, "-e", script)...))
	killed := process.Start(t, dir, append(env, process.Aim{Point: "epoch/published", Signal: "KILL"}.Env()...), args(little, "--checkpoint-interval=50ms", file)...)
	if killed.Wait(); !killed.Killed() {
		t.Fatalf("it was not killed: %s", killed.Says())
	}
	same("killed and resumed", process.Start(t, dir, env, args(little, "--checkpoint-interval=2s", file)...))
}

// TestScratchOfTheDead: what a killed run has left among temporary files is removed by the next one.
func TestScratchOfTheDead(t *testing.T) {
	temp := t.TempDir()
	env := []string{"TMPDIR=" + temp}
	p := process.Start(t, temp, append(env, process.Aim{Point: "scratch/spilled", Signal: "KILL"}.Env()...), "run", "--memory="+strconv.Itoa(groupMemory), "-e", script(groupQueries()["group"]))
	if p.Wait(); !p.Killed() {
		t.Fatalf("it was not killed: %s", p.Says())
	}
	left, err := filepath.Glob(filepath.Join(temp, "wire-scratch-*", "store", "*.sst"))
	if err != nil || len(left) == 0 {
		t.Fatalf("nothing was left: %v", err)
	}
	next := process.Start(t, temp, env, "run", "-e", "SELECT 1")
	if next.Wait(); next.Finishes() != nil {
		t.Fatal(next.Says())
	}
	empty(t, temp)
}

// TestNoPlaceForScratch: an error names the directory, and how to choose another.
func TestNoPlaceForScratch(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	p := process.Start(t, t.TempDir(), []string{"TMPDIR=" + missing}, "run", "--memory="+strconv.Itoa(groupMemory), "-e", script(groupQueries()["group"]))
	if p.Wait(); p.Exit() != 1 {
		t.Fatalf("it ended with %d", p.Exit())
	}
	said := p.Says()
	for _, want := range []string{missing, "TMPDIR", "cannot be put into"} {
		if !regexp.MustCompile(regexp.QuoteMeta(want)).MatchString(said) {
			t.Errorf("%q is not said: %s", want, said)
		}
	}
}
