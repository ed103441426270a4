package eval_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestProgramsDoNotAllocate: once the columns have grown, a batch costs no allocation.
func TestProgramsDoNotAllocate(t *testing.T) {
	in, scope := benchInput()
	texts := []string{
		"a + b", "a * 0.908", "a > 500 AND t = u", "CASE WHEN p THEN t ELSE u END", "coalesce(an, b)", "greatest(t, u)", "a IN (1, 2, 3, 4, 5, 6)",
		"t IN ('google', 'apple')", "u LIKE '%query%'", "u ILIKE '%QUERY%'", "a::text", "num::bigint", "n::numeric(10,1)", "lower(u)", "n / 3", "NOT p OR q1",
		"ARRAY[a, b]", "ROW(a, t)", "(ARRAY[t, u])[2]", "a = ANY (ARRAY[b, 3])", "nullif(t, 'apple')", "ts::date", "'constant'",
	}
	for _, text := range texts {
		text = strings.ReplaceAll(text, "q1", "pn")
		p := compiled(t, scope, text)
		var errs builtin.Errors
		var cols []*batch.Column
		half := *in
		half.Sel = benchSel(2)
		run := func() {
			cols = p.Eval(in, cols[:0], &errs)
			cols = p.Eval(&half, cols[:0], &errs)
		}
		run()
		if got := testing.AllocsPerRun(10, run); got > 0 {
			t.Errorf("%s allocates %v times", text, got)
		}
	}
	p := compiled(t, scope, "a > 500 AND t = 'apple' AND u LIKE '%query%'")
	kept, errs := make([]uint16, 0, batch.MaxRows), builtin.Errors{}
	run := func() { kept = p.Filter(in, kept[:0], &errs) }
	run()
	if got := testing.AllocsPerRun(10, run); got > 0 || len(kept) == 0 {
		t.Errorf("a filter allocates %v times and keeps %d rows", got, len(kept))
	}
}

// counted returns a registry with count(x), which is x and counts its rows.
func counted(calls *int, volatility builtin.Volatility) *builtin.Registry {
	return builtin.NewRegistry([]builtin.Function{{
		Name: "counted", Params: []schema.Kind{schema.Int64}, Result: kindOf(schema.Int64), Volatility: volatility, Strict: true,
		Eval: func(c *builtin.Call) {
			c.Each(func(row int) {
				*calls++
				c.Out.Int64s()[row] = c.Int64(0, row)
			})
		},
	}})
}

// TestEqualPartsAreComputedOnce: in the outermost scope that wants them for all of its rows, and volatile ones each by themselves.
func TestEqualPartsAreComputedOnce(t *testing.T) {
	tests := []struct {
		name       string
		volatility builtin.Volatility
		texts      []string
		want       int
	}{
		{"twice in one expression", builtin.Immutable, []string{"counted(z) + counted(z)"}, 4},
		{"in two expressions", builtin.Immutable, []string{"counted(z) + 1", "2 - counted(z)"}, 4},
		{"guarded first, wanted everywhere later", builtin.Immutable, []string{"CASE WHEN z > 2 THEN counted(z) END", "counted(z)"}, 4},
		{"in two branches that exclude each other", builtin.Immutable, []string{"CASE WHEN z > 2 THEN counted(z) ELSE counted(z) + 1 END"}, 4},
		{"guarded only", builtin.Immutable, []string{"CASE WHEN z > 2 THEN counted(z) END", "CASE WHEN z > 2 THEN counted(z) END"}, 2},
		{"condition and result", builtin.Stable, []string{"CASE WHEN counted(z) > 2 THEN counted(z) END"}, 4},
		{"volatile", builtin.Volatile, []string{"counted(z) + counted(z)"}, 8},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b, scope := input(t, field{"z", kindOf(schema.Int64), []string{"1", "2", "3", "4"}})
			calls := 0
			var exprs []*bind.Expr
			for _, text := range test.texts {
				exprs = append(exprs, boundWith(t, scope, text, counted(&calls, test.volatility)))
			}
			if test.volatility == builtin.Immutable {
				exprs = sameFunction(exprs)
			}
			p, err := eval.Compile(&batch.Pool{}, exprs...)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			var errs builtin.Errors
			p.Eval(b, nil, &errs)
			if calls != test.want {
				t.Errorf("%v: %d rows computed, want %d", test.texts, calls, test.want)
			}
		})
	}
}

// sameFunction makes all calls calls of one function, as they are when one registry binds a whole query.
func sameFunction(exprs []*bind.Expr) []*bind.Expr {
	var f *builtin.Function
	for _, e := range exprs {
		bind.Walk(e, func(e *bind.Expr) bool {
			if e.Op == bind.Call {
				if f == nil {
					f = e.Function
				}
				e.Function = f
			}
			return true
		})
	}
	return exprs
}

