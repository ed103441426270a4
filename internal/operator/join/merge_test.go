package join_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/join"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

func newMerge(c *join.Config) (op.Operator, error) { return join.NewMerge(c) }

// sortRows puts rows in the order that a merge join wants.
func sortRows(t fataler, c *join.Config, input int, types []schema.Type, rows [][]string) {
	var keys []keyed.Key
	for i, k := range c.Keys {
		column := []int{k.Left, k.Right}[input]
		keys = append(keys, keyed.Key{Column: column, Desc: c.Order[i].Desc, NullsFirst: c.Order[i].NullsFirst})
	}
	order := keyed.NewOrder(types, keys)
	b := makeBatch(t, types, rows, false)
	numbers := make([]int, len(rows))
	for i := range numbers {
		numbers[i] = i
	}
	slices.SortStableFunc(numbers, func(i, j int) int { return order.Compare(b.Cols, i, b.Cols, j) })
	old := slices.Clone(rows)
	for i, n := range numbers {
		rows[i] = old[n]
	}
}

// TestMergeJoinsAreWhatTheirDefinitionSays, for every kind and order of the keys.
func TestMergeJoinsAreWhatTheirDefinitionSays(t *testing.T) {
	often(t, func(rt *rapid.T) {
		s := drawScenario(rt, t)
		if len(s.config.Keys) == 0 {
			s.config.Keys = []join.Key{{}}
		}
		for i := range s.config.Keys {
			if s.config.Keys[i].Match == join.In {
				s.config.Keys[i].Match = join.Equal
			}
			s.config.Order = append(s.config.Order, join.Direction{Desc: rapid.Bool().Draw(rt, "desc"), NullsFirst: rapid.Bool().Draw(rt, "nulls first")})
		}
		s.ref.keys = s.config.Keys
		sortRows(rt, &s.config, 0, s.ref.types[0], s.ref.left)
		sortRows(rt, &s.config, 1, s.ref.types[1], s.ref.right)
		s.events = drawEvents(rt, s.ref.left, s.ref.right)
		var budget *limit.Budget
		fresh := func() op.Multi {
			budget = limit.New("test", 0)
			s.config.Budget = budget
			m, err := join.NewMerge(&s.config)
			if err != nil {
				rt.Fatalf("%v", err)
			}
			return m
		}
		got, want := s.play(rt, false, fresh), s.ref.run()
		if !slices.Equal(got.answer().rows, want.rows) || !slices.Equal(got.answer().rejects, want.rejects) {
			rt.Fatalf("%s join, build %d, keys %v\n got %q\nwant %q\n got rejects %v\nwant rejects %v", s.ref.kind, s.ref.build, s.ref.keys,
				got.answer().rows, want.rows, got.answer().rejects, want.rejects)
		}
		if in := int64(len(s.ref.left) + len(s.ref.right)); got.counts.In != in || got.counts.Held != 0 {
			rt.Fatalf("account %+v of %d rows", got.counts, in)
		}
		if used := budget.Used(); used != 0 {
			rt.Fatalf("%d bytes are still reserved", used)
		}
		again := s.play(rt, true, fresh)
		if !slices.Equal(again.rows, got.rows) || again.counts != got.counts {
			rt.Fatalf("%s join, build %d, keys %v: with restarts\n%q\nwithout\n%q", s.ref.kind, s.ref.build, s.ref.keys, again.rows, got.rows)
		}
		if used := budget.Used(); used != 0 {
			rt.Fatalf("%d bytes are still reserved after restarts", used)
		}
	})
}

// drawOrdered draws two inputs in the order of their first columns.
func drawOrdered(types []schema.Type) optest.Draw {
	order := keyed.NewOrder(types, []keyed.Key{{}})
	return func(t *rapid.T, pool *batch.Pool) []*batch.Batch {
		inputs := drawPair(types)(t, pool)
		for i, b := range inputs {
			rows := make([]uint16, b.Len)
			for k := range rows {
				rows[k] = uint16(k)
			}
			slices.SortStableFunc(rows, func(x, y uint16) int { return order.Compare(b.Cols, int(x), b.Cols, int(y)) })
			sorted := &batch.Batch{Len: b.Len}
			for _, c := range b.Cols {
				own := batch.NewColumn(pool, c.Type())
				own.Reset(0)
				own.Append(c, rows)
				sorted.Cols = append(sorted.Cols, own)
			}
			inputs[i] = sorted
		}
		return inputs
	}
}

