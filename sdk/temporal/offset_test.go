package temporal_test

import (
	"testing"

	"wire.example/wire/sdk/temporal"
)

func TestParseOffset(t *testing.T) {
	for _, test := range []struct {
		text    string
		seconds int
		ok, bad bool
	}{
		{"+05:30", 19800, true, false},
		{"-08", -28800, true, false},
		{"+0530", 19800, true, false},
		{"+05:30:15", 19815, true, false},
		{"+", 0, true, false},
		{"+16", 0, false, true},
		{"+05:60", 0, false, true},
		{"5", 0, false, true},
		{"+05x", 0, false, false},
		{"UTC+3", 0, false, false},
		{"", 0, false, false},
	} {
		seconds, ok, err := temporal.ParseOffset([]byte(test.text))
		if seconds != test.seconds || ok != test.ok || (err != nil) != test.bad {
			t.Errorf("%q: %d, %v, %v", test.text, seconds, ok, err)
		}
	}
}
