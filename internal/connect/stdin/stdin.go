package stdin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// Config has no options.
type Config struct{}

// SourceType returns the stdin source, which reads in. Only one source may be opened: two would each get some of the lines.
func SourceType(in io.Reader) *connector.SourceType {
	var taken atomic.Bool
	return &connector.SourceType{
		Name:      "stdin",
		Doc:       "Reads the standard input, once: a run cannot go on in the middle of it.",
		NewConfig: func() any { return &Config{} },
		Open: func(_ context.Context, env connector.SourceEnv, _ any) (connector.Reader, error) {
			if in == nil || taken.Swap(true) {
				return nil, errors.New("the standard input is read already by another source, or there is none; a pipeline can have one source stdin")
			}
			r, err := open(in, env)
			if err != nil {
				taken.Store(false)
				return nil, err
			}
			return r, nil
		},
		Bounded: func(any) bool { return true },
	}
}

// splitName is the one split.
const splitName = "stdin"

// positionVersion is the version of position.
const positionVersion = 1

// position is what Snapshot stores: so many bytes are in blocks that were dealt. It says what was done, but nobody can go on from there,
// unless that was the end.
type position struct {
	Version int   `json:"version"`
	Offset  int64 `json:"offset"`
	Ended   bool  `json:"ended"`
}

// reader deals what the pump has read.
type reader struct {
	pump   *pump // nil when the input had ended before this run
	blocks *connector.BlockReader
	last   position
	done   atomic.Int64
}

func open(in io.Reader, env connector.SourceEnv) (*reader, error) {
	r := &reader{last: position{Version: positionVersion}}
	if len(env.Restore) > 0 {
		if err := r.restore(env.Restore[0]); err != nil {
			return nil, err
		}
	}
	if r.last.Ended {
		return r, nil
	}
	limit, block := env.MaxRecordBytes, env.BlockBytes
	if limit <= 0 {
		limit = codec.DefaultMaxRecordBytes
	}
	if block <= 0 {
		block = 256 << 10
	}
	r.pump = newPump(in)
	r.blocks = connector.NewBlockReader(r.pump, env.Framer(), 0, block, limit)
	return r, nil
}

func (r *reader) restore(state connector.SplitState) error {
	var p position
	if err := json.Unmarshal(state.Position, &p); err != nil {
		return fmt.Errorf("stored position: %w", err)
	}
	switch {
	case p.Version != positionVersion:
		return fmt.Errorf("stored position has version %d; this release reads %d", p.Version, positionVersion)
	case p.Offset > 0 && !p.Ended:
		return fmt.Errorf("the stored position is at byte %d of a standard input that is gone: it cannot be read again; begin anew with --fresh, with the whole input, or keep the input in a file and use the connector file", p.Offset)
	}
	r.last = p
	return nil
}

// Poll waits for a block.
func (r *reader) Poll(ctx context.Context, wake <-chan struct{}, block *codec.Block) (connector.Status, error) {
	for !r.last.Ended {
		if err := ctx.Err(); err != nil {
			return connector.End, err
		}
		err := r.blocks.Next(block)
		switch {
		case err == nil:
			block.Split, block.Name = 0, splitName
			r.last.Offset = r.blocks.Offset()
			r.done.Store(r.last.Offset)
			return connector.Ready, nil
		case errors.Is(err, io.EOF):
			r.last.Ended = true
		case errors.Is(err, io.ErrNoProgress):
			if woken, err := r.pump.wait(ctx, wake); woken || err != nil {
				return connector.Woken, err
			}
		default:
			return connector.End, fmt.Errorf("standard input: %w", err)
		}
	}
	return connector.End, nil
}

// Snapshot returns the position after the last block.
func (r *reader) Snapshot() ([]connector.SplitState, error) {
	p, err := json.Marshal(r.last)
	return []connector.SplitState{{Split: splitName, Position: p}}, err
}

// Progress returns the bytes dealt; how many there will be is unknown.
func (r *reader) Progress() (done, total int64) { return r.done.Load(), -1 }

// Close stops reading. A read that is under way cannot be stopped on every system: it then ends with the next line, or with the process.
func (r *reader) Close() error {
	if r.pump != nil {
		r.pump.close()
	}
	return nil
}
