package aggregate_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"wire.example/wire/internal/testserver"
)

func connect(t *testing.T) *pgconn.PgConn {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), testserver.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the test's own context has ended
	for _, sql := range []string{"SET timezone = 'UTC'", "SET bytea_output = 'hex'", createTable(t)} {
		if _, err := conn.Exec(t.Context(), sql).ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	return conn
}

// createTable makes testdata/table.tsv in PostgreSQL.
func createTable(t *testing.T) string {
	t.Helper()
	lines := tableLines(t)
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TEMPORARY TABLE t (%s);\n", strings.ReplaceAll(lines[0], "\t", ", "))
	for _, line := range lines[1:] {
		var values []string
		for v := range strings.SplitSeq(line, "\t") {
			if v != "NULL" {
				v = "'" + strings.ReplaceAll(v, "'", "''") + "'"
			}
			values = append(values, v)
		}
		fmt.Fprintf(&b, "INSERT INTO t VALUES (%s);\n", strings.Join(values, ", "))
	}
	return b.String()
}

// ask gets the answers of all entries from a PostgreSQL.
func ask(t *testing.T, entries []*entry) {
	t.Helper()
	conn := connect(t)
	for _, e := range entries {
		if e.call != "" {
			e.answers = asked(t, conn, e.call)
		}
	}
}

// asked are PostgreSQL's answers to a call, one a group, as answers writes Wire's. What is json in PostgreSQL is turned into jsonb.
func asked(t *testing.T, conn *pgconn.PgConn, call string) []string {
	t.Helper()
	var out []string
	for _, name := range groupNames() {
		where := "g = " + name
		switch name {
		case "none":
			where = "false"
		case "all":
			where = "true"
		}
		x := call
		if strings.HasPrefix(call, "json_") {
			x += "::jsonb"
		}
		results, err := conn.Exec(t.Context(), "SELECT pg_typeof(x), x FROM (SELECT "+x+" AS x FROM t WHERE "+where+") q").ReadAll()
		var bad *pgconn.PgError
		switch {
		case errors.As(err, &bad):
			out = append(out, "ERROR "+bad.Code+" "+strings.ReplaceAll(bad.Message, "\n", " "))
		case err != nil:
			t.Fatalf("%s: %v", call, err)
		default:
			row := results[0].Rows[0]
			out = append(out, spelled(string(row[0]), string(row[1]), row[1] == nil))
		}
	}
	return out
}

// TestCorpusIsPostgreSQLs asks a PostgreSQL whether the answers in the files are still its own.
func TestCorpusIsPostgreSQLs(t *testing.T) {
	if testing.Short() {
		t.Skip("asks a PostgreSQL some thousand questions")
	}
	conn := connect(t)
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		for _, e := range readCorpus(t, path) {
			if e.call == "" {
				continue
			}
			for i, got := range asked(t, conn, e.call) {
				if !same(got, e.answers[i]) {
					t.Errorf("%s:%d: %s: group %s\n\tPostgreSQL says %q\n\tthe file says %q", path, e.line, e.call, groupNames()[i], got, e.answers[i])
				}
			}
		}
	}
}
