package window_test

import (
	"bytes"
	"maps"
	"math"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// driven is an Aggregate that a test drives, with its state in a store.
type driven struct {
	t      *testing.T
	a      *window.Aggregate
	stored *optest.Stored
	out    *op.Output
	// settled is how often everything had to be stored before a call went on; most is the most memory that was taken before a call.
	settled int
	most    int64
	budget  *limit.Budget
}

// call calls the operator until it has no more, and returns how many rows came out.
func (d *driven) call(in *batch.Batch, f func(*op.Output) (bool, error)) (rows int) {
	d.t.Helper()
	for more := true; more; {
		if d.a.Settles() {
			d.settled++
		}
		if err := d.stored.Settle(); err != nil {
			d.t.Fatal(err)
		}
		var needs op.Needs
		d.a.Needs(0, in, &needs)
		if err := needs.Load(d.a.Tables()); err != nil {
			d.t.Fatal(err)
		}
		d.most = max(d.most, d.budget.Used())
		d.out.Reset()
		var err error
		if more, err = f(d.out); err != nil {
			d.t.Fatal(err)
		}
		if b := d.out.Ports[0]; b != nil {
			rows += b.Rows()
		}
	}
	return rows
}

// TestAllGroupsOfAWindow: when windows close that have far more groups than memory, all are told of, some at a time; what comes behind is corrected; and then nothing is left of them. The windows have one end.
func TestAllGroupsOfAWindow(t *testing.T) {
	const groups, limitBytes, low = 20_000, 1_200_000, 1_000_000
	c := window.Config{Start: colStart, End: colEnd, Emission: window.OnClose, Lateness: 100}
	c.Name, c.Types, c.Keys = "windows 1", windowTypes(), []int{colKey}
	c.Calls = []aggregate.Call{call(t, "count")}
	budget := limit.New("test", limitBytes)
	a, err := window.NewAggregate(&batch.Pool{}, budget, c)
	if err != nil {
		t.Fatal(err)
	}
	d := &driven{t: t, a: a, stored: optest.StoreLow(a, low), out: op.NewOutput(1), budget: budget}
	apply := func(from, to int) (rows int) {
		for ; from < to; from += 500 {
			var list [][]any
			for n := from; n < min(from+500, to); n++ {
				list = append(list, []any{-5 - 2*(n%2), 1_000, strconv.Itoa(n), 0, 0, nil})
			}
			in := optest.Make(windowTypes(), list...)
			rows += d.call(in, func(out *op.Output) (bool, error) { return a.Apply(in, out) })
			rows += d.call(nil, a.OnFlush)
			if err := d.stored.Evict(1, true); err != nil {
				t.Fatal(err)
			}
		}
		return rows
	}
	if rows := apply(0, groups); rows != 0 {
		t.Errorf("%d rows came before a window closed", rows)
	}
	watermark := func(micros int64) int {
		return d.call(nil, func(out *op.Output) (bool, error) { return a.OnWatermark(micros, out) })
	}
	if rows := watermark(999); rows != 0 {
		t.Errorf("%d rows came before a window closed", rows)
	}
	if rows := watermark(1_000); rows != groups {
		t.Errorf("%d groups were told of when the windows closed, want %d", rows, groups)
	}
	if d.settled < 4 || d.most > limitBytes {
		t.Errorf("groups came back in %d ranges, and took %d bytes", d.settled, d.most)
	}
	if rows := apply(0, 1_000); rows != 2_000 {
		t.Errorf("%d rows correct 1,000 groups, want an update of each", rows)
	}
	if rows := apply(groups, groups+100); rows != 100 {
		t.Errorf("%d rows tell of 100 groups that came late", rows)
	}
	if n, err := d.stored.Len(); err != nil || n != groups+100 {
		t.Errorf("%d groups are stored, want %d: %v", n, groups+100, err)
	}
	if rows := watermark(math.MaxInt64); rows != 0 {
		t.Errorf("%d rows came when windows were over that everything was told of", rows)
	}
	if err := d.stored.Seal(); err != nil {
		t.Fatal(err)
	}
	if err := d.stored.Drain(math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	if n, err := d.stored.Len(); err != nil || n != 0 {
		t.Errorf("%d groups are stored of windows that are over: %v", n, err)
	}
}

// TestGroupsDoNotWaitForMemory: groups that wait for their interval are told of before it is over once no others can leave memory.
func TestGroupsDoNotWaitForMemory(t *testing.T) {
	c := window.Config{Start: colStart, End: colEnd, Emission: window.Periodically, Interval: 1_000_000}
	c.Name, c.Types, c.Keys = "windows 1", windowTypes(), []int{colKey}
	c.Calls = []aggregate.Call{call(t, "count")}
	budget := limit.New("test", 1<<30)
	a, err := window.NewAggregate(&batch.Pool{}, budget, c)
	if err != nil {
		t.Fatal(err)
	}
	d := &driven{t: t, a: a, stored: optest.Store(a), out: op.NewOutput(1), budget: budget}
	in := optest.Make(windowTypes(), []any{0, 10, "a", 0, 0, nil}, []any{0, 10, "b", 0, 0, nil})
	if rows := d.call(in, func(out *op.Output) (bool, error) { return a.Apply(in, out) }) + d.call(nil, a.OnFlush); rows != 0 {
		t.Errorf("%d rows came before the interval was over", rows)
	}
	for range 2 { // the first time they are found to be all there is
		if err := d.stored.Evict(2, false); err != nil {
			t.Fatal(err)
		}
	}
	if rows := d.call(nil, a.OnFlush); rows != 2 {
		t.Errorf("%d groups were told of when memory was short, want 2", rows)
	}
}

// unread is an operator that goes on from one that answers every interval, and has a group of a window in the store, unread, of which nobody was told. It tells of windows as emission says.
type unread struct {
	t    *testing.T
	now  *window.Aggregate
	out  *op.Output
	rows int // that came
}

func newUnread(t *testing.T, emission window.Emission) *unread {
	t.Helper()
	c := window.Config{Start: colStart, End: colEnd, Interval: 1_000_000}
	c.Name, c.Types, c.Keys = "windows 1", windowTypes(), []int{colKey}
	c.Calls = []aggregate.Call{call(t, "count")}
	space := store.Space{Operator: 1}
	begin := func(emission window.Emission) (*window.Aggregate, keyed.Evictable) {
		if c.Emission = emission; emission == window.OnClose { // and corrections
			c.Lateness = 5
		}
		a, err := window.NewAggregate(&batch.Pool{}, limit.New("test", 0), c)
		if err != nil {
			t.Fatal(err)
		}
		part := a.Kept()[0].(keyed.Evictable)
		part.Keep(keyed.Home{Space: space, To: math.MaxUint64})
		return a, part
	}
	old, from := begin(window.Periodically)
	out := op.NewOutput(1)
	if _, err := old.Apply(optest.Make(windowTypes(), []any{0, 10, "a", 0, 0, nil}), out); err != nil {
		t.Fatal(err)
	}
	from.Seal()
	changes, stored := &store.Changes{}, store.NewMemory()
	if _, err := from.Drain(changes, math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	if err := stored.Apply(t.Context(), []*store.Changes{changes}); err != nil {
		t.Fatal(err)
	}
	now, to := begin(emission)
	to.Attach(stored.Reader(), 0)
	var entries keyed.Entries
	err := stored.Reader().Scan(space, 0, math.MaxUint64, func(slice int64, hash uint64, key, value []byte) error {
		entries.Slices, entries.Hashes = append(entries.Slices, slice), append(entries.Hashes, hash)
		entries.Keys, entries.Values = append(entries.Keys, bytes.Clone(key)), append(entries.Values, bytes.Clone(value))
		return nil
	})
	if err == nil {
		err = to.Pass(&entries)
	}
	if err == nil {
		err = now.Restored()
	}
	if err != nil || entries.Len() != 1 {
		t.Fatalf("%d groups are stored: %v", entries.Len(), err)
	}
	return &unread{t: t, now: now, out: out}
}

// drive has a call go on to its end.
func (u *unread) drive(in *batch.Batch, f func(*op.Output) (bool, error)) {
	u.t.Helper()
	calls, more := 0, true
	var needs op.Needs
	for ; more && calls < 100; calls++ {
		if calls == 0 || in == nil {
			u.now.Needs(0, in, &needs)
			if err := needs.Load(u.now.Tables()); err != nil {
				u.t.Fatal(err)
			}
		}
		u.out.Reset()
		var err error
		if more, err = f(u.out); err != nil {
			u.t.Fatal(err)
		}
		if b := u.out.Ports[0]; b != nil {
			u.rows += b.Rows()
		}
	}
	if more {
		u.t.Fatal("it goes on without end")
	}
}

// TestUnreadGroupsAreToldOfByAFlush: where groups in the store have not been told of that others wait for, an operator whose groups change does not flush before it is told to: only then is read what is needed.
func TestUnreadGroupsAreToldOfByAFlush(t *testing.T) {
	const fresh = 5 * batch.MaxRows // more than an operator takes before it flushes by itself
	u := newUnread(t, window.OnUpdate)
	for n := 0; n < fresh; n += batch.MaxRows {
		var list [][]any
		for k := range batch.MaxRows {
			list = append(list, []any{0, 10, strconv.Itoa(n + k), 0, 0, nil})
		}
		in := optest.Make(windowTypes(), list...)
		u.drive(in, func(out *op.Output) (bool, error) { return u.now.Apply(in, out) })
	}
	u.drive(nil, u.now.OnFlush)
	if u.rows != fresh+1 {
		t.Errorf("%d groups were told of, want %d", u.rows, fresh+1)
	}
}

// TestUnreadGroupsOfOpenWindowsWaitForThoseToClose: nobody is told of them before, where windows answer when they close, and with their answer comes what was added.
func TestUnreadGroupsOfOpenWindowsWaitForThoseToClose(t *testing.T) {
	for name, comes := range map[string][]string{"no rows come": nil, "rows come of the group": {"a"}, "rows come of others": {"b", "c"}} {
		t.Run(name, func(t *testing.T) {
			u := newUnread(t, window.OnClose)
			u.drive(nil, u.now.OnFlush)
			want := map[string]int64{"a": 1}
			for _, key := range comes {
				in := optest.Make(windowTypes(), []any{0, 10, key, 0, 0, nil})
				u.drive(in, func(out *op.Output) (bool, error) { return u.now.Apply(in, out) })
				want[key]++
			}
			u.drive(nil, u.now.OnFlush)
			if u.rows > 0 {
				t.Errorf("%d rows of an open window", u.rows)
			}
			got := map[string]int64{}
			u.drive(nil, func(out *op.Output) (bool, error) {
				more, err := u.now.OnWatermark(10, out)
				if b := out.Ports[0]; b != nil {
					for i := range b.Rows() {
						got[string(b.Cols[0].Bytes(b.Row(i)))] += b.Cols[3].Int64s()[b.Row(i)]
					}
				}
				return more, err
			})
			if !maps.Equal(got, want) || u.rows != len(want) {
				t.Errorf("%d rows, %v, should be %v", u.rows, got, want)
			}
		})
	}
}

// TestWhatCallsKeepOfWindows: values of DISTINCT and rows that calls keep leave memory with the groups of windows, whether these answer once or change.
func TestWhatCallsKeepOfWindows(t *testing.T) {
	check(t, func(r *rapid.T) (window.Config, *batch.Batch) {
		c := drawAggregate(r, t, true)
		c.Keys, c.Sets, c.Partition = []int{colOther}, nil, nil
		if rapid.Bool().Draw(r, "once") {
			c.Emission, c.Lateness = window.OnClose, 0
		}
		list := []aggregate.Call{
			distinct(call(t, "count", colNumber)), filtered(distinct(call(t, "sum", colNumber))), ordered(call(t, "array_agg", colNumber)), distinct(call(t, "count", colKey)), call(t, "min", colKey),
		}
		for range rapid.IntRange(1, 2).Draw(r, "kept") {
			c.Calls = append(c.Calls, rapid.SampledFrom(list).Draw(r, "keeps"))
		}
		var rows [][]any
		at := 0
		for range rapid.IntRange(60, 200).Draw(r, "rows") {
			at += rapid.SampledFrom([]int{0, 0, 0, 0, 1}).Draw(r, "on")
			end := at - at%10 + 10
			rows = append(rows, []any{
				end - rapid.SampledFrom([]int{10, 10, 12}).Draw(r, "length"), end, rapid.SampledFrom([]any{"a", "b", nil}).Draw(r, "text"),
				rapid.IntRange(0, 30).Draw(r, "key"), rapid.IntRange(0, 3).Draw(r, "number"), rapid.Bool().Draw(r, "filter"),
			})
		}
		in := optest.Make(windowTypes(), rows...)
		if c.Retracts = rapid.IntRange(0, 2).Draw(r, "retracts") == 0; c.Retracts {
			in = changed(r, in)
		}
		return c, in
	})
}
