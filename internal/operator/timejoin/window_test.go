package timejoin_test

import (
	"fmt"
	"maps"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/optest"
	"wire.example/wire/internal/operator/timejoin"
	"wire.example/wire/sdk/batch"
)

// windowSize is that of aligned windows.
const windowSize = 5 * unit

// drawWindowed draws rows whose time is the end of a window: of one of 5 units, or, for sessions, any. Rows come as long as the watermark is not at the end and
// lag more; with takes, some are taken back as long.
func drawWindowed(t *rapid.T, first, lag int64, sessions, takes bool) stream {
	var s stream
	now, highest := unit*rapid.Int64Range(-30, 0).Draw(t, "start"), int64(math.MinInt64)
	delay := unit * rapid.Int64Range(0, 6).Draw(t, "delay")
	watermark := int64(math.MinInt64)
	var given []row
	for i := range rapid.IntRange(0, 40).Draw(t, "rows") {
		if takes && len(given) > 0 && rapid.IntRange(0, 3).Draw(t, "take") == 0 {
			k := rapid.IntRange(0, len(given)-1).Draw(t, "which")
			if r := given[k]; r.time == nil || *r.time+lag > watermark {
				given = append(given[:k], given[k+1:]...)
				r.kind = rapid.SampledFrom([]batch.Change{batch.Delete, batch.UpdateBefore}).Draw(t, "kind")
				s.rows, s.watermarks = append(s.rows, r), append(s.watermarks, watermark)
				continue
			}
		}
		r := row{id: first + int64(i)}
		now += unit * rapid.Int64Range(0, 3).Draw(t, "step")
		highest = max(highest, now)
		at := now - unit*rapid.Int64Range(0, 8).Draw(t, "behind")
		if !sessions {
			at -= ((at % windowSize) + windowSize) % windowSize
			at += windowSize
		}
		if watermark != math.MinInt64 && at+lag <= watermark {
			at = watermark - lag + 1
			if !sessions {
				at += (windowSize - (at % windowSize)) % windowSize
			}
		}
		if rapid.IntRange(0, 15).Draw(t, "timeless") > 0 {
			r.time = &at
			watermark = highest - delay
		}
		if key := rapid.Int64Range(-1, 3).Draw(t, "key"); key >= 0 {
			r.key = &key
		}
		given = append(given, r)
		if takes && rapid.IntRange(0, 5).Draw(t, "update") == 0 {
			r.kind = batch.UpdateAfter
		}
		s.rows, s.watermarks = append(s.rows, r), append(s.watermarks, watermark)
	}
	return s
}

// folded is what is left of rows.
func folded(rows []row) (left []row) {
	counts := map[int64]int{}
	for _, r := range rows {
		if op.Adds(r.kind) {
			counts[r.id]++
		} else {
			counts[r.id]--
		}
	}
	for _, r := range rows {
		if op.Adds(r.kind) && counts[r.id] > 0 {
			counts[r.id]--
			left = append(left, r)
		}
	}
	return left
}

// windowed is a join of rows whose time is the end of their window.
func windowed(kind timejoin.Kind) timejoin.WindowConfig {
	return timejoin.WindowConfig{
		Config: timejoin.Config{
			Name: "j", Kind: kind, Left: columnTypes(), Right: columnTypes(), Pool: &batch.Pool{},
			Keys: []timejoin.Key{{Left: keyColumn, Right: keyColumn}, {Left: timeColumn, Right: timeColumn}},
		},
		LeftEnd: timeColumn, RightEnd: timeColumn, Width: windowSize,
	}
}

// inPieces has rows that lie in the store joined in small pieces.
func inPieces(r *rig, rows, most int) {
	r.created = func(o op.Multi) { o.(*timejoin.Window).TakePieces(rows, most) }
	for _, in := range r.instances {
		r.created(in.op)
	}
}

func windowRig(t fataler, c timejoin.WindowConfig, instances int, guarded bool) *rig {
	t.Helper()
	return newRig(t, c.HashColumns(0), instances, guarded, func(budget *limit.Budget) op.Multi {
		c.Budget = budget
		w, err := timejoin.NewWindow(&c)
		if err != nil {
			t.Fatalf("%v", err)
		}
		return w
	})
}

