//go:build killpoints

package fault

import (
	"slices"
	"syscall"
	"testing"
	"time"
)

func TestParseAim(t *testing.T) {
	for _, test := range []struct {
		point, signal string
		want          aim
		bad           bool
	}{
		{"", "", aim{nth: 1, signal: syscall.SIGKILL}, false},
		{"sink/a", "", aim{"sink/a", 1, syscall.SIGKILL}, false},
		{"sink/a:3", "KILL", aim{"sink/a", 3, syscall.SIGKILL}, false},
		{"sink/a:3", "STOP", aim{"sink/a", 3, syscall.SIGSTOP}, false},
		{"sink/a:0", "", aim{}, true},
		{"sink/a:", "", aim{}, true},
		{"sink/a:x", "", aim{}, true},
		{":2", "", aim{}, true},
		{"sink/a", "TERM", aim{}, true},
	} {
		got, err := parseAim(test.point, test.signal)
		if got != test.want || (err != nil) != test.bad {
			t.Errorf("parseAim(%q, %q) = %+v, %v", test.point, test.signal, got, err)
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

func TestKillerSignalsAtTheAimedPassOnly(t *testing.T) {
	var sent []syscall.Signal
	k := &killer{
		aim: aim{"b", 2, syscall.SIGKILL}, passed: map[string]uint64{},
		signal: func(s syscall.Signal) { sent = append(sent, s) },
	}
	for i, name := range []string{"b", "a", "a", "b", "b"} {
		k.pass(name)
		if want := i >= 3; (len(sent) == 1) != want || len(sent) > 1 {
			t.Fatalf("after pass %d: signals %v", i, sent)
		}
	}
	if got, want := k.list(), []Passes{{"a", 2}, {"b", 3}}; !slices.Equal(got, want) {
		t.Errorf("list = %v, want %v", got, want)
	}
}
