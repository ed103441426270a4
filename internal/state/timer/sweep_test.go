package timer_test

import (
	"errors"
	"testing"

	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/timer"
)

func TestSweepLooksAtAllGroupsInHalfTheTime(t *testing.T) {
	const after, tick = 60_000_000, 100_000
	s := timer.NewSweep(after)
	var looked [keyed.Groups]int
	quiet := func() (bool, error) { return false, nil }
	for now := int64(1); now <= 1+after/2; now += tick {
		if more, err := s.Run(now, quiet, func(g uint8) (int, bool, error) {
			looked[g]++
			return 1, false, nil
		}); more || err != nil {
			t.Fatal(more, err)
		}
	}
	for g, n := range looked {
		if n == 0 {
			t.Errorf("key group %d was not looked at", g)
		}
	}
}

func TestSweepExpires(t *testing.T) {
	s := timer.NewSweep(10)
	if s.Expired(0) {
		t.Error("something has expired before the time is known")
	}
	for _, now := range []int64{100, 105, 111} {
		if _, err := s.Run(now, func() (bool, error) { return false, nil }, func(uint8) (int, bool, error) { return 0, false, nil }); err != nil {
			t.Fatal(err)
		}
	}
	if s.Now() != 111 || s.Touched(0) != 100 || !s.Expired(0) || !s.Expired(100) || s.Expired(101) {
		t.Errorf("%+v", s)
	}
}

func TestSweepGoesOn(t *testing.T) {
	s := timer.NewSweep(10)
	flushes, swept := 2, 0
	flush := func() (bool, error) {
		flushes--
		return flushes > 0, nil
	}
	sweep := func(uint8) (int, bool, error) {
		swept++
		return 1 << 17, false, nil // more than one call looks at
	}
	calls := 0
	for _, now := range []int64{1, 100} {
		for more := true; more; calls++ {
			var err error
			if more, err = s.Run(now, flush, sweep); err != nil {
				t.Fatal(err)
			}
		}
	}
	if swept != keyed.Groups || calls < keyed.Groups {
		t.Errorf("%d key groups in %d calls", swept, calls)
	}
	bad := errors.New("bad")
	if _, err := s.Run(200, flush, func(uint8) (int, bool, error) { return 0, false, bad }); !errors.Is(err, bad) {
		t.Error(err)
	}
}

func TestSweepWaits(t *testing.T) {
	s := timer.NewSweep(10)
	var groups []uint8
	for _, now := range []int64{1, 100} {
		for more := true; more; {
			var err error
			more, err = s.Run(now, func() (bool, error) { return false, nil }, func(g uint8) (int, bool, error) {
				groups = append(groups, g)
				return 1, len(groups) < 3, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if more != s.Running() {
				t.Errorf("more is %v, but running %v", more, s.Running())
			}
		}
	}
	if len(groups) != keyed.Groups+2 || groups[0] != 0 || groups[1] != 0 || groups[2] != 0 || groups[3] != 1 {
		t.Errorf("the groups were %v", groups)
	}
}
