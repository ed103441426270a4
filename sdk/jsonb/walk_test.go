package jsonb_test

import (
	"strings"
	"testing"

	"wire.example/wire/sdk/jsonb"
)

const sample = `{"": 0, "a": [1, [true, null], "x, y]"], "b": {"c": {"d": "e\"}"}}, "tab\t": -1.50}`

func TestPath(t *testing.T) {
	tests := []struct{ path, want string }{
		{"", "none"},
		{"a", `[1, [true, null], "x, y]"]`},
		{"a/0", "1"},
		{"a/ 1", "[true, null]"},
		{"a/-1", `"x, y]"`},
		{"a/-3", "1"},
		{"a/-4", "none"},
		{"a/3", "none"},
		{"a/x", "none"},
		{"a/00000000000000000001", "none"},
		{"a/1/1", "null"},
		{"a/1/1/0", "none"},
		{"b/c/d", `"e\"}"`},
		{"b/c/d/e", "none"},
		{"c", "none"},
		{"tab\t", "-1.50"},
	}
	for _, tt := range tests {
		var steps [][]byte
		for step := range strings.SplitSeq(tt.path, "/") {
			steps = append(steps, []byte(step))
		}
		got, ok := jsonb.Path([]byte(sample), steps...)
		if tt.path == "" {
			if string(got) != "0" {
				t.Errorf("the member without a name: %s", got)
			}
			continue
		}
		if !ok {
			got = []byte("none")
		}
		if string(got) != tt.want {
			t.Errorf("%q: %s, want %s", tt.path, got, tt.want)
		}
	}
}

func TestTypeOfAndLength(t *testing.T) {
	tests := []struct {
		json, name string
		length     int
	}{
		{"null", "null", 0},
		{"true", "boolean", 0},
		{"false", "boolean", 0},
		{"-1", "number", 0},
		{`"[1, 2]"`, "string", 0},
		{"[]", "array", 0},
		{`[[1, 2], "a, b"]`, "array", 2},
		{"{}", "object", 0},
		{sample, "object", 4},
	}
	for _, tt := range tests {
		if got := jsonb.TypeOf([]byte(tt.json)).String(); got != tt.name {
			t.Errorf("TypeOf(%s) = %s, want %s", tt.json, got, tt.name)
		}
		if got := jsonb.Length([]byte(tt.json)); got != tt.length {
			t.Errorf("Length(%s) = %d, want %d", tt.json, got, tt.length)
		}
		walk(t, []byte(tt.json))
	}
	if _, ok := jsonb.Member([]byte("[1]"), []byte("a")); ok {
		t.Error("an array has no members")
	}
	if _, ok := jsonb.Element([]byte("{}"), 0); ok {
		t.Error("an object has no elements")
	}
}

func TestStrings(t *testing.T) {
	for _, text := range []string{"", "plain", "é😀", "\"\\\b\f\n\r\t\x01\x1f\x7f", "ends with \\"} {
		quoted := jsonb.AppendString(nil, []byte(text))
		canon, bad := jsonb.Canonical(nil, quoted)
		if bad != nil || string(canon) != string(quoted) {
			t.Errorf("AppendString(%q) = %s, not canonical: %s, %v", text, quoted, canon, bad)
		}
		if got := string(jsonb.Unquoted(quoted)); got != text {
			t.Errorf("Unquoted(%s) = %q, want %q", quoted, got, text)
		}
		if got := string(jsonb.AppendText([]byte("> "), quoted)); got != "> "+text {
			t.Errorf("AppendText(%s) = %q", quoted, got)
		}
	}
	if got := string(jsonb.AppendText(nil, []byte("[1]"))); got != "[1]" {
		t.Errorf("AppendText([1]) = %s", got)
	}
}

func TestCompareKeys(t *testing.T) {
	order := []string{`""`, `"\n"`, `"\""`, `"a"`, `"b"`, `"aa"`, `"\\a"`, `"é"`}
	for i, a := range order {
		for j, b := range order {
			if a == `"\\a"` || b == `"\\a"` {
				continue // two bytes that begin with a backslash stand before "aa"
			}
			if got := jsonb.CompareKeys([]byte(a), []byte(b)); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("CompareKeys(%s, %s) = %d", a, b, got)
			}
		}
	}
	if jsonb.CompareKeys([]byte(`"\\a"`), []byte(`"aa"`)) >= 0 {
		t.Error("a backslash stands before a")
	}
}

func TestWalkingDoesNotAllocate(t *testing.T) {
	json := []byte(sample)
	key := []byte("b")
	if n := testing.AllocsPerRun(100, func() {
		v, _ := jsonb.Member(json, key)
		_, _ = jsonb.Path(v, []byte("c"), []byte("d"))
		_, _ = jsonb.Element(json, 0)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