func TestWindowJoinsAreWhatTheirDefinitionSays(t *testing.T) {
	for range 6 {
		rapid.Check(t, func(rt *rapid.T) {
			c := windowed(rapid.SampledFrom([]timejoin.Kind{timejoin.Inner, timejoin.Left, timejoin.Right, timejoin.Full, timejoin.Semi, timejoin.Anti}).Draw(rt, "kind"))
			switch rapid.IntRange(0, 2).Draw(rt, "keys") {
			case 0:
				c.Keys = c.Keys[1:]
			case 1:
				c.Keys[0].NotDistinct = true
			}
			c.Lag = unit * rapid.Int64Range(0, 4).Draw(rt, "lag")
			sessions, takes := rapid.Bool().Draw(rt, "sessions"), rapid.Bool().Draw(rt, "takes")
			if sessions {
				c.Width = rapid.SampledFrom([]int64{0, 7 * unit}).Draw(rt, "width")
			}
			residual := rapid.Bool().Draw(rt, "residual")
			if residual {
				c.Residual, c.Reads = program(t, "(l2 + r2) % 3 <> 0")
			}
			inputs := [2]stream{drawWindowed(rt, 1, c.Lag, sessions, takes), drawWindowed(rt, 1001, c.Lag, sessions, takes)}
			r := windowRig(rt, c, rapid.IntRange(1, 3).Draw(rt, "instances"), rapid.Bool().Draw(rt, "guarded"))
			r.keep(rt)
			if !takes && rapid.Bool().Draw(rt, "pieces") {
				inPieces(r, rapid.IntRange(1, 3).Draw(rt, "rows at once"), rapid.IntRange(1, 5).Draw(rt, "rows of a piece"))
			}
			r.check = func(b *batch.Batch) {
				if r.passed == math.MinInt64 || r.passed == math.MaxInt64 {
					return
				}
				ends := b.Cols[timeColumn]
				for i := range b.Rows() {
					if row := b.Row(i); !ends.IsNull(row) && ends.Int64s()[row] < r.passed-c.Lag {
						rt.Fatalf("the end is %d, the watermark %d, the lag %d", ends.Int64s()[row], r.passed, c.Lag)
					}
				}
			}
			rowsAndWatermarks(rt, r, inputs, true, nil)
			if r.counts.Late > 0 {
				rt.Fatalf("%d rows are late", r.counts.Late)
			}
			want := define(c.Kind, folded(inputs[0].rows), folded(inputs[1].rows), func(l, r row) bool {
				for _, k := range c.Keys {
					switch {
					case k.Left == timeColumn:
						if l.time == nil || r.time == nil || *l.time != *r.time {
							return false
						}
					case l.key == nil && r.key == nil && k.NotDistinct:
					case l.key == nil || r.key == nil || *l.key != *r.key:
						return false
					}
				}
				return !residual || (l.id+r.id)%3 != 0
			})
			r.same(want, fmt.Sprintf("%s join, keys %v, lag %d\nleft %v\nright %v", c.Kind, c.Keys, c.Lag, inputs[0].rows, inputs[1].rows))
		})
	}
}

func TestAWindowIsClosedWhenBothInputsArePastIt(t *testing.T) {
	c := windowed(timejoin.Left)
	c.Lag = 2 * unit
	r := windowRig(t, c, 1, false)
	r.feed(0, []row{at(1, 7, 5), at(2, 8, 5), at(3, 7, 10)}, nil)
	r.watermark(0, 100*unit)
	r.feed(1, []row{at(1001, 7, 5)}, nil)
	r.watermark(1, 7*unit-1)
	r.expect("a row of the window may come")
	r.feed(1, []row{at(1002, 7, 5)}, nil)
	r.watermark(1, 7*unit)
	r.expect("the window is closed", pair{1, 1001}, pair{1, 1002}, pair{2, 0})
	r.feed(1, []row{at(1003, 7, 5)}, nil)
	if r.counts.Late != 1 {
		t.Errorf("account %+v", r.counts)
	}
	r.end(1)
	r.expect("all are closed", pair{3, 0})
	r.finish()
}

