package nexmark

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"wire.example/wire/internal/connect/generate/nexmark"
)

// Witness is a PostgreSQL with the rows of a set.
type Witness struct{ conn *pgx.Conn }

// Connect loads a set into temporary tables of a new connection, seen as a form: Typed or Combined.
func Connect(ctx context.Context, dsn string, set Set, form Form, events int64) (*Witness, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, err
	}
	w := &Witness{conn}
	if err := w.load(ctx, set, form, events); err != nil {
		return nil, errors.Join(err, w.Close(ctx))
	}
	return w, nil
}

// Close ends the connection, and the tables with it.
func (w *Witness) Close(ctx context.Context) error { return w.conn.Close(ctx) }

func (w *Witness) load(ctx context.Context, set Set, form Form, events int64) error {
	all, err := lines(set, events)
	if err != nil {
		return err
	}
	statements := []string{
		"SET search_path = pg_temp", "SET timezone = 'UTC'", "SET max_parallel_workers_per_gather = 0", "SET work_mem = '256MB'", "SET wire.form = '" + string(form) + "'",
		"CREATE TEMPORARY TABLE lines (pos BIGINT, kind INT, text JSON)", "CREATE TEMPORARY TABLE side_input (key BIGINT PRIMARY KEY, value VARCHAR)",
	}
	for _, t := range tables() {
		statements = append(statements, "CREATE TEMPORARY TABLE "+t[0]+" ("+t[1]+", pos BIGINT)")
	}
	if err := w.do(ctx, statements...); err != nil {
		return err
	}
	rows := pgx.CopyFromSlice(len(all), func(i int) ([]any, error) { return []any{int64(i), int32(all[i].kind), all[i].typed()}, nil })
	if _, err := w.conn.CopyFrom(ctx, pgx.Identifier{"pg_temp", "lines"}, []string{"pos", "kind", "text"}, rows); err != nil {
		return err
	}
	side := pgx.CopyFromSlice(SideInputKeys, func(i int) ([]any, error) { return []any{int64(i), "value of " + strconv.Itoa(i)}, nil })
	if _, err := w.conn.CopyFrom(ctx, pgx.Identifier{"pg_temp", "side_input"}, []string{"key", "value"}, side); err != nil {
		return err
	}
	statements = nil
	for _, kind := range []nexmark.Kind{nexmark.KindPerson, nexmark.KindAuction, nexmark.KindBid} {
		statements = append(statements, fmt.Sprintf(
			"INSERT INTO %[1]s SELECT (r).*, pos FROM (SELECT json_populate_record(NULL::no_pos_%[1]s, text) AS r, pos FROM lines WHERE kind = %[2]d) q", kind, kind))
	}
	return w.fill(ctx, statements)
}

// fill moves rows from lines into the tables and carries out the setup.
func (w *Witness) fill(ctx context.Context, statements []string) error {
	for _, t := range tables() {
		if err := w.do(ctx, "CREATE TEMPORARY TABLE no_pos_"+t[0]+" ("+t[1]+")"); err != nil {
			return err
		}
	}
	setup, err := witnessText("")
	if err != nil {
		return err
	}
	statements = append(statements, "ANALYZE person", "ANALYZE auction", "ANALYZE bid", setup)
	return w.do(ctx, statements...)
}

// do carries out statements, each perhaps several.
func (w *Witness) do(ctx context.Context, statements ...string) error {
	for _, s := range statements {
		if _, err := w.conn.PgConn().Exec(ctx, s).ReadAll(); err != nil {
			var bad *pgconn.PgError
			if errors.As(err, &bad) {
				err = fmt.Errorf("%s (%s, at %d)", bad.Message, bad.Code, bad.Position)
			}
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// Answer is what PostgreSQL answers to a query: its rows as JSON, sorted.
func (w *Witness) Answer(ctx context.Context, name string) ([]string, error) {
	text, err := witnessText(name)
	if err != nil {
		return nil, err
	}
	rows, err := w.conn.Query(ctx, "SELECT row_to_json(q)::text FROM (\n"+strings.TrimSpace(text)+"\n) q")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	slices.Sort(list)
	return list, err
}
