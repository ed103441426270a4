package batch_test

import (
	"slices"
	"testing"

	"wire.example/wire/sdk/batch"
)

func TestWords(t *testing.T) {
	for n, want := range map[int]int{0: 0, 1: 1, 63: 1, 64: 1, 65: 2, 128: 2, batch.MaxRows: 64} {
		if got := batch.Words(n); got != want {
			t.Errorf("%d bits take %d words, want %d", n, got, want)
		}
	}
}

func TestBitmapIgnoresBitsPastTheEnd(t *testing.T) {
	m := batch.Bitmap{^uint64(0), ^uint64(0)}
	if got := m.Count(70); got != 70 {
		t.Errorf("%d of 70 bits", got)
	}
	if got := m.AppendOnes(nil, 3); !slices.Equal(got, []uint16{0, 1, 2}) {
		t.Errorf("ones of 3 bits: %v", got)
	}
	if got := m.AppendOnes(nil, 0); got != nil {
		t.Errorf("ones of no bits: %v", got)
	}
	m.Zero(64)
	if m[0] != 0 || m[1] != ^uint64(0) {
		t.Errorf("Zero(64) made %x", m)
	}
	m.Zero(128)
	m.Fill(1)
	if m[0] != ^uint64(0) || m[1] != 0 {
		t.Errorf("Fill(1) made %x", m)
	}
}
