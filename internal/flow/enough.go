package flow

import "wire.example/wire/sdk/batch"

// Where an operator has enough (op.Satisfied), nobody needs what comes before it: rows are passed over, answers are not asked for, and a source that
// leads nowhere else ends.

// sated reports whether nothing that reaches the step changes anything: its operator has enough, or all that is behind it.
func (s *step) sated() bool { return s.enough != nil && s.enough.Done() || s.satedBehind() }

// satedBehind reports whether nothing that the step emits changes anything.
func (s *step) satedBehind() bool {
	if !s.chain.pipeline.limited {
		return false
	}
	found := false
	for _, port := range s.ports {
		for _, next := range port {
			if !next.sated() {
				return false
			}
			found = true
		}
	}
	return found
}

func (e *sinkEnd) sated() bool { return false }

func (e *taskEnd) sated() bool { return false }

func (e *laneExit) sated() bool { return e.outlet.sated() }

func (e *taskExit) sated() bool { return e.rows.outlet.sated() }

func (o *outlet) sated() bool { return o.queues[0].stage.sated.Load() }

// passOver counts rows that are not looked at any more.
func (s *step) passOver(b *batch.Batch) {
	rows := int64(b.Rows())
	s.stats.in.Add(rows)
	s.stats.filtered.Add(rows)
}

// noteSated tells the pipeline, once, that the task needs no more rows.
func (t *task) noteSated() {
	if t.sated || !t.pipeline.limited || !t.head.sated() {
		return
	}
	t.sated = true
	t.pipeline.taskSated(t.stage)
}

// taskSated notes that one more task of s needs no rows, and ends the sources from which nobody does.
func (p *Pipeline) taskSated(s *stage) {
	p.satedMu.Lock()
	defer p.satedMu.Unlock()
	if s.satedTasks++; s.satedTasks < len(s.tasks) {
		return
	}
	s.sated.Store(true)
	for i := len(p.stageOrder) - 1; i >= 0; i-- {
		before := p.stageOrder[i]
		if t := before.tasks[0]; len(t.ends) == 0 && t.producer.sated() {
			before.sated.Store(true)
		}
	}
	for _, source := range p.sources {
		if len(source.lanes[0].endOrder) == 0 && source.producer.sated() {
			source.sated.Store(true)
			source.rouse()
		}
	}
}

// sated reports whether the producer leads to stages, and none of them needs rows.
func (p *producer) sated() bool {
	for _, o := range p.outlets {
		if !o.sated() {
			return false
		}
	}
	return len(p.outlets) > 0
}
