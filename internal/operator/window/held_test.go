package window_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sdktest"
)

func held(c window.HeldConfig) optest.Operator {
	o := optest.Operator{
		New: func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
			return window.NewHeld(pool, budget, c)
		},
		Inputs:     []optest.Input{{Keys: c.Keys}},
		Watermarks: optest.Bound(c.Lag, colStart),
		Times:      optest.AnyTime,
	}
	if c.ProcessingTime {
		o.Watermarks, o.Times = nil, optest.Bound(0, colStart)
	}
	return o
}

// left are the rows of a changelog that were not taken back.
func left(in *batch.Batch) *batch.Batch {
	taken := map[string]int{}
	text := sdktest.Rows(&batch.Batch{Cols: in.Cols, Len: in.Len})
	var rows []uint16
	for row := in.Len - 1; row >= 0; row-- {
		switch {
		case len(in.Kinds) > 0 && !op.Adds(in.Kinds[row]):
			taken[text[row]]++
		case taken[text[row]] > 0:
			taken[text[row]]--
		default:
			rows = append(rows, uint16(row))
		}
	}
	slices.Reverse(rows)
	out := &batch.Batch{Len: len(rows)}
	for _, c := range in.Cols {
		own := batch.NewColumn(&batch.Pool{}, c.Type())
		own.Gather(c, rows)
		out.Cols = append(out.Cols, own)
	}
	return out
}

func TestHeldSessions(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := window.HeldConfig{Name: "sessions 1", Types: windowTypes(), Start: colStart, End: colEnd, Lag: int64(rapid.IntRange(0, 4).Draw(r, "lag"))}
		c.Keys = rapid.SampledFrom([][]int{nil, {colKey}, {colOther}, {colKey, colOther}}).Draw(r, "keys")
		if c.ProcessingTime = rapid.IntRange(0, 3).Draw(r, "processing time") == 0; c.ProcessingTime {
			c.Lag = 0
		}
		gap := rapid.IntRange(1, 7).Draw(r, "gap")
		in, _ := drawSessions(r, c.Keys, gap)
		if c.Retracts = rapid.Bool().Draw(r, "retracts"); c.Retracts {
			in = changed(r, in)
		}
		want := sdktest.Rows(settled(left(in), c.Keys, gap))
		if err := optest.CheckOne(r, held(c), []*batch.Batch{in}, [][]string{want}); err != nil {
			r.Fatalf("%+v: %v", c, err)
		}
	})
}

// TestManyHeldRows: rows come out in batches, and what was never there is not taken back.
func TestManyHeldRows(t *testing.T) {
	c := window.HeldConfig{Name: "sessions 1", Types: windowTypes(), Start: colStart, End: colEnd, Retracts: true}
	var rows [][]any
	for i := range 3*batch.MaxRows + 7 {
		rows = append(rows, []any{i, i + 2, "a", i % 3, 1, nil})
	}
	rows = append(rows, []any{nil, 3, "a", 1, 1, nil}, []any{1, 3, "never there", 1, 1, nil})
	in := optest.Make(windowTypes(), rows...)
	in.Kinds = make([]batch.Change, in.Len)
	in.Kinds[in.Len-1] = batch.Delete
	got, err := optest.Run(held(c), in)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(got.Rows[0]); n != in.Len-2 || !strings.HasPrefix(got.Rows[0][n-1], "0, 12296, ") || got.Counts.Filtered != 2 || got.Counts.Held != 0 {
		t.Errorf("%d rows, the last %s, %+v", n, got.Rows[0][n-1], got.Counts)
	}
}

// TestHeldKeysThatComeAndGo: however often keys leave memory and come back, no more is noted of them than when it is time to look at each.
func TestHeldKeysThatComeAndGo(t *testing.T) {
	for rounds := 2; rounds <= 8; rounds++ {
		heldKeysComeAndGo(t, rounds)
	}
}

