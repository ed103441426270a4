package builtin

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// simple compiles a pattern for both.
func simple(t interface{ Fatal(...any) }, pattern string) (*matcher, *regexp.Regexp) {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	re := regexp.MustCompile(pattern)
	re.Longest()
	return newMatcher(parsed.Simplify(), re.NumSubexp()), re
}

// TestMatcherFindsWhatRegexpFinds compares random patterns over random texts.
func TestMatcherFindsWhatRegexpFinds(t *testing.T) {
	simples := 0
	rapid.Check(t, func(t *rapid.T) {
		m, re := simple(t, drawPattern(t, 3))
		if m == nil {
			return
		}
		simples++
		for range 5 {
			text := rapid.StringOfN(rapid.SampledFrom([]rune("aab&=é\n")), 0, 12, -1).Draw(t, "text")
			got, ok := m.find([]byte(text))
			if want := re.FindStringSubmatchIndex(text); ok && !slices.Equal(got, want) {
				t.Fatalf("%s in %q: %v, want %v", re, text, got, want)
			}
		}
	})
	if simples == 0 {
		t.Error("no pattern was simple")
	}
}

func drawPattern(t *rapid.T, depth int) string {
	kinds := []string{"a", "b", "é", "&", "[^&]", "[ab]", ".", "^", "$", "[^&]*", "a+", ".*", "[^a]+", "=?", "(?:)"}
	if depth == 0 {
		return rapid.SampledFrom(kinds).Draw(t, "piece")
	}
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0:
		return "(" + drawPattern(t, depth-1) + ")"
	case 1:
		return "(?:" + drawPattern(t, depth-1) + "|" + drawPattern(t, depth-1) + ")"
	case 2:
		return "(?:" + drawPattern(t, depth-1) + ")?"
	default:
		return drawPattern(t, depth-1) + drawPattern(t, depth-1)
	}
}

func TestMatcherLeavesOthersAlone(t *testing.T) {
	for _, pattern := range []string{"(ab)*", "a*?", "(?i)a", "[à-é]", `\bword`, "(?m)^a", strings.Repeat("[ab]", 70)} {
		if m, _ := simple(t, pattern); m != nil {
			t.Errorf("%s is taken for simple", pattern)
		}
	}
}

func TestMatcherGivesUp(t *testing.T) {
	m, _ := simple(t, "a*a*a*a*a*b")
	if _, ok := m.find([]byte(strings.Repeat("a", 200))); ok {
		t.Error("every way was tried")
	}
}

func BenchmarkMatcher(b *testing.B) {
	m, re := simple(b, "(&|^)channel_id=([^&]*)")
	text := []byte("https://www.nexmark.com/abcde/fghij/klmno/item.htm?query=1&channel_id=1234567")
	b.Run("simple", func(b *testing.B) {
		for b.Loop() {
			m.find(text)
		}
	})
	b.Run("regexp", func(b *testing.B) {
		for b.Loop() {
			re.FindSubmatchIndex(text)
		}
	})
}
