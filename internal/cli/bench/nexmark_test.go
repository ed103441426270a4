package bench_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"wire.example/wire/internal/cli/bench"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/testserver"
)

func TestQueriesAreNexmarks(t *testing.T) {
	for i := range bench.NexmarkQueries {
		name := fmt.Sprintf("q%d", i)
		text, err := bench.NexmarkQuery(name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile("../../../test/nexmark/queries/" + name + ".sql")
		if err != nil {
			t.Fatal(err)
		}
		if text != string(want) {
			t.Errorf("%s is altered", name)
		}
	}
}

// TestNexmark: costs are printed beside what is to be reached, and answers from the file and from the generator are the same.
func TestNexmark(t *testing.T) {
	settings := bench.Settings{
		Program: testserver.Wire(t), Events: 4000, Short: 1000, Runs: 2, Match: regexp.MustCompile(`q(0|1|13|22)\b`), Clock: clock.System(), Progress: io.Discard,
	}
	r, err := bench.Nexmark(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Queries) != 8 {
		t.Fatalf("%d rows, want 8", len(r.Queries))
	}
	for _, q := range r.Queries {
		if q.Failed != "" || q.Checksum == "" || q.PeakBytes == 0 || q.EventsPerSecond <= 0 {
			t.Errorf("%+v", q)
		}
	}
	var table bytes.Buffer
	if err := r.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"to reach", "Apache Flink 2.3.0, warm", "2970", "180"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table has no %q:\n%s", want, table.String())
		}
	}
	if strings.Contains(table.String(), "differ") {
		t.Errorf("answers differ:\n%s", table.String())
	}
}

func TestFailuresAreRows(t *testing.T) {
	r := &bench.NexmarkResult{Queries: []bench.NexmarkCost{
		{Query: "q1", From: "file", Failed: "no such thing"},
		{Query: "q2", From: "file", Checksum: "1"},
		{Query: "q2", From: "generator", Checksum: "2"},
	}}
	var table bytes.Buffer
	if err := r.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"q1 from the file failed: no such thing", "q2: the answers from the file and from the generator differ"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table has no %q:\n%s", want, table.String())
		}
	}
}
