package display

import (
	"bytes"
	"encoding/json"

	"wire.example/wire/internal/flow/summary"
)

// Summary is an account as `--summary json` prints it, one object on one line. Names and meaning of the members are stable: members
// may be added, none is renamed or removed.
type Summary struct {
	Pipeline string `json:"pipeline"`
	// Status is finished, stopped or failed.
	Status Status `json:"status"`
	// Error is what a failed run failed of, else "".
	Error          string  `json:"error"`
	ElapsedSeconds float64 `json:"elapsed_seconds"`
	CPUSeconds     float64 `json:"cpu_seconds"`
	PeakBytes      int64   `json:"peak_memory_bytes"`
	GCSeconds      float64 `json:"gc_seconds"`
	Allocations    int64   `json:"allocations"`
	// Records counts what all sources read.
	Records          int64   `json:"records"`
	RecordsPerSecond float64 `json:"records_per_second"`
	CPUPerRecord     float64 `json:"cpu_ns_per_record"`
	// Balanced says that every account adds up; Imbalances has a line for each that does not. In a failed run they may not.
	Balanced   bool     `json:"balanced"`
	Imbalances []string `json:"imbalances"`
	summary.Report
}

// Summary returns the account as data.
func (a *Account) Summary() Summary {
	s := Summary{
		Pipeline: a.Pipeline, Status: a.Status, ElapsedSeconds: a.Elapsed.Seconds(), CPUSeconds: a.CPU.Seconds(), PeakBytes: a.PeakBytes,
		GCSeconds: a.GC.Seconds(), Allocations: a.Allocations,
		Records: a.Records(), RecordsPerSecond: a.perSecond(a.Records()), CPUPerRecord: a.nanosPerRecord(),
		Imbalances: summary.Imbalances(a.Report), Report: summary.Of(a.Report),
	}
	if a.Err != nil {
		s.Error = a.Err.Error()
	}
	s.Balanced = a.Err == nil && !a.Cut && len(s.Imbalances) == 0
	if s.Imbalances == nil {
		s.Imbalances = []string{}
	}
	return s
}

// JSON returns the account as one line of JSON, with a line feed.
func (a *Account) JSON() ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false) // "price > 5" reads better than "price \u003e 5"
	err := encoder.Encode(a.Summary())
	return b.Bytes(), err
}
