package flow

import (
	"sync/atomic"

	"wire.example/wire/internal/operator/op"
)

// SourceStats count what a source read. Safe for concurrent use.
type SourceStats struct {
	Blocks, Bytes, Records, Rows, Filtered, Rejected atomic.Int64
	// MaxEventTime is the largest event time seen, in µs, or math.MinInt64.
	MaxEventTime atomic.Int64
	// Idle counts how often a split was declared idle.
	Idle atomic.Int64
}

// StepStats count what a step did, over all lanes. Safe for concurrent use.
type StepStats struct {
	in, forwarded, absorbed, filtered, late, rejected, held, emitted, lateWindows atomic.Int64
}

func (s *StepStats) add(c op.Counts) {
	s.in.Add(c.In)
	s.emitted.Add(c.Emitted)
	s.forwarded.Add(c.Forwarded)
	addIf(&s.absorbed, c.Absorbed)
	addIf(&s.filtered, c.Filtered)
	addIf(&s.late, c.Late)
	addIf(&s.rejected, c.Rejected)
	addIf(&s.held, c.Held)
	addIf(&s.lateWindows, c.LateWindows)
}

func addIf(a *atomic.Int64, n int64) {
	if n != 0 {
		a.Add(n)
	}
}

// Counts returns the account so far.
func (s *StepStats) Counts() op.Counts {
	return op.Counts{
		In: s.in.Load(), Forwarded: s.forwarded.Load(), Absorbed: s.absorbed.Load(), Filtered: s.filtered.Load(),
		Late: s.late.Load(), Rejected: s.rejected.Load(), Held: s.held.Load(), Emitted: s.emitted.Load(),
		LateWindows: s.lateWindows.Load(),
	}
}

// SinkStats count what a sink took. In = Rows + Rejected once the run is over.
type SinkStats struct {
	In, Rows, Bytes, Rejected, Epochs atomic.Int64
}
