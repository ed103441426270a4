package optest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
	"wire.example/wire/sdk/sqlstate"
)

// Draw draws the inputs of an operator: of each one batch that has all its rows, however many, without a selection. Columns take memory from
// pool.
type Draw func(t *rapid.T, pool *batch.Pool) []*batch.Batch

// Run feeds inputs one after the other, in the largest batches, and ends them.
func Run(o Operator, inputs ...*batch.Batch) (*Result, error) {
	return execute(&o, plainSchedule(&o, lengths(inputs)), inputs, limit.New("test", 0))
}

// Check checks an operator over inputs that it draws. A plain run, as Run does it, must give the rows that want says for each port (nil leaves
// that out), and twice the same. Every other way to run must give the same rows or fail with the same error: any cuts and interleavings,
// selections, lent memory overwritten, watermarks, ticks and flushes in all places, several instances that share the key groups, barriers after which new instances go on from snapshots,
// state of which only what was declared may be touched. Each run must account for each row, and a snapshot of what was just restored must be
// that which it was restored from. No goroutine may be left.
func Check(t *testing.T, o Operator, draw Draw, want func(inputs []*batch.Batch) [][]string) {
	t.Helper()
	running := goleak.IgnoreCurrent()
	rapid.Check(t, func(t *rapid.T) {
		inputs := draw(t, &batch.Pool{})
		s := drawSchedule(t, &o, inputs)
		var rows [][]string
		if want != nil {
			rows = want(inputs)
		}
		if err := compare(&o, s, inputs, rows); err != nil {
			t.Fatal(err)
		}
	})
	goleak.VerifyNone(t, running)
}

// CheckOne is what Check does with one drawing, where the operator itself is drawn, too: it returns what is wrong.
func CheckOne(t *rapid.T, o Operator, inputs []*batch.Batch, want [][]string) error {
	return compare(&o, drawSchedule(t, &o, inputs), inputs, want)
}

// compare runs plainly and by s.
func compare(o *Operator, s schedule, inputs []*batch.Batch, want [][]string) error {
	plain, plainErr := Run(*o, inputs...)
	switch {
	case want == nil:
	case plainErr != nil:
		return plainErr
	default:
		if diff := o.diff(want, plain.Rows); diff != "" {
			return errors.New("a plain run does not give what is wanted (-want +got):\n" + diff)
		}
	}
	again, err := Run(*o, inputs...)
	if text(err) != text(plainErr) {
		return fmt.Errorf("two plain runs end differently: %w and %w", plainErr, err)
	}
	if diff := sdktest.Diff(plain.Emitted, again.Emitted); diff != "" {
		return errors.New("two plain runs are not the same (-first +second):\n" + diff)
	}
	other, err := execute(o, s, inputs, limit.New("test", 0))
	if text(err) != text(plainErr) {
		return fmt.Errorf("a plain run ends with error %q, %s with %w", text(plainErr), s.describe(), err)
	}
	if err != nil {
		return nil //nolint:nilerr // both runs fail alike, as they should
	}
	if diff := o.diff(plain.Rows, other.Rows); diff != "" {
		return errors.New(s.describe() + " gives other rows (-plain +got):\n" + diff)
	}
	slices.Sort(plain.Rejects)
	slices.Sort(other.Rejects)
	if diff := sdktest.Diff(plain.Rejects, other.Rejects); diff != "" {
		return errors.New(s.describe() + " rejects other rows (-plain +got):\n" + diff)
	}
	return nil
}

// diff compares the rows of all ports, in order or as bags.
func (o *Operator) diff(want, got [][]string) string {
	if !o.Ordered {
		want, got = sorted(want), sorted(got)
	}
	for port := range max(len(want), len(got)) {
		var a, b []string
		if port < len(want) {
			a = want[port]
		}
		if port < len(got) {
			b = got[port]
		}
		if !slices.Equal(a, b) {
			return fmt.Sprintf("port %d:\n%s", port, sdktest.Diff(a, b))
		}
	}
	return ""
}

func sorted(ports [][]string) [][]string {
	out := make([][]string, len(ports))
	for i, rows := range ports {
		out[i] = slices.Sorted(slices.Values(rows))
	}
	return out
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func lengths(inputs []*batch.Batch) []int {
	n := make([]int, len(inputs))
	for i, b := range inputs {
		n[i] = b.Len
	}
	return n
}

// adaptShare: an operator that takes smaller pieces where memory is short may get by with more than one part in so many of what a plain run takes.
const adaptShare = 4

// Starve runs with ever less memory, from a byte less than a plain run takes, and checks that each run fails with SQLSTATE 53200, that the
// error names the operator by name and says how to mend it. A run that gets by with smaller pieces of memory must answer as the plain one does; one with a quarter of it must not get by.
func Starve(t testing.TB, o Operator, name string, inputs ...*batch.Batch) {
	t.Helper()
	plain, err := Run(o, inputs...)
	if err != nil {
		t.Fatal(err)
	}
	if plain.Peak < 2 {
		t.Fatal("the operator reserves no memory")
	}
	for bytes := plain.Peak - 1; bytes > 0; bytes /= 2 {
		short, err := execute(&o, plainSchedule(&o, lengths(inputs)), inputs, limit.New("test", bytes))
		if err == nil && bytes > plain.Peak/adaptShare {
			if diff := o.diff(plain.Rows, short.Rows); diff != "" {
				t.Errorf("with %d of %d bytes it answers otherwise (-plain +got):\n%s", bytes, plain.Peak, diff)
			}
			continue
		}
		if err := starved(err, name); err != nil {
			t.Errorf("with %d of %d bytes: %v", bytes, plain.Peak, err)
		}
	}
}

// starved says what is wrong with the error of an operator without memory.
func starved(err error, name string) error {
	var e *sqlstate.Error
	switch {
	case err == nil:
		return errors.New("the run succeeds")
	case !errors.As(err, &e) || e.Code != sqlstate.OutOfMemory:
		return fmt.Errorf("the error is no SQLSTATE 53200: %w", err)
	case !strings.Contains(e.Message, name):
		return fmt.Errorf("the error does not name %q: %w", name, err)
	case e.Hint == "":
		return fmt.Errorf("the error does not say how to mend it: %w", err)
	}
	return nil
}
