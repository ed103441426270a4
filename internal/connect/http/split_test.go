package http

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
)

// cut splits body as a request would and returns its records, without what surrounds them.
func cut(t *testing.T, body string, array bool) ([]string, []uint32, *splitError) {
	t.Helper()
	framed, lines, err := split([]byte(body), array, 1100, nil)
	if err != nil {
		return nil, nil, err
	}
	if len(framed) != len(body)+1 {
		t.Fatalf("%q: %d bytes became %d", body, len(body), len(framed))
	}
	var records []string
	for line := range strings.SplitSeq(string(framed), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			records = append(records, line)
		}
	}
	if len(records) != len(lines) {
		t.Fatalf("%q: %d records, %d lines", body, len(records), len(lines))
	}
	return records, lines, nil
}

func TestSplit(t *testing.T) {
	tests := []struct {
		body    string
		lines   bool // the content type says lines
		records []string
		at      []uint32
	}{
		{body: ""},
		{body: " \r\n\t\n"},
		{body: `{"a":1}`, records: []string{`{"a":1}`}, at: []uint32{1}},
		{body: "{\"a\":1}\n{\"a\":2}\n", records: []string{`{"a":1}`, `{"a":2}`}, at: []uint32{1, 2}},
		{body: "\n{\"a\":1}\r\n\r\n  {\"a\":2}  ", records: []string{`{"a":1}`, `{"a":2}`}, at: []uint32{2, 4}},
		{body: `{"a":1} {"a":2}	{"a":3}`, records: []string{`{"a":1}`, `{"a":2}`, `{"a":3}`}, at: []uint32{1, 1, 1}},
		{body: "{\"a\":1} {\"a\":2}\n{\"a\":3}", records: []string{`{"a":1}`, `{"a":2}`, `{"a":3}`}, at: []uint32{1, 1, 2}},
		{body: "{\n \"a\":1,\n \"b\": [ 1,\n2 ]\n}\n{}", records: []string{`{  "a":1,  "b": [ 1, 2 ] }`, `{}`}, at: []uint32{1, 6}},
		{body: "[]"},
		{body: "[ \n ]"},
		{body: `[{"a":1},{"a":2}]`, records: []string{`{"a":1}`, `{"a":2}`}, at: []uint32{1, 1}},
		{body: "[\n{\"a\":1},\n{\"a\":\n2}\n,\n[3]\n]\n", records: []string{`{"a":1}`, `{"a": 2}`, `[3]`}, at: []uint32{2, 3, 6}},
		{body: `[1, "[,]", null]`, records: []string{"1", `"[,]"`, "null"}, at: []uint32{1, 1, 1}},
		{body: "[1,\n2]\n[3]", lines: true, records: []string{"[1, 2]", "[3]"}, at: []uint32{1, 3}},
		{body: "\xef\xbb\xbf[1]", records: []string{"1"}, at: []uint32{1}},
		{body: `{"a":"\u00e9\\\"\n ü","b":-0.5e+10,"c":[true,false,null,{}]}`, records: []string{`{"a":"\u00e9\\\"\n ü","b":-0.5e+10,"c":[true,false,null,{}]}`}, at: []uint32{1}},
		{body: strings.Repeat("[", 512) + strings.Repeat("]", 512), lines: true, records: []string{strings.Repeat("[", 512) + strings.Repeat("]", 512)}, at: []uint32{1}},
	}
	for _, tt := range tests {
		records, at, err := cut(t, tt.body, !tt.lines)
		if err != nil || !slices.Equal(records, tt.records) || !slices.Equal(at, tt.at) {
			t.Errorf("%q: %q at %v, %v", tt.body, records, at, err)
		}
	}
}

