package eval_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/numeric"
	"wire.example/wire/sdk/schema"
)

// benchInput is a full batch of columns as Nexmark has them; those named …n have NULLs in a quarter of their rows.
func benchInput() (*batch.Batch, bind.Scope) {
	rng := rand.New(rand.NewPCG(1, 2))
	b, s := &batch.Batch{Len: batch.MaxRows}, &schema.Schema{}
	add := func(name string, typ schema.Type, fill func(c *batch.Column, i int)) {
		for _, nulls := range []bool{false, true} {
			c := batch.NewColumn(&batch.Pool{}, typ)
			c.Reset(b.Len)
			for i := range b.Len {
				fill(c, i)
				if nulls && i%4 == 0 {
					c.SetNull(i)
				}
			}
			if nulls {
				name += "n"
			}
			b.Cols = append(b.Cols, c)
			s.Fields = append(s.Fields, schema.Field{Name: name, Type: typ})
		}
	}
	words := []string{"google", "a long channel name", "apple", "another quite long name", "baidu"}
	add("a", kindOf(schema.Int64), func(c *batch.Column, i int) { c.Int64s()[i] = rng.Int64N(1000) })
	add("b", kindOf(schema.Int64), func(c *batch.Column, i int) { c.Int64s()[i] = rng.Int64N(1000) + 1 })
	add("i", kindOf(schema.Int32), func(c *batch.Column, i int) { c.Int32s()[i] = rng.Int32N(1000) })
	add("d", kindOf(schema.Float64), func(c *batch.Column, i int) { c.Float64s()[i] = rng.Float64() + 1 })
	add("n", schema.NumericOf(12, 2), func(c *batch.Column, i int) { c.Coefs()[i] = numeric.Int128FromInt64(rng.Int64N(100000)) })
	add("t", kindOf(schema.Text), func(c *batch.Column, i int) { c.SetBytes(i, []byte(words[rng.IntN(len(words))])) })
	add("u", kindOf(schema.Text), func(c *batch.Column, i int) {
		c.SetBytes(i, fmt.Appendf(nil, "https://www.nexmark.com/%d/item.htm?query=1&channel_id=%d", rng.IntN(1000), rng.IntN(100000)))
	})
	add("p", kindOf(schema.Bool), func(c *batch.Column, i int) { c.Bits().Put(i, rng.IntN(2) == 0) })
	add("ts", kindOf(schema.Timestamp), func(c *batch.Column, i int) { c.Int64s()[i] = 1436918400000000 + int64(i)*1000 })
	add("num", kindOf(schema.Text), func(c *batch.Column, i int) { c.SetBytes(i, fmt.Appendf(nil, "%d", rng.IntN(1000000))) })
	return b, bind.FromSchema(s)
}

func benchSel(every int) []uint16 {
	var sel []uint16
	for i := 0; i < batch.MaxRows; i += every {
		sel = append(sel, uint16(i)) //nolint:gosec // below MaxRows
	}
	return sel
}

