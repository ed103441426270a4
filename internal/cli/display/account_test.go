package display

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/operator/op"
)

func TestAccountOfABusyRun(t *testing.T) {
	a := Account{Pipeline: "bids", Status: Finished, Report: busy(10), Elapsed: 10 * time.Second, CPU: 17_300 * time.Millisecond, PeakBytes: 48 << 20}
	golden(t, "busy.txt", a.Text())
	text, err := a.JSON()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "busy.json", string(text))
}

func TestAccountOfAPlainRun(t *testing.T) {
	a := Account{
		Pipeline: "numbers", Status: Stopped, Elapsed: 250 * time.Millisecond, CPU: 31 * time.Millisecond, PeakBytes: 9_500_000,
		Report: flow.Report{
			Sources: []flow.SourceReport{{Name: "numbers", Records: 123, Rows: 123, Total: -1}},
			Sinks:   []flow.SinkReport{{Name: "out", In: 123, Rows: 123, Bytes: 999}},
		},
	}
	golden(t, "plain.txt", a.Text())
}

func TestAccountOfStepsThatMultiplyRows(t *testing.T) {
	report := flow.Report{Steps: []flow.StepReport{
		{Name: "tags.unnest", Counts: op.Counts{Emitted: 4, In: 3, Forwarded: 2, Filtered: 1}},
		{Name: "tags.select", Counts: op.Counts{Emitted: 3, In: 4, Forwarded: 3, Rejected: 1}},
	}}
	golden(t, "multiplied.txt", (&Account{Pipeline: "p", Status: Finished, Report: report, Elapsed: time.Second}).Text())
}

func TestAccountOfAFailedRun(t *testing.T) {
	report := busy(1)
	report.Sinks[0].Rows--
	a := Account{Pipeline: "bids", Status: Failed, Report: report, Elapsed: time.Second, Err: errors.New("sink \"out\": no space left on device")}
	if text := a.Text(); !strings.Contains(text, "account not checked: the run failed") {
		t.Errorf("%s", text)
	}
	if s := a.Summary(); s.Balanced || s.Error != a.Err.Error() || s.Status != "failed" {
		t.Errorf("%+v", s)
	}
}

func TestAccountOfARunThatWasStoppedAtOnce(t *testing.T) {
	report := busy(1)
	report.Sinks[0].Rows--
	a := Account{Pipeline: "bids", Status: Stopped, Report: report, Elapsed: time.Second, Err: errors.New("stopped at once")}
	text := a.Text()
	for _, part := range []string{"stopped: ", "account not checked: the run was stopped at once, while rows were under way"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q lacks %q", text, part)
		}
	}
}

func TestAccountThatDoesNotAddUp(t *testing.T) {
	report := flow.Report{
		Sources: []flow.SourceReport{{Name: "good", Records: 2, Rows: 1, Rejected: 1}, {Name: "s", Records: 1_234, Rows: 1_000, Filtered: 200, Rejected: 30}},
		Steps:   []flow.StepReport{{Name: "lossy", Counts: op.Counts{In: 1_000, Forwarded: 900, Absorbed: 50, Filtered: 25, Late: 12, Rejected: 6, Held: 3}}},
		Sinks:   []flow.SinkReport{{Name: "out", In: 900, Rows: 899}},
	}
	golden(t, "unbalanced.txt", (&Account{Pipeline: "p", Status: Finished, Report: report, Elapsed: time.Second}).Text())
}

func TestAccountOfNothing(t *testing.T) {
	a := Account{Pipeline: "p", Status: Finished}
	if got, want := a.Text(), "finished: 0 records in 0.000 s, 0 a second\nCPU 0.000 s, 0 ns a record; peak memory 0 B\naccount balanced\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	text, err := a.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(string(text), `"imbalances":[],"sources":[],"steps":[],"sinks":[],"checkpoints":{"published":0,"unconfirmed":0,"last":0,"failed":0,"given_up":0}}`+"\n") {
		t.Errorf("%s", text)
	}
}

// Programs rely on the names of the members: one that is missing here was renamed or removed.
func TestMembersOfTheSummaryAreStable(t *testing.T) {
	text, err := (&Account{Report: busy(1)}).JSON()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	members := func(v any) []string {
		var names []string
		for name := range v.(map[string]any) {
			names = append(names, name)
		}
		slices.Sort(names)
		return names
	}
	for _, test := range []struct {
		of   any
		want string
	}{
		{got, "allocations balanced checkpoints cpu_ns_per_record cpu_seconds elapsed_seconds error gc_seconds imbalances peak_memory_bytes pipeline records records_per_second " +
			"sinks sources status steps"},
		{got["sources"].([]any)[0], "blocks bytes filtered idle max_event_time name records rejected rows"},
		{got["steps"].([]any)[0], "absorbed detail emitted filtered forwarded held in late name rejected"},
		{got["checkpoints"], "failed given_up last published unconfirmed"},
		{got["sinks"].([]any)[0], "bytes epochs in name rejected rows summary"},
	} {
		if names := strings.Join(members(test.of), " "); names != test.want {
			t.Errorf("members %s, want %s", names, test.want)
		}
	}
}

// Names come from files, and must not be able to move the cursor.
func TestNamesCannotControlTheTerminal(t *testing.T) {
	evil := "\x1b[2Jx\n\r\u202e"
	report := flow.Report{
		Sources: []flow.SourceReport{{Name: evil, Records: 1}},
		Steps:   []flow.StepReport{{Name: evil, Detail: evil, Counts: op.Counts{In: 1}}},
		Sinks:   []flow.SinkReport{{Name: evil, In: 1, Summary: map[string]string{evil: evil}}},
	}
	text := (&Account{Status: Finished, Report: report}).Text()
	text += strings.Join(Frame(evil, Snapshot{}, Snapshot{}, Snapshot{Report: report}, Size{Width: 200, Height: 50}), "\n")
	if strings.ContainsAny(text, "\x1b\r\u202e") {
		t.Errorf("%q", text)
	}
}
