package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/telemetry/logging"
	"wire.example/wire/sdk/batch"
)

// run is wire run.
func (a *app) run(ctx context.Context, path string, f *runFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	p, err := a.plan(ctx, path, f)
	if err != nil {
		return err
	}
	if f.explain {
		return a.explain(p)
	}
	if p.resume != nil && p.resume.Finished {
		a.say(f, "%s is finished already; nothing is left to do", p.logical.Name)
		return nil
	}
	return a.execute(ctx, p, f)
}

// say tells the user something, unless he wants quiet.
func (a *app) say(f *runFlags, format string, args ...any) {
	if !f.quiet {
		fmt.Fprintf(a.err, "wire: "+format+"\n", args...)
	}
}

func (a *app) logger(f *runFlags) *slog.Logger {
	level := slog.LevelInfo
	if f.quiet {
		level = slog.LevelError
	}
	format, err := logging.ParseFormat(f.logFormat)
	if err != nil {
		format = logging.Text
	}
	return logging.New(a.err, format, level)
}

// execute runs the plan, from the opening of its sinks to the account.
func (a *app) execute(ctx context.Context, p *plans, f *runFlags) error {
	began := a.clock.Monotonic()
	settings := flow.Settings{
		Pool: &batch.Pool{}, Clock: a.clock, FS: a.fs, Log: a.logger(f), EpochEvery: f.checkpointEvery,
		Resume: p.resume, BlockBytes: f.blockBytes, ManifestPath: p.checkpoint, KeepFinished: f.checkpoint != "" || p.resume != nil,
	}
	pipeline, err := flow.Build(ctx, p.physical, settings)
	if err != nil {
		return err
	}
	stops := a.stops(ctx)
	defer stops.release()
	outcome, err := pipeline.Run(stops.ctx, stops.gentle) //nolint:contextcheck // it is made from ctx
	err = errors.Join(err, pipeline.Close())
	elapsed := a.clock.Monotonic() - began
	a.account(pipeline.Report(), elapsed, f)
	if err == nil && !outcome.Finished {
		a.say(f, "stopped; go on with: wire run --resume-from %s %s", p.checkpoint, "FILE")
	}
	return stops.verdict(err)
}
