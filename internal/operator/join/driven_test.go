package join_test

import (
	"bytes"
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
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
	"wire.example/wire/sdk/sqlstate"
)

// driven is a join as optest drives it.
func driven(c join.Config, create func(*join.Config) (op.Operator, error)) optest.Operator {
	return optest.Operator{
		New: func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
			c.Pool, c.Budget = pool, budget
			return create(&c)
		},
		Inputs: []optest.Input{{Keys: c.HashColumns(join.LeftInput)}, {Keys: c.HashColumns(join.RightInput)}},
	}
}

// newHash takes few rows at once, so that what leaves memory comes back in several pieces.
func newHash(c *join.Config) (op.Operator, error) {
	h, err := join.NewHash(c)
	if err == nil {
		h.TakePieces(3, 4)
	}
	return h, err
}

// drawPair draws two inputs with columns of types whose rows come from a few, so that many are equal in the first column.
func drawPair(types []schema.Type) optest.Draw {
	return func(t *rapid.T, pool *batch.Pool) []*batch.Batch {
		s := &schema.Schema{}
		for i, typ := range types {
			s.Fields = append(s.Fields, schema.Field{Name: fmt.Sprint("c", i), Type: typ})
		}
		few := sdktest.Values{}.DrawBatch(t, pool, s, 6)
		inputs := make([]*batch.Batch, 2)
		for i := range inputs {
			picks := rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, few.Len-1), len(types), len(types)), 0, 30).Draw(t, "rows")
			inputs[i] = &batch.Batch{Len: len(picks)}
			for k, typ := range types {
				c := batch.NewColumn(pool, typ)
				c.Reset(len(picks))
				for row, pick := range picks {
					c.CopyRow(row, few.Cols[k], pick[k])
				}
				inputs[i].Cols = append(inputs[i].Cols, c)
			}
		}
		return inputs
	}
}

// wantJoin joins by comparing each pair of rows in the first column.
func wantJoin(kind join.Kind, nullSafe bool, types []schema.Type) func(inputs []*batch.Batch) [][]string {
	order := keyed.NewOrder(types, []keyed.Key{{}})
	return func(inputs []*batch.Batch) [][]string {
		left, right := inputs[0], inputs[1]
		leftRows, rightRows := sdktest.Rows(left), sdktest.Rows(right)
		var rows []string
		nulls := func(n int) (s string) {
			for range n {
				s += "NULL, "
			}
			return s[:len(s)-2]
		}
		matchedRight := make([]bool, right.Len)
		for i := range left.Len {
			matched := false
			for j := range right.Len {
				if order.Compare(left.Cols, i, right.Cols, j) != 0 || left.Cols[0].IsNull(i) && !nullSafe {
					continue
				}
				matched, matchedRight[j] = true, true
				if kind <= join.Full {
					rows = append(rows, leftRows[i]+", "+rightRows[j])
				}
			}
			switch {
			case !matched && (kind == join.Left || kind == join.Full):
				rows = append(rows, leftRows[i]+", "+nulls(len(types)))
			case matched && kind == join.Semi, !matched && kind == join.Anti:
				rows = append(rows, leftRows[i])
			}
		}
		for j, matched := range matchedRight {
			if !matched && (kind == join.Right || kind == join.Full) {
				rows = append(rows, nulls(len(types))+", "+rightRows[j])
			}
		}
		return [][]string{rows}
	}
}

// TestHashDriven drives joins of every kind in every way.
func TestHashDriven(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Text), schema.Of(schema.Int64)}
	for _, kind := range []join.Kind{join.Inner, join.Left, join.Right, join.Full, join.Semi, join.Anti} {
		for build := range 2 {
			for _, match := range []join.Match{join.Equal, join.NotDistinct} {
				t.Run(fmt.Sprint(kind, build, match), func(t *testing.T) {
					c := join.Config{Name: "j", Kind: kind, Build: build, Left: types, Right: types, Keys: []join.Key{{Match: match}}}
					optest.Check(t, driven(c, newHash), drawPair(types), wantJoin(kind, match == join.NotDistinct, types))
				})
			}
		}
	}
}

// TestHashDrivenNullAware: NOT IN and marks need, of a key group, more than the rows of their key.
func TestHashDrivenNullAware(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Int64)}
	for build := range 2 {
		for _, keys := range [][]join.Key{{{Match: join.In}}, {{Match: join.In}, {Left: 1, Right: 1}}, {{Match: join.In}, {Left: 1, Right: 1, Match: join.In}}, nil} {
			c := join.Config{Name: "j", Kind: join.Mark, Build: build, Left: types, Right: types, Keys: keys}
			optest.Check(t, driven(c, newHash), drawPair(types), nil)
			c.Kind, c.NullAware = join.Anti, true
			optest.Check(t, driven(c, newHash), drawPair(types), nil)
		}
	}
}

// TestHashOfEveryType joins by keys of every type.
func TestHashOfEveryType(t *testing.T) {
	for _, typ := range sdktest.Types() {
		t.Run(typ.String(), func(t *testing.T) {
			types := []schema.Type{typ, schema.Of(schema.Int64)}
			c := join.Config{Name: "j", Kind: join.Full, Left: types, Right: types, Keys: []join.Key{{Match: join.NotDistinct}}}
			optest.Check(t, driven(c, newHash), drawPair(types), wantJoin(join.Full, true, types))
		})
	}
}

