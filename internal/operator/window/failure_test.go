package window_test

import (
	"errors"
	"strings"
	"testing"

	library "wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// numericTypes are windowTypes with a NUMERIC among them, or slicedTypes.
func numericTypes(slices bool) []schema.Type {
	types := windowTypes()
	if slices {
		types = slicedTypes()
	}
	types[colNumber] = schema.Of(schema.Numeric)
	return types
}

// everyOperator makes each operator with state, over rows of windowTypes, or slicedTypes where it reads slices.
func everyOperator(tb testing.TB, name string, calls ...aggregate.Call) map[string]optest.Operator {
	tb.Helper()
	return everyOperatorOf(windowTypes(), slicedTypes(), name, calls...)
}

// everyOperatorOf is everyOperator over rows of other types.
func everyOperatorOf(types, ofSlices []schema.Type, name string, calls ...aggregate.Call) map[string]optest.Operator {
	c := window.Config{Start: colStart, End: colEnd}
	c.Name, c.Types, c.Keys, c.Calls = name, types, []int{colKey}, calls
	later := c
	later.Emission, later.Lateness = window.OnUpdate, 5
	s := window.SlicedConfig{Config: c, Shape: window.Shape{Kind: window.Hop, Size: 10, Every: 2}, TimeType: schema.Of(schema.Timestamp)}
	s.Types = ofSlices
	early := s
	early.Emission, early.Interval = window.Periodically, 10
	h := window.HeldConfig{Name: name, Types: types, Keys: c.Keys, Start: colStart, End: colEnd}
	return map[string]optest.Operator{
		"aggregate": grouped(c), "updating": grouped(later), "sliced": sliced(s), "revised": revised(early), "sessions": sessions(c), "updating sessions": sessions(later), "held": held(h),
	}
}

// ofSlices reports whether an operator of everyOperator reads slices.
func ofSlices(kind string) bool { return kind == "sliced" || kind == "revised" }

// manyRows are rows of many keys in one window, or in one slice.
func manyRows(slices bool) *batch.Batch {
	var rows [][]any
	for i := range 3000 {
		rows = append(rows, []any{2, 10, strings.Repeat("key", 6) + string(rune('a'+i%500)), i, i % 7, true})
	}
	if slices {
		return optest.Make(slicedTypes(), rows...)
	}
	return optest.Make(windowTypes(), rows...)
}

func TestOutOfMemory(t *testing.T) {
	for kind, o := range everyOperator(t, "windows 7", call(t, "count"), call(t, "max", colKey)) {
		t.Run(kind, func(t *testing.T) { optest.Starve(t, o, "windows 7", manyRows(ofSlices(kind))) })
	}
}

// TestAnswersThatFail: a sum that is too large is the error of its row alone, and of one that is told of once.
func TestAnswersThatFail(t *testing.T) {
	sum := call(t, "sum", colNumber)
	bound, err := library.Standard().Resolve(library.Use{Name: "sum", Args: []*bind.Expr{{Op: bind.Column, Path: []int{colNumber}, Type: schema.Of(schema.Numeric)}}})
	if err != nil {
		t.Fatal(err)
	}
	sum.Function, sum.ArgTypes = bound.Function, []schema.Type{schema.Of(schema.Numeric)}
	large := strings.Repeat("9", 38)
	for kind, o := range everyOperatorOf(numericTypes(false), numericTypes(true), "windows 7", sum) {
		if kind == "held" {
			continue
		}
		in := optest.Make(numericTypes(ofSlices(kind)), []any{2, 10, "a", 1, large, nil}, []any{2, 10, "b", 1, "5", nil}, []any{2, 10, "a", 1, large, nil})
		got, err := optest.Run(o, in)
		if err != nil {
			t.Fatal(kind, err)
		}
		windows := 1
		if ofSlices(kind) {
			windows = 5
		}
		if len(got.Rows[0]) != windows || len(got.Rejects) != windows || !strings.Contains(got.Rejects[0], "38 digits") && !strings.Contains(got.Rejects[0], "overflow") {
			t.Errorf("%s: %v, %v", kind, got.Rows, got.Rejects)
		}
	}
}

func TestDamagedState(t *testing.T) {
	for kind, o := range everyOperator(t, "windows 7", call(t, "count")) {
		made, err := o.New(&batch.Pool{}, limit.New("test", 0))
		if err != nil {
			t.Fatal(err)
		}
		rows := [][]any{{2, 10, "a", 1, 3, nil}, {2, 10, nil, 1, 3, nil}}
		in := optest.Make(windowTypes(), rows...)
		if ofSlices(kind) {
			in = optest.Make(slicedTypes(), rows...)
		}
		if _, err := made.Apply(in, op.NewOutput(1)); err != nil {
			t.Fatal(err)
		}
		found := false
		for group := range op.KeyGroups {
			data, err := made.(op.Stateful).Snapshot(op.KeyGroup(group))
			if err != nil {
				t.Fatal(err)
			}
			if data == nil {
				continue
			}
			found = true
			for at := range data {
				damaged := append([]byte(nil), data...)
				damaged[at] ^= 0x41
				fresh, err := o.New(&batch.Pool{}, limit.New("test", 0))
				if err != nil {
					t.Fatal(err)
				}
				var corrupt *keyed.CorruptError
				if err := fresh.(op.Stateful).Restore(op.KeyGroup(group), damaged); !errors.As(err, &corrupt) {
					t.Fatalf("%s: byte %d: %v", kind, at, err)
				}
			}
		}
		if !found {
			t.Errorf("%s has no state", kind)
		}
	}
}

// TestAdvice: what stays in memory says what else can be asked for, and what leaves it does not.
func TestAdvice(t *testing.T) {
	c := window.Config{Start: colStart, End: colEnd}
	c.Name, c.Types, c.Calls = "windows 1", windowTypes(), []aggregate.Call{call(t, "count")}
	h := window.HeldConfig{Name: "windows 1", Types: windowTypes(), Start: colStart, End: colEnd, Retracts: true}
	byKey, kept := c, h
	byKey.Keys, kept.Keys = []int{colKey}, []int{colKey}
	for name, o := range map[string]optest.Operator{"held": held(h), "sessions": sessions(c), "keyed, held": held(kept), "keyed sessions": sessions(byKey)} {
		made, err := o.New(&batch.Pool{}, limit.New("test", 0))
		if err != nil {
			t.Fatal(err)
		}
		if advice := made.(op.Adviser).Advice(); (advice == "") != strings.HasPrefix(name, "keyed") {
			t.Errorf("%s: %q", name, advice)
		}
	}
}
