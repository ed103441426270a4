package timejoin

import (
	"math"
	"slices"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	durable "wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// leavingInterval is a join whose rows have a key and a time, and may leave memory.
func leavingInterval(t *testing.T, kind Kind, memory *durable.Memory) *Interval {
	t.Helper()
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Timestamp)}
	c := IntervalConfig{LeftTime: 1, RightTime: 1, Upper: 10 * minWidth}
	c.Name, c.Kind, c.Left, c.Right, c.Keys, c.Pool, c.Budget = "j", kind, types, types, []Key{{}}, &batch.Pool{}, limit.New("test", 0)
	j, err := NewInterval(&c)
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range j.Kept() {
		part.Keep(keyed.Home{Space: durable.Space{Operator: 1, Table: uint8(i)}, To: math.MaxUint64}) //nolint:gosec // two
		part.(keyed.Evictable).Attach(memory.Reader(), 1<<20)
	}
	return j
}

// timedKeys is rows of keys, all at a time.
func timedKeys(micros int64, keys ...int64) *batch.Batch {
	b := &batch.Batch{Len: len(keys)}
	for column, kind := range []schema.Kind{schema.Int64, schema.Timestamp} {
		c := batch.NewColumn(&batch.Pool{}, schema.Of(kind))
		c.Reset(len(keys))
		for i, key := range keys {
			c.Int64s()[i] = key
			if column == 1 {
				c.Int64s()[i] = micros
			}
		}
		b.Cols = append(b.Cols, c)
	}
	return b
}

// leaveAll has all rows leave memory.
func leaveAll(t *testing.T, j *Interval, memory *durable.Memory) {
	t.Helper()
	changes := &durable.Changes{}
	for _, part := range j.Kept() {
		part.Seal()
		if _, err := part.Drain(changes, math.MaxInt64); err != nil {
			t.Fatal(err)
		}
	}
	if err := memory.Apply(t.Context(), []*durable.Changes{changes}); err != nil {
		t.Fatal(err)
	}
	for _, part := range j.Kept() {
		if err := part.(keyed.Departing).Depart(false); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAbsentKeysAreCounted: rows that are looked for bring those of their keys which are away, in the slices that they reach, and no others.
func TestAbsentKeysAreCounted(t *testing.T) {
	memory := durable.NewMemory()
	j, out := leavingInterval(t, Left, memory), op.NewOutput(1)
	for _, micros := range []int64{0, 4 * minWidth} {
		if _, err := j.ApplyInput(LeftInput, timedKeys(micros, 1, 2, 3, 4), out); err != nil {
			t.Fatal(err)
		}
	}
	absent := func(micros int64, keys ...int64) int {
		var needs op.Needs
		j.Needs(RightInput, timedKeys(micros, keys...), &needs)
		return needs.Absent(j.Tables())
	}
	if n := absent(minWidth, 1, 2); n != 0 {
		t.Errorf("%d keys are absent before any row has left", n)
	}
	leaveAll(t, j, memory)
	if n := absent(minWidth, 1, 1, 2, 3); n != 3 {
		t.Errorf("%d keys are absent, want 3", n)
	}
	if n := absent(100*minWidth, 1, 2); n != 0 {
		t.Errorf("%d keys are absent of slices that nobody looks into", n)
	}
	var needs op.Needs
	j.Needs(RightInput, timedKeys(4*minWidth, 1, 2), &needs)
	if err := needs.Load(j.Tables()); err != nil {
		t.Fatal(err)
	}
	if n := absent(4*minWidth, 1, 2, 3); n != 1 {
		t.Errorf("%d keys are absent when two of three are back", n)
	}
}

// TestKeysAreSeparate: rows may be given by their keys, if each has one.
func TestKeysAreSeparate(t *testing.T) {
	j := leavingInterval(t, Left, durable.NewMemory())
	hashes := slices.Clone(j.Separate(LeftInput, timedKeys(0, 5, 6, 5)))
	if len(hashes) != 3 || hashes[0] != hashes[2] || hashes[0] == hashes[1] {
		t.Errorf("rows of two keys have the hashes %x", hashes)
	}
	b := timedKeys(0, 5, 6, 5)
	b.Cols[0].SetNull(1)
	if hashes := j.Separate(LeftInput, b); hashes != nil {
		t.Errorf("rows without a key have the hashes %x", hashes)
	}
}

// TestWhatIsDueIsAskedForByWhatItBrings: few hashes are asked for while nothing is known, more where they bring little, and fewer where they bring too much.
func TestWhatIsDueIsAskedForByWhatItBrings(t *testing.T) {
	var a asking
	for _, step := range []struct {
		brought int64
		want    int
	}{
		{0, askedFirst}, {0, 2 * askedFirst}, {1000, 4 * askedFirst}, {8000, 4 * askedFirst / 8}, {1000, 4 * askedFirst / 4}, {1_000_000, 1}, {1_000_000, 1}, {500, 2},
	} {
		if a.learn(step.brought, 1000); a.most != step.want {
			t.Errorf("%d hashes are asked for when others have brought %d bytes, want %d", a.most, step.brought, step.want)
		}
		a.hashes = make([]uint64, a.most)
	}
	for range 10 {
		a.learn(0, 1000)
	}
	if a.most != askedRows {
		t.Errorf("%d hashes are asked for at most", a.most)
	}
}

// TestAllThatIsDueComesOut: rows that are away and come out alone do so all, some at a time, however little their slices may bring at once.
func TestAllThatIsDueComesOut(t *testing.T) {
	memory := durable.NewMemory()
	j, out := leavingInterval(t, Left, memory), op.NewOutput(1)
	j.stores[LeftInput].kept.low = askedShare // a byte at once
	var keys []int64
	for key := range int64(300) {
		keys = append(keys, key)
	}
	if _, err := j.ApplyInput(LeftInput, timedKeys(0, keys...), out); err != nil {
		t.Fatal(err)
	}
	leaveAll(t, j, memory)
	var came []int64
	for more := true; more; {
		var needs op.Needs
		j.Needs(RightInput, nil, &needs)
		if err := needs.Load(j.Tables()); err != nil {
			t.Fatal(err)
		}
		out.Reset()
		var err error
		if more, err = j.OnInputWatermark(RightInput, 100*minWidth, out); err != nil {
			t.Fatal(err)
		}
		if b := out.Ports[0]; b != nil {
			for i := range b.Rows() {
				came = append(came, b.Cols[0].Int64s()[b.Row(i)])
			}
		}
	}
	if slices.Sort(came); !slices.Equal(came, keys) {
		t.Errorf("%d rows came out of %d", len(came), len(keys))
	}
}
