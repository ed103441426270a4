package codec_test

import (
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
)

func TestScratchCopiesOnlyWhatItMust(t *testing.T) {
	pool := &batch.Pool{}
	room := func(text string) *batch.Buffer {
		return batch.WrapBuffer(append(make([]byte, 0, len(text)+codec.Padding), text...))
	}
	var s codec.Scratch
	whole := room("a\nb\n")
	if s.Text(pool, whole, whole.Data) != whole {
		t.Error("a text that can be scanned in place was copied")
	}
	for name, from := range map[string]*batch.Buffer{"no line feed": room("a\nb"), "no room": batch.WrapBuffer([]byte("a\nb\n")[:4:4]), "empty": room("")} {
		got := s.Text(pool, from, from.Data)
		if got == from || string(got.Data) != string(from.Data)+"\n" || cap(got.Data)-len(got.Data) < codec.Padding {
			t.Errorf("%s: %q with %d bytes of room", name, got.Data, cap(got.Data)-len(got.Data))
		}
	}
	first := s.Text(pool, room("x"), []byte("x"))
	if s.Text(pool, room("y"), []byte("y")) != first {
		t.Error("the copy's memory is not used again")
	}
	first.Retain()
	if again := s.Text(pool, room("z"), []byte("z")); again == first || string(first.Data) != "y\n" {
		t.Error("a copy that somebody holds was written over")
	}
}
