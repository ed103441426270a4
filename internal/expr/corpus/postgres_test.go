package corpus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"wire.example/wire/internal/testserver"
)

// ask gets the answers of all files from a PostgreSQL and writes the files.
func ask(t *testing.T, files []*file) {
	t.Helper()
	conn := connect(t)
	for _, f := range files {
		for i := range f.entries {
			if e := &f.entries[i]; e.expr != "" {
				e.answers = asked(t, conn, e.expr, f.rows())
			}
		}
		f.write(t)
	}
}

func connect(t *testing.T) *pgconn.PgConn {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), testserver.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the test's own context has ended
	for _, sql := range []string{"SET timezone = 'UTC'", "SET bytea_output = 'hex'", createTable()} {
		if _, err := conn.Exec(t.Context(), sql).ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	return conn
}

// asked are PostgreSQL's answers to an expression, one a row, as answers writes Wire's.
func asked(t *testing.T, conn *pgconn.PgConn, expr string, rows int) []string {
	t.Helper()
	out := make([]string, rows)
	for i := range out {
		from := ""
		if rows > 1 {
			from = fmt.Sprintf(" FROM t WHERE row_number = %d", i)
		}
		results, err := conn.Exec(t.Context(), "SELECT pg_typeof(x), x FROM (SELECT ("+expr+") AS x"+from+" OFFSET 0) q").ReadAll()
		var bad *pgconn.PgError
		switch {
		case errors.As(err, &bad):
			out[i] = "ERROR " + bad.Code + " " + strings.ReplaceAll(bad.Message, "\n", " ")
		case err != nil:
			t.Fatalf("%s: %v", expr, err)
		case len(results) != 1 || len(results[0].Rows) != 1:
			t.Fatalf("%s: no single answer", expr)
		default:
			row := results[0].Rows[0]
			name := strings.ReplaceAll(string(row[0]), "character varying", "text")
			if row[1] == nil {
				out[i] = name + " NULL"
			} else {
				out[i] = name + " " + quoted(string(row[1]))
			}
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
	for _, f := range corpusFiles(t) {
		for _, e := range f.entries {
			if e.expr == "" {
				continue
			}
			if got := asked(t, conn, e.expr, f.rows()); !same(got, e.answers) {
				t.Errorf("%s:%d: %s\n\tPostgreSQL says %q\n\tthe file says %q", f.path, e.line, e.expr, got, e.answers)
			}
		}
	}
}