func heldKeysComeAndGo(t *testing.T, rounds int) {
	t.Helper()
	const keys = 1500
	c := window.HeldConfig{Name: "sessions 1", Types: windowTypes(), Keys: []int{colKey}, Start: colStart, End: colEnd}
	budget := limit.New("test", 0)
	h, err := window.NewHeld(&batch.Pool{}, budget, c)
	if err != nil {
		t.Fatal(err)
	}
	stored := optest.Store(h)
	var needs op.Needs
	out := op.NewOutput(1)
	load := func(in *batch.Batch) {
		h.Needs(0, in, &needs)
		if err := needs.Load(h.Tables()); err != nil {
			t.Fatal(err)
		}
		out.Reset()
	}
	var least int64
	for round := range rounds {
		var rows [][]any
		for key := range keys {
			rows = append(rows, []any{10 * round, 10*round + 20, fmt.Sprint(key), 1, round, nil})
		}
		in := optest.Make(windowTypes(), rows...)
		load(in)
		if _, err := h.Apply(in, out); err != nil {
			t.Fatal(err)
		}
		for budget.Used() > 0 && h.Tables()[1].(interface{ Len() int }).Len() > 0 {
			if err := stored.Evict(keys, false); err != nil {
				t.Fatal(err)
			}
		}
		if round == rounds/2 {
			least = budget.Used()
		}
	}
	if used := budget.Used(); rounds == 8 && used > least*3/2 {
		t.Errorf("%d bytes are in use, %d were before", used, least)
	}
	emitted := 0
	for more := true; more; {
		load(nil)
		if more, err = h.OnEnd(out); err != nil {
			t.Fatal(err)
		}
		if b := out.Ports[0]; b != nil {
			emitted += b.Rows()
			for i := range b.Rows() {
				if from, to := b.Cols[colStart].Int64s()[i], b.Cols[colEnd].Int64s()[i]; from != 0 || to != int64(10*rounds+10) {
					t.Fatalf("a session from %d to %d", from, to)
				}
			}
		}
	}
	if emitted != keys*rounds || budget.Used() != 0 {
		t.Errorf("%d rows came out; %d bytes are in use", emitted, budget.Used())
	}
}

// TestHeldRowsComeOutOnce: a session of more rows than a batch has, of a key that was read back, comes out once, although what has come out of it is taken out of the store before the rest comes.
func TestHeldRowsComeOutOnce(t *testing.T) {
	const batches, rows = 3, batch.MaxRows
	c := window.HeldConfig{Name: "sessions 1", Types: windowTypes(), Keys: []int{colKey}, Start: colStart, End: colEnd}
	h, err := window.NewHeld(&batch.Pool{}, limit.New("test", 0), c)
	if err != nil {
		t.Fatal(err)
	}
	stored := optest.Store(h)
	out := op.NewOutput(1)
	for range batches {
		var list [][]any
		for n := range rows {
			list = append(list, []any{0, 10, "a", 1, n, nil})
		}
		if _, err := h.Apply(optest.Make(windowTypes(), list...), out); err != nil {
			t.Fatal(err)
		}
	}
	if err := stored.Evict(0, true); err != nil {
		t.Fatal(err)
	}
	emitted := 0
	for calls, more := 0, true; more && calls < 100; calls++ {
		if calls < 3 {
			if err := stored.Evict(1, false); err != nil {
				t.Fatal(err)
			}
		}
		if err := stored.Load(-1, nil); err != nil {
			t.Fatal(err)
		}
		out.Reset()
		if more, err = h.OnWatermark(10, out); err != nil {
			t.Fatal(err)
		}
		if b := out.Ports[0]; b != nil {
			emitted += b.Rows()
		}
	}
	if emitted != batches*rows {
		t.Errorf("%d rows came out, want %d", emitted, batches*rows)
	}
}

