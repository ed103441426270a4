package eval_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/schema"
)

// FuzzLike holds patterns, constant and from a column, against the reference's matcher.
func FuzzLike(f *testing.F) {
	for _, seed := range [][2]string{{"abc", "a%"}, {"abc", "%b_"}, {"a%c", `a\%c`}, {"äöü", "_ö%"}, {"aXbXc", "%x%_%c"}, {"", "%"}, {"aaab", "%aab"}, {"q_", `%\_`}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, pattern string) {
		if !utf8.ValidString(text) || !utf8.ValidString(pattern) || strings.ContainsRune(text+pattern, 0) || len(text) > 200 || len(pattern) > 20 {
			return
		}
		if strings.Count(pattern, `\`) > 0 && (len(pattern)-len(strings.TrimRight(pattern, `\`)))%2 == 1 {
			return // ends with an escape that escapes nothing
		}
		if strings.Count(pattern, "%") > 4 {
			return // the reference takes exponential time
		}
		want := "f"
		if like([]rune(text), []rune(pattern)) {
			want = "t"
		}
		b, scope := input(t, field{"x", kindOf(schema.Text), []string{"NULL"}}, field{"y", kindOf(schema.Text), []string{"NULL"}})
		for k, s := range []string{text, pattern} {
			b.Cols[k].Reset(1)
			b.Cols[k].SetBytes(0, []byte(s))
		}
		constant := "x LIKE '" + strings.ReplaceAll(pattern, "'", "''") + "'"
		for _, question := range []string{"x LIKE y", constant} {
			var errs builtin.Errors
			cols := compiled(t, scope, question).Eval(b, nil, &errs)
			if got := shown(cols[0], 0, &errs); got != want {
				t.Errorf("%q, %s, pattern %q: %s, want %s", text, question, pattern, got, want)
			}
		}
	})
}
