package csvfmt

import (
	"fmt"
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

// carried are the types that CSV carries.
func carried() []schema.Type {
	var types []schema.Type
	for _, typ := range sdktest.ScalarTypes() {
		if typ.Kind != schema.JSONB {
			types = append(types, typ)
		}
	}
	return types
}

func TestConformance(t *testing.T) {
	for _, o := range []Options{
		{Header: true},
		{},
		{Header: true, Delimiter: `\t`, Null: `\N`},
		{Header: true, Delimiter: ";", Escape: "backslash", Comment: "#", Trim: true, Null: "NULL"},
		{Delimiter: "|", Quote: "'", Trim: true},
		{Header: true, Delimiter: ":", Comment: "+"},
		{Delimiter: " ", Strict: true},
	} {
		t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
			s, err := newSyntax(o)
			if err != nil {
				t.Fatal(err)
			}
			q, d := string(rune(s.quote)), string(rune(s.delimiter))
			changelog := o
			changelog.Changelog = true
			sdktest.FormatSuite(t, sdktest.Format{
				Format: newFormat(t, o), Types: carried(), Changelog: newFormat(t, changelog),
				BadSchema: schema.New(
					schema.Field{Name: "a", Type: schema.Of(schema.Int64)}, schema.Field{Name: "b", Type: schema.Of(schema.Text)},
					schema.Field{Name: "c", Type: schema.Of(schema.Int32), NotNull: true}),
				Bad: []sdktest.Bad{
					{Text: "1" + d + "x\n", Message: `missing data for column "c"`},
					{Text: "1\r\n", Message: `missing data for column "b"`},
					{Text: "1" + d + "x" + d + "3" + d + "4\n", Message: "extra data"},
					{Text: "x" + d + d + "3\n", Column: "a", Message: `invalid input syntax for type bigint: "x"`, Lazy: true},
					{Text: "1" + d + d + "\n", Column: "c", Message: "null value", Lazy: true},
					{Text: "1" + d + "\xff" + d + "1\n", Column: "b", Message: "invalid byte sequence", Lazy: true},
					{Text: "1" + d + d + q + "3\n" + q + "3\n", Column: "c", Message: "text behind a quoted field"},
					{Text: d + "a" + q + "b" + d + "3\n", Column: "b", Message: "quote in an unquoted field"},
					{Text: "1" + d + q + "\n" + q + "\n", Message: `missing data for column "c"`},
					{Text: "9223372036854775808" + d + d + "1\n", Column: "a", Message: "out of range", Lazy: true},
				},
			})
		})
	}
}
