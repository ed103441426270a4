package summary

import (
	"fmt"
	"time"

	"wire.example/wire/internal/flow"
)

// Report is a flow.Report as data.
type Report struct {
	Sources []Source `json:"sources"`
	Steps   []Step   `json:"steps"`
	Sinks   []Sink   `json:"sinks"`
	// Checkpoints are the epochs of the run.
	Checkpoints Checkpoints `json:"checkpoints"`
}

// Checkpoints are what became of a run's epochs; see flow.CheckpointReport.
type Checkpoints struct {
	Published   int64 `json:"published"`
	Unconfirmed int64 `json:"unconfirmed"`
	Last        int64 `json:"last"`
	Failed      int64 `json:"failed"`
	GivenUp     int64 `json:"given_up"`
}

// Source is a source: records = rows + filtered + rejected.
type Source struct {
	Name     string `json:"name"`
	Records  int64  `json:"records"`
	Rows     int64  `json:"rows"`
	Filtered int64  `json:"filtered"`
	Rejected int64  `json:"rejected"`
	Bytes    int64  `json:"bytes"`
	Blocks   int64  `json:"blocks"`
	// MaxEventTime is the largest event time in RFC 3339 with microseconds, null if there was none.
	MaxEventTime *string `json:"max_event_time"`
	// Idle is how often a split was declared idle, and not waited for.
	Idle int64 `json:"idle"`
}

// Step is a step: in = forwarded + absorbed + filtered + late + rejected + held; emitted counts the rows that left it. LateWindows counts, apart, a row once for
// each window that it was late for: late has only those that were late for all of theirs.
type Step struct {
	Name        string `json:"name"`
	Detail      string `json:"detail"`
	In          int64  `json:"in"`
	Emitted     int64  `json:"emitted"`
	Forwarded   int64  `json:"forwarded"`
	Absorbed    int64  `json:"absorbed"`
	Filtered    int64  `json:"filtered"`
	Late        int64  `json:"late"`
	Rejected    int64  `json:"rejected"`
	Held        int64  `json:"held"`
	LateWindows int64  `json:"late_windows,omitempty"`
}

// Sink is a sink: in = rows + rejected. Summary is what the connector says, such as blackhole's checksum.
type Sink struct {
	Name     string            `json:"name"`
	In       int64             `json:"in"`
	Rows     int64             `json:"rows"`
	Rejected int64             `json:"rejected"`
	Bytes    int64             `json:"bytes"`
	Epochs   int64             `json:"epochs"`
	Summary  map[string]string `json:"summary"`
}

// Of returns r as data. Lists are never null.
func Of(r flow.Report) Report {
	return Report{Sources: sources(r), Steps: steps(r), Sinks: sinks(r), Checkpoints: Checkpoints(r.Checkpoints)}
}

// eventTimeLayout is RFC 3339 with microseconds. Event times are UTC.
const eventTimeLayout = "2006-01-02T15:04:05.000000Z07:00"

func sources(r flow.Report) []Source {
	list := make([]Source, len(r.Sources))
	for i, s := range r.Sources {
		list[i] = Source{
			Name: s.Name, Records: s.Records, Rows: s.Rows, Filtered: s.Filtered, Rejected: s.Rejected, Bytes: s.Bytes, Blocks: s.Blocks, Idle: s.Idle,
		}
		if s.HasEventTime {
			text := time.UnixMicro(s.MaxEventTime).UTC().Format(eventTimeLayout)
			list[i].MaxEventTime = &text
		}
	}
	return list
}

func steps(r flow.Report) []Step {
	list := make([]Step, len(r.Steps))
	for i, s := range r.Steps {
		list[i] = Step{
			Name: s.Name, Detail: s.Detail, In: s.In, Emitted: s.Emitted, Forwarded: s.Forwarded, Absorbed: s.Absorbed, Filtered: s.Filtered,
			Late: s.Late, Rejected: s.Rejected, Held: s.Held, LateWindows: s.LateWindows,
		}
	}
	return list
}

func sinks(r flow.Report) []Sink {
	list := make([]Sink, len(r.Sinks))
	for i, s := range r.Sinks {
		list[i] = Sink{
			Name: s.Name, In: s.In, Rows: s.Rows, Rejected: s.Rejected, Bytes: s.Bytes, Epochs: s.Epochs, Summary: s.Summary,
		}
		if list[i].Summary == nil {
			list[i].Summary = map[string]string{}
		}
	}
	return list
}

// Imbalances returns a line for each source, step and sink whose numbers do not add up; none means that r is balanced. Those of a running pipeline
// may differ for a moment.
func Imbalances(r flow.Report) []string {
	var wrong []string
	for _, s := range r.Sources {
		if sum := s.Rows + s.Filtered + s.Rejected; s.Records != sum {
			wrong = append(wrong, fmt.Sprintf("source %s: %d records, but %d rows + %d filtered + %d rejected = %d", s.Name,
				s.Records, s.Rows, s.Filtered, s.Rejected, sum))
		}
	}
	for _, s := range r.Steps {
		if !s.Balanced() {
			sum := s.Forwarded + s.Absorbed + s.Filtered + s.Late + s.Rejected + s.Held
			wrong = append(wrong, fmt.Sprintf("step %s: %d in, but %d forwarded + %d absorbed + %d filtered + %d late + %d rejected + %d held = %d",
				s.Name, s.In, s.Forwarded, s.Absorbed, s.Filtered, s.Late, s.Rejected,
				s.Held, sum))
		}
	}
	for _, s := range r.Sinks {
		if sum := s.Rows + s.Rejected; s.In != sum {
			wrong = append(wrong, fmt.Sprintf("sink %s: %d in, but %d rows + %d rejected = %d", s.Name, s.In, s.Rows,
				s.Rejected, sum))
		}
	}
	return wrong
}
