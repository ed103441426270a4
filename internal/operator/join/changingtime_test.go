package join_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/join"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// mortal is a row that is there until it is taken back or expires.
type mortal struct {
	row     []string
	born    int64
	matches int
}

// mortalJoin is a join of rows that expire, by its definition: what a row gives when it comes stays, but for what is taken back.
type mortalJoin struct {
	ref     *reference
	ttl     [2]int64
	there   [2][]*mortal
	out     map[string]int
	ignored int64
}

func (m *mortalJoin) give(row string, n int) {
	if m.out[row] += n; m.out[row] == 0 {
		delete(m.out, row)
	}
}

func (m *mortalJoin) preserves(input int) bool {
	switch m.ref.kind {
	case join.Inner:
		return false
	case join.Full:
		return true
	case join.Right:
		return input == join.RightInput
	default:
		return input == join.LeftInput
	}
}

// alone changes what a row of a preserved input gives by itself, when its matches go from some number to another; -1 is that of a row that is not there.
func (m *mortalJoin) alone(input int, row []string, before, after int) {
	for _, side := range []struct{ matches, sign int }{{before, -1}, {after, 1}} {
		if side.matches < 0 {
			continue
		}
		has := side.matches > 0
		switch kind := m.ref.kind; {
		case kind <= join.Full && !has && input == join.LeftInput:
			m.give(line(row, nulls(m.ref.types[1])), side.sign)
		case kind <= join.Full && !has:
			m.give(line(nulls(m.ref.types[0]), row), side.sign)
		case kind == join.Semi && has, kind == join.Anti && !has:
			m.give(line(row), side.sign)
		case kind == join.Mark:
			m.give(line(row, []string{map[bool]string{true: "t", false: "f"}[has]}), side.sign)
		}
	}
}

// pair changes what a row gives beside another one by n.
func (m *mortalJoin) pair(input int, row []string, other *mortal, n int) (matches bool) {
	left, right := row, other.row
	if input == join.RightInput {
		left, right = right, left
	}
	if t := m.ref.compare(left, right); t != yes {
		return false
	}
	if m.ref.residual != nil {
		if t, _ := m.ref.residual(left, right); t != yes {
			return false
		}
	}
	if m.ref.kind <= join.Full {
		m.give(line(left, right), n)
	}
	if m.preserves(1 - input) {
		before := other.matches
		if other.matches += n; other.matches != before {
			m.alone(1-input, other.row, before, other.matches)
		}
	}
	return true
}

func (m *mortalJoin) come(input int, row []string, now int64) {
	x := &mortal{row: row, born: now}
	for _, other := range m.there[1-input] {
		if m.pair(input, row, other, 1) {
			x.matches++
		}
	}
	if m.preserves(input) {
		m.alone(input, row, -1, x.matches)
	}
	m.there[input] = append(m.there[input], x)
}

func (m *mortalJoin) leave(input int, row []string) {
	at := slices.IndexFunc(m.there[input], func(x *mortal) bool { return slices.Equal(x.row, row) })
	if at < 0 {
		m.ignored++
		return
	}
	x := m.there[input][at]
	m.there[input] = slices.Delete(slices.Clone(m.there[input]), at, at+1)
	if m.preserves(input) {
		m.alone(input, row, x.matches, -1)
	}
	for _, other := range m.there[1-input] {
		m.pair(input, row, other, -1)
	}
}

func (m *mortalJoin) expire(now int64) {
	for input, ttl := range m.ttl {
		m.there[input] = slices.DeleteFunc(slices.Clone(m.there[input]), func(x *mortal) bool { return ttl > 0 && x.born+ttl <= now })
	}
}

func (m *mortalJoin) rows() []string {
	var rows []string
	for row, n := range m.out {
		rows = append(rows, slices.Repeat([]string{row}, n)...)
	}
	slices.Sort(rows)
	return rows
}

