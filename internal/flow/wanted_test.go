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
	each              int
}

func (g *gaps) Room() int                        { return 0 }
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
	g.budget.Close()
	return nil
}

// freeScratch takes everything.
type freeScratch struct{ Scratch }

func (freeScratch) Spill(context.Context, *store.Changes) error { return nil }

// Parts of which hardly anything can leave, and which have no room all the same, give up their memory, but not at each batch; those that have enough to leave, or a small part of the memory, do not.
func TestGapsAreGivenUp(t *testing.T) {
	const memory = 12 << 20
	few := wantedRoom / bareShare / 4
	for name, c := range map[string]struct {
		used     int64 // by the step; others have the rest of what makes memory tight
		each     int
		departed int
	}{
		"gaps":              {used: memory / 2, each: few, departed: 1},
		"enough can leave":  {used: memory / 2, each: wantedRoom / 2},
		"others have it":    {used: memory / 100, each: few},
		"nothing ever left": {used: memory / 2},
	} {
		p := newPipeline(&physical.Plan{}, Settings{Budget: limit.New("test", memory), Scratch: freeScratch{}})
		tight := memory - lowOf(p.settings.Budget)*3/4
		if !p.budgetOf("step").TryReserve(c.used) || !p.settings.Budget.TryReserve(tight-c.used) {
			t.Fatal("there is no room")
		}
		part := &gaps{budget: p.budgetOf("step"), each: c.each}
		task := &task{chain: chain{pipeline: p}, ctx: t.Context()}
		s := &step{plan: &physical.Step{Name: "step"}, chain: &task.chain}
		s.chain.host = task
		s.leaving = &keptStep{step: s, leaving: []keyed.Evictable{part}}
		for range 2 * wantedRoom / max(few, 1) {
			if err := s.makeRoom(task); err != nil {
				t.Fatal(err)
			}
		}
		if part.departed != c.departed || part.evicted < wantedRoom/(few+1) {
			t.Errorf("%s: the memory was given up %d times, want %d; some left %d times", name, part.departed, c.departed, part.evicted)
		}
	}
}
