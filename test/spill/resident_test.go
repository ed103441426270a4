package spill_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"wire.example/wire/test/process"
)

const (
	// granted is what the runs may take for rows and state.
	granted = 64 << 20
	// idleRows are so few that next to no state comes of them: the process is as good as idle.
	idleRows = 1000
	// slack is what may be resident beyond that on a machine that others use, too: code that only a run of many rows touches, and what is allocated while the garbage collector waits for a processor.
	// With the machine for itself a run stays below a third of it.
	slack = 36 << 20
)

// residentQueries keep more state than is granted, and some five times as much where tests may take long.
func residentQueries(rows int) map[string]string {
	const source = "CREATE SOURCE numbers (n BIGINT) WITH (connector = 'generate', kind = 'sequence', rows = %d);\nCREATE SINK b WITH (connector = 'blackhole');\n"
	return map[string]string{
		"group": fmt.Sprintf(source+"INSERT INTO b SELECT k, count(*) AS c, max(n) AS m, sum(n) AS s FROM (SELECT n, (n * 2654435761) %% 3000017 AS k FROM numbers) x GROUP BY k;", rows),
		"sort":  fmt.Sprintf(source+"INSERT INTO b SELECT (n * 2654435761) %% 3000017 AS k, n, 'a text of some length, as texts are ' || n AS t FROM numbers ORDER BY k;", rows),
	}
}

// TestResident: a process over more state than its memory takes what it takes when it is idle, 1.1 times that memory, and a slack.
func TestResident(t *testing.T) {
	many := 1_200_000
	if process.Heavy() {
		many = 6_000_000
	}
	idle, busy := residentQueries(idleRows), residentQueries(many)
	for name := range busy {
		for _, kept := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, kept %v", name, kept), func(t *testing.T) {
				least, most := resident(t, idle[name], kept), resident(t, busy[name], kept)
				allowed := least + granted*11/10 + slack
				t.Logf("idle %d MB, at most %d MB, allowed %d MB", least/1e6, most/1e6, allowed/1e6)
				if most > allowed {
					t.Errorf("%d bytes were resident; idle the process has %d, and with what it is granted it may have %d", most, least, allowed)
				}
			})
		}
	}
}

// resident is the most memory that a run of a script took.
func resident(t *testing.T, script string, kept bool) int64 {
	t.Helper()
	dir, temp := t.TempDir(), t.TempDir()
	file := filepath.Join(dir, "q.sql")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"run", file, "--memory", strconv.Itoa(granted), "--parallelism", "2"}
	if kept {
		args = append(args, "--checkpoint-interval", "2s")
	} else {
		args = append(args, "--ephemeral")
	}
	_, bytes := answered(t, process.Start(t, dir, []string{"TMPDIR=" + temp}, args...))
	return bytes
}
