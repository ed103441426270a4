package keyed

import (
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestRowsAreReadAsTheyWere: the values of a row, and what follows, come back; damage is told.
func TestRowsAreReadAsTheyWere(t *testing.T) {
	pool := &batch.Pool{}
	whole, text := batch.NewColumn(pool, schema.Of(schema.Int32)), batch.NewColumn(pool, schema.Of(schema.Text))
	cols := []*batch.Column{whole, text}
	for _, c := range cols {
		c.Reset(1)
	}
	whole.Int32s()[0] = -7
	text.SetBytes(0, []byte("a text that no view holds"))
	data := append(AppendRow(nil, cols, 0), "rest"...)
	long, numeric := schema.Of(schema.Int64), schema.Of(schema.Numeric)
	old := []schema.Type{whole.Type(), text.Type()}
	wide, rest, err := RewriteRow("a row", nil, data, old, []schema.Type{numeric, text.Type(), long, numeric}, []int{0, 1, 0, -1})
	if err != nil || string(rest) != "rest" {
		t.Fatal(err, string(rest))
	}
	out := []*batch.Column{batch.NewColumn(pool, numeric), batch.NewColumn(pool, text.Type()), batch.NewColumn(pool, long), batch.NewColumn(pool, numeric)}
	for _, c := range out {
		c.Reset(1)
	}
	if rest, err = ReadRow("a row", wide, out, 0); err != nil || len(rest) > 0 {
		t.Fatal(err, rest)
	}
	if out[0].Decimal(0).String() != "-7" || string(out[1].Bytes(0)) != "a text that no view holds" || out[2].Int64s()[0] != -7 || !out[3].IsNull(0) {
		t.Errorf("%v %q %d", out[0].Decimal(0), out[1].Bytes(0), out[2].Int64s()[0])
	}
	if _, _, err := RewriteRow("a row", nil, data, old, []schema.Type{numeric}, []int{1}); err == nil {
		t.Error("a text becomes NUMERIC")
	}
	for n := range len(data) - len("rest") {
		for _, c := range cols {
			c.Reset(1)
		}
		if _, err := ReadRow("a row", data[:n], cols, 0); err == nil {
			t.Errorf("%d bytes are read", n)
		}
		if _, _, err := RewriteRow("a row", nil, data[:n], old, old, []int{0, 1}); err == nil {
			t.Errorf("%d bytes are rewritten", n)
		}
	}
}
