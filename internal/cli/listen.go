package cli

import (
	"context"
	"time"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/server/debug"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/internal/telemetry/metrics"
)

// listen serves the HTTP interface of a built pipeline at the address of --listen, if there is one, until the returned function is called.
func (a *app) listen(ctx context.Context, e *execution, p *plans, f *runFlags, registry *metrics.Registry, settings flow.Settings) (func() error, error) {
	if f.listen == "" {
		return func() error { return nil }, nil
	}
	began := a.clock.Monotonic()
	handler := debug.NewHandler(debug.Pipeline{
		Plan: p.physical, Report: e.report, Pool: settings.Pool, State: stateOf(&settings), Version: buildVersion, Commit: buildCommit,
		Uptime: func() time.Duration { return a.clock.Monotonic() - began },
	}, registry)
	server, err := debug.Start(ctx, f.listen, handler)
	if err != nil {
		return nil, err
	}
	settings.Log.Info("listening", "url", "http://"+server.Addr()+"/")
	return server.Close, nil
}

// stateOf returns what tells of the store of a run's state; nil: there is none.
func stateOf(settings *flow.Settings) func() store.Stats {
	for _, keeps := range []flow.Scratch{settings.Keeper, settings.Scratch} {
		if counts, ok := keeps.(interface{ Stats() store.Stats }); ok {
			return counts.Stats
		}
	}
	return nil
}
