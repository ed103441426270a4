package pebblestore

import (
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2"
)

// backlog is a store with compactions that wait.
type backlog struct {
	allowed atomic.Int64
	waiting atomic.Int64
	begun   chan struct{}
}

func (b *backlog) GetAllowedWithoutPermission() int { return int(b.allowed.Load()) }

func (b *backlog) GetWaitingCompaction() (bool, pebble.WaitingCompaction) {
	return b.waiting.Load() > 0, pebble.WaitingCompaction{}
}

func (b *backlog) Schedule(pebble.CompactionGrantHandle) bool {
	b.waiting.Add(-1)
	b.begun <- struct{}{}
	return true
}

// TestMoreCompactionsBegin: one that waits begins as soon as more are allowed, whether somebody says so or not, and not before.
func TestMoreCompactionsBegin(t *testing.T) {
	for _, told := range []bool{true, false} {
		b := &backlog{begun: make(chan struct{}, 9)}
		b.allowed.Store(1)
		s := newScheduler()
		s.Register(1, b)
		ok, first := s.TrySchedule()
		if again, _ := s.TrySchedule(); !ok || again {
			t.Fatalf("the first one may begin: %t, the second one: %t", ok, again)
		}
		b.waiting.Store(2)
		b.allowed.Store(2)
		if told {
			s.UpdateGetAllowedWithoutPermission()
		}
		<-b.begun
		if ok, _ := s.TrySchedule(); ok {
			t.Error("a third one may begin")
		}
		first.Done()
		<-b.begun
		s.Unregister()
		if len(b.begun) > 0 {
			t.Errorf("%d more have begun", len(b.begun))
		}
	}
	newScheduler().Unregister() // as where nothing was opened
}
