package flow

import (
	"reflect"
	"testing"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// endless is a part of which there is always more to read.
type endless struct {
	keyed.Postponable
	reads int
}

func (e *endless) ReadOn(int, bool) (more bool, err error) {
	if e.reads++; e.reads > 10 {
		panic("it is read on and on")
	}
	return true, nil
}

// TestAStoppedTaskReadsNoMore: a task that nothing more comes for ends, however much it has not read.
func TestAStoppedTaskReadsNoMore(t *testing.T) {
	part := &endless{}
	task := &task{
		chain: chain{pipeline: &Pipeline{settings: Settings{Budget: limit.New("test", limit.Unlimited)}}},
		stage: &stage{plan: &physical.Stage{}}, inbox: newInbox(), kept: []*keptStep{{unread: []keyed.Unread{part}}},
	}
	task.inbox.close()
	if _, from, err := task.next(); from != nil || err != nil {
		t.Errorf("a queue: %v, %v", from != nil, err)
	}
	if part.reads > 0 || !task.hasUnread() {
		t.Errorf("%d pieces were read, more: %v", part.reads, task.hasUnread())
	}
}

// flushed is an operator that notes that it was flushed.
type flushed struct{ times int }

func (f *flushed) Apply(*batch.Batch, *op.Output) (more bool, err error) { return false, nil }
func (f *flushed) OnFlush(*op.Output) (more bool, err error) {
	f.times++
	return false, nil
}

// afterFlush is a part that wants an operator flushed before more of it is read.
type afterFlush struct {
	keyed.Postponable
	t *testing.T
	f *flushed
}

func (a *afterFlush) ReadOn(int, bool) (more bool, err error) {
	if a.f.times == 0 {
		a.t.Error("rows wait while the task reads on")
	}
	return false, nil
}

// TestRowsDoNotWaitForWhatIsRead: what rows have left to emit goes out before a task reads on behind them, even though more rows wait.
func TestRowsDoNotWaitForWhatIsRead(t *testing.T) {
	f := &flushed{}
	task := &task{
		chain: chain{pipeline: &Pipeline{settings: Settings{Budget: limit.New("test", limit.Unlimited), Clock: clock.System()}}},
		stage: &stage{plan: &physical.Stage{Inputs: 1}}, inbox: newInbox(), ctx: t.Context(), kept: []*keptStep{{unread: []keyed.Unread{&afterFlush{t: t, f: f}}}},
	}
	s := &step{chain: &task.chain, plan: &physical.Step{}, op: f, flush: f, out: &op.Output{}, stats: &StepStats{}}
	task.host, task.flushers = task, []*step{s}
	if err := task.readBehind(entryRows, 0); err != nil {
		t.Fatal(err)
	}
	if f.times != 1 || task.hasUnread() {
		t.Errorf("flushed %d times, more to read: %v", f.times, task.hasUnread())
	}
}

// TestUnknownNumbers: a part that numbers its entries is not left unread unless the highest number is known.
func TestUnknownNumbers(t *testing.T) {
	for _, highest := range [][]uint64{nil, {}, {0}} {
		k := &keptStep{highest: highest}
		if is, err := k.postpone(0, &numbered{}, 0); is || err != nil || len(k.unread) > 0 {
			t.Errorf("it was, with %v: %v", highest, err)
		}
	}
	part := &numbered{}
	k := &keptStep{highest: []uint64{7}}
	if is, err := k.postpone(0, part, 0); !is || err != nil || part.above != 7 {
		t.Errorf("it was not left unread, above %d: %v", part.above, err)
	}
}

// numbered is a part that numbers its entries.
type numbered struct {
	keyed.Numbered
	above uint64
}

func (n *numbered) MayPostpone() bool    { return true }
func (n *numbered) Above(highest uint64) { n.above = highest }
func (n *numbered) Postpone(uint64)      {}

// TestJointPartsOfUnknownNumbers: parts that are read together are restored one by one, and whole, where their highest numbers are not known; none of them stays unread by itself.
func TestJointPartsOfUnknownNumbers(t *testing.T) {
	part := &jointPart{joint: &keyed.Joint{}}
	for _, highest := range [][]uint64{nil, {}} {
		k := &keptStep{highest: highest, parts: []keyed.Kept{part}}
		if joints, err := k.restoreJoints(t.Context()); len(joints) > 0 || err != nil {
			t.Errorf("with %v: %d joints, %v", highest, len(joints), err)
		}
	}
	k := &keptStep{highest: []uint64{7}}
	if is, err := k.postpone(0, part, 0); is || err != nil || len(k.unread) > 0 {
		t.Errorf("a part stays unread by itself: %v", err)
	}
}

// jointPart is a part that is restored with others.
type jointPart struct {
	keyed.Postponable
	joint *keyed.Joint
}

func (p *jointPart) Joint() *keyed.Joint { return p.joint }
func (p *jointPart) MayPostpone() bool   { return true }
func (p *jointPart) Postpone(uint64)     {}

// TestSlicesOfTasks: what the tasks of a step say of the slices of its parts is put together, each once; where one of them says nothing of a part, nobody does.
func TestSlicesOfTasks(t *testing.T) {
	one, two := []byte{1}, []byte{2}
	for _, test := range []struct {
		name  string
		tasks [][][]byte
		want  [][][]byte
	}{
		{"no task has the step", [][][]byte{nil, nil}, nil},
		{"one has", [][][]byte{nil, {one, nil}}, [][][]byte{{one}, nil}},
		{"two say the same", [][][]byte{{one}, {one}}, [][][]byte{{one}}},
		{"two do not", [][][]byte{{one}, {two}, {one}}, [][][]byte{{one, two}}},
		{"one says nothing", [][][]byte{{one, one}, {nil, two}, {one, one}}, [][][]byte{nil, {one, two}}},
		{"the first says nothing", [][][]byte{{nil}, {one}}, [][][]byte{nil}},
	} {
		e := &epochState{}
		for _, outlines := range test.tasks {
			part := taskPart{}
			if outlines != nil {
				part.outlines = map[string][][]byte{"step": outlines, "another": {two}}
			}
			e.tasks = append(e.tasks, part)
		}
		if got := slicesAt(e, "step"); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// ofSlices is a part that knows one outline.
type ofSlices struct {
	keyed.Outlined
	from uint64
}

func (o *ofSlices) PostponeSlices(from uint64, outlines [][]byte) (ok bool, err error) {
	o.from = from
	return string(outlines[0]) == "known", nil
}

// readOfSlices is one that is read on.
type readOfSlices struct {
	ofSlices
	keyed.Unread
}

// TestUnknownSlices: a part of several slices is left unread where it is known what slices there are, and is read on if it says so.
func TestUnknownSlices(t *testing.T) {
	for _, outlines := range [][][][]byte{nil, {}, {nil}, {{[]byte("unknown")}}} {
		k := &keptStep{outlines: outlines}
		if is, err := k.postpone(0, &readOfSlices{}, 7); is || err != nil || len(k.unread) > 0 {
			t.Errorf("it was, with %v: %v", outlines, err)
		}
	}
	part := &ofSlices{}
	k := &keptStep{outlines: [][][]byte{{[]byte("known")}}}
	if is, err := k.postpone(0, part, 7); !is || err != nil || part.from != 7 || len(k.unread) > 0 {
		t.Errorf("it was not left unread from %d on: %v", part.from, err)
	}
	if is, err := k.postpone(0, &readOfSlices{}, 7); !is || err != nil || len(k.unread) != 1 {
		t.Errorf("it is not read on: %v", err)
	}
}