// TestMergeDriven drives it in every way.
func TestMergeDriven(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Text), schema.Of(schema.Int64)}
	for _, kind := range []join.Kind{join.Inner, join.Left, join.Right, join.Full, join.Semi, join.Anti} {
		for build := range 2 {
			c := join.Config{Name: "j", Kind: kind, Build: build, Left: types, Right: types, Keys: []join.Key{{}}}
			optest.Check(t, driven(c, newMerge), drawOrdered(types), wantJoin(kind, false, types))
		}
	}
}

// TestMergeKeepsLittle: where both inputs go on together, it keeps a few batches of either, however long they are.
func TestMergeKeepsLittle(t *testing.T) {
	number := schema.Of(schema.Int64)
	types := []schema.Type{number, number, number, number}
	for kind := join.Inner; kind <= join.Single; kind++ {
		for build := range 2 {
			c := join.Config{Kind: kind, Build: build, Left: types, Right: types, Keys: []join.Key{{}}, Pool: &batch.Pool{}, Budget: limit.New("test", 0)}
			m, err := join.NewMerge(&c)
			if err != nil {
				t.Fatal(err)
			}
			out := op.NewOutput(1)
			var counts op.Counts
			apply := func(call func() (bool, error)) {
				for more := true; more; {
					out.Reset()
					if more, err = call(); err != nil {
						t.Fatal(err)
					}
					counts.Add(out.Counts)
				}
			}
			const batches = 60
			for i := range batches {
				for input := range 2 {
					b := &batch.Batch{Len: batch.MaxRows}
					for range types {
						c := batch.NewColumn(&batch.Pool{}, number)
						c.Reset(b.Len)
						for row := range b.Len {
							c.Int64s()[row] = int64(2*(i*b.Len+row) + input*(row%2))
						}
						b.Cols = append(b.Cols, c)
					}
					apply(func() (bool, error) { return m.ApplyInput(input, b, out) })
				}
			}
			for input := range 2 {
				apply(func() (bool, error) { return m.OnInputEnd(input, out) })
			}
			half, all := int64(batches*batch.MaxRows/2), int64(batches*batch.MaxRows)
			want := map[join.Kind]int64{
				join.Inner: half, join.Left: all, join.Right: all, join.Full: all + half, join.Semi: half, join.Anti: half, join.Mark: all, join.Single: all,
			}[kind]
			if counts.Emitted != want || counts.Held != 0 || !counts.Balanced() {
				t.Errorf("%s, build %d: account %+v, want %d rows", kind, build, counts, want)
			}
			if peak := c.Budget.Peak(); peak > 12*batch.MaxRows*64 {
				t.Errorf("%s, build %d: %d bytes were kept at once", kind, build, peak)
			}
			if used := c.Budget.Used(); used != 0 {
				t.Errorf("%s, build %d: %d bytes are still reserved", kind, build, used)
			}
		}
	}
}

// TestMergeLongRuns: many rows of one key come over several calls.
func TestMergeLongRuns(t *testing.T) {
	number := schema.Of(schema.Int64)
	types := []schema.Type{number, number, number, number}
	few := manyRows(4, func(i int) string { return []string{"1", "1", "2", "3"}[i] })
	many := manyRows(3*batch.MaxRows+7, func(i int) string { return []string{"1", "2", "3"}[i/batch.MaxRows%3] })
	for kind := join.Inner; kind <= join.Single; kind++ {
		for build := range 2 {
			for _, res := range residuals() {
				rows := [2][][]string{slices.Clone(few), slices.Clone(many)}
				c := join.Config{
					Kind: kind, Build: build, Left: types, Right: types, Keys: []join.Key{{}}, Order: []join.Direction{{}}, Pool: &batch.Pool{},
					Budget: limit.New("test", 0),
				}
				if res.expr != "" {
					c.Residual, c.Reads = program(t, types, types, res.expr)
				}
				sortRows(t, &c, 1, types, rows[1])
				m, err := join.NewMerge(&c)
				if err != nil {
					t.Fatal(err)
				}
				r := newRun(t, m)
				for _, input := range []int{1, 0} {
					feedAll(t, r, types, input, rows[input])
					if err := r.feed(types, event{input: input}); err != nil {
						t.Fatal(err)
					}
				}
				ref := reference{
					kind: kind, build: build, keys: c.Keys, types: [2][]schema.Type{types, types}, residual: res.eval, left: rows[0], right: rows[1],
				}
				got, want := r.answer(), ref.run()
				if !slices.Equal(got.rows, want.rows) || !slices.Equal(got.rejects, want.rejects) {
					t.Errorf("%s, build %d, residual %q: %d rows, %d rejects, want %d and %d", kind, build, res.expr, len(got.rows), len(got.rejects), len(want.rows), len(want.rejects))
				}
			}
		}
	}
}

