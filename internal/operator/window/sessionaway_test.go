package window_test

import (
	"errors"
	"math"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/sdk/batch"
)

// TestSessionsOfManyKeys: so many keys have sessions that a restore leaves some of them in the store.
func TestSessionsOfManyKeys(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := drawSessionConfig(r, t)
		c.Keys, c.Emission, c.Lateness = []int{colKey, colOther}, window.OnClose, 0
		gap := rapid.IntRange(1, 200).Draw(r, "gap")
		var rows [][]any
		at := 0
		for range rapid.IntRange(60, 150).Draw(r, "rows") {
			at += rapid.IntRange(0, 3).Draw(r, "on")
			rows = append(rows, []any{at, at + gap, strconv.Itoa(rapid.IntRange(0, 60).Draw(r, "key")), rapid.IntRange(0, 1).Draw(r, "other"), rapid.IntRange(0, 3).Draw(r, "number"), true})
		}
		in := optest.Make(windowTypes(), rows...)
		want := wantGroups(r, c, settled(in, c.Keys, gap))
		if err := optest.CheckOne(r, sessions(c), []*batch.Batch{in}, [][]string{want}); err != nil {
			r.Fatalf("%+v: %v", c, err)
		}
	})
}

// TestSessionsWithoutEnd: what is known of keys that have left memory does not grow with how many have: some come back again and again, and leave again; the others close.
func TestSessionsWithoutEnd(t *testing.T) {
	t.Run("some come back", func(t *testing.T) { withoutEnd(t, 200, 1_000, 3, 200) })
	t.Run("most come back many times", func(t *testing.T) { withoutEnd(t, 1_000, 200, 30, 400) })
}

// withoutEnd has so many keys come in each round, which leave then: often in every one, fresh but once. A gap has so many rounds.
func withoutEnd(t *testing.T, often, fresh, each, rounds int) {
	const gap = 1_500
	c := window.Config{Start: colStart, End: colEnd, Emission: window.OnClose}
	c.Name, c.Types, c.Keys = "sessions 1", windowTypes(), []int{colKey}
	c.Calls = []aggregate.Call{call(t, "count")}
	budget := limit.New("test", 1<<30)
	s, err := window.NewSessions(&batch.Pool{}, budget, c)
	if err != nil {
		t.Fatal(err)
	}
	stored, out := optest.Store(s), op.NewOutput(1)
	load := func(in *batch.Batch) {
		var needs op.Needs
		s.Needs(0, in, &needs)
		if err := needs.Load(s.Tables()); err != nil {
			t.Fatal(err)
		}
	}
	closed, early := 0, int64(0)
	for round := range rounds {
		var rows [][]any
		at := round * gap / each
		for n := range often {
			rows = append(rows, []any{at, at + gap, strconv.Itoa(n), 0, 0, nil})
		}
		for n := range fresh {
			rows = append(rows, []any{at, at + gap, strconv.Itoa(often + round*fresh + n), 0, 0, nil})
		}
		in := optest.Make(windowTypes(), rows...)
		load(in)
		if _, err := s.Apply(in, out); err != nil {
			t.Fatal(err)
		}
		if err := stored.Evict(often+fresh, true); err != nil {
			t.Fatal(err)
		}
		for more := true; more; {
			out.Reset()
			load(nil)
			if more, err = s.OnWatermark(int64(at), out); err != nil {
				t.Fatal(err)
			}
			if b := out.Ports[0]; b != nil {
				closed += b.Rows()
			}
		}
		if round == max(rounds/10, 3*each) {
			early = budget.Used()
		}
	}
	if want := (rounds - each) * fresh; closed != want {
		t.Errorf("%d sessions closed, want %d", closed, want)
	}
	if late := budget.Used(); late > early*5/4 {
		t.Errorf("%d bytes are in use, %d were early on", late, early)
	}
}

// TestSessionsCloseInPieces: of many sessions that close with one watermark some are told of and forgotten at a time, so that what is noted of those that go is stored before it is much.
func TestSessionsCloseInPieces(t *testing.T) {
	const keys, low, most = 50_000, 1 << 20, 64 << 10
	c := window.Config{Start: colStart, End: colEnd, Emission: window.OnClose}
	c.Name, c.Types, c.Keys = "sessions 1", windowTypes(), []int{colKey}
	c.Calls = []aggregate.Call{call(t, "count")}
	s, err := window.NewSessions(&batch.Pool{}, limit.New("test", 1<<30), c)
	if err != nil {
		t.Fatal(err)
	}
	stored, out := optest.StoreLow(s, low), op.NewOutput(1)
	for from := 0; from < keys; from += batch.MaxRows {
		var rows [][]any
		for n := range min(batch.MaxRows, keys-from) {
			rows = append(rows, []any{0, 10, strconv.Itoa(from + n), 0, 0, nil})
		}
		if _, err := s.Apply(optest.Make(windowTypes(), rows...), out); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(stored.Seal(), stored.Drain(math.MaxInt64)); err != nil {
		t.Fatal(err)
	}
	closed, piles, largest := 0, 0, int64(0)
	for more := true; more; {
		out.Reset()
		if more, err = s.OnWatermark(10, out); err != nil {
			t.Fatal(err)
		}
		if b := out.Ports[0]; b != nil {
			closed += b.Rows()
		}
		piled, err := stored.SpillPiled(most)
		if err != nil {
			t.Fatal(err)
		}
		if largest = max(largest, piled); piled > most {
			piles++
		}
	}
	if closed != keys || piles == 0 {
		t.Errorf("%d sessions closed, want %d; %d piles", closed, keys, piles)
	}
	if largest > 2*most {
		t.Errorf("%d bytes waited that were noted of sessions that closed", largest)
	}
	out.Reset()
	if _, err := s.OnWatermark(1_000_000, out); err != nil { // periods are over later than their sessions
		t.Fatal(err)
	}
	if err := errors.Join(stored.Seal(), stored.Drain(math.MaxInt64)); err != nil {
		t.Fatal(err)
	}
	if n, err := stored.Len(); n > 0 || err != nil {
		t.Errorf("%d entries are stored of sessions that have closed, %v", n, err)
	}
}
