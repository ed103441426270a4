package flow_test

import (
	"errors"
	"strings"
	"testing"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/plan/physical"
)

// TestAFinishedRunThatWasNotCommittedIsConfirmed: when a run ends between the publication of its last manifest and the commits, the next one
// commits, once.
func TestAFinishedRunThatWasNotCommittedIsConfirmed(t *testing.T) {
	gone := errors.New("the power is out")
	sink, other := &collector{failCommit: gone}, &collector{}
	plan := pipe(&counter{limit: 100, block: 10}, sink, 2)
	plan.Sinks = append(plan.Sinks, &physical.Sink{Name: "other", Type: other.sinkType("other")})
	plan.Sources[0].Next = append(plan.Sources[0].Next, physical.Edge{Sink: plan.Sinks[1]})
	s := settings()
	s.ManifestPath = "/m"
	if _, err := run(t, plan, s, nil); !errors.Is(err, gone) {
		t.Fatal(err)
	}
	stored := func() *flow.Manifest {
		m, err := flow.ReadManifest(s.FS, "/m")
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	s.Resume = stored()
	if !s.Resume.Finished || s.Resume.Confirmed || len(sink.published) != 0 {
		t.Fatalf("%+v, %d rows are published", s.Resume, len(sink.published))
	}
	if err := flow.Confirm(t.Context(), plan, s); !errors.Is(err, gone) || stored().Confirmed {
		t.Errorf("confirmed although the sink failed: %v", err)
	}
	sink.failCommit = nil
	if err := flow.Confirm(t.Context(), plan, s); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*collector{"out": sink, "other": other} {
		if len(c.published) != 100 || c.finals != 1 {
			t.Errorf("%s: %d rows are published, %d commits were final", name, len(c.published), c.finals)
		}
	}
	if s.Resume = stored(); !s.Resume.Confirmed {
		t.Error("the manifest does not say that the sinks have committed")
	}
	if err := flow.Confirm(t.Context(), plan, s); err != nil || sink.finals != 1 {
		t.Errorf("%v; %d commits were final after a second confirmation", err, sink.finals)
	}
}

func TestARunThatEndsWellIsConfirmed(t *testing.T) {
	s := settings()
	s.ManifestPath = "/m"
	if _, err := run(t, pipe(&counter{limit: 100, block: 10}, &collector{}, 2), s, nil); err != nil {
		t.Fatal(err)
	}
	if m, err := flow.ReadManifest(s.FS, "/m"); err != nil || !m.Finished || !m.Confirmed {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestAPipelineThatChangedDoesNotGoOn(t *testing.T) {
	for _, test := range []struct {
		change func(*physical.Plan)
		want   string // "" if it goes on
	}{
		{func(*physical.Plan) {}, ""},
		{func(p *physical.Plan) { p.Sources[0].Name = "digits" }, `has the source "digits", and the checkpoint has "numbers" instead`},
		{func(p *physical.Plan) { p.Sinks[0].Name = "exit" }, `has the sink "exit", and the checkpoint has "out" instead`},
		{func(p *physical.Plan) { p.DeadLetters = deadSink(&collector{}) }, `has the sink "dead", of which the checkpoint knows nothing`},
		{func(p *physical.Plan) { p.Sources = p.Sources[:1] }, `the checkpoint has the source "more", which the pipeline has not any more`},
	} {
		plan := func() *physical.Plan {
			p := pipe(&counter{limit: 1000, block: 10}, &collector{}, 2)
			more := &counter{limit: 1000, block: 10}
			p.Sources = append(p.Sources, &physical.Source{Name: "more", Type: more.sourceType(), Config: more, Next: p.Sources[0].Next})
			return p
		}
		s := settings()
		s.ManifestPath, s.StopAfter = "/m", 3
		outcome, err := run(t, plan(), s, nil)
		if err != nil || outcome.Finished {
			t.Fatal(outcome, err)
		}
		s.Resume, s.StopAfter = outcome.Manifest, 0
		changed := plan()
		test.change(changed)
		p, err := flow.Build(t.Context(), changed, s)
		if test.want == "" {
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %q", err, test.want)
		}
	}
}

// TestNamesInAPlanDiffer: a barrier would wait for ever for the second of two sinks of one name.
func TestNamesInAPlanDiffer(t *testing.T) {
	plan := pipe(&counter{limit: 10, block: 10}, &collector{}, 1)
	plan.DeadLetters = deadSink(&collector{})
	plan.DeadLetters.Name = plan.Sinks[0].Name
	if _, err := flow.Build(t.Context(), plan, settings()); err == nil || !strings.Contains(err.Error(), `two sinks are called "out"`) {
		t.Error(err)
	}
	plan = pipe(&counter{limit: 10, block: 10}, &collector{}, 1)
	plan.Sources = append(plan.Sources, plan.Sources[0])
	if _, err := flow.Build(t.Context(), plan, settings()); err == nil || !strings.Contains(err.Error(), `two sources are called "numbers"`) {
		t.Error(err)
	}
}

// TestAnotherConnectorUnderTheSameNameDoesNotGoOn: its positions would mean something else.
func TestAnotherConnectorUnderTheSameNameDoesNotGoOn(t *testing.T) {
	c := &counter{limit: 10, block: 5, gate: 5}
	m := stopInTheMiddle(t, c, pipe(c, &collector{}, 1))
	plan := pipe(&counter{limit: 10, block: 5}, &collector{}, 1)
	if err := m.Fits(plan); err != nil {
		t.Fatal(err)
	}
	plan.Sources[0].Type.Name = "socket"
	want := "source numbers has the connector socket, and had counter when the checkpoint was made"
	if err := m.Fits(plan); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	m.Connectors = nil // of a release that did not note them
	if err := m.Fits(plan); err != nil {
		t.Error(err)
	}
}

// TestStateInNoRangeIsNotForgotten: a manifest whose ranges have not all key groups is no beginning of a run.
func TestStateInNoRangeIsNotForgotten(t *testing.T) {
	c := &counter{limit: 10, block: 5, gate: 5}
	m := stopInTheMiddle(t, c, pipe(c, &collector{}, 1))
	m.States = map[string]flow.StateRecord{"counts.group": {Groups: stored(0, 99, 101, 255)}}
	s := settings()
	s.Resume = m
	_, err := flow.Build(t.Context(), pipe(&counter{limit: 10, block: 5}, &collector{}, 1), s)
	const want = `the checkpoint does not say where all state is: state of step "counts.group": no range has key group 100; restore its manifest from a backup, or begin anew with --fresh`
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	m.States["counts.group"] = flow.StateRecord{Groups: stored(0, 100, 101, 255)}
	if err := m.Fits(pipe(&counter{limit: 10, block: 5}, &collector{}, 1)); err == nil || strings.Contains(err.Error(), "range") {
		t.Errorf("the step is not in the plan, and that alone is wrong: %v", err)
	}
}
