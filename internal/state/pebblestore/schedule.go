package pebblestore

import (
	"time"

	"github.com/cockroachdb/pebble/v2"

	"wire.example/wire/internal/foundation/clock"
)

// scheduler lets compactions begin, as many at once as Pebble allows itself. Pebble's own one is not used: its goroutine stays for ever where Pebble fails to open after it has begun, since nobody has it to end it, and looks for
// compactions in what is closed. This one asks as often, and Open ends it.
type scheduler struct {
	*pebble.ConcurrencyLimitScheduler
	poke  chan struct{} // gets one when more compactions may be allowed
	stop  chan struct{} // closed by Unregister
	ended chan struct{} // closed when nothing is asked any more; nil before Register
}

// askEvery is how often a scheduler asks whether more compactions are allowed.
const askEvery = 100 * time.Millisecond

func newScheduler() *scheduler {
	return &scheduler{
		ConcurrencyLimitScheduler: pebble.NewConcurrencyLimitSchedulerWithNoPeriodicGrantingForTest(),
		poke:                      make(chan struct{}, 1), stop: make(chan struct{}),
	}
}

// Register begins to ask; see pebble.CompactionScheduler.
func (s *scheduler) Register(goroutines int, db pebble.DBForCompaction) {
	s.ConcurrencyLimitScheduler.Register(goroutines, db)
	s.ended = make(chan struct{})
	go s.ask()
}

// Unregister waits until nothing is asked any more; see pebble.CompactionScheduler. It may be called where Register was not.
func (s *scheduler) Unregister() {
	if s.ended == nil {
		return
	}
	close(s.stop)
	<-s.ended
	s.ConcurrencyLimitScheduler.Unregister()
}

// UpdateGetAllowedWithoutPermission has it asked soon; see pebble.CompactionScheduler.
func (s *scheduler) UpdateGetAllowedWithoutPermission() {
	select {
	case s.poke <- struct{}{}:
	default: // one is there already
	}
}

// ask lets those begin that wait, as soon as they are allowed.
func (s *scheduler) ask() {
	defer close(s.ended)
	ticker := clock.System().NewTicker(askEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C():
		case <-s.poke:
		case <-s.stop:
			return
		}
		if ok, room := s.TrySchedule(); ok {
			room.Done() // whoever gives room back gives it to those that wait
		}
	}
}
