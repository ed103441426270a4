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
	// On a machine with five times as many programs as processors a run stays below a half of it.
	slack = 20 << 20
)

// residentQuery is a script by the number of its rows, and how many tasks run it.
type residentQuery struct {
	script func(rows int) string
	tasks  int
	// rows are how many make more state than is granted, many those where tests may take long.
	rows, many int
}

// residentQueries keep more state than is granted, and some five times as much where tests may take long.
func residentQueries() map[string]residentQuery {
	const source = "CREATE SOURCE numbers (n BIGINT) WITH (connector = 'generate', kind = 'sequence', rows = %d);\nCREATE SINK b WITH (connector = 'blackhole');\n"
	group := func(rows int) string {
		return fmt.Sprintf(source+"INSERT INTO b SELECT k, count(*) AS c, max(n) AS m, sum(n) AS s FROM (SELECT n, (n * 2654435761) %% 3000017 AS k FROM numbers) x GROUP BY k;", rows)
	}
	sort := func(rows int) string {
		return fmt.Sprintf(source+"INSERT INTO b SELECT (n * 2654435761) %% 3000017 AS k, n, 'a text of some length, as texts are ' || n AS t FROM numbers ORDER BY k;", rows)
	}
	const fewRows, manyRows = 1_200_000, 6_000_000
	return map[string]residentQuery{
		"group":               {group, 2, fewRows, manyRows},
		"group in four tasks": {group, 4, fewRows, manyRows},
		"sort":                {sort, 2, fewRows, manyRows},
		"join in four tasks":  {wideJoin, 4, 200_000, 500_000},
	}
}

// wideJoin keeps rows of long texts of two sources, each in as many lanes as there are tasks: much is under way.
func wideJoin(rows int) string {
	const source = "CREATE SOURCE %[1]s WITH (connector = 'generate', kind = 'nexmark', table = '%[1]s', rows = %[2]d, seed = 0, group_size = 40);\n"
	return "SET emit = 'changes';\n" + fmt.Sprintf(source, "auction", rows) + fmt.Sprintf(source, "bid", rows) +
		"CREATE SINK b WITH (connector = 'blackhole');\n" +
		"INSERT INTO b SELECT * FROM (SELECT a.*, b.bidder, b.price, b.extra AS note, row_number() OVER (PARTITION BY a.id ORDER BY b.price DESC) AS n " +
		"FROM auction a, bid b WHERE a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires) x WHERE n <= 1;"
}

// TestResident: a process over more state than its memory takes what it takes when it is idle, 1.1 times that memory, and a slack.
func TestResident(t *testing.T) {
	for name, query := range residentQueries() {
		rows := query.rows
		if process.Heavy() {
			rows = query.many
		}
		for _, kept := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, kept %v", name, kept), func(t *testing.T) {
				least, most := resident(t, query.script(idleRows), query.tasks, kept), resident(t, query.script(rows), query.tasks, kept)
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
func resident(t *testing.T, script string, tasks int, kept bool) int64 {
	t.Helper()
	dir, temp := t.TempDir(), t.TempDir()
	file := filepath.Join(dir, "q.sql")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"run", file, "--memory", strconv.Itoa(granted), "--parallelism", strconv.Itoa(tasks)}
	if kept {
		args = append(args, "--checkpoint-interval", "2s")
	} else {
		args = append(args, "--ephemeral")
	}
	_, bytes := answered(t, process.Start(t, dir, []string{"TMPDIR=" + temp}, args...))
	return bytes
}
