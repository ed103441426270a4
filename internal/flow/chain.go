package flow

import (
	"fmt"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// receiver is what batches are pushed into: a step, or the chain's end at a sink or an exchange.
type receiver interface {
	push(b *batch.Batch) error
	// sated reports whether rows make no difference here any more; it stays so.
	sated() bool
}

// host is whose chain it is: a lane or a task. It makes the ends of the chain and deals with bad rows.
type host interface {
	// sinkEnd returns the end at a sink, one for each.
	sinkEnd(plan *physical.Sink) receiver
	// exit returns the end at an exchange, one for each.
	exit(x *physical.Exchange) receiver
	// rejectRow deals with row of b, which a step or sink refused. A row that no batch of input carries has a nil b.
	rejectRow(step string, policy physical.OnError, b *batch.Batch, row int, err *sqlstate.Error) error
	// alive returns what ended the run. It is asked between the pieces of what may take long.
	alive() error
}

// chain is the steps of one lane or one task. Batches are pushed through it depth first, in its host's goroutine.
type chain struct {
	host     host
	pipeline *Pipeline
	task     int // see physical.Build
	tasks    int
	steps    map[*physical.Step]*step
	order    []*step // in the order in which they were made: a step after those behind it
	flushers []*step // those that hold rows back, in the order in which rows meet them
	timed    []*step // those that must know the processing time of their rows, or act on it
	limited  bool    // a step may pass less of a watermark than it is told
}

func newChain(h host, p *Pipeline, task, tasks int) chain {
	return chain{host: h, pipeline: p, task: task, tasks: tasks, steps: map[*physical.Step]*step{}}
}

// step is one operator in one chain.
type step struct {
	chain *chain
	plan  *physical.Step
	op    op.Operator
	multi op.Multi   // op, if it tells inputs apart
	flush op.Flusher // op, if it holds rows back
	// enough is op, if it can have enough; cut says that it was left in the middle of a batch because nobody needs the rest.
	enough op.Satisfied
	cut    bool
	// before are the steps of the chain that lead here; told is the watermark that the operator was told, passed what may be told to those behind it.
	before       []*step
	told, passed int64
	// needer and tables are set if the operator's state may be partly outside memory.
	needer  op.Needer
	tables  []op.Table
	needs   op.Needs
	leaving *keptStep // nil: all state stays in memory
	pausing bool      // it is being made room between two calls
	settler op.Settler
	// piece and sel are the rows at work, of a batch that is taken in pieces.
	piece batch.Batch
	sel   []uint16
	// promised is how many bytes the operator may take for them that are promised to nobody else.
	promised int64
	brought  brought
	// sorted and order are what is left of a batch, its rows by their keys.
	sorted batch.Batch
	order  []uint16
	out    *op.Output
	ports  [][]receiver
	stats  *StepStats
}

// newStep makes the step of plan and everything behind it, once a chain.
func (c *chain) newStep(plan *physical.Step) (*step, error) {
	if s, ok := c.steps[plan]; ok {
		return s, nil
	}
	operator, err := plan.New(physical.Build{
		Pool: c.pipeline.settings.Pool, Budget: c.pipeline.budgetOf(plan.Name), Task: c.task, Tasks: c.tasks,
	})
	if err != nil {
		return nil, fmt.Errorf("step %q: %w", plan.Name, err)
	}
	s := &step{chain: c, plan: plan, op: operator, out: op.NewOutput(len(plan.Ports)), stats: c.pipeline.steps[plan], told: minTime, passed: minTime}
	s.multi, _ = operator.(op.Multi)
	s.flush, _ = operator.(op.Flusher)
	s.settler, _ = operator.(op.Settler)
	if s.enough, _ = operator.(op.Satisfied); s.enough != nil {
		c.pipeline.limited = true
	}
	if tabled, ok := operator.(op.Tabled); ok {
		s.tables = tabled.Tables()
		s.needer, _ = operator.(op.Needer)
	}
	for _, edges := range plan.Ports {
		port, err := c.newEdges(edges)
		if err != nil {
			return nil, err
		}
		for _, next := range port {
			if behind, ok := next.(*step); ok {
				behind.before = append(behind.before, s)
			}
		}
		s.ports = append(s.ports, port)
	}
	c.steps[plan] = s
	c.order = append(c.order, s)
	c.noteTime(s)
	if s.flush != nil {
		c.flushers = append([]*step{s}, c.flushers...)
	}
	return s, nil
}

func (c *chain) newEdges(edges []physical.Edge) ([]receiver, error) {
	receivers := make([]receiver, 0, len(edges))
	for _, e := range edges {
		switch {
		case e.Sink != nil:
			receivers = append(receivers, c.host.sinkEnd(e.Sink))
		case e.Exchange != nil:
			receivers = append(receivers, c.host.exit(e.Exchange))
		default:
			s, err := c.newStep(e.Step)
			if err != nil {
				return nil, err
			}
			receivers = append(receivers, s)
		}
	}
	return receivers, nil
}

// downwards calls visit for each step, for those that rows meet first before those behind.
func (c *chain) downwards(visit func(*step) error) error {
	for i := len(c.order) - 1; i >= 0; i-- {
		if err := visit(c.order[i]); err != nil {
			return err
		}
	}
	return nil
}

// flushAll makes every step emit what it holds back.
func (c *chain) flushAll() error {
	for _, s := range c.flushers {
		if err := s.flushOut(); err != nil {
			return err
		}
	}
	return nil
}

// push runs the operator over b until it is through with it.
func (s *step) push(b *batch.Batch) error { return s.pushInput(0, b) }

// pushInput is push for one of several inputs.
func (s *step) pushInput(input int, b *batch.Batch) error {
	if s.cut || s.satedBehind() {
		s.passOver(b)
		return nil
	}
	if s.leaving != nil {
		return s.pushPieces(input, b)
	}
	return s.apply(input, b)
}

// apply has the operator do what there is to do for b.
func (s *step) apply(input int, b *batch.Batch) error {
	if err := s.load(input, b); err != nil {
		return err
	}
	for more := true; more; {
		s.out.Reset()
		var err error
		if s.multi != nil {
			more, err = s.multi.ApplyInput(input, b, s.out)
		} else {
			more, err = s.op.Apply(b, s.out)
		}
		if err != nil {
			return fmt.Errorf("step %q: %w", s.plan.Name, op.Advise(s.op, err))
		}
		if !more { // steps behind must not take what this one has taken for promised as well
			s.keepPromise()
		}
		if err := s.forward(b); err != nil {
			return err
		}
		if more {
			if s.cut = s.satedBehind(); s.cut {
				return nil
			}
			if err := s.chain.host.alive(); err != nil {
				return err
			}
		}
	}
	return nil
}

// forward deals with what the last call refused of in, which may be nil, and hands on what it emitted.
func (s *step) forward(in *batch.Batch) error {
	for _, r := range s.out.Rejects {
		if err := s.chain.host.rejectRow(s.plan.Name, s.plan.OnError, in, r.Row, r.Err); err != nil {
			return err
		}
	}
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

// resident reports whether all state is in memory.
func (s *step) resident() bool {
	return !slices.ContainsFunc(s.tables, func(t op.Table) bool { return !t.Resident() })
}

// loads reports whether what the operator will touch may have to be brought into memory.
func (s *step) loads() bool { return s.needer != nil && !s.resident() }

// load makes what the operator will touch for in resident; see op.Needer.
func (s *step) load(input int, in *batch.Batch) error {
	if !s.loads() {
		return nil
	}
	s.needer.Needs(input, in, &s.needs)
	if err := s.needs.Load(s.tables); err != nil {
		return fmt.Errorf("state of step %q: %w", s.plan.Name, err)
	}
	return nil
}

// wholeOperator is the input of an event that is not one input's.
const wholeOperator = -1

// drain calls an event of an input, or of the whole operator, until the operator has nothing more to emit.
func (s *step) drain(input int, event func(*op.Output) (bool, error)) error {
	for more := true; more && !s.cut; {
		if s.cut = s.satedBehind(); s.cut {
			return nil
		}
		if err := s.makeRoomBetween(); err != nil {
			return err
		}
		if err := s.settleFor(); err != nil {
			return err
		}
		if err := s.load(input, nil); err != nil {
			return err
		}
		s.out.Reset()
		var err error
		if more, err = event(s.out); err != nil {
			return fmt.Errorf("step %q: %w", s.plan.Name, op.Advise(s.op, err))
		}
		if err := s.forward(nil); err != nil {
			return err
		}
		if err := s.chain.host.alive(); err != nil {
			return err
		}
	}
	return nil
}

// drainEnd is drain for the end of an input, or of all: -1.
func (s *step) drainEnd(input int, event func(*op.Output) (bool, error)) error {
	if err := s.close(input); err != nil {
		return err
	}
	return s.drain(input, event)
}

func (s *step) flushOut() error {
	if s.flush == nil {
		return nil
	}
	return s.drain(wholeOperator, s.flush.OnFlush)
}

// isStateless reports whether an operator can stand in a lane, of which there are several: it keeps nothing from one block to the next and waits
// for no mark.
func isStateless(operator op.Operator) bool {
	switch operator.(type) {
	case op.Stateful, op.Shared, op.Ender, op.BarrierHandler, op.WatermarkHandler, op.InputWatermarkHandler, op.TimerHandler, op.TimeHandler, op.Limiter, op.Multi:
		return false
	}
	return true
}
