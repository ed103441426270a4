package flow

import (
	"math"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/connector"
)

// Report is the account of a pipeline at one moment: what every source, step and sink has done. Numbers of a running pipeline are read one by
// one and need not fit together; those of an ended one do.
type Report struct {
	Sources []SourceReport
	Steps   []StepReport
	Stages  []StageReport
	Sinks   []SinkReport
	// Checkpoints are the epochs, whether or not anything is kept of them.
	Checkpoints CheckpointReport
}

// CheckpointReport is what became of a run's epochs.
type CheckpointReport struct {
	// Published are those that were published, Unconfirmed those of them that not all sinks have committed yet. Last is the number of the newest, 0 before there is one.
	Published, Unconfirmed, Last int64
	// Failed counts attempts that failed: to collect an epoch, to store or to publish it, to tidy up behind it. GivenUp are epochs that took too long and were given up.
	Failed, GivenUp int64
}

// SourceReport is the account of a source in records: Records = Rows + Filtered + Rejected.
type SourceReport struct {
	Name                              string
	Records, Rows, Filtered, Rejected int64
	Bytes, Blocks                     int64
	// MaxEventTime is the largest event time seen in µs, if HasEventTime.
	MaxEventTime int64
	HasEventTime bool
	// Idle is how often a split was declared idle: from there on what is late depends on when rows came.
	Idle int64
	// Done and Total are the input's progress in the connector's own unit; Total is -1 when unknown.
	Done, Total int64
}

// StepReport is the account of an operator.
type StepReport struct {
	Name, Detail string
	op.Counts
}

// StageReport is what waits for the tasks of a stage, in entries of their queues.
type StageReport struct {
	Name                 string
	Tasks                int
	Queued, QueueEntries int64
}

// SinkReport is the account of a sink: In = Rows + Rejected once the run is over.
type SinkReport struct {
	Name                         string
	In, Rows, Rejected, Bytes    int64
	Epochs, Queued, QueueEntries int64
	// Summary is what the sink itself has to say.
	Summary map[string]string
}

// Report returns the account so far. Safe at any time after Build.
func (p *Pipeline) Report() Report {
	var r Report
	counts := &p.coordinator.counts
	confirmed := counts.confirmed.Load() // first, so that no more are confirmed than were published
	r.Checkpoints = CheckpointReport{Published: counts.published.Load(), Last: counts.last.Load(), Failed: counts.failed.Load(), GivenUp: counts.givenUp.Load()}
	r.Checkpoints.Unconfirmed = r.Checkpoints.Published - confirmed
	for _, s := range p.sources {
		r.Sources = append(r.Sources, s.report())
	}
	for _, plan := range p.stepOrder {
		r.Steps = append(r.Steps, StepReport{Name: plan.Name, Detail: plan.Detail, Counts: p.steps[plan].Counts()})
	}
	for _, s := range p.stageOrder {
		r.Stages = append(r.Stages, s.report())
	}
	for _, t := range p.sinkOrder {
		r.Sinks = append(r.Sinks, t.report())
	}
	return r
}

func (s *sourceTask) report() SourceReport {
	r := SourceReport{
		Name: s.plan.Name, Records: s.stats.Records.Load(), Rows: s.stats.Rows.Load(), Filtered: s.stats.Filtered.Load(),
		Rejected: s.stats.Rejected.Load(), Bytes: s.stats.Bytes.Load(), Blocks: s.stats.Blocks.Load(), Idle: s.stats.Idle.Load(), Total: -1,
	}
	if t := s.stats.MaxEventTime.Load(); t != math.MinInt64 {
		r.MaxEventTime, r.HasEventTime = t, true
	}
	if p, ok := s.reader.(connector.Progress); ok {
		r.Done, r.Total = p.Progress()
	}
	return r
}

func (s *stage) report() StageReport {
	r := StageReport{Name: s.plan.Name, Tasks: len(s.tasks)}
	for _, t := range s.tasks {
		queued, entries := t.inbox.fill()
		r.Queued += queued
		r.QueueEntries += entries
	}
	return r
}

func (t *sinkTask) report() SinkReport {
	r := SinkReport{
		Name: t.plan.Name, In: t.stats.In.Load(), Rows: t.stats.Rows.Load(), Rejected: t.stats.Rejected.Load(), Bytes: t.stats.Bytes.Load(),
		Epochs: t.stats.Epochs.Load(),
	}
	if t.queue != nil {
		r.Queued, r.QueueEntries = int64(len(t.queue)), queueDepth
	}
	if s, ok := t.sink.(connector.Summarizer); ok {
		r.Summary = s.Summary()
	}
	return r
}

// Balanced reports whether every account adds up; meaningful for an ended run.
func (r Report) Balanced() bool {
	for _, s := range r.Sources {
		if s.Records != s.Rows+s.Filtered+s.Rejected {
			return false
		}
	}
	for _, s := range r.Steps {
		if !s.Balanced() {
			return false
		}
	}
	for _, s := range r.Sinks {
		if s.In != s.Rows+s.Rejected {
			return false
		}
	}
	return true
}
