package nexmark

import (
	"bytes"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// chiSquare returns how far counts are from even, in standard deviations of the statistic. Draws are seeded, so a bound of 5 never flakes.
func chiSquare(counts []int) float64 {
	total := 0
	for _, c := range counts {
		total += c
	}
	expected := float64(total) / float64(len(counts))
	sum := 0.0
	for _, c := range counts {
		sum += (float64(c) - expected) * (float64(c) - expected) / expected
	}
	freedom := float64(len(counts) - 1)
	return (sum - freedom) / math.Sqrt(2*freedom)
}

// A stream is used for a few draws only; so what must look random is draw d over neighbouring numbers, and draws of neighbours together.
func TestDrawsOfNeighbouringStreamsAreIndependent(t *testing.T) {
	const side, draws, streams = 16, 6, 400_000
	key := mix(1)
	counts := make([][]int, draws*2)
	for i := range counts {
		counts[i] = make([]int, side*side)
	}
	var before [draws]uint64
	for n := range uint64(streams) {
		s := newStream(key, n)
		for d := range draws {
			v := s.below(side)
			counts[d][before[d]*side+v]++ // with the same draw of the number before
			if d > 0 {
				counts[draws+d][before[d-1]*side+v]++ // before[d-1] is this number's previous draw by now
			}
			before[d] = v
		}
	}
	for i, c := range counts {
		if i == draws {
			continue // draw 0 has none before it
		}
		if sigma := chiSquare(c); math.Abs(sigma) > 5 {
			t.Errorf("pairs of kind %d are %.1f standard deviations from even", i, sigma)
		}
	}
}

func TestSeedsGiveUnrelatedStreams(t *testing.T) {
	const seeds = 10_000
	seen := make(map[uint64]bool, seeds)
	for seed := range uint64(seeds) {
		s := newStream(mix(seed+goldenGamma), 0)
		seen[s.next()] = true
	}
	if len(seen) != seeds {
		t.Errorf("%d seeds give %d different first draws", seeds, len(seen))
	}
}

func TestLettersAreNearlyEven(t *testing.T) {
	s := newStream(mix(1), 0)
	const total = 1 << 20
	var counts [256]int
	for _, b := range s.appendLetters(nil, total) {
		counts[b]++
	}
	sum := 0
	for b := 'a'; b <= 'z'; b++ {
		sum += counts[b]
		if share := float64(counts[b]) / total * 256; share < 8.8 || share > 10.2 {
			t.Errorf("%c has %.2f parts in 256, want 9 or 10", b, share)
		}
	}
	if sum != total {
		t.Errorf("%d bytes are no letters", total-sum)
	}
}

func TestSpacedHasOneSeparatorInThirteen(t *testing.T) {
	s := newStream(mix(1), 0)
	const total = 1 << 20
	text := s.appendSpaced(nil, total, '_')
	share := float64(bytes.Count(text, []byte("_"))) / total
	if math.Abs(share-10.0/128) > 0.002 {
		t.Errorf("separators are %.4f of the text, want 10/128", share)
	}
	for _, b := range text {
		if b != '_' && (b < 'a' || b > 'z') {
			t.Fatalf("text holds %q", b)
		}
	}
}

func TestAppendLettersHasTheLengthAskedFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 100).Draw(t, "n")
		before := rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "before")
		s := newStream(rapid.Uint64().Draw(t, "key"), 0)
		got := s.appendLetters(bytes.Clone(before), n)
		if len(got) != len(before)+n || !bytes.HasPrefix(got, before) {
			t.Fatalf("%d letters after %q give %q", n, before, got)
		}
	})
}

func TestWordsBeginAndEndWithALetter(t *testing.T) {
	const limit = 20
	var lengths [limit]int
	for n := range uint64(20_000) {
		s := newStream(mix(1), n)
		text := s.appendWords(nil, limit, ' ')
		lengths[len(text)]++
		if len(bytes.Trim(text, " ")) != len(text) {
			t.Fatalf("%q has outer spaces", text)
		}
	}
	if sigma := chiSquare(lengths[minTextLength:]); math.Abs(sigma) > 5 {
		t.Errorf("lengths %v are %.1f standard deviations from even", lengths, sigma)
	}
}

func TestExtraPadsToTheAverage(t *testing.T) {
	cases := []struct{ size, average, low, high int }{
		{32, 100, 54, 81}, // 68 missing, a fifth is 13.6
		{100, 100, 0, 0},
		{120, 100, 0, 0},
		{98, 100, 2, 2}, // a fifth of 2 rounds to none
		{97, 100, 2, 3},
	}
	for _, test := range cases {
		low, high := math.MaxInt, 0
		for n := range uint64(5_000) {
			s := newStream(mix(1), n)
			length := len(s.appendExtra(nil, test.size, test.average))
			low, high = min(low, length), max(high, length)
		}
		if low != test.low || high != test.high {
			t.Errorf("size %d of %d: %d to %d letters, want %d to %d", test.size, test.average, low, high, test.low, test.high)
		}
	}
}

func TestPriceIsTheFormulas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.Uint64().Draw(t, "word")
		u := float64(word) / (1 << 64)
		want := math.Round(100 * math.Pow(10, 6*u))
		if got := priceTable.at(word); math.Abs(float64(got)-want) > 1 {
			t.Fatalf("u = %v: price %d, want %v", u, got, want)
		}
	})
}

func TestPriceAtItsEnds(t *testing.T) {
	if got := priceTable.at(0); got != 100 {
		t.Errorf("lowest price = %d", got)
	}
	if got := priceTable.at(math.MaxUint64); got != 100_000_000 {
		t.Errorf("highest price = %d", got)
	}
}

func TestPricesRiseWithTheDraw(t *testing.T) {
	const steps = 1 << 20
	last := int64(0)
	for i := range uint64(steps) {
		got := priceTable.at(i * (math.MaxUint64 / steps))
		if got < last {
			t.Fatalf("step %d: price falls from %d to %d", i, last, got)
		}
		last = got
	}
}

func TestDecadesOfPricesAreEven(t *testing.T) {
	var decades [6]int
	s := newStream(mix(1), 0)
	for range 600_000 {
		decades[int(math.Log10(float64(s.price())/100)-1e-9)]++
	}
	for i, c := range decades {
		if math.Abs(float64(c)-100_000) > 2_000 {
			t.Errorf("decade %d has %d of 600,000 prices", i, c)
		}
	}
}
