package generate

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// blockRows is how many rows a block has under load. Under a rate limit blocks hold what is due, so that no row waits for others.
const blockRows = 1024

// SourceType returns the generate source.
func SourceType(clk clock.Clock) *connector.SourceType {
	return &connector.SourceType{
		Name:      "generate",
		Doc:       "Makes rows itself: Nexmark's events, or a sequence of numbers.",
		NewConfig: func() any { return &Config{} },
		Open: func(_ context.Context, env connector.SourceEnv, config any) (connector.Reader, error) {
			return openReader(clk, env, config.(*Config))
		},
		Bounded:    func(config any) bool { return config.(*Config).Rows > 0 },
		Replayable: true,
		Rows: &connector.RowSource{
			Schema: func(config any) (*schema.Schema, error) { return Schema(config.(*Config)), nil },
			NewDecoder: func(config any, spec codec.DecodeSpec) (codec.Decoder, error) {
				return newDecoder(config.(*Config), spec)
			},
		},
	}
}

// position is what Snapshot stores: the rows from Next on have not been dealt.
type position struct {
	Version int   `json:"version"`
	Next    int64 `json:"next"`
}

// positionVersion is the version of position.
const positionVersion = 1

// reader deals ranges of row numbers.
type reader struct {
	clock   clock.Clock
	config  *Config
	next    int64
	limit   int64
	dealt   atomic.Int64
	started time.Duration
	first   int64 // next when the rate began to count
}

func openReader(clk clock.Clock, env connector.SourceEnv, config *Config) (*reader, error) {
	r := &reader{clock: clk, config: config, limit: config.Rows, started: -1}
	if r.limit == 0 {
		r.limit = math.MaxInt64
	}
	if len(env.Restore) > 0 {
		var p position
		if err := json.Unmarshal(env.Restore[0].Position, &p); err != nil {
			return nil, fmt.Errorf("stored position: %w", err)
		}
		if p.Version != positionVersion || p.Next < 0 {
			return nil, fmt.Errorf("stored position %s cannot be read by this release", env.Restore[0].Position)
		}
		r.next = p.Next
	}
	return r, nil
}

// Poll deals the next range, waiting for the rate limit if there is one.
func (r *reader) Poll(ctx context.Context, wake <-chan struct{}, block *codec.Block) (connector.Status, error) {
	if r.next >= r.limit {
		return connector.End, nil
	}
	rows := min(blockRows, r.limit-r.next)
	if r.config.Rate > 0 {
		due, wait := r.due()
		if due == 0 {
			return r.sleep(ctx, wake, wait)
		}
		rows = min(rows, due)
	}
	block.Name, block.Offset, block.First, block.Count = "generate", r.next, r.next, int(rows)
	r.next += rows
	r.dealt.Store(r.next)
	return connector.Ready, nil
}

// due returns how many rows the rate allows now, and if none, how long until one.
func (r *reader) due() (int64, time.Duration) {
	now := r.clock.Monotonic()
	if r.started < 0 {
		r.started, r.first = now, r.next
	}
	allowed := r.first + int64((now-r.started).Seconds()*r.config.Rate) + 1
	if allowed > r.next {
		return allowed - r.next, 0
	}
	at := time.Duration(float64(r.next-r.first) / r.config.Rate * float64(time.Second))
	return 0, max(r.started+at-now, time.Microsecond)
}

func (r *reader) sleep(ctx context.Context, wake <-chan struct{}, wait time.Duration) (connector.Status, error) {
	timer := r.clock.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C():
		return connector.Woken, nil
	case <-wake:
		return connector.Woken, nil
	case <-ctx.Done():
		return connector.End, ctx.Err()
	}
}

// Snapshot returns the number of the next row.
func (r *reader) Snapshot() ([]connector.SplitState, error) {
	p, err := json.Marshal(position{Version: positionVersion, Next: r.next})
	return []connector.SplitState{{Split: "rows", Position: p}}, err
}

// Progress returns the rows dealt and those there will be.
func (r *reader) Progress() (done, total int64) {
	if r.config.Rows == 0 {
		return r.dealt.Load(), -1
	}
	return r.dealt.Load(), r.config.Rows
}

// Close has nothing to release.
func (r *reader) Close() error { return nil }
