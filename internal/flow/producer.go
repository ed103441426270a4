package flow

import (
	"slices"
	"sync/atomic"

	"wire.example/wire/internal/plan/physical"
)

// producer is how a source or a task sends rows and marks to stages: one queue to each task of each stage that it leads to, whatever number of
// exchanges lead there, so that a mark stands once. It is made before the run; then one goroutine at a time sends.
type producer struct {
	pipeline *Pipeline
	outlets  []*outlet
	queues   map[*stage][]*queue
	order    []*queue
	// roots are the sources that what it sends comes from, by index.
	roots []int
	// meanwhile is what it does rather than wait for room in a queue; see queue.
	meanwhile func() (more bool, err error)
	// waits is how many of its senders wait for room in a queue.
	waits atomic.Int32
}

func newProducer(p *Pipeline) *producer { return &producer{pipeline: p, queues: map[*stage][]*queue{}} }

// outlet returns the outlet to x, one for each exchange.
func (p *producer) outlet(x *physical.Exchange) *outlet {
	for _, o := range p.outlets {
		if o.exchange == x {
			return o
		}
	}
	to := p.pipeline.stages[x.To.Stage]
	queues, ok := p.queues[to]
	if !ok {
		for _, t := range to.tasks {
			q := t.inbox.add(t.align.add(p), p.pipeline.queueDepth())
			q.stage, q.meanwhile, q.from = to, p.meanwhile, p
			queues = append(queues, q)
		}
		p.queues[to] = queues
		p.order = append(p.order, queues...)
	}
	for i, t := range to.tasks {
		t.align.feeds(queues[i].number, x.To.Number)
	}
	o := &outlet{exchange: x, queues: queues, budget: p.pipeline.budgetOf("exchange to " + to.plan.Name), pool: p.pipeline.settings.Pool}
	memory := p.pipeline.settings.Budget.Limit()
	o.keeps, o.most = keepsOf(memory), mostOf(memory, p.pipeline.queues())
	o.leaves, o.share, o.spared = memory/leftShare, memory/underWayShare, p.pipeline.scratchLeft
	p.outlets = append(p.outlets, o)
	return o
}

// mark sends a mark to every task that the producer leads to.
func (p *producer) mark(kind entryKind, mark int64) error {
	return p.sendMark(entry{kind: kind, mark: mark})
}

func (p *producer) sendMark(e entry) error {
	for _, q := range p.order {
		if err := q.push(e); err != nil {
			return err
		}
	}
	return nil
}

// broadcastsTo reports whether the producer sends rows to every task of a stage.
func (p *producer) broadcastsTo(to *physical.Stage) bool {
	return slices.ContainsFunc(p.outlets, func(o *outlet) bool { return o.exchange.To.Stage == to && o.exchange.Kind == physical.Broadcast })
}

// close gives the memory of empty cartons back to the pool, and that of the others when they are empty. The producer sends no more rows.
func (p *producer) close() {
	for _, o := range p.outlets {
		o.close()
	}
}

// leads reports whether the producer leads to any stage.
func (p *producer) leads() bool { return len(p.order) > 0 }
