package nexmark

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"testing"
)

func TestWriteJSONWritesTheRun(t *testing.T) {
	c := DefaultConfig()
	c.Events, c.Seed, c.GroupSize = 12_345, 7, 100
	var want []byte
	var typed [3][]byte
	each(t, c, uint64(c.Events), func(_ uint64, e *Event) {
		want = append(AppendJSON(want, e), '\n')
		typed[e.Kind] = append(AppendTypedJSON(typed[e.Kind], e), '\n')
	})
	var out bytes.Buffer
	n, err := WriteJSON(&out, c)
	if err != nil || n != int64(len(want)) || !bytes.Equal(out.Bytes(), want) {
		t.Errorf("%d bytes and %v, want %d", n, err, len(want))
	}
	for kind := range typed {
		out.Reset()
		n, err := WriteTypedJSON(&out, c, Kind(kind))
		if err != nil || n != int64(len(typed[kind])) || !bytes.Equal(out.Bytes(), typed[kind]) {
			t.Errorf("%s: %d bytes and %v, want %d", Kind(kind), n, err, len(typed[kind]))
		}
	}
}

// The file of a seed never changes, as its data set does not: the same hash stands in TestDataSetOfASeedIsFixed.
func TestFileOfASeedIsFixed(t *testing.T) {
	c := DefaultConfig()
	c.Events, c.Seed = 100_000, 1
	sum := sha256.New()
	if _, err := WriteJSON(sum, c); err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != "e3bad0d951f70daddfc05088b355b7f125c03c70a919c3188f495102886d1264" {
		t.Errorf("hash = %s", got)
	}
}

// fullDisk takes limit bytes.
type fullDisk struct{ limit int }

var errFull = errors.New("no space left")

func (d *fullDisk) Write(p []byte) (int, error) {
	n := min(len(p), d.limit)
	d.limit -= n
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

func TestWriteJSONStopsAtAnError(t *testing.T) {
	c := DefaultConfig()
	for _, c.Events = range []int64{10, 100_000} {
		if n, err := WriteJSON(&fullDisk{limit: 1_500}, c); !errors.Is(err, errFull) || n != 1_500 {
			t.Errorf("%d events: %d bytes written, %v", c.Events, n, err)
		}
	}
	c.GroupSize = 0
	var field *FieldError
	if n, err := WriteJSON(io.Discard, c); !errors.As(err, &field) || n != 0 {
		t.Errorf("%d bytes written, %v", n, err)
	}
}
