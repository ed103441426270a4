package setop_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/setop"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// folding is a set operation with changes out, and what those come to.
type folding struct {
	op     *setop.SetOp
	folded map[string]int
	counts op.Counts
}

func (f *folding) drain(t rapid.TB, event func(out *op.Output) (bool, error)) {
	out := op.NewOutput(1)
	for more := true; more; {
		out.Reset()
		var err error
		if more, err = event(out); err != nil {
			t.Fatal(err)
		}
		f.counts.Add(out.Counts)
		b := out.Ports[0]
		if b == nil {
			continue
		}
		plain := *b
		plain.Kinds = nil
		for i, row := range sdktest.Rows(&plain) {
			if op.Adds(b.Kinds[i]) {
				f.folded[row]++
			} else if f.folded[row]--; f.folded[row] < 0 {
				t.Fatalf("%s is taken back and was not there", row)
			}
		}
	}
}

func (f *folding) rows() []string {
	rows := []string{}
	for row, n := range f.folded {
		rows = append(rows, slices.Repeat([]string{row}, n)...)
	}
	slices.Sort(rows)
	return rows
}

// TestChanges: changelogs in, of which some rows are taken back that never came, and a changelog out that folds to the answer over what is left.
func TestChanges(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64)}
	rapid.Check(t, func(r *rapid.T) {
		c := setop.Config{Name: "s", Kind: setop.Kind(rapid.IntRange(0, 1).Draw(r, "kind")), All: rapid.Bool().Draw(r, "all"), Changes: true, Types: types}
		fresh := func() *setop.SetOp {
			c.Pool, c.Budget = &batch.Pool{}, limit.New("test", 0)
			return setop.New(&c)
		}
		f := &folding{op: fresh(), folded: map[string]int{}}
		live := [2][]int{}
		fed := 0
		for range rapid.IntRange(0, 30).Draw(r, "batches") {
			input := rapid.IntRange(0, 1).Draw(r, "input")
			var rows [][]any
			var kinds []batch.Change
			for range rapid.IntRange(0, 4).Draw(r, "rows") {
				v := rapid.IntRange(0, 3).Draw(r, "v")
				kind := batch.Insert
				at := slices.Index(live[input], v)
				if rapid.Bool().Draw(r, "take back") {
					kind = batch.Delete
					if at >= 0 {
						live[input] = slices.Delete(live[input], at, at+1)
					}
				} else {
					live[input] = append(live[input], v)
				}
				rows, kinds = append(rows, []any{v}), append(kinds, kind)
			}
			in := optest.Make(types, rows...)
			in.Kinds = kinds
			fed += in.Len
			f.drain(r, func(out *op.Output) (bool, error) { return f.op.ApplyInput(input, in, out) })
			if rapid.Bool().Draw(r, "flush") {
				f.drain(r, f.op.OnFlush)
			}
			if rapid.IntRange(0, 4).Draw(r, "move") == 0 {
				f.drain(r, f.op.OnFlush)
				next := fresh()
				for g := range op.KeyGroups {
					data, err := f.op.Snapshot(op.KeyGroup(g))
					if err != nil {
						r.Fatal(err)
					}
					if data != nil {
						if err := next.Restore(op.KeyGroup(g), data); err != nil {
							r.Fatal(err)
						}
					}
				}
				f.op = next
			}
		}
		for input := range live {
			f.drain(r, func(out *op.Output) (bool, error) { return f.op.OnInputEnd(input, out) })
		}
		inputs := make([]*batch.Batch, 2)
		for i, values := range live {
			var rows [][]any
			for _, v := range values {
				rows = append(rows, []any{v})
			}
			inputs[i] = optest.Make(types, rows...)
		}
		wanted := append([]string{}, want(c.Kind, c.All)(inputs)[0]...)
		slices.Sort(wanted)
		if diff := sdktest.Diff(wanted, f.rows()); diff != "" {
			r.Error(diff)
		}
		if f.counts.In != int64(fed) || !f.counts.Balanced() {
			r.Errorf("%d rows went in, but the account is %+v", fed, f.counts)
		}
	})
}

