package slt

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Postgres is a PostgreSQL server.
type Postgres struct {
	DSN string // of a database that belongs to the runner: its schema public is dropped
	// Settings are given before the statements, such as "SET enable_hashjoin = off": other plans, which must not change an answer.
	Settings []string
	// Shuffle puts the rows of a table into another physical order after each INSERT, which must not change an answer either.
	Shuffle bool
}

// Name returns PostgreSQL.
func (Postgres) Name() string { return PostgreSQL }

// SQLSTATEs of tables that are not shuffled.
const (
	undefinedTable  = "42P01"
	generatedAlways = "428C9"
)

// statementTimeout bounds a statement, in milliseconds.
const statementTimeout = 20_000

// Run implements Engine. The schema public is made anew.
func (p Postgres) Run(ctx context.Context, statements []string) (answers []Answer, err error) {
	conn, err := pgconn.Connect(ctx, p.DSN)
	if err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	settings := append([]string{
		"SET client_min_messages = error", "DROP SCHEMA IF EXISTS public CASCADE", "CREATE SCHEMA public",
		"SET timezone = 'UTC'", "SET datestyle = 'ISO, MDY'", "SET intervalstyle = 'postgres'", "SET bytea_output = 'hex'", "SET extra_float_digits = 1",
		"SET jit = off", // plans with forbidden nodes look so dear that each would be compiled
		fmt.Sprintf("SET statement_timeout = %d", statementTimeout),
	}, p.Settings...)
	for _, sql := range settings {
		if a := p.ask(ctx, conn, sql); a.State != "" {
			return nil, fmt.Errorf("%s: %s", sql, a.Message)
		}
	}
	for _, sql := range statements {
		answers = append(answers, p.ask(ctx, conn, sql))
		if p.Shuffle {
			if err := p.shuffle(ctx, conn, sql); err != nil {
				return nil, err
			}
		}
	}
	return answers, nil
}

// ask runs one statement by the simple protocol, whose values are text.
func (Postgres) ask(ctx context.Context, conn *pgconn.PgConn, sql string) Answer {
	var a Answer
	results := conn.Exec(ctx, sql)
	count := 0
	for ; results.NextResult(); count++ {
		a = answerOf(results.ResultReader())
	}
	err := results.Close()
	var bad *pgconn.PgError
	switch {
	case errors.As(err, &bad):
		return Answer{State: bad.Code, Message: bad.Message}
	case err != nil:
		return Answer{State: NoAnswer, Message: err.Error()}
	case count != 1:
		return Answer{State: NoAnswer, Message: fmt.Sprintf("%d statements in one record", count)}
	}
	return a
}

// answerOf reads a result to its end; its error is that of the results it belongs to.
func answerOf(r *pgconn.ResultReader) Answer {
	var a Answer
	var types strings.Builder
	for _, f := range r.FieldDescriptions() {
		a.Columns = append(a.Columns, f.Name)
		types.WriteByte(typeLetter(f.DataTypeOID))
	}
	a.Types = types.String()
	for r.NextRow() {
		row := make([]Value, len(a.Columns))
		for i, v := range r.Values() {
			row[i] = Value{Text: string(v), Null: v == nil}
		}
		a.Rows = append(a.Rows, row)
	}
	return a
}

// shuffle orders the table that sql inserts into by a hash of its rows. A table that does not exist, or that computes a column, stays as it is.
func (p Postgres) shuffle(ctx context.Context, conn *pgconn.PgConn, sql string) error {
	table := insertedInto(sql)
	if table == "" {
		return nil
	}
	for _, do := range []string{
		"BEGIN",
		"CREATE TEMPORARY TABLE slt_shuffled ON COMMIT DROP AS SELECT * FROM " + table + " ORDER BY md5(" + table + "::text), ctid DESC",
		"DELETE FROM " + table,
		"INSERT INTO " + table + " SELECT * FROM slt_shuffled",
		"COMMIT",
	} {
		a := p.ask(ctx, conn, do)
		if a.State == "" {
			continue
		}
		if undo := p.ask(ctx, conn, "ROLLBACK"); undo.State != "" || a.State != undefinedTable && a.State != generatedAlways {
			return fmt.Errorf("shuffle %s: %s: %s", table, do, a.Message)
		}
		return nil
	}
	return nil
}

// insertedInto is the table of an INSERT, as it is written; empty for other statements.
func insertedInto(sql string) string {
	m := regexp.MustCompile(`(?is)^\s*insert\s+into\s+([a-z_][a-z_0-9]*|"[^"]+")`).FindStringSubmatch(sql)
	if m == nil {
		return ""
	}
	return m[1]
}