// TestMergeFreesWhatItIsDoneWith, though much more still waits, of either side: one is far ahead of the other, which then comes slowly. Keys
// come twice on the side that is ahead, and both rows find their partner wherever they were moved to.
func TestMergeFreesWhatItIsDoneWith(t *testing.T) {
	number, text := schema.Of(schema.Int64), schema.Of(schema.Text)
	types := []schema.Type{number, text}
	rows := func(n, times int) [][]string {
		rows := make([][]string, n)
		for i := range rows {
			rows[i] = []string{strconv.Itoa(i / times), "a text that is not inline " + strconv.Itoa(i)}
		}
		return rows
	}
	const slow = 16 * batch.MaxRows
	for ahead := range 2 {
		for _, kind := range []join.Kind{join.Full, join.Inner} {
			c := join.Config{Kind: kind, Build: join.RightInput, Left: types, Right: types, Keys: []join.Key{{}}, Pool: &batch.Pool{}, Budget: limit.New("test", 0)}
			m, err := join.NewMerge(&c)
			if err != nil {
				t.Fatal(err)
			}
			r := newRun(t, m)
			feedRows := func(input int, rows [][]string) {
				for chunk := range slices.Chunk(rows, batch.MaxRows) {
					if err := r.feed(types, event{input: input, rows: chunk}); err != nil {
						t.Fatal(err)
					}
				}
			}
			feedRows(ahead, rows(2*slow, 2))
			most := c.Budget.Used()
			feedRows(1-ahead, rows(slow*7/8, 1))
			if left := c.Budget.Used(); left > most/3 {
				t.Errorf("%d is ahead: %d of %d bytes are still reserved", ahead, left, most)
			}
			feedRows(1-ahead, rows(slow+1, 1)[slow*7/8:])
			for input := range 2 {
				if err := r.feed(types, event{input: input}); err != nil {
					t.Fatal(err)
				}
			}
			want := 2 * slow
			if kind == join.Full {
				want++
			}
			if len(r.rows) != want || c.Budget.Used() != 0 {
				t.Errorf("%d is ahead: %d rows, want %d; %d bytes are still reserved", ahead, len(r.rows), want, c.Budget.Used())
			}
			for _, row := range r.rows {
				if cells := strings.Fields(row); len(cells) == 16 && cells[0] != cells[8] {
					t.Fatalf("a pair of different keys: %s", row)
				}
			}
		}
	}
}

// TestMergeRefusesWhatIsNotInOrder, within a batch and from one to the next.
func TestMergeRefusesWhatIsNotInOrder(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Text)}
	keys := []join.Key{{}, {Left: 1, Right: 1}}
	for _, test := range []struct {
		batches [][][]string
		order   []join.Direction
		want    string
	}{
		{[][][]string{{{"1", "b"}, {"1", "a"}}}, nil, "the right input is not ordered by its keys, as the plan says: (1, a) comes after (1, b)"},
		{[][][]string{{{"1", "b"}}, {{null, "a"}}, {{"7", "a"}}}, nil, "(7, a) comes after (NULL, a)"},
		{[][][]string{{{"3", "a"}}, {{"3", "a"}, {"4", "a"}}}, []join.Direction{{Desc: true}, {}}, "(4, a) comes after (3, a)"},
		{[][][]string{{{"3", "a"}}, {{"3", "a"}, {"2", "a"}}}, []join.Direction{{Desc: true}, {}}, ""},
	} {
		m, err := join.NewMerge(&join.Config{Name: "j", Left: types, Right: types, Keys: keys, Order: test.order, Pool: &batch.Pool{}, Budget: limit.New("test", 0)})
		if err != nil {
			t.Fatal(err)
		}
		r := newRun(t, m)
		for _, rows := range test.batches {
			if err = r.feed(types, event{input: join.RightInput, rows: rows}); err != nil {
				break
			}
		}
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v, want %q", test.batches, err, test.want)
		}
	}
}

// TestMergeStarves: without memory it says so.
func TestMergeStarves(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64), schema.Of(schema.Text)}
	rows := make([][]any, 3000)
	for i := range rows {
		rows[i] = []any{i, "a text that is not inline"}
	}
	c := join.Config{Name: "orders", Kind: join.Full, Left: types, Right: types, Keys: []join.Key{{}}}
	optest.Starve(t, driven(c, newMerge), "full join orders", optest.Make(types, rows...), optest.Make(types, []any{4, "a"}))
}