// TestProgramIsUsedForBatchesOfAllSizes: nothing of a batch is seen in the next.
func TestProgramIsUsedForBatchesOfAllSizes(t *testing.T) {
	_, scope := input(t, field{"z", kindOf(schema.Int64), nil}, field{"t", kindOf(schema.Text), nil})
	p := compiled(t, scope, "z", "z + z", "t = 'a long text that is not inline'", "coalesce(t, 'a constant that is not inline')", "'constant 1'", "7", "NULL::bigint",
		"ARRAY[z, 1]::text", "CASE WHEN z % 2 = 0 THEN t END")
	for _, rows := range []int{3, 4096, 0, 100, 64, 65, 1, 4096} {
		var z, text []string
		for i := range rows {
			z, text = append(z, fmt.Sprint(i)), append(text, map[bool]string{true: "NULL", false: "a long text that is not inline"}[i%3 == 0])
		}
		b, _ := input(t, field{"z", kindOf(schema.Int64), z}, field{"t", kindOf(schema.Text), text})
		var errs builtin.Errors
		cols := p.Eval(b, nil, &errs)
		if cols[0] != b.Cols[0] {
			t.Fatal("a plain column was copied")
		}
		for i := range rows {
			var got []string
			for _, c := range cols[1:] {
				if c.Len() != rows {
					t.Fatalf("a column of %d rows for a batch of %d", c.Len(), rows)
				}
				got = append(got, shown(c, i, &errs))
			}
			want := fmt.Sprintf("%d t a long text that is not inline constant 1 7 NULL {%d,1} a long text that is not inline", 2*i, i)
			if i%3 == 0 {
				want = fmt.Sprintf("%d NULL a constant that is not inline constant 1 7 NULL {%d,1} NULL", 2*i, i)
			}
			if i%2 == 1 {
				want = want[:strings.LastIndex(want, "}")+1] + " NULL"
			}
			if s := strings.Join(got, " "); s != want {
				t.Fatalf("row %d of %d\n got %s\nwant %s", i, rows, s, want)
			}
		}
	}
}

func rowBatch(tb testing.TB) (*batch.Batch, bind.Scope) {
	tb.Helper()
	inner := schema.RowOf(schema.Field{Name: "x", Type: kindOf(schema.Int64)}, schema.Field{Name: "name", Type: kindOf(schema.Text)})
	outer := schema.RowOf(schema.Field{Name: "in", Type: inner}, schema.Field{Name: "list", Type: schema.ArrayOf(kindOf(schema.Text))})
	c := batch.NewColumn(&batch.Pool{}, outer)
	c.Reset(4)
	in, list := c.Child(0), c.Child(1)
	list.Child(0).Reset(4)
	for i := range 4 {
		in.Child(0).Int64s()[i] = int64(10 * i)
		in.Child(1).SetBytes(i, fmt.Appendf(nil, "name number %d is long", i))
		list.Child(0).SetBytes(i, fmt.Appendf(nil, "item %d", i))
		list.Offsets()[i+1] = int32(i + 1)
	}
	c.SetNull(1)
	in.SetNull(2)
	in.Child(0).SetNull(3)
	s := schema.New(schema.Field{Name: "r", Type: outer})
	return &batch.Batch{Cols: []*batch.Column{c}, Len: 4}, bind.FromSchema(s)
}

// TestMembersOfNullRowsAreNull: row 1 is NULL, in row 2 the inner row, in row 3 the innermost value.
func TestMembersOfNullRowsAreNull(t *testing.T) {
	tests := []struct{ text, want string }{
		{"(r).in.x", "0|NULL|NULL|NULL"},
		{"(r).in.name", "name number 0 is long|NULL|NULL|name number 3 is long"},
		{"((r).list)[1]", "item 0|NULL|item 2|item 3"},
		{"(r).in.x + 1", "1|NULL|NULL|NULL"},
		{"r IS NULL", "f|t|f|f"},
		{"(r).in IS NULL", "f|t|t|f"},
		{"(r).in IS NOT NULL", "t|f|f|f"},
		{"r::text", `("(0,""name number 0 is long"")","{""item 0""}")|NULL|(,"{""item 2""}")|("(,""name number 3 is long"")","{""item 3""}")`},
		{"(CASE WHEN (r).in.x IS NULL THEN (r).in END)::text", `NULL|NULL|NULL|(,"name number 3 is long")`},
		{"(coalesce((r).in, (r).in)).name", "name number 0 is long|NULL|NULL|name number 3 is long"},
		{"coalesce((r).list, ARRAY['none'])::text", `{"item 0"}|{none}|{"item 2"}|{"item 3"}`},
		{"(ROW((r).in.name, 1)).f1", "name number 0 is long|NULL|NULL|name number 3 is long"},
		{"(r).in = ROW(0, 'name number 0 is long')", "t|NULL|NULL|f"},
		{"nullif((r).list, ARRAY['item 2'])::text", `{"item 0"}|NULL|NULL|{"item 3"}`},
		{"greatest((r).list, ARRAY['item 2'])::text", `{"item 2"}|{"item 2"}|{"item 2"}|{"item 3"}`},
	}
	b, scope := rowBatch(t)
	for _, test := range tests {
		p, err := tryCompile(scope, test.text)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		for range 2 { // the second time in used memory
			var errs builtin.Errors
			cols := p.Eval(b, nil, &errs)
			var got []string
			for i := range b.Len {
				got = append(got, shown(cols[0], i, &errs))
			}
			if s := strings.Join(got, "|"); s != test.want {
				t.Errorf("%s\n got %s\nwant %s", test.text, s, test.want)
			}
		}
		p.Close()
	}
}

