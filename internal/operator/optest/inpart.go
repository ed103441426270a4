package optest

import (
	"fmt"
	"slices"
	"testing"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// RestoreInPart fails unless an operator of one input goes on as if nothing had happened where a restore has left some of its state in the store, of each part other entries. feed makes the rows of a round, of so many keys
// that some are taken for others which are away.
func RestoreInPart(t *testing.T, fresh func() op.Durable, feed func(round int) []*batch.Batch) {
	t.Helper()
	every := func(n uint64) func(uint64) bool { return func(hash uint64) bool { return hash>>20%n == 0 } }
	all, some, fewer, none := every(1), every(4), every(8), func(uint64) bool { return false }
	var want []string
	for i, admits := range [][2]func(hash uint64) bool{{all, all}, {all, some}, {some, all}, {fewer, some}, {some, fewer}, {none, some}, {none, none}} {
		s := Store(fresh())
		s.round(t, 1, feed(1))
		s, err := s.MoveInPart(fresh(), func(part int, hash uint64) bool { return admits[part%2](hash) })
		if err != nil {
			t.Fatal(err)
		}
		got := s.round(t, 2, feed(2))
		if err := s.Seal(); err != nil {
			t.Fatal(err)
		}
		if err := s.Evict(1000, false); err != nil {
			t.Fatal(err)
		}
		got = append(got, s.round(t, 3, feed(3))...)
		if want == nil {
			want = got
		} else if !slices.Equal(got, want) {
			t.Errorf("restore %d: %d rows came out, want %d", i, len(got), len(want))
		}
	}
}

// round gives the operator the rows of a round, and returns what it emits, in order.
func (s *Stored) round(t *testing.T, number int, in []*batch.Batch) []string {
	t.Helper()
	emitted := []string{fmt.Sprint("round ", number)}
	if timed, ok := s.op.(op.Timed); ok {
		timed.SetTime(1000)
	}
	for _, b := range in {
		emitted = s.call(t, emitted, b, func(out *op.Output) (bool, error) { return s.op.(op.Operator).Apply(b, out) })
		if f, ok := s.op.(op.Flusher); ok {
			emitted = s.call(t, emitted, nil, f.OnFlush)
		}
	}
	if w, ok := s.op.(op.WatermarkHandler); ok {
		emitted = s.call(t, emitted, nil, func(out *op.Output) (bool, error) { return w.OnWatermark(int64(number)*100, out) })
	}
	slices.Sort(emitted[1:])
	return emitted
}

// call runs an event, or rows, to the end, and appends what is emitted.
func (s *Stored) call(t *testing.T, emitted []string, in *batch.Batch, f func(out *op.Output) (more bool, err error)) []string {
	t.Helper()
	for more, out := true, op.NewOutput(1); more; out.Reset() {
		err := s.Settle()
		if err == nil {
			err = s.Load(0, in)
		}
		if err == nil {
			more, err = f(out)
		}
		if err != nil {
			t.Fatal(err)
		}
		if b := out.Ports[0]; b != nil {
			emitted = append(emitted, sdktest.Rows(b)...)
		}
	}
	return emitted
}
