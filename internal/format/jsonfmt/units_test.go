package jsonfmt

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/temporal"
)

// padded is s with readable bytes behind, and its address.
func padded(s string) unsafe.Pointer {
	return unsafe.Pointer(unsafe.SliceData(append(append(make([]byte, 0, len(s)+1+padding), s...), '\n')))
}

// TestIndexersAgree: the fast indexer and the plain one mark every byte that they must, and what else they mark is rare enough.
func TestIndexersAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.IntRange(1, 5).Draw(t, "words")
		text := rapid.SliceOfN(rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte("\"\\\n#! abc"))), 64*words, 64*words).Draw(t, "text")
		p := padded(string(text))
		plain, fast := make([]uint64, words), make([]uint64, words)
		indexWords(p, &plain[0], words)
		newIndexer()(p, &fast[0], words)
		for i, c := range text {
			must := c < ' ' || c > '~'+1 || c == '"' || c == '\\'
			if bit := fast[i>>6]>>(i&63)&1 != 0; must && !bit {
				t.Fatalf("byte %d, %q, is not marked", i, c)
			}
			if bit := plain[i>>6]>>(i&63)&1 != 0; must && !bit {
				t.Fatalf("byte %d, %q, is not marked by the plain indexer", i, c)
			} else if bit && !must && (i == 0 || text[i-1] >= ' ' && text[i-1] != '"' && text[i-1] != '\\' && plain[(i-1)>>6]>>((i-1)&63)&1 == 0) {
				t.Fatalf("byte %d, %q, is marked after %q", i, c, text[i-1])
			}
		}
	})
}

// TestPlainIndexer: everything else works with the plain indexer as well.
func TestPlainIndexer(t *testing.T) {
	var in strings.Builder
	for i := range 2000 {
		in.WriteString(`{"v":"` + strings.Repeat("#é\\\"", i%50) + `"}` + "\n")
	}
	f := &format{}
	got := map[bool]string{}
	for _, plain := range []bool{false, true} {
		d, err := newDecoder(f, decodeSpec(column(schema.Of(schema.Text))))
		if err != nil {
			t.Fatal(err)
		}
		if plain {
			d.indexer = indexWords
		}
		_ = d.Begin(paddedBlock([]byte(in.String())))
		out, _, _ := d.Decode()
		e, _ := newEncoder(f, encodeSpec(column(schema.Of(schema.Text))))
		text, _, _ := e.Encode(nil, nil, out)
		got[plain] = string(text)
	}
	if got[true] != got[false] || got[true] != in.String() {
		t.Error("the indexers lead to different rows")
	}
}

// TestNumbersAreRead: the quick readers answer what strconv does, or that they do not know.
func TestNumbersAreRead(t *testing.T) {
	check := func(t interface{ Fatalf(string, ...any) }, s string) {
		p := padded(s + ",")
		want, err := strconv.ParseInt(s, 10, 64)
		if v, end := plainInteger(p, 0); end > 0 && (err != nil || v != want || end != len(s)) {
			t.Fatalf("%s is %d, %d bytes", s, v, end)
		} else if end == 0 && err == nil && len(s) < 19 && strconv.FormatInt(want, 10) == s {
			t.Fatalf("%s is left to the slow way", s)
		}
		coef, scale, end := shortDecimal(p, 0)
		if end == 0 {
			return
		}
		got := strconv.FormatFloat(float64(coef)/math.Pow10(scale), 'g', 12, 64)
		if f, err := strconv.ParseFloat(s, 64); err != nil || end != len(s) || got != strconv.FormatFloat(f, 'g', 12, 64) && f != 0 {
			t.Fatalf("%s is %d e-%d, %d bytes", s, coef, scale, end)
		}
	}
	for _, s := range []string{
		"0", "-0", "7", "00", "01", "-", "", ".5", "5.", "1.5", "-1.25", "1e5", "1E5", "12345678", "123456789", "1234567812345678", "12345678123456789",
		"9223372036854775807", "9223372036854775808", "-9223372036854775807", "-9223372036854775808", "99999999999999999999", "18446744073709551616",
		"0.1234567890123456", "0.12345678901234567", "1.12345678901234567", "123456789012345678.5", "x", "1x", "--1", "0.", "-.1",
	} {
		if s == "1x" {
			continue // what follows a number is for the caller to see
		}
		check(t, s)
	}
	rapid.Check(t, func(t *rapid.T) {
		check(t, rapid.StringMatching(`-?[0-9]{1,20}(\.[0-9]{1,20})?`).Draw(t, "number"))
		check(t, strconv.FormatInt(rapid.Int64().Draw(t, "integer"), 10))
	})
}

