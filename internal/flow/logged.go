package flow

import (
	"slices"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/store"
)

// What changes is logged (store.Changes.Log) while nobody reads the store: all state is in memory, and far from being too large for it. Then writing it costs least, and the next start sorts it.

const (
	// loggedShare: state is far from being too large for memory while one part in so many of the budget is left.
	loggedShare = 4
	// mostLogged is how much waits in logs at most, in bytes: a start sorts it before its first row, at some 300 to 400 MB a second.
	mostLogged = 16 << 30
	// leastLogged is how much may wait however little state there is, in bytes.
	leastLogged = 16 << 20
)

// logged is how much may wait in logs, in bytes: about as much as all state takes, so that sorting it costs no more than writing it once again. 0: nothing is logged.
func (p *Pipeline) logged() int64 {
	budget := p.settings.Budget
	if p.tasksAway.Load() > 0 || budget.Limit() != limit.Unlimited && budget.Available() < budget.Limit()/loggedShare {
		return 0
	}
	return min(max(budget.Used(), leastLogged), mostLogged)
}

// noteAway notes whether the task has state that is not in memory.
func (t *task) noteAway() {
	away := slices.ContainsFunc(t.kept, func(k *keptStep) bool { return !k.step.resident() })
	switch {
	case away && !t.away:
		t.pipeline.tasksAway.Add(1)
	case !away && t.away:
		t.pipeline.tasksAway.Add(-1)
	}
	t.away = away
}

// emptyChanges are changes without entries, for what the task sealed, and how much memory of theirs is booked.
func (t *task) emptyChanges() (c *store.Changes, booked int64) {
	c, booked = t.pipeline.spare.get()
	c.Log(t.pipeline.logged())
	return c, booked
}