// TestMemoryGoesBack: what a program took from its pool is there again after Close.
func TestMemoryGoesBack(t *testing.T) {
	b, scope := numbers(t)
	pool := &batch.Pool{}
	exprs := bound(t, scope, "b + z", "coalesce(t, u)", "ROW(z, t)", "ARRAY[t, u]", "t = u AND z > 1", "'a constant text that is long'")
	p, err := eval.Compile(pool, exprs...)
	if err != nil {
		t.Fatal(err)
	}
	var errs builtin.Errors
	p.Eval(b, nil, &errs)
	if pool.Stats().Bytes == 0 {
		t.Fatal("the pool was not used")
	}
	p.Close()
	if left := pool.Stats().Bytes; left != 0 {
		t.Errorf("%d bytes are still lent", left)
	}
}

func TestOpaqueCannotBeCompiled(t *testing.T) {
	_, err := eval.Compile(&batch.Pool{}, &bind.Expr{Op: bind.Opaque, Type: kindOf(schema.Int64)})
	if err == nil || !strings.Contains(err.Error(), "cannot be compiled") {
		t.Errorf("error %v", err)
	}
}

func TestErrorsTellTheFirstOfEachRow(t *testing.T) {
	b, scope := numbers(t)
	p := compiled(t, scope, "b * z", "1 / z", "(1 / z) IS NULL")
	var errs builtin.Errors
	p.Eval(b, nil, &errs)
	var got []string
	for i, row := range errs.Rows {
		got = append(got, fmt.Sprintf("%d: %s", row, errs.Errs[i].Message))
	}
	if s := strings.Join(got, "; "); s != "1: bigint out of range; 2: division by zero" {
		t.Error(s)
	}
}

func TestFoldLeavesWhatFails(t *testing.T) {
	_, scope := numbers(t)
	tests := []struct {
		text     string
		constant bool
	}{
		{"1 + 2", true},
		{"1 / 0", false},
		{"CASE WHEN 1 = 1 THEN 5 ELSE z END", true},
		{"z > 1 AND 1 = 2", true},
		{"z > 1 AND 1 = 1", false},
		{"coalesce(NULL::bigint, 4, z)", true},
		{"z + NULL::bigint", true},
		{"upper('a')", true},
		{"(ARRAY[1, 2])[1]", true},
		{"concat('a', 1)", false}, // stable, not immutable
	}
	for _, test := range tests {
		e := bound(t, scope, test.text)[0]
		if got := eval.Fold(e).IsConst(); got != test.constant {
			t.Errorf("%s: folded to a constant: %v, want %v", test.text, got, test.constant)
		}
	}
}

// TestTheClockOfAProgram: a program that asks for the processing time says so, and has what it was told last.
func TestTheClockOfAProgram(t *testing.T) {
	b, scope := input(t, field{"z", kindOf(schema.Int64), []string{"1", "2", "3"}})
	clock := builtin.NewRegistry([]builtin.Function{{Name: "clock", Result: kindOf(schema.TimestampTZ), Volatility: builtin.Volatile, Clock: true}})
	p, err := eval.Compile(&batch.Pool{}, boundWith(t, scope, "clock()", clock), boundWith(t, scope, "CASE WHEN z > 1 THEN clock() END", clock))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, now := range []int64{0, 7, 9} {
		if now > 0 {
			p.SetTime(now)
		}
		var errs builtin.Errors
		cols := p.Eval(b, nil, &errs)
		if !p.Timed() || errs.Len() > 0 || !slices.Equal(cols[0].Int64s(), []int64{now, now, now}) || !cols[1].IsNull(0) || cols[1].Int64s()[2] != now {
			t.Errorf("at %d: %v, %v", now, cols[0].Int64s(), cols[1].Int64s())
		}
	}
	other, err := eval.Compile(&batch.Pool{}, boundWith(t, scope, "z + 1", builtin.NewRegistry(nil)))
	if err != nil || other.Timed() || (*eval.Program)(nil).Timed() {
		t.Error("nobody asks for the time", err)
	}
	other.Close()
}
