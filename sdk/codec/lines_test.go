package codec_test

import (
	"bytes"
	"testing"

	"wire.example/wire/sdk/codec"
)

func TestLinesAreCut(t *testing.T) {
	f := codec.NewLineFramer()
	for _, tt := range []struct {
		data string
		last bool
		want int
	}{
		{"", false, 0}, {"", true, 0}, {"a", false, 0}, {"a", true, 1}, {"a\n", false, 2}, {"a\nb", false, 2}, {"a\nb", true, 3}, {"\n\n", false, 2}, {"a\r\nb\r", false, 3},
	} {
		if got := f.Cut([]byte(tt.data), tt.last); got != tt.want {
			t.Errorf("%q, last %v: %d, want %d", tt.data, tt.last, got, tt.want)
		}
	}
	for data, want := range map[string]int{"a\nb\n": 2, "\n": 1, "abc": -3, "": 0} {
		n, found := f.Skip([]byte(data))
		if !found {
			n = -n
		}
		if n != want {
			t.Errorf("skipping %q: %d, want %d", data, n, want)
		}
	}
}

func TestLineEndsAreTrimmed(t *testing.T) {
	for data, want := range map[string]string{"a\n": "a", "a\r\n": "a", "a\r": "a", "a": "a", "": "", "\n": "", "\r\n": "", "a\n\n": "a\n", "a\r\r\n": "a\r"} {
		all := "\n" + data // what stands before start is not looked at
		if end := codec.TrimLineEnd([]byte(all), 1, len(all)); all[1:end] != want {
			t.Errorf("%q: %q, want %q", data, all[1:end], want)
		}
	}
}

// FuzzLineFramer: whatever the pieces, the lines are those of the whole.
func FuzzLineFramer(f *testing.F) {
	f.Add([]byte("a\nbc\n\nd"), uint8(2))
	f.Fuzz(func(t *testing.T, data []byte, piece uint8) {
		framer, start := codec.NewLineFramer(), 0
		for seen := 0; seen < len(data); {
			seen = min(len(data), seen+int(piece)+1)
			start += framer.Cut(data[start:seen], false)
			if want := bytes.LastIndexByte(data[:seen], '\n') + 1; start != want {
				t.Fatalf("at byte %d of %q, want %d", start, data[:seen], want)
			}
		}
	})
}