func TestSessionsOfOneSliceAreClosedOneByOne(t *testing.T) {
	c := windowed(timejoin.Full)
	c.Width = 0
	r := windowRig(t, c, 1, false)
	r.feed(0, []row{at(1, 7, 3), at(2, 7, 1), at(3, 7, 2)}, nil)
	r.feed(1, []row{at(1001, 7, 2), at(1002, 8, 1)}, nil)
	for input := range 2 {
		r.watermark(input, 1*unit)
	}
	r.expect("the first", pair{2, 0}, pair{0, 1002})
	r.restart(2)
	for input := range 2 {
		r.watermark(input, 2*unit)
	}
	r.expect("the second", pair{3, 1001})
	r.feed(1, []row{at(1003, 7, 4)}, nil)
	for input := range 2 {
		r.watermark(input, 1000*unit)
	}
	r.feed(0, []row{at(4, 7, 2000)}, nil)
	r.feed(1, []row{at(1004, 7, 2000)}, nil)
	for input := range 2 {
		r.watermark(input, 2000*unit)
	}
	r.finish()
	r.same(map[pair]int{{2, 0}: 1, {0, 1002}: 1, {3, 1001}: 1, {1, 0}: 1, {0, 1003}: 1, {4, 1004}: 1}, "")
}

// TestManyRowsOfAWindow: what comes out of a window is more than a batch.
func TestManyRowsOfAWindow(t *testing.T) {
	const n = 9000
	for kind, want := range map[timejoin.Kind]int{
		timejoin.Inner: 2 * n / 2, timejoin.Full: 2*n/2 + n/2, timejoin.Semi: 2, timejoin.Anti: 0, timejoin.Right: 2*n/2 + n/2,
	} {
		r := windowRig(t, windowed(kind), 1, false)
		for from := int64(0); from < n; from += 3000 {
			var rights []row
			for i := range int64(3000) {
				rights = append(rights, at(1001+from+i, 7+i%2, 5))
			}
			r.feed(1, rights, nil)
		}
		r.feed(0, []row{at(1, 7, 5), at(2, 7, 5)}, nil)
		r.finish()
		if len(r.order) != want {
			t.Errorf("%s join: %d rows came out, want %d", kind, len(r.order), want)
		}
	}
}

func TestRowsThatAreEqualAreABag(t *testing.T) {
	r := windowRig(t, windowed(timejoin.Inner), 1, false)
	gone := at(1, 7, 5)
	gone.kind = batch.Delete
	r.feed(0, []row{gone, at(1, 7, 5), at(1, 7, 5), at(1, 7, 5), gone}, nil)
	r.feed(1, []row{at(1001, 7, 5)}, nil)
	r.finish()
	r.same(map[pair]int{{1, 1001}: 1}, "")
}

// TestRowsOfOneKeyInParts: rows of one key and window that lie in the store come back in parts, which meet all parts of the other input.
func TestRowsOfOneKeyInParts(t *testing.T) {
	for _, kind := range []timejoin.Kind{timejoin.Inner, timejoin.Left, timejoin.Right, timejoin.Full, timejoin.Semi, timejoin.Anti} {
		for _, counts := range [][2]int64{{14, 11}, {15, 2}, {2, 15}, {14, 0}, {0, 14}} {
			for _, width := range []int64{windowSize, 0} {
				c := windowed(kind)
				c.Width = width
				c.Residual, c.Reads = program(t, "(l2 + r2) % 13 = 0")
				r := windowRig(t, c, 1, false)
				r.keepAll()
				inPieces(r, 2, 4)
				var inputs [2][]row
				for input, n := range counts {
					for i := range n {
						inputs[input] = append(inputs[input], at(int64(input)*1000+1+i, 7, 5))
					}
					// These stay when the others go, and are in their slice where windows are sessions.
					inputs[input] = append(inputs[input], at(int64(input)*1000+101, 8, 6), at(int64(input)*1000+102, 7, 6))
					r.feed(input, inputs[input], nil)
				}
				for _, in := range r.instances {
					if err := in.stored.Evict(0, true); err != nil {
						t.Fatal(err)
					}
				}
				for input := range inputs {
					r.watermark(input, 5*unit)
				}
				early := len(r.order)
				r.finish()
				want := define(kind, inputs[0], inputs[1], func(l, r row) bool { return *l.key == *r.key && *l.time == *r.time && (l.id+r.id)%13 == 0 })
				r.same(want, fmt.Sprintf("%s join of %v rows, width %d", kind, counts, width))
				if kind == timejoin.Full && early < int(max(counts[0], counts[1])) {
					t.Errorf("%d rows came out when their window was closed, of %v", early, counts)
				}
			}
		}
	}
}

