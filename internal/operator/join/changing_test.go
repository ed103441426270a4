package join_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/join"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// changeEvent is a batch of changes of an input, or, without any, its end.
type changeEvent struct {
	input  int
	rows   [][]string
	kinds  []batch.Change
	spread bool
}

// table is the rows of an input that are there.
type table [][]string

// drawChanges draws changes of a table, in which most rows that come are soon taken back or replaced.
//
// unique are columns in which no two rows may be equal, nil if any may.
func drawChanges(t *rapid.T, row *rapid.Generator[[]string], there *table, appendOnly bool, unique []int, most int) (rows [][]string, kinds []batch.Change) {
	live := slices.Clone(*there)
	clash := func(row []string) bool {
		return unique != nil && slices.ContainsFunc(live, func(other []string) bool {
			return !slices.ContainsFunc(unique, func(c int) bool { return canonicalLine(nil, row[c]) != canonicalLine(nil, other[c]) })
		})
	}
	for range rapid.IntRange(1, most).Draw(t, "changes") {
		what := rapid.IntRange(0, 4).Draw(t, "what")
		fresh := row.Draw(t, "row")
		if appendOnly || len(live) == 0 || what < 2 {
			if !clash(fresh) {
				live = append(live, fresh)
				rows, kinds = append(rows, fresh), append(kinds, batch.Insert)
			}
			continue
		}
		at := rapid.IntRange(0, len(live)-1).Draw(t, "which")
		old := live[at]
		live = slices.Delete(slices.Clone(live), at, at+1)
		switch {
		case what < 4 && !clash(fresh):
			if rapid.Bool().Draw(t, "same key") {
				fresh = slices.Concat(old[:2], fresh[2:])
			}
			if clash(fresh) {
				fresh = old
			}
			live = append(live, fresh)
			rows, kinds = append(rows, old, fresh), append(kinds, batch.UpdateBefore, batch.UpdateAfter)
		default:
			rows, kinds = append(rows, old), append(kinds, batch.Delete)
		}
	}
	*there = live
	return rows, kinds
}

// folded is what changes have left, by the canonical text of rows.
type folded struct {
	types []schema.Type
	rows  map[string]int
}

func (f *folded) take(t fataler, b *batch.Batch) {
	t.Helper()
	half := false
	for i, text := range texts(b) {
		kind := batch.Insert
		if b.Kinds != nil {
			kind = b.Kinds[b.Row(i)]
		}
		if half != (kind == batch.UpdateAfter) {
			t.Fatalf("halves of an update are apart: %v %s", kind, text)
		}
		half = kind == batch.UpdateBefore
		row := canonicalLine(f.types, text)
		if op.Adds(kind) {
			f.rows[row]++
			continue
		}
		if f.rows[row] == 0 {
			t.Fatalf("%v %s takes back what is not there: %v", kind, row, f.rows)
		}
		if f.rows[row]--; f.rows[row] == 0 {
			delete(f.rows, row)
		}
	}
	if half {
		t.Fatalf("a batch ends within an update")
	}
}

func (f *folded) left() []string {
	var rows []string
	for row, n := range f.rows {
		rows = append(rows, slices.Repeat([]string{row}, n)...)
	}
	slices.Sort(rows)
	return rows
}

// The texts of these tests have spaces in them; canonical forms are by whole cells.
func canonicalLine(_ []schema.Type, text string) string {
	return strings.NewReplacer("30 days", "1 mon", "24:00:00", "1 day", "1.00", "1", "1.0", "1", "2.50", "2.5", "-0", "0").Replace(text)
}

func canonicalLines(rows []string) []string {
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = canonicalLine(nil, row)
	}
	slices.Sort(out)
	return out
}

// changingRun drives a join of inputs that change.
type changingRun struct {
	t      fataler
	op     *join.Changing
	out    *op.Output
	fold   folded
	errs   []string
	counts op.Counts
	ended  [2]bool
	kinds  bool           // a batch had kinds
	stored *optest.Stored // nil: state is stored as a whole
}

// keep may have the operator, which is new, stored entry by entry.
func (r *changingRun) keep(t *rapid.T) {
	if rapid.Bool().Draw(t, "stored entry by entry") {
		r.stored = optest.Store(r.op)
	}
}

