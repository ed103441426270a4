package summary_test

import (
	"encoding/json"
	"slices"
	"testing"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/flow/summary"
	"wire.example/wire/internal/operator/op"
)

func TestOfAReport(t *testing.T) {
	report := flow.Report{
		Sources: []flow.SourceReport{
			{Name: "a", Records: 10, Rows: 7, Filtered: 2, Rejected: 1, Bytes: 100, Blocks: 3, MaxEventTime: 1436918400_000100, HasEventTime: true},
			{Name: "b"},
		},
		Steps: []flow.StepReport{{Name: "c", Detail: "filter x > 1", Counts: op.Counts{
			In: 21, Forwarded: 1, Absorbed: 2, Filtered: 3, Late: 4, Rejected: 5, Held: 6, Emitted: 7,
		}}},
		Checkpoints: flow.CheckpointReport{Published: 7, Unconfirmed: 1, Last: 9, Failed: 3, GivenUp: 2},
		Sinks:       []flow.SinkReport{{Name: "d", In: 3, Rows: 2, Rejected: 1, Bytes: 9, Epochs: 4, Summary: map[string]string{"k": "v"}}, {Name: "e"}},
	}
	const want = `{"sources":[` +
		`{"name":"a","records":10,"rows":7,"filtered":2,"rejected":1,"bytes":100,"blocks":3,"max_event_time":"2015-07-15T00:00:00.000100Z","idle":0},` +
		`{"name":"b","records":0,"rows":0,"filtered":0,"rejected":0,"bytes":0,"blocks":0,"max_event_time":null,"idle":0}],` +
		`"steps":[{"name":"c","detail":"filter x \u003e 1","in":21,"emitted":7,"forwarded":1,"absorbed":2,"filtered":3,"late":4,"rejected":5,"held":6}],` +
		`"sinks":[{"name":"d","in":3,"rows":2,"rejected":1,"bytes":9,"epochs":4,"summary":{"k":"v"}},` +
		`{"name":"e","in":0,"rows":0,"rejected":0,"bytes":0,"epochs":0,"summary":{}}],"checkpoints":{"published":7,"unconfirmed":1,"last":9,"failed":3,"given_up":2}}`
	got, err := json.Marshal(summary.Of(report))
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
	if wrong := summary.Imbalances(report); len(wrong) != 0 || !report.Balanced() {
		t.Errorf("%v", wrong)
	}
}

func TestOfNothing(t *testing.T) {
	got, err := json.Marshal(summary.Of(flow.Report{}))
	if want := `{"sources":[],"steps":[],"sinks":[],"checkpoints":{"published":0,"unconfirmed":0,"last":0,"failed":0,"given_up":0}}`; err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
}

func TestEveryImbalanceHasALine(t *testing.T) {
	report := flow.Report{
		Sources: []flow.SourceReport{{Name: "a", Records: 10, Rows: 7, Filtered: 2}},
		Steps:   []flow.StepReport{{Name: "c", Counts: op.Counts{In: 5, Forwarded: 1, Absorbed: 1, Filtered: 1, Late: 1, Rejected: 1, Held: 1, Emitted: 7}}},
		Sinks:   []flow.SinkReport{{Name: "d", In: 3, Rows: 2, Rejected: 2}},
	}
	want := []string{
		"source a: 10 records, but 7 rows + 2 filtered + 0 rejected = 9",
		"step c: 5 in, but 1 forwarded + 1 absorbed + 1 filtered + 1 late + 1 rejected + 1 held = 6",
		"sink d: 3 in, but 2 rows + 2 rejected = 4",
	}
	if got := summary.Imbalances(report); !slices.Equal(got, want) || report.Balanced() {
		t.Errorf("%q, want %q", got, want)
	}
}