// TestHashStarves: without memory it says so.
func TestHashStarves(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Text), schema.Of(schema.Int64)}
	rows := make([][]any, 3000)
	for i := range rows {
		rows[i] = []any{fmt.Sprintf("a key that is not inline: %d", i/2), i}
	}
	many := optest.Make(types, rows...)
	for _, keys := range [][]join.Key{{{Match: join.Equal}}, {{Match: join.In}, {Left: 1, Right: 1}}, nil} {
		c := join.Config{Name: "orders", Kind: join.Mark, Left: types, Right: types, Keys: keys}
		optest.Starve(t, driven(c, newHash), "mark join orders", many, optest.Make(types, []any{"a", 1}))
	}
}

// TestHashDrivenEndless: rows that an input without end is looked up in leave memory with all rows of their key, and come back so.
func TestHashDrivenEndless(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Text), schema.Of(schema.Int64)}
	check := func(c join.Config, want func([]*batch.Batch) [][]string) {
		t.Run(fmt.Sprint(c.Kind, c.Build, c.Keys, c.Residual != nil), func(t *testing.T) {
			c.Name, c.Endless, c.Left, c.Right = "j", true, types, types
			o := driven(c, newHash)
			if c.Kind == join.Single { // rows that waited are rejected as such
				o.Inputs[1-c.Build].Follows = []int{c.Build}
			}
			optest.Check(t, o, drawPair(types), want)
		})
	}
	for _, match := range []join.Match{join.Equal, join.NotDistinct} {
		for _, kind := range []join.Kind{join.Inner, join.Left, join.Semi, join.Anti} {
			check(join.Config{Kind: kind, Build: join.RightInput, Keys: []join.Key{{Match: match}}}, wantJoin(kind, match == join.NotDistinct, types))
		}
		for _, kind := range []join.Kind{join.Inner, join.Right} {
			check(join.Config{Kind: kind, Build: join.LeftInput, Keys: []join.Key{{Match: match}}}, wantJoin(kind, match == join.NotDistinct, types))
		}
	}
	c := join.Config{Build: join.RightInput, Keys: []join.Key{{}}}
	c.Residual, c.Reads = program(t, types, types, "l1 < r1")
	for _, c.Kind = range []join.Kind{join.Inner, join.Left, join.Semi, join.Anti, join.Mark, join.Single} {
		check(c, nil)
	}
}

// TestFoundRowsOfPieces: rows that were stored to be read in pieces, when the other input had an end, are not looked for by the hashes of their keys.
func TestFoundRowsOfPieces(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Text), schema.Of(schema.Int64)}
	c := join.Config{Name: "j", Left: types, Right: types, Build: join.RightInput, Keys: []join.Key{{}}, Pool: &batch.Pool{}, Budget: limit.New("test", 0)}
	fresh := func(endless bool) *join.Hash {
		c.Endless = endless
		h, err := join.NewHash(&c)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	bounded := fresh(false)
	r := newRun(t, bounded)
	r.stored = optest.Store(bounded)
	rows := [][]string{{"a", "1"}, {"b", "2"}, {"a", "3"}}
	if err := r.feed(types, event{input: join.RightInput, rows: rows}); err != nil {
		t.Fatal(err)
	}
	endless := fresh(true)
	stored, err := r.stored.Move(endless)
	if err != nil {
		t.Fatal(err)
	}
	if err := stored.Evict(100, false); err != nil {
		t.Fatal(err)
	}
	if err := stored.Evict(100, true); err != nil {
		t.Fatal(err)
	}
	r = newRun(t, endless)
	for _, e := range []event{{input: join.RightInput}, {input: join.LeftInput, rows: [][]string{{"a", "9"}}}} {
		if err := r.feed(types, e); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"a 9 a 1", "a 9 a 3"}; !slices.Equal(r.rows, want) {
		t.Errorf("got %q, want %q", r.rows, want)
	}
	part, memory, changes, all := endless.Kept()[1].(keyed.Evictable), store.NewMemory(), &store.Changes{}, &keyed.Entries{}
	again := fresh(true)
	kept := again.Kept()[1]
	kept.Keep(keyed.Home{To: math.MaxUint64})
	if err := newRun(t, again).feed(types, event{input: join.RightInput, rows: rows[:1]}); err != nil {
		t.Fatal(err)
	}
	kept.Seal()
	if _, err := kept.Drain(changes, math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	if err := memory.Apply(t.Context(), []*store.Changes{changes}); err != nil {
		t.Fatal(err)
	}
	err = memory.Reader().Scan(store.Space{}, 0, math.MaxUint64, func(slice int64, hash uint64, key, value []byte) error {
		all.Slices, all.Hashes = append(all.Slices, slice), append(all.Hashes, hash^1)
		all.Keys, all.Values = append(all.Keys, bytes.Clone(key)), append(all.Values, bytes.Clone(value))
		return part.Pass(all)
	})
	if e := (*sqlstate.Error)(nil); !errors.As(err, &e) || e.Code != sqlstate.OutOfMemory {
		t.Errorf("a row with another hash passes: %v", err)
	}
	all.Hashes[0] ^= 1
	if err := part.Pass(all); err != nil {
		t.Error(err)
	}
}
