package schema_test

import (
	"errors"
	"testing"

	"wire.example/wire/sdk/schema"
)

func TestFind(t *testing.T) {
	s := schema.New(
		schema.Field{Name: "a", Type: schema.Of(schema.Int64)}, schema.Field{Name: "B", Type: schema.Of(schema.Text)},
		schema.Field{Name: "Cc", Type: schema.Of(schema.Text)}, schema.Field{Name: "cC", Type: schema.Of(schema.Text)},
	)
	for name, want := range map[string]int{"a": 0, "A": 0, "b": 1, "B": 1, "cC": 3, "Cc": 2} {
		if got, err := s.Find(name); err != nil || got != want {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
	if _, err := s.Find("cc"); !errors.Is(err, schema.ErrAmbiguous) {
		t.Error(err)
	}
	if _, err := s.Find("x"); !errors.Is(err, schema.ErrNotFound) {
		t.Error(err)
	}
	row := schema.RowOf(s.Fields...)
	if row.Field("b") != 1 || row.Field("x") != -1 || s.Len() != 4 || s.Names()[2] != "Cc" {
		t.Error("members are found as columns are")
	}
}

func TestTypesPrintAsSQL(t *testing.T) {
	nested := schema.RowOf(
		schema.Field{Name: "a", Type: schema.Of(schema.Int64), NotNull: true},
		schema.Field{Name: `odd "name`, Type: schema.ArrayOf(schema.NumericOf(10, 2))},
	)
	tests := []struct {
		typ     schema.Type
		sql, pg string
	}{
		{schema.Of(schema.Int64), "BIGINT", "bigint"},
		{schema.VarcharOf(5), "VARCHAR(5)", "character varying"},
		{schema.Of(schema.Text), "TEXT", "text"},
		{schema.NumericOf(10, 2), "NUMERIC(10,2)", "numeric"},
		{schema.ArrayOf(schema.ArrayOf(schema.Of(schema.Bool))), "BOOLEAN[][]", "boolean[][]"},
		{nested, `ROW(a BIGINT NOT NULL, "odd ""name" NUMERIC(10,2)[])`, "record"},
	}
	for _, test := range tests {
		if got := test.typ.String(); got != test.sql {
			t.Errorf("%s, want %s", got, test.sql)
		}
		if got := test.typ.PgName(); got != test.pg {
			t.Errorf("%s, want %s", got, test.pg)
		}
		if same := test.typ; !test.typ.Equal(same) {
			t.Errorf("%s differs from itself", test.sql)
		}
		for _, other := range tests {
			if test.sql != other.sql && test.typ.Equal(other.typ) {
				t.Errorf("%s equals %s", test.sql, other.sql)
			}
		}
	}
	if got := schema.New(nested.Fields...).String(); got != `a BIGINT NOT NULL, "odd ""name" NUMERIC(10,2)[]` {
		t.Error(got)
	}
	if !schema.New(nested.Fields...).Equal(schema.New(nested.Fields...)) || schema.New().Equal(schema.New(nested.Fields...)) {
		t.Error("schemas are equal by their fields")
	}
	if !(schema.Type{}).IsNull() || schema.Of(schema.Int16).IsNull() {
		t.Error("only the zero type is that of NULL")
	}
}

func TestKinds(t *testing.T) {
	widths := map[schema.Kind]int{
		schema.Bool: 0, schema.Int16: 2, schema.Int32: 4, schema.Int64: 8, schema.Float32: 4, schema.Float64: 8, schema.Numeric: 16,
		schema.Text: 16, schema.Date: 4, schema.Interval: 16, schema.UUID: 16, schema.Array: 4, schema.Row: 0, schema.Kind(200): 0,
	}
	for kind, want := range widths {
		if kind.Width() != want {
			t.Errorf("%v is %d wide, want %d", kind, kind.Width(), want)
		}
	}
	for kind := schema.Null; kind <= schema.Row; kind++ {
		numbers := kind.IsInteger() || kind.IsFloat() || kind == schema.Numeric
		if kind.IsNumber() != numbers || kind.IsVariable() && kind.IsNested() || kind.IsDatetime() && numbers {
			t.Errorf("%v is of two families", kind)
		}
	}
	if schema.Kind(200).String() != "INVALID" || schema.Kind(200).PgName() != "invalid" {
		t.Error("a kind that is none must say so")
	}
}
