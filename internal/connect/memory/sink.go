package memory

import (
	"context"
	"encoding/json"
	"fmt"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// Output configures a sink: where rows go.
type Output struct {
	// Take gets the rows in their order, in batches that are lent for the call. It is called by one goroutine at a time. While it does not return
	// the pipeline waits; it must return when ctx is done. An error ends the run.
	Take func(ctx context.Context, b *batch.Batch) error
	// Begin, if not nil, is told before any rows whether they may be changes, and whether they never end.
	Begin func(changelog, unbounded bool)
}

// SinkType returns the sink, whose config is an *Output.
func SinkType() *connector.SinkType {
	return &connector.SinkType{
		Name:      "memory",
		Doc:       "Hands rows to the program that runs the pipeline.",
		NewConfig: func() any { return &Output{Take: func(context.Context, *batch.Batch) error { return nil }} },
		Open: func(_ context.Context, env connector.SinkEnv, config any) (connector.Sink, error) {
			return openSink(env, config.(*Output))
		},
		Changes: func(any) connector.Changes { return connector.Changelog },
	}
}

// state is what Prepare stores.
type state struct {
	Version int   `json:"version"`
	Rows    int64 `json:"rows"`
}

const stateVersion = 1

type sink struct {
	pool  *batch.Pool
	take  func(ctx context.Context, b *batch.Batch) error
	state state
}

func openSink(env connector.SinkEnv, out *Output) (*sink, error) {
	s := &sink{pool: env.Pool, take: out.Take, state: state{Version: stateVersion}}
	if out.Begin != nil {
		out.Begin(env.Changelog, env.Unbounded)
	}
	if env.Restore == nil {
		return s, nil
	}
	if err := json.Unmarshal(env.Restore, &s.state); err != nil {
		return nil, fmt.Errorf("stored state: %w", err)
	}
	if s.state.Version != stateVersion {
		return nil, fmt.Errorf("stored state has version %d, which this release (version %d) cannot read", s.state.Version, stateVersion)
	}
	return s, nil
}

// NewChunk returns an empty chunk.
func (s *sink) NewChunk() (connector.Chunk, error) { return &chunk{pool: s.pool}, nil }

// Write hands the rows on.
func (s *sink) Write(ctx context.Context, from connector.Chunk) error {
	c := from.(*chunk)
	for _, a := range c.full() {
		if err := s.take(ctx, a.Batch()); err != nil {
			return err
		}
		s.state.Rows += int64(a.Rows())
	}
	return nil
}

// Flush has nothing to do: what was written was taken.
func (s *sink) Flush(context.Context) error { return nil }

// Prepare stores the number of rows.
func (s *sink) Prepare(context.Context, int64) (json.RawMessage, error) { return json.Marshal(s.state) }

// Commit has nothing to do.
func (s *sink) Commit(context.Context, int64, json.RawMessage, bool) error { return nil }

// Close has nothing to release.
func (s *sink) Close() error { return nil }

// chunk is copies of rows.
type chunk struct {
	pool    *batch.Pool
	batches []*batch.Appender
	used    int // batches that have rows
}

// full returns the batches that have rows.
func (c *chunk) full() []*batch.Appender { return c.batches[:c.used] }

// Encode copies the rows.
func (c *chunk) Encode(b *batch.Batch) []codec.RowError {
	if c.used == 0 || !c.batches[c.used-1].Fits(b, b.Rows()) {
		if c.used == len(c.batches) {
			c.batches = append(c.batches, batch.NewAppender(c.pool))
		}
		c.used++
	}
	c.batches[c.used-1].Append(b, b.Sel)
	return nil
}

// Size returns the rows and the memory that they take.
func (c *chunk) Size() (rows int, bytes int64) {
	for _, a := range c.full() {
		rows += a.Rows()
		bytes += a.Memory()
	}
	return rows, bytes
}

// keep is how many emptied batches a chunk keeps for the next rows.
const keep = 4

// Reset empties the chunk.
func (c *chunk) Reset() {
	for i, a := range c.full() {
		if a.Reset(); i >= keep {
			a.Release()
		}
	}
	c.batches = c.batches[:min(len(c.batches), keep)]
	c.used = 0
}

// Collector is a Take that keeps all rows. It is not safe for concurrent use: read it when the run is over.
type Collector struct {
	rows chunk
	// Reserve, if set, is asked for the bytes that the rows come to need, each time they need more.
	Reserve  func(bytes int64) error
	settled  int64 // bytes of all batches but the last
	reserved int64
}

// NewCollector returns an empty collector; pool lends the memory.
func NewCollector(pool *batch.Pool) *Collector { return &Collector{rows: chunk{pool: pool}} }

// Take copies the rows of b.
func (c *Collector) Take(_ context.Context, b *batch.Batch) error {
	before := c.rows.used
	c.rows.Encode(b)
	last := c.rows.used - 1
	if before > 0 && last == before {
		c.settled += c.rows.batches[before-1].Memory()
	}
	more := c.settled + c.rows.batches[last].Memory() - c.reserved
	if more <= 0 || c.Reserve == nil {
		return nil
	}
	c.reserved += more
	return c.Reserve(more)
}

// Batches returns all rows so far, in their order: for a source, for instance. They belong to the collector, and stay as they are if nothing
// more is taken.
func (c *Collector) Batches() []*batch.Batch {
	var list []*batch.Batch
	for _, a := range c.rows.full() {
		list = append(list, a.Batch())
	}
	return list
}

// Rows returns how many rows there are.
func (c *Collector) Rows() int {
	rows, _ := c.rows.Size()
	return rows
}

// Release gives the memory back to the pool. The collector is empty then.
func (c *Collector) Release() {
	for _, a := range c.rows.batches {
		a.Release()
	}
	c.rows.batches, c.rows.used, c.settled = nil, 0, 0
}
