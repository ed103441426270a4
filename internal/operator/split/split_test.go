package split_test

import (
	"slices"
	"testing"

	"wire.example/wire/internal/operator/filter"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/split"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// below holds for values under its limit, fails for 13, and notes the rows it was asked about.
type below struct {
	limit int64
	asked []int64
}

func (p *below) Filter(b *batch.Batch, kept []uint16, bad []op.Reject) ([]uint16, []op.Reject) {
	for i := range b.Rows() {
		row := b.Row(i)
		v := b.Cols[0].Int64s()[row]
		p.asked = append(p.asked, v)
		switch {
		case v == 13:
			bad = append(bad, op.Reject{Row: row, Err: sqlstate.New(sqlstate.DivisionByZero, "thirteen")})
		case v < p.limit:
			kept = append(kept, uint16(row))
		}
	}
	return kept, bad
}

func numbers(values ...int64) *batch.Batch {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
	c.Reset(len(values))
	copy(c.Int64s(), values)
	return &batch.Batch{Cols: []*batch.Column{c}, Len: len(values)}
}

func values(b *batch.Batch) []int64 {
	if b == nil {
		return nil
	}
	var list []int64
	for i := range b.Rows() {
		list = append(list, b.Cols[0].Int64s()[b.Row(i)])
	}
	return list
}

func TestEachRowLeavesByTheFirstPortThatTakesIt(t *testing.T) {
	small, medium := &below{limit: 10}, &below{limit: 100}
	s := split.New([]filter.Predicate{small, medium, nil})
	out := op.NewOutput(3)
	if more, err := s.Apply(numbers(5, 500, 50, 13, 7, 70), out); more || err != nil {
		t.Fatal(more, err)
	}
	for port, want := range [][]int64{{5, 7}, {50, 70}, {500}} {
		if got := values(out.Ports[port]); !slices.Equal(got, want) {
			t.Errorf("port %d got %v, want %v", port, got, want)
		}
	}
	if want := []int64{500, 50, 70}; !slices.Equal(medium.asked, want) {
		t.Errorf("the second condition was asked about %v, want only what was left: %v", medium.asked, want)
	}
	if len(out.Rejects) != 1 || out.Rejects[0].Row != 3 {
		t.Errorf("rejects %v", out.Rejects)
	}
	if want := (op.Counts{In: 6, Forwarded: 5, Rejected: 1, Emitted: 5}); out.Counts != want || !out.Counts.Balanced() {
		t.Errorf("account %+v, want %+v", out.Counts, want)
	}
}

func TestWithoutARestPortRowsAreFiltered(t *testing.T) {
	s := split.New([]filter.Predicate{&below{limit: 10}})
	out := op.NewOutput(1)
	in := numbers(1, 20, 3, 30)
	in.Sel = []uint16{1, 2}
	if _, err := s.Apply(in, out); err != nil {
		t.Fatal(err)
	}
	if got := values(out.Ports[0]); !slices.Equal(got, []int64{3}) {
		t.Errorf("got %v", got)
	}
	if want := (op.Counts{In: 2, Forwarded: 1, Filtered: 1, Emitted: 1}); out.Counts != want {
		t.Errorf("account %+v, want %+v", out.Counts, want)
	}
}
