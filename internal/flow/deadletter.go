package flow

import (
	"context"
	"encoding/base64"
	"fmt"
	"unicode/utf8"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/connector"
)

// deadLetters turns rejected rows of one source, or of one sink whose target refuses them, into rows of the dead-letter sink. Each has its own,
// used in its turn: one source may wait at the sink for a barrier of another, which must still be able to write.
type deadLetters struct {
	task  *sinkTask
	clock clock.Clock
	batch batch.Batch
	chunk connector.Chunk
}

func newDeadLetters(task *sinkTask, pool *batch.Pool, clk clock.Clock) (*deadLetters, error) {
	chunk, err := task.sink.NewChunk()
	if err != nil {
		return nil, err
	}
	d := &deadLetters{task: task, clock: clk, chunk: chunk, batch: batch.Batch{Len: 1}}
	for _, f := range logical.DeadLetterSchema().Fields {
		d.batch.Cols = append(d.batch.Cols, batch.NewColumn(pool, f.Type))
	}
	return d, nil
}

// write writes one rejected row for the writer from of the dead-letter sink: in the source's turn, or by the one writer of a sink, so that dead
// letters stand in the order of their records (where more than maxLetters of one block wait, in each lot of so many). ack, if not nil, is told when the letter is delivered.
func (d *deadLetters) write(ctx context.Context, from int, r *rejected, line int64, ack *ackGroup) error {
	d.fill(r, line)
	d.task.stats.In.Add(1)
	if bad := d.chunk.Encode(&d.batch); len(bad) > 0 {
		d.task.stats.Rejected.Add(1)
		return d.task.wrap(fmt.Errorf("a dead letter of step %q cannot be written: %w", r.step, bad[0].Err))
	}
	chunk, err := d.task.write(ctx, from, d.chunk, ack)
	d.chunk = chunk
	return err
}

func (d *deadLetters) fill(r *rejected, line int64) {
	cols := d.batch.Cols
	for _, c := range cols {
		c.Reset(1)
	}
	cols[0].Int64s()[0] = d.clock.Now().UnixMicro()
	setText(cols[1], r.step)
	setText(cols[2], string(r.err.Code))
	setText(cols[3], r.err.Message)
	setText(cols[4], r.column)
	setText(cols[5], r.name)
	setNumber(cols[6], line, line > 0)
	setNumber(cols[7], r.offset, r.offset >= 0)
	if isText(r.raw) {
		cols[8].SetBytes(0, r.raw)
		cols[9].SetNull(0)
		return
	}
	cols[8].SetNull(0)
	cols[9].SetBytes(0, []byte(base64.StdEncoding.EncodeToString(r.raw)))
}

func isText(b []byte) bool {
	for _, c := range b {
		if c == 0 {
			return false
		}
	}
	return utf8.Valid(b)
}

func setText(c *batch.Column, s string) {
	if s == "" {
		c.SetNull(0)
		return
	}
	c.SetBytes(0, []byte(s))
}

func setNumber(c *batch.Column, n int64, known bool) {
	c.Int64s()[0] = n
	if !known {
		c.SetNull(0)
	}
}
