package jsonb_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"wire.example/wire/sdk/jsonb"
	"wire.example/wire/sdk/sqlstate"
)

// canonicalTests are texts and what PostgreSQL 15 answers to them as jsonb (numbers apart, which keep their text here).
var canonicalTests = []struct{ in, want string }{
	{`null`, `null`},
	{" \t\n\rtrue ", `true`},
	{`false`, `false`},
	{`0`, `0`},
	{`-12.50e+3`, `-12.50e+3`},
	{`1e3`, `1e3`},
	{`""`, `""`},
	{`"\u0041\/\"\\"`, `"A/\"\\"`},
	{`"\b\f\n\r\t\u000b\u001f\u007f"`, "\"\\b\\f\\n\\r\\t\\u000b\\u001f\u007f\""},
	{`"\ud83d\ude00 é"`, `"😀 é"`},
	{`[]`, `[]`},
	{`[ ]`, `[]`},
	{`{ }`, `{}`},
	{`[1,[2,[]],{}]`, `[1, [2, []], {}]`},
	{`{"bb":1,"a":[ 1.0 , {"z":null} ],"a":2}`, `{"a": 2, "bb": 1}`},
	{`{"b":1,"a":2,"":3}`, `{"": 3, "a": 2, "b": 1}`},
	{`{"\n":1,"aa":{"y":1,"x":2},"\u000a":2,"b":0}`, `{"\n": 2, "b": 0, "aa": {"x": 2, "y": 1}}`},
	{`{"a":1,"b":{"d":1,"c":2},"a":{"f":1,"e":2}}`, `{"a": {"e": 2, "f": 1}, "b": {"c": 2, "d": 1}}`},
	{`{"é":1,"zz":2,"b":3}`, `{"b": 3, "zz": 2, "é": 1}`},
}

func TestCanonical(t *testing.T) {
	for _, tt := range canonicalTests {
		got, bad := jsonb.Canonical([]byte("> "), []byte(tt.in))
		if bad != nil || string(got) != "> "+tt.want {
			t.Errorf("Canonical(%s) = %s, %v, want %s", tt.in, got, bad, tt.want)
		}
		again, bad := jsonb.Canonical(nil, []byte(tt.want))
		if bad != nil || string(again) != tt.want {
			t.Errorf("Canonical(%s) = %s, %v: not idempotent", tt.want, again, bad)
		}
	}
}

func TestCanonicalRefuses(t *testing.T) {
	deep := strings.Repeat("[", jsonb.MaxDepth+1) + strings.Repeat("]", jsonb.MaxDepth+1)
	tests := []struct {
		in   string
		code sqlstate.Code
	}{
		{``, "22P02"},
		{` `, "22P02"},
		{`nul`, "22P02"},
		{`nullx`, "22P02"},
		{`True`, "22P02"},
		{`01`, "22P02"},
		{`+1`, "22P02"},
		{`1.`, "22P02"},
		{`.5`, "22P02"},
		{`1e`, "22P02"},
		{`-`, "22P02"},
		{`"`, "22P02"},
		{`"\`, "22P02"},
		{`"\x"`, "22P02"},
		{`"\u12"`, "22P02"},
		{`"\u12g4"`, "22P02"},
		{`"\ud800"`, "22P02"},
		{`"\ud800\u0041"`, "22P02"},
		{`"\udc00"`, "22P02"},
		{"\"\n\"", "22P02"},
		{`[1,]`, "22P02"},
		{`[1 2]`, "22P02"},
		{`[,]`, "22P02"},
		{`[`, "22P02"},
		{`{"a"}`, "22P02"},
		{`{"a":}`, "22P02"},
		{`{"a":1,}`, "22P02"},
		{`{a:1}`, "22P02"},
		{`{`, "22P02"},
		{`1 1`, "22P02"},
		{`"\u0000"`, "22P05"},
		{`{"\u0000":1}`, "22P05"},
		{"\"\xff\"", "22021"},
		{deep, "54001"},
	}
	for _, tt := range tests {
		got, bad := jsonb.Canonical([]byte("kept"), []byte(tt.in))
		if bad == nil || bad.Code != tt.code || string(got) != "kept" {
			t.Errorf("Canonical(%.40s) = %s, %v, want %s", tt.in, got, bad, tt.code)
		}
		if tt.code == "22P02" && bad != nil && bad.Message != "invalid input syntax for type json" {
			t.Errorf("Canonical(%.40s): message %q", tt.in, bad.Message)
		}
	}
	if _, bad := jsonb.Canonical(nil, []byte(deep[1:len(deep)-1])); bad != nil {
		t.Errorf("%d levels: %v", jsonb.MaxDepth, bad)
	}
}

// FuzzCanonical compares with encoding/json: the same texts are valid (but for what PostgreSQL refuses besides), canonical text stays
// as it is, and means the same.
func FuzzCanonical(f *testing.F) {
	for _, tt := range canonicalTests {
		f.Add([]byte(tt.in))
	}
	f.Add([]byte(`{"a":"\ud800","b":[1,2,{"c":null}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		got, bad := jsonb.Canonical(nil, in)
		valid := json.Valid(in)
		if bad != nil {
			refused := bad.Code != sqlstate.InvalidTextRepresentation || bytes.Contains(bytes.ToLower(in), []byte(`\ud`))
			if valid && !refused {
				t.Fatalf("Canonical(%q): %v, encoding/json takes it", in, bad)
			}
			return
		}
		if !valid {
			t.Fatalf("Canonical(%q) = %s, encoding/json refuses it", in, got)
		}
		again, bad := jsonb.Canonical(nil, got)
		if bad != nil || !bytes.Equal(got, again) {
			t.Fatalf("Canonical(%s) = %s, %v: not idempotent", got, again, bad)
		}
		if want, have := normal(t, in), normal(t, got); want != have {
			t.Fatalf("Canonical(%q) = %s: means %s, not %s", in, got, have, want)
		}
		walk(t, got)
	})
}

// normal is what encoding/json makes of text, members sorted, numbers as written.
func normal(t *testing.T, text []byte) string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// walk goes through all of json and finds each part again by name or number.
func walk(t *testing.T, json []byte) {
	t.Helper()
	c := jsonb.Walk(json)
	for i := 0; ; i++ {
		key, value, ok := c.Next()
		if !ok {
			if n := jsonb.Length(json); n != i {
				t.Fatalf("Length(%s) = %d, walked %d", json, n, i)
			}
			return
		}
		var found []byte
		if key != nil {
			found, ok = jsonb.Member(json, jsonb.Unquoted(key))
		} else {
			found, ok = jsonb.Element(json, i)
		}
		if !ok || !bytes.Equal(found, value) {
			t.Fatalf("%s: part %d is %s, found %s", json, i, value, found)
		}
		walk(t, value)
	}
}
