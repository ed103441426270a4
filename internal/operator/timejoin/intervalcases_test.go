package timejoin_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/timejoin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// at is a row with a key and a time, in units.
func at(id, key, time int64) row {
	time *= unit
	return row{id: id, key: &key, time: &time}
}

// interval is a join of equal keys, times in units.
func interval(kind timejoin.Kind, lower, upper int64) timejoin.IntervalConfig {
	return timejoin.IntervalConfig{
		Config: timejoin.Config{
			Name: "j", Kind: kind, Left: columnTypes(), Right: columnTypes(), Keys: []timejoin.Key{{Left: keyColumn, Right: keyColumn}}, Pool: &batch.Pool{},
		},
		LeftTime: timeColumn, RightTime: timeColumn, Lower: lower * unit, Upper: upper * unit,
	}
}

func intervalRig(t *testing.T, c timejoin.IntervalConfig) *rig {
	t.Helper()
	return newRig(t, c.HashColumns(0), 1, false, func(budget *limit.Budget) op.Multi {
		c.Budget = budget
		j, err := timejoin.NewInterval(&c)
		if err != nil {
			t.Fatal(err)
		}
		return j
	})
}

// expect checks what has come out since the last call.
func (r *rig) expect(what string, want ...pair) {
	r.t.Helper()
	if !slices.Equal(r.order, want) {
		r.t.Fatalf("%s: %v came out, want %v", what, r.order, want)
	}
	r.order = nil
}

func TestARowWaitsAsLongAsItMustAndNoLonger(t *testing.T) {
	c := interval(timejoin.Full, -2, 3)
	c.LeftLag, c.RightLag = 1*unit, 2*unit
	r := intervalRig(t, c)
	r.feed(0, []row{at(1, 7, 10)}, nil)
	r.feed(1, []row{at(1001, 8, 10)}, nil)
	// The left row matches right rows up to 12, of which one may come until the watermark is beyond 14.
	r.watermark(1, 14*unit)
	r.expect("a right row at 12 may come")
	r.watermark(1, 14*unit+1)
	r.expect("no right row at 12 may come", pair{1, 0})
	// The right row matches left rows up to 13.
	r.watermark(0, 14*unit)
	r.expect("a left row at 13 may come")
	r.watermark(0, 14*unit+1)
	r.expect("no left row at 13 may come", pair{0, 1001})
	// What comes now and cannot match any more does not wait.
	r.feed(0, []row{at(2, 7, 10)}, nil)
	r.expect("a row that is behind what it waits for", pair{2, 0})
	r.finish()
}

func TestARowThatComesBehindTheMergedWatermarkFindsItsMatches(t *testing.T) {
	r := intervalRig(t, interval(timejoin.Inner, 0, 10))
	r.feed(1, []row{at(1001, 7, 5)}, nil)
	r.watermark(1, 100*unit)
	r.watermark(0, 15*unit)
	r.feed(0, []row{at(1, 7, 15), at(2, 7, 16)}, nil)
	r.expect("the last that may come", pair{1, 1001})
	r.watermark(0, 15*unit+1)
	r.finish()
}

// TestRowsThatNothingCanMatchAreGone: rows behind what the other input's watermark allows are removed, in memory and from the state, while others come; and no row joins what is gone, even if it comes
// later than a row may.
func TestRowsThatNothingCanMatchAreGone(t *testing.T) {
	for _, kept := range []bool{false, true} {
		r := intervalRig(t, interval(timejoin.Inner, -5, 5))
		if kept {
			r.keepAll()
		}
		const n, each = 100, 50
		var half int64
		id := int64(1)
		for i := range int64(n) {
			for input := range 2 {
				var rows []row
				for range each {
					rows, id = append(rows, at(id, id%7, 100*i)), id+1
				}
				r.feed(input, rows, nil)
				r.watermark(input, 100*i*unit)
			}
			if used := r.instances[0].budget.Used(); i == n/2 {
				half = used
			} else if i == n-1 && used > half+half/4 {
				t.Errorf("%d bytes are in use after half of the rows, %d after all", half, used)
			}
		}
		r.order = nil
		r.feed(1, []row{at(100_001, 3, 100)}, nil)
		r.expect("it joins what is gone")
		r.watermark(0, 1000*n*unit)
		r.watermark(1, 1000*n*unit)
		stateful := r.instances[0].op.(op.Stateful)
		for g := range op.KeyGroups {
			if data, err := stateful.Snapshot(op.KeyGroup(g)); err != nil || data != nil {
				t.Fatalf("key group %d has state of %d bytes, %v", g, len(data), err)
			}
		}
		if stored := r.instances[0].stored; stored != nil {
			for range 2 {
				if err := stored.Seal(); err != nil {
					t.Fatal(err)
				}
			}
			if n, err := stored.Len(); n > 0 || err != nil {
				t.Errorf("%d entries are stored, %v", n, err)
			}
		}
	}
}