// TestRowsExpire: a row that has expired joins nothing any more, what it gave stays, and that it is taken back is ignored.
func TestRowsExpire(t *testing.T) {
	number := schema.Of(schema.Int64)
	types := []schema.Type{number, number, number, number}
	kinds := []join.Kind{join.Inner, join.Left, join.Right, join.Full, join.Semi, join.Anti, join.Mark}
	rapid.Check(t, func(rt *rapid.T) {
		c := join.Config{Name: "j", Kind: rapid.SampledFrom(kinds).Draw(rt, "kind"), Left: types, Right: types, Keys: []join.Key{{}}, Pool: &batch.Pool{}}
		ref := &reference{kind: c.Kind, keys: c.Keys, types: [2][]schema.Type{types, types}}
		if rapid.Bool().Draw(rt, "residual") {
			res := residuals()[1]
			ref.residual = func(l, r []string) (truth, string) {
				v, code := res.eval(l, r)
				if v == unknown && c.Kind == join.Mark {
					rt.Skip("marks of what is unknown are another test's")
				}
				return v, code
			}
			c.Residual, c.Reads = program(t, types, types, res.expr)
		}
		m := &mortalJoin{ref: ref, out: map[string]int{}}
		for input := range 2 {
			m.ttl[input] = rapid.SampledFrom([]int64{0, 3, 7}).Draw(rt, "ttl")
			c.Inputs[input] = join.Input{TTL: m.ttl[input], AppendOnly: rapid.IntRange(0, 3).Draw(rt, "append only") == 0}
		}
		fresh := func() *join.Changing {
			c.Budget = limit.New("test", 0)
			o, err := join.NewChanging(&c)
			if err != nil {
				rt.Fatalf("%v", err)
			}
			return o
		}
		r := &changingRun{t: rt, op: fresh(), out: op.NewOutput(1), fold: folded{rows: map[string]int{}}}
		r.keep(rt)
		now, serial := int64(100), 0
		r.tick(now)            // as a task does before anything else
		var gone [2][][]string // every row that is there as far as its input knows
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			input := rapid.IntRange(0, 1).Draw(rt, "input")
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0:
				now += int64(rapid.IntRange(1, 5).Draw(rt, "later"))
				r.tick(now)
				m.expire(now)
			case 1:
				r.restart(fresh())
				r.tick(now)
			case 2, 3, 4:
				serial++
				value := func() string { return rapid.SampledFrom([]string{null, "1", "2"}).Draw(rt, "value") }
				row := []string{value(), fmt.Sprint(serial), rapid.SampledFrom([]string{"1", "2", "3"}).Draw(rt, "c2"), "0"}
				rt.Logf("at %d: input %d +%v", now, input, row)
				r.feed(types, changeEvent{input: input, rows: [][]string{row}, kinds: []batch.Change{batch.Insert}})
				m.come(input, row, now)
				gone[input] = append(gone[input], row)
			default:
				if len(gone[input]) == 0 || c.Inputs[input].AppendOnly {
					continue
				}
				at := rapid.IntRange(0, len(gone[input])-1).Draw(rt, "which")
				row := gone[input][at]
				gone[input] = slices.Delete(slices.Clone(gone[input]), at, at+1)
				if row[0] == null && m.ttl[input] > 0 {
					continue // it is not kept, and so it is not known when it would expire
				}
				same := 0
				for _, x := range m.there[input] {
					if x.row[0] == row[0] {
						same++
					}
				}
				known := slices.ContainsFunc(m.there[input], func(x *mortal) bool { return slices.Equal(x.row, row) })
				if c.Kind > join.Full && m.ttl[input] > 0 && (same > 1 || !known) {
					continue // others may be the same in the columns that are kept, and not as old
				}
				rt.Logf("at %d: input %d -%v", now, input, row)
				r.feed(types, changeEvent{input: input, rows: [][]string{row}, kinds: []batch.Change{batch.Delete}})
				m.leave(input, row)
			}
			r.seal(rt)
			if got, want := r.fold.left(), m.rows(); !slices.Equal(got, want) {
				rt.Fatalf("%s join, residual %v, inputs %+v\n got %q\nwant %q", c.Kind, c.Residual != nil, c.Inputs, got, want)
			}
		}
		now += 100
		r.tick(now)
		if m.ttl[0] > 0 && m.ttl[1] > 0 {
			for g := range op.KeyGroups {
				if data, err := r.op.Snapshot(op.KeyGroup(g)); data != nil || err != nil {
					rt.Fatalf("group %d has state when all has expired: %x, %v", g, data, err)
				}
			}
		}
	})
}

// TestAgesAreStored: a row that came before it was known what time it is has the age that it got then, although the row was stored before.
func TestAgesAreStored(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64)}
	c := join.Config{Name: "j", Left: types, Right: types, Keys: []join.Key{{}}, Pool: &batch.Pool{}, Inputs: [2]join.Input{{TTL: 3}, {}}}
	fresh := func() *join.Changing {
		c.Budget = limit.New("test", 0)
		o, err := join.NewChanging(&c)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	r := &changingRun{t: t, op: fresh(), out: op.NewOutput(1), fold: folded{rows: map[string]int{}}}
	r.stored = optest.Store(r.op)
	row := [][]string{{"1"}}
	r.feed(types, changeEvent{input: join.LeftInput, rows: row, kinds: []batch.Change{batch.Insert}})
	if err := errors.Join(r.stored.Seal(), r.stored.Drain(math.MaxInt64)); err != nil {
		t.Fatal(err)
	}
	at := func(micros int64) { r.tick(micros) }
	at(100)
	r.restart(fresh())
	at(102)
	at(103)
	r.feed(types, changeEvent{input: join.RightInput, rows: row, kinds: []batch.Change{batch.Insert}})
	if got := r.fold.left(); len(got) > 0 {
		t.Errorf("a row that has expired joins %q", got)
	}
	if n, err := r.stored.Len(); n != 1 || err != nil {
		t.Errorf("%d entries were stored, %v; there was one row", n, err)
	}
}

