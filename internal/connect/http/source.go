package http

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// splitName is the one split of the source.
const splitName = "requests"

// SourceType returns the HTTP source; clk bounds how long a client may take.
func SourceType(clk clock.Reader) *connector.SourceType {
	return &connector.SourceType{
		Name:      "http",
		Doc:       "Takes rows that are sent to it by HTTP requests, and answers when they are delivered.",
		NewConfig: func() any { return &SourceConfig{} },
		Open: func(ctx context.Context, env connector.SourceEnv, config any) (connector.Reader, error) {
			return openSource(ctx, clk, env, config.(*SourceConfig))
		},
		Bounded: func(any) bool { return false },
	}
}

// position counts what was dealt. Requests cannot be read again, so it serves the account alone.
type position struct {
	Version  int   `json:"version"`
	Requests int64 `json:"requests"`
	Bytes    int64 `json:"bytes"`
}

// positionVersion is the version of position.
const positionVersion = 1

// source is an HTTP server whose requests are the blocks.
type source struct {
	env       connector.SourceEnv
	config    *SourceConfig
	clock     clock.Reader
	log       *slog.Logger
	maxRecord int64
	block     int // bytes that several requests may share
	token     []byte
	name      string

	listener net.Listener
	server   *http.Server
	served   chan struct{} // closed when the server has ended
	failed   chan error    // what ended it too early; capacity 1
	fresh    newConns

	queue  *queue
	budget *limit.Budget
	open   atomic.Int64 // requests that wait for their answer
	idle   sync.Pool    // of *request
	gzips  sync.Pool    // of *gzip.Reader
	zstds  sync.Pool    // of *zstd.Decoder
	// unpacking holds a token for each body that is being decompressed.
	unpacking chan struct{}

	dealt position // under the caller's read lock
	once  sync.Once
	err   error // of the first Close
}

func openSource(ctx context.Context, clk clock.Reader, env connector.SourceEnv, config *SourceConfig) (*source, error) {
	s := &source{
		env: env, config: config, clock: clk, log: env.Log, maxRecord: env.MaxRecordBytes, block: env.BlockBytes, token: digest(config.Token),
		served: make(chan struct{}), failed: make(chan error, 1), queue: newQueue(), budget: limit.New("http", int64(config.MaxPending)+pendingSlack),
		dealt: position{Version: positionVersion}, unpacking: make(chan struct{}, maxUnpacking),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.maxRecord <= 0 {
		s.maxRecord = codec.DefaultMaxRecordBytes
	}
	if s.block <= 0 {
		s.block = defaultBlock
	}
	if err := s.restore(env.Restore); err != nil {
		return nil, err
	}
	return s, s.listen(ctx)
}

// pendingSlack lets a lone request of the largest size in, whatever its buffers need beyond its bytes.
const pendingSlack = packedSlack + 16

// defaultBlock is the size of a block under load where the engine names none.
const defaultBlock = 256 << 10

func (s *source) restore(states []connector.SplitState) error {
	if len(states) == 0 {
		return nil
	}
	if err := json.Unmarshal(states[0].Position, &s.dealt); err != nil {
		return fmt.Errorf("stored position: %w", err)
	}
	if s.dealt.Version != positionVersion {
		return fmt.Errorf("stored position has version %d; this release reads %d", s.dealt.Version, positionVersion)
	}
	return nil
}

// Addr is the address that the source listens on.
func (s *source) Addr() net.Addr { return s.listener.Addr() }

// Poll fills block with the requests that wait, as far as they fit, or waits for one.
func (s *source) Poll(ctx context.Context, wake <-chan struct{}, block *codec.Block) (connector.Status, error) {
	for {
		if s.deal(block) {
			return connector.Ready, nil
		}
		select {
		case <-s.queue.ready:
		case <-wake:
			return connector.Woken, nil
		case err := <-s.failed:
			return connector.End, err
		case <-ctx.Done():
			return connector.End, ctx.Err()
		}
	}
}

// deal fills block, if a request waits.
func (s *source) deal(block *codec.Block) bool {
	taken, gone := s.queue.take(s.block)
	for _, r := range gone {
		s.release(r)
	}
	if len(taken) == 0 {
		return false
	}
	fillBlock(block, taken)
	block.Name, block.Offset = s.name, s.dealt.Bytes
	s.dealt.Requests += int64(len(taken))
	s.dealt.Bytes += int64(len(block.Buf.Data))
	if s.config.Acknowledge == "accepted" {
		for _, r := range taken {
			s.answer(r, nil)
		}
		return true
	}
	block.Refusable = true
	block.Ack = func(err error) { s.acknowledge(taken, err) }
	return true
}

// Snapshot returns what was dealt so far.
func (s *source) Snapshot() ([]connector.SplitState, error) {
	p, err := json.Marshal(s.dealt)
	if err != nil {
		return nil, err
	}
	return []connector.SplitState{{Split: splitName, Position: p}}, nil
}

// lastAnswers is how long Close waits for clients that are slow to send or to take their answer.
const lastAnswers = 5 * time.Second

// Close answers requests that were not dealt with 503, waits until every answer is on its way, and ends the server.
func (s *source) Close() error {
	s.once.Do(func() {
		for _, r := range s.queue.close() {
			s.answer(r, stopping())
		}
		ctx, cancel := context.WithTimeout(context.Background(), lastAnswers)
		defer cancel()
		s.fresh.close()
		s.err = s.server.Shutdown(ctx)
		if errors.Is(s.err, context.DeadlineExceeded) {
			s.err = s.server.Close()
		}
		<-s.served
	})
	return s.err
}
