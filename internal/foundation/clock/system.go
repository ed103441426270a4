package clock

import (
	"context"
	"time"
)

// System returns the machine's clock. Its Monotonic starts at zero in this call, so one is made at the start and handed down.
func System() Clock {
	return &system{start: time.Now()}
}

type system struct {
	start time.Time // carries the monotonic reading that Monotonic subtracts
}

func (*system) Now() time.Time {
	return time.Now()
}

func (s *system) Monotonic() time.Duration {
	return time.Since(s.start)
}

func (*system) NewTimer(d time.Duration) Timer {
	return systemTimer{time.NewTimer(d)}
}

func (*system) NewTicker(d time.Duration) Ticker {
	return systemTicker{time.NewTicker(d)}
}

func (s *system) Sleep(ctx context.Context, d time.Duration) error {
	return sleep(ctx, s, d)
}

type systemTimer struct {
	timer *time.Timer
}

func (t systemTimer) C() <-chan time.Time        { return t.timer.C }
func (t systemTimer) Stop() bool                 { return t.timer.Stop() }
func (t systemTimer) Reset(d time.Duration) bool { return t.timer.Reset(d) }

type systemTicker struct {
	ticker *time.Ticker
}

func (t systemTicker) C() <-chan time.Time   { return t.ticker.C }
func (t systemTicker) Stop()                 { t.ticker.Stop() }
func (t systemTicker) Reset(d time.Duration) { t.ticker.Reset(d) }
