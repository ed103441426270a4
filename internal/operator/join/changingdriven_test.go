package join_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/join"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

func newChanging(c *join.Config) (op.Operator, error) { return join.NewChanging(c) }

// drawChangedPair draws two inputs whose rows come, go and are replaced.
func drawChangedPair(types []schema.Type, appendOnly [2]bool) optest.Draw {
	return func(t *rapid.T, pool *batch.Pool) []*batch.Batch {
		inputs := drawPair(types)(t, pool)
		for i, b := range inputs {
			if appendOnly[i] {
				continue
			}
			var rows []uint16
			var kinds []batch.Change
			var live []uint16
			for row := range b.Len {
				fresh := uint16(row)
				what := rapid.IntRange(0, 3).Draw(t, "what")
				if len(live) == 0 || what < 2 {
					rows, kinds, live = append(rows, fresh), append(kinds, batch.Insert), append(live, fresh)
					continue
				}
				at := rapid.IntRange(0, len(live)-1).Draw(t, "which")
				old := live[at]
				live = append(live[:at:at], live[at+1:]...)
				if what == 2 {
					rows, kinds = append(rows, old), append(kinds, batch.Delete)
					continue
				}
				live = append(live, fresh)
				rows, kinds = append(rows, old, fresh), append(kinds, batch.UpdateBefore, batch.UpdateAfter)
			}
			inputs[i] = pickRows(pool, b, rows)
			inputs[i].Kinds = kinds
		}
		return inputs
	}
}

func pickRows(pool *batch.Pool, b *batch.Batch, rows []uint16) *batch.Batch {
	picked := &batch.Batch{Len: len(rows)}
	for _, from := range b.Cols {
		c := batch.NewColumn(pool, from.Type())
		c.Gather(from, rows)
		picked.Cols = append(picked.Cols, c)
	}
	return picked
}

// leftOver is the rows that the changes of b have left.
func leftOver(b *batch.Batch) *batch.Batch {
	if b.Kinds == nil {
		return b
	}
	plain := *b
	plain.Kinds = nil
	there := map[string][]uint16{}
	for row, text := range sdktest.Rows(&plain) {
		if rows := there[text]; op.Adds(b.Kinds[row]) {
			there[text] = append(rows, uint16(row))
		} else {
			there[text] = rows[:len(rows)-1]
		}
	}
	var rows []uint16
	for row := range b.Len {
		for _, some := range there {
			for _, r := range some {
				if int(r) == row {
					rows = append(rows, r)
				}
			}
		}
	}
	return pickRows(&batch.Pool{}, b, rows)
}

// TestChangingDriven drives joins of every kind in every way.
func TestChangingDriven(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Text), schema.Of(schema.Int64)}
	for _, kind := range []join.Kind{join.Inner, join.Left, join.Right, join.Full, join.Semi, join.Anti} {
		for _, appendOnly := range [][2]bool{{false, false}, {true, false}, {true, true}} {
			for _, match := range []join.Match{join.Equal, join.NotDistinct} {
				t.Run(fmt.Sprint(kind, appendOnly, match), func(t *testing.T) {
					c := join.Config{Name: "j", Kind: kind, Left: types, Right: types, Keys: []join.Key{{Match: match}}}
					for i := range c.Inputs {
						c.Inputs[i].AppendOnly = appendOnly[i]
					}
					o := driven(c, newChanging)
					o.Changes = true
					want := wantJoin(kind, match == join.NotDistinct, types)
					optest.Check(t, o, drawChangedPair(types, appendOnly), func(inputs []*batch.Batch) [][]string {
						return want([]*batch.Batch{leftOver(inputs[0]), leftOver(inputs[1])})
					})
				})
			}
		}
	}
}

// TestChangingDrivenNullAware: NOT IN and marks need, of a key group, more than the rows of their key.
func TestChangingDrivenNullAware(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Int64)}
	for _, keys := range [][]join.Key{{{Match: join.In}}, {{Match: join.In}, {Left: 1, Right: 1}}, {{Match: join.In}, {Left: 1, Right: 1, Match: join.In}}, nil} {
		c := join.Config{Name: "j", Kind: join.Mark, Left: types, Right: types, Keys: keys}
		o := driven(c, newChanging)
		o.Changes = true
		optest.Check(t, o, drawChangedPair(types, [2]bool{}), nil)
		c.Kind, c.NullAware = join.Anti, true
		o = driven(c, newChanging)
		o.Changes = true
		optest.Check(t, o, drawChangedPair(types, [2]bool{}), nil)
	}
}

