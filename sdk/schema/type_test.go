package schema_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/schema"
)

func TestFindPrefersTheExactName(t *testing.T) {
	text := schema.Of(schema.Text)
	s := schema.New(
		schema.Field{Name: "id", Type: text}, schema.Field{Name: "Name", Type: text}, schema.Field{Name: "NAME", Type: text},
		schema.Field{Name: "Größe", Type: text}, schema.Field{Name: "x", Type: text}, schema.Field{Name: "X", Type: text},
	)
	tests := []struct {
		name string
		want int
		err  error
	}{
		{"id", 0, nil},
		{"ID", 0, nil},
		{"Name", 1, nil},
		{"NAME", 2, nil},
		{"name", -1, schema.ErrAmbiguous},
		{"x", 4, nil},
		{"X", 5, nil},
		{"GRÖSSE", -1, schema.ErrNotFound},
		{"gRÖßE", 3, nil},
		{"", -1, schema.ErrNotFound},
		{"i", -1, schema.ErrNotFound},
	}
	row := schema.RowOf(s.Fields...)
	for _, test := range tests {
		got, err := s.Find(test.name)
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%q: %d, %v; want %d, %v", test.name, got, err, test.want, test.err)
		}
		if err != nil && !strings.Contains(err.Error(), `"`+test.name+`"`) {
			t.Errorf("%q: the message %q does not say which column", test.name, err)
		}
		if got := row.Field(test.name); got != test.want {
			t.Errorf("member %q is %d, want %d", test.name, got, test.want)
		}
	}
}

func TestFindAmongThreeThatDifferInCase(t *testing.T) {
	s := schema.New(schema.Field{Name: "Ab"}, schema.Field{Name: "aB"}, schema.Field{Name: "AB"})
	if _, err := s.Find("ab"); !errors.Is(err, schema.ErrAmbiguous) {
		t.Errorf("%v: three candidates are no answer", err)
	}
	if i, err := s.Find("AB"); i != 2 || err != nil {
		t.Errorf("the exact name behind two others: %d, %v", i, err)
	}
}

func TestEveryKindPrints(t *testing.T) {
	tests := []struct {
		t       schema.Type
		sql, pg string
	}{
		{schema.Of(schema.Null), "UNKNOWN", "unknown"},
		{schema.Of(schema.Bool), "BOOLEAN", "boolean"},
		{schema.Of(schema.Int16), "SMALLINT", "smallint"},
		{schema.Of(schema.Int32), "INTEGER", "integer"},
		{schema.Of(schema.Int64), "BIGINT", "bigint"},
		{schema.Of(schema.Float32), "REAL", "real"},
		{schema.Of(schema.Float64), "DOUBLE PRECISION", "double precision"},
		{schema.Of(schema.Numeric), "NUMERIC", "numeric"},
		{schema.NumericOf(38, 0), "NUMERIC(38,0)", "numeric"},
		{schema.Of(schema.Text), "TEXT", "text"},
		{schema.VarcharOf(12), "VARCHAR(12)", "character varying"},
		{schema.Of(schema.Bytes), "BYTEA", "bytea"},
		{schema.Of(schema.Date), "DATE", "date"},
		{schema.Of(schema.Time), "TIME", "time without time zone"},
		{schema.Of(schema.Timestamp), "TIMESTAMP", "timestamp without time zone"},
		{schema.Of(schema.TimestampTZ), "TIMESTAMPTZ", "timestamp with time zone"},
		{schema.Of(schema.Interval), "INTERVAL", "interval"},
		{schema.Of(schema.UUID), "UUID", "uuid"},
		{schema.Of(schema.JSONB), "JSONB", "jsonb"},
		{schema.ArrayOf(schema.ArrayOf(schema.VarcharOf(3))), "VARCHAR(3)[][]", "character varying[][]"},
		{schema.Of(schema.Array), "ARRAY", "anyarray"},
		{schema.RowOf(), "ROW()", "record"},
		{schema.Of(schema.Kind(200)), "INVALID", "invalid"},
	}
	for _, test := range tests {
		if got := test.t.String(); got != test.sql {
			t.Errorf("%s, want %s", got, test.sql)
		}
		if got := test.t.PgName(); got != test.pg {
			t.Errorf("PostgreSQL's name of %s is %s, want %s", test.sql, got, test.pg)
		}
	}
}

