package timejoin

import (
	"math"
	"testing"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	durable "wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestRowsThatNeverComeOutAloneAreNotRead: where rows come out beside others alone, those that have left memory, or were left unread, go with their slices, and are not read for that.
func TestRowsThatNeverComeOutAloneAreNotRead(t *testing.T) {
	const rows = 100
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Timestamp)}
	pool, memory := &batch.Pool{}, durable.NewMemory()
	j, out := leavingInterval(t, Inner, memory), op.NewOutput(1)
	in := &batch.Batch{Cols: []*batch.Column{batch.NewColumn(pool, types[0]), batch.NewColumn(pool, types[1])}, Len: rows}
	for column, c := range in.Cols {
		c.Reset(rows)
		for i := range rows {
			c.Int64s()[i] = int64(i * (1 + column))
		}
	}
	if _, err := j.ApplyInput(LeftInput, in, out); err != nil {
		t.Fatal(err)
	}
	changes, outlines := &durable.Changes{}, [2][]byte{}
	for i, part := range j.Kept() {
		part.Seal()
		outlines[i], _ = part.(keyed.Outlined).Outline()
		if _, err := part.Drain(changes, math.MaxInt64); err != nil {
			t.Fatal(err)
		}
	}
	if err := memory.Apply(t.Context(), []*durable.Changes{changes}); err != nil {
		t.Fatal(err)
	}
	next := leavingInterval(t, Inner, memory)
	for i, part := range next.Kept() {
		if ok, err := part.(keyed.Outlined).PostponeSlices(0, [][]byte{outlines[i]}); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	for _, micros := range []int64{20 * minWidth, future} {
		calls := 0
		for more := true; more; calls++ {
			var needs op.Needs
			next.Needs(RightInput, nil, &needs)
			if err := needs.Load(next.Tables()); err != nil {
				t.Fatal(err)
			}
			if n := next.stores[LeftInput].slices; len(n) > 0 && n[0].rows.Len() > 0 {
				t.Fatalf("%d rows were read", n[0].rows.Len())
			}
			var err error
			if more, err = next.OnInputWatermark(RightInput, micros, out); err != nil {
				t.Fatal(err)
			}
		}
		if calls > 1 {
			t.Errorf("%d calls for a watermark of %d", calls, micros)
		}
	}
	if n := len(next.stores[LeftInput].slices); n > 0 {
		t.Errorf("%d slices are left", n)
	}
}
