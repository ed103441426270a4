package declare_test

import (
	"testing"

	"wire.example/wire/internal/plan/declare"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/sqlstate"
)

func TestTakes(t *testing.T) {
	for _, test := range []struct {
		connector, format string
		keyed             bool
		want              connector.Changes
	}{
		{"blackhole", "", false, connector.Changelog},
		{"blackhole", "", true, connector.Upserts},
		{"stdout", "table", false, connector.Changelog},
		{"stdout", "", false, connector.Changelog},
		{"stdout", "lines", false, connector.Inserts},
		{"http", "json", false, connector.Changelog},
		{"http", "bytes", true, connector.Inserts},
	} {
		d := written("s", test.connector, test.format)
		if test.connector == "http" {
			d = written("s", test.connector, test.format, "url", "http://localhost/")
		}
		s, mistakes := declare.ReadSink(connectors(), d)
		if len(mistakes) > 0 {
			t.Fatal(mistakes)
		}
		if got := declare.Takes(s.Type, s.Config, s.Format, test.keyed); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

func TestReads(t *testing.T) {
	for _, test := range []struct {
		d    *declare.Declaration[string]
		want bool
	}{
		{written("s", "stdin", "json"), false},
		{written("s", "stdin", "json", "changelog", "true"), true},
		{written("s", "stdin", "csv", "changelog", "true"), true},
		{written("s", "stdin", "lines"), false},
		{written("s", "generate", ""), false},
	} {
		s, mistakes := declare.ReadSource(connectors(), test.d)
		if len(mistakes) > 0 {
			t.Fatal(mistakes)
		}
		if got := declare.Reads(s.Type, s.Config, s.Format); got != test.want {
			t.Errorf("%+v: %v", test.d, got)
		}
	}
}

func TestErrChangesNamesTheWaysOut(t *testing.T) {
	s, _ := declare.ReadSink(connectors(), written("s", "stdout", "lines"))
	err := declare.ErrChanges("out", s.Type, s.Format, connector.Inserts, "aggregate totals")
	want := `sink "out" (connector stdout with format lines) takes rows that are only added, but its query updates and deletes rows, from aggregate totals on`
	hint := "Write the changes with format json, csv or debezium-json, of which a PRIMARY KEY in CREATE SINK keeps the last row of each key; " +
		"or write each row once: group by a window with EMIT ON WINDOW CLOSE; or, if the input ends, run with --final or SET emit = 'final'."
	if err.Message != want || err.Hint != hint || err.Code != sqlstate.FeatureNotSupported {
		t.Errorf("%s\n%s", err.Message, err.Hint)
	}
	if err := declare.ErrChanges("out", s.Type, nil, connector.Upserts, ""); err.Message != `sink "out" (connector stdout) takes the last row of each key, but it has no key` {
		t.Errorf("%s\n%s", err.Message, err.Hint)
	}
}
