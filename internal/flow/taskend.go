package flow

import (
	"fmt"

	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/connector"
)

// taskChunkBytes is how much a busy task encodes before it writes.
const taskChunkBytes = 256 << 10

// taskEnd is a task's end at a sink.
type taskEnd struct {
	task  *task
	sink  *sinkTask
	chunk connector.Chunk
}

func (t *task) sinkEnd(plan *physical.Sink) receiver {
	sink := t.pipeline.sinks[plan]
	for _, e := range t.ends {
		if e.sink == sink {
			return e
		}
	}
	e := &taskEnd{task: t, sink: sink}
	t.ends = append(t.ends, e)
	return e
}

// makeChunks makes the chunks of the task's ends.
func (t *task) makeChunks() error {
	for _, e := range t.ends {
		var err error
		if e.chunk, err = e.sink.sink.NewChunk(); err != nil {
			return fmt.Errorf("sink %q: %w", e.sink.plan.Name, err)
		}
	}
	return nil
}

func (e *taskEnd) push(b *batch.Batch) error {
	e.sink.stats.In.Add(int64(b.Rows()))
	bad := e.chunk.Encode(b)
	addIf(&e.sink.stats.Rejected, int64(len(bad)))
	for _, r := range bad {
		if err := e.task.rejectRow(e.sink.plan.Name, e.sink.plan.OnError, b, r.Row, r.Err); err != nil {
			return err
		}
	}
	if _, bytes := e.chunk.Size(); bytes >= taskChunkBytes {
		return e.flush()
	}
	return nil
}

// flush writes what was encoded.
func (e *taskEnd) flush() error {
	if rows, _ := e.chunk.Size(); rows == 0 {
		return nil
	}
	var err error
	e.chunk, err = e.sink.write(e.task.ctx, e.task.writer, e.chunk, nil)
	return err
}

// taskExit is a task's end at an exchange.
type taskExit struct {
	task   *task
	dealer *dealer
	rows   *consignment
	slices slicer
	dealt  func(*batch.Batch) error // deal
}

func (t *task) exit(x *physical.Exchange) receiver {
	for _, e := range t.exits {
		if e.rows.outlet.exchange == x {
			return e
		}
	}
	o := t.producer.outlet(x)
	e := &taskExit{task: t, dealer: newDealer(o), rows: newConsignment(o)}
	e.dealt = e.deal
	t.exits = append(t.exits, e)
	return e
}

// push deals b, where memory is small in slices: what all tasks have at hand is not reserved.
func (e *taskExit) push(b *batch.Batch) error {
	o := e.rows.outlet
	if o.most == 0 {
		return e.deal(b)
	}
	return e.slices.each(b, o.most*int64(len(o.queues)), e.dealt)
}

func (e *taskExit) deal(b *batch.Batch) error {
	e.dealer.deal(b, e.rows)
	return e.rows.sendFull()
}

// sendIdle sends what waits for tasks that have nothing to do.
func (e *taskExit) sendIdle() error {
	for part, q := range e.rows.outlet.queues {
		if len(e.rows.parts[part]) > 0 && q.idle() {
			if err := e.rows.sendTo(part, 0); err != nil {
				return err
			}
		}
	}
	return nil
}
