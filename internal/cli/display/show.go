package display

import (
	"context"
	"io"
	"log/slog"
	"sync"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/clock"
)

// Show is how a run is shown while it goes on.
type Show struct {
	// Quiet shows nothing.
	Quiet bool
	// Out is where people look, usually standard error. Size is how to ask its size, or nil if it is no terminal: see Terminal.
	Out   io.Writer
	Size  func() Size
	Clock clock.Clock
	// Name is the pipeline's.
	Name string
	// NewLog makes the logger of a writer.
	NewLog func(io.Writer) *slog.Logger
}

// Start shows report until stop is called or ctx is done, and returns the logger that the run should use meanwhile: on a terminal its lines go above the
// live block. stop returns when the block is erased; it may be called twice.
func (s Show) Start(ctx context.Context, report func() flow.Report) (log *slog.Logger, stop func()) {
	if s.Quiet {
		return s.NewLog(s.Out), func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	if s.Size == nil {
		log = s.NewLog(s.Out)
		running.Go(func() { Log(ctx, log, s.Clock, report) })
	} else {
		live := NewLive(s.Out, s.Clock, s.Name, s.Size, report)
		log = s.NewLog(live)
		running.Go(func() { live.Run(ctx) })
	}
	return log, func() {
		cancel()
		running.Wait()
	}
}