func TestRowsThatMatchNothing(t *testing.T) {
	for kind, want := range map[timejoin.Kind][]pair{
		timejoin.Inner: nil, timejoin.Left: {{1, 0}, {2, 0}}, timejoin.Right: nil, timejoin.Anti: {{1, -1}, {2, -1}}, timejoin.Semi: nil,
	} {
		r := intervalRig(t, interval(kind, 0, 10))
		timeless, keyless := at(1, 7, 0), at(2, 0, 5)
		timeless.time, keyless.key = nil, nil
		r.feed(0, []row{timeless, keyless}, nil)
		r.expect(kind.String()+" join", want...)
		r.finish()
	}
}

func TestInfinity(t *testing.T) {
	forever, never := int64(math.MaxInt64), int64(math.MinInt64)
	inf := func(id int64, t *int64) row { r := at(id, 7, 0); r.time = t; return r }
	r := intervalRig(t, interval(timejoin.Full, -5, 5))
	r.feed(0, []row{inf(1, &forever), inf(2, &never), at(3, 7, 0)}, nil)
	r.feed(1, []row{inf(1001, &forever), inf(1002, &never), at(1003, 7, 1)}, nil)
	r.watermark(0, 100*unit)
	r.watermark(1, 100*unit)
	r.finish()
	r.same(map[pair]int{{1, 1001}: 1, {2, 1002}: 1, {3, 1003}: 1}, "infinity is near to infinity alone")
}

func TestTimeToLive(t *testing.T) {
	for _, kept := range []bool{false, true} {
		timeToLive(t, kept)
	}
}

func timeToLive(t *testing.T, kept bool) {
	t.Helper()
	c := interval(timejoin.Full, timejoin.NoLower, 0)
	c.Lower, c.TTL = timejoin.NoLower, 8000
	r := intervalRig(t, c)
	if kept {
		r.keepAll()
	}
	r.feed(0, []row{at(1, 7, 10)}, nil) // nobody knows the time yet
	r.tick(1_000_000)
	r.feed(0, []row{at(2, 7, 10)}, nil)
	r.tick(1_004_000)
	r.feed(0, []row{at(3, 7, 10)}, nil)
	r.watermark(1, 1000*unit)
	r.expect("left rows are of use for ever")
	r.restart(2)
	r.tick(1_008_999)
	r.feed(1, []row{at(1001, 7, 5)}, nil)
	r.expect("all are there")
	r.feed(1, []row{at(1002, 7, 10)}, nil)
	slices.SortFunc(r.order, func(a, b pair) int { return int(a.left - b.left) })
	r.expect("all are found", pair{1, 1002}, pair{2, 1002}, pair{3, 1002})
	r.feed(0, []row{at(4, 9, 10)}, nil)
	r.tick(1_012_999)
	r.feed(1, []row{at(1003, 7, 10)}, nil)
	r.expect("two are gone", pair{3, 1003})
	r.tick(1_020_000)
	r.expect("one that found nothing goes", pair{4, 0})
	r.finish()
}

func TestSlicesOfTimesFarApart(t *testing.T) {
	r := intervalRig(t, interval(timejoin.Inner, -1, 1))
	var lefts, rights []row
	want := map[pair]int{}
	for i := range int64(200) {
		lefts, rights = append(lefts, at(1+i, i%3, -i*i)), append(rights, at(1001+i, i%3, -i*i+i%2))
		want[pair{1 + i, 1001 + i}]++
	}
	want[pair{1, 1002}] = 0
	r.feed(0, lefts, nil)
	r.feed(1, rights, nil)
	r.finish()
	delete(want, pair{1, 1002})
	r.same(want, "")
}

