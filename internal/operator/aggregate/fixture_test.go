package aggregate_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

// Fixtures of a released version are never written again; a new version of a layout gets files of its own.
var writeFixtures = flag.Bool("write-fixtures", false, "write fixtures that are missing")

// everyState is calls with every layout of state that stored formats know, over the columns of types.
func everyState(t *testing.T) []aggregate.Call {
	t.Helper()
	return []aggregate.Call{
		call(t, "count"), call(t, "sum", argInt), call(t, "avg", keyInt), call(t, "sum", argFloat), call(t, "sum", keyNumeric), call(t, "avg", keyNumeric),
		call(t, "min", argInt), call(t, "max", argFloat), call(t, "max", keyNumeric), call(t, "min", argText), call(t, "bool_and", argFilter),
		call(t, "bit_xor", argInt), call(t, "string_agg", argText, keyText), call(t, "array_agg", argFloat), call(t, "jsonb_agg", keyNumeric),
		call(t, "json_object_agg", argInt, argText), call(t, "stddev", argInt), call(t, "var_pop", keyNumeric), call(t, "variance", argFloat),
		call(t, "corr", argFloat, argFraction), call(t, "rank", argFloat, within, argFraction), call(t, "approx_count_distinct", argText),
		call(t, "approx_percentile", argFloat, argFraction), distinct(call(t, "count", argText)), orderBy(call(t, "array_agg", argText), argInt),
		call(t, "percentile_cont", argFraction, within, argFloat),
	}
}

// TestFixture: state that an earlier release wrote is read, and gives the answers that it gave then.
func TestFixture(t *testing.T) {
	for name, config := range map[string]aggregate.Config{
		"one-group": {}, "a-key": {Keys: []int{keyText}}, "changes": {Keys: []int{keyText}, Changes: true, Retracts: true, TTL: 1_000_000},
		"one-group-changes": {Changes: true},
	} {
		t.Run(name, func(t *testing.T) {
			config.Name, config.Types, config.Calls = "aggregate 1", types(), everyState(t)
			o := aggregate.New(&batch.Pool{}, limit.New("test", 0), config)
			in := optest.Make(types(),
				[]any{1, "k", "1.50", 7, 0.1, "seven", true, 0.5}, []any{-2, "k", "2.0", 7, 1e100, "a text that no view holds", false, 0.5},
				[]any{3, "k", "NaN", -3, -1e-200, nil, true, 0.5}, []any{4, nil, "0.00001", 5, 2.5, "five", nil, 0.5},
				[]any{5, nil, nil, 6, nil, "six", true, 0.5}, []any{6, "k", "-7", 9, 3.0, "seven", true, 0.5})
			if config.Changes {
				if _, err := o.OnTime(1_700_000_000_000_000, op.NewOutput(1)); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := o.Apply(in, op.NewOutput(1)); err != nil {
				t.Fatal(err)
			}
			if more, err := o.OnFlush(op.NewOutput(1)); more || err != nil {
				t.Fatal(more, err)
			}
			if config.Retracts {
				in.Kinds = []batch.Change{batch.Delete, batch.Insert, batch.Insert, batch.Insert, batch.Insert, batch.Insert}
				in.Sel = []uint16{0}
				if _, err := o.Apply(in, op.NewOutput(1)); err != nil {
					t.Fatal(err)
				}
			}
			if more, err := o.OnFlush(op.NewOutput(1)); more || err != nil {
				t.Fatal(more, err)
			}
			var parts [][]byte
			for g := range op.KeyGroups {
				data, err := o.Snapshot(op.KeyGroup(g))
				if err != nil {
					t.Fatal(err)
				}
				parts = append(parts, data)
			}
			state := fixture(t, name+"-v2.state", keyed.AppendParts(nil, 1, parts...))
			parts, err := keyed.Parts("fixture", state, 1, op.KeyGroups)
			if err != nil {
				t.Fatal(err)
			}
			restored := aggregate.New(&batch.Pool{}, limit.New("test", 0), config)
			for g, data := range parts {
				if len(data) > 0 {
					if err := restored.Restore(op.KeyGroup(g), data); err != nil {
						t.Fatal(err)
					}
				}
			}
			if config.Changes { // of what was emitted nothing is emitted again: a row more for each group shows the answers
				in.Kinds, in.Sel = nil, []uint16{1, 4}
				for _, o := range []*aggregate.Operator{o, restored} {
					if _, err := o.Apply(in, op.NewOutput(1)); err != nil {
						t.Fatal(err)
					}
				}
			}
			got := fixture(t, name+".txt", []byte(strings.Join(answers(t, o), "\n")+"\n"))
			if want := strings.Join(answers(t, restored), "\n") + "\n"; want != string(got) {
				t.Errorf("restored state answers otherwise:\n%s", sdktest.Diff(string(got), want))
			}
		})
	}
}

// answers ends the operator's input and returns its rows, sorted.
func answers(t *testing.T, o *aggregate.Operator) []string {
	t.Helper()
	var rows []string
	out := op.NewOutput(1)
	for more := true; more; {
		out.Reset()
		var err error
		if more, err = o.OnEnd(out); err != nil {
			t.Fatal(err)
		}
		for _, bad := range out.Rejects {
			rows = append(rows, bad.Err.Error())
		}
		if b := out.Ports[0]; b != nil {
			rows = append(rows, sdktest.Rows(b)...)
		}
	}
	slices.Sort(rows)
	return rows
}

// fixture returns the bytes of a file of testdata, which are what this program writes, too.
func fixture(t *testing.T, name string, written []byte) []byte {
	t.Helper()
	path := filepath.Join("testdata", name)
	stored, err := os.ReadFile(path)
	if os.IsNotExist(err) && *writeFixtures {
		err = os.WriteFile(path, written, 0o600)
		stored = written
	}
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stored, written) {
		t.Errorf("%s is written differently now; a change of the layout needs a new version", name)
	}
	return stored
}
