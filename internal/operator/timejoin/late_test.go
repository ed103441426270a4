package timejoin_test

import (
	"fmt"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/timejoin"
)

// lateRows is a join of rows of a text, by columns, and how to apply it to rows of one input whose texts are long, for a test of what it has reserved.
type lateRows struct {
	t *testing.T
	c timejoin.IntervalConfig
	j *timejoin.Interval
}

const (
	lateCount  = 40 * lateAtOnce
	lateAtOnce = 500
)

func newLateRows(t *testing.T, columns []int) *lateRows {
	r := &lateRows{t: t, c: interval(timejoin.Full, -lateCount, lateCount)}
	r.c.Keys = nil
	for _, column := range columns {
		r.c.Keys = append(r.c.Keys, timejoin.Key{Left: column, Right: column})
	}
	r.make()
	return r
}

// make makes the join, with a budget of its own.
func (r *lateRows) make() {
	r.t.Helper()
	r.c.Budget = limit.New("test", 0)
	var err error
	if r.j, err = timejoin.NewInterval(&r.c); err != nil {
		r.t.Fatal(err)
	}
}

func (r *lateRows) call(call func(*op.Output) (bool, error)) {
	r.t.Helper()
	out := op.NewOutput(1)
	for more := true; more; {
		out.Reset()
		var err error
		if more, err = call(out); err != nil {
			r.t.Fatal(err)
		}
	}
}

// apply applies the join to n rows from a number on, at so many units each.
func (r *lateRows) apply(input int, from, n int64, unitsOf func(number int64) int64) {
	r.t.Helper()
	var rows []row
	for i := from; i < from+n; i++ {
		rows = append(rows, at(1+2*i, 0, unitsOf(i)))
	}
	b := lend(rows, nil)
	r.call(func(out *op.Output) (bool, error) { return r.j.ApplyInput(input, b, out) })
}

// TestRowsKeepRoomForWhatFindsThem: where rows of an input are in memory, as they came or as a restart put them in, the batch that looks for all of them takes hardly more memory: a restart puts in what half of the memory takes,
// and state leaves it before a batch, not in it.
func TestRowsKeepRoomForWhatFindsThem(t *testing.T) {
	for name, columns := range map[string][]int{"numbers": {idColumn}, "texts": {textColumn}, "both": {idColumn, textColumn}} {
		for _, restarts := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, restarted %t", name, restarts), func(t *testing.T) {
				r := newLateRows(t, columns)
				stored := optest.Store(r.j)
				for from := int64(0); from < lateCount; from += lateAtOnce {
					r.apply(timejoin.RightInput, from, lateAtOnce, func(number int64) int64 { return number })
				}
				if restarts {
					r.make()
					if _, err := stored.Move(r.j); err != nil {
						t.Fatal(err)
					}
				}
				before := r.c.Budget.Used()
				for i := range int64(8) { // the first ones do not enter what they look for
					r.apply(timejoin.LeftInput, i, 1, func(int64) int64 { return lateCount / 2 })
				}
				if peak := r.c.Budget.Peak(); peak > before+before/10 {
					t.Errorf("%d bytes were in use before, and up to %d when all rows were looked for", before, peak)
				}
				for input := range 2 {
					r.call(func(out *op.Output) (bool, error) { return r.j.OnInputEnd(input, out) })
				}
				if left := r.c.Budget.Used(); left > 64<<10 {
					t.Errorf("%d bytes are in use at the end", left)
				}
			})
		}
	}
}
