package optest

import (
	"maps"
	"math"
	"slices"

	"pgregory.net/rapid"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// Twin is an operator of one input whose state leaves memory now and then, beside one whose state does not: both are told the same.
type Twin[O op.Durable] struct {
	stay, leave O
	// Stored is what is stored of the one whose state leaves.
	Stored *Stored
}

// NewTwin returns twins, which are new.
func NewTwin[O op.Durable](stay, leave O) *Twin[O] {
	return &Twin[O]{stay: stay, leave: leave, Stored: Store(leave)}
}

// Call runs an event, for which in is nil, or rows of both to the end, and fails unless they emit the same, in any order.
func (w *Twin[O]) Call(t rapid.TB, in *batch.Batch, f func(o O, out *op.Output) (more bool, err error)) {
	t.Helper()
	w.call(t, in, []*batch.Batch{in}, func(o O, _ *batch.Batch, out *op.Output) (bool, error) { return f(o, out) })
}

// call is Call where the one whose state leaves has the rows in pieces.
func (w *Twin[O]) call(t rapid.TB, in *batch.Batch, pieces []*batch.Batch, f func(o O, in *batch.Batch, out *op.Output) (more bool, err error)) {
	t.Helper()
	run := func(o O, in *batch.Batch, before func() error) (rows []string) {
		out := op.NewOutput(1)
		for more := true; more; {
			out.Reset()
			err := before()
			if err == nil {
				more, err = f(o, in, out)
			}
			if err != nil {
				t.Fatal(err)
			}
			if b := out.Ports[0]; b != nil {
				rows = append(rows, sdktest.Rows(b)...)
			}
		}
		return rows
	}
	want := run(w.stay, in, func() error { return nil })
	var got []string
	for _, piece := range pieces {
		got = append(got, run(w.leave, piece, func() error { return w.Stored.Load(0, piece) })...)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Fatalf("%q came out, want %q", got, want)
	}
}

// byKeys returns the rows of in, those of each key behind each other, in one piece for each if the one whose state leaves is Separable and they are no changes; else in.
func (w *Twin[O]) byKeys(in *batch.Batch) []*batch.Batch {
	separable, ok := any(w.leave).(op.Separable)
	if !ok || in.Kinds != nil {
		return []*batch.Batch{in}
	}
	rows := map[uint64][]uint16{}
	for i, hash := range separable.Separate(0, in) {
		rows[hash] = append(rows[hash], uint16(in.Row(i))) //nolint:gosec // a row number of a batch
	}
	if len(rows) == 0 {
		return []*batch.Batch{in}
	}
	var pieces []*batch.Batch
	for _, hash := range slices.Sorted(maps.Keys(rows)) {
		piece := &batch.Batch{}
		piece.View(in, rows[hash])
		pieces = append(pieces, piece)
	}
	return pieces
}

// Flush flushes both, if they are Flushers.
func (w *Twin[O]) Flush(t rapid.TB) {
	t.Helper()
	if _, ok := any(w.stay).(op.Flusher); ok {
		w.Call(t, nil, func(o O, out *op.Output) (bool, error) { return any(o).(op.Flusher).OnFlush(out) })
	}
}

// Tick tells both of a processing time.
func (w *Twin[O]) Tick(t rapid.TB, micros int64) {
	t.Helper()
	w.Call(t, nil, func(o O, out *op.Output) (bool, error) { return any(o).(op.TimeHandler).OnTime(micros, out) })
}

// Feed gives both rows that come at a processing time, of which they are told if they are Timed; one of them, where t draws, perhaps those of each key behind each other.
func (w *Twin[O]) Feed(t rapid.TB, micros int64, in *batch.Batch) {
	t.Helper()
	for _, o := range []O{w.stay, w.leave} {
		if timed, ok := any(o).(op.Timed); ok {
			timed.SetTime(micros)
		}
	}
	pieces := []*batch.Batch{in}
	if draws, ok := t.(*rapid.T); ok && rapid.Bool().Draw(draws, "by keys") {
		pieces = w.byKeys(in)
	}
	w.call(t, in, pieces, func(o O, in *batch.Batch, out *op.Output) (bool, error) { return any(o).(op.Operator).Apply(in, out) })
}

// Evict has some state leave memory, or all of it, behind a flush.
func (w *Twin[O]) Evict(t *rapid.T) {
	t.Helper()
	w.Flush(t)
	err := error(nil)
	if rapid.Bool().Draw(t, "seal") {
		err = w.Stored.Seal()
	}
	if err == nil {
		err = w.Stored.Evict(rapid.IntRange(1, 4).Draw(t, "entries"), rapid.IntRange(0, 3).Draw(t, "all") == 0)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// EvictAll has all state leave memory that may, behind a flush.
func (w *Twin[O]) EvictAll(t rapid.TB) {
	t.Helper()
	w.Flush(t)
	if err := w.Stored.Evict(math.MaxInt32, true); err != nil {
		t.Fatal(err)
	}
}

// Empty fails unless nothing is stored any more.
func (w *Twin[O]) Empty(t rapid.TB) {
	t.Helper()
	for range 2 {
		if err := w.Stored.Seal(); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := w.Stored.Len(); n > 0 || err != nil {
		t.Errorf("%d entries are left, %v", n, err)
	}
}
