package flow

import (
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/keyed"
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
		stage: &stage{plan: &physical.Stage{}}, inbox: newInbox(), kept: []*keptStep{{unread: []keyed.Postponable{part}}},
	}
	task.inbox.close()
	if _, from, err := task.next(); from != nil || err != nil {
		t.Errorf("a queue: %v, %v", from != nil, err)
	}
	if part.reads > 0 || !task.hasUnread() {
		t.Errorf("%d pieces were read, more: %v", part.reads, task.hasUnread())
	}
}

// TestUnknownNumbers: a part that numbers its entries is not left unread unless the highest number is known.
func TestUnknownNumbers(t *testing.T) {
	for _, highest := range [][]uint64{nil, {}, {0}} {
		if k := (&keptStep{highest: highest}); k.postpone(0, &numbered{}, 0) || len(k.unread) > 0 {
			t.Errorf("it was, with %v", highest)
		}
	}
	part := &numbered{}
	if k := (&keptStep{highest: []uint64{7}}); !k.postpone(0, part, 0) || part.above != 7 {
		t.Errorf("it was not left unread, above %d", part.above)
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
