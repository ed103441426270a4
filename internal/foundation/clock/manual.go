package clock

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Manual is a clock for tests that stands still until Advance or Set moves it. Timers and tickers fire inside that call, in the order of
// their deadlines (equal ones in the order they were armed), each delivering its own deadline. It is safe for concurrent use.
type Manual struct {
	mu      sync.Mutex
	start   time.Time
	now     time.Time
	armed   []*alarm      // in the order they were armed; few, so a scan is enough
	changed chan struct{} // closed and replaced whenever an alarm is armed
}

// NewManual returns a clock that shows start. Monotonic begins at zero.
func NewManual(start time.Time) *Manual {
	start = start.Round(0) // without a monotonic reading, so that times compare as written
	return &Manual{start: start, now: start, changed: make(chan struct{})}
}

// Now returns the time that the clock was last moved to.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Monotonic returns how far the clock was moved since NewManual.
func (m *Manual) Monotonic() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now.Sub(m.start)
}

// NewTimer makes a timer that fires when the clock is moved by d or more.
func (m *Manual) NewTimer(d time.Duration) Timer {
	a := &alarm{clock: m, ch: make(chan time.Time, 1)}
	a.Reset(d)
	return a
}

// NewTicker makes a ticker that fires at every multiple of d that the clock passes. At most one delivery waits: a single Advance over
// three periods delivers the first and drops two, as a slow receiver of a real ticker would see it.
func (m *Manual) NewTicker(d time.Duration) Ticker {
	t := manualTicker{&alarm{clock: m, ch: make(chan time.Time, 1)}}
	t.Reset(d)
	return t
}

// Sleep blocks until the clock was moved by d or ctx is done.
func (m *Manual) Sleep(ctx context.Context, d time.Duration) error {
	return sleep(ctx, m, d)
}

// Advance moves the clock forward by d and fires what falls due. It panics when d is negative.
func (m *Manual) Advance(d time.Duration) {
	if d < 0 {
		panic("clock: Advance by a negative duration: " + d.String())
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.moveTo(m.now.Add(d))
}

// Set moves the clock to t and fires what falls due. It panics when t lies before the clock's time.
func (m *Manual) Set(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t.Before(m.now) {
		panic("clock: Set to a time before the clock's")
	}
	m.moveTo(t.Round(0))
}

// Waiters is the number of timers, tickers and sleepers that are armed.
func (m *Manual) Waiters() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.armed)
}

// WaitForWaiters blocks until at least n timers, tickers and sleepers are armed, so that a test moves the clock only when the code under
// test waits for it. It returns ctx.Err() when ctx is done first.
func (m *Manual) WaitForWaiters(ctx context.Context, n int) error {
	for {
		m.mu.Lock()
		enough, changed := len(m.armed) >= n, m.changed
		m.mu.Unlock()
		if enough {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// moveTo fires every alarm due until t, one at a time since a ticker arms itself again. The caller holds mu.
func (m *Manual) moveTo(t time.Time) {
	for {
		next := m.earliest()
		if next == nil || next.deadline.After(t) {
			break
		}
		next.fire()
	}
	m.now = t
}

// earliest is the armed alarm that fires first, or nil. The caller holds mu.
func (m *Manual) earliest() *alarm {
	var first *alarm
	for _, a := range m.armed {
		if first == nil || a.deadline.Before(first.deadline) {
			first = a
		}
	}
	return first
}

// disarm removes a and reports whether it was armed. The caller holds mu.
func (m *Manual) disarm(a *alarm) bool {
	i := slices.Index(m.armed, a)
	if i < 0 {
		return false
	}
	m.armed = slices.Delete(m.armed, i, i+1)
	return true
}

// alarm is a timer of a Manual clock, and what a ticker is made of. Its fields are guarded by the clock's mutex.
type alarm struct {
	clock    *Manual
	ch       chan time.Time // capacity 1
	deadline time.Time
	period   time.Duration // of a ticker; 0 for a timer
}

func (a *alarm) C() <-chan time.Time {
	return a.ch
}

func (a *alarm) Stop() bool {
	a.clock.mu.Lock()
	defer a.clock.mu.Unlock()
	return a.cancel()
}

func (a *alarm) Reset(d time.Duration) bool {
	a.clock.mu.Lock()
	defer a.clock.mu.Unlock()
	prevented := a.cancel()
	a.arm(d)
	return prevented
}

// cancel disarms and takes back a delivery that was not received. The caller holds the clock's mutex.
func (a *alarm) cancel() bool {
	prevented := a.clock.disarm(a)
	select {
	case <-a.ch:
		prevented = true
	default:
	}
	return prevented
}

// arm sets the deadline d from now, or fires when it has passed already. The caller holds the clock's mutex.
func (a *alarm) arm(d time.Duration) {
	m := a.clock
	a.deadline = m.now.Add(max(d, 0))
	m.armed = append(m.armed, a)
	if d <= 0 {
		a.fire()
	}
	close(m.changed)
	m.changed = make(chan struct{})
}

// fire delivers the deadline and, for a ticker, arms the next. The caller holds the clock's mutex.
func (a *alarm) fire() {
	select {
	case a.ch <- a.deadline:
	default:
	}
	if a.period > 0 {
		a.deadline = a.deadline.Add(a.period)
		return
	}
	a.clock.disarm(a)
}

type manualTicker struct {
	alarm *alarm
}

func (t manualTicker) C() <-chan time.Time { return t.alarm.C() }
func (t manualTicker) Stop()               { t.alarm.Stop() }

func (t manualTicker) Reset(d time.Duration) {
	if d <= 0 {
		panic("clock: non-positive interval for a ticker: " + d.String())
	}
	m := t.alarm.clock
	m.mu.Lock()
	defer m.mu.Unlock()
	t.alarm.cancel()
	t.alarm.period = d
	t.alarm.arm(d)
}