func TestSplitSaysWhereABodyIsBad(t *testing.T) {
	tests := []struct{ body, want string }{
		{`{"a":1}{"a":2}`, `line 1, byte 8: expected the end of the line after the record`},
		{"{\"a\":1}\n{\"a\" 2}", `line 2, byte 6: expected ":"`},
		{"{\"a\":1}\n\n{a:2}", `line 3, byte 2: expected a member name in quotes`},
		{`{"a":1,}`, `line 1, byte 8: expected a member name in quotes`},
		{`{"a":1 "b":2}`, `line 1, byte 8: expected "," or "}"`},
		{`{"a":`, `line 1, byte 6: the body ends within a record`},
		{`{"a":"x`, `line 1, byte 8: the body ends within a record`},
		{`{"a":"x\`, `line 1, byte 9: the body ends within a record`},
		{`{"a":"\u12`, `line 1, byte 8: expected four hexadecimal digits after \u`},
		{`{"a":"\u12g4"}`, `line 1, byte 8: expected four hexadecimal digits after \u`},
		{`{"a":"\x"}`, `line 1, byte 8: no such escape`},
		{"{\"a\":\"x\ny\"}", `line 1, byte 8: a control character, such as a line end, must be escaped in a string`},
		{`{"a":01}`, `line 1, byte 7: expected "," or "}"`},
		{`{"a":-}`, `line 1, byte 7: expected a digit`},
		{`{"a":1.}`, `line 1, byte 8: expected a digit`},
		{`{"a":1e+}`, `line 1, byte 9: expected a digit`},
		{`tru`, `line 1, byte 1: expected a value`},
		{`truth`, `line 1, byte 1: expected a value`},
		{`hello`, `line 1, byte 1: expected a value`},
		{"[1,\n2,]", `line 2, byte 3: expected a value`},
		{"[1,\n2", `line 2, byte 2: the body ends within a record`},
		{`[1] x`, `line 1, byte 5: expected nothing behind the array`},
		{`[1 2]`, `line 1, byte 4: expected "," or "]" after the record`},
		{`[[1 2]]`, `line 1, byte 5: expected "," or "]"`},
		{`[`, `line 1, byte 2: the body ends within a record`},
		{strings.Repeat("[", 520), `line 1, byte 515: more than 512 levels of objects and arrays`},
		{"{}\n\"" + strings.Repeat("x", 1100) + `"`, `line 2, byte 1: the record has 1102 bytes, more than max_record_bytes (1100)`},
	}
	for _, tt := range tests {
		_, _, err := cut(t, tt.body, true)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%q: %v, want %s", tt.body, err, tt.want)
		}
	}
}

// FuzzSplit compares the splitter with encoding/json: they accept the same bodies and see the same records in them.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{
		"", "[]", "[1,2]", "{\"a\":1}\n{\"a\":[{}]}", "{\n\"a\": \"\\u00e9\"\n} [1]", "[{\"a\":1},\n{\"b\":-1.5e3}]", "[1", "{}{}", "\"\x7f\"", "[\"\\\\\",null]",
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, array bool) {
		if bytes.HasPrefix(body, []byte("\xef\xbb\xbf")) {
			t.Skip("encoding/json knows no byte order mark")
		}
		want, ok := witness(body, array)
		framed, lines, err := split(slices.Clone(body), array, 1<<20, nil)
		if (err == nil) != ok {
			t.Fatalf("%q, array %v: %v, but the witness accepts it: %v", body, array, err, ok)
		}
		if err != nil {
			return
		}
		var got []string
		for line := range bytes.SplitSeq(framed, []byte("\n")) {
			if len(bytes.TrimSpace(line)) > 0 {
				got = append(got, compact(t, line))
			}
		}
		if !slices.Equal(got, want) || len(lines) != len(want) || !slices.IsSorted(lines) {
			t.Fatalf("%q, array %v: %q at lines %v, want %q", body, array, got, lines, want)
		}
		for i, n := range lines {
			if int(n) > bytes.Count(body, []byte("\n"))+1 {
				t.Fatalf("record %d is at line %d", i, n)
			}
		}
	})
}

// witness splits body by encoding/json.
func witness(body []byte, array bool) ([]string, bool) {
	values := [][]byte{body}
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); array && len(trimmed) > 0 && trimmed[0] == '[' {
		var elements []json.RawMessage
		if json.Unmarshal(body, &elements) != nil {
			return nil, false
		}
		values = nil
		for _, e := range elements {
			values = append(values, e)
		}
	}
	var records []string
	for _, v := range values {
		for d := json.NewDecoder(bytes.NewReader(v)); ; {
			var raw json.RawMessage
			err := d.Decode(&raw)
			if err == io.EOF {
				break
			}
			if err != nil {
				return nil, false
			}
			if at := int(d.InputOffset()); at < len(v) && !strings.ContainsRune(" \t\r\n", rune(v[at])) {
				return nil, false // values must have something between them
			}
			var out bytes.Buffer
			if json.Compact(&out, raw) != nil {
				return nil, false
			}
			records = append(records, out.String())
		}
	}
	return records, true
}

func compact(t *testing.T, line []byte) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, line); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return out.String()
}

func BenchmarkSplit(b *testing.B) {
	line := `{"auction":1007,"bidder":1001,"price":2355,"channel":"Google","url":"https://www.nexmark.com/item.htm?query=1","date_time":"2026-01-01 00:00:00.002","extra":"` + strings.Repeat("x", 60) + "\"}\n"
	body := []byte(strings.Repeat(line, 1000))
	buf := make([]byte, len(body)+1)
	var lines []uint32
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		copy(buf, body)
		var err *splitError
		if _, lines, err = split(buf[:len(body)], true, 1<<20, lines); err != nil {
			b.Fatal(err)
		}
	}
}
