package optest

import (
	"pgregory.net/rapid"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
)

// Expiry is an operator of one input that forgets what no row has come for in a time. Its methods leave nothing to chance: each fails, always, if one guarantee about that is not kept.
type Expiry[O op.Durable] struct {
	New func() O
	// TTL is that time in µs, at least 100.
	TTL int64
	// Rows makes rows of many keys, the same ones at each call: those of the nth call, from 0, come behind those of the ones before.
	Rows func(nth int) *batch.Batch
	// Settle, unless nil, has all be answered that the operator holds of the rows of the nth call.
	Settle func(nth int, o O, out *op.Output) (more bool, err error)
}

// feed gives twins the rows of a call, and has them say all that is to be said of them.
func (e Expiry[O]) feed(t rapid.TB, w *Twin[O], micros int64, nth int) {
	t.Helper()
	w.Feed(t, micros, e.Rows(nth))
	if e.Settle != nil {
		w.Call(t, nil, func(o O, out *op.Output) (bool, error) { return e.Settle(nth, o, out) })
	}
	w.Flush(t)
}

// pass lets so many times the TTL pass, a tenth of it at each tick.
func (e Expiry[O]) pass(t rapid.TB, w *Twin[O], now, times int64) {
	t.Helper()
	for tick := range times * 10 {
		w.Tick(t, now+(tick+1)*e.TTL/10)
		w.Flush(t)
	}
}

// Swept fails unless what has expired is removed from memory though no row comes.
func (e Expiry[O]) Swept(t rapid.TB) {
	t.Helper()
	w := NewTwin(e.New(), e.New())
	w.Tick(t, 1)
	e.feed(t, w, 1, 0)
	if stateOf(t, w.stay) == 0 {
		t.Fatal("nothing is kept")
	}
	e.pass(t, w, 1, 2)
	if n := stateOf(t, w.stay); n > 0 {
		t.Errorf("there are %d bytes of state, all of which has expired", n)
	}
}

// NotFoundBack fails unless what has expired where it is, away from memory, is not there for the next row: that says the same as if it had been in memory, and was swept there.
func (e Expiry[O]) NotFoundBack(t rapid.TB) {
	t.Helper()
	w := NewTwin(e.New(), e.New())
	w.Tick(t, 1)
	e.feed(t, w, 1, 0)
	w.EvictAll(t)
	w.Tick(t, 2+e.TTL) // most of what is away is not looked at by then
	if n, err := w.Stored.Len(); n == 0 || err != nil {
		t.Fatalf("%d entries are away, %v", n, err)
	}
	e.feed(t, w, 2+e.TTL, 1)
}

// Removed fails unless what has expired where it is, away from memory, is removed there though no row comes.
func (e Expiry[O]) Removed(t rapid.TB) {
	t.Helper()
	w := NewTwin(e.New(), e.New())
	w.Tick(t, 1)
	e.feed(t, w, 1, 0)
	w.EvictAll(t)
	e.pass(t, w, 1, 5)
	w.Empty(t)
}

// stateOf returns the size of the snapshots of all key groups, in bytes.
func stateOf(t rapid.TB, o any) (n int) {
	t.Helper()
	for g := range op.KeyGroups {
		data, err := o.(op.Stateful).Snapshot(op.KeyGroup(g))
		if err != nil {
			t.Fatal(err)
		}
		n += len(data)
	}
	return n
}
