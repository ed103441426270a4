package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRowsAreSortedAsTheyChange: an answer that changes in place is shown in the order that the query asks for, by the columns that it has.
func TestRowsAreSortedAsTheyChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jsonl")
	filler := strings.Repeat("{\"k\":9,\"v\":0}\n", 20000)
	if err := os.WriteFile(path, []byte("{\"k\":1,\"v\":30}\n{\"k\":2,\"v\":20}\n{\"k\":3,\"v\":10}\n"+filler+"{\"k\":3,\"v\":50}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := sit(t, t.TempDir())
	p.types(fmt.Sprintf("CREATE SOURCE a (k BIGINT, v BIGINT) WITH (connector = 'file', path = '%s', format = 'json', block_size = '4KB');\r", path))
	p.expect("CREATE SOURCE")
	p.expect("wire=> ")
	p.types("SET emit = 'changes';\r")
	p.expect("SET")
	p.expect("wire=> ")
	p.types("SELECT k, max(v) AS s, 'x' || k AS name FROM a GROUP BY k ORDER BY max(v) DESC, k LIMIT 3;\r")
	p.expect(" 3 | 50 | x3\r\n 1 | 30 | x1\r\n 2 | 20 | x2\r\n")
	p.types("\\q\r")
	p.leaves(0)
}
