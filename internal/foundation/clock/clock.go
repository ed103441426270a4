package clock

import (
	"context"
	"time"
)

// Reader tells the time. It is safe for concurrent use.
type Reader interface {
	// Now is the wall clock's time; it may jump when an operator or NTP sets the clock.
	Now() time.Time

	// Monotonic is the time since a start that is arbitrary but fixed for this Reader. It never goes back, costs about half of Now and
	// does not allocate: use it for durations. Values of two Readers must not be compared.
	Monotonic() time.Duration
}

// Waiter waits for time to pass. It is safe for concurrent use; a Timer or Ticker belongs to whoever made it.
type Waiter interface {
	// NewTimer makes a timer that delivers once, after d; at once when d is not positive.
	NewTimer(d time.Duration) Timer

	// NewTicker makes a ticker that delivers every d. It panics when d is not positive, as time.NewTicker does.
	NewTicker(d time.Duration) Ticker

	// Sleep returns nil after d, or ctx.Err() as soon as ctx is done. A ctx that is already done wins over any d.
	Sleep(ctx context.Context, d time.Duration) error
}

// Clock is a Reader whose time a Waiter waits for.
type Clock interface {
	Reader
	Waiter
}

// Timer delivers one time on C. It needs no Stop to be collected.
type Timer interface {
	// C is the channel of delivery; it is never closed.
	C() <-chan time.Time

	// Stop prevents a delivery that has not been received and reports whether there was one to prevent. Nothing arrives after it.
	Stop() bool

	// Reset arms the timer anew for d from now and reports what Stop would have. Nothing of the former arming arrives after it.
	Reset(d time.Duration) bool
}

// Ticker delivers times on C, dropping those that its owner is too slow to receive.
type Ticker interface {
	// C is the channel of delivery; it is never closed.
	C() <-chan time.Time

	// Stop ends deliveries.
	Stop()

	// Reset starts a new period of d from now. It panics when d is not positive.
	Reset(d time.Duration)
}

// sleep waits on a timer of w; every Waiter's Sleep is this.
func sleep(ctx context.Context, w Waiter, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	timer := w.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
