//go:build killpoints

package fault

import (
	"slices"
	"testing"
	"time"
)

func TestParseAim(t *testing.T) {
	for _, test := range []struct {
		point string
		want  aim
		bad   bool
	}{
		{"", aim{nth: 1}, false},
		{"sink/a", aim{"sink/a", 1}, false},
		{"sink/a:3", aim{"sink/a", 3}, false},
		{"sink/a:0", aim{}, true},
		{"sink/a:", aim{}, true},
		{"sink/a:x", aim{}, true},
		{":2", aim{}, true},
	} {
		got, err := parseAim(test.point)
		if got != test.want || (err != nil) != test.bad {
			t.Errorf("parseAim(%q) = %+v, %v", test.point, got, err)
		}
	}
}

func TestParsePause(t *testing.T) {
	for _, test := range []struct {
		text  string
		want  aim
		pause time.Duration
		bad   bool
	}{
		{"", aim{}, 0, false},
		{"sink/a=3ms", aim{name: "sink/a"}, 3 * time.Millisecond, false},
		{"sink/a:2=1s", aim{name: "sink/a", nth: 2}, time.Second, false},
		{"sink/a:0=1s", aim{}, 0, true},
		{"sink/a:x=1s", aim{}, 0, true},
		{":2=1s", aim{}, 0, true},
		{"sink/a", aim{}, 0, true},
		{"sink/a=-1s", aim{}, 0, true},
		{"sink/a=long", aim{}, 0, true},
	} {
		got, pause, err := parsePause(test.text)
		if got != test.want || pause != test.pause || (err != nil) != test.bad {
			t.Errorf("parsePause(%q) = %+v, %v, %v", test.text, got, pause, err)
		}
	}
}

func TestKillerStopsAtTheAimedPassOnly(t *testing.T) {
	for _, test := range []struct {
		after  string
		passes []string
		want   []int
	}{
		{"", []string{"b", "a", "a", "b", "b"}, []int{3}},
		{"a", []string{"b", "b", "b", "a", "b", "a", "b", "b"}, []int{6}},
		{"b", []string{"b", "a", "b", "b"}, []int{2}},
		{"c", []string{"b", "b", "b"}, nil},
	} {
		at := 0
		var stopped []int
		k := &killer{aim: aim{"b", 2}, after: test.after, passed: map[string]uint64{}, stop: func() { stopped = append(stopped, at) }}
		for i, name := range test.passes {
			at = i
			k.pass(name)
		}
		if !slices.Equal(stopped, test.want) {
			t.Errorf("after %q, passes %v: stopped at %v, want %v", test.after, test.passes, stopped, test.want)
		}
	}
}

func TestKillerLists(t *testing.T) {
	k := &killer{passed: map[string]uint64{}}
	for _, name := range []string{"b", "a", "a", "b", "b"} {
		k.pass(name)
	}
	if got, want := k.list(), []Passes{{"a", 2}, {"b", 3}}; !slices.Equal(got, want) {
		t.Errorf("list = %v, want %v", got, want)
	}
}