// TestWhatIsNotKnownIsNotTakenBack: what is taken back and was never there changes nothing, then or later.
func TestWhatIsNotKnownIsNotTakenBack(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64)}
	for _, c := range []setop.Config{{Kind: setop.Except}, {Kind: setop.Intersect}, {Kind: setop.Except, All: true}, {Kind: setop.Intersect, All: true}} {
		c.Name, c.Changes, c.Types, c.Pool, c.Budget = "s", true, types, &batch.Pool{}, limit.New("test", 0)
		f := &folding{op: setop.New(&c), folded: map[string]int{}}
		for _, change := range []struct {
			input int
			kind  batch.Change
			left  bool // 1 is on the left then
		}{{0, batch.Delete, false}, {1, batch.Delete, false}, {0, batch.Insert, true}, {0, batch.Delete, false}, {0, batch.Delete, false}, {0, batch.Insert, true}} {
			in := optest.Make(types, []any{1})
			in.Kinds = []batch.Change{change.kind}
			f.drain(t, func(out *op.Output) (bool, error) { return f.op.ApplyInput(change.input, in, out) })
			f.drain(t, f.op.OnFlush)
			if there := f.folded["1"] == 1; there != (change.left && c.Kind == setop.Except) {
				t.Fatalf("kind %v, all %t: after %v of input %d there is %v", c.Kind, c.All, change.kind, change.input, f.rows())
			}
		}
		if f.counts.Filtered != 3 || !f.counts.Balanced() {
			t.Errorf("kind %v, all %t: the account is %+v", c.Kind, c.All, f.counts)
		}
	}
}

// TestRowsTakeThePlacesOfRowsThatLeft: rows leave memory in between, others take their places there, and they come back, change and leave again; the changelog folds to the answer.
func TestRowsTakeThePlacesOfRowsThatLeft(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64)}
	for _, c := range []setop.Config{{Kind: setop.Except}, {Kind: setop.Except, All: true}, {Kind: setop.Intersect}, {Kind: setop.Intersect, All: true}} {
		c.Name, c.Changes, c.Types, c.Pool, c.Budget = "s", true, types, &batch.Pool{}, limit.New("test", 0)
		f := &folding{op: setop.New(&c), folded: map[string]int{}}
		stored := optest.Store(f.op)
		loaded := func(input int, in *batch.Batch, event func(out *op.Output) (bool, error)) {
			f.drain(t, func(out *op.Output) (bool, error) {
				if err := stored.Load(input, in); err != nil {
					return false, err
				}
				return event(out)
			})
		}
		all := [2][][]any{}
		feed := func(input int, v int) {
			all[input] = append(all[input], []any{v})
			in := optest.Make(types, []any{v})
			loaded(input, in, func(out *op.Output) (bool, error) { return f.op.ApplyInput(input, in, out) })
			loaded(0, nil, f.op.OnFlush)
			if err := errors.Join(stored.Seal(), stored.Evict(1, false)); err != nil {
				t.Fatal(err)
			}
		}
		const rows = 64
		for v := range 2 * rows { // of the left alone, and of both
			feed(v%2, v/4*4+v%4/2+v/2%2)
		}
		for v := range rows { // both again, in another order
			feed(v/3%2, v*7%(2*rows))
		}
		wanted := append([]string{}, want(c.Kind, c.All)([]*batch.Batch{optest.Make(types, all[0]...), optest.Make(types, all[1]...)})[0]...)
		slices.Sort(wanted)
		if diff := sdktest.Diff(wanted, f.rows()); diff != "" || len(wanted) == 0 {
			t.Errorf("kind %v, all %t: %s", c.Kind, c.All, diff)
		}
	}
}

// TestManyChanges: more rows than a batch holds change at once, and the operator flushes by itself in time.
func TestManyChanges(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64)}
	s := setop.New(&setop.Config{Name: "s", Kind: setop.Except, All: true, Changes: true, Types: types, Pool: &batch.Pool{}, Budget: limit.New("test", 0)})
	total, flushedAlone := 0, false
	out := op.NewOutput(1)
	for k := range 12 {
		rows := make([][]any, batch.MaxRows)
		for i := range rows {
			rows[i] = []any{k*batch.MaxRows + i}
		}
		in := optest.Make(types, rows...)
		for more := true; more; {
			out.Reset()
			var err error
			if more, err = s.ApplyInput(0, in, out); err != nil {
				t.Fatal(err)
			}
			if b := out.Ports[0]; b != nil {
				flushedAlone = true
				total += b.Rows()
			}
		}
	}
	for more := true; more; {
		out.Reset()
		var err error
		if more, err = s.OnFlush(out); err != nil {
			t.Fatal(err)
		}
		if b := out.Ports[0]; b != nil {
			total += b.Rows()
		}
	}
	if total != 12*batch.MaxRows || !flushedAlone {
		t.Errorf("%d rows came out, before the flush: %t", total, flushedAlone)
	}
	if _, err := setop.New(&setop.Config{Name: "s", Types: types, Pool: &batch.Pool{}, Budget: limit.New("test", 0)}).ApplyInput(0, &batch.Batch{
		Cols: optest.Make(types, []any{1}).Cols, Len: 1, Kinds: []batch.Change{batch.Delete},
	}, out); err == nil {
		t.Error(fmt.Sprint("an operator that answers once takes changes: ", out.Counts))
	}
}