// load makes resident what the next call needs.
func (r *changingRun) load(input int, b *batch.Batch) {
	r.t.Helper()
	if r.stored == nil {
		return
	}
	if err := r.stored.Load(input, b); err != nil {
		r.t.Fatalf("%v", err)
	}
}

// tick tells the operator what time it is.
func (r *changingRun) tick(now int64) {
	r.t.Helper()
	r.drain(0, func() (bool, error) {
		r.load(-1, nil)
		return r.op.OnTime(now, r.out)
	})
}

// seal may end an epoch, and stores some of what is sealed.
func (r *changingRun) seal(t *rapid.T) {
	if r.stored == nil {
		return
	}
	var err error
	what := rapid.IntRange(0, 3).Draw(t, "seal")
	if what < 2 {
		err = r.stored.Seal()
	}
	if err == nil && what > 0 {
		err = r.stored.Drain([]int64{0, math.MaxInt64, 60, 60}[what])
	}
	if err == nil && rapid.Bool().Draw(t, "evict") {
		err = r.stored.Evict(rapid.IntRange(1, 4).Draw(t, "rows"), rapid.Bool().Draw(t, "all"))
	}
	if err != nil {
		r.t.Fatalf("%v", err)
	}
}

func (r *changingRun) feed(types []schema.Type, e changeEvent) {
	r.t.Helper()
	if len(e.rows) == 0 {
		r.ended[e.input] = true
		r.drain(0, func() (bool, error) { return r.op.OnInputEnd(e.input, r.out) })
		return
	}
	b := makeBatch(r.t, types, e.rows, e.spread)
	if slices.ContainsFunc(e.kinds, func(k batch.Change) bool { return k != batch.Insert }) {
		b.Kinds = make([]batch.Change, b.Len)
		for i, k := range e.kinds {
			b.Kinds[b.Row(i)] = k
		}
	}
	r.load(e.input, b)
	r.drain(b.Len, func() (bool, error) { return r.op.ApplyInput(e.input, b, r.out) })
	scribble(b)
}

func (r *changingRun) drain(rows int, call func() (bool, error)) {
	r.t.Helper()
	for more := true; more; {
		r.out.Reset()
		var err error
		if more, err = call(); err != nil {
			r.t.Fatalf("%v", err)
		}
		for _, reject := range r.out.Rejects {
			if reject.Row >= rows || reject.Row < 0 {
				r.t.Fatalf("row %d of %d was rejected", reject.Row, rows)
			}
			r.errs = append(r.errs, string(reject.Err.Code))
		}
		r.counts.Add(r.out.Counts)
		b := r.out.Ports[0]
		if b == nil {
			continue
		}
		if b.Rows() == 0 || b.Rows() > batch.MaxRows {
			r.t.Fatalf("a batch of %d rows", b.Rows())
		}
		r.kinds = r.kinds || b.Kinds != nil
		r.fold.take(r.t, b)
	}
	if !r.counts.Balanced() {
		r.t.Fatalf("the account does not add up: %+v", r.counts)
	}
}

func (r *changingRun) restart(fresh *join.Changing) {
	r.t.Helper()
	if r.stored != nil {
		var err error
		if r.stored, err = r.stored.Move(fresh); err != nil {
			r.t.Fatalf("%v", err)
		}
	} else {
		r.restartWhole(fresh)
	}
	r.op = fresh
	for input, ended := range r.ended {
		if ended {
			r.drain(0, func() (bool, error) { return r.op.OnInputEnd(input, r.out) })
		}
	}
}

// restartWhole goes on with snapshots of the key groups.
func (r *changingRun) restartWhole(fresh *join.Changing) {
	r.t.Helper()
	for g := range op.KeyGroups {
		data, err := r.op.Snapshot(op.KeyGroup(g))
		if err != nil {
			r.t.Fatalf("%v", err)
		}
		if data == nil {
			continue
		}
		if err := fresh.Restore(op.KeyGroup(g), data); err != nil {
			r.t.Fatalf("%v", err)
		}
		again, err := fresh.Snapshot(op.KeyGroup(g))
		if err != nil || !slices.Equal(data, again) {
			r.t.Fatalf("group %d is stored differently after a restore: %v\n%x\n%x", g, err, data, again)
		}
	}
}

// changingScenario draws a join and says what is known of its inputs.
func changingScenario(rt *rapid.T, t *testing.T) *scenario {
	s := drawScenario(rt, t)
	s.config.Build, s.ref.build = join.RightInput, join.RightInput
	for input := range 2 {
		s.config.Inputs[input].AppendOnly = rapid.IntRange(0, 2).Draw(rt, "append only") == 0
		s.config.Inputs[input].Unique = rapid.IntRange(0, 2).Draw(rt, "unique") == 0
	}
	return s
}

