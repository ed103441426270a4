package flow

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
)

// stage is the tasks of one stage of the plan.
type stage struct {
	plan  *physical.Stage
	tasks []*task
	owner [batch.MaxParts]uint8 // the task of each key group
	// before are the inputs that were over when the checkpoint was made from which the run goes on.
	before []int

	// sated says that no row makes a difference any more. satedTasks counts the tasks that have found that out, under Pipeline.satedMu.
	sated      atomic.Bool
	satedTasks int

	mu sync.Mutex
	// left counts, by input, the tasks in which it is not over; gates are closed when there are none.
	left  []int
	gates []chan struct{}
}

// newStage makes the stage with its inboxes; the chains follow.
func (p *Pipeline) newStage(plan *physical.Stage) *stage {
	s := &stage{plan: plan, owner: batch.Spread(plan.Tasks)}
	for i := range plan.Tasks {
		t := &task{passed: minTime, barrierClock: minTime, stage: s, number: i, index: len(p.tasks), inbox: newInbox(), align: newAlignment(plan.Inputs)}
		t.writer = len(p.plan.Sources) + t.index
		t.producer = newProducer(p)
		t.producer.meanwhile = t.drainMore
		t.chain = newChain(t, p, i, plan.Tasks)
		s.tasks = append(s.tasks, t)
		p.tasks = append(p.tasks, t)
	}
	for range plan.Inputs {
		s.left = append(s.left, plan.Tasks)
		s.gates = append(s.gates, make(chan struct{}))
	}
	return s
}

// restored reports whether the stage had ended when the checkpoint was made from which the run goes on: it has nothing left to say.
func (s *stage) restored() bool { return len(s.before) == s.plan.Inputs }

// over returns the inputs that were over for a task that contributed p.
func (s *stage) over(p taskPart) []int {
	if !p.ended {
		return p.over
	}
	all := make([]int, s.plan.Inputs)
	for i := range all {
		all[i] = i
	}
	return all
}

// inputOver notes that input is over in one more task.
func (s *stage) inputOver(input int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left[input]--; s.left[input] == 0 {
		close(s.gates[input])
	}
}

// broadcasts reports whether rows go to every task of a stage.
func (p *Pipeline) broadcasts(to *physical.Stage) bool {
	for _, t := range p.tasks {
		if t.producer.broadcastsTo(to) {
			return true
		}
	}
	return slices.ContainsFunc(p.sources, func(s *sourceTask) bool { return s.producer.broadcastsTo(to) })
}

// check refuses operators that the stage cannot run. Each is a mistake of the planner.
func (s *stage) check(broadcast bool) error {
	for _, t := range s.tasks {
		if _, multi := t.head.op.(op.Multi); !multi && s.plan.Inputs > 1 {
			return fmt.Errorf("internal error: step %q has %d inputs and does not tell them apart", s.plan.Head.Name, s.plan.Inputs)
		}
		_, keyed := t.head.op.(op.Stateful)
		if _, shared := t.head.op.(op.Shared); broadcast && keyed && !shared && len(s.tasks) > 1 {
			return fmt.Errorf("internal error: step %q gets rows by broadcast and has no state that every task has in full", s.plan.Head.Name)
		}
	}
	return nil
}
