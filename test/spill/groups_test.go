package spill_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"wire.example/wire/internal/engine"
	"wire.example/wire/test/process"
)

const (
	// groupMemory is what the runs may take, and smallMemory what those with fewer keys may.
	groupMemory = 40 << 20
	smallMemory = engine.LeastMemory
	// heavyMemory is what runs may take that have ten times as much state.
	heavyMemory = 64_000_000
)

// keys is how many keys of some 400 bytes there are, of which each takes twice as much in memory: a few times what memory takes, or ten times.
func keys() int {
	if process.Heavy() {
		return 10 * heavyMemory / 800
	}
	return 80_000
}

// fewKeys is fewer, where tests may not take long.
func fewKeys() int {
	if process.Heavy() {
		return keys()
	}
	return keys() * 3 / 8
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

// script is a query over keys() into a blackhole, whose checksum does not depend on the order of rows.
func script(query string) string { return scriptOf(keys(), query) }

// smallScript is script over fewKeys().
func smallScript(query string) string { return scriptOf(fewKeys(), query) }

func scriptOf(keys int, query string) string {
	return fmt.Sprintf("CREATE SOURCE numbers (n BIGINT) WITH (connector = 'generate', kind = 'sequence', rows = %d);\n"+
		"CREATE VIEW keyed AS SELECT n, repeat(((n * 2654435761) %% %d)::text, 64) AS k FROM numbers;\n"+
		"CREATE SINK b WITH (connector = 'blackhole');\nINSERT INTO b %s;\n", 2*keys, keys, query)
}

var (
	checksum = regexp.MustCompile(`checksum ([0-9a-f]{16}), (?:left|rows) ([0-9]+)`) //nolint:gochecknoglobals // a constant
	peak     = regexp.MustCompile(`(?m)^CPU .*peak memory ([0-9.]+) ([MG])B`)        //nolint:gochecknoglobals // a constant
)

// answered is the checksum of what a run answered, and the most memory that it took, in bytes.
func answered(t *testing.T, p *process.Process) (sum string, bytes int64) {
	t.Helper()
	p.Wait()
	return ended(t, p)
}

// ended is answered of a run that has ended.
func ended(t *testing.T, p *process.Process) (sum string, bytes int64) {
	t.Helper()
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

// mostBeside is what a process may take beside --memory: what it takes when idle, and a tenth of that memory; busyBeside what it may on a machine that others use.
const (
	mostBeside = 60 << 20
	busyBeside = 90 << 20
)

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
	scripts := map[string]string{
		"times": timedScriptOf(fewKeys(), "SELECT k, n, sum(n) OVER w AS s, lag(n) OVER w AS l FROM timed WINDOW w AS (PARTITION BY k ORDER BY t, n)"),
		"upserts": fmt.Sprintf("CREATE SOURCE bid (auction BIGINT, bidder BIGINT, price BIGINT, channel TEXT, url TEXT, date_time TIMESTAMP, extra TEXT, PRIMARY KEY (auction, bidder)) "+
			"WITH (connector = 'generate', kind = 'nexmark', table = 'bid', rows = %d, seed = 1, changes = 'upsert');\n"+
			"CREATE SINK b WITH (connector = 'blackhole');\nINSERT INTO b SELECT auction %% 100 AS a, count(*) AS c, sum(price) AS s, sum(length(url)) AS l FROM bid GROUP BY 1;\n", 5*keys()),
	}
	for name, script := range scripts {
		t.Run(name, func(t *testing.T) { sameWithLeast(t, "SET ttl = '1 day';\n"+script) })
	}
	for name, query := range lasting() {
		t.Run(name, func(t *testing.T) { sameWithLeast(t, "SET emit = 'changes';\nSET ttl = '1 day';\n"+smallScript(query)) })
	}
}

// TestKeptRowsOfMoreThanMemory: so does every query with calls that keep rows until the end.
func TestKeptRowsOfMoreThanMemory(t *testing.T) {
	digits := 2 // a group and its rows must fit into memory once for each task
	if process.Heavy() {
		digits = 3
	}
	for name, query := range map[string]string{
		"ordered": "SELECT k, string_agg(n::text, '+' ORDER BY n DESC) AS s, percentile_disc(0.5) WITHIN GROUP (ORDER BY repeat(n::text, 9)) AS p FROM keyed GROUP BY k",
		"few":     fmt.Sprintf("SELECT left(k, %[1]d) AS k, n %% 3 AS r, count(*) AS c, mode() WITHIN GROUP (ORDER BY k) AS m FROM keyed GROUP BY GROUPING SETS ((left(k, %[1]d), n %% 3), (left(k, %[1]d)))", digits),
	} {
		t.Run(name, func(t *testing.T) { sameWithLeast(t, smallScript(query)) })
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

// sameWithLeast is sameWithLittle with the least memory.
func sameWithLeast(t *testing.T, script string, flags ...string) {
	t.Helper()
	sameWith(t, smallMemory, busyBeside, script, flags...)
}

// sameWith is sameBeside for so much memory.
func sameWith(t *testing.T, memory, beside int64, script string, flags ...string) {
	t.Helper()
	sameIn(t, t.TempDir(), memory, beside, script, flags...)
}

// sameIn is sameWith in a directory. Where tests may take long the runs have heavyMemory, in two tasks and in four.
func sameIn(t *testing.T, dir string, memory, beside int64, script string, flags ...string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "q.sql"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	c := comparison{dir: dir, temp: t.TempDir(), flags: flags, memory: memory, beside: beside}
	c.want, c.much = answered(t, c.start(t, process.Aim{}, "--memory=4GiB", "--parallelism=2", "--ephemeral"))
	if !process.Heavy() {
		c.sameAt(t, 2)
		return
	}
	c.memory = heavyMemory
	c.sameAt(t, 2)
	c.sameAt(t, 4)
}

// comparison is of runs of q.sql in dir with much memory, which gave want and took much, and with little.
type comparison struct {
	dir, temp      string
	flags          []string
	memory, beside int64
	want           string
	much           int64
}

func (c *comparison) start(t *testing.T, aim process.Aim, flags ...string) *process.Process {
	t.Helper()
	return aim.Start(t, c.dir, []string{"TMPDIR=" + c.temp}, slices.Concat([]string{"run"}, c.flags, flags, []string{"q.sql"})...)
}

// sameAt fails unless so many tasks with little memory answer the same without a state directory, and with one when they were killed and resumed.
func (c *comparison) sameAt(t *testing.T, parallelism int) {
	t.Helper()
	little := []string{"--memory=" + strconv.FormatInt(c.memory, 10), "--parallelism=" + strconv.Itoa(parallelism)}
	c.same(t, fmt.Sprintf("%d tasks without a state directory", parallelism), c.start(t, process.Aim{}, append(little, "--ephemeral")...))
	for _, pause := range pauses() {
		resumed := c.resumed(t, pause, little)
		if strings.Contains(resumed.Says(), "was finished already") {
			t.Logf("%d tasks came to the end of their rows before their first checkpoint (pauses: %q)", parallelism, pause)
			continue
		}
		c.sameAnswer(t, fmt.Sprintf("%d tasks, killed and resumed", parallelism), resumed)
		return
	}
	t.Errorf("%d tasks were not killed on the way: they came to the end of their rows before their first checkpoint, however slowly these came", parallelism)
}

// pauses are those of a run that is to be killed on the way, the next one where it came to the end of its rows before its first checkpoint: without one most state has left memory by then. The longest make a run of 60 blocks last for 12 s.
func pauses() []string {
	return []string{"", "source/block=2ms", "source/block=20ms", "source/block=200ms"}
}

// resumed is a run, at its end, that went on from the first checkpoint of one that was killed.
func (c *comparison) resumed(t *testing.T, pause string, flags []string) *process.Process {
	t.Helper()
	kept := append(slices.Clone(flags), "--state-dir="+filepath.Join(t.TempDir(), "state"))
	killed := c.start(t, process.Aim{Point: "epoch/published", Pause: pause}, append(kept, "--checkpoint-interval=5ms")...)
	if killed.Wait(); !killed.Killed() {
		t.Fatalf("it was not killed: %s", killed.Says())
	}
	resumed := c.start(t, process.Aim{}, append(kept, "--checkpoint-interval=2s")...)
	resumed.Wait()
	return resumed
}

// same fails unless the run answers the same, took no more memory than it may, and left nothing among temporary files.
func (c *comparison) same(t *testing.T, what string, p *process.Process) {
	t.Helper()
	p.Wait()
	c.sameAnswer(t, what, p)
}

// sameAnswer is same of a run that has ended.
func (c *comparison) sameAnswer(t *testing.T, what string, p *process.Process) {
	t.Helper()
	got, took := ended(t, p)
	if got != c.want {
		t.Errorf("%s: %s, want %s", what, got, c.want)
	}
	t.Logf("%s: %s: %d MB with much memory, %d MB with %d MiB", what, c.want, c.much/1e6, took/1e6, c.memory>>20)
	if took > c.memory+c.beside {
		t.Errorf("%s: %d bytes of memory were taken", what, took)
	}
	empty(t, c.temp)
}

// TestScratchOfTheDead: what a killed run has left among temporary files is removed by the next one.
func TestScratchOfTheDead(t *testing.T) {
	temp := t.TempDir()
	env := []string{"TMPDIR=" + temp}
	p := process.Aim{Point: "scratch/spilled"}.Start(t, temp, env, "run", "--memory="+strconv.Itoa(groupMemory), "-e", script(groupQueries()["group"]))
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