// unique are the key columns of an input in which no two of its rows are equal, nil if nothing is said of that.
func (s *scenario) unique(input int) []int {
	if !s.config.Inputs[input].Unique {
		return nil
	}
	columns := []int{}
	for range s.config.Keys {
		columns = append(columns, len(columns)) // key k compares columns k
	}
	return columns
}

// TestChangingJoinsAreWhatTheirDefinitionSays, after each batch: what has been emitted and not taken back is the join of what has come and not been
// taken back.
func TestChangingJoinsAreWhatTheirDefinitionSays(t *testing.T) {
	often(t, func(rt *rapid.T) {
		s := changingScenario(rt, t)
		if s.ref.residual != nil {
			if _, code := s.ref.residual([]string{"", "", "1"}, []string{"", "", "1"}); code != "" {
				s.config.Residual, s.config.Reads, s.ref.residual = nil, nil, nil // see TestRowsThatFail
			}
		}
		values := keyTypes()
		names := make([]string, 2)
		for i := range names {
			for name := range values {
				if typeOf(name).Kind == s.config.Left[i].Kind {
					names[i] = name
				}
			}
		}
		row := rapid.Custom(func(t *rapid.T) []string {
			return []string{
				rapid.SampledFrom(values[names[0]]).Draw(t, "c0"), rapid.SampledFrom(values[names[1]]).Draw(t, "c1"),
				rapid.SampledFrom(values["int"]).Draw(t, "c2"), rapid.SampledFrom(values["text"]).Draw(t, "c3"),
			}
		})
		budget := limit.New("test", 0)
		fresh := func() *join.Changing {
			budget = limit.New("test", 0)
			s.config.Budget = budget
			o, err := join.NewChanging(&s.config)
			if err != nil {
				rt.Fatalf("%v", err)
			}
			return o
		}
		r := &changingRun{t: rt, op: fresh(), out: op.NewOutput(1), fold: folded{rows: map[string]int{}}}
		r.keep(rt)
		var tables [2]table
		total := int64(0)
		var log []string
		for range rapid.IntRange(1, 12).Draw(rt, "batches") {
			e := changeEvent{input: rapid.IntRange(0, 1).Draw(rt, "input"), spread: rapid.Bool().Draw(rt, "spread")}
			if r.ended[e.input] {
				continue
			}
			r.seal(rt)
			if rapid.IntRange(0, 3).Draw(rt, "restart") == 0 {
				r.restart(fresh())
			}
			if rapid.IntRange(0, 9).Draw(rt, "end") > 0 {
				e.rows, e.kinds = drawChanges(rt, row, &tables[e.input], s.config.Inputs[e.input].AppendOnly, s.unique(e.input), 12)
				if len(e.rows) == 0 {
					continue
				}
			}
			log = append(log, fmt.Sprintf("%d %v %v", e.input, e.kinds, e.rows))
			rt.Logf("%s join, keys %v, residual %v, inputs %+v: %s", s.ref.kind, s.ref.keys, s.config.Residual != nil, s.config.Inputs, log[len(log)-1])
			total += int64(len(e.rows))
			r.feed(s.ref.types[e.input], e)
			s.ref.left, s.ref.right = tables[0], tables[1]
			want := s.ref.run()
			if s.ref.kind == join.Single && len(want.rejects)+len(r.errs) > 0 {
				return // see TestSecondRows
			}
			if got := r.fold.left(); !slices.Equal(got, canonicalLines(want.rows)) {
				rt.Fatalf("%s join, keys %v, residual %v, inputs %+v:\n%s\n got %q\nwant %q", s.ref.kind, s.ref.keys, s.config.Residual != nil, s.config.Inputs,
					strings.Join(log, "\n"), got, canonicalLines(want.rows))
			}
		}
		if r.counts.In != total || r.op.Ignored() != 0 {
			rt.Fatalf("account %+v of %d rows, %d ignored", r.counts, total, r.op.Ignored())
		}
		if r.kinds && !s.config.Changes() {
			rt.Fatalf("%s join, inputs %+v: it is said that there are no changes", s.ref.kind, s.config.Inputs)
		}
	})
}
