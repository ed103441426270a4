package keyed_test

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"testing"

	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// The constants of docs/format/keyhash.md.
const (
	docFixed = 0x6a09e667f3bcc909
	docText  = 0x3c6ef372fe94f82b
	docTail  = 0xa54ff53a5f1d36f1
	docLong  = 0x510e527fade682d1
	docParts = 0x9b05688c2b3e6c1f
	docEnd   = 0x9e3779b97f4a7c15
)

func docFold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// docHash hashes text as docs/format/keyhash.md says it, word for word.
func docHash(b []byte) uint64 {
	h := uint64(docParts)
	pair := func(h uint64, lo, hi []byte) uint64 {
		return docFold(binary.LittleEndian.Uint64(lo)^docText^h, binary.LittleEndian.Uint64(hi)^docTail)
	}
	n := len(b)
	if n <= 12 {
		padded := make([]byte, 16)
		binary.LittleEndian.PutUint32(padded, uint32(n))
		copy(padded[4:], b)
		return pair(h, padded[:8], padded[8:])
	}
	h ^= uint64(n) * docLong
	if n < 16 {
		return pair(h, b[:8], b[n-8:])
	}
	rest := b
	if len(rest) > 32 {
		g := h ^ docTail
		for len(rest) > 32 {
			h = pair(h, rest[:8], rest[8:])
			g = docFold(binary.LittleEndian.Uint64(rest[16:])^docFixed^g, binary.LittleEndian.Uint64(rest[24:])^docText)
			rest = rest[32:]
		}
		h ^= g
	}
	if len(rest) > 16 {
		h = pair(h, rest[:8], rest[8:])
	}
	return pair(h, b[n-16:n-8], b[n-8:])
}

func TestHashOfTextIsAsDocumented(t *testing.T) {
	text := strings.Repeat("The quick brown fox. ", 20)
	for n := range len(text) {
		if got, want := keyed.NewHasher([]int{0}).Hash(sdktest.TextBatch(text[:n]))[0], docHash([]byte(text[:n]))*docEnd; got != want {
			t.Fatalf("%d bytes hash to %x, want %x", n, got, want)
		}
	}
}

// TestHashSpreads checks that regular numbers fill key groups and tags about evenly: both are parts of the hash.
func TestHashSpreads(t *testing.T) {
	const rows = batch.MaxRows
	steps := map[string]int64{
		"one": 1, "two": 2, "256": 256, "a second": 1_000_000, "2^24": 1 << 24, "2^32": 1 << 32, "2^48": 1 << 48, "negative": -1, "odd": 0x9e3779b97f4a7c1,
	}
	for name, step := range steps {
		c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
		c.Reset(rows)
		for i := range rows {
			c.Int64s()[i] = int64(i) * step
		}
		hashes := keyed.NewHasher([]int{0}).Hash(&batch.Batch{Cols: []*batch.Column{c}, Len: rows})
		for shift, part := range map[int]string{56: "key group", 48: "top of the tag", 40: "amid the tag"} {
			var counts [256]int
			for _, h := range hashes {
				counts[uint8(h>>shift)]++
			}
			chi := 0.0
			for _, n := range counts {
				d := float64(n) - rows/256
				chi += d * d / (rows / 256)
			}
			if chi > 350 { // 255 degrees of freedom: above 350 by chance once in 25,000
				t.Errorf("step %s: %s has chi² %.0f", name, part, chi)
			}
		}
	}
}
