package clock_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/clock"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func epoch() time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
}

// received returns what waits on ch, if anything does.
func received(ch <-chan time.Time) (time.Time, bool) {
	select {
	case t := <-ch:
		return t, true
	default:
		return time.Time{}, false
	}
}

func TestSystemReadsAndWaits(t *testing.T) {
	c := clock.System()
	ctx := context.Background()
	before, wall := c.Monotonic(), c.Now()
	if err := c.Sleep(ctx, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if passed := c.Monotonic() - before; passed < time.Millisecond {
		t.Errorf("Monotonic moved by %v over a Sleep of 1 ms", passed)
	}
	if !c.Now().After(wall) {
		t.Error("Now stood still over a Sleep")
	}
}

func TestSystemTimerAndTicker(t *testing.T) {
	c := clock.System()
	timer := c.NewTimer(time.Hour)
	if !timer.Stop() || timer.Stop() {
		t.Error("Stop should prevent the delivery exactly once")
	}
	if timer.Reset(time.Microsecond) {
		t.Error("Reset of a stopped timer reports a prevented delivery")
	}
	<-timer.C()
	ticker := c.NewTicker(time.Hour)
	ticker.Reset(time.Microsecond)
	<-ticker.C()
	<-ticker.C()
	ticker.Stop()
}

func TestMonotonicDoesNotAllocate(t *testing.T) {
	c := clock.System()
	if n := testing.AllocsPerRun(100, func() { c.Monotonic() }); n != 0 {
		t.Errorf("Monotonic allocates %v times", n)
	}
}

func TestSleepHonoursContext(t *testing.T) {
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	for name, c := range map[string]clock.Clock{"system": clock.System(), "manual": clock.NewManual(epoch())} {
		t.Run(name, func(t *testing.T) {
			for _, d := range []time.Duration{-1, 0, time.Hour} {
				if err := c.Sleep(canceled, d); !errors.Is(err, context.Canceled) {
					t.Errorf("Sleep(%v) with a done context = %v", d, err)
				}
			}
			if err := c.Sleep(context.Background(), 0); err != nil {
				t.Errorf("Sleep(0) = %v", err)
			}
		})
	}
}

func TestManualSleepEndsByAdvanceOrCancel(t *testing.T) {
	m := clock.NewManual(epoch())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	slept := make(chan error)
	go func() { slept <- m.Sleep(ctx, time.Minute) }()
	if err := m.WaitForWaiters(ctx, 1); err != nil {
		t.Fatal(err)
	}
	m.Advance(time.Minute)
	if err := <-slept; err != nil {
		t.Fatalf("Sleep = %v", err)
	}
	go func() { slept <- m.Sleep(ctx, time.Minute) }()
	if err := m.WaitForWaiters(ctx, 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-slept; !errors.Is(err, context.Canceled) {
		t.Fatalf("Sleep = %v, want canceled", err)
	}
	if n := m.Waiters(); n != 0 {
		t.Errorf("%d waiters left behind", n)
	}
}

func TestManualWaitForWaitersGivesUpWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := clock.NewManual(epoch()).WaitForWaiters(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestManualStandsStill(t *testing.T) {
	m := clock.NewManual(epoch())
	m.Advance(90 * time.Second)
	if got, want := m.Now(), epoch().Add(90*time.Second); !got.Equal(want) {
		t.Errorf("Now = %v, want %v", got, want)
	}
	m.Set(epoch().Add(2 * time.Minute))
	if got := m.Monotonic(); got != 2*time.Minute {
		t.Errorf("Monotonic = %v", got)
	}
}

func TestManualTimer(t *testing.T) {
	m := clock.NewManual(epoch())
	timer := m.NewTimer(10 * time.Second)
	m.Advance(10*time.Second - 1)
	if _, ok := received(timer.C()); ok {
		t.Fatal("fired 1 ns early")
	}
	m.Advance(time.Hour)
	at, ok := received(timer.C())
	if !ok || !at.Equal(epoch().Add(10*time.Second)) {
		t.Fatalf("delivered %v, %v; want its deadline", at, ok)
	}
	if timer.Stop() {
		t.Error("Stop after delivery reports a prevented one")
	}
}

func TestManualTimerTakesBackWhatWasNotReceived(t *testing.T) {
	m := clock.NewManual(epoch())
	timer := m.NewTimer(time.Second)
	m.Advance(time.Second)
	if !timer.Reset(time.Second) {
		t.Error("Reset should report that a delivery was taken back")
	}
	if _, ok := received(timer.C()); ok {
		t.Error("the former arming arrived after Reset")
	}
	m.Advance(time.Second)
	if !timer.Stop() {
		t.Error("Stop should report that a delivery was taken back")
	}
	if _, ok := received(timer.C()); ok {
		t.Error("a delivery arrived after Stop")
	}
}

func TestManualTimerWithoutDelayFiresAtOnce(t *testing.T) {
	m := clock.NewManual(epoch())
	for _, d := range []time.Duration{0, -time.Second} {
		timer := m.NewTimer(d)
		if at, ok := received(timer.C()); !ok || !at.Equal(epoch()) {
			t.Errorf("NewTimer(%v) delivered %v, %v", d, at, ok)
		}
	}
	if m.Waiters() != 0 {
		t.Error("a fired timer still counts as a waiter")
	}
}

func TestManualTicker(t *testing.T) {
	m := clock.NewManual(epoch())
	ticker := m.NewTicker(time.Second)
	for i := 1; i <= 3; i++ {
		m.Advance(time.Second)
		if at, ok := received(ticker.C()); !ok || !at.Equal(epoch().Add(time.Duration(i)*time.Second)) {
			t.Fatalf("tick %d = %v, %v", i, at, ok)
		}
	}
	m.Advance(5 * time.Second)
	if at, _ := received(ticker.C()); !at.Equal(epoch().Add(4 * time.Second)) {
		t.Errorf("a slow receiver got %v, want the first undelivered tick", at)
	}
	if _, ok := received(ticker.C()); ok {
		t.Error("more than one tick was kept")
	}
	ticker.Reset(time.Minute)
	m.Advance(time.Second)
	if _, ok := received(ticker.C()); ok {
		t.Error("the old period outlived Reset")
	}
	ticker.Stop()
	m.Advance(time.Hour)
	if _, ok := received(ticker.C()); ok {
		t.Error("a tick arrived after Stop")
	}
}

func TestManualRefusesNonsense(t *testing.T) {
	m := clock.NewManual(epoch())
	for name, f := range map[string]func(){
		"advance back":  func() { m.Advance(-1) },
		"set back":      func() { m.Set(epoch().Add(-1)) },
		"ticker of 0":   func() { m.NewTicker(0) },
		"reset to zero": func() { m.NewTicker(1).Reset(0) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}

// Whatever the cuts of Advance, a timer fires in the step that passes its deadline.
func TestManualFiresInTheRightStep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := clock.NewManual(epoch())
		delays := rapid.SliceOfN(rapid.IntRange(1, 50), 1, 8).Draw(t, "delays")
		timers := make([]clock.Timer, len(delays))
		for i, d := range delays {
			timers[i] = m.NewTimer(time.Duration(d))
		}
		at, fired := 0, make([]bool, len(delays))
		for at < 50 {
			at += rapid.IntRange(1, 20).Draw(t, "step")
			m.Set(epoch().Add(time.Duration(at)))
			for i := range timers {
				if _, ok := received(timers[i].C()); ok {
					fired[i] = true
				}
				if fired[i] != (delays[i] <= at) {
					t.Fatalf("timer %d of %d: fired=%v at %d", i, delays[i], fired[i], at)
				}
			}
		}
	})
}

func BenchmarkMonotonic(b *testing.B) {
	c := clock.System()
	for b.Loop() {
		c.Monotonic()
	}
}

func BenchmarkNow(b *testing.B) {
	c := clock.System()
	for b.Loop() {
		c.Now()
	}
}

// Many sleepers of many lengths each wake once their time has come, whoever moves the clock.
func TestManualConcurrentSleepers(t *testing.T) {
	m := clock.NewManual(epoch())
	const sleepers = 20
	woke := make(chan time.Time, sleepers)
	for i := range sleepers {
		go func() {
			if err := m.Sleep(context.Background(), time.Duration(i+1)*time.Second); err != nil {
				t.Error(err)
			}
			woke <- epoch().Add(time.Duration(i+1) * time.Second)
		}()
	}
	if err := m.WaitForWaiters(t.Context(), sleepers); err != nil {
		t.Fatal(err)
	}
	for range sleepers {
		m.Advance(time.Second)
		if deadline := <-woke; !deadline.Equal(m.Now()) {
			t.Errorf("woke for %v at %v", deadline, m.Now())
		}
	}
	if m.Waiters() != 0 {
		t.Errorf("%d still wait", m.Waiters())
	}
}