// TestManyRowsOfAKey: what comes out of a row is more than a batch.
func TestManyRowsOfAKey(t *testing.T) {
	for _, kind := range []timejoin.Kind{timejoin.Inner, timejoin.Semi, timejoin.Full} {
		r := intervalRig(t, interval(kind, 0, 100))
		const n = 3000
		var rights []row
		for i := range int64(n) {
			rights = append(rights, at(1001+i, 7, i%2))
		}
		r.feed(1, rights, nil)
		r.feed(0, []row{at(1, 7, 50), at(2, 7, 51), at(3, 7, 0)}, nil)
		r.finish()
		want := n*2 + n/2
		if kind == timejoin.Semi {
			want = 3
		}
		if len(r.order) != want {
			t.Errorf("%s join: %d rows came out, want %d", kind, len(r.order), want)
		}
	}
}

func TestColumnsThatNobodyReadsAreNil(t *testing.T) {
	c := interval(timejoin.Left, 0, 10)
	c.Need = []bool{false, false, true, false, false, false, true, false}
	c.Budget = limit.New("test", 0)
	j, err := timejoin.NewInterval(&c)
	if err != nil {
		t.Fatal(err)
	}
	out := op.NewOutput(1)
	origin := &batch.Origin{Name: "file"}
	in := lend([]row{at(1, 7, 5)}, nil)
	right := lend([]row{at(1001, 7, 5)}, nil)
	right.Cols[textColumn] = nil
	if _, err := j.ApplyInput(1, right, out); err != nil {
		t.Fatal(err)
	}
	in.Cols[textColumn], in.Origin = nil, origin
	if _, err := j.ApplyInput(0, in, out); err != nil {
		t.Fatal(err)
	}
	b := out.Ports[0]
	for i, c := range b.Cols {
		if want := i == idColumn || i == 4+idColumn; (c != nil) != want {
			t.Errorf("column %d is there: %v", i, c != nil)
		}
	}
	if b.Origin != origin || b.OriginRow(0) != 0 {
		t.Error("where the row came from is lost")
	}
}

func TestAResidualThatFailsIsAPairThatCannotBeMade(t *testing.T) {
	c := interval(timejoin.Left, 0, 10)
	c.Residual, c.Reads = program(t, "1 / (l2 - r2 + 1000) > -5")
	r := intervalRig(t, c)
	r.feed(0, []row{at(1, 7, 5), at(2, 7, 5)}, nil)
	r.feed(1, []row{at(1001, 7, 5)}, nil)
	r.finish()
	r.same(map[pair]int{{1, 0}: 1, {2, 1001}: 1}, "")
	if want := []string{"division by zero"}; !slices.Equal(r.rejects, want) {
		t.Errorf("rejects %q, want %q", r.rejects, want)
	}
}

func TestLagsOfAnInterval(t *testing.T) {
	for _, c := range []struct{ lower, upper, leftLag, rightLag, left, right int64 }{
		{0, 10, 0, 0, 0, 10},
		{-10, 0, 0, 0, 10, 0},
		{5, 10, 0, 0, 0, 10},
		{-10, -5, 3, 4, 14, 4},
		{timejoin.NoLower, 0, 0, 0, timejoin.NoLag, 0},
		{0, timejoin.NoUpper, 0, 0, 0, timejoin.NoLag},
		{0, 10, timejoin.NoLag, 0, timejoin.NoLag, timejoin.NoLag},
		{0, 10, 0, timejoin.NoLag, timejoin.NoLag, timejoin.NoLag},
	} {
		cfg := timejoin.IntervalConfig{Lower: c.lower, Upper: c.upper, LeftLag: c.leftLag, RightLag: c.rightLag}
		if left, right := cfg.Lags(); left != c.left || right != c.right {
			t.Errorf("%+v: lags %d and %d", c, left, right)
		}
	}
}

func TestLagsOfOtherJoins(t *testing.T) {
	w := windowed(timejoin.Inner)
	w.Lag = 5
	if left, right := w.Lags(); left != 5 || right != 5 {
		t.Errorf("lags %d and %d", left, right)
	}
	c := temporal(timejoin.Inner)
	c.LeftLag, c.RightLag = 3, 7
	if left, right := c.Lags(); left != 7 || right != timejoin.NoLag {
		t.Errorf("lags %d and %d", left, right)
	}
	c.Processing = true
	if left, right := c.Lags(); left != 3 || right != timejoin.NoLag {
		t.Errorf("lags %d and %d AS OF PROCTIME()", left, right)
	}
}

