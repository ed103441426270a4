package flow

import (
	"context"
	"testing"
	"testing/synctest"

	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
)

// pieceOfState is a part that has something to spill once.
type pieceOfState struct {
	keyed.Evictable
	written chan struct{}
}

func (p *pieceOfState) Spill(*store.Changes, int64) bool {
	p.written <- struct{}{}
	return false
}

// slowScratch takes a piece when it is let.
type slowScratch struct {
	Scratch
	takes chan struct{}
}

func (s *slowScratch) Spill(context.Context, *store.Changes) error {
	<-s.takes
	return nil
}

// Pieces of state that no budget counts are written by few tasks at a time, however many tasks there are.
func TestFewTasksSpillAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const tasks = 2*spillsAtOnce + 1
		scratch := &slowScratch{takes: make(chan struct{})}
		p := newPipeline(&physical.Plan{}, Settings{Scratch: scratch})
		part := &pieceOfState{written: make(chan struct{}, tasks)}
		ended := make(chan error, tasks)
		for range tasks {
			go func() { ended <- (&task{chain: chain{pipeline: p}, ctx: t.Context()}).spillChanges(part) }()
		}
		for taken := range tasks {
			synctest.Wait()
			if n := len(part.written); n != min(taken+spillsAtOnce, tasks) {
				t.Fatalf("%d pieces are written, of which the store has taken %d", n, taken)
			}
			scratch.takes <- struct{}{}
		}
		for range tasks {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
}

// A producer that sends no more rows keeps no memory for them, not of those either that tasks are still at.
func TestNothingIsKeptForAnEndedProducer(t *testing.T) {
	home := testOutlet()
	home.keeps, home.leaves = 1<<20, 0
	var all []*carton
	for i := range int64(3) {
		c := home.carton()
		c.rows.Append(testNumbers(i*10, 10), nil)
		if !c.book() {
			t.Fatal("there is no room")
		}
		all = append(all, c)
	}
	all[0].giveBack()
	if len(home.free) != 1 || all[0].rows.Memory() == 0 {
		t.Fatal("nothing is kept for the rows to come")
	}
	(&producer{outlets: []*outlet{home}}).close()
	for _, c := range all[1:] {
		c.giveBack()
	}
	for i, c := range all {
		if n := c.rows.Memory(); n != 0 {
			t.Errorf("carton %d has %d bytes", i, n)
		}
	}
	if n := home.budget.Used(); n != 0 || len(home.free) != 0 {
		t.Errorf("%d bytes are reserved for %d cartons", n, len(home.free))
	}
}
