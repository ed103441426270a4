package batch_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestPartition: every row that counts is in exactly one part, the one that owns its key group, and parts keep the order.
func TestPartition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "n")
		b := &batch.Batch{Len: n}
		if rapid.Bool().Draw(t, "selected") {
			b.Sel = []uint16{}
			for i := range n {
				if rapid.Bool().Draw(t, "row") {
					b.Sel = append(b.Sel, uint16(i))
				}
			}
		}
		hashes := rapid.SliceOfN(rapid.Uint64(), b.Rows(), b.Rows()).Draw(t, "hashes")
		parts := rapid.IntRange(1, batch.MaxParts).Draw(t, "parts")
		owner := batch.Spread(parts)
		p := batch.NewPartitioner(parts, owner)
		for range 2 { // the second time shows that nothing is left of the first
			p.Deal(b, hashes)
			want := make([][]uint16, parts)
			for i, h := range hashes {
				part := owner[h>>56]
				want[part] = append(want[part], uint16(b.Row(i)))
			}
			for part := range want {
				if !slices.Equal(p.Rows(part), want[part]) {
					t.Fatalf("part %d has rows %v, want %v", part, p.Rows(part), want[part])
				}
			}
		}
	})
}

func TestSpreadIsEvenAndContiguous(t *testing.T) {
	for parts := 1; parts <= batch.MaxParts; parts++ {
		owner := batch.Spread(parts)
		counts := make([]int, parts)
		for g, part := range owner {
			counts[part]++
			if g > 0 && part < owner[g-1] {
				t.Fatalf("%d parts: group %d goes back to part %d", parts, g, part)
			}
		}
		if slices.Max(counts)-slices.Min(counts) > 1 {
			t.Fatalf("%d parts have %v groups", parts, counts)
		}
	}
}

// BenchmarkPartition deals the rows of a full batch to four parts.
func BenchmarkPartition(b *testing.B) {
	in := &batch.Batch{Len: batch.MaxRows, Cols: []*batch.Column{batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))}}
	hashes := make([]uint64, in.Len)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range hashes {
		hashes[i] = random.Uint64()
	}
	p := batch.NewPartitioner(4, batch.Spread(4))
	for b.Loop() {
		p.Deal(in, hashes)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(in.Len), "ns/row")
}
