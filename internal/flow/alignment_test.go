package flow

import (
	"bytes"
	"math"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestAlignmentHoldsBackWhoIsAhead: three producers, of which the last leads to both inputs.
func TestAlignmentHoldsBackWhoIsAhead(t *testing.T) {
	a := newAlignment(2)
	for p, inputs := range [][]int{{0}, {1, 1}, {0, 1}} {
		if a.add(nil) != p {
			t.Fatal("producers are numbered from 0")
		}
		for _, input := range inputs {
			a.feeds(p, input)
		}
	}
	if a.barrier(0, 1) || a.barrier(2, 1) || !a.holds(0) || a.holds(1) || !a.holds(2) {
		t.Error("the first and the last have passed barrier 1, the second has not")
	}
	if !a.barrier(1, 1) || a.holds(0) || a.holds(1) || a.holds(2) {
		t.Error("all have passed it")
	}
	if over := a.end(1); over != nil || a.align() {
		t.Errorf("the last still leads to input 1, and no barrier is under way: %v", over)
	}
	if a.barrier(0, 2) || !a.barrier(2, 2) {
		t.Error("who has ended passes every barrier")
	}
	if a.barrier(0, 3) || !slices.Equal(a.end(2), []int{1}) || a.over() || !a.align() || a.align() {
		t.Error("the end of the last one that was waited for aligns, once")
	}
	if !slices.Equal(a.end(0), []int{0}) || !a.over() {
		t.Error("all have ended")
	}
}

func TestWatermarksOfInputs(t *testing.T) {
	a := newAlignment(2)
	for p, inputs := range [][]int{{0}, {1}, {0, 1}} {
		a.add(nil)
		for _, input := range inputs {
			a.feeds(p, input)
		}
	}
	steps := []struct {
		p      int
		micros int64
		moved  []int
		merged int64
		now    bool
	}{
		{0, 10, nil, minTime, false},
		{1, 5, nil, minTime, false},
		{2, 7, []int{0, 1}, 5, true},
		{2, 6, nil, 5, false}, // never back
		{1, 9, []int{1}, 7, true},
		{2, 20, []int{0, 1}, 9, true},
		{0, math.MaxInt64, []int{0}, 9, false},
		{1, math.MaxInt64, []int{1}, 20, true},
		{2, math.MaxInt64, []int{0, 1}, math.MaxInt64, true},
	}
	for i, s := range steps {
		a.advance(s.p, s.micros)
		moved, now := a.settle(nil)
		if !slices.Equal(moved, s.moved) {
			t.Errorf("step %d moved inputs %v, want %v", i, moved, s.moved)
		}
		if a.merged != s.merged || now != s.now {
			t.Errorf("step %d: merged %d, moved %v", i, a.merged, now)
		}
	}
}

// TestWhoIsIdleIsNotWaitedFor: two producers of one input and one of another.
func TestWhoIsIdleIsNotWaitedFor(t *testing.T) {
	a := newAlignment(2)
	for p, input := range []int{0, 0, 1} {
		a.feeds(a.add(&producer{roots: []int{p}}), input)
	}
	var asked []int
	allowed := true
	pass := func(sources []int, _ int64) bool {
		asked = append(asked, sources...)
		return allowed
	}
	check := func(what string, inputs []int, merged int64, idle bool, who ...int) {
		t.Helper()
		asked = nil
		moved, _ := a.settle(pass)
		slices.Sort(asked)
		if !slices.Equal(moved, inputs) || a.merged != merged || a.idle() != idle || !slices.Equal(slices.Compact(asked), who) {
			t.Errorf("%s: moved inputs %v, merged %d, idle %v, asked %v", what, moved, a.merged, a.idle(), asked)
		}
	}
	a.advance(0, 10)
	a.advance(2, 7)
	check("one was not heard of", []int{1}, minTime, false)
	a.rest(1, true)
	allowed = false
	check("it is idle, and has woken", nil, minTime, false, 1)
	allowed = true
	check("it is idle", []int{0}, 7, false, 1)
	a.advance(2, 20)
	check("the other input goes on", []int{1}, 10, false, 1)
	a.rest(0, true)
	a.advance(2, 30)
	check("one input is idle", []int{1}, 30, false, 0, 1)
	a.rest(2, true)
	check("all are", nil, 30, true)
	a.rest(1, false)
	a.advance(1, 25)
	check("one has woken, behind what was told", []int{0}, 30, false, 0)
	a.advance(1, 40)
	check("and goes on alone", []int{0}, 40, false, 0, 2)
	a.advance(1, math.MaxInt64)
	a.end(1)
	check("its end is not that of those who may wake", nil, 40, true)
	for _, p := range []int{0, 2} {
		a.advance(p, math.MaxInt64)
		a.end(p)
	}
	check("all have ended", []int{0, 1}, math.MaxInt64, false)
}

// TestAQueueKeepsOrderAndBounds draws what a producer and a task do in turns; a push that would wait is left out.
func TestAQueueKeepsOrderAndBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		depth := rapid.IntRange(1, 4).Draw(t, "depth")
		b := newInbox()
		q := b.add(0, depth)
		home := testOutlet()
		var sent, got []int64
		next, mark := int64(0), int64(0)
		note := func(e entry) {
			if e.kind != entryRows {
				got = append(got, -e.mark)
				return
			}
			got = append(got, e.carton.rows.Batch().Cols[0].Int64s()...)
			e.carton.giveBack()
		}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"rows", "barrier", "take"}).Draw(t, "step") {
			case "rows":
				c := home.carton()
				rows := testNumbers(next, rapid.Int64Range(1, 3000).Draw(t, "rows"))
				if q.count == depth && (q.last().kind != entryRows || q.last().carton.rows.Rows()+rows.Len > 4096) {
					continue
				}
				c.rows.Append(rows, nil)
				for i := range rows.Len {
					sent = append(sent, next+int64(i))
				}
				next += int64(rows.Len)
				if err := q.push(entry{kind: entryRows, carton: c}); err != nil {
					t.Fatal(err)
				}
			case "barrier":
				if q.count == depth {
					continue
				}
				mark++
				sent = append(sent, -mark)
				if err := q.push(entry{kind: entryBarrier, mark: mark}); err != nil {
					t.Fatal(err)
				}
			case "take":
				if e, from, err := b.take(false); err != nil {
					t.Fatal(err)
				} else if from != nil {
					note(e)
				}
			}
			if waiting, room := b.fill(); waiting > room || room != int64(depth) || q.idle() != (waiting == 0) {
				t.Fatalf("%d entries wait in %d places", waiting, room)
			}
		}
		b.close()
		for {
			e, from, err := b.take(true)
			if err != nil {
				t.Fatal(err)
			}
			if from == nil {
				break
			}
			note(e)
		}
		if !slices.Equal(got, sent) {
			t.Fatalf("%d entries came, %d were sent, or in another order", len(got), len(sent))
		}
	})
}

