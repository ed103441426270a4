package flow_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// burst makes copies rows of each row, as unnest does of an array's elements, and rejects them all, a batch at a time.
type burst struct {
	copies, done int
	heap         *uint64 // the largest heap seen, if not nil
}

func (b *burst) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	const most = 1000
	out.Counts.In, out.Counts.Rejected = 0, 0
	n := min(most, b.copies-b.done)
	for range n {
		out.Reject(0, sqlstate.New(sqlstate.DivisionByZero, "no"))
	}
	if b.done += n; b.done < b.copies {
		return true, nil
	}
	b.done = 0
	if b.heap != nil {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		*b.heap = max(*b.heap, m.HeapAlloc)
	}
	return false, nil
}

// longRecord gives its rows an origin of size bytes.
type longRecord struct {
	size int
	out  batch.Batch
}

func (r *longRecord) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	text := []byte(strings.Repeat("x", r.size))
	r.out.View(in, in.Sel)
	r.out.Origin = &batch.Origin{
		Name: in.Origin.Name, Block: batch.WrapBuffer(text), Starts: []uint32{0}, Ends: []uint32{uint32(len(text))}, FirstRecord: in.Origin.FirstRecord,
	}
	out.Counts.In += int64(in.Rows())
	out.Counts.Forwarded += int64(in.Rows())
	out.Emit(0, &r.out)
	return false, nil
}

// burstPlan reads blocks of one row, each of which becomes copies rows of a record of size bytes that all fail.
func burstPlan(c *counter, policy physical.OnError, copies, size int, heap *uint64) (*physical.Plan, *collector) {
	sink := &collector{}
	plan := pipe(c, sink, 1,
		&physical.Step{Name: "long", Schema: schema.New(), New: func(physical.Build) (op.Operator, error) { return &longRecord{size: size}, nil }},
		&physical.Step{Name: "burst", OnError: policy, New: func(physical.Build) (op.Operator, error) { return &burst{copies: copies, heap: heap}, nil }},
	)
	return plan, sink
}

// TestRowsOfOneRecordThatFailNeedLittleMemory: a record that becomes many rows, all of which fail, must not be kept once for each.
func TestRowsOfOneRecordThatFailNeedLittleMemory(t *testing.T) {
	const copies, size = 20_000, 50_000 // 1 GB, were each row to keep the record
	for _, policy := range []physical.OnError{physical.Fail, physical.Drop, physical.DeadLetter} {
		var heap uint64
		plan, _ := burstPlan(&counter{limit: 1, block: 1}, policy, copies, size, &heap)
		dead := &collector{}
		if policy == physical.DeadLetter {
			dead.forget = true
			plan.DeadLetters = deadSink(dead)
		}
		if _, err := run(t, plan, settings(), nil); (err != nil) != (policy == physical.Fail) {
			t.Error(err)
		}
		if heap > 64<<20 {
			t.Errorf("%v: the heap grew to %d MB", policy, heap>>20)
		}
		if policy == physical.DeadLetter && dead.forgotten != copies {
			t.Errorf("%d dead letters", dead.forgotten)
		}
	}
}

// TestManyDeadLettersOfABlock: dead letters that are written before the block's end name the same records, in the same order, and the block is
// answered after the last.
func TestManyDeadLettersOfABlock(t *testing.T) {
	const copies = 10_000
	for _, lanes := range []int{1, 3} {
		heard := &answers{}
		plan, _ := burstPlan(&counter{limit: 7, block: 1, acks: heard.ack}, physical.DeadLetter, copies, 10, nil)
		dead := &collector{}
		plan.Parallelism, plan.DeadLetters = lanes, deadSink(dead)
		if _, err := run(t, plan, settings(), nil); err != nil {
			t.Fatal(err)
		}
		if len(dead.published) != 7*copies || len(heard.all) != 7 || heard.all[0] != nil {
			t.Fatalf("%d dead letters, answers %v", len(dead.published), heard.all)
		}
		for i, letter := range dead.published {
			if want := fmt.Sprintf(",burst,22012,no,null,numbers,%d,", i/copies+1); !strings.Contains(letter, want) {
				t.Fatalf("dead letter %d is %q, want %q", i, letter, want)
			}
		}
	}
}

// TestABlockWithTooManyDeadLettersIsRefused: nothing of a block that can be taken back is written before its end, so there is a bound.
func TestABlockWithTooManyDeadLettersIsRefused(t *testing.T) {
	heard := &answers{}
	plan, _ := burstPlan(&counter{limit: 1, block: 1, acks: heard.ack, refusable: true}, physical.DeadLetter, 200_000, 10, nil)
	dead := &collector{}
	plan.DeadLetters = deadSink(dead)
	if _, err := run(t, plan, settings(), nil); err != nil {
		t.Fatal(err)
	}
	if len(dead.published) != 0 || len(heard.all) != 1 || sqlstate.Of(heard.all[0]) != sqlstate.ProgramLimitExceeded {
		t.Errorf("%d dead letters, answers %v", len(dead.published), heard.all)
	}
}

// TestADeadLetterThatCannotBeWrittenEndsTheRun: it must not vanish.
func TestADeadLetterThatCannotBeWrittenEndsTheRun(t *testing.T) {
	plan := pipe(&counter{limit: 70, block: 7}, &collector{}, 2, &physical.Step{Name: "picky", New: newPicky, OnError: physical.DeadLetter})
	dead := &collector{refuseAll: true}
	plan.DeadLetters = deadSink(dead)
	if _, err := run(t, plan, settings(), nil); err == nil || !strings.Contains(err.Error(), `sink "dead": a dead letter of step "picky" cannot be written`) {
		t.Error(err)
	}
}
