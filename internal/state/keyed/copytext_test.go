package keyed

import (
	"bytes"
	"testing"

	"wire.example/wire/sdk/batch"
)

// TestCopyText: a text of any length arrives whole, and what is behind it stays as it is.
func TestCopyText(t *testing.T) {
	text := make([]byte, 300)
	for i := range text {
		text[i] = byte(1 + i%255)
	}
	for n := batch.InlineLen + 1; n <= len(text); n++ {
		dst := make([]byte, n+8)
		copyText(dst, text[:n:n])
		if !bytes.Equal(dst[:n], text[:n]) || !bytes.Equal(dst[n:], make([]byte, 8)) {
			t.Errorf("%d bytes: %v", n, dst)
		}
	}
}
