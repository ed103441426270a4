package cli_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wire.example/wire/internal/cli"
)

var updateSQL = flag.Bool("update-sql", false, "write what the SQL scripts of testdata/sql print beside them")

// TestSQLScripts runs testdata/sql/*.sql by wire sql and compares what it prints, on standard output and then on standard error.
func TestSQLScripts(t *testing.T) {
	paths, err := filepath.Glob("testdata/sql/*.sql")
	if err != nil || len(paths) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".sql"), func(t *testing.T) {
			script, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var out, errOut bytes.Buffer
			code := cli.Main([]string{"sql", "--keep-going", "--parallelism", "2"}, bytes.NewReader(script), &out, &errOut)
			got := out.String() + "==== standard error, exit code " + string(rune('0'+code)) + "\n" + errOut.String()
			golden := strings.TrimSuffix(path, ".sql") + ".txt"
			if *updateSQL {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
