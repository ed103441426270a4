package http

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/sqlstate"
)

// The pauses between attempts: a random time up to 100 ms, 200 ms, … 30 s.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 30 * time.Second
)

// shownBytes is how much of an answer an error message shows; drainBytes how much is read so that the connection can be used again.
const (
	shownBytes = 300
	drainBytes = 64 << 10
)

// sender sends packs, one at a time. It belongs to one goroutine.
type sender struct {
	sink    *sink
	backoff fault.Backoff
	body    bytes.Buffer // what is sent, where that is not the pack's bytes
	zipped  bytes.Buffer
	gzip    *gzip.Writer
	open    atomic.Int32 // bodies that the transport has not let go of
}

func newSender(s *sink, number int) *sender {
	seed := rand.NewPCG(uint64(s.clock.Now().UnixNano()), xxh3.HashString(s.env.Name)+uint64(number)) //nolint:gosec // any bits do
	out := &sender{sink: s, backoff: fault.Backoff{Base: firstPause, Max: maxPause, Rand: rand.New(seed)}}
	if s.config.Compression == "gzip" {
		out.gzip = gzip.NewWriter(nil)
	}
	return out
}

// run sends what is gathered until ctx is done.
func (s *sender) run(ctx context.Context) {
	g := s.sink.gather
	spare := &pack{}
	for {
		select {
		case <-g.ready:
		case <-ctx.Done():
			return
		}
		for p := g.take(spare); p != nil; p = g.take(spare) {
			err := s.deliver(ctx, p, 0, len(p.ends))
			g.done(err)
			if spare = p; s.open.Load() > 0 {
				spare = &pack{} // the target answered before it had read everything, and the transport still holds the memory
			}
			spare.reset()
		}
	}
}

// deliver sends rows from to to of p until the target has taken or refused each. The error ends the sink.
func (s *sender) deliver(ctx context.Context, p *pack, from, to int) error {
	a, err := s.send(ctx, p, from, to)
	if err != nil || a.verdict == taken {
		return err
	}
	if to-from == 1 {
		raw := bytes.TrimRight(p.row(from), "\r\n")
		reason := sqlstate.Errorf(sqlstate.ForeignDataError, "%s refused the row: %s", s.sink.target, a.text)
		s.sink.gather.refuse(connector.RefusedRow{Raw: bytes.Clone(raw), Err: reason})
		return nil
	}
	// One bad row spoils the request of all: halve until it stands alone.
	middle := from + (to-from)/2
	if err := s.deliver(ctx, p, from, middle); err != nil {
		return err
	}
	return s.deliver(ctx, p, middle, to)
}

// answered is what became of an attempt.
type answered struct {
	verdict verdict
	text    string
	pause   time.Duration // what the target asks for
}

// send sends rows until the target takes or refuses them.
func (s *sender) send(ctx context.Context, p *pack, from, to int) (answered, error) {
	body, key, err := s.encode(p, from, to)
	if err != nil {
		return answered{}, err
	}
	began := s.sink.clock.Monotonic()
	for attempt := 0; ; attempt++ {
		a := s.attempt(ctx, body, key)
		if err := ctx.Err(); err != nil {
			return a, err
		}
		switch a.verdict {
		case taken, rowsBad:
			return a, nil
		case allBad:
			return a, fmt.Errorf("%s: %s", s.sink.target, a.text)
		case again:
		}
		pause, limit := max(s.backoff.Next(attempt), a.pause), s.sink.config.RetryFor
		if left := limit - (s.sink.clock.Monotonic() - began); limit > 0 && left > 0 && a.pause <= left {
			pause = min(pause, left) // the last attempt is made when the time is over
		} else if limit > 0 {
			return a, fmt.Errorf("%s: %s; gave up after %d attempts (retry_for: %s)", s.sink.target, a.text, attempt+1, limit)
		}
		s.sink.log.Warn("the target did not take a request; it will be sent again", "sink", s.sink.env.Name, "target", s.sink.target,
			"reason", a.text, "attempt", attempt+1, "pause", pause, "rows", to-from)
		if err := s.sink.clock.Sleep(ctx, pause); err != nil {
			return a, err
		}
	}
}

