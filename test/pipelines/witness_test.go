package pipelines_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/parse"
)

// answers asks PostgreSQL the witness queries of c over the sources of its script, as temporary tables.
//
// A table has the declared columns, pos, a row's place in its split, and split, the file. Of sources of changes it holds what the changes leave. Where a source has a
// watermark, the view NAME_w has the rows and wm, the watermark of the row's split just before it.
func (c *sqlCase) answers(ctx context.Context, dsn string) (all map[string][]string, err error) {
	if len(c.witness) == 0 {
		return nil, nil
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	for _, s := range []string{"SET search_path = pg_temp", "SET timezone = 'UTC'", "SET client_min_messages = error"} {
		if err := do(ctx, conn, s); err != nil {
			return nil, err
		}
	}
	statements, err := parse.Script(c.script)
	if err != nil {
		return nil, err
	}
	for _, s := range statements {
		if r, ok := s.(*ast.CreateRelation); ok && r.Kind != ast.Sink && optionOf(r, "path") != "" {
			if err := c.load(ctx, conn, r); err != nil {
				return nil, err
			}
		}
	}
	all = map[string][]string{}
	for name, query := range c.witness {
		rows, err := conn.Query(ctx, "SELECT row_to_json(q)::text FROM (\n"+strings.TrimSuffix(strings.TrimSpace(query), ";")+"\n) q")
		if err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", name, err, query)
		}
		if all[name], err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", name, err, query)
		}
		slices.Sort(all[name])
	}
	return all, nil
}

func do(ctx context.Context, conn *pgx.Conn, sql string) error {
	_, err := conn.PgConn().Exec(ctx, sql).ReadAll()
	var bad *pgconn.PgError
	if errors.As(err, &bad) {
		return fmt.Errorf("%s (%s): %s", bad.Message, bad.Code, sql)
	}
	return err
}

// optionOf is the text of an option; "true" for a name alone.
func optionOf(r *ast.CreateRelation, name string) string {
	for _, o := range r.Options {
		if len(o.Name) == 1 && o.Name[0].Text == name {
			return o.Value.Text
		}
	}
	return ""
}

// load makes the table of a source.
func (c *sqlCase) load(ctx context.Context, conn *pgx.Conn, r *ast.CreateRelation) error {
	name := r.Name.Parts[len(r.Name.Parts)-1].Text
	var declared, generated, key []string
	for _, col := range r.Columns {
		text := exprast.QuoteName(col.Name.Text) + " " + exprast.SQL(col.Type)
		if g := col.Find(ast.Generated); g != nil {
			generated = append(generated, text+" GENERATED ALWAYS AS ("+exprast.SQL(g.X)+") STORED")
			continue
		}
		if col.Find(ast.PrimaryKey) != nil {
			key = append(key, col.Name.Text)
		}
		declared = append(declared, text)
	}
	for _, k := range r.Constraints {
		if k.Kind == ast.PrimaryKey {
			for _, n := range k.Columns {
				key = append(key, n.Text)
			}
		}
	}
	for _, s := range []string{
		fmt.Sprintf("CREATE TEMPORARY TABLE read_%s (%s)", name, strings.Join(declared, ", ")),
		fmt.Sprintf("CREATE TEMPORARY TABLE %s (%s)", name, strings.Join(slices.Concat(declared, []string{"pos BIGINT", "split TEXT"}, generated), ", ")),
	} {
		if err := do(ctx, conn, s); err != nil {
			return err
		}
	}
	rows, err := c.rows(r, key)
	if err != nil {
		return err
	}
	for _, row := range rows {
		insert := fmt.Sprintf("INSERT INTO %[1]s SELECT (json_populate_record(NULL::read_%[1]s, $1::json)).*, $2, $3", name)
		if _, err := conn.Exec(ctx, insert, row.text, row.pos, row.split); err != nil {
			return fmt.Errorf("%s: %s: %w", name, row.text, err)
		}
	}
	for _, w := range r.Watermarks {
		const view = "CREATE TEMPORARY VIEW %[1]s_w AS SELECT *, max(%[2]s) OVER (PARTITION BY split ORDER BY pos ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS wm FROM %[1]s"
		if err := do(ctx, conn, fmt.Sprintf(view, name, exprast.SQL(w.X))); err != nil {
			return err
		}
	}
	return nil
}

// inputRow is a row of a source as JSON, with its place.
type inputRow struct {
	text, split string
	pos         int64
}

