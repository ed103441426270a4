package csvfmt

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"wire.example/wire/internal/testserver"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// copiedTable has a row for each way in which PostgreSQL may write a value.
const copiedTable = `
CREATE TEMPORARY TABLE t (id bigint, "Na me" text, b boolean, i2 smallint, f4 real, f8 double precision, n numeric(12,3), by bytea,
	d date, tm time, ts timestamp, tz timestamptz, iv interval, u uuid);
INSERT INTO t (id, "Na me") VALUES (1, ''), (2, NULL), (3, 'plain'), (4, 'a,b'), (5, 'say "hi"'), (6, E'two\nlines'), (7, E'cr\r'),
	(8, ' blanks '), (9, 'Ünïcödé 😀'), (10, '\.'), (11, 'NULL'), (12, E'\t'), (13, '"'), (14, ''''), (15, 'long enough for a view, with "quotes"'), (16, '#no comment');
INSERT INTO t VALUES
	(17, 'x', true, -32768, 'NaN', 'Infinity', 123456789.125, '\x00ff', '0044-03-15 BC', '24:00', '2024-02-29 12:34:56.789', '2024-07-01 12:00+02',
		'1 year -2 days 03:04:05.6', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),
	(-9223372036854775808, 'y', false, 32767, 1.5e-45, 1e300, -0.001, '', 'infinity', '00:00', '-infinity', 'infinity', '0', '00000000-0000-0000-0000-000000000000'),
	(9223372036854775807, 'z', NULL, 0, 0.1, 0.1, 0, '\x22', '2024-02-29', '12:34:56.789', '0001-01-01', '1970-01-01 00:00+00', '-1 month', NULL);
CREATE TEMPORARY TABLE back (LIKE t)`

func copiedSchema() *schema.Schema {
	field := func(name string, k schema.Kind) schema.Field { return schema.Field{Name: name, Type: schema.Of(k)} }
	return schema.New(field("id", schema.Int64), field("Na me", schema.Text), field("b", schema.Bool), field("i2", schema.Int16), field("f4", schema.Float32),
		field("f8", schema.Float64), schema.Field{Name: "n", Type: schema.NumericOf(12, 3)}, field("by", schema.Bytes), field("d", schema.Date),
		field("tm", schema.Time), field("ts", schema.Timestamp), field("tz", schema.TimestampTZ), field("iv", schema.Interval), field("u", schema.UUID))
}

// TestCopyOfPostgreSQL: what COPY … TO writes is read, written again as it was, byte by byte, and what COPY … FROM makes of that is the table.
// Not so with COPY's NULL '\\N', by which an empty field becomes the empty text: here it is NULL, whatever else is.
func TestCopyOfPostgreSQL(t *testing.T) {
	conn, err := pgconn.Connect(t.Context(), testserver.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the test's own context has ended
	run(t, conn, "SET timezone = 'UTC'", copiedTable)
	for name, o := range map[string]Options{
		"FORMAT csv, HEADER":                     {Header: true},
		"FORMAT csv":                             {},
		`FORMAT csv, HEADER, DELIMITER ';'`:      {Header: true, Delimiter: ";"},
		`FORMAT csv, DELIMITER E'\t', QUOTE '''`: {Delimiter: `\t`, Quote: "'"},
	} {
		name = strings.ReplaceAll(name, "QUOTE '''", "QUOTE ''''")
		t.Run(name, func(t *testing.T) {
			var file bytes.Buffer
			if _, err := conn.CopyTo(t.Context(), &file, "COPY t TO STDOUT ("+name+")"); err != nil {
				t.Fatal(err)
			}
			again := rewritten(t, newFormat(t, o), copiedSchema(), file.Bytes())
			if !bytes.Equal(again, file.Bytes()) {
				t.Errorf("PostgreSQL writes\n%s\nand we\n%s", file.Bytes(), again)
			}
			run(t, conn, "TRUNCATE back")
			if _, err := conn.CopyFrom(t.Context(), bytes.NewReader(again), "COPY back FROM STDIN ("+name+")"); err != nil {
				t.Fatal(err)
			}
			if diff := run(t, conn, "(TABLE t EXCEPT TABLE back) UNION ALL (TABLE back EXCEPT TABLE t)"); diff != 0 {
				t.Errorf("%d rows came back changed", diff)
			}
		})
	}
}

// run executes statements and returns the rows of the last.
func run(t *testing.T, conn *pgconn.PgConn, statements ...string) (rows int) {
	t.Helper()
	for _, sql := range statements {
		results, err := conn.Exec(t.Context(), sql).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		rows = len(results[len(results)-1].Rows)
	}
	return rows
}

// rewritten reads a file and writes its rows.
func rewritten(t *testing.T, f codec.Format, s *schema.Schema, file []byte) []byte {
	t.Helper()
	d, err := f.NewDecoder(codec.DecodeSpec{Schema: s, Pool: &batch.Pool{}})
	if err != nil {
		t.Fatal(err)
	}
	e, err := f.NewEncoder(codec.EncodeSpec{Schema: s})
	if err != nil {
		t.Fatal(err)
	}
	out := e.(codec.Header).AppendHeader(nil)
	r := connector.NewBlockReader(bytes.NewReader(file), f.NewFramer(), 0, 256, 1<<20)
	for {
		block := codec.Block{Name: "t.csv", Buf: batch.WrapBuffer(nil)}
		if r.Next(&block) != nil {
			return out // the end of the file
		}
		if err := d.Begin(&block); err != nil {
			t.Fatal(err)
		}
		for more := true; more; {
			rows, res, err := d.Decode()
			if err != nil || len(res.Rejects) > 0 {
				t.Fatalf("%v, %+v", err, res.Rejects)
			}
			var bad []codec.RowError
			if out, _, bad = e.Encode(out, nil, rows); len(bad) > 0 {
				t.Fatal(bad[0].Err)
			}
			more = res.More
		}
	}
}
