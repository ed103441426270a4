package jsonfmt

import (
	"testing"

	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

func newFormat(t testing.TB, o Options) codec.Format {
	t.Helper()
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestConformance(t *testing.T) {
	nested := schema.RowOf(field("a", schema.Int64), schema.Field{Name: "b", Type: schema.ArrayOf(schema.RowOf(field("c", schema.Text), field("d", schema.Numeric)))})
	types := append(sdktest.ScalarTypes(), schema.ArrayOf(schema.Of(schema.Text)), schema.ArrayOf(schema.ArrayOf(schema.Of(schema.Int32))), nested)
	sdktest.FormatSuite(t, sdktest.Format{
		Format: newFormat(t, Options{}), Types: types, Changelog: newFormat(t, Options{Changelog: true}),
		BadSchema: schema.New(field("a", schema.Int64), field("b", schema.Text), schema.Field{Name: "c", Type: schema.Of(schema.Int32), NotNull: true}),
		Bad: []sdktest.Bad{
			{Text: `{"a":1` + "\n", Message: "the end of the line"},
			{Text: `{"a":1,"c":1}}` + "\n", Message: "expected the end of the line"},
			{Text: `{"a":1,"c":1,"x":[}` + "\n", Message: "expected a value"},
			{Text: `{"a":"x","c":1}` + "\r\n", Column: "a", Message: `invalid input syntax for type bigint`, Lazy: true},
			{Text: `{"a":9223372036854775808,"c":1}` + "\n", Column: "a", Message: "out of range", Lazy: true},
			{Text: `{"a":1}` + "\n", Column: "c", Message: "null value", Lazy: true},
			{Text: `{"b":"` + "\xff" + `","c":1}` + "\n", Column: "b", Message: "invalid byte sequence", Lazy: true},
			{Text: `[]` + "\n", Message: "expected an object"},
		},
	})
}
