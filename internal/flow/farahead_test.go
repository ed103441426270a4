package flow

import (
	"context"
	"testing"
	"testing/synctest"

	"wire.example/wire/internal/foundation/limit"
)

// A lane whose finished blocks wait for their turn begins no other while too much waits in all; one of which nothing waits goes on.
func TestALaneIsNotFarAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const memory = 1 << 20
		p := &Pipeline{settings: Settings{Budget: limit.New("test", memory)}}
		l := &lane{source: &sourceTask{pipeline: p}, free: make(chan *parcel, 1+parcelsAhead)}
		for range cap(l.free) - 1 {
			l.free <- &parcel{}
		}
		begins := func() chan *parcel {
			begun := make(chan *parcel, 1)
			go func() {
				got, err := l.freeParcel(context.Background())
				if err != nil {
					t.Error(err)
				}
				begun <- got
			}()
			synctest.Wait()
			return begun
		}
		p.ahead.Store(memory / finishedShare)
		if begun := begins(); len(begun) == 0 {
			t.Fatal("the lane waits although little waits for its turn")
		} else {
			l.free <- <-begun
		}
		p.ahead.Store(memory/finishedShare + 1)
		begun := begins()
		if len(begun) > 0 {
			t.Fatal("the lane begins another block")
		}
		l.free <- &parcel{} // the one that waited has been delivered
		synctest.Wait()
		if len(begun) == 0 || len(l.free) != cap(l.free)-1 {
			t.Fatalf("the lane does not go on, or %d of its parcels are free", len(l.free))
		}
	})
}

// Cartons are smaller where there are more of them, and as large as they get where memory has no bound.
func TestCartonsShareMemory(t *testing.T) {
	for _, memory := range []int64{8 << 20, 36 << 20, 200 << 20} {
		before := mostOf(memory, 1)
		for _, queues := range []int64{1, 8, 32, 512} {
			most := mostOf(memory, queues)
			if most > before || most < cartonBytes || most > max(memory/cartonsShare/queues, cartonBytes) {
				t.Errorf("%d bytes, %d queues: %d bytes a carton, %d with fewer queues", memory, queues, most, before)
			}
			before = most
		}
	}
	if most := mostOf(limit.Unlimited, 1000); most != 0 {
		t.Errorf("%d bytes a carton without a bound", most)
	}
}
