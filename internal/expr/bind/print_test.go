package bind_test

import (
	"testing"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/sdk/schema"
)

func TestBoundExpressionsPrint(t *testing.T) {
	s := schema.New(
		schema.Field{Name: "a", Type: schema.Of(schema.Int32)},
		schema.Field{Name: "B", Type: schema.Of(schema.Text)},
		schema.Field{Name: "r", Type: schema.RowOf(schema.Field{Name: "m", Type: schema.Of(schema.Int64)})},
		schema.Field{Name: "l", Type: schema.ArrayOf(schema.Of(schema.Int32))},
	)
	for text, want := range map[string]string{
		"a + 1 > 2 AND NOT b LIKE 'x%'":                   `(((a + 1) > 2) AND (NOT ("B" LIKE 'x%')))`,
		"(r).m IS NOT NULL OR b IS DISTINCT FROM 'it''s'": `((r.m IS NOT NULL) OR ("B" IS DISTINCT FROM 'it''s'))`,
		"CASE WHEN a IN (1, 2) THEN NULL ELSE -a END":     `CASE WHEN (a IN (1, 2)) THEN NULL ELSE (- a) END`,
		"l[1] = ANY (l)":                "(l[1] = ANY (l))",
		"a::TEXT || upper(b)":           `(a::TEXT || upper("B"))`,
		"GREATEST(a, 3) = NULLIF(a, 4)": "(GREATEST(a, 3) = NULLIF(a, 4))",
		"(a > 1) IS NOT TRUE":           "((a > 1) IS NOT TRUE)",
		"ARRAY[a, 2] = l":               "(ARRAY[a, 2] = l)",
		"DATE '2026-01-01'":             "'2026-01-01'::DATE",
	} {
		node, err := parse.Expr(text)
		if err != nil {
			t.Fatal(err)
		}
		e, err := bind.Bind(node, bind.FromSchema(s))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := e.Text(s.Fields); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}
