package engine

import (
	"context"
	"errors"
	"log/slog"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
)

// Runner runs plans that need no checkpoint: queries, above all. It may run several at a time.
type Runner struct {
	Pool  *batch.Pool
	Clock clock.Clock
	FS    vfs.FS
	Log   *slog.Logger
	// Budget bounds the memory that grows with the data of all that runs; nil means without bound. A plan that says how much it takes is bound by that, too.
	Budget *limit.Budget
	// Lanes is the parallelism of plans that leave it open, at least 1.
	Lanes int
	// Warn, if not nil, is told what a user should know of a plan before it runs.
	Warn func(text string)
	// BlockBytes is what blocks of byte sources grow to; 0 means what the source chooses.
	BlockBytes int
}

// Run plans l, which it changes, and runs it until its inputs end, or ctx is done. It returns the plan that ran and the account, as far as they
// came to be.
func (r *Runner) Run(ctx context.Context, l *logical.Plan) (*physical.Plan, flow.Report, error) {
	plan, err := Plan(ctx, l, r.Lanes)
	if err != nil {
		return nil, flow.Report{}, err
	}
	if r.Warn != nil {
		for _, text := range l.Warnings {
			r.Warn(text)
		}
	}
	budget := r.budget(l)
	scratch := NewScratch(budget, l.Compression, r.Log)
	settings := flow.Settings{
		Pool: r.Pool, Clock: r.Clock, FS: r.FS, Log: r.Log, BlockBytes: r.BlockBytes, Budget: budget, Scratch: scratch, ScratchMemory: scratch.Memory(),
	}
	pipeline, err := flow.Build(ctx, plan, settings)
	if err != nil {
		return plan, flow.Report{}, err
	}
	_, err = pipeline.Run(ctx, nil)
	report := pipeline.Report()
	return plan, report, errors.Join(err, pipeline.Close(), scratch.Close())
}

// budget is what the run of l may take.
func (r *Runner) budget(l *logical.Plan) *limit.Budget {
	switch {
	case l.Memory == 0:
		return r.Budget
	case r.Budget == nil:
		return limit.New("pipeline", Room(l.Memory))
	default:
		return r.Budget.Child("pipeline", Room(l.Memory))
	}
}
