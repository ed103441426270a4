package codec_test

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// pgTypes are the types of testdata/pg_text.txt by PostgreSQL's names.
var pgTypes = map[string]schema.Type{
	"smallint": schema.Of(schema.Int16), "integer": schema.Of(schema.Int32), "bigint": schema.Of(schema.Int64), "real": schema.Of(schema.Float32),
	"double precision": schema.Of(schema.Float64), "numeric": schema.Of(schema.Numeric), "numeric(6,2)": schema.NumericOf(6, 2),
	"boolean": schema.Of(schema.Bool), "bytea": schema.Of(schema.Bytes), "uuid": schema.Of(schema.UUID), "varchar(3)": schema.VarcharOf(3),
	"text": schema.Of(schema.Text), "date": schema.Of(schema.Date), "time": schema.Of(schema.Time), "timestamp": schema.Of(schema.Timestamp),
	"timestamptz": schema.Of(schema.TimestampTZ), "interval": schema.Of(schema.Interval),
}

// differences are the inputs for which Wire gives another answer on purpose, with it.
var differences = map[string]string{
	// Halfway between two numbers Wire prints the shorter text, which reads back the same.
	"double precision 1e23": "ok 1e+23",
	// BYTEA is read in hexadecimal only: the escape format would take nearly any text.
	"bytea \"\"": "22P02", "bytea plain": "22P02", `bytea \\`: "22P02", `bytea \000`: "22P02", `bytea \047x`: "22P02", "bytea x": "22P02",
}

// TestTextIsPostgreSQLs compares SetText and AppendText with what a PostgreSQL 15 at zone UTC answered.
func TestTextIsPostgreSQLs(t *testing.T) {
	file, err := os.Open("testdata/pg_text.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	pool, lines := &batch.Pool{}, 0
	for scan := bufio.NewScanner(file); scan.Scan(); {
		fields := strings.Split(scan.Text(), "\t")
		if len(fields) != 3 {
			continue
		}
		lines++
		input, err1 := strconv.Unquote(fields[1])
		want, err2 := strconv.Unquote(fields[2])
		if err1 != nil || err2 != nil {
			t.Fatalf("%s: %v, %v", scan.Text(), err1, err2)
		}
		for _, written := range []string{input, fields[1]} {
			if ours, ok := differences[fields[0]+" "+written]; ok {
				want = ours
			}
		}
		if got := answer(pool, pgTypes[fields[0]], input); got != want && (want[:3] == "ok " || !strings.HasPrefix(got, want)) {
			t.Errorf("%s of %q: %s; PostgreSQL: %s", fields[0], input, got, want)
		}
	}
	if lines < 300 {
		t.Errorf("%d lines only", lines)
	}
}

// answer is what SetText and AppendText make of input.
func answer(pool *batch.Pool, typ schema.Type, input string) string {
	c := batch.NewColumn(pool, typ)
	c.Reset(1)
	if bad := codec.SetText(c, 0, []byte(input)); bad != nil {
		return string(bad.Code) + " " + bad.Message
	}
	return "ok " + string(codec.AppendText(nil, c, 0))
}
