package debezium_test

import (
	"testing"

	"wire.example/wire/internal/format/debezium"
	"wire.example/wire/internal/format/jsonfmt"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

func newFormat(t testing.TB) codec.Format {
	t.Helper()
	rows, err := jsonfmt.New(jsonfmt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return debezium.New(rows)
}

func field(name string, k schema.Kind) schema.Field {
	return schema.Field{Name: name, Type: schema.Of(k)}
}

func TestConformance(t *testing.T) {
	nested := schema.RowOf(field("a", schema.Int64), schema.Field{Name: "b", Type: schema.ArrayOf(schema.RowOf(field("c", schema.Text), field("d", schema.Numeric)))})
	types := append(sdktest.ScalarTypes(), schema.ArrayOf(schema.Of(schema.Text)), schema.ArrayOf(schema.ArrayOf(schema.Of(schema.Int32))), nested)
	f := newFormat(t)
	sdktest.FormatSuite(t, sdktest.Format{
		Format: f, Types: types, Changelog: f,
		BadSchema: schema.New(field("a", schema.Int64), field("b", schema.Text), schema.Field{Name: "c", Type: schema.Of(schema.Int32), NotNull: true}),
		Bad: []sdktest.Bad{
			{Text: `{"before":null,"after":{"a":1,"c":1},"op":"c"` + "\n", Message: "the end of the line"},
			{Text: `{"before":null,"after":null,"op":"c"}` + "\n", Column: "after", Message: `needs after`},
			{Text: `{"before":null,"after":{"c":1},"op":"u"}` + "\n", Column: "before", Message: `needs before`},
			{Text: `{"before":null,"after":{"c":1},"op":"d"}` + "\n", Column: "before", Message: `needs before`},
			{Text: `{"before":{"c":1},"after":{"c":1}}` + "\n", Column: "op", Message: `does not say what was done`},
			{Text: `{"after":{"c":1},"op":"t"}` + "\r\n", Column: "op", Message: `"t" is no change of a row`},
			{Text: `{"payload":{"op":"x"}}` + "\n", Column: "op", Message: `"x" is no change of a row`},
			{Text: `{"after":{"a":"x","c":1},"op":"c"}` + "\r\n", Column: "after.a", Message: `invalid input syntax for type bigint`, Lazy: true},
			{Text: `{"payload":{"after":{"a":1},"op":"c"}}` + "\n", Column: "payload.after.c", Message: "null value", Lazy: true},
			{Text: `[]` + "\n", Message: "expected an object"},
			{Text: `"null"` + "\n", Message: "expected an object"},
		},
	})
}
