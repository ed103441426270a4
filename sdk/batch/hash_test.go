package batch_test

import (
	"bytes"
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestHashBytesSeesEveryByte: of texts of 0 to 100 bytes, and of those with one byte changed, no two hash alike, wherever they lie in memory.
func TestHashBytesSeesEveryByte(t *testing.T) {
	seen := map[uint64]string{}
	note := func(b []byte) {
		h := batch.HashBytes(b, 1)
		if other, ok := seen[h]; ok && other != string(b) {
			t.Fatalf("%q and %q hash alike", other, b)
		}
		seen[h] = string(b)
		if moved := append([]byte("xyz"), b...); batch.HashBytes(moved[3:], 1) != h {
			t.Fatalf("%q hashes differently elsewhere in memory", b)
		}
	}
	for n := range 101 {
		b := bytes.Repeat([]byte{'a'}, n)
		note(b)
		for i := range b {
			b[i] = 'b'
			note(b)
			b[i] = 'a'
		}
	}
}

// TestHashRowsOfText: a text hashes alike at any row, with and without a selection or a bitmap, whatever buffer it lies in.
func TestHashRowsOfText(t *testing.T) {
	pool := &batch.Pool{}
	for n := range 70 {
		text := bytes.Repeat([]byte("Käse"), 20)[:n]
		plain, nullable := batch.NewColumn(pool, schema.Of(schema.Text)), batch.NewColumn(pool, schema.Of(schema.Text))
		plain.Reset(2)
		nullable.Reset(3)
		buffer := batch.WrapBuffer(append([]byte("pad"), text...))
		number := nullable.AddBuffer(buffer)
		plain.SetBytes(0, text)
		plain.SetBytes(1, text)
		nullable.SetNull(0)
		nullable.SetBytes(1, []byte("other"))
		nullable.Views()[2] = batch.MakeView(buffer.Data, number, 3, n)
		want := batch.HashRows(nil, &batch.Batch{Cols: []*batch.Column{plain}, Len: 2})
		got := batch.HashRows(nil, &batch.Batch{Cols: []*batch.Column{nullable}, Len: 3, Sel: []uint16{0, 2}})
		if want[0] != want[1] || got[1] != want[0] || got[0] == want[0] {
			t.Errorf("%q: %x, %x", text, want, got)
		}
	}
}
