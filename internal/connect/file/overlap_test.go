package file_test

import (
	"encoding/json"
	"strings"
	"testing"

	"wire.example/wire/internal/connect/file"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// TestSinksThatWriteNamesOfEachOther are refused, whichever comes first; what only looks alike is not.
func TestSinksThatWriteNamesOfEachOther(t *testing.T) {
	rolled := func(path string, columns ...string) *file.SinkConfig {
		return &file.SinkConfig{Path: path, RollRows: 1000, PartitionBy: columns}
	}
	one := func(path string) *file.SinkConfig { return &file.SinkConfig{Path: path} }
	for _, test := range []struct {
		a, b *file.SinkConfig
		want bool
	}{
		{one("out/o.jsonl"), one("./out/o.jsonl"), true},
		{one("out/o.jsonl"), one("out/../out/o.jsonl"), true},
		{one("out/o.jsonl"), one("o.jsonl"), false},
		{rolled("out/daily.jsonl"), one("out/daily-20260131.jsonl"), true},
		{rolled("out/daily.jsonl"), one("out/daily-202601.jsonl"), true},
		{rolled("out/daily.jsonl"), one("out/daily-2026.jsonl"), false},
		{rolled("out/daily.jsonl"), one("out/daily-2026-01-31.jsonl"), false},
		{rolled("out/daily.jsonl"), one("out/daily.jsonl"), false},
		{rolled("out/daily.jsonl"), rolled("out/daily-20260131.jsonl"), false},
		{rolled("out/daily.jsonl"), rolled("./out/daily.jsonl"), true},
		{rolled("out/daily.jsonl"), one("out/daily-20260131.jsonl.gz"), false},
		{rolled("out/o.jsonl", "id2"), rolled("out/id2=1/o.jsonl"), true},
		{rolled("out/o.jsonl", "id2"), one("out/id2=1/o-000017.jsonl"), true},
		{rolled("out/o.jsonl", "id2"), rolled("out/id3=1/o.jsonl"), false},
		{rolled("out/o.jsonl", "id2"), rolled("out/o.jsonl"), false},
		{rolled("out/o.jsonl", "a", "b"), rolled("out/a=1/o.jsonl", "b"), true},
		{rolled("out/o.jsonl", "a", "b"), rolled("out/a=1/o.jsonl", "c"), false},
	} {
		if got := connector.Clash(test.a, test.b) != ""; got != test.want {
			t.Errorf("%s and %s: %t, want %t", test.a.Target(), test.b.Target(), got, test.want)
		}
		if got := connector.Clash(test.b, test.a) != ""; got != test.want {
			t.Errorf("%s and %s: %t, want %t", test.b.Target(), test.a.Target(), got, test.want)
		}
	}
}

// TestWhatASinkThatIsNoMoreHasHiddenStays: no sink removes it, neither when it begins nor when all is published, and none begins among its names.
func TestWhatASinkThatIsNoMoreHasHiddenStays(t *testing.T) {
	mem := vfs.NewMem()
	open := func(options map[string]any, generation int64, restore json.RawMessage, leaving ...json.RawMessage) (connector.Sink, error) {
		typ := file.SinkType(mem, clk())
		return typ.Open(t.Context(), connector.SinkEnv{
			Name: "s", Schema: pairSchema(), NewEncoder: func() (codec.Encoder, error) { return pairEncoder{}, nil },
			Restore: restore, Lineage: "l", Generation: generation, Leaving: leaving,
		}, configured(t, typ.NewConfig(), options))
	}
	must := func(s connector.Sink, err error) connector.Sink {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	rolled := map[string]any{"path": "/out/o.csv", "roll_rows": int64(1000)}
	kept := must(open(rolled, 1, nil))
	putPairs(t, kept, "p,1")
	state := mustEpoch(t, kept, 1, false)
	gone := must(open(map[string]any{"path": "/out/o-20260131.csv"}, 1, nil)) // as a pipeline of an earlier release had it
	putPairs(t, gone, "p,2")
	left := mustEpoch(t, gone, 1, false)

	for _, options := range []map[string]any{{"path": "/out/./o-20260131.csv"}, rolled} {
		if _, err := open(options, 2, nil, left); err == nil || !strings.Contains(err.Error(), "give the new one another path") {
			t.Errorf("%v: %v", options, err)
		}
	}
	other := must(open(map[string]any{"path": "/out/other.csv"}, 2, nil, left))
	putPairs(t, other, "p,3")
	mustEpoch(t, other, 2, true)
	kept = must(open(rolled, 2, state, left))
	putPairs(t, kept, "p,4")
	mustEpoch(t, kept, 2, true)
	if err := file.SinkType(mem, clk()).Finish(t.Context(), left); err != nil {
		t.Fatal(err)
	}
	sameContents(t, mem, "/out", map[string]string{
		"/out/o-000001.csv": "# header\np,1\np,4\n", "/out/o-20260131.csv": "# header\np,2\n", "/out/other.csv": "# header\np,3\n",
	})
}
