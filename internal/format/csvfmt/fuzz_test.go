package csvfmt

import (
	"bytes"
	"slices"
	"testing"

	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// FuzzDecode: no input breaks the decoder, whatever the options; one block and many give the same rows.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"1,x,2015-07-15 00:00:00\n", "\"1\",\"a\"\"b\",\n", "1,\"a\nb\",noon\n2", ",\"", "\r\n", "#\"\n1,2,3\n", "a\\\"b,\\", " \"1\" , x ,\t\n", "\ufeff\"1\",,\n"} {
		f.Add([]byte(seed), uint8(0))
		f.Add([]byte(seed), uint8(255))
	}
	f.Add([]byte("-U,x,\n\n+U,y,\n-U,\"a\nb\",\n#c\nz\n\"-U\",,\n\"+U\",,"), uint8(16))
	s := schema.New(schema.Field{Name: "a", Type: schema.Of(schema.Int64)}, schema.Field{Name: "b", Type: schema.Of(schema.Text)},
		schema.Field{Name: "c", Type: schema.Of(schema.Timestamp)})
	f.Fuzz(func(t *testing.T, data []byte, flags uint8) {
		o := Options{Trim: flags&1 > 0, Changelog: flags&16 > 0, OpField: "kind"}
		if flags&2 > 0 {
			o.Escape = "backslash"
		}
		if flags&4 > 0 {
			o.Comment = "#"
		}
		if flags&8 > 0 {
			o.Quote = "none"
		}
		sdktest.FuzzFormat(t, newFormat(t, o), s, []byte("1,\"first\n\",\n"), data)
		o.Header = true
		header := "a,b,c\n"
		if o.Changelog {
			header = "a,kind,b,c\n"
		}
		sdktest.FuzzFormat(t, newFormat(t, o), s, []byte(header), data)
	})
}

// FuzzFramer: the fast ways to find records agree with the slow one, whatever the pieces.
func FuzzFramer(f *testing.F) {
	f.Add([]byte("a,\"b\n\"\"\",c\nd"), uint8(3), false)
	f.Add([]byte("a\"b,\"\n\n\"c\"d,\"\"\n"), uint8(1), true)
	f.Fuzz(func(t *testing.T, data []byte, piece uint8, backslash bool) {
		o := Options{}
		if backslash {
			o.Escape = "backslash"
		}
		syntax, err := newSyntax(o)
		if err != nil {
			t.Fatal(err)
		}
		var slow []int
		s, at := scanner{syntax: syntax, state: recordStart}, 0
		if bytes.HasPrefix(data, []byte(byteOrderMark)) {
			at = len(byteOrderMark)
		}
		for at < len(data) {
			n, found := s.next(data[at:])
			if at += n; found {
				slow = append(slow, at)
			}
		}
		checkPairs(t, o, data, int(piece)+1, slow)
		framer, start := newFormat(t, o).NewFramer(), 0
		for seen := 0; seen < len(data); {
			seen = min(len(data), seen+int(piece)+1)
			n := framer.Cut(data[start:seen], false)
			k, _ := slices.BinarySearch(slow, seen+1)
			want := 0
			if k > 0 {
				want = slow[k-1]
			}
			if start += n; start != max(want, 0) && seen >= len(byteOrderMark) {
				t.Fatalf("Cut is at byte %d of %q after %d, the last record ends at %d", start, data, seen, want)
			}
		}
	})
}

// checkPairs cuts data, of which ends are the ends of records: what goes ends with a record, and what waits for the next one is whole records.
func checkPairs(t *testing.T, o Options, data []byte, piece int, ends []int) {
	t.Helper()
	o.Changelog = true
	f, ok := newFormat(t, o).NewFramer().(codec.PairFramer)
	if !ok {
		t.Fatal("a changelog has no framer of pairs")
	}
	start := 0
	for seen := 0; seen < len(data); {
		seen = min(len(data), seen+piece)
		n, held := f.CutPairs(data[start:seen])
		if start += n; start > 0 && !slices.Contains(ends, start) {
			t.Fatalf("CutPairs is at byte %d of %q, where no record ends", start, data)
		}
		k, _ := slices.BinarySearch(ends, seen+1)
		if seen >= len(byteOrderMark) && k > 0 && start+held != ends[k-1] || held > 0 && !bytes.Contains(data[start:start+held], []byte("U")) {
			t.Fatalf("CutPairs holds %d bytes at byte %d of %q after %d; records end at %v", held, start, data, seen, ends)
		}
	}
}