// TestRowsExpireThatHaveLeftMemory: rows that have left memory and that nobody asks for are found in the store once they have expired, and are removed from it; what is noted of them is forgotten.
func TestRowsExpireThatHaveLeftMemory(t *testing.T) {
	for _, test := range []struct {
		name string
		kind join.Kind
		ttl  [2]int64
	}{{"both", join.Full, [2]int64{1000, 1000}}, {"left", join.Inner, [2]int64{1000, 0}}, {"counted", join.Semi, [2]int64{1000, 0}}} {
		t.Run(test.name, func(t *testing.T) {
			types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Text)}
			c := join.Config{Name: "j", Kind: test.kind, Left: types, Right: types, Keys: []join.Key{{}}, Pool: &batch.Pool{}, Budget: limit.New("test", 0)}
			c.Inputs = [2]join.Input{{TTL: test.ttl[0]}, {TTL: test.ttl[1]}}
			j, err := join.NewChanging(&c)
			if err != nil {
				t.Fatal(err)
			}
			r := &changingRun{t: t, op: j, out: op.NewOutput(1), fold: folded{rows: map[string]int{}}}
			r.stored = optest.Store(j)
			const keys = 20_000
			for now := int64(1); now <= 20*1000; now += 50 {
				r.tick(now)
				if now <= 15*1000 {
					var rows [][]string
					kinds := make([]batch.Change, keys/20/15)
					for range kinds {
						rows = append(rows, []string{fmt.Sprint(now*1000 + int64(len(rows))), "x"})
					}
					r.feed(types, changeEvent{input: join.LeftInput, rows: rows, kinds: kinds})
				}
				err := errors.Join(r.stored.Seal(), r.stored.Drain(math.MaxInt64))
				if err == nil {
					err = r.stored.Evict(1, true)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := errors.Join(r.stored.Seal(), r.stored.Drain(math.MaxInt64)); err != nil {
				t.Fatal(err)
			}
			if n, err := r.stored.Len(); n > 0 || err != nil {
				t.Errorf("%d entries are stored when all have expired: %v", n, err)
			}
			for _, table := range j.Tables() {
				if test.kind != join.Semi && !table.Resident() {
					t.Error("something is away when all has expired")
				}
			}
			if used := c.Budget.Used(); test.kind != join.Semi && used > 128<<10 {
				t.Errorf("%d bytes are in use when all has expired", used)
			}
		})
	}
}

// TestManyRowsOfAKeyExpireAsTheyComeBack: rows of one key that come back, more than are put in at once, of which the first have expired.
func TestManyRowsOfAKeyExpireAsTheyComeBack(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Text)}
	for _, kind := range []join.Kind{join.Semi, join.Anti, join.Inner} {
		t.Run(kind.String(), func(t *testing.T) {
			c := join.Config{Name: "j", Kind: kind, Left: types, Right: types, Keys: []join.Key{{}}, Pool: &batch.Pool{}, Budget: limit.New("test", 0)}
			c.Inputs = [2]join.Input{{TTL: 1000}, {}}
			j, err := join.NewChanging(&c)
			if err != nil {
				t.Fatal(err)
			}
			r := &changingRun{t: t, op: j, out: op.NewOutput(1), fold: folded{rows: map[string]int{}}}
			r.stored = optest.Store(j)
			feed := func(input int, key string, n int) {
				rows := make([][]string, n)
				for i := range rows {
					rows[i] = []string{key, "x"}
				}
				r.feed(types, changeEvent{input: input, rows: rows, kinds: make([]batch.Change, n)})
			}
			const young = 10
			r.tick(1)
			feed(join.LeftInput, "1", batch.MaxRows)
			feed(join.LeftInput, "2", 1)
			r.tick(900)
			feed(join.LeftInput, "1", young)
			if err := errors.Join(r.stored.Seal(), r.stored.Drain(math.MaxInt64), r.stored.Evict(2*batch.MaxRows, true)); err != nil {
				t.Fatal(err)
			}
			before := len(r.fold.left())
			r.tick(1100)
			feed(join.RightInput, "1", 1)
			want := young // more rows, or less: what has expired stays as it is
			if kind == join.Anti {
				want = -young
			}
			if got := len(r.fold.left()) - before; got != want {
				t.Errorf("there are %d rows more, not %d", got, want)
			}
		})
	}
}