// BenchmarkEval shows nanoseconds a row that counts: without NULLs, with NULLs, with half the rows selected, and with one in sixteen.
func BenchmarkEval(b *testing.B) {
	in, scope := benchInput()
	exprs := []struct{ name, text, nulls string }{
		{"compare int const", "a > 500", "an > 500"},
		{"compare int columns", "a = b", "an = bn"},
		{"compare int32 widened", "i = a", "i_n = an"},
		{"compare float const", "d < 1.5", "dn < 1.5"},
		{"compare numeric const", "n > 500", "nn > 500"},
		{"compare timestamp const", "ts >= '2015-07-15 00:00:02'", "tsn >= '2015-07-15 00:00:02'"},
		{"text equal short", "t = 'apple'", "tn = 'apple'"},
		{"text equal long", "t = 'a long channel name'", "tn = 'a long channel name'"},
		{"text equal columns", "t = u", "tn = un"},
		{"text less", "t < 'b'", "tn < 'b'"},
		{"add int const", "a + 1", "an + 1"},
		{"add int columns", "a + b", "an + bn"},
		{"multiply int", "a * b", "an * bn"},
		{"divide int", "a / b", "an / bn"},
		{"divide int const", "a / 7", "an / 7"},
		{"modulo int const", "a % 123", "an % 123"},
		{"multiply float", "d * 0.9", "dn * 0.9"},
		{"int times numeric const", "a * 0.908", "an * 0.908"},
		{"multiply numeric", "n * n", "nn * nn"},
		{"add numeric", "n + n", "nn + nn"},
		{"divide numeric", "n / 3", "nn / 3"},
		{"and", "a > 500 AND b < 500", "an > 500 AND bn < 500"},
		{"and guarded", "a > 500 AND t = u", "an > 500 AND tn = un"},
		{"or not", "a > 500 OR NOT p", "an > 500 OR NOT pn"},
		{"is null", "a IS NULL", "an IS NULL"},
		{"distinct", "a IS DISTINCT FROM b", "an IS DISTINCT FROM bn"},
		{"in few", "a IN (1, 20, 300)", "an IN (1, 20, 300)"},
		{"in many", "a IN (1, 20, 300, 4, 50, 600, 7, 80, 900)", "an IN (1, 20, 300, 4, 50, 600, 7, 80, 900)"},
		{"in text", "t IN ('google', 'apple', 'baidu', 'facebook')", "tn IN ('google', 'apple', 'baidu', 'facebook')"},
		{"like prefix", "u LIKE 'https://%'", "un LIKE 'https://%'"},
		{"like suffix", "u LIKE '%7'", "un LIKE '%7'"},
		{"like contains", "u LIKE '%channel_id=%'", "un LIKE '%channel_id=%'"},
		{"like contains plain", "u LIKE '%query%'", "un LIKE '%query%'"},
		{"like parts", "u LIKE 'https://%item%'", "un LIKE 'https://%item%'"},
		{"ilike contains", "u ILIKE '%QUERY%'", "un ILIKE '%QUERY%'"},
		{"case int", "CASE WHEN p THEN a ELSE b END", "CASE WHEN pn THEN an ELSE bn END"},
		{"case text", "CASE WHEN p THEN t ELSE u END", "CASE WHEN pn THEN tn ELSE un END"},
		{"coalesce", "coalesce(a, b)", "coalesce(an, b)"},
		{"greatest", "greatest(a, b)", "greatest(an, bn)"},
		{"cast int to numeric", "a::numeric", "an::numeric"},
		{"cast int to text", "a::text", "an::text"},
		{"cast text to int", "num::bigint", "numn::bigint"},
		{"cast numeric to numeric", "n::numeric(10,1)", "nn::numeric(10,1)"},
		{"cast timestamp to date", "ts::date", "tsn::date"},
		{"call", "length(t)", "length(tn)"},
		{"shared", "a * 3 + b, a * 3 - b", "an * 3 + bn, an * 3 - bn"},
	}
	for _, e := range exprs {
		for _, way := range []struct {
			name, text string
			sel        []uint16
		}{{"plain", e.text, nil}, {"nulls", e.nulls, nil}, {"half", e.text, benchSel(2)}, {"few", e.text, benchSel(16)}} {
			if e.name == "compare int32 widened" && way.name == "nulls" {
				continue
			}
			b.Run(e.name+"/"+way.name, func(b *testing.B) { benchEval(b, in, scope, way.text, way.sel) })
		}
	}
}

func benchEval(b *testing.B, in *batch.Batch, scope bind.Scope, text string, sel []uint16) {
	texts := []string{text}
	if text == "a * 3 + b, a * 3 - b" {
		texts = []string{"a * 3 + b", "a * 3 - b"}
	} else if text == "an * 3 + bn, an * 3 - bn" {
		texts = []string{"an * 3 + bn", "an * 3 - bn"}
	}
	p := compiled(b, scope, texts...)
	part := *in
	part.Sel = sel
	var errs builtin.Errors
	var cols []*batch.Column
	b.ReportAllocs()
	for b.Loop() {
		cols = p.Eval(&part, cols[:0], &errs)
	}
	if errs.Len() > 0 {
		b.Fatal(errs.Errs[0])
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(part.Rows()), "ns/row")
}

// BenchmarkFilter shows nanoseconds a row of the input.
func BenchmarkFilter(b *testing.B) {
	in, scope := benchInput()
	for _, text := range []string{"p", "a > 500", "an > 500", "a > 500 AND b < 500", "a % 123 = 0", "t = 'apple'", "a > 500 AND t = 'apple'", "a > 900 AND u LIKE '%query%'"} {
		for _, sel := range [][]uint16{nil, benchSel(2)} {
			b.Run(fmt.Sprintf("%s/%d", text, len(sel)), func(b *testing.B) {
				p := compiled(b, scope, text)
				part := *in
				part.Sel = sel
				var errs builtin.Errors
				kept := make([]uint16, 0, batch.MaxRows)
				b.ReportAllocs()
				for b.Loop() {
					kept = p.Filter(&part, kept[:0], &errs)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(part.Rows()), "ns/row")
			})
		}
	}
}