// TestStampsAreRead: readStamp answers what the general reader does, or that it does not know.
func TestStampsAreRead(t *testing.T) {
	m := &member{}
	var v int64
	m.base = unsafe.Pointer(&v)
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.Int64Range(temporal.MinTimestamp, temporal.MaxTimestamp).Draw(t, "at")
		if rapid.Bool().Draw(t, "near") {
			at = rapid.Int64Range(0, 200e6).Draw(t, "at")
		}
		text := string(temporal.AppendTimestamp(nil, at))
		broken := rapid.Bool().Draw(t, "broken")
		if broken {
			b := []byte(text)
			b[rapid.IntRange(0, len(b)-1).Draw(t, "i")] = rapid.SampledFrom([]byte("0123456789:-. Tx9")).Draw(t, "c")
			text = string(b)
		}
		end := m.readStamp(padded(text+`"`), 0, 0)
		want, err := temporal.ParseTimestampUTC([]byte(text))
		switch {
		case end == 0:
			if !broken && len(text) == stampLen && text[4] == '-' && at > 0 {
				t.Fatalf("%s is left to the slow way", text)
			}
		case err != nil || v != want || end != stampLen+1:
			t.Fatalf("%s is %d, want %d, %v", text, v, want, err)
		}
	})
}

// TestPuts: what the encoder puts is what the appending functions write.
func TestPuts(t *testing.T) {
	room := make([]byte, 4096)
	p := unsafe.Pointer(&room[0])
	var clock minuteText
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int64().Draw(t, "v")
		v >>= rapid.UintRange(0, 63).Draw(t, "shift")
		if got := string(room[:putInt(p, 0, v)]); got != strconv.FormatInt(v, 10) {
			t.Fatalf("%d is put as %s", v, got)
		}
		at := rapid.Int64Range(0, plainStamps-1).Draw(t, "at")
		if rapid.Bool().Draw(t, "round") {
			at -= at % int64(rapid.SampledFrom([]int{10, 1000, 1e6, 60e6}).Draw(t, "unit"))
		}
		if got, want := string(room[:clock.put(p, 0, at)]), `"`+string(temporal.AppendTimestampISO(nil, at))+`"`; got != want {
			t.Fatalf("%d is put as %s, want %s", at, got, want)
		}
		text := rapid.SliceOfN(rapid.OneOf(rapid.ByteRange(' ', 'z'), rapid.Byte()), 0, 100).Draw(t, "text")
		if rapid.Bool().Draw(t, "clean") {
			text = bytes.Map(func(r rune) rune {
				if r < ' ' || r == '"' || r == '\\' {
					return 'x'
				}
				return r
			}, text)
		}
		want := appendQuoted(nil, text)
		c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Text))
		c.Reset(1)
		c.SetBytes(0, text)
		var ok bool
		if len(text) <= batch.InlineLen {
			ok = putShort(p, 0, &c.Views()[0])
		} else {
			ok = putLong(p, 0, unsafe.Pointer(&c.Bytes(0)[0]), len(text))
		}
		if ok != (len(want) == len(text)+2) || ok && string(room[:len(want)]) != string(want) {
			t.Fatalf("%q: %v, put as %q", text, ok, room[:len(want)])
		}
	})
	if got := string(room[:clock.put(p, 0, 0)]); got != `"1970-01-01T00:00:00"` {
		t.Errorf("the first moment is put as %s", got)
	}
}

// TestQuotedIsReadBack by the standard library, for all text; and by the decoder's own reader of escapes.
func TestQuotedIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		quoted := appendQuoted(nil, []byte(text))
		var got string
		if err := json.Unmarshal(quoted, &got); err != nil || got != text {
			t.Fatalf("%s is read as %q, %v", quoted, got, err)
		}
		escaped, _ := json.Marshal(text)
		own, bad := appendUnescaped(nil, escaped[1:len(escaped)-1])
		if strings.Contains(text, "\x00") {
			if bad == nil {
				t.Fatalf("%s was taken", escaped)
			}
		} else if bad != nil || string(own) != text {
			t.Fatalf("%s is read as %q, %v", escaped, own, bad)
		}
	})
}

// TestClearBits against clearing one at a time.
func TestClearBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.IntRange(0, 300).Draw(t, "from")
		to := rapid.IntRange(from, 300).Draw(t, "to")
		got, want := make(batch.Bitmap, 5), make(batch.Bitmap, 5)
		got.Fill(300)
		want.Fill(300)
		clearBits(got, from, to)
		for i := from; i < to; i++ {
			want.Clear(i)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("%d to %d: word %d is %x", from, to, i, got[i])
			}
		}
	})
}

func TestNamesFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		runes := rapid.SampledFrom([]string{"a", "A", "k", "K", "\u212a", "s", "S", "ſ", "ä", "Ä", "ß", "_"})
		a := strings.Join(rapid.SliceOfN(runes, 0, 3).Draw(t, "a"), "")
		b := strings.Join(rapid.SliceOfN(runes, 0, 3).Draw(t, "b"), "")
		if (fold(a) == fold(b)) != strings.EqualFold(a, b) {
			t.Fatalf("%q and %q", a, b)
		}
	})
}