// TestJoinedRowsStayJoined: rows of a slice that stays come out once, although what has changed is stored while they are being joined, and the join goes on with what is stored.
func TestJoinedRowsStayJoined(t *testing.T) {
	const rows = 80 // so many pairs that they come out in several calls
	for _, kind := range []timejoin.Kind{timejoin.Inner, timejoin.Full} {
		c := windowed(kind)
		c.Width = 0
		r := windowRig(t, c, 1, false)
		r.keepAll()
		var inputs [2][]row
		for input := range inputs {
			for i := range int64(rows) {
				inputs[input] = append(inputs[input], at(int64(input)*1000+1+i, 7, 5))
			}
			inputs[input] = append(inputs[input], at(int64(input)*1000+101, 7, 6))
			r.feed(input, inputs[input], nil)
		}
		in := r.instances[0]
		spilled := 0
		for more := true; more; {
			in.out.Reset()
			var err error
			if more, err = in.op.(op.WatermarkHandler).OnWatermark(5*unit, in.out); err != nil {
				t.Fatal(err)
			}
			r.take(in.out)
			if more {
				spilled++
				if err := in.stored.Evict(2, false); err != nil {
					t.Fatal(err)
				}
			}
		}
		if spilled == 0 {
			t.Fatal("all came out in one call")
		}
		r.restart(1)
		r.finish()
		want := define(kind, inputs[0], inputs[1], func(l, r row) bool { return *l.key == *r.key && *l.time == *r.time })
		if len(r.order) != len(want) {
			t.Fatalf("%s join: %d rows came out, want %d", kind, len(r.order), len(want))
		}
		r.same(want, fmt.Sprintf("%s join", kind))
	}
}

// TestRowsThatAreTakenBackInRounds: rows that were taken back stay so where memory is short and rows are joined some key groups at a time.
func TestRowsThatAreTakenBackInRounds(t *testing.T) {
	c := windowed(timejoin.Left)
	c.Width = 0
	r := windowRig(t, c, 1, false)
	r.keepAll()
	in := r.instances[0]
	in.budget = limit.New("test", 64<<20)
	in.op = r.create(in.budget)
	in.stored = optest.Store(in.op.(op.Durable))
	const keys = 1000
	var lefts, rights []row
	want := map[pair]int{{5 * keys, 10 * keys}: 1}
	for key := range int64(keys) {
		gone, stays := at(1+2*key, key, 5), at(2+2*key, key, 5)
		lefts = append(lefts, gone, of(batch.Delete, gone), stays)
		for i := range int64(3) {
			right := at(6*keys+3*key+i, key, 5)
			rights = append(rights, right)
			want[pair{stays.id, right.id}] = 1
		}
	}
	r.feed(0, append(lefts, at(5*keys, 0, 6)), nil) // these stay when the others go
	r.feed(1, append(rights, at(10*keys, 0, 6)), nil)
	others := in.budget.Available() - 700<<10
	if err := in.budget.Reserve(others); err != nil {
		t.Fatal(err)
	}
	r.watermark(0, 5*unit)
	in.calls = 1 // nothing leaves memory
	r.watermark(1, 5*unit)
	in.budget.Release(others)
	r.restart(1)
	r.finish()
	if len(r.order) != len(want) {
		t.Fatalf("%d rows came out, want %d", len(r.order), len(want))
	}
	r.same(want, "")
}

