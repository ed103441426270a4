package spill_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"wire.example/wire/internal/engine"
	"wire.example/wire/test/process"
)

// TestResumedWithLessMemory: a run that is killed while its state lies in memory goes on with a memory that a small part of it fits into, and answers the same.
func TestResumedWithLessMemory(t *testing.T) {
	queries := map[string]string{
		"sort":       "SELECT n, k FROM keyed ORDER BY k DESC, n",
		"limit":      "SELECT n, k FROM keyed ORDER BY k DESC, n LIMIT 100000 OFFSET 7",
		"first rows": "SELECT n, k FROM (SELECT n, k, row_number() OVER (PARTITION BY k ORDER BY n DESC) AS r FROM keyed) x WHERE r <= 1",
		"window":     "SELECT n, k, lag(n) OVER (PARTITION BY k ORDER BY n) AS l FROM keyed",
	}
	if process.Heavy() {
		queries["group"] = "SELECT k, count(*) AS c, max(n) AS m FROM keyed GROUP BY k"
		queries["join"] = "SELECT a.n, b.n AS m FROM keyed a JOIN keyed b ON a.k = b.k AND a.n < b.n"
	}
	for name, query := range queries {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "q.sql"), []byte(scriptOf(3*keys(), query)), 0o600); err != nil {
				t.Fatal(err)
			}
			c := comparison{dir: dir, temp: t.TempDir(), memory: engine.LeastMemory, beside: busyBeside}
			c.want, c.much = answered(t, c.start(t, process.Aim{}, "--memory=4GiB", "--parallelism=2", "--ephemeral"))
			kept := []string{"--parallelism=2", "--state-dir=" + filepath.Join(t.TempDir(), "state")}
			for _, publication := range []string{"60", "40", "28", "14", "6", "1"} { // late, so that there is much state; some machines are quick
				killed := c.start(t, process.Aim{Point: "epoch/published:" + publication, Pause: "source/block=20ms"}, append(kept, "--memory=4GiB", "--checkpoint-interval=20ms")...)
				if killed.Wait(); killed.Killed() {
					break
				}
				t.Logf("it came to its end before publication %s", publication)
				if err := os.RemoveAll(strings.TrimPrefix(kept[1], "--state-dir=")); err != nil {
					t.Fatal(err)
				}
			}
			kept = append(kept, "--memory="+strconv.Itoa(engine.LeastMemory), "--checkpoint-interval=2s")
			if name != "group" && name != "join" { // of which some stays in the store
				killed := c.start(t, process.Aim{Point: "restore/overflow"}, kept...)
				if killed.Wait(); !killed.Killed() {
					t.Fatalf("no row left memory while state was restored: %s", killed.Says())
				}
			}
			resumed := c.start(t, process.Aim{}, kept...)
			resumed.Wait()
			c.sameAnswer(t, "resumed with less memory", resumed)
		})
	}
}
