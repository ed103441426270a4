package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"wire.example/wire/internal/cli/display"
	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/server/debug"
	"wire.example/wire/internal/telemetry/logging"
	"wire.example/wire/internal/telemetry/metrics"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/connector"
)

// run is wire run.
func (a *app) run(ctx context.Context, path string, f *runFlags) error {
	if name, ok := sqlFile(path); ok {
		text, err := a.readText(path)
		if err != nil {
			return wrong(err)
		}
		return a.runSQL(ctx, name, path, text, f)
	}
	if err := f.check(); err != nil {
		return err
	}
	p, err := a.plan(ctx, path, f)
	if err != nil {
		return err
	}
	return a.carryOut(ctx, p, f)
}

// carryOut runs a pipeline, or explains it, as the flags say.
func (a *app) carryOut(ctx context.Context, p *plans, f *runFlags) error {
	if f.explain {
		return a.explain(p)
	}
	state, err := a.openState(ctx, p, f)
	if err != nil {
		return err
	}
	if state != nil && state.Resume() != nil && state.Resume().Finished && !fault.Weak("finished/says") {
		return errors.Join(a.confirm(ctx, p, state, f), state.Close())
	}
	err = a.execute(ctx, p, state, f)
	if state != nil {
		err = errors.Join(err, state.Close())
	}
	return err
}

// confirm is the run of a finished pipeline: nothing is left but, if that run ended too early, to let the sinks publish what they have.
func (a *app) confirm(ctx context.Context, p *plans, state *engine.State, f *runFlags) error {
	if state.Resume().Confirmed {
		quiet := flow.Settings{Pool: &batch.Pool{}, Log: slog.New(slog.DiscardHandler), Resume: state.Resume()}
		switch grown, err := flow.Grown(ctx, p.physical, quiet); {
		case err != nil:
			return wrong(fmt.Errorf("%s is finished, and its input has changed since: %w\nIts output is left as it is; %s", p.logical.Name, err, engine.Anew(p.physical)))
		case len(grown) > 0 && !fault.Weak("finished/input"):
			return wrong(fmt.Errorf("%s is finished, and there is more input since, in %s; its output is left as it is; %s", p.logical.Name, strings.Join(grown, ", "), engine.Anew(p.physical)))
		}
		a.sweep(ctx, p, state, f)
		a.say(f, "%s is finished already, and its output is left as it is; %s", p.logical.Name, engine.Anew(p.physical))
		return nil
	}
	settings := flow.Settings{
		Pool: &batch.Pool{}, Clock: a.clock, FS: a.fs, Log: slog.New(slog.DiscardHandler), Resume: state.Resume(), Keeper: state, Identity: state.Identity(),
		SinkType: a.registry.Sink,
	}
	if err := flow.Confirm(ctx, p.physical, settings); err != nil {
		return err
	}
	a.say(f, "%s was finished already, but for what its sinks had yet to publish; that is done now", p.logical.Name)
	return nil
}

// sweep removes what runs of a finished pipeline have left behind that had been superseded: whoever wakes after its end is fenced, and nobody goes on with what he has hidden.
func (a *app) sweep(ctx context.Context, p *plans, state *engine.State, f *runFlags) {
	log, hide := a.show(p.logical.Name, f).Start(ctx, func() flow.Report { return flow.Report{} })
	defer hide()
	flow.Sweep(ctx, p.physical, flow.Settings{Log: log, Identity: state.Identity()})
}

// say tells the user something, unless he wants quiet.
func (a *app) say(f *runFlags, format string, args ...any) {
	if !f.quiet {
		fmt.Fprintf(a.err, "wire: "+format+"\n", args...)
	}
}

// show is how the run is shown while it goes on.
func (a *app) show(name string, f *runFlags) display.Show {
	level := slog.LevelInfo
	if f.quiet {
		level = slog.LevelError
	}
	size, _ := display.Terminal(a.err, os.Getenv)
	return display.Show{
		Quiet: f.quiet, Out: a.err, Size: size, Clock: a.clock, Name: name,
		NewLog: func(w io.Writer) *slog.Logger { return a.references.wrap(logging.New(w, f.format, level)) },
	}
}

// execution is a run under way: its pipeline exists once it is built.
type execution struct {
	pipeline atomic.Pointer[flow.Pipeline]
}

// report is the account so far, empty before the pipeline is built.
func (e *execution) report() flow.Report {
	if p := e.pipeline.Load(); p != nil {
		return p.Report()
	}
	return flow.Report{}
}

// execute runs the plan, from the opening of its sinks to the account.
func (a *app) execute(ctx context.Context, p *plans, state *engine.State, f *runFlags) error {
	began := a.clock.Monotonic()
	e := &execution{}
	log, hide := a.show(p.logical.Name, f).Start(ctx, e.report)
	defer hide()
	stops := a.stops(ctx, log)
	defer stops.release()
	outcome, err := a.await(stops, func() (flow.Outcome, error) { return a.flow(stops, e, p, state, f, log) })
	hide()
	if errors.Is(err, errAbandoned) {
		return stops.verdict(err)
	}
	satisfied := errors.Is(err, connector.ErrDownstreamClosed) && onlyStdout(p.physical) // wire run … | head
	if satisfied {
		err = nil
	}
	account := a.account(p.logical.Name, e.report(), a.clock.Monotonic()-began, outcome, err)
	account.Cut = satisfied
	if e.pipeline.Load() != nil {
		if bad := a.print(account, f); !satisfied { // else nobody reads the standard output
			err = errors.Join(err, bad)
		}
	}
	switch {
	case err != nil || satisfied || outcome.Finished:
	case state == nil:
		a.say(f, "stopped; nothing of the run is kept")
	default:
		a.say(f, "stopped, with checkpoint %d in %s; the same command goes on from there", outcome.Manifest.Epoch, state.Dir())
	}
	return stops.verdict(err)
}

