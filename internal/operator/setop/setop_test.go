package setop_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/setop"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// driven is a set operation as optest drives it.
func driven(c setop.Config) optest.Operator {
	var all []int
	for i := range c.Types {
		all = append(all, i)
	}
	return optest.Operator{
		New: func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
			c.Pool, c.Budget = pool, budget
			return setop.New(&c), nil
		},
		Inputs: []optest.Input{{Keys: all}, {Keys: all}},
	}
}

// draw draws two inputs of rows of which many are equal.
func draw(types []schema.Type) optest.Draw {
	return func(t *rapid.T, pool *batch.Pool) []*batch.Batch {
		s := &schema.Schema{}
		for i, typ := range types {
			s.Fields = append(s.Fields, schema.Field{Name: fmt.Sprint("c", i), Type: typ})
		}
		few := sdktest.Values{}.DrawBatch(t, pool, s, 5)
		inputs := make([]*batch.Batch, 2)
		for i := range inputs {
			inputs[i] = &batch.Batch{}
			rows := rapid.SliceOfN(rapid.Uint16Range(0, 4), 0, 40).Draw(t, "rows")
			for _, c := range few.Cols {
				own := batch.NewColumn(pool, c.Type())
				own.Reset(0)
				own.Append(c, append([]uint16{}, rows...))
				inputs[i].Cols = append(inputs[i].Cols, own)
			}
			inputs[i].Len = len(rows)
		}
		return inputs
	}
}

// want counts rows as text, which is good for types whose equal values are written alike.
func want(kind setop.Kind, all bool) func(inputs []*batch.Batch) [][]string {
	return func(inputs []*batch.Batch) [][]string {
		left, right := map[string]int{}, map[string]int{}
		for _, row := range sdktest.Rows(inputs[0]) {
			left[row]++
		}
		for _, row := range sdktest.Rows(inputs[1]) {
			right[row]++
		}
		var rows []string
		for row, l := range left {
			r := right[row]
			n := 0
			switch {
			case kind == setop.Intersect && all:
				n = min(l, r)
			case kind == setop.Intersect && r > 0:
				n = 1
			case kind == setop.Except && all:
				n = max(l-r, 0)
			case kind == setop.Except && r == 0:
				n = 1
			}
			rows = append(rows, slices.Repeat([]string{row}, n)...)
		}
		return [][]string{rows}
	}
}

func TestSetOperations(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Text), schema.Of(schema.Int64)}
	for _, kind := range []setop.Kind{setop.Intersect, setop.Except} {
		for _, all := range []bool{false, true} {
			t.Run(fmt.Sprint(kind, all), func(t *testing.T) {
				c := setop.Config{Name: "s", Kind: kind, All: all, Types: types}
				optest.Check(t, driven(c), draw(types), want(kind, all))
				c.Types = nil // rows without columns are all equal
				optest.Check(t, driven(c), func(t *rapid.T, _ *batch.Pool) []*batch.Batch {
					return []*batch.Batch{{Len: rapid.IntRange(0, 5).Draw(t, "left")}, {Len: rapid.IntRange(0, 5).Draw(t, "right")}}
				}, nil)
			})
		}
	}
}

// TestEveryType compares rows of every type.
func TestEveryType(t *testing.T) {
	for _, typ := range sdktest.Types() {
		t.Run(typ.String(), func(t *testing.T) {
			types := []schema.Type{typ}
			optest.Check(t, driven(setop.Config{Name: "s", All: true, Types: types}), draw(types), nil)
		})
	}
}

// TestTheLeftSaysHowARowIsWritten, and in what order rows come, whatever way the inputs are mixed.
func TestTheLeftSaysHowARowIsWritten(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Numeric)}
	c := setop.Config{Name: "s", All: true, Types: types}
	o := driven(c)
	o.Ordered = true
	row := rapid.Custom(func(t *rapid.T) []any {
		return []any{rapid.SampledFrom([]any{nil, "1", "1.0", "1.00", "2", "2.5", "2.50"}).Draw(t, "n")}
	})
	optest.Check(t, o, func(t *rapid.T, _ *batch.Pool) []*batch.Batch {
		return []*batch.Batch{
			optest.Make(types, rapid.SliceOfN(row, 0, 12).Draw(t, "left")...), optest.Make(types, rapid.SliceOfN(row, 0, 12).Draw(t, "right")...),
		}
	}, nil)
	result, err := optest.Run(driven(c), optest.Make(types, []any{"1.0"}, []any{"1"}, []any{"7"}), optest.Make(types, []any{"1.00"}, []any{"1.00"}, []any{"1"}))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(result.Rows[0], " "); got != "1.0 1.0" {
		t.Errorf("%s", got)
	}
}

