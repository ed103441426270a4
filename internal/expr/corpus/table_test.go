package corpus

import (
	"fmt"
	"strings"
	"sync"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// tableRows is the number of rows of the table that the files called table… have their columns from.
const tableRows = 6

// tableColumns are the columns of the table: name, type as both databases spell it, values. The last row is all NULL.
var tableColumns = []struct {
	name, typ string
	kind      schema.Type
	values    [tableRows]string
}{
	{"b", "boolean", schema.Of(schema.Bool), [6]string{"t", "f", "t", "f", "t", "NULL"}},
	{"i2", "smallint", schema.Of(schema.Int16), [6]string{"0", "1", "-32768", "32767", "7", "NULL"}},
	{"i4", "integer", schema.Of(schema.Int32), [6]string{"0", "-1", "-2147483648", "2147483647", "42", "NULL"}},
	{"i8", "bigint", schema.Of(schema.Int64), [6]string{"0", "1", "-9223372036854775808", "9223372036854775807", "1000000", "NULL"}},
	{"f4", "real", schema.Of(schema.Float32), [6]string{"0", "-1.5", "3.4e38", "NaN", "0.1", "NULL"}},
	{"f8", "double precision", schema.Of(schema.Float64), [6]string{"0", "2.5", "1e300", "Infinity", "-0.1", "NULL"}},
	{"n", "numeric", schema.Of(schema.Numeric), [6]string{"0", "1.50", "-123456789012345678901234567890", "NaN", "0.0001", "NULL"}},
	{"nd", "numeric(10,2)", schema.NumericOf(10, 2), [6]string{"0", "-1.5", "12345678.99", "0.01", "100", "NULL"}},
	{"s", "text", schema.Of(schema.Text), [6]string{"", "abc", "Ünïcödé 😀", "a longer text, beyond the view", "  x 1 ", "NULL"}},
	{"s2", "text", schema.Of(schema.Text), [6]string{"a", "b", "c", "an", "%", "NULL"}},
	{"by", "bytea", schema.Of(schema.Bytes), [6]string{`\x`, `\x00ff`, `\x616263`, `\x00112233445566778899aabbccddeeff`, `\xde`, "NULL"}},
	{"d", "date", schema.Of(schema.Date), [6]string{"1970-01-01", "2024-02-29", "0001-01-01", "infinity", "1999-12-31", "NULL"}},
	{"tm", "time", schema.Of(schema.Time), [6]string{"00:00:00", "12:34:56.789", "23:59:59.999999", "24:00:00", "06:00:00", "NULL"}},
	{"ts", "timestamp", schema.Of(schema.Timestamp), [6]string{"1970-01-01 00:00:00", "2024-02-29 12:34:56.789", "0044-03-15 12:00:00 BC", "infinity", "1999-12-31 23:59:59.999999", "NULL"}},
	{"tz", "timestamptz", schema.Of(schema.TimestampTZ), [6]string{"1970-01-01 00:00:00+00", "2024-03-10 07:30:00+00", "2024-10-27 01:30:00+00", "-infinity", "1999-12-31 23:59:59+00", "NULL"}},
	{"iv", "interval", schema.Of(schema.Interval), [6]string{"0", "1 mon 2 days 03:04:05.6", "-1 days", "1 year", "100:00:00", "NULL"}},
	{"u", "uuid", schema.Of(schema.UUID), [6]string{"00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "ffffffff-ffff-ffff-ffff-ffffffffffff", "12345678-1234-5678-1234-567812345678", "00000000-0000-0000-0000-000000000001", "NULL"}},
	{"j", "jsonb", schema.Of(schema.JSONB), [6]string{`{}`, `{"a": 1, "b": {"c": [1, "x", null]}, "k": "v"}`, `[1, 2.50, "three", null, {"a": true}]`, `"text"`, `null`, "NULL"}},
	{"ai", "integer[]", schema.ArrayOf(schema.Of(schema.Int32)), [6]string{"{}", "{1,2,3}", "{NULL,7}", "{2147483647}", "{3,3,1}", "NULL"}},
	{"at", "text[]", schema.ArrayOf(schema.Of(schema.Text)), [6]string{"{}", "{a,b}", "{NULL,\"\",\"x y\"}", "{\"quoted \\\" and \\\\\"}", "{b,c,k}", "NULL"}},
}

var sharedTable = sync.OnceValues(func() (*batch.Batch, *schema.Schema) {
	in, s := &batch.Batch{Len: tableRows}, &schema.Schema{}
	for _, c := range tableColumns {
		col := batch.NewColumn(&batch.Pool{}, c.kind)
		col.Reset(tableRows)
		for i, text := range c.values {
			if text == "NULL" {
				col.SetNull(i)
				if c.kind.Kind == schema.Array {
					col.Offsets()[i+1] = col.Offsets()[i]
				}
			} else if bad := builtin.SetValue(col, i, []byte(text)); bad != nil {
				panic(fmt.Sprintf("%s: %s: %v", c.name, text, bad))
			}
		}
		in.Cols = append(in.Cols, col)
		s.Fields = append(s.Fields, schema.Field{Name: c.name, Type: c.kind})
	}
	return in, s
})

// table returns the table, or one row without columns for constant expressions.
func table(rows int) (*batch.Batch, bind.Scope) {
	if rows == 1 {
		return &batch.Batch{Len: 1}, bind.FromSchema(&schema.Schema{})
	}
	in, s := sharedTable()
	return in, bind.FromSchema(s, "t")
}

// createTable makes the same table in PostgreSQL.
func createTable() string {
	var b strings.Builder
	b.WriteString("CREATE TEMPORARY TABLE t (row_number int")
	for _, c := range tableColumns {
		fmt.Fprintf(&b, ", %s %s", c.name, c.typ)
	}
	b.WriteString(");\n")
	for i := range tableRows {
		fmt.Fprintf(&b, "INSERT INTO t VALUES (%d", i)
		for _, c := range tableColumns {
			if v := c.values[i]; v == "NULL" {
				b.WriteString(", NULL")
			} else {
				b.WriteString(", '" + strings.ReplaceAll(v, "'", "''") + "'")
			}
		}
		b.WriteString(");\n")
	}
	return b.String()
}
