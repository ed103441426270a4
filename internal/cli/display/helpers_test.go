package display

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/operator/op"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// golden compares got with a file of testdata. To rewrite them: WIRE_REWRITE=1.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("WIRE_REWRITE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
	}
}

// wall is the wall clock's time in these tests.
var wall = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// busy is a report of a run with something of everything, after seconds of it.
func busy(seconds int64) flow.Report {
	return flow.Report{
		Sources: []flow.SourceReport{
			{
				Name: "bid", Records: 1_000_000 * seconds, Rows: 999_990 * seconds, Filtered: 7 * seconds, Rejected: 3 * seconds, Bytes: 306_000_000 * seconds,
				Blocks: 1_200 * seconds, MaxEventTime: wall.UnixMicro() - 2_500_000, HasEventTime: true, Idle: seconds / 5, Done: 306_000_000 * seconds, Total: 3_060_000_000,
			},
			{Name: "side", Records: 10_000, Rows: 10_000, Bytes: 200_000, Total: -1},
		},
		Steps: []flow.StepReport{
			{Name: "dear", Detail: "filter price > 1000000", Counts: op.Counts{In: 999_990 * seconds, Forwarded: 90_000 * seconds, Filtered: 909_990 * seconds, Emitted: 90_000 * seconds}},
			{Name: "by_minute", Detail: "window tumble 1 minute on date_time, count(*) and sum(price) by auction, channel", Counts: op.Counts{
				In: 90_000 * seconds, Absorbed: 89_980 * seconds, Late: 12 * seconds, Rejected: seconds, Held: 7 * seconds, Emitted: 800 * seconds,
			}},
		},
		Sinks: []flow.SinkReport{
			{Name: "out", In: 800 * seconds, Rows: 799 * seconds, Rejected: seconds, Bytes: 96_000 * seconds, Epochs: seconds / 5, Queued: 2, QueueEntries: 4},
			{Name: "check", In: 800 * seconds, Rows: 800 * seconds, Summary: map[string]string{"rows": "800", "checksum": "00c0ffee00c0ffee"}},
		},
	}
}

// snapshot is busy's report when it was taken.
func snapshot(seconds int64) Snapshot {
	return Snapshot{Report: busy(seconds), Now: wall, Elapsed: time.Duration(seconds) * time.Second}
}
