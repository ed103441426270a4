package join_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/join"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// lookup is a hash join whose probe rows are dated, or not.
func lookup(t *testing.T, build int, dated, broadcast bool) *join.Hash {
	t.Helper()
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Text)}
	c := join.Config{
		Name: "j", Build: build, Left: types, Right: types, Keys: []join.Key{{}}, Dated: dated, Broadcast: broadcast, Pool: &batch.Pool{}, Budget: limit.New("test", 0),
	}
	if broadcast {
		c.Deal = []int{1}
	}
	o, err := join.NewHash(&c)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// moved is an operator with the state of r, whose inputs have not ended.
func moved(t *testing.T, r *run, fresh *join.Hash) *run {
	t.Helper()
	if data, err := r.op.(op.Shared).SnapshotShared(); err != nil {
		t.Fatal(err)
	} else if data != nil {
		if err := fresh.RestoreShared(data); err != nil {
			t.Fatal(err)
		}
	}
	r.restart(fresh)
	return r
}

// TestDatesOfRowsThatWait: what the split of a probe row had reached goes with it, whether it waits for the build side or not, and through a snapshot.
func TestDatesOfRowsThatWait(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Text)}
	rows := [][]string{{"3", "c"}, {"1", "a"}, {"2", "b"}, {"1", "b"}}
	for build := range 2 {
		for _, broadcast := range []bool{false, true} {
			for _, waits := range []bool{false, true} {
				for _, restart := range []bool{false, true} {
					for _, spread := range []bool{false, true} {
						name := fmt.Sprintf("build %d, broadcast %t, waits %t, restart %t, spread %t", build, broadcast, waits, restart, spread)
						r := newRun(t, lookup(t, build, true, broadcast))
						stored := []event{{input: build, rows: [][]string{{"1", "x"}, {"2", "y"}}}, {input: build}}
						looked := []event{
							{input: 1 - build, rows: rows, dated: true, spread: spread},
							{input: 1 - build, rows: [][]string{{"2", "of an operator"}}},
						}
						events := slices.Concat(stored, looked)
						if waits {
							events = slices.Concat(looked, stored)
						}
						for i, e := range append(events, event{input: 1 - build}) {
							if restart && i == len(looked) && waits {
								r = moved(t, r, lookup(t, build, true, broadcast))
							}
							if err := r.feed(types, e); err != nil {
								t.Fatal(name, err)
							}
						}
						want := []int64{101, 201, 301}
						if spread {
							want = []int64{301, 501, 701}
						}
						if waits {
							want = append([]int64{math.MinInt64}, want...)
						}
						slices.Sort(r.before)
						if len(r.rows) != 4 || !slices.Equal(r.before, want) {
							t.Errorf("%s: %v of %v, want %v", name, r.before, r.rows, want)
						}
					}
				}
			}
		}
	}
}

// TestNoWatermarkPassesRowsThatWait: they come out behind whatever the build side says of its own time.
func TestNoWatermarkPassesRowsThatWait(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Text)}
	h := lookup(t, join.RightInput, true, false)
	r := newRun(t, h)
	for i, e := range []event{{input: 0, rows: [][]string{{"1", "a"}}}, {input: 1, rows: [][]string{{"1", "x"}}}, {input: 1}} {
		if got := h.Limit(7); got != math.MinInt64 {
			t.Errorf("before event %d: %d", i, got)
		}
		if err := r.feed(types, e); err != nil {
			t.Fatal(err)
		}
	}
	if got := h.Limit(7); got != 7 || len(r.rows) != 1 {
		t.Errorf("behind the build side: %d, %v", got, r.rows)
	}
}

// TestDatesComeAndGoWithThePlan: rows that were held before anybody asked for their dates are never late; dates that nobody asks for any more are dropped.
func TestDatesComeAndGoWithThePlan(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Text)}
	for _, dated := range []bool{false, true} {
		for _, broadcast := range []bool{false, true} {
			r := newRun(t, lookup(t, join.RightInput, !dated, broadcast))
			for _, e := range []event{
				{input: 0, rows: [][]string{{"3", "c"}, {"1", "a text that is not inline"}}, dated: true}, {input: 1, rows: [][]string{{"1", "x"}}},
			} {
				if err := r.feed(types, e); err != nil {
					t.Fatal(err)
				}
			}
			r = moved(t, r, lookup(t, join.RightInput, dated, broadcast))
			for input := range 2 {
				if err := r.feed(types, event{input: 1 - input}); err != nil {
					t.Fatal(err)
				}
			}
			want := []int64(nil)
			if dated {
				want = []int64{math.MinInt64}
			}
			if !slices.Equal(r.rows, []string{"1 a text that is not inline 1 x"}) || !slices.Equal(r.before, want) {
				t.Errorf("dated %t: %v of %v", dated, r.before, r.rows)
			}
		}
	}
}