// onlyStdout reports whether nothing but the standard output gets rows: then a run that lost its reader has nothing left to do. Any other sink
// is left without the rest of its rows.
func onlyStdout(p *physical.Plan) bool {
	other := func(s *physical.Sink) bool { return s.Type.Name != "stdout" }
	return !slices.ContainsFunc(p.Sinks, other) && (p.DeadLetters == nil || !other(p.DeadLetters))
}

// grace is how long a run may take to end itself after the second signal.
const grace = time.Second

// await calls run and returns what it does. After the second signal it waits for run no longer than grace: a read or write that the system
// does not let go of, such as a write to a pipe that nobody reads, ends with the process.
func (a *app) await(stops *stops, run func() (flow.Outcome, error)) (flow.Outcome, error) {
	type result struct {
		outcome flow.Outcome
		err     error
	}
	ended := make(chan result, 1)
	go func() {
		outcome, err := run()
		ended <- result{outcome, err}
	}()
	select {
	case r := <-ended:
		return r.outcome, r.err
	case <-stops.ctx.Done():
	}
	timer := a.clock.NewTimer(grace)
	defer timer.Stop()
	select {
	case r := <-ended:
		return r.outcome, r.err
	case <-timer.C():
		return flow.Outcome{}, errAbandoned
	}
}

// flow builds the pipeline and runs it to its end, or to a stop.
func (a *app) flow(stops *stops, e *execution, p *plans, state *engine.State, f *runFlags, log *slog.Logger) (flow.Outcome, error) {
	defer new(heap).limit(p.logical.Memory)()
	settings := flow.Settings{
		Pool: &batch.Pool{}, Clock: a.clock, FS: a.fs, Log: log, EpochEvery: f.state.interval, EpochBounded: state != nil, Listens: state != nil,
		CheckpointTimeout: f.state.timeout, CheckpointFailures: f.state.failures,
		SinkType: a.registry.Sink, BlockBytes: f.blockBytes, StopAfter: f.stopAfter, EpochBlocks: f.epochBlocks, RestoreFor: f.restoreFor, Budget: limit.New("process", p.memory().Rows),
	}
	if state != nil {
		settings.Keeper, settings.Resume, settings.Identity, settings.LastEpoch = state, state.Resume(), state.Identity(), state.LastEpoch()
		outcome, err := a.build(stops, e, p, f, settings, state)
		if err != nil && state.Begins() {
			err = fmt.Errorf("%w\n%s", err, keptNote)
		}
		return outcome, state.Explain(stops.ctx, err)
	}
	scratch := engine.NewScratch(settings.Budget, p.logical.Compression, log)
	settings.Scratch, settings.ScratchMemory = scratch, scratch.Memory()
	outcome, err := a.build(stops, e, p, f, settings, nil)
	return outcome, errors.Join(err, scratch.Close())
}

// keptNote is what there is to know when a run with --fresh is refused.
const keptNote = "Nothing was begun anew: the checkpoint of the earlier run is kept, and the same command without --fresh goes on from it"

// build builds the pipeline and runs it. state is nil for a run that keeps nothing.
func (a *app) build(stops *stops, e *execution, p *plans, f *runFlags, settings flow.Settings, state *engine.State) (flow.Outcome, error) {
	registry := metrics.NewRegistry()
	if f.listen != "" {
		settings.Stalled = debug.Stalled(registry, p.physical.Name)
	}
	pipeline, err := flow.Build(stops.ctx, p.physical, settings)
	if err != nil {
		return flow.Outcome{}, err
	}
	noteState(state, settings.Log)
	e.pipeline.Store(pipeline)
	silence, err := a.listen(stops.ctx, e, p, f, registry, settings)
	if err != nil {
		e.pipeline.Store(nil)
		return flow.Outcome{}, errors.Join(wrong(err), pipeline.Close())
	}
	if state != nil {
		if err := state.Begin(stops.ctx); err != nil {
			e.pipeline.Store(nil)
			return flow.Outcome{}, errors.Join(err, pipeline.Close(), silence())
		}
	}
	if p.logical.Memory > 0 {
		leaveProgram()
	}
	outcome, err := pipeline.Run(stops.ctx, stops.gentle)
	return outcome, errors.Join(err, pipeline.Close(), silence())
}

// account is what the run did.
func (a *app) account(name string, r flow.Report, elapsed time.Duration, outcome flow.Outcome, err error) *display.Account {
	account := &display.Account{Pipeline: name, Status: display.Finished, Report: r, Elapsed: elapsed, Err: err}
	switch {
	case errors.Is(err, errStopped):
		account.Status = display.Stopped
	case err != nil:
		account.Status, account.Err = display.Failed, errors.New(a.references.hide(err.Error()))
	case !outcome.Finished:
		account.Status = display.Stopped
	}
	if usage, usageErr := display.ReadUsage(); usageErr == nil {
		account.CPU, account.PeakBytes, account.GC, account.Allocations = usage.CPU, usage.PeakBytes, usage.GC, usage.Allocations
	}
	return account
}

// print writes the account: text to standard error beside all other talk, JSON to standard output.
func (a *app) print(account *display.Account, f *runFlags) error {
	switch {
	case f.summary == "json":
		text, err := account.JSON()
		if err == nil {
			_, err = a.out.Write(text)
		}
		return err
	case f.summary == "none" || f.quiet:
		return nil
	}
	_, err := io.WriteString(a.err, account.Text())
	return err
}
