package flow

import (
	"math"
	"sync"

	"wire.example/wire/internal/foundation/fault"
)

// owed are the answers to blocks whose rows went into stages: their sender hears when the epoch that has them is committed, for until then a
// restart would have forgotten them.
type owed struct {
	mu   sync.Mutex
	list []owedAnswer
}

type owedAnswer struct {
	group *ackGroup
	epoch int64 // that whose barrier came next; math.MaxInt64 until it came
}

// add notes a block, in its turn.
func (o *owed) add(group *ackGroup) {
	if fault.Weak("source/answered-last") {
		group.done(nil)
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = append(o.list, owedAnswer{group: group, epoch: math.MaxInt64})
}

// seal says that the blocks so far belong to epoch, whose barrier stands here.
func (o *owed) seal(epoch int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.list {
		o.list[i].epoch = min(o.list[i].epoch, epoch)
	}
}

// committed answers the blocks up to epoch, or all if the source had ended.
func (o *owed) committed(epoch int64, ended bool) {
	o.answer(nil, func(a owedAnswer) bool { return ended || a.epoch <= epoch })
}

// fail answers the blocks that are left with err.
func (o *owed) fail(err error) { o.answer(err, func(owedAnswer) bool { return true }) }

func (o *owed) answer(err error, which func(owedAnswer) bool) {
	o.mu.Lock()
	var due, rest []owedAnswer
	for _, a := range o.list {
		if which(a) {
			due = append(due, a)
		} else {
			rest = append(rest, a)
		}
	}
	o.list = rest
	o.mu.Unlock()
	for _, a := range due {
		a.group.done(err)
	}
}
