package generate

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"wire.example/wire/internal/connect/generate/nexmark"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// name is the connector's, and what messages call its rows' origin.
const name = "generate"

// SourceType returns the generate source. clk paces sources with a rate.
func SourceType(clk clock.Clock) *connector.SourceType {
	return &connector.SourceType{
		Name:      name,
		Doc:       "Makes rows itself: Nexmark's persons, auctions and bids, or a sequence of numbers.",
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

const (
	// positionVersion is the version of position.
	positionVersion = 1
	// split is the name of the only split.
	split = "rows"
)

// reader deals ranges of positions.
type reader struct {
	clock  clock.Clock
	rate   float64
	rows   int64
	block  int64 // positions in a block under load
	next   int64
	limit  int64
	dealt  atomic.Int64 // next, for Progress
	paced  bool         // start and origin are set
	start  time.Duration
	origin int64         // next at start
	last   time.Duration // when rows were last dealt
}

func openReader(clk clock.Clock, env connector.SourceEnv, c *Config) (*reader, error) {
	limit, err := c.limit()
	if err != nil {
		return nil, err
	}
	r := &reader{clock: clk, rate: c.Rate, rows: c.Rows, block: blockPositions(c), limit: limit}
	if r.next, err = restore(env.Restore); err != nil {
		return nil, err
	}
	r.dealt.Store(r.next)
	return r, nil
}

// restore returns the position that a stored state holds, 0 if there is none.
func restore(states []connector.SplitState) (int64, error) {
	if len(states) == 0 {
		return 0, nil
	}
	var p position
	if err := json.Unmarshal(states[0].Position, &p); err != nil {
		return 0, fmt.Errorf("stored position of split %q: %w", states[0].Split, err)
	}
	if len(states) != 1 || states[0].Split != split || p.Version != positionVersion || p.Next < 0 {
		return 0, fmt.Errorf("stored position %s of split %q is not one that this release has written (one split %q, version %d)",
			states[0].Position, states[0].Split, split, positionVersion)
	}
	return p.Next, nil
}

// blockPositions returns how many positions give about batchRows rows.
func blockPositions(c *Config) int64 {
	if c.Kind != kindNexmark || c.Table == "" {
		return batchRows
	}
	perEpoch := map[nexmark.Kind]int64{nexmark.KindPerson: 1, nexmark.KindAuction: 3, nexmark.KindBid: 46}
	return batchRows * 50 / perEpoch[c.kind()]
}

// Poll deals the next range. With a rate it waits until a row is due, and deals those that are, so that no row waits for others.
func (r *reader) Poll(ctx context.Context, wake <-chan struct{}, block *codec.Block) (connector.Status, error) {
	if r.next >= r.limit {
		return connector.End, nil
	}
	rows := min(r.block, r.limit-r.next)
	if r.rate > 0 {
		due, woken, err := r.awaitDue(ctx, wake, rows)
		if err != nil {
			return connector.End, err
		}
		if woken {
			return connector.Woken, nil
		}
		rows = min(rows, due)
	}
	block.Name, block.Offset, block.First, block.Count = name, r.next, r.next, int(rows)
	r.next += rows
	r.dealt.Store(r.next)
	return connector.Ready, nil
}

// minPause is the least time between two blocks that are not full: above 10,000 rows a second rows share blocks, which costs each of them at
// most so much time and spares most of the work of handing over.
const minPause = 100 * time.Microsecond

// awaitDue waits until rows are due and returns how many, or whether wake ended the wait.
func (r *reader) awaitDue(ctx context.Context, wake <-chan struct{}, full int64) (due int64, woken bool, err error) {
	for {
		now := r.clock.Monotonic()
		if !r.paced {
			r.paced, r.start, r.origin, r.last = true, now, r.next, now-minPause
		}
		due := r.due(now)
		if due >= full || due > 0 && now-r.last >= minPause {
			r.last = now
			return due, false, nil
		}
		at := r.last + minPause
		if due <= 0 {
			at = max(at, r.dueAt())
		}
		if woken, err := r.sleep(ctx, wake, at-now); woken || err != nil {
			return 0, woken, err
		}
	}
}

// due returns how many rows are due and not dealt. The first is due when Poll is first called, row k after it k/rate seconds later, however
// late those before it were taken.
func (r *reader) due(now time.Duration) int64 {
	return int64((now-r.start).Seconds()*r.rate) + 1 - (r.next - r.origin)
}

// dueAt returns when the next row is due.
func (r *reader) dueAt() time.Duration {
	return r.start + time.Duration(math.Ceil(float64(r.next-r.origin)/r.rate*float64(time.Second)))
}

// sleep waits for d, and reports whether wake ended it.
func (r *reader) sleep(ctx context.Context, wake <-chan struct{}, d time.Duration) (woken bool, err error) {
	timer := r.clock.NewTimer(max(d, 1))
	defer timer.Stop()
	select {
	case <-timer.C():
		return false, nil
	case <-wake:
		return true, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// Snapshot returns the position of the next row.
func (r *reader) Snapshot() ([]connector.SplitState, error) {
	p, err := json.Marshal(position{Version: positionVersion, Next: r.next})
	return []connector.SplitState{{Split: split, Position: p}}, err
}

// Progress returns the positions dealt and those that there are.
func (r *reader) Progress() (done, total int64) {
	if r.rows == 0 {
		return r.dealt.Load(), -1
	}
	return r.dealt.Load(), r.rows
}

// Close has nothing to release.
func (r *reader) Close() error { return nil }
