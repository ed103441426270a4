package parse_test

import (
	"testing"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
)

type spellings struct {
	kind      ast.TypeKind
	canonical string
	spellings []string
}

//nolint:gochecknoglobals // immutable table
var typeSpellings = []spellings{
	{ast.BooleanType, "boolean", []string{"BOOLEAN", "bool", `"bool"`, "pg_catalog.bool"}},
	{ast.SmallintType, "smallint", []string{"SMALLINT", "int2"}},
	{ast.IntegerType, "integer", []string{"INT", "INTEGER", "int4"}},
	{ast.BigintType, "bigint", []string{"BIGINT", "int8"}},
	{ast.RealType, "real", []string{"REAL", "float4", "FLOAT(1)", "float(24)"}},
	{ast.DoubleType, "double precision", []string{"DOUBLE PRECISION", "double", "FLOAT", "float(25)", "FLOAT(53)", "float8"}},
	{ast.NumericType, "numeric", []string{"NUMERIC", "DECIMAL", "dec"}},
	{ast.NumericType, "numeric(10)", []string{"NUMERIC(10)", "decimal ( 10 )"}},
	{ast.NumericType, "numeric(10, -2)", []string{"numeric(10,-2)", "dec(10, -2)", `"numeric"(10,-2)`}},
	{ast.TextType, "text", []string{"TEXT", "STRING"}},
	{ast.VarcharType, "character varying", []string{"VARCHAR", "CHARACTER VARYING", "char varying", "national character varying"}},
	{ast.VarcharType, "character varying(5)", []string{"VARCHAR(5)", "character varying (5)", "nchar varying(5)"}},
	{ast.CharType, "character(1)", []string{"CHAR", "CHARACTER", "nchar", "national char", "char(1)"}},
	{ast.CharType, "bpchar", []string{"bpchar"}},
	{ast.CharType, "character(7)", []string{"CHAR(7)", "bpchar(7)"}},
	{ast.ByteaType, "bytea", []string{"BYTEA", "bytes"}},
	{ast.DateType, "date", []string{"DATE"}},
	{ast.TimeType, "time", []string{"TIME", "time without time zone"}},
	{ast.TimeType, "time(3)", []string{"TIME(3)"}},
	{ast.NamedType, "timetz", []string{"TIME WITH TIME ZONE", "timetz"}},
	{ast.TimestampType, "timestamp", []string{"TIMESTAMP", "TIMESTAMP WITHOUT TIME ZONE"}},
	{ast.TimestampType, "timestamp(3)", []string{"TIMESTAMP(3)", "timestamp(3) without time zone"}},
	{ast.TimestamptzType, "timestamptz", []string{"TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"}},
	{ast.TimestamptzType, "timestamptz(0)", []string{"TIMESTAMPTZ(0)", "TIMESTAMP(0) WITH TIME ZONE"}},
	{ast.IntervalType, "interval", []string{"INTERVAL"}},
	{ast.IntervalType, "interval(3)", []string{"INTERVAL(3)"}},
	{ast.IntervalType, "interval year", []string{"interval YEAR"}},
	{ast.IntervalType, "interval second(2)", []string{"INTERVAL SECOND(2)"}},
	{ast.IntervalType, "interval year to month", []string{"INTERVAL YEAR TO MONTH"}},
	{ast.IntervalType, "interval day to hour", []string{"INTERVAL DAY TO HOUR"}},
	{ast.IntervalType, "interval day to second(6)", []string{"INTERVAL DAY TO SECOND(6)"}},
	{ast.IntervalType, "interval minute to second", []string{"INTERVAL MINUTE TO SECOND"}},
	{ast.UUIDType, "uuid", []string{"UUID"}},
	{ast.JSONBType, "jsonb", []string{"JSONB", "JSON"}},
	{ast.ArrayType, "bigint[]", []string{"BIGINT[]", "int8 [ ]", "bigint[3]", "BIGINT ARRAY", "bigint array[4]"}},
	{ast.ArrayType, "integer[][]", []string{"int[][]", "int[3][3]"}},
	{ast.ArrayType, "timestamptz(3)[]", []string{"timestamp(3) with time zone[]"}},
	{ast.RowType, "row(a bigint, b row(c text[]))", []string{"ROW(a BIGINT, b ROW(c TEXT[]))"}},
	{ast.RowType, `row("Order" text, "select" integer)`, []string{`row("Order" string, select int)`}},
	{ast.MapType, "map(text, integer[])", []string{"MAP(TEXT, INT[])", "map(string,int array)"}},
	{ast.ArrayType, "map(text, map(text, row(a integer)))[]", []string{"MAP(text, map(text, row(a int)))[]"}},
	{ast.NamedType, "money", []string{"MONEY"}},
	{ast.NamedType, `"char"`, []string{`"char"`, "pg_catalog.char"}},
	{ast.NamedType, `"map"`, []string{"map", `"map"`}},
	{ast.NamedType, "s.mood(3, 4)", []string{"s.Mood(3,4)"}},
	{ast.NamedType, `"Mood"`, []string{`"Mood"`}},
}

func TestTypeSpellings(t *testing.T) {
	for _, want := range typeSpellings {
		for _, text := range append(want.spellings, want.canonical) {
			typ, err := parse.Type(text)
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			if typ.Kind != want.kind || typ.String() != want.canonical {
				t.Errorf("%s is %s (kind %d), want %s (kind %d)", text, typ, typ.Kind, want.canonical, want.kind)
			}
			if typ.Start != 0 || int(typ.End) != len(text) {
				t.Errorf("%s has span %v", text, typ.Span)
			}
		}
	}
}

func TestTypesKeepTheirParts(t *testing.T) {
	typ, err := parse.Type(`row(a numeric(10, 2), "B" map(text, varchar(3)[]))`)
	if err != nil {
		t.Fatal(err)
	}
	a, b := typ.Fields[0], typ.Fields[1]
	if a.Name.Text != "a" || a.Type.Mods[0] != 10 || a.Type.Mods[1] != 2 {
		t.Errorf("first field is %+v", a)
	}
	if b.Name.Text != "B" || !b.Name.Quoted || b.Type.Key.Kind != ast.TextType {
		t.Errorf("second field is %+v", b)
	}
	if elem := b.Type.Elem; elem.Kind != ast.ArrayType || elem.Elem.Kind != ast.VarcharType || elem.Elem.Mods[0] != 3 {
		t.Errorf("the map's value is %s", elem)
	}
}