// encode returns the body for rows from to to of p, and its idempotency key.
func (s *sender) encode(p *pack, from, to int) (body []byte, key string, err error) {
	if s.open.Load() > 0 {
		s.body, s.zipped = bytes.Buffer{}, bytes.Buffer{} // the transport still holds the memory
	}
	start := 0
	if from > 0 {
		start = p.ends[from-1]
	}
	body = p.data[start:p.ends[to-1]]
	switch {
	case s.sink.config.Body == "array":
		s.body.Reset()
		for i := from; i < to; i++ {
			s.body.WriteByte([2]byte{',', '['}[oneIf(i == from)])
			s.body.Write(bytes.TrimRight(p.row(i), "\r\n"))
		}
		s.body.WriteByte(']')
		body = s.body.Bytes()
	case len(s.sink.header) > 0:
		s.body.Reset()
		s.body.Write(s.sink.header)
		s.body.Write(body)
		body = s.body.Bytes()
	}
	key = fmt.Sprintf("%s-%d-%d-%016x", url.PathEscape(s.sink.env.Name), p.epoch, p.number, xxh3.Hash(body))
	if s.gzip == nil {
		return body, key, nil
	}
	s.zipped.Reset()
	s.gzip.Reset(&s.zipped)
	_, err = s.gzip.Write(body)
	err = errors.Join(err, s.gzip.Close())
	return s.zipped.Bytes(), key, err
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}

// attempt sends body once.
func (s *sender) attempt(ctx context.Context, body []byte, key string) answered {
	ctx, cancel := context.WithTimeout(ctx, s.sink.config.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, s.sink.config.Method, s.sink.config.URL, s.reader(body))
	if err != nil {
		return answered{verdict: allBad, text: err.Error()}
	}
	req.ContentLength = int64(len(body))
	req.GetBody = func() (io.ReadCloser, error) { return s.reader(body), nil }
	s.sink.setHeaders(req.Header, key)
	resp, err := s.sink.client.Do(req)
	if err != nil {
		return answered{verdict: judgeError(err), text: s.because(ctx, err)}
	}
	a := answered{verdict: judge(resp.StatusCode), pause: pauseAsked(resp.Header.Get("Retry-After"), s.sink.clock.Now())}
	if a.verdict != taken {
		a.text = describe(resp)
	}
	// What cannot be drained or closed costs the connection, nothing else.
	_, _ = io.CopyN(io.Discard, resp.Body, drainBytes)
	_ = resp.Body.Close()
	return a
}

// because says why there was no answer. The URL is left out: its query may hold a secret.
func (s *sender) because(ctx context.Context, err error) string {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Sprintf("no answer within timeout (%s)", s.sink.config.Timeout)
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return err.Error()
}

// describe renders an answer that is no success.
func describe(resp *http.Response) string {
	text := resp.Status
	if to := resp.Header.Get("Location"); resp.StatusCode/100 == 3 && to != "" {
		return text + " to " + to + ", which is not followed; set url to where the rows shall go"
	}
	// An answer that breaks off is shown as far as it came.
	shown, _ := io.ReadAll(io.LimitReader(resp.Body, shownBytes))
	body := bytes.TrimSpace(bytes.ToValidUTF8(shown, []byte("?")))
	switch {
	case len(body) == 0:
		return text
	case len(shown) == shownBytes:
		return text + ": " + string(body) + "…"
	default:
		return text + ": " + string(body)
	}
}

// reader returns body for the transport, which may hold it after it has returned an answer, until Close.
func (s *sender) reader(body []byte) io.ReadCloser {
	s.open.Add(1)
	return &lentBody{Reader: bytes.NewReader(body), open: &s.open}
}

// lentBody counts down open when it is closed.
type lentBody struct {
	*bytes.Reader
	open   *atomic.Int32
	closed atomic.Bool
}

func (b *lentBody) Close() error {
	if b.closed.CompareAndSwap(false, true) {
		b.open.Add(-1)
	}
	return nil
}
