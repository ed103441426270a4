package setreturning_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"wire.example/wire/internal/testserver"
)

// ask writes PostgreSQL's answers into the file of calls.
func ask(t *testing.T, entries []*entry) {
	t.Helper()
	conn := connect(t)
	var b strings.Builder
	for _, e := range entries {
		b.WriteString(e.comment + e.call + "\n")
		if e.call == "" {
			continue
		}
		e.answer = asked(t, conn, e.call)
		for _, line := range e.answer {
			b.WriteString("\t" + line + "\n")
		}
		for _, line := range e.wire {
			b.WriteString("\tWire: " + line + "\n")
		}
	}
	if err := os.WriteFile(callsFile, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

func connect(t *testing.T) *pgconn.PgConn {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), testserver.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the test's own context has ended
	if _, err := conn.Exec(t.Context(), "SET timezone = 'UTC'; SET client_min_messages = error").ReadAll(); err != nil {
		t.Fatal(err)
	}
	return conn
}

// asked is PostgreSQL's answer to a call, as run writes Wire's.
func asked(t *testing.T, conn *pgconn.PgConn, call string) []string {
	t.Helper()
	result := conn.ExecParams(t.Context(), "SELECT * FROM "+call, nil, nil, nil, nil)
	described := append([]pgconn.FieldDescription{}, result.FieldDescriptions()...)
	answer := result.Read()
	err := answer.Err
	var bad *pgconn.PgError
	if errors.As(err, &bad) {
		return []string{fmt.Sprintf("ERROR %s %s", bad.Code, bad.Message)}
	}
	if err != nil {
		t.Fatal(err)
	}
	head := make([]string, len(described))
	for i, f := range described {
		typ, err := conn.Exec(t.Context(), fmt.Sprintf("SELECT format_type(%d, NULL)", f.DataTypeOID)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		head[i] = f.Name + " " + string(typ[0].Rows[0][0])
	}
	var rows []string
	for _, row := range answer.Rows {
		texts := make([]string, len(row))
		for i, v := range row {
			texts[i] = "NULL"
			if v != nil {
				texts[i] = quoted(string(v))
			}
		}
		rows = append(rows, strings.Join(texts, " | "))
	}
	return lines(strings.Join(head, ", "), rows)
}

// TestPostgresAgrees: the answers in testdata are those of a PostgreSQL 15.
func TestPostgresAgrees(t *testing.T) {
	conn := connect(t)
	for _, e := range readCalls(t) {
		if e.call == "" {
			continue
		}
		if got := asked(t, conn, e.call); !same(got, e.answer) {
			t.Errorf("%s\n\tgot  %s\n\twant %s", e.call, strings.Join(got, "\n\t     "), strings.Join(e.answer, "\n\t     "))
		}
	}
}