// TestChangingOfEveryType joins by keys of every type.
func TestChangingOfEveryType(t *testing.T) {
	for _, typ := range sdktest.Types() {
		t.Run(typ.String(), func(t *testing.T) {
			types := []schema.Type{typ, schema.Of(schema.Int64)}
			c := join.Config{Name: "j", Kind: join.Full, Left: types, Right: types, Keys: []join.Key{{Match: join.NotDistinct}}}
			c.Inputs[0].AppendOnly, c.Inputs[1].AppendOnly = true, true
			o := driven(c, newChanging)
			o.Changes = true
			optest.Check(t, o, drawPair(types), wantJoin(join.Full, true, types))
		})
	}
}

// TestChangingStarves: without memory it says so.
func TestChangingStarves(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Text), schema.Of(schema.Int64)}
	rows := make([][]any, 3000)
	for i := range rows {
		rows[i] = []any{fmt.Sprintf("a key that is not inline: %d", i/100), i}
	}
	many := optest.Make(types, rows...)
	for _, keys := range [][]join.Key{{{Match: join.Equal}}, {{Match: join.In}, {Left: 1, Right: 1}}, nil} {
		for _, kind := range []join.Kind{join.Mark, join.Left} {
			c := join.Config{Name: "orders", Kind: kind, Left: types, Right: types, Keys: keys}
			if kind == join.Left {
				if len(keys) != 1 {
					continue
				}
				c.Inputs[join.RightInput].TTL, c.Inputs[join.LeftInput].TTL = 1, 1
			}
			optest.Starve(t, driven(c, newChanging), kind.String()+" join orders", many, optest.Make(types, []any{"a", 1}))
		}
	}
}

// TestChangingDrivenConditions: rows count their matches where there is a condition beside the keys, and so do those of keys with many rows, which are found by their images.
func TestChangingDrivenConditions(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Int64)}
	for _, kind := range []join.Kind{join.Inner, join.Left, join.Full, join.Semi, join.Anti, join.Mark} {
		t.Run(kind.String(), func(t *testing.T) {
			c := join.Config{Name: "j", Kind: kind, Left: types, Right: types, Keys: []join.Key{{}}}
			c.Residual, c.Reads = program(t, types, types, "l1 < r1")
			o := driven(c, newChanging)
			o.Changes = true
			optest.Check(t, o, drawChangedPair(types, [2]bool{}), nil)
		})
	}
}

// drawManyKeys draws two inputs of 60 rows each, with some 40 keys.
func drawManyKeys(t *rapid.T, pool *batch.Pool) []*batch.Batch {
	inputs := make([]*batch.Batch, 2)
	for i := range inputs {
		key, number := batch.NewColumn(pool, schema.Of(schema.Int64)), batch.NewColumn(pool, schema.Of(schema.Int64))
		keys := rapid.SliceOfN(rapid.Int64Range(0, 60), 60, 60).Draw(t, "keys")
		key.Reset(len(keys))
		number.Reset(len(keys))
		copy(key.Int64s(), keys)
		for row := range keys {
			number.Int64s()[row] = int64(row)
		}
		inputs[i] = &batch.Batch{Cols: []*batch.Column{key, number}, Len: len(keys)}
	}
	return inputs
}

// TestRestoredInPart: of many keys some are restored and others stay in the store, with the rows of either input or without.
func TestRestoredInPart(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Int64)}
	for _, kind := range []join.Kind{join.Inner, join.Left, join.Semi, join.Anti} {
		for _, appendOnly := range []bool{false, true} {
			t.Run(fmt.Sprint(kind, appendOnly), func(t *testing.T) {
				c := join.Config{Name: "j", Kind: kind, Build: join.RightInput, Left: types, Right: types, Keys: []join.Key{{}}}
				want := wantJoin(kind, false, types)
				c.Inputs[0].AppendOnly, c.Inputs[1].AppendOnly = appendOnly, appendOnly
				o := driven(c, newChanging)
				o.Changes = true
				optest.Check(t, o, drawManyKeys, want)
				if appendOnly {
					c.Endless = true
					optest.Check(t, driven(c, newHash), drawManyKeys, want)
				}
			})
		}
	}
}

// TestChangingAdvises: where rows cannot leave memory it is said what else can be asked for.
func TestChangingAdvises(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Int64)}
	for want, keys := range map[string][]join.Key{"": {{Match: join.Equal}}, "NOT EXISTS": {{Match: join.In}, {Left: 1, Right: 1}}, "compares no column": nil} {
		j, err := join.NewChanging(&join.Config{Name: "orders", Kind: join.Mark, Left: types, Right: types, Keys: keys, Pool: &batch.Pool{}, Budget: limit.New("test", 0)})
		if err != nil {
			t.Fatal(err)
		}
		if advice := j.Advice(); !strings.Contains(advice, want) || (advice == "") != (want == "") {
			t.Errorf("%v: %q", keys, advice)
		}
	}
}
