package aggregate_test

import (
	"slices"
	"testing"

	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
)

// way is one in which rows reach a state. run fills out with the answers of the groups, or returns false if the query's function has no such way.
type way struct {
	name string
	run  func(t *testing.T, q *query, out *batch.Column, errs *builtin.Errors) bool
}

var ways = []way{
	{"a slot at a time", ofState(func(t *testing.T, q *query) aggregate.State {
		s := newState(t, q)
		for g, rows := range q.groups {
			add(t, s.Add, q, g, rows)
		}
		return s
	})},
	{"all slots at once", ofState(func(t *testing.T, q *query) aggregate.State {
		s := newState(t, q)
		addMixed(t, s.Add, q, q.groups)
		return s
	})},
	{"every row by itself", ofState(func(t *testing.T, q *query) aggregate.State {
		s := newState(t, q)
		for g, rows := range q.groups {
			for _, row := range rows {
				add(t, s.Add, q, g, []uint16{row})
			}
		}
		return s
	})},
	{"all rows of the batch", ofState(func(t *testing.T, q *query) aggregate.State {
		last := len(q.groups) - 1
		if !slices.Equal(q.groups[last], theTable().groups[last]) {
			return nil // a filter or an order names the rows
		}
		s := newState(t, q)
		for g, rows := range q.groups[:last] {
			add(t, s.Add, q, g, rows)
		}
		if err := s.Add(&aggregate.Rows{Slot: uint32(last), N: len(q.groups[last]), Args: q.args}); err != nil {
			t.Fatal(err)
		}
		return s
	})},
	{"parts merged", ofState(func(t *testing.T, q *query) aggregate.State {
		s, part := newState(t, q), newState(t, q)
		for g, rows := range q.groups {
			first, second := halves(rows, q.f.Mergeable)
			add(t, s.Add, q, g, first)
			add(t, part.Add, q, g, second)
		}
		merge(t, q, s, part)
		return s
	})},
	{"parts merged into nothing", ofState(func(t *testing.T, q *query) aggregate.State {
		s := newState(t, q)
		for k := range 2 {
			part := newState(t, q)
			for g, rows := range q.groups {
				first, second := halves(rows, false)
				add(t, part.Add, q, g, [][]uint16{first, second}[k])
			}
			merge(t, q, s, part)
		}
		return s
	})},
	{"slots folded", ofState(func(t *testing.T, q *query) aggregate.State {
		if !q.f.Mergeable {
			return nil
		}
		s := newState(t, q)
		n := uint32(len(q.groups))
		if err := s.Grow(3 * int(n)); err != nil {
			t.Fatal(err)
		}
		for g, rows := range q.groups {
			first, second := halves(rows, true)
			add(t, s.Add, q, g+int(n), first)
			add(t, s.Add, q, g+2*int(n), second)
		}
		for range 2 { // what is folded stays
			var into, from []uint32
			for g := range n {
				s.Free(g)
				into, from = append(into, g, g), append(from, g+n, g+2*n)
			}
			if err := s.(aggregate.Folder).Fold(into, from); err != nil {
				t.Fatal(err)
			}
			if u, ok := s.(aggregate.Unfolder); ok { // and goes, and comes again
				if err := u.Unfold(into, from); err != nil {
					t.Fatal(err)
				}
				if err := s.(aggregate.Folder).Fold(into, from); err != nil {
					t.Fatal(err)
				}
			}
		}
		return s
	})},
	{"restored half way", ofState(func(t *testing.T, q *query) aggregate.State {
		old, s := newState(t, q), newState(t, q)
		for g, rows := range q.groups {
			first, second := halves(rows, false)
			add(t, old.Add, q, g, first)
			rest, err := s.Restore(uint32(g), old.Append(uint32(g), nil))
			if err != nil || len(rest) != 0 {
				t.Fatalf("%v, %d bytes left", err, len(rest))
			}
			add(t, s.Add, q, g, second)
		}
		old.Close()
		return s
	})},
	{"slots used before", ofState(func(t *testing.T, q *query) aggregate.State {
		s := newState(t, q)
		all := theTable().groups[len(q.groups)-1]
		for g, rows := range q.groups {
			add(t, s.Add, q, g, all)
			s.Free(uint32(g))
			add(t, s.Add, q, g, rows)
		}
		return s
	})},
	{"others taken back", ofState(func(t *testing.T, q *query) aggregate.State {
		s := newState(t, q)
		r, ok := s.(aggregate.Retracter)
		if ok != (q.f.Retraction == aggregate.ByRetract) {
			t.Errorf("%s: Retraction is %d, but Retract is there: %t", q.f.Signature(), q.f.Retraction, ok)
		}
		if !ok {
			s.Close()
			return nil
		}
		all := theTable().groups[len(q.groups)-1]
		for g, rows := range q.groups {
			first, second := halves(rows, true)
			add(t, s.Add, q, g, first)
			add(t, s.Add, q, g, all)
			add(t, s.Add, q, g, second)
			add(t, r.Retract, q, g, all)
		}
		return s
	})},
	{"scanned", scanned(func(rows []uint16) [][]uint16 { return [][]uint16{rows} })},
	{"scanned row by row", scanned(func(rows []uint16) (out [][]uint16) {
		for _, row := range rows {
			out = append(out, []uint16{row})
		}
		return out
	})},
}

