package stdout_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"wire.example/wire/internal/connect/stdout"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// FuzzTableCells: whatever a value holds, it stays in its line, is text, and is no wider than it may be.
func FuzzTableCells(f *testing.F) {
	for _, s := range []string{"", "plain", "a\nb\r\t\x00", "\x1b[2J", "\xff\xfe", "日本語日本語", "\u202e\u200d👩‍👩‍👧", strings.Repeat("e\u0301", 40)} {
		f.Add(s, 12)
	}
	f.Fuzz(func(t *testing.T, value string, most int) {
		most = 4 + int(uint(most)%60)
		var out bytes.Buffer
		typ := stdout.SinkType(&out)
		env := connector.SinkEnv{Schema: schema.New(schema.Field{Name: value, Type: schema.Of(schema.Text)})}
		s, err := typ.Open(t.Context(), env, config(t, map[string]any{"format": "table", "max_column_width": int64(most), "null_string": value}))
		if err != nil {
			t.Fatal(err)
		}
		chunk, err := s.NewChunk()
		if err != nil {
			t.Fatal(err)
		}
		chunk.Encode(rows(textColumn(value)))
		if err := s.Write(t.Context(), chunk); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); strings.Count(got, "\n") != 3 || !utf8.ValidString(got) {
			t.Fatalf("%q", got)
		}
		for i, line := range strings.Split(out.String(), "\n") {
			if i == 1 && len(line) > most+2 {
				t.Errorf("a column of %d characters, at most %d", len(line)-2, most)
			}
			for _, r := range line {
				if unicode.IsControl(r) {
					t.Errorf("%q holds the control character %q", line, r)
				}
			}
		}
	})
}
