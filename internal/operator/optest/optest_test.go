package optest_test

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
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
	"wire.example/wire/sdk/sqlstate"
	"wire.example/wire/sdk/temporal"
)

func toyTypes() []schema.Type {
	return []schema.Type{schema.Of(schema.Text), schema.Of(schema.Int64)}
}

func drawToy(t *rapid.T, _ *batch.Pool) []*batch.Batch {
	var rows [][]any
	for range rapid.IntRange(0, 60).Draw(t, "rows") {
		key := rapid.SampledFrom([]any{nil, "", "a", "b", "a long text that is not inline", "another one, as long as that"}).Draw(t, "key")
		rows = append(rows, []any{key, rapid.IntRange(-1, 9).Draw(t, "number")})
	}
	return []*batch.Batch{optest.Make(toyTypes(), rows...)}
}

// wantToy is what a toy should emit, by other means.
func wantToy(inputs []*batch.Batch) [][]string {
	counts := map[string]int{}
	keys, numbers := inputs[0].Cols[0], inputs[0].Cols[1].Int64s()
	for i, n := range numbers {
		key := "NULL"
		if !keys.IsNull(i) {
			key = fmt.Sprintf("%q", keys.Bytes(i))
		}
		if n >= 0 {
			counts[key]++
		}
	}
	var rows []string
	for key, n := range counts {
		rows = append(rows, fmt.Sprint(key, ", ", n))
	}
	return [][]string{rows}
}

func toyOperator(f fault) optest.Operator {
	return optest.Operator{New: newToy(f), Inputs: []optest.Input{{Keys: []int{0}}}}
}

func TestCheckPassesWhatIsRight(t *testing.T) {
	optest.Check(t, toyOperator(none), drawToy, wantToy)
	optest.Check(t, toyOperator(none), drawToy, nil)
}

func TestStarvePassesWhatIsRight(t *testing.T) {
	optest.Starve(t, toyOperator(none), "toy count", optest.Make(toyTypes(), []any{"a", 1}, []any{"a long text that is not inline", 2}))
}

// TestCheckCatches gives Check operators that are wrong, each of which must fail with the right message.
func TestCheckCatches(t *testing.T) {
	for f, want := range map[fault]string{
		keepsLentText:    "does not give what is wanted",
		forgetsOnRestore: "has another snapshot after its restore",
		losesCounts:      "but the account is",
		countsJunk:       "",
		declaresNothing:  "which Needs did not declare",
		emitsTooMuch:     "a batch of 4097 rows",
		shortColumn:      "column 1 of a batch",
		miscounts:        "rows were emitted, and",
		neverEnds:        "the operator says more, and more",
		stateElsewhere:   "which is not its own",
		dependsOnCuts:    "does not give what is wanted",
		failsByCuts:      "one row alone",
		rejectsByCuts:    "",
		rejectsAtEnd:     "a row was rejected without a batch",
		noSnapshot:       "gives other rows",
		notDeterministic: "two plain runs are not the same",
	} {
		want0 := wantToy
		if f == notDeterministic {
			want0 = nil
		}
		if got := optest.Catch(toyOperator(f), drawToy, want0); got == "" || !strings.Contains(got, want) {
			t.Errorf("fault %d: %q, want %q", f, got, want)
		}
	}
}

// join is a stub with two inputs that notes what it is told.
type join struct {
	log *[]string
}

func (j join) Apply(*batch.Batch, *op.Output) (bool, error) { panic("not with two inputs") }

func (j join) ApplyInput(input int, in *batch.Batch, out *op.Output) (bool, error) {
	*j.log = append(*j.log, fmt.Sprint("apply ", input, " ", in.Rows()))
	out.Counts.In += int64(in.Rows())
	out.Counts.Filtered += int64(in.Rows())
	return false, nil
}

func (j join) OnInputEnd(input int, _ *op.Output) (bool, error) {
	*j.log = append(*j.log, fmt.Sprint("end ", input))
	return false, nil
}

func TestInputsFollowEachOther(t *testing.T) {
	var log []string
	o := optest.Operator{
		New:    func(*batch.Pool, *limit.Budget) (op.Operator, error) { return join{log: &log}, nil },
		Inputs: []optest.Input{{Follows: []int{1}}, {}},
	}
	big := optest.Make(toyTypes(), slices.Repeat([][]any{{"a", 1}}, batch.MaxRows+5)...)
	small := optest.Make(toyTypes(), []any{"b", 2})
	if _, err := optest.Run(o, small, big); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(log, ", "), "apply 1 4096, apply 1 5, end 1, apply 0 1, end 0"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	optest.Check(t, o, func(t *rapid.T, _ *batch.Pool) []*batch.Batch {
		log = nil
		return []*batch.Batch{small, optest.Make(toyTypes(), slices.Repeat([][]any{{"a", 1}}, rapid.IntRange(0, 9).Draw(t, "rows"))...)}
	}, func([]*batch.Batch) [][]string { return nil })
}

func TestMakeMakesEveryType(t *testing.T) {
	types := append(sdktest.Types(), schema.Of(schema.Null))
	row, empty := make([]any, len(types)), make([]any, len(types))
	for i, typ := range types {
		row[i] = sample(typ)
	}
	got := sdktest.Rows(optest.Make(types, row, empty, row))
	if got[0] != got[2] || strings.Count(got[1], "NULL") != len(types) || strings.Count(got[0], "NULL") != 1 {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	defer func() {
		if recover() == nil {
			t.Error("a value of no type was taken")
		}
	}()
	optest.Make(toyTypes(), []any{struct{}{}, 1})
}

// sample returns a value of a type for Make.
func sample(typ schema.Type) any {
	switch typ.Kind {
	case schema.Null:
		return nil
	case schema.Bool:
		return true
	case schema.Float32, schema.Float64:
		return 1.5
	case schema.Numeric:
		return "12.500"
	case schema.Text, schema.Bytes, schema.JSONB:
		return `"a text of more than twelve bytes"`
	case schema.Interval:
		return temporal.Interval{Months: 1, Days: 2, Micros: 3}
	case schema.UUID:
		return batch.UUID{1, 2, 3}
	case schema.Array:
		return []any{sample(*typ.Elem), sample(*typ.Elem)}
	case schema.Row:
		var parts []any
		for _, f := range typ.Fields {
			parts = append(parts, sample(f.Type))
		}
		return parts
	default:
		return 7
	}
}

func TestStarveCatches(t *testing.T) {
	for want, err := range map[string]error{
		"no SQLSTATE 53200": errors.New("no room"),
		"does not name":     sqlstate.New(sqlstate.OutOfMemory, "no room").WithHint("buy some"),
		"how to mend it":    sqlstate.New(sqlstate.OutOfMemory, "no room in sort"),
	} {
		if got := fmt.Sprint(optest.Starved(err, "sort")); !strings.Contains(got, want) {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
	}
	if optest.Starved(nil, "sort") == nil {
		t.Error("a run that succeeds passes")
	}
}
