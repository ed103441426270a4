package flow

import (
	"fmt"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
)

// receiver is what a lane pushes batches into: a step or the lane's end at a sink.
type receiver interface {
	push(b *batch.Batch) error
	end() error
}

// step is one operator in one lane. Batches are pushed through it and on, depth first, in the lane's goroutine.
type step struct {
	lane  *lane
	plan  *physical.Step
	op    op.Operator
	out   *op.Output
	ports [][]receiver
	stats *StepStats
	// open counts the edges into this step whose end has not been seen.
	open int
}

// newStep makes the step of plan and everything behind it, once a lane.
func (l *lane) newStep(plan *physical.Step) (*step, error) {
	if s, ok := l.steps[plan]; ok {
		s.open++
		return s, nil
	}
	operator, err := plan.New(physical.Build{Pool: l.pool, Budget: l.source.pipeline.settings.Budget, Tasks: 1})
	if err != nil {
		return nil, fmt.Errorf("step %q: %w", plan.Name, err)
	}
	s := &step{lane: l, plan: plan, op: operator, out: op.NewOutput(len(plan.Ports)), stats: l.source.pipeline.steps[plan], open: 1}
	for _, edges := range plan.Ports {
		port, err := l.newEdges(edges)
		if err != nil {
			return nil, err
		}
		s.ports = append(s.ports, port)
	}
	l.steps[plan] = s
	l.keeps = l.keeps || keepsRows(operator)
	l.order = append(l.order, s)
	return s, nil
}

func (l *lane) newEdges(edges []physical.Edge) ([]receiver, error) {
	receivers := make([]receiver, 0, len(edges))
	for _, e := range edges {
		if e.Sink != nil {
			receivers = append(receivers, l.newSinkEnd(e.Sink))
			continue
		}
		s, err := l.newStep(e.Step)
		if err != nil {
			return nil, err
		}
		receivers = append(receivers, s)
	}
	return receivers, nil
}

// push runs the operator over b until it is through with it.
func (s *step) push(b *batch.Batch) error {
	for more := true; more; {
		s.out.Reset()
		var err error
		if more, err = s.op.Apply(b, s.out); err != nil {
			return fmt.Errorf("step %q: %w", s.plan.Name, err)
		}
		for _, r := range s.out.Rejects {
			if err := s.lane.rejectRow(s.plan.Name, s.plan.OnError, b, r.Row, r.Err); err != nil {
				return err
			}
		}
		if err := s.forward(); err != nil {
			return err
		}
	}
	return nil
}

// forward hands on what the last call emitted.
func (s *step) forward() error {
	s.stats.add(s.out.Counts)
	for i, b := range s.out.Ports {
		if b == nil || b.Rows() == 0 {
			continue
		}
		for _, next := range s.ports[i] {
			if err := next.push(b); err != nil {
				return err
			}
		}
	}
	return nil
}

// end tells the operator that one of its inputs is over, and once all are, passes that on.
func (s *step) end() error {
	if s.open--; s.open > 0 {
		return nil
	}
	if ender, ok := s.op.(op.Ender); ok {
		if err := s.drain(ender.OnEnd); err != nil {
			return err
		}
	}
	for _, port := range s.ports {
		for _, next := range port {
			if err := next.end(); err != nil {
				return err
			}
		}
	}
	return nil
}

// drain calls an event of the operator until it has nothing more to emit.
func (s *step) drain(event func(*op.Output) (bool, error)) error {
	for more := true; more; {
		s.out.Reset()
		var err error
		if more, err = event(s.out); err != nil {
			return fmt.Errorf("step %q: %w", s.plan.Name, err)
		}
		if err := s.forward(); err != nil {
			return err
		}
	}
	return nil
}

// barrier lets the operator emit what it holds back, and takes its snapshot.
func (s *step) barrier(epoch int64, into map[string]operatorState) error {
	if h, ok := s.op.(op.BarrierHandler); ok {
		if err := s.drain(func(out *op.Output) (bool, error) { return h.OnBarrier(epoch, out) }); err != nil {
			return err
		}
	}
	state, ok := s.op.(op.Stateful)
	if !ok {
		return nil
	}
	groups := operatorState{}
	for g := range op.KeyGroups {
		data, err := state.Snapshot(op.KeyGroup(g))
		if err != nil {
			return fmt.Errorf("snapshot of step %q: %w", s.plan.Name, err)
		}
		if data != nil {
			groups[g] = data
		}
	}
	into[s.plan.Name] = groups
	return nil
}

// restore gives the operator the state it had.
func (s *step) restore(from map[string]operatorState) error {
	groups, ok := from[s.plan.Name]
	if !ok {
		return nil
	}
	state, ok := s.op.(op.Stateful)
	if !ok {
		return fmt.Errorf("step %q keeps no state now, but the checkpoint has some for it", s.plan.Name)
	}
	for g, data := range groups {
		if err := state.Restore(op.KeyGroup(g), data); err != nil {
			return fmt.Errorf("restore of step %q: %w", s.plan.Name, err)
		}
	}
	return nil
}

// sinkEnd is a lane's end at a sink: it encodes into its chunk of the lane's parcel, which is written when the parcel's turn comes.
type sinkEnd struct {
	lane *lane
	task *sinkTask
	// number is that of its chunk.
	number int
}

// maxChunkBytes is how much a lane encodes before it must write; it bounds what a block that multiplies its rows can hold.
const maxChunkBytes = 4 << 20

func (l *lane) newSinkEnd(plan *physical.Sink) *sinkEnd {
	task := l.source.pipeline.sinks[plan]
	if end, ok := l.ends[task]; ok {
		return end
	}
	end := &sinkEnd{lane: l, task: task, number: len(l.endOrder)}
	l.ends[task] = end
	l.endOrder = append(l.endOrder, end)
	return end
}

func (e *sinkEnd) push(b *batch.Batch) error {
	p := e.lane.cur
	rows := int64(b.Rows())
	e.task.stats.In.Add(rows)
	if p.tooMuch {
		addIf(&e.task.stats.Rejected, rows)
		return nil
	}
	chunk := p.chunks[e.number]
	bad := chunk.Encode(b)
	for _, r := range bad {
		if err := e.lane.rejectRow(e.task.plan.Name, e.task.plan.OnError, b, r.Row, r.Err); err != nil {
			return err
		}
	}
	addIf(&e.task.stats.Rejected, int64(len(bad)))
	_, bytes := chunk.Size()
	if bytes < maxChunkBytes {
		return nil
	}
	if p.canRefuse() {
		p.limitRefusable(e, bytes)
		return nil
	}
	if err := p.takeTurn(); err != nil {
		return err
	}
	return p.flush(e.number, nil)
}

func (e *sinkEnd) end() error { return nil }