// TestManyCopies: a row that is to come out very often comes over several calls.
func TestManyCopies(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64)}
	many := optest.Make(types, slices.Repeat([][]any{{1}, {2}}, 2*batch.MaxRows)...)
	few := optest.Make(types, []any{2}, []any{3})
	for _, c := range []struct {
		config setop.Config
		want   int
	}{
		{setop.Config{Kind: setop.Except, All: true}, 4*batch.MaxRows - 1},
		{setop.Config{Kind: setop.Except}, 1},
		{setop.Config{Kind: setop.Intersect, All: true}, 1},
		{setop.Config{Kind: setop.Intersect}, 1},
	} {
		c.config.Types = types
		result, err := optest.Run(driven(c.config), many, few)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(result.Rows[0]); got != c.want || result.Counts.In != int64(many.Len+few.Len) {
			t.Errorf("%s, all %v: %d rows, want %d; account %+v", c.config.Kind, c.config.All, got, c.want, result.Counts)
		}
	}
}

func TestStarves(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Text)}
	rows := make([][]any, 2000)
	for i := range rows {
		rows[i] = []any{fmt.Sprintf("a row that is not inline: %d", i)}
	}
	optest.Starve(t, driven(setop.Config{Name: "names", Types: types}), "INTERSECT names", optest.Make(types, rows...), optest.Make(types, []any{"a"}))
}

// TestWhatCannotMatterIsNotKept: once an input is over, rows of the other one are only counted where they come to something.
func TestWhatCannotMatterIsNotKept(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64)}
	b := optest.Make(types, []any{1}, []any{2}, []any{3})
	for _, test := range []struct {
		kind  setop.Kind
		first int
		want  op.Counts
	}{
		{setop.Intersect, 0, op.Counts{In: 3, Filtered: 3}},
		{setop.Intersect, 1, op.Counts{In: 3, Filtered: 3}},
		{setop.Except, 0, op.Counts{In: 3, Filtered: 3}},
		{setop.Except, 1, op.Counts{In: 3, Absorbed: 3}},
	} {
		s := setop.New(&setop.Config{Kind: test.kind, Types: types, Pool: &batch.Pool{}, Budget: limit.New("test", 0)})
		out := op.NewOutput(1)
		if _, err := s.OnInputEnd(test.first, out); err != nil {
			t.Fatal(err)
		}
		if _, err := s.ApplyInput(1-test.first, b, out); err != nil || out.Counts != test.want {
			t.Errorf("%s, input %d first: %+v, %v", test.kind, test.first, out.Counts, err)
		}
	}
}

func TestWhatADriverMayNotDo(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64)}
	budget := limit.New("test", 0)
	s := setop.New(&setop.Config{Name: "s", Kind: setop.Except, Types: types, Pool: &batch.Pool{}, Budget: budget})
	out := op.NewOutput(1)
	b := optest.Make(types, []any{1})
	if _, err := s.Apply(b, out); err == nil {
		t.Error("one input")
	}
	b.Kinds = []batch.Change{batch.Delete}
	if _, err := s.ApplyInput(0, b, out); err == nil {
		t.Error("deletions")
	}
	b.Kinds = nil
	if _, err := s.ApplyInput(0, b, out); err != nil {
		t.Fatal(err)
	}
	for input := range 2 {
		for more := true; more; {
			var err error
			if more, err = s.OnInputEnd(input, out); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := s.ApplyInput(0, b, out); err == nil {
		t.Error("rows after the end")
	}
	if budget.Used() != 0 {
		t.Errorf("%d bytes are still reserved", budget.Used())
	}
}

func TestDamagedState(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Int64)}
	c := setop.Config{Name: "s", Types: types, Pool: &batch.Pool{}, Budget: limit.New("test", 0)}
	table := keyed.NewTable(c.Pool, types, "s", c.Budget)
	hashes := []uint64{7}
	if _, err := table.Upsert(hashes, optest.Make(types, []any{1}).Cols, nil, make([]uint32, 1)); err != nil {
		t.Fatal(err)
	}
	for _, value := range [][]byte{nil, {1}, {1, 2, 0x80}, {1, 2, 3, 4}, {0x80, 0x80}, {1, 0x80}} {
		data, err := table.Snapshot(0, func(dst []byte, _ uint32) []byte { return append(dst, value...) })
		if err != nil {
			t.Fatal(err)
		}
		var corrupt *keyed.CorruptError
		if err := setop.New(&c).Restore(0, data); !errors.As(err, &corrupt) {
			t.Errorf("%x: %v", value, err)
		}
		if err := setop.New(&c).Restore(0, data[:len(data)-1]); !errors.As(err, &corrupt) {
			t.Errorf("%x, cut: %v", value, err)
		}
	}
}
