package jsonfmt

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"wire.example/wire/internal/testserver"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// writtenTable has values of every type that a text says, in rows.
const writtenTable = `
CREATE TEMPORARY TABLE t (id bigint, "Na""me" text, b boolean, i2 smallint, i4 integer, f4 real, f8 double precision, n numeric(12,3), by bytea,
	d date, tm time, ts timestamp, tz timestamptz, iv interval, u uuid, j jsonb);
INSERT INTO t (id, "Na""me") VALUES (1, ''), (2, NULL), (3, 'plain'), (4, E'tab\tnl\ncr\rbs\bff\f'), (5, 'say "hi" \ /'), (6, E'\x01\x1f\x7f'),
	(7, 'Ünïcödé 😀'), (8, '<&>'), (9, E'\u2028\u2029'), (10, 'long enough for a view, with "quotes"');
INSERT INTO t VALUES
	(17, 'x', true, -32768, 2147483647, 'NaN', 'Infinity', 123456789.125, '\x00ff', '0044-03-15 BC', '24:00', '2024-02-29 12:34:56.789', '2024-07-01 12:00+02',
		'1 year -2 days 03:04:05.6', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"b": [1, null], "a": "x\ny"}'),
	(-9223372036854775808, 'y', false, 32767, 0, 1.5e-45, 1e300, -0.001, '', 'infinity', '00:00', '-infinity', 'infinity', '0',
		'00000000-0000-0000-0000-000000000000', 'null'),
	(9223372036854775807, 'z', NULL, 0, -1, 0.1, 0.1, 0, '\x22', '2024-02-29', '12:34:56.789', '0001-01-01', '1970-01-01 00:00+00', '-1 month', NULL, '1.50'),
	(18, 'w', true, 1, 1, 1e10, 123456789012345678, 1, '\x', '12024-01-01', '00:00:00.000001', '12024-01-01 00:00:00.000001', '0044-03-15 12:00 BC', '1 microsecond', NULL, '[]'),
	(19, 'v', true, 1, 1, '-Infinity', -0.0, 'NaN', '\x', '-infinity', '23:59:59.999999', 'infinity', '-infinity', '-00:00:01', NULL, '"s"');`

// TestRowToJSON: a row is written as row_to_json writes it at zone UTC.
func TestRowToJSON(t *testing.T) {
	conn, err := pgconn.Connect(t.Context(), testserver.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the test's own context has ended
	results, err := conn.Exec(t.Context(), "SET timezone = 'UTC';"+writtenTable+"SELECT row_to_json(t), t.* FROM t").ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows := results[len(results)-1].Rows
	kinds := []schema.Kind{
		schema.Int64, schema.Text, schema.Bool, schema.Int16, schema.Int32, schema.Float32, schema.Float64, schema.Numeric, schema.Bytes, schema.Date,
		schema.Time, schema.Timestamp, schema.TimestampTZ, schema.Interval, schema.UUID, schema.JSONB,
	}
	s, b := &schema.Schema{}, &batch.Batch{Len: len(rows)}
	for i, kind := range kinds {
		typ := schema.Of(kind)
		if kind == schema.Numeric {
			typ = schema.NumericOf(12, 3)
		}
		s.Fields = append(s.Fields, schema.Field{Name: results[len(results)-1].FieldDescriptions[i+1].Name, Type: typ})
		b.Cols = append(b.Cols, columnOf(t, typ, rows, i+1))
	}
	f, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := f.NewEncoder(codec.EncodeSpec{Schema: s})
	if err != nil {
		t.Fatal(err)
	}
	text, _, bad := e.Encode(nil, nil, b)
	if len(bad) > 0 {
		t.Fatal(bad[0].Err)
	}
	for i, got := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		if want := string(rows[i][0]); got != want {
			t.Errorf("row %d:\n got %s\nwant %s", i, got, want)
		}
	}
}

// columnOf reads column i of rows as PostgreSQL printed it.
func columnOf(t *testing.T, typ schema.Type, rows [][][]byte, i int) *batch.Column {
	t.Helper()
	c := batch.NewColumn(&batch.Pool{}, typ)
	c.Reset(len(rows))
	for row, values := range rows {
		switch {
		case values[i] == nil:
			c.SetNull(row)
		case typ.Kind == schema.JSONB:
			c.SetBytes(row, values[i])
		default:
			if bad := codec.SetText(c, row, values[i]); bad != nil {
				t.Fatal(bad)
			}
		}
	}
	return c
}