func TestQuoteName(t *testing.T) {
	for name, want := range map[string]string{
		"a": "a", "_a1": "_a1", "": `""`, "1a": `"1a"`, "A": `"A"`, "a b": `"a b"`, `a"b`: `"a""b"`, "größe": `"größe"`, "a.b": `"a.b"`,
	} {
		if got := schema.QuoteName(name); got != want {
			t.Errorf("%q is quoted as %s, want %s", name, got, want)
		}
	}
}

func TestQuotedNamesCanBeReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		quoted := schema.QuoteName(name)
		if inner, ok := strings.CutPrefix(quoted, `"`); ok {
			quoted = strings.ReplaceAll(strings.TrimSuffix(inner, `"`), `""`, `"`)
		}
		if quoted != name {
			t.Fatalf("%q is quoted as %s", name, schema.QuoteName(name))
		}
	})
}

func TestEqualOnlyToItself(t *testing.T) {
	row := func(name string, k schema.Kind, notNull bool) schema.Type {
		return schema.RowOf(schema.Field{Name: name, Type: schema.Of(k), NotNull: notNull})
	}
	all := []schema.Type{
		schema.Of(schema.Int64), schema.Of(schema.Int32), schema.Of(schema.Text), schema.VarcharOf(3), schema.VarcharOf(4),
		schema.Of(schema.Numeric), schema.NumericOf(10, 2), schema.NumericOf(10, 3), schema.NumericOf(11, 2),
		schema.Of(schema.Array), schema.ArrayOf(schema.Of(schema.Int64)), schema.ArrayOf(schema.Of(schema.Text)),
		schema.RowOf(), row("a", schema.Int64, false), row("b", schema.Int64, false), row("a", schema.Text, false),
		row("a", schema.Int64, true), schema.ArrayOf(row("a", schema.Int64, true)),
	}
	for i, a := range all {
		for j, b := range all {
			if a.Equal(b) != (i == j) {
				t.Errorf("%s and %s: equal is %v", a, b, a.Equal(b))
			}
		}
	}
	a := schema.New(schema.Field{Name: "x", Type: all[0]}, schema.Field{Name: "y", Type: all[2]})
	swapped := schema.New(a.Fields[1], a.Fields[0])
	if !a.Equal(schema.New(slices.Clone(a.Fields)...)) || a.Equal(swapped) || a.Equal(schema.New(a.Fields[0])) {
		t.Error("schemas are equal when their fields are, in order")
	}
}

func TestKindFamilies(t *testing.T) {
	type family func(schema.Kind) bool
	families := map[string]struct {
		is    family
		kinds []schema.Kind
	}{
		"integer":  {schema.Kind.IsInteger, []schema.Kind{schema.Int16, schema.Int32, schema.Int64}},
		"float":    {schema.Kind.IsFloat, []schema.Kind{schema.Float32, schema.Float64}},
		"number":   {schema.Kind.IsNumber, []schema.Kind{2, 3, 4, 5, 6, schema.Numeric}},
		"variable": {schema.Kind.IsVariable, []schema.Kind{schema.Text, schema.Bytes, schema.JSONB}},
		"datetime": {schema.Kind.IsDatetime, []schema.Kind{schema.Date, schema.Time, schema.Timestamp, schema.TimestampTZ}},
		"nested":   {schema.Kind.IsNested, []schema.Kind{schema.Array, schema.Row}},
	}
	for name, f := range families {
		for k := range schema.Row + 2 {
			if got, want := f.is(k), slices.Contains(f.kinds, k); got != want {
				t.Errorf("%s is a kind of %s: %v, want %v", k, name, got, want)
			}
		}
	}
	if !schema.Of(schema.Null).IsNull() || schema.Of(schema.Bool).IsNull() {
		t.Error("only the type of a bare NULL is null")
	}
}

func TestWidths(t *testing.T) {
	want := []int{0, 0, 2, 4, 8, 4, 8, 16, 16, 16, 4, 8, 8, 8, 16, 16, 16, 4, 0, 0}
	for k, w := range want {
		if got := schema.Kind(k).Width(); got != w {
			t.Errorf("%s takes %d bytes, want %d", schema.Kind(k), got, w)
		}
	}
}
