package prompt

import (
	"fmt"
	"strings"
	"testing"
)

func TestShared(t *testing.T) {
	for words, want := range map[string]string{
		"select": "select", "customer customers": "customer", "CURRENT_DATE customer": "CU", "a b": "", "ähre Ähren": "ähre", "ab a": "a",
	} {
		if got := shared(strings.Fields(words)); got != want {
			t.Errorf("%s: %q, want %q", words, got, want)
		}
	}
}

func TestColumns(t *testing.T) {
	for _, test := range []struct {
		width int
		want  string
	}{
		{80, "one    two    three  four   ä\n"},
		{21, "one    three  ä\ntwo    four\n"},
		{1, "one\ntwo\nthree\nfour\nä\n"},
	} {
		if got := columns(strings.Fields("one two three four ä"), test.width); got != test.want {
			t.Errorf("at %d:\n%s", test.width, got)
		}
	}
	many := make([]string, maxListed+3)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	if got := columns(many, 80); !strings.HasSuffix(got, "and 3 more: type a letter\n") {
		t.Error(got)
	}
}
