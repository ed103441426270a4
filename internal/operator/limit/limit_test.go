package limit_test

import (
	"bytes"
	"flag"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	budgets "wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// fixtures of a released version are never written again; a new version of a layout gets files of its own.
var writeFixtures = flag.Bool("write-fixtures", false, "write fixtures that are missing")

func numbers(n int) *batch.Batch {
	rows := make([][]any, n)
	for i := range rows {
		rows[i] = []any{i}
	}
	return optest.Make([]schema.Type{schema.Of(schema.Int64)}, rows...)
}

// TestAnyWayToRun: the rows are those after the offset, whatever the cuts and however often the operator was restored.
func TestAnyWayToRun(t *testing.T) {
	for _, c := range []struct{ limit, offset int64 }{{limit.None, 0}, {limit.None, 7}, {5, 0}, {5, 3}, {0, 2}, {1000, 0}, {3, 1000}} {
		o := optest.Operator{Ordered: true, New: func(*batch.Pool, *budgets.Budget) (op.Operator, error) {
			return limit.New("limit 1", c.limit, c.offset), nil
		}}
		draw := func(t *rapid.T, _ *batch.Pool) []*batch.Batch {
			return []*batch.Batch{numbers(rapid.IntRange(0, 40).Draw(t, "rows"))}
		}
		optest.Check(t, o, draw, func(inputs []*batch.Batch) [][]string {
			rows := sdktest.Rows(inputs[0])
			rows = rows[min(int(c.offset), len(rows)):]
			if c.limit >= 0 {
				rows = rows[:min(int(c.limit), len(rows))]
			}
			return [][]string{rows}
		})
	}
}

func TestDone(t *testing.T) {
	o := limit.New("limit 1", 3, 2)
	var satisfied op.Satisfied = o
	for _, step := range []struct {
		rows      int
		forwarded int64
		done      bool
	}{{4, 2, false}, {1, 1, true}, {6, 0, true}} {
		out := op.NewOutput(1)
		if more, err := o.Apply(numbers(step.rows), out); more || err != nil {
			t.Fatal(more, err)
		}
		if out.Counts.Forwarded != step.forwarded || !out.Counts.Balanced() || satisfied.Done() != step.done {
			t.Errorf("%d rows: %+v, done %v", step.rows, out.Counts, satisfied.Done())
		}
	}
	if !limit.New("", 0, 9).Done() || limit.New("", limit.None, 9).Done() {
		t.Error("a limit of nothing is reached at once, none is never")
	}
}

func TestDamagedState(t *testing.T) {
	o := limit.New("limit 1", 3, 2)
	if _, err := o.Apply(numbers(1), op.NewOutput(1)); err != nil {
		t.Fatal(err)
	}
	data, err := o.Snapshot(0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		bad := slices.Clone(data)
		bad[i] ^= 0x10
		if err := limit.New("limit 1", 3, 2).Restore(0, bad); err == nil || !strings.Contains(err.Error(), "limit 1") {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	if other, err := o.Snapshot(1); other != nil || err != nil {
		t.Error(other, err)
	}
}

// TestFixture: a stored operator has emitted two rows, and has one left.
func TestFixture(t *testing.T) {
	o := limit.New("limit 1", 3, 2)
	if _, err := o.Apply(numbers(4), op.NewOutput(1)); err != nil {
		t.Fatal(err)
	}
	data, err := o.Snapshot(0)
	if err != nil {
		t.Fatal(err)
	}
	const path = "testdata/limit-v1.state"
	kept, err := os.ReadFile(path)
	if os.IsNotExist(err) && *writeFixtures {
		kept, err = data, os.WriteFile(path, data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, data) {
		t.Fatalf("%s is written differently now; a change of the layout needs a new version", path)
	}
	restored := limit.New("limit 1", 3, 2)
	if err := restored.Restore(0, kept); err != nil {
		t.Fatal(err)
	}
	out := op.NewOutput(1)
	if _, err := restored.Apply(numbers(5), out); err != nil || out.Counts.Forwarded != 1 || !restored.Done() {
		t.Errorf("%+v, %v", out.Counts, err)
	}
}

// TestALimitBehindEverything has numbers whose sum is none.
func TestALimitBehindEverything(t *testing.T) {
	o := limit.New("l", math.MaxInt64, math.MaxInt64)
	out := op.NewOutput(1)
	if _, err := o.Apply(&batch.Batch{Len: 7}, out); err != nil || out.Counts.Filtered != 7 || out.Ports[0] != nil {
		t.Errorf("%+v, %v", out.Counts, err)
	}
}
