package jsonfmt

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// readChanges reads text in blocks of size bytes, and returns the rows and how many records were rejected.
func readChanges(t testing.TB, o Options, s *schema.Schema, text string, size int) (rows []string, rejects int) {
	t.Helper()
	f := newFormat(t, o)
	d, err := f.NewDecoder(codec.DecodeSpec{Schema: s, Pool: &batch.Pool{}})
	if err != nil {
		t.Fatal(err)
	}
	r := connector.NewBlockReader(strings.NewReader(text), f.NewFramer(), 0, size, 1<<20)
	for {
		block := codec.Block{Buf: batch.WrapBuffer(nil)}
		if err := r.Next(&block); errors.Is(err, io.EOF) {
			return rows, rejects
		} else if err != nil {
			t.Fatal(err)
		}
		if err := d.Begin(&block); err != nil {
			t.Fatal(err)
		}
		for more := true; more; {
			b, res, err := d.Decode()
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, sdktest.Rows(b)...)
			rejects += len(res.Rejects)
			more = res.More
		}
	}
}

// TestUpdatesStayTogether: whatever the size of blocks, an update whose halves follow each other is one; a half that is alone is not.
func TestUpdatesStayTogether(t *testing.T) {
	for _, tt := range []struct {
		name, field, file string
		want              []string
		rejects           int
	}{
		{"first, last and in the middle", "", `{"op":"+I","k":1}
{"op":"-U","k":1}
{"op":"+U","k":2}
{"k":2,"op" : "-U"}
{"k":3,"op":"+U"}
{"x":{"op":"+I"},"op":"-U","k":3}
{"x":{"op":"-U"},"op":"+U","k":4}
`, []string{"+I 1", "-U 1", "+U 2", "-U 2", "+U 3", "-U 3", "+U 4"}, 0},
		{"with escapes", "o\"p", `{"o\u0022p":"\u002dU","k":1}
{"o\"p":"+\u0055","k":2}
`, []string{"-U 1", "+U 2"}, 0},
		{"over blank lines", "", "\ufeff\n{\"op\":\"-U\",\"k\":1}\r\n\n \t\n\r\n{\"op\":\"+U\",\"k\":2}\n\n", []string{"-U 1", "+U 2"}, 0},
		{"halves alone", "", `{"op":"-U","k":1}
{"op":"-U","k":2}
{"op":"+U","k":3}
{"op":"+U","k":4}
{"op":"-U","k":5}
`, []string{"-D 1", "-U 2", "+U 3", "+I 4", "-D 5"}, 0},
		{"a bad record between", "", `{"op":"-U","k":1}
{"op":"?","k":1}
{"op":"+U","k":2}
{"op":"-U","k":2}
nonsense
{"op":"+U","k":3}
{"op":"-U","k":"-U"}
{"op":"+U","k":4}
`, []string{"-D 1", "+I 2", "-D 2", "+I 3", "+I 4"}, 3},
		{"no end of line", "", `{"op":"-U","k":1}` + "\n" + `{"op":"+U","k":2}`, []string{"-U 1", "+U 2"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := Options{Changelog: true, OpField: tt.field}
			for size := 1; size <= len(tt.file)+1; size++ {
				rows, rejects := readChanges(t, o, schema.New(field("k", schema.Int64)), tt.file, size)
				if !slices.Equal(rows, tt.want) || rejects != tt.rejects {
					t.Fatalf("blocks of %d: %q, %d rejects\nwant %q", size, rows, rejects, tt.want)
				}
			}
		})
	}
}

// TestNothingWaitsWithoutNeed: a row that is no first half of an update is there at once, though it speaks of one.
func TestNothingWaitsWithoutNeed(t *testing.T) {
	f, ok := newFormat(t, Options{Changelog: true}).NewFramer().(codec.PairFramer)
	if !ok {
		t.Fatal("a changelog has no framer of pairs")
	}
	for _, line := range []string{`{"op":"+I","v":"-U"}`, `{"op":"+U","v":"\u002dU"}`, `{"v":{"op":"-U"},"op":"+I"}`, `{"op":"-U"`, "-U", "", " \t"} {
		if n, held := f.CutPairs([]byte(line + "\n")); n != len(line)+1 || held != 0 {
			t.Errorf("%s: %d bytes go, %d wait", line, n, held)
		}
	}
}

// TestALongFirstHalfIsLookedAtOnce: what comes behind it in small pieces does not make it be decoded again.
func TestALongFirstHalfIsLookedAtOnce(t *testing.T) {
	f := &pairFramer{Framer: codec.NewLineFramer(), format: newFormat(t, Options{Changelog: true}).(*format)} //nolint:forcetypeassert // New makes no other
	data := []byte(`{"op":"-U","k":1}` + "\n" + `{"op":"+U","k":2}` + "\n")
	half := len(data) / 2
	for seen := half; seen < len(data); seen++ {
		if n, held := f.CutPairs(data[:seen]); n != 0 || held != half {
			t.Fatalf("%d bytes go, %d wait", n, held)
		}
		f.format = nil // a probe can be made no more
		f.probe = nil
	}
	if n, held := f.CutPairs(data); n != len(data) || held != 0 {
		t.Errorf("%d bytes go, %d wait", n, held)
	}
	if n := f.Cut(data, false); n != len(data) {
		t.Errorf("Cut takes %d bytes", n)
	}
}