// TestHeldRowsComeBack: when all rows have left memory and few are left behind a session that has closed, these come back, and nothing is away any more; where many are left they stay away.
func TestHeldRowsComeBack(t *testing.T) {
	for _, left := range []int{0, 3, 30_000} {
		c := window.HeldConfig{Name: "sessions 1", Types: windowTypes(), Start: colStart, End: colEnd}
		budget := limit.New("test", 0)
		h, err := window.NewHeld(&batch.Pool{}, budget, c)
		if err != nil {
			t.Fatal(err)
		}
		stored, out := optest.Store(h), op.NewOutput(1)
		apply := func(start, n int) {
			for n > 0 {
				var rows [][]any
				for range min(n, batch.MaxRows) {
					rows = append(rows, []any{start, start + 10, "a", 1, n, nil})
					n--
				}
				if _, err := h.Apply(optest.Make(windowTypes(), rows...), out); err != nil {
					t.Fatal(err)
				}
			}
		}
		emit := func(event func(*op.Output) (bool, error)) (emitted int) {
			for more := true; more; {
				if err := stored.Settle(); err != nil {
					t.Fatal(err)
				}
				out.Reset()
				if more, err = event(out); err != nil {
					t.Fatal(err)
				}
				if b := out.Ports[0]; b != nil {
					emitted += b.Rows()
				}
			}
			return emitted
		}
		until := func(micros int64) func(*op.Output) (bool, error) {
			return func(out *op.Output) (bool, error) { return h.OnWatermark(micros, out) }
		}
		apply(0, 5)
		apply(100, left)
		if err := stored.Evict(0, true); err != nil {
			t.Fatal(err)
		}
		rows := h.Tables()[0].(*keyed.Rows)
		if !rows.HasAway() {
			t.Fatal("nothing is away")
		}
		if n := emit(until(20)); n != 5 {
			t.Errorf("%d left: %d rows came out, want 5", left, n)
		}
		if away := rows.HasAway(); away != (left > 3) {
			t.Errorf("%d left: some are away: %t", left, away)
		}
		apply(105, 2)
		if err := stored.Evict(0, true); err != nil { // once more
			t.Fatal(err)
		}
		apply(200, 1)
		if n := emit(until(150)); n != left+2 {
			t.Errorf("%d left: %d rows came out then, want %d", left, n, left+2)
		}
		if rows.HasAway() {
			t.Errorf("%d left: some are away after the last one has closed", left)
		}
		if n := emit(h.OnEnd); n != 1 {
			t.Errorf("%d left: %d rows came out at the end, want 1", left, n)
		}
		if used := budget.Used(); used != 0 {
			t.Errorf("%d left: %d bytes are in use", left, used)
		}
	}
}

// TestHeldKeysThatAllComeAndGo: however often all keys leave memory and some come back, no more is noted of them than when it is time to look at each.
func TestHeldKeysThatAllComeAndGo(t *testing.T) {
	const keys = 100
	c := window.HeldConfig{Name: "sessions 1", Types: windowTypes(), Keys: []int{colKey}, Start: colStart, End: colEnd, Retracts: true}
	budget := limit.New("test", 0)
	h, err := window.NewHeld(&batch.Pool{}, budget, c)
	if err != nil {
		t.Fatal(err)
	}
	stored := optest.Store(h)
	out := op.NewOutput(1)
	var used int64
	for round := range 1000 {
		var rows [][]any
		for key := range keys {
			rows = append(rows, []any{0, 10, fmt.Sprint(key), 1, 1, nil})
		}
		in := optest.Make(windowTypes(), rows...)
		if round > 0 { // takes back what the round before added, and adds it again
			both := optest.Make(windowTypes(), append(rows, rows...)...)
			both.Kinds = make([]batch.Change, both.Len)
			for i := keys; i < both.Len; i++ {
				both.Kinds[i] = batch.Delete
			}
			in = both
		}
		if err := stored.Load(0, in); err != nil {
			t.Fatal(err)
		}
		out.Reset()
		if _, err := h.Apply(in, out); err != nil {
			t.Fatal(err)
		}
		if err := stored.Evict(0, true); err != nil {
			t.Fatal(err)
		}
		if round == 200 {
			used = budget.Used()
		}
	}
	if now := budget.Used(); now > used*3/2 {
		t.Errorf("%d bytes are in use, %d were before", now, used)
	}
}

func TestWrongHeld(t *testing.T) {
	c := window.HeldConfig{Name: "sessions 4", Types: windowTypes(), Start: colKey, End: colEnd}
	if _, err := window.NewHeld(&batch.Pool{}, limit.New("test", 0), c); err == nil || !strings.Contains(err.Error(), "sessions 4: a session from TEXT") {
		t.Error(err)
	}
	c.Start, c.Lag = colStart, -1
	if _, err := window.NewHeld(&batch.Pool{}, limit.New("test", 0), c); err == nil || !strings.Contains(err.Error(), "a lag of -1") {
		t.Error(err)
	}
}