func TestIntervalsThatNoPlanMayContain(t *testing.T) {
	for want, change := range map[string]func(c *timejoin.IntervalConfig){
		"inner interval join j: it is said of 1 columns whether they are needed, but it gives 8": func(c *timejoin.IntervalConfig) { c.Need = []bool{true} },
		"key 0 compares columns 0 and 9 of inputs with 4 and 4 columns":                          func(c *timejoin.IntervalConfig) { c.Keys[0].Right = 9 },
		"key 0 compares bigint with text; cast one of them":                                      func(c *timejoin.IntervalConfig) { c.Keys[0].Right = textColumn },
		"the residual reads column 8 of 8":                                                       func(c *timejoin.IntervalConfig) { c.Reads = []int{8} },
		"the left time is column 4 of 4":                                                         func(c *timejoin.IntervalConfig) { c.LeftTime = 4 },
		"the right time is a text; it must be a TIMESTAMP or TIMESTAMPTZ":                        func(c *timejoin.IntervalConfig) { c.RightTime = textColumn },
		"the left time is -1 µs behind its watermark":                                            func(c *timejoin.IntervalConfig) { c.LeftLag = -1 },
		"open on both sides":                      func(c *timejoin.IntervalConfig) { c.Lower, c.Upper = timejoin.NoLower, timejoin.NoUpper },
		"an interval from 9223372036854775807 to": func(c *timejoin.IntervalConfig) { c.Lower = timejoin.NoUpper },
		"a time to live of -1 µs":                 func(c *timejoin.IntervalConfig) { c.TTL = -1 },
	} {
		c := interval(timejoin.Inner, 0, 1)
		change(&c)
		if _, err := timejoin.NewInterval(&c); err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestIntervalTypesMayDifferInName(t *testing.T) {
	part := func(name string) schema.Type {
		elem := schema.Of(schema.Int64)
		typ := schema.Of(schema.Row)
		typ.Fields = []schema.Field{{Name: name, Type: schema.Type{Kind: schema.Array, Elem: &elem}}}
		return typ
	}
	c := interval(timejoin.Inner, 0, 1)
	c.Left, c.Right = []schema.Type{part("a"), c.Left[1]}, []schema.Type{part("b"), c.Right[1]}
	c.Budget = limit.New("test", 0)
	if _, err := timejoin.NewInterval(&c); err != nil {
		t.Error(err)
	}
	text := schema.Of(schema.Text)
	c.Right[0].Fields[0].Type.Elem = &text
	if _, err := timejoin.NewInterval(&c); err == nil {
		t.Error("arrays of numbers and of text are compared")
	}
}

func TestWhatADriverMustNotDo(t *testing.T) {
	c := interval(timejoin.Inner, 0, 1)
	c.Budget = limit.New("test", 0)
	j, err := timejoin.NewInterval(&c)
	if err != nil {
		t.Fatal(err)
	}
	out := op.NewOutput(1)
	fails := func(what string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%v, want %q", err, what)
		}
	}
	_, err = j.Apply(nil, out)
	fails("inner interval join j has two inputs: rows come by ApplyInput", err)
	gone := at(1, 7, 5)
	gone.kind = batch.Delete
	_, err = j.ApplyInput(0, lend([]row{gone}, nil), out)
	fails("the left input takes rows back", err)
	if _, err := j.OnInputEnd(1, out); err != nil {
		t.Fatal(err)
	}
	_, err = j.ApplyInput(1, lend([]row{at(1, 7, 5)}, nil), out)
	fails("rows of the right input after its end", err)

	window, now := windowed(timejoin.Inner), temporal(timejoin.Inner)
	for _, create := range []create{createWindow(window), createTemporal(now)} {
		o, err := create(&batch.Pool{}, limit.New("test", 0))
		if err != nil {
			t.Fatal(err)
		}
		_, err = o.Apply(nil, out)
		fails("join j has two inputs: rows come by ApplyInput", err)
		if more, err := o.(op.Multi).ApplyInput(0, lend(nil, nil), out); more || err != nil {
			t.Error(more, err)
		}
		if _, err := o.(op.Multi).OnInputEnd(0, out); err != nil {
			t.Fatal(err)
		}
		_, err = o.(op.Multi).ApplyInput(0, lend([]row{at(1, 7, 5)}, nil), out)
		fails("rows of the left input after its end", err)
	}
	o, err := createTemporal(now)(&batch.Pool{}, limit.New("test", 0))
	if err != nil {
		t.Fatal(err)
	}
	_, err = o.(op.Multi).ApplyInput(0, lend([]row{gone}, nil), out)
	fails("the left input takes rows back", err)
}
