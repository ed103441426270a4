package bind_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"wire.example/wire/internal/testserver"
	"wire.example/wire/sdk/schema"
)

// heading is the first line of a rendered mistake.
var heading = regexp.MustCompile(`^([0-9A-Z]{5}: .*) \(\d+:\d+\)$`)

// TestMistakesArePostgreSQLs compares SQLSTATE and message of every block of testdata/mistakes, but for wire.txt, with a PostgreSQL's. What
// testdata/differences.txt lists differs, for the reason after '#'.
func TestMistakesArePostgreSQLs(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a PostgreSQL")
	}
	conn := connect(t)
	known := differences(t)
	for _, name := range []string{"names", "types", "groups", "insert"} {
		for _, b := range readScript(t, "testdata/mistakes/"+name+".txt") {
			first, _, _ := strings.Cut(b.answer, "\n")
			got := first
			if m := heading.FindStringSubmatch(first); m != nil {
				got = m[1]
			}
			want := verdict(t, conn, b.text)
			reason, differs := known[strings.TrimSpace(b.text)]
			switch {
			case got == want && differs:
				t.Errorf("%s: listed as a difference (%s), but agrees", b.text, reason)
			case got != want && !differs:
				t.Errorf("%s.txt:%d: %sWire       %s\nPostgreSQL %s", name, b.line, b.text, got, want)
			}
		}
	}
}

func differences(t *testing.T) map[string]string {
	t.Helper()
	raw, err := os.ReadFile("testdata/differences.txt")
	if err != nil {
		t.Fatal(err)
	}
	known, reason := map[string]string{}, ""
	for _, line := range strings.Split(string(raw), "\n") {
		if after, ok := strings.CutPrefix(line, "# "); ok {
			reason = after
		} else {
			known[line] = reason
		}
	}
	return known
}

func connect(t *testing.T) *pgconn.PgConn {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), testserver.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the test's own context has ended
	tables, err := os.ReadFile("testdata/postgres.sql")
	if err != nil {
		t.Fatal(err)
	}
	setup := "DROP SCHEMA IF EXISTS bindtest CASCADE; CREATE SCHEMA bindtest; SET search_path = bindtest; SET timezone = 'UTC';" + string(tables)
	if _, err := conn.Exec(t.Context(), setup).ReadAll(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = conn.Exec(context.Background(), "DROP SCHEMA bindtest CASCADE").ReadAll() })
	return conn
}

// verdict is what PostgreSQL says of a statement, which it forgets.
func verdict(t *testing.T, conn *pgconn.PgConn, text string) string {
	t.Helper()
	_, err := conn.Exec(t.Context(), "BEGIN").ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), text).ReadAll()
	answer := "ok"
	var bad *pgconn.PgError
	if errors.As(err, &bad) {
		answer = bad.Code + ": " + bad.Message
	}
	if _, err := conn.Exec(t.Context(), "ROLLBACK").ReadAll(); err != nil {
		t.Fatal(err)
	}
	return answer
}

// pgTypes are the OIDs of the types that Wire has.
var pgTypes = map[uint32]string{
	16: "BOOLEAN", 17: "BYTEA", 20: "BIGINT", 21: "SMALLINT", 23: "INTEGER", 25: "TEXT", 700: "REAL", 701: "DOUBLE PRECISION", 1043: "TEXT", 19: "TEXT",
	1082: "DATE", 1083: "TIME", 1114: "TIMESTAMP", 1184: "TIMESTAMPTZ", 1186: "INTERVAL", 1700: "NUMERIC", 2249: "ROW", 2950: "UUID", 3802: "JSONB",
	1007: "INTEGER[]", 1016: "BIGINT[]", 1009: "TEXT[]", 1231: "NUMERIC[]", 2206: "TEXT",
}

// TestColumnsArePostgreSQLs compares names and types of the columns of the queries in testdata/plans with a PostgreSQL's.
func TestColumnsArePostgreSQLs(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a PostgreSQL")
	}
	conn := connect(t)
	known := differences(t)
	modifiers := regexp.MustCompile(`\(\d+(,\d+)?\)|ROW\(.*\)`)
	for _, name := range []string{"select", "join", "subquery", "group", "over", "set"} {
		for _, b := range readScript(t, "testdata/plans/"+name+".txt") {
			if b.text == "" {
				continue
			}
			want := described(t, conn, b.text)
			first, _, _ := strings.Cut(b.answer, "\n")
			got := strings.TrimSuffix(strings.TrimPrefix(first, "sink "), ": result")
			got = modifiers.ReplaceAllStringFunc(got, func(m string) string {
				if strings.HasPrefix(m, "ROW") {
					return "ROW"
				}
				return ""
			})
			got = strings.ReplaceAll(got, "VARCHAR", "TEXT")
			_, differs := known[strings.TrimSpace(b.text)]
			if got != want && !differs {
				t.Errorf("%s.txt:%d: %sWire       %s\nPostgreSQL %s", name, b.line, b.text, got, want)
			}
		}
	}
}

// described are the names and types of the columns of a query.
func described(t *testing.T, conn *pgconn.PgConn, text string) string {
	t.Helper()
	d, err := conn.Prepare(t.Context(), "", text, nil)
	if err != nil {
		return err.Error()
	}
	columns := make([]string, len(d.Fields))
	for i, f := range d.Fields {
		typ := pgTypes[f.DataTypeOID]
		if typ == "" {
			typ = fmt.Sprintf("type %d", f.DataTypeOID)
			if f.DataTypeOID > 16384 {
				typ = "ROW"
			}
		}
		columns[i] = schema.QuoteName(f.Name) + " " + typ
	}
	return strings.Join(columns, ", ")
}
