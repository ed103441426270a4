package blackhole

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// Config has no options.
type Config struct{}

// SinkType returns the blackhole sink.
func SinkType() *connector.SinkType {
	return &connector.SinkType{
		Name:      "blackhole",
		Doc:       "Keeps nothing; prints the number of rows and a checksum of every value, which does not depend on their order.",
		NewConfig: func() any { return &Config{} },
		Open: func(_ context.Context, env connector.SinkEnv, _ any) (connector.Sink, error) {
			st, err := restore(env.Restore)
			if err != nil {
				return nil, err
			}
			return &sink{state: st}, nil
		},
		Changes: func(any) connector.Changes { return connector.Changelog },
	}
}

// state is the checksum so far; it is all that the sink remembers.
type state struct {
	Version int    `json:"version"`
	Rows    int64  `json:"rows"`
	Sum     uint64 `json:"sum"`
	// Retracted is how many of Rows took a row back.
	Retracted int64 `json:"retracted,omitempty"`
}

// stateVersion is the version of state.
const stateVersion = 1

func restore(stored json.RawMessage) (state, error) {
	st := state{Version: stateVersion}
	if stored == nil {
		return st, nil
	}
	if err := json.Unmarshal(stored, &st); err != nil {
		return st, fmt.Errorf("stored state: %w", err)
	}
	if st.Version != stateVersion {
		return st, fmt.Errorf("stored state has version %d; this release reads %d", st.Version, stateVersion)
	}
	return st, nil
}

type sink struct {
	state state
	shown atomic.Pointer[state]
}

// chunk is the checksum of one lane's rows.
type chunk struct {
	rows      int
	retracted int
	sum       uint64
	hashes    []uint64
	view      batch.Batch
}

func (s *sink) NewChunk() (connector.Chunk, error) { return &chunk{}, nil }

// Encode adds the hashes of rows that come to be, and subtracts those of rows that cease to be: what is left is the sum over the rows that all changes
// leave, in whatever order they came.
func (c *chunk) Encode(b *batch.Batch) []codec.RowError {
	c.view.View(b, b.Sel)
	c.view.Kinds = nil // an image has one hash, whatever is done with it
	c.hashes = batch.HashRows(c.hashes, &c.view)
	c.rows += len(c.hashes)
	if b.Kinds == nil {
		for _, h := range c.hashes {
			c.sum += h
		}
		return nil
	}
	for i, h := range c.hashes {
		switch b.Kinds[b.Row(i)] {
		case batch.UpdateBefore, batch.Delete:
			c.sum -= h
			c.retracted++
		case batch.Insert, batch.UpdateAfter:
			c.sum += h
		}
	}
	return nil
}

func (c *chunk) Size() (rows int, bytes int64) { return c.rows, 0 }

func (c *chunk) Reset() { c.rows, c.retracted, c.sum = 0, 0, 0 }

func (s *sink) Write(_ context.Context, from connector.Chunk) error {
	c := from.(*chunk)
	s.state.Rows += int64(c.rows)
	s.state.Retracted += int64(c.retracted)
	s.state.Sum += c.sum
	return nil
}

func (s *sink) Flush(context.Context) error { return nil }

func (s *sink) Prepare(context.Context, int64) (json.RawMessage, error) {
	st := s.state
	s.shown.Store(&st)
	return json.Marshal(st)
}

func (s *sink) Commit(context.Context, int64, json.RawMessage, bool) error { return nil }

func (s *sink) Close() error { return nil }

// Summary returns the rows and the checksum as of the last epoch; of a changelog, also how many rows it leaves.
func (s *sink) Summary() map[string]string {
	st := s.shown.Load()
	if st == nil {
		st = &state{}
	}
	m := map[string]string{"rows": fmt.Sprint(st.Rows), "checksum": fmt.Sprintf("%016x", st.Sum)}
	if st.Retracted > 0 {
		m["left"] = fmt.Sprint(st.Rows - 2*st.Retracted)
	}
	return m
}
