package batch_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

func TestInterleave(t *testing.T) {
	for _, typ := range sdktest.Types() {
		t.Run(typ.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				pool := &batch.Pool{}
				s := schema.New(schema.Field{Name: "c", Type: typ})
				var src []*batch.Column
				var texts [][]string
				for range 3 {
					b := sdktest.Values{}.DrawBatch(t, pool, s, rapid.IntRange(1, 5).Draw(t, "rows"))
					src, texts = append(src, b.Cols[0]), append(texts, sdktest.Rows(b))
				}
				src = append(src, nil) // one that no row is of
				var from []uint8
				var rows []uint16
				var want []string
				for range rapid.IntRange(0, 10).Draw(t, "picked") {
					k := rapid.IntRange(0, 2).Draw(t, "from")
					row := rapid.IntRange(0, src[k].Len()-1).Draw(t, "row")
					from, rows, want = append(from, uint8(k)), append(rows, uint16(row)), append(want, texts[k][row])
				}
				c := batch.NewColumn(pool, typ)
				for range 2 {
					c.Interleave(src, from, rows)
					if got := sdktest.Rows(&batch.Batch{Cols: []*batch.Column{c}, Len: c.Len()}); !slices.Equal(got, want) && len(want) > 0 {
						t.Fatalf("%q, want %q", got, want)
					}
				}
			})
		})
	}
}
