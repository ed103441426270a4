package spill_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// timesKeys is how many keys of some 400 bytes there are, of which each has four rows: some more than memory takes, or ten times.
func timesKeys() int { return keys() / 2 }

// timesQueries join two inputs of twice as many rows as there are keys, a millisecond apart, by their keys and times.
func timesQueries() map[string]string {
	near := fmt.Sprintf("r.at BETWEEN l.at - INTERVAL '%[1]d milliseconds' AND l.at + INTERVAL '%[1]d milliseconds'", timesKeys())
	return map[string]string{
		"interval": "SELECT l.k, l.n, r.n AS rn FROM l JOIN r ON l.k = r.k AND " + near,
		"outer":    "SELECT l.k, l.n, r.k AS rk, r.n AS rn FROM l FULL JOIN r ON l.k = r.k AND " + near,
	}
}

// writeTimes writes the files of l and r: rows a millisecond apart, of keys in another order, half of which are not among those of the other file.
func writeTimes(t *testing.T, dir string) {
	t.Helper()
	first := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	for name, least := range map[string]int{"l.csv": 0, "r.csv": timesKeys() / 2} {
		text := []byte("n,k,at\n")
		for n := range 2 * timesKeys() {
			key := strconv.Itoa(n*2654435761%timesKeys() + least)
			text = fmt.Appendf(text, "%d,%s,%s\n", n, strings.Repeat(key, 64), first.Add(time.Duration(n)*time.Millisecond).Format("2006-01-02 15:04:05.000"))
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// timesScript is a query over l and r, files in dir, into a blackhole.
func timesScript(dir, query string) string {
	source := func(name string) string {
		return fmt.Sprintf("CREATE SOURCE %s (n BIGINT, k TEXT, at TIMESTAMP, WATERMARK FOR at AS at) WITH (connector = 'file', path = '%s', format = 'csv');\n", name, filepath.Join(dir, name+".csv"))
	}
	return source("l") + source("r") + "SET emit = 'changes';\nCREATE SINK b WITH (connector = 'blackhole');\nINSERT INTO b " + query + ";\n"
}

// TestJoinsByTimeOfMoreThanMemory: joins by time answer with little memory what they answer with much.
func TestJoinsByTimeOfMoreThanMemory(t *testing.T) {
	dir := t.TempDir()
	writeTimes(t, dir)
	for name, query := range timesQueries() {
		t.Run(name, func(t *testing.T) { sameWith(t, longMemory, busyBeside, timesScript(dir, query)) })
	}
}

// wideKeys, of wideRows rows of some 1900 bytes each: what all of them bring is far more than memory takes, and a batch has rows of each.
const (
	wideKeys = 1000
	wideRows = 40
)

// wideQueries keep the rows of such keys, and look at those that a row goes with.
func wideQueries() map[string]string {
	return map[string]string{
		"interval": "SELECT l.n, r.n AS rn, l.pad, r.pad AS rp FROM l JOIN r ON l.k = r.k AND r.at BETWEEN l.at - INTERVAL '1 hour' AND l.at + INTERVAL '1 hour' AND l.n % 100 = 0",
		"changes":  "SELECT l.n, u.n AS rn, l.pad, u.pad AS rp FROM l JOIN u ON l.k = u.k AND l.n % 100 = 0",
	}
}

// TestKeysOfManyRows: keys that bring back more rows than memory has room for, all with one batch, do so some at a time.
func TestKeysOfManyRows(t *testing.T) {
	dir := t.TempDir()
	first := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	text := []byte("n,k,at,pad\n")
	for n := range wideKeys * wideRows {
		at, pad := first.Add(time.Duration(n)*10*time.Millisecond), strings.Repeat(strconv.Itoa(n+100_000), 320)
		text = fmt.Appendf(text, "%d,%d,%s,%s\n", n, n*7919%wideKeys, at.Format("2006-01-02 15:04:05.000"), pad)
	}
	path := filepath.Join(dir, "rows.csv")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	script := "SET emit = 'changes';\nCREATE SINK b WITH (connector = 'blackhole');\n"
	for name, declared := range map[string][2]string{"l": {"WATERMARK FOR at AS at"}, "r": {"WATERMARK FOR at AS at"}, "u": {"PRIMARY KEY (n)", ", changes = 'upsert'"}} {
		script += fmt.Sprintf("CREATE SOURCE %[1]s (n BIGINT, k BIGINT, at TIMESTAMP, pad TEXT, %[2]s) WITH (connector = 'file', path = '%[3]s', format = 'csv'%[4]s);\n", name, declared[0], path, declared[1])
	}
	for name, query := range wideQueries() {
		t.Run(name, func(t *testing.T) { sameWith(t, joinMemory, busyBeside, script+"INSERT INTO b "+query+";\n") })
	}
}