// TestRowsWaitForMemory: where the budget has no room, rows wait while others are in the queue, however much room there is, and pass when there are none. What is emptied gives its memory back.
func TestRowsWaitForMemory(t *testing.T) {
	b := newInbox()
	q, home := b.add(0, 4), testOutlet()
	home.budget, home.keeps = limit.New("test", 100), 0
	pushed := make(chan error, 1)
	push := func() {
		c := home.carton()
		c.rows.Append(testNumbers(0, 4096), nil)
		pushed <- q.push(entry{kind: entryRows, carton: c})
	}
	push()
	if err := <-pushed; err != nil {
		t.Fatal(err)
	}
	go push()
	for !b.presses() {
		select {
		case err := <-pushed:
			t.Fatalf("rows that have no room do not wait: %v", err)
		default:
			runtime.Gosched()
		}
	}
	for range 2 {
		e, from, err := b.take(true)
		if err != nil || from != q {
			t.Fatal(err)
		}
		e.carton.giveBack()
		if e.carton.rows.Memory() != 0 || home.budget.Used() != 0 {
			t.Errorf("%d bytes are kept, %d reserved", e.carton.rows.Memory(), home.budget.Used())
		}
	}
	if err := <-pushed; err != nil {
		t.Fatal(err)
	}
}

// TestSmallBatchesGrowWhileTheyWait: a task that is behind is given few large batches.
func TestSmallBatchesGrowWhileTheyWait(t *testing.T) {
	b := newInbox()
	q, home := b.add(0, 8), testOutlet()
	for i := range int64(100) {
		c := home.carton()
		c.rows.Append(testNumbers(i*10, 10), nil)
		if err := q.push(entry{kind: entryRows, carton: c}); err != nil {
			t.Fatal(err)
		}
	}
	if q.count != 8 || q.last().carton.rows.Rows() != 930 {
		t.Errorf("%d batches wait, the last of %d rows", q.count, q.last().carton.rows.Rows())
	}
	if made := len(home.free) + q.count; made > 10 {
		t.Errorf("%d cartons were made", made)
	}
}

