package bind_test

import (
	"strings"
	"testing"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/sdk/schema"
)

func TestAllMistakesOfAnExpression(t *testing.T) {
	scope := bind.FromSchema(schema.New(
		schema.Field{Name: "a", Type: schema.Of(schema.Int64)}, schema.Field{Name: "t", Type: schema.Of(schema.Text)}))
	tests := []struct {
		text string
		want []string
	}{
		{"a + 1", nil},
		{"b + c", []string{`column "b"`, `column "c"`}},
		{"a > t AND b = 1 OR nosuch(a) IS NULL", []string{"bigint > text", `column "b"`, "function nosuch(bigint)"}},
		{"lower(a + t)", []string{"bigint + text"}},
		{"cardinality(ARRAY[]::int[] || t)", []string{"integer[] || text"}},
		{"CASE WHEN x THEN y ELSE z END", []string{`column "x"`, `column "y"`, `column "z"`}},
		{"nosuch(b)", []string{`column "b"`}},
	}
	for _, test := range tests {
		node, err := parse.Expr(test.text)
		if err != nil {
			t.Fatal(err)
		}
		got := bind.All(node, scope)
		if len(got) != len(test.want) {
			t.Errorf("%s: %v, want %v", test.text, got, test.want)
			continue
		}
		for i, want := range test.want {
			if !strings.Contains(got[i].Error(), want) {
				t.Errorf("%s: mistake %d is %v, want %s", test.text, i, got[i], want)
			}
		}
	}
}
