package spill_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"wire.example/wire/test/process"
)

// joinMemory is what the runs may take, and longMemory what those with long keys may, and joins by time.
const (
	joinMemory = 40 << 20
	longMemory = 64 << 20
)

// joinKeys is how many keys with a row of some 400 bytes there are: a few times what memory takes, or ten times.
func joinKeys() int {
	if process.Heavy() {
		return 1_000_000
	}
	return 120_000
}

// joinCase is a join of rows s, which have no end unless they are bounded, and t, which have one, or u, which have none, that gives as many rows as there are keys.
type joinCase struct {
	query   string
	bounded bool
	// narrow: hardly more than the keys of one side is kept, and so there are twice as many.
	narrow bool
	// ttl: rows have a time to live, which no run reaches.
	ttl bool
	// long: keys of several hundred bytes, which are kept beside the rows.
	long bool
}

func (c joinCase) memory() int64 {
	if c.long {
		return longMemory
	}
	return joinMemory
}

func (c joinCase) keys() int {
	if c.narrow {
		return 2 * joinKeys()
	}
	return joinKeys()
}

func joinCases() map[string]joinCase {
	return map[string]joinCase{
		"bounded": {query: "SELECT s.n, t.x FROM s JOIN t ON s.n = t.k"},
		"endless": {query: "SELECT s.n, u.x FROM s JOIN u ON s.n = u.n"},
		"mortal":  {query: "SELECT s.n, u.x FROM s LEFT JOIN u ON s.n = u.n WHERE u.n IS NOT NULL", ttl: true},
		"in":      {query: "SELECT n, x FROM (SELECT n, repeat(n::text, 64) AS x FROM s) AS s WHERE n IN (SELECT n FROM u)", narrow: true},
		"long":    {query: "SELECT s.n FROM (SELECT n, repeat(n::text, 64) AS x FROM s) AS s JOIN u ON s.x = u.x", long: true},
		// The conditions let all rows through, but nobody knows before.
		"guess": {bounded: true, query: "SELECT s.n, t.x FROM s JOIN t ON s.n = t.k WHERE t.k % 7 < 7 AND t.k % 11 < 11 AND t.k % 13 < 13 AND t.k % 17 < 17 AND t.k % 19 < 19 AND t.k % 23 < 23"},
	}
}

// script ends when all rows have come that the query has.
func (c joinCase) script() string {
	set := ""
	if c.ttl {
		set = "SET ttl = '1 day';\n"
	}
	return set + fmt.Sprintf("CREATE SOURCE s (n BIGINT) WITH (connector = 'file', path = 's.csv', format = 'csv', follow = %t);\n"+
		"CREATE SOURCE numbers (n BIGINT) WITH (connector = 'generate', kind = 'sequence', rows = %d);\n"+
		"CREATE VIEW t AS SELECT (n * 2654435761) %% %d AS k, repeat(n::text, 64) AS x FROM numbers;\n"+
		"CREATE SOURCE others (n BIGINT) WITH (connector = 'file', path = 'u.csv', format = 'csv', follow = true);\n"+
		"CREATE VIEW u AS SELECT n, repeat(n::text, 64) AS x FROM others;\n"+
		"CREATE SINK b WITH (connector = 'blackhole');\nINSERT INTO b %s LIMIT %d;\n", !c.bounded, c.keys(), c.keys(), c.query, c.keys())
}

// TestJoinsOfMoreThanMemory: a join answers with little memory what it answers with much, without a state directory, with one, and killed and resumed.
func TestJoinsOfMoreThanMemory(t *testing.T) {
	for name, c := range joinCases() {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			rows := []byte("n\n")
			for n := range c.keys() {
				rows = fmt.Appendf(rows, "%d\n", n)
			}
			others := []byte("n\n")
			for n := c.keys() - 1; n >= 0; n-- {
				others = fmt.Appendf(others, "%d\n", n)
			}
			if err := errors.Join(os.WriteFile(filepath.Join(dir, "s.csv"), rows, 0o600), os.WriteFile(filepath.Join(dir, "u.csv"), others, 0o600)); err != nil {
				t.Fatal(err)
			}
			sameIn(t, dir, c.memory(), busyBeside, c.script())
		})
	}
}