// rows are those of a source's files; of changes, those that are left.
func (c *sqlCase) rows(r *ast.CreateRelation, key []string) (all []inputRow, err error) {
	pattern, input := optionOf(r, "path"), maps.Clone(c.input)
	if c.follow != nil {
		for _, s := range *c.follow {
			for name, text := range s.add {
				input[name] += text
			}
		}
	}
	var names []string
	for name := range input {
		if ok, err := path.Match(pattern, name); err != nil {
			return nil, err
		} else if ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if len(names) == 0 {
		return nil, fmt.Errorf("no file %s", pattern)
	}
	follow := optionOf(r, "follow") == "true"
	for _, name := range names {
		text := input[name]
		if optionOf(r, "format") == "csv" {
			if text, err = asJSON(text); err != nil {
				return nil, err
			}
		}
		split := ""
		if follow {
			split = name
		}
		for _, line := range lines(text) {
			all = append(all, inputRow{line, split, int64(len(all))})
		}
	}
	switch {
	case optionOf(r, "format") == "debezium-json":
		return foldInput(all, debeziumChange)
	case optionOf(r, "changes") == "upsert":
		return upserted(all, key)
	case optionOf(r, "changelog") == "true":
		return foldInput(all, opChange)
	}
	return all, nil
}

// asJSON makes a JSON line of each line of a CSV with a header. Empty fields are NULL.
func asJSON(text string) (string, error) {
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(records) == 0 {
		return "", err
	}
	var b strings.Builder
	for _, record := range records[1:] {
		row := map[string]any{}
		for i, field := range record {
			if field != "" {
				row[records[0][i]] = field
			}
		}
		line, err := json.Marshal(row)
		if err != nil {
			return "", err
		}
		b.Write(append(line, '\n'))
	}
	return b.String(), nil
}

// foldInput applies changes: of returns what a line takes back and what it adds.
func foldInput(all []inputRow, of func(line string) (minus, plus []string, err error)) ([]inputRow, error) {
	var left []inputRow
	for _, row := range all {
		minus, plus, err := of(row.text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", row.text, err)
		}
		for _, m := range minus {
			at := slices.IndexFunc(left, func(r inputRow) bool { return r.text == m })
			if at < 0 {
				return nil, fmt.Errorf("%s takes back what is not there", row.text)
			}
			left = slices.Delete(left, at, at+1)
		}
		for _, p := range plus {
			left = append(left, inputRow{p, row.split, row.pos})
		}
	}
	return left, nil
}

func opChange(line string) (minus, plus []string, err error) {
	row := map[string]any{}
	if err := json.Unmarshal([]byte(line), &row); err != nil {
		return nil, nil, err
	}
	op := row["op"]
	delete(row, "op")
	text, err := json.Marshal(row)
	if op == "-U" || op == "-D" {
		return []string{string(text)}, nil, err
	}
	return nil, []string{string(text)}, err
}

func debeziumChange(line string) (minus, plus []string, err error) {
	var e struct {
		Before, After map[string]any
		Payload       *struct{ Before, After map[string]any }
	}
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		return nil, nil, err
	}
	if e.Payload != nil {
		e.Before, e.After = e.Payload.Before, e.Payload.After
	}
	text := func(row map[string]any) []string {
		b, err2 := json.Marshal(row)
		err = errors.Join(err, err2)
		return []string{string(b)}
	}
	if e.Before != nil {
		minus = text(e.Before)
	}
	if e.After != nil {
		plus = text(e.After)
	}
	return minus, plus, err
}

// upserted keeps the last row of each key; a row with op -D or -U takes its key away.
func upserted(all []inputRow, key []string) ([]inputRow, error) {
	var left []inputRow
	keys := map[string]string{} // of a row's text
	for _, in := range all {
		row := map[string]any{}
		if err := json.Unmarshal([]byte(in.text), &row); err != nil {
			return nil, err
		}
		op := row["op"]
		delete(row, "op")
		var k []string
		for _, name := range key {
			k = append(k, fmt.Sprint(row[name]))
		}
		id := strings.Join(k, "\x00")
		left = slices.DeleteFunc(left, func(r inputRow) bool { return keys[r.text] == id })
		if op == "-D" || op == "-U" {
			continue
		}
		text, err := json.Marshal(row)
		if err != nil {
			return nil, err
		}
		keys[string(text)] = id
		left = append(left, inputRow{string(text), in.split, in.pos})
	}
	return left, nil
}
