package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"testing"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/store"
)

// reports and orders are all that is said in messages.
var (
	reports = []any{sourceSealed{}, sourceEnded{}, taskSealed{}, taskDrained{}, taskEnded{}, sinkPrepared{}}
	orders  = []any{beginEpoch{}, passBarrier{}, giveUpEpoch{}, storeStranded{}, storeEpoch{}, commitEpoch{}, tellTime{}, stopReading{}}
)

// A message may come from another process: it has nothing that means something in one alone.
func TestMessagesAreData(t *testing.T) {
	for _, body := range append(append([]any{origin{}}, reports...), orders...) {
		if err := data(reflect.TypeOf(body)); err != nil {
			t.Errorf("%T: %v", body, err)
		}
	}
	for _, no := range []any{struct{ T *task }{}, struct{ C []chan int }{}, struct{ F map[int]func() }{}, struct{ A any }{}, struct{ C *store.Changes }{}} {
		if data(reflect.TypeOf(no)) == nil {
			t.Errorf("%T passes for data", no)
		}
	}
}

// data says why values of a type cannot go to another process. A pointer to a number stands for one that may be absent.
func data(t reflect.Type) error {
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if err := data(t.Field(i).Type); err != nil {
				return fmt.Errorf("%s: %w", t.Field(i).Name, err)
			}
		}
		return nil
	case reflect.Map:
		return errors.Join(data(t.Key()), data(t.Elem()))
	case reflect.Slice, reflect.Array:
		return data(t.Elem())
	case reflect.Pointer:
		if t.Elem().Kind() != reflect.Int64 {
			return fmt.Errorf("a pointer to %v", t.Elem())
		}
		return nil
	case reflect.Chan, reflect.Func, reflect.Interface, reflect.UnsafePointer, reflect.Uintptr:
		return fmt.Errorf("a %v", t)
	default:
		return nil
	}
}

// collecting is a run of one source, one task and one sink that collects epoch 3.
func collecting(who Identity) *Pipeline {
	p := newPipeline(&physical.Plan{}, Settings{Identity: who, Budget: limit.New("pipeline", limit.Unlimited), Log: slog.New(slog.DiscardHandler)})
	p.sinkOrder = []*sinkTask{newSinkTask(&physical.Sink{Name: "out"}, 1, p.worker)}
	p.coordinator.epochs.last = 2
	p.coordinator.epochs.begin(false)
	p.coordinator.current = newEpochState(3, 1, 1, 1, false)
	p.worker.collecting = 3
	return p
}

// A zombie's reports, or those of an epoch before, change nothing of what is collected; and a worker carries out nobody else's orders.
func TestMessagesOfAnotherRunAreNotHeeded(t *testing.T) {
	who := Identity{Lineage: "a", Generation: 7}
	sent := []report{
		{Epoch: 3, Body: sourceSealed{}},
		{Epoch: 3, Body: taskSealed{At: taskPart{draining: true}}},
		{Epoch: 3, Body: taskDrained{}},
		{Epoch: 3, Body: sinkPrepared{State: json.RawMessage(`1`)}},
	}
	ends := []report{{Body: sourceEnded{}}, {Body: taskEnded{}}}
	p := collecting(who)
	c := p.coordinator
	take := func(r report, from origin) {
		t.Helper()
		if r.Origin = from; c.take(r) != nil {
			t.Errorf("%T of %v is an error", r.Body, from)
		}
	}
	for _, foreign := range []origin{{}, {"a", 6}, {"a", 8}, {"b", 7}} {
		for _, r := range append(ends, sent...) {
			take(r, foreign)
		}
		if e := c.current; e.sources[0].done || e.tasks[0].done || e.draining != 0 || len(e.prepared)+len(c.ended)+len(c.over) != 0 {
			t.Fatalf("%v has changed %+v", foreign, e)
		}
		for _, body := range orders {
			if err := p.worker.take(t.Context(), order{Origin: foreign, Epoch: 3, Body: body}); !errors.Is(err, errForeign) || !fault.IsFatal(err) {
				t.Errorf("%T of %v: %v", body, foreign, err)
			}
		}
		if p.worker.gaveUp(3) {
			t.Fatal("the epoch was given up for another run")
		}
	}
	if c.counts.foreign.Load() != 4*6 {
		t.Errorf("%d reports were not heeded", c.counts.foreign.Load())
	}
	own := originOf(who)
	for _, r := range sent {
		r.Epoch = 2
		take(r, own)
	}
	if e := c.current; e.sources[0].done || e.tasks[0].done || e.draining != 0 || len(e.prepared) != 0 {
		t.Fatalf("reports of the epoch before have changed %+v", e)
	}
	for _, r := range sent {
		if c.current.complete() {
			t.Errorf("complete before %T", r.Body)
		}
		take(r, own)
	}
	if !c.current.complete() || string(c.current.prepared["out"]) != "1" {
		t.Errorf("not complete: %+v", c.current)
	}
	for _, r := range ends {
		take(r, own)
	}
	if !c.ended[0].ended || !c.over[0] {
		t.Error("nothing has ended")
	}
}

func TestUnknownMessagesAreRefused(t *testing.T) {
	p := collecting(Identity{})
	if err := p.coordinator.take(report{Epoch: 3, Body: 1}); err == nil {
		t.Error("an unknown report")
	}
	if err := p.worker.take(t.Context(), order{Body: 1}); err == nil {
		t.Error("an unknown order")
	}
}

// What tasks have changed in an epoch that is given up stays with the worker: of those that go on until they ask, of those that have ended for the next epoch.
func TestAWorkerHoldsWhatBelongsToAnEpochThatIsGivenUp(t *testing.T) {
	p := collecting(Identity{})
	w := p.worker
	own := func(epoch int64, body any) {
		t.Helper()
		if err := w.take(t.Context(), order{Epoch: epoch, Body: body}); err != nil {
			t.Fatal(err)
		}
	}
	p.sinkOrder = nil
	own(3, beginEpoch{})
	p.tasks = []*task{{index: 0, inbox: newInbox()}, {index: 1, inbox: newInbox()}}
	changes, removed, late := &store.Changes{}, &store.Changes{}, &store.Changes{}
	w.keep(3, changed{task: 0, changes: changes})
	w.keepLeft(1, removed)
	own(3, passBarrier{Tasks: []int{1}})
	w.helpers.Wait()
	if len(w.sealed) != 2 || len(w.left) != 0 {
		t.Fatalf("%v, %v", w.sealed, w.left)
	}
	bound, cancel := w.within(t.Context(), 3)
	defer cancel()
	if bound.Err() != nil {
		t.Error(bound.Err())
	}
	own(3, giveUpEpoch{})
	<-bound.Done()
	p.tasks[0].sealed = 3
	applied, stranded, _ := w.settled(p.tasks[0])
	if applied || stranded.changes != changes || w.left[1] != removed || !w.gaveUp(3) || w.hasApplied(3) {
		t.Errorf("%v, %v, %v", applied, stranded, w.left)
	}
	w.keep(3, changed{task: 0, changes: late}) // it was written when the epoch was given up
	if _, stranded, _ = w.settled(p.tasks[0]); stranded.changes != late {
		t.Errorf("%v", stranded)
	}
	if bound, cancel := w.within(t.Context(), 3); bound.Err() == nil {
		t.Error("somebody may prepare an epoch that was given up")
	} else {
		cancel()
	}
}