// testOutlet is an outlet that leads nowhere.
func testOutlet() *outlet {
	return &outlet{
		pool: &batch.Pool{}, budget: limit.New("test", limit.Unlimited), keeps: keepCartonMost, share: limit.Unlimited, spared: func() int64 { return 0 },
		exchange: &physical.Exchange{To: physical.Input{Stage: &physical.Stage{Name: "test"}}},
	}
}

// TestRowsUnderWayHaveAShare: rows under way take their share of the budget at most, and leave what state and its store are to have; an emptied carton keeps no memory where they have more.
func TestRowsUnderWayHaveAShare(t *testing.T) {
	const memory = 1 << 20
	for name, test := range map[string]struct {
		leaves, share, spared int64
		booked                bool
	}{
		"room":             {leaves: memory / 4, share: memory / 2, booked: true},
		"left to state":    {leaves: memory, share: memory / 2},
		"left to a store":  {leaves: memory / 4, share: memory / 2, spared: memory},
		"more than theirs": {leaves: memory / 4, share: 8},
	} {
		home := testOutlet()
		home.budget, home.leaves, home.share, home.spared = limit.New("test", memory).Child("exchange", limit.Unlimited), test.leaves, test.share, func() int64 { return test.spared }
		c := home.carton()
		if c.rows.Append(testNumbers(0, 4), nil); c.book() != test.booked || (home.budget.Used() > 0) != test.booked {
			t.Errorf("%s: %d bytes are reserved", name, home.budget.Used())
		}
		kept := home.budget.Used()
		if c.giveBack(); home.budget.Used() != kept {
			t.Errorf("%s: an empty carton has %d bytes of %d", name, home.budget.Used(), kept)
		}
		if !test.booked && c.rows.Memory() != 0 {
			t.Errorf("%s: an empty carton has %d bytes that are not reserved", name, c.rows.Memory())
		}
		home.share = 2*kept - 1
		if c.giveBack(); home.budget.Used() != 0 || c.rows.Memory() != 0 {
			t.Errorf("%s: an empty carton has %d bytes although cartons have more than half of their share", name, home.budget.Used())
		}
	}
}

// testNumbers is a batch of the n numbers from first on.
func testNumbers(first, n int64) *batch.Batch {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
	c.Reset(int(n))
	for i := range n {
		c.Int64s()[i] = first + i
	}
	return &batch.Batch{Cols: []*batch.Column{c}, Len: int(n)}
}

// TestCartonsAreSmallWhereMemoryIs: rows of a batch are dealt in pieces of about as many bytes as a carton has at most, in their order, with the halves of updates side by side; where there is much
// memory, in one.
func TestCartonsAreSmallWhereMemoryIs(t *testing.T) {
	const rows = 4000
	numbers, texts := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64)), batch.NewColumn(&batch.Pool{}, schema.Of(schema.Text))
	numbers.Reset(rows)
	texts.Reset(rows)
	in := &batch.Batch{Len: rows, Cols: []*batch.Column{numbers, texts}, Kinds: make([]batch.Change, rows)}
	for i := range rows {
		numbers.Int64s()[i] = int64(i)
		texts.SetBytes(i, bytes.Repeat([]byte{'x'}, 100+i%300))
		in.Kinds[i] = batch.UpdateBefore + batch.Change(i%2)*(batch.UpdateAfter-batch.UpdateBefore)
	}
	var every []uint16
	for i := range rows {
		every = append(every, uint16(i))
	}
	for _, memory := range []int64{1, 16 << 20, 64 << 20, limit.Unlimited} {
		for _, sel := range [][]uint16{nil, every} {
			home := testOutlet()
			home.queues, home.most = make([]*queue, 1), mostOf(memory, 1)
			c := newConsignment(home)
			c.add(0, in, sel)
			c.add(0, in, sel)
			next := int64(0)
			for _, carton := range c.parts[0] {
				b := carton.rows.Batch()
				if size := carton.rows.Size(); home.most > 0 && size > 2*home.most {
					t.Errorf("with %d bytes of memory a carton has %d", memory, size)
				}
				if b.Kinds[0] != batch.UpdateBefore || b.Len%2 != 0 {
					t.Errorf("with %d bytes of memory an update is torn apart", memory)
				}
				for _, n := range b.Cols[0].Int64s()[:b.Len] {
					if n != next%rows {
						t.Fatalf("row %d is %d", next, n)
					}
					next++
				}
			}
			if next != 2*rows || home.most == 0 && len(c.parts[0]) != 2 {
				t.Errorf("with %d bytes of memory there are %d rows in %d cartons", memory, next, len(c.parts[0]))
			}
		}
	}
}
