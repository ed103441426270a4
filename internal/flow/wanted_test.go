package flow

import (
	"context"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
)

// gaps is a part whose memory is reserved, of which nothing has room: each time few entries are there to leave.
type gaps struct {
	keyed.Evictable
	budget            *limit.Budget
	evicted, departed int
	each, room        int
	keeps             bool // what is in memory must stay
}

func (g *gaps) Room() int                        { return g.room }
func (g *gaps) Spill(*store.Changes, int64) bool { return false }

func (g *gaps) Evict(_ int, settled bool) (int, error) {
	if !settled {
		return 0, nil
	}
	g.evicted++
	return g.each, nil
}

func (g *gaps) Depart(bool) error {
	g.departed++
	if !g.keeps {
		g.budget.Close()
	}
	return nil
}

// freeScratch takes everything.
type freeScratch struct{ Scratch }

func (freeScratch) Spill(context.Context, *store.Changes) error { return nil }

// tightStep is a step with a part, of a task that is alone, where memory is tight: it has used bytes, and others the rest.
func tightStep(t *testing.T, memory, used int64, part *gaps) (*step, *task) {
	t.Helper()
	p := newPipeline(&physical.Plan{}, Settings{Budget: limit.New("test", memory), Scratch: freeScratch{}})
	tight := memory - lowOf(p.settings.Budget)*3/4
	if !p.budgetOf("step").TryReserve(used) || !p.settings.Budget.TryReserve(tight-used) {
		t.Fatal("there is no room")
	}
	part.budget = p.budgetOf("step")
	task := &task{chain: chain{pipeline: p}, ctx: t.Context()}
	s := &step{plan: &physical.Step{Name: "step"}, chain: &task.chain}
	s.chain.host = task
	s.leaving = &keptStep{step: s, leaving: []keyed.Evictable{part}}
	return s, task
}

// makeRoomOften makes room so often, and returns how often entries were to leave.
func makeRoomOften(t *testing.T, s *step, task *task, part *gaps, often int) int {
	t.Helper()
	before := part.evicted
	for range often {
		if err := s.makeRoom(task); err != nil {
			t.Fatal(err)
		}
	}
	return part.evicted - before
}

// Where hardly anything can leave, since others have the memory or what there is are gaps, it is not tried again at each batch, but when memory has grown; and parts that have much of it give it up when little is left.
func TestGapsAreGivenUp(t *testing.T) {
	const memory, often = 12 << 20, 20
	few := wantedRoom / bareShare / 4
	for name, c := range map[string]struct {
		used     int64 // by the step; others have the rest of what makes memory tight
		each     int
		enough   bool // can leave
		departed int
	}{
		"gaps":              {used: memory / 2, each: few, departed: 1},
		"enough can leave":  {used: memory / 2, each: wantedRoom / 2, enough: true, departed: 1},
		"others have it":    {used: memory / 100, each: few},
		"nothing ever left": {used: memory / 2, departed: 1},
	} {
		part := &gaps{each: c.each}
		s, task := tightStep(t, memory, c.used, part)
		once := makeRoomOften(t, s, task, part, 1)
		if n := makeRoomOften(t, s, task, part, often); once == 0 || n > 0 != c.enough {
			t.Errorf("%s: entries were to leave %d times at first, and then %d times", name, once, n)
		}
		budget := task.pipeline.settings.Budget
		low := lowOf(budget)
		if !budget.TryReserve(low / leanShare) {
			t.Fatal("there is no room")
		}
		if n := makeRoomOften(t, s, task, part, 1); n != once {
			t.Errorf("%s: when memory had grown, entries were to leave %d times, want %d", name, n, once)
		}
		if !budget.TryReserve(budget.Available() - low/shrinkShare + 1) {
			t.Fatal("there is no room")
		}
		if makeRoomOften(t, s, task, part, 1); part.departed != c.departed {
			t.Errorf("%s: the memory was given up %d times, want %d", name, part.departed, c.departed)
		}
	}
}

// Where parts have given up their memory and little is left still, since what they have must stay, they do so again when less is left, and not at each batch.
func TestMemoryThatStaysIsNotGivenUpAtEachBatch(t *testing.T) {
	const memory, often = 12 << 20, 20
	part := &gaps{keeps: true}
	s, task := tightStep(t, memory, memory/2, part)
	budget := task.pipeline.settings.Budget
	low := lowOf(budget)
	for times, left := range []int64{low / shrinkShare, low/shrinkShare - low/leanShare, low / leastShare, low / 100, low / 200} {
		if !budget.TryReserve(budget.Available() - left + 1) {
			t.Fatal("there is no room")
		}
		if makeRoomOften(t, s, task, part, often); part.departed != times+1 {
			t.Errorf("with %d bytes left the memory was given up %d times, want %d", left-1, part.departed, times+1)
		}
	}
	budget.Release(low * 3 / 4) // little is left still, and enough
	makeRoomOften(t, s, task, part, 1)
	if !budget.TryReserve(budget.Available() - low/shrinkShare + 1) {
		t.Fatal("there is no room")
	}
	before := part.departed
	if makeRoomOften(t, s, task, part, often); part.departed != before+1 {
		t.Errorf("when there had been enough, it was given up %d times, want once", part.departed-before)
	}
}

// Where nothing but gaps is left although much has left before, the memory is given up, however much is left of it.
func TestBareMemoryIsGivenUp(t *testing.T) {
	const memory = 12 << 20
	part := &gaps{each: 1}
	s, task := tightStep(t, memory, memory/2, part)
	s.leaving.gone = wantedRoom
	if makeRoomOften(t, s, task, part, 1); part.departed != 1 {
		t.Errorf("the memory was given up %d times, want once", part.departed)
	}
}

// Entries leave when there is much less room than there is to be: as few as a piece has are not worth a table.
func TestFewEntriesAreNotWorthATable(t *testing.T) {
	for room, want := range map[int]bool{wantedRoom: false, wantedRoom - 1: false, wantedRoom - wantedRoom/worthShare + 1: false, wantedRoom - wantedRoom/worthShare: true, 0: true} {
		part := &gaps{room: room, each: wantedRoom - room}
		s, task := tightStep(t, 12<<20, 1<<20, part)
		if n := makeRoomOften(t, s, task, part, 1); n > 0 != want {
			t.Errorf("with room for %d of %d entries, others were to leave %d times", room, wantedRoom, n)
		}
	}
}
