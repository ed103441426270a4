package timejoin

import (
	"math"
	"slices"
	"testing"
)

// TestOutlines: what an outline says is read back, and one that is none is refused.
func TestOutlines(t *testing.T) {
	first := []outlined{{number: -3, min: math.MinInt64, max: 7, highest: 1 << 40, partly: true}, {number: 9, min: 8, max: math.MaxInt64}}
	second := []outlined{{number: 9, min: 5, max: 6, highest: 3}}
	var got []outlined
	for _, some := range [][]outlined{first, second, nil} {
		outline := []byte{outlineVersion}
		for _, o := range some {
			outline = o.append(outline)
		}
		var ok bool
		if got, ok = appendOutlined(got, outline); !ok {
			t.Fatalf("%v is none", some)
		}
	}
	if want := append(slices.Clone(first), second...); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	whole := first[0].append([]byte{outlineVersion})
	bad := [][]byte{nil, {}, {outlineVersion + 1}, append(slices.Clone(whole[:len(whole)-1]), partlyOutlined+1)}
	for n := 2; n < len(whole); n++ {
		bad = append(bad, whole[:n])
	}
	for _, outline := range bad {
		if _, ok := appendOutlined(nil, outline); ok {
			t.Errorf("%x is taken for an outline", outline)
		}
	}
}

func FuzzOutline(f *testing.F) {
	f.Add([]byte{outlineVersion})
	o := outlined{number: 4, min: -1, max: 1 << 50, highest: 12, partly: true}
	f.Add(o.append([]byte{outlineVersion}))
	f.Fuzz(func(t *testing.T, outline []byte) {
		all, ok := appendOutlined(nil, outline)
		if !ok {
			return
		}
		again := []byte{outlineVersion}
		for _, o := range all {
			again = o.append(again)
		}
		if back, ok := appendOutlined(nil, again); !ok || !slices.Equal(back, all) {
			t.Errorf("%v comes back as %v", all, back)
		}
	})
}
