package display

import (
	"context"
	"log/slog"
	"time"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/clock"
)

// logEvery is the time between two lines of Log.
const logEvery = 10 * time.Second

// Log writes a line every ten seconds until ctx is done: what Live is where there is no terminal.
func Log(ctx context.Context, log *slog.Logger, clk clock.Clock, report func() flow.Report) {
	ticker := clk.NewTicker(logEvery)
	defer ticker.Stop()
	take := func() Snapshot { return Snapshot{Report: report(), Now: clk.Now(), Elapsed: clk.Monotonic()} }
	prev := take()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C():
			now := take()
			log.LogAttrs(ctx, slog.LevelInfo, "progress", progress(prev, now)...)
			prev = now
		}
	}
}

// progress returns what a line says: totals, and rates since the line before.
func progress(prev, now Snapshot) []slog.Attr {
	records, rows, rejected := totals(now.Report)
	recordsBefore, rowsBefore, _ := totals(prev.Report)
	perSecond := func(n int64) int64 {
		if since := (now.Elapsed - prev.Elapsed).Seconds(); since > 0 {
			return int64(float64(n)/since + 0.5)
		}
		return 0
	}
	attrs := []slog.Attr{
		slog.Int64("records", records), slog.Int64("records_per_second", perSecond(records-recordsBefore)),
		slog.Int64("rows_out", rows), slog.Int64("rows_out_per_second", perSecond(rows-rowsBefore)), slog.Int64("rejected", rejected),
	}
	for _, s := range now.Report.Sources {
		if s.HasEventTime {
			attrs = append(attrs, slog.Group(s.Name, slog.String("event_time", time.UnixMicro(s.MaxEventTime).UTC().Format(time.RFC3339Nano)),
				slog.Float64("lag_seconds", now.Now.Sub(time.UnixMicro(s.MaxEventTime)).Seconds())))
		}
	}
	return attrs
}