// TestRowsOfOneKeyThatAreTakenBack: whether rows of a key are taken back is known when all of them are there.
func TestRowsOfOneKeyThatAreTakenBack(t *testing.T) {
	for _, most := range []int{100, 4} {
		r := windowRig(t, windowed(timejoin.Inner), 1, false)
		r.keepAll()
		inPieces(r, 2, most)
		var lefts, rights []row
		for i := range int64(12) {
			lefts, rights = append(lefts, at(1+i, 7, 5)), append(rights, at(1001+i, 7, 5))
		}
		for i := range int64(6) {
			lefts = append(lefts, of(batch.Delete, at(1+2*i, 7, 5)))
		}
		r.feed(0, lefts, nil)
		r.feed(1, rights, nil)
		if err := r.instances[0].stored.Evict(0, true); err != nil {
			t.Fatal(err)
		}
		r.watermark(0, 5*unit)
		if most > 18 {
			r.watermark(1, 5*unit)
			if len(r.got) != 6*12 {
				t.Errorf("%d pairs came out", len(r.got))
			}
			r.finish()
			continue
		}
		w := r.instances[0].op.(*timejoin.Window)
		out := op.NewOutput(1)
		var err error
		for more := true; more && err == nil; {
			if err = r.instances[0].stored.Settle(); err == nil {
				out.Reset()
				more, err = w.OnWatermark(5*unit, out)
			}
		}
		if err == nil || !strings.Contains(err.Error(), "some of which are taken back, are more than memory has room for") {
			t.Errorf("%v", err)
		}
	}
}

// TestWindowsAreClosedInRounds: where what finds rows would take more memory than there is, they are joined some key groups at a time.
func TestWindowsAreClosedInRounds(t *testing.T) {
	const n = 12_000
	run := func(most int64) (got map[pair]int, rows, peak int64) {
		c := windowed(timejoin.Full)
		var budget *limit.Budget
		r := newRig(t, c.HashColumns(0), 1, false, func(*limit.Budget) op.Multi {
			c.Budget = limit.New("test", most)
			budget = c.Budget
			w, err := timejoin.NewWindow(&c)
			if err != nil {
				t.Fatal(err)
			}
			return w
		})
		for from := int64(0); from < n; from += 2000 {
			for input := range 2 {
				var rows []row
				for i := from; i < from+2000; i++ {
					rows = append(rows, at(int64(input)*100_000+1+i, i%(n-1000*int64(input)), 5))
				}
				r.feed(input, rows, nil)
			}
		}
		rows = budget.Used()
		r.finish()
		return r.got, rows, budget.Peak()
	}
	want, rows, peak := run(limit.Unlimited)
	got, _, _ := run(rows + (peak-rows)/2)
	if !maps.Equal(got, want) {
		t.Errorf("%d rows, want %d", len(got), len(want))
	}
}

func TestWindowJoinsThatNoPlanMayContain(t *testing.T) {
	for want, change := range map[string]func(c *timejoin.WindowConfig){
		"inner window join j: it is said of 1 columns":                      func(c *timejoin.WindowConfig) { c.Need = []bool{true} },
		"the left time is column 9 of 4":                                    func(c *timejoin.WindowConfig) { c.LeftEnd = 9 },
		"no key compares the ends of the windows, columns 1 and 1":          func(c *timejoin.WindowConfig) { c.Keys = c.Keys[:1] },
		"the windows' ends are -1 µs behind the watermark":                  func(c *timejoin.WindowConfig) { c.Lag = -1 },
		"the windows' ends are -1 µs apart":                                 func(c *timejoin.WindowConfig) { c.Width = -1 },
		"the right time is a bigint; it must be a timestamp or timestamptz": func(c *timejoin.WindowConfig) { c.RightEnd = keyColumn },
	} {
		c := windowed(timejoin.Inner)
		change(&c)
		if _, err := timejoin.NewWindow(&c); err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