// ofState makes a way of what fills a state; nil means that there is no such way.
func ofState(fill func(*testing.T, *query) aggregate.State) func(*testing.T, *query, *batch.Column, *builtin.Errors) bool {
	return func(t *testing.T, q *query, out *batch.Column, errs *builtin.Errors) bool {
		if q.f.Order == aggregate.SortedOrder {
			return false
		}
		s := fill(t, q)
		if s == nil {
			return false
		}
		s.Result(slots(q), out, errs)
		s.Close()
		if used := q.spec.Budget.Used(); used != 0 {
			t.Errorf("%s: %d bytes are still reserved", q.f.Signature(), used)
		}
		return true
	}
}

func newState(t *testing.T, q *query) aggregate.State {
	t.Helper()
	s := q.f.NewState(q.spec)
	for _, n := range []int{1, 3, len(q.groups)} { // growth in steps
		if err := s.Grow(n); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func slots(q *query) []uint32 {
	out := make([]uint32, len(q.groups))
	for i := range out {
		out[i] = uint32(i)
	}
	return out
}

func add(t *testing.T, put func(*aggregate.Rows) error, q *query, group int, rows []uint16) {
	t.Helper()
	if rows == nil {
		rows = []uint16{}
	}
	if err := put(&aggregate.Rows{Slot: uint32(group), Rows: rows, N: len(rows), Args: q.args}); err != nil {
		t.Fatal(err)
	}
}

// addMixed puts the rows of all groups in turn.
func addMixed(t *testing.T, put func(*aggregate.Rows) error, q *query, groups [][]uint16) {
	t.Helper()
	in := &aggregate.Rows{Args: q.args, Slots: []uint32{}, Rows: []uint16{}}
	for i := 0; ; i++ {
		before := in.N
		for g, rows := range groups {
			if i < len(rows) {
				in.Slots, in.Rows = append(in.Slots, uint32(g)), append(in.Rows, rows[i])
				in.N++
			}
		}
		if in.N == before {
			break
		}
	}
	if err := put(in); err != nil {
		t.Fatal(err)
	}
}

// halves cuts rows in two: behind the middle, or taken in turn.
func halves(rows []uint16, inTurn bool) (first, second []uint16) {
	if !inTurn {
		return rows[:len(rows)/2], rows[len(rows)/2:]
	}
	for i, row := range rows {
		if i%2 == 0 {
			first = append(first, row)
		} else {
			second = append(second, row)
		}
	}
	return first, second
}

func merge(t *testing.T, q *query, s, part aggregate.State) {
	t.Helper()
	var cols []*batch.Column
	for _, typ := range part.PartialTypes() {
		cols = append(cols, batch.NewColumn(&batch.Pool{}, typ))
	}
	part.Partial(slots(q), cols)
	if err := s.Merge(&aggregate.Rows{Slots: slots(q), N: len(q.groups), Args: cols}); err != nil {
		t.Fatal(err)
	}
	part.Close()
}

// scanned gives each group's rows to a scan in the pieces that cut makes.
func scanned(cut func(rows []uint16) [][]uint16) func(*testing.T, *query, *batch.Column, *builtin.Errors) bool {
	return func(_ *testing.T, q *query, out *batch.Column, errs *builtin.Errors) bool {
		if q.f.Order != aggregate.SortedOrder {
			return false
		}
		s := q.f.NewScan(q.spec)
		out.Reset(len(q.groups))
		for g, rows := range q.groups {
			if q.f.Strict {
				rows = slices.DeleteFunc(slices.Clone(rows), func(row uint16) bool {
					return slices.ContainsFunc(q.args[q.f.DirectArgs(len(q.args)):], func(c *batch.Column) bool { return c.IsNull(int(row)) })
				})
			}
			s.Begin(int64(len(rows)))
			for _, piece := range cut(rows) {
				s.Add(&aggregate.Rows{Rows: piece, N: len(piece), Args: q.args})
			}
			if bad := s.Result(out, g); bad != nil {
				out.SetNull(g)
				errs.Add(g, bad)
			}
		}
		s.Close()
		return true
	}
}
