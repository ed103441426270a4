package spill_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// windowScript is a query over keyed, as script has it, where rows have times, a millisecond apart, up to which everything is there.
func windowScript(t *testing.T, query string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "numbers.csv")
	text := []byte("n,at\n")
	for n := range 2 * keys() {
		text = fmt.Appendf(text, "%d,2026-01-01 %02d:%02d:%02d.%03d\n", n, n/3_600_000, n/60_000%60, n/1000%60, n%1000)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("CREATE SOURCE numbers (n BIGINT, at TIMESTAMP, WATERMARK FOR at AS at) WITH (connector = 'file', path = '%s', format = 'csv');\n"+
		"CREATE VIEW keyed AS SELECT n, at, repeat(((n * 2654435761) %% %d)::text, 64) AS k FROM numbers;\n"+
		"CREATE SINK b WITH (connector = 'blackhole');\nINSERT INTO b %s;\n", path, keys(), query)
}

// TestWindowsOfMoreThanMemory: windows answer with little memory what they answer with much. Where many close at once what is removed is on its way to the store as well.
func TestWindowsOfMoreThanMemory(t *testing.T) {
	sessions := func(seconds int) string {
		return fmt.Sprintf("SELECT k, count(*) AS c, max(n) AS m, window_start, window_end FROM SESSION((SELECT * FROM keyed) PARTITION BY k, at, INTERVAL '%d seconds') GROUP BY k, window_start, window_end", seconds)
	}
	for name, query := range map[string]string{
		"rows of sessions":    fmt.Sprintf("SELECT k, n, window_start, window_end FROM SESSION((SELECT * FROM keyed) PARTITION BY k, at, INTERVAL '%d seconds')", keys()/500),
		"rows of one session": fmt.Sprintf("SELECT k, n, window_start, window_end FROM SESSION((SELECT * FROM keyed WHERE n < %d OR n > %d), at, INTERVAL '5 seconds')", 15*keys()/8, 15*keys()/8+6_000),
		"sessions":            sessions(keys() / 5_000), // each key has two
		"sessions that go on": sessions(keys() / 500),
	} {
		t.Run(name, func(t *testing.T) { sameBeside(t, mostBeside+groupMemory, windowScript(t, query)) })
	}
	tumble := func(calls, emit string) string {
		return fmt.Sprintf("SELECT k, %s, window_start, window_end FROM TUMBLE(keyed, at, INTERVAL '%d seconds') GROUP BY k, window_start, window_end %s", calls, keys()/800, emit)
	}
	const sums, kept = "count(*) AS c, max(n) AS m", "count(DISTINCT n) AS c, string_agg(n::text, '+' ORDER BY n DESC) AS s"
	for name, query := range map[string]string{
		"that change":                          tumble(sums, "EMIT ON UPDATE"),
		"that wait for their interval":         tumble(sums, "EMIT EVERY INTERVAL '1 hour'"),
		"of values and rows":                   tumble(kept, ""),
		"of values and rows, that are changed": tumble(kept, "EMIT ON UPDATE"),
	} {
		t.Run(name, func(t *testing.T) { sameWithLittle(t, windowScript(t, query)) })
	}
}

// TestSlicesOfMoreThanMemory: overlapping windows whose answers change answer with little memory what they answer with much.
func TestSlicesOfMoreThanMemory(t *testing.T) {
	overlapping := func(shape, emit string) string {
		query := fmt.Sprintf("SELECT k, count(*) AS c, max(n) AS m, window_start, window_end FROM %s(keyed, at, INTERVAL '%d seconds', INTERVAL '%d seconds') GROUP BY k, window_start, window_end %s", shape, keys()/1600, keys()/800, emit)
		return "SET emit = 'changes';\n" + windowScript(t, query)
	}
	for name, script := range map[string]string{
		"hops that change":                  overlapping("HOP", "EMIT ON UPDATE"),
		"hops that wait for their interval": overlapping("HOP", "EMIT EVERY INTERVAL '1 hour'"),
		"hops that are corrected":           overlapping("HOP", "ALLOWED LATENESS INTERVAL '20 seconds'"),
		"what cumulates, and is corrected":  overlapping("CUMULATE", "ALLOWED LATENESS INTERVAL '20 seconds'"),
	} {
		t.Run(name, func(t *testing.T) { sameWithLittle(t, script) })
	}
}

// TestJoinsByWindowsOfMoreThanMemory: joins by windows answer with little memory what they answer with much. All rows of a window are of one key where only the windows are compared.
func TestJoinsByWindowsOfMoreThanMemory(t *testing.T) {
	tumbled := func(columns, where string) string {
		return fmt.Sprintf("(SELECT %s, window_start AS ws, window_end AS we FROM TUMBLE(keyed, at, INTERVAL '%d seconds') %s)", columns, keys()/800, where)
	}
	for name, query := range map[string]string{
		"full":   "SELECT l.k, l.n, r.n AS rn FROM " + tumbled("n, k", "") + " l FULL JOIN " + tumbled("n, k", "WHERE n % 3 <> 1") + " r ON l.k = r.k AND l.ws = r.ws AND l.we = r.we",
		"totals": "SELECT l.k, l.n, r.c FROM " + tumbled("n, k", "") + " l JOIN " + tumbled("count(*) AS c", "GROUP BY window_start, window_end") + " r ON l.ws = r.ws AND l.we = r.we",
	} {
		t.Run(name, func(t *testing.T) { sameBeside(t, mostBeside+groupMemory, windowScript(t, query)) })
	}
}
