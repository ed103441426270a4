package http

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// SinkType returns the HTTP sink; clk measures the pauses between attempts.
func SinkType(clk clock.Clock) *connector.SinkType {
	return &connector.SinkType{
		Name:      "http",
		Doc:       "Sends rows to a URL, in batches, and repeats a request until the target has answered it.",
		NewConfig: func() any { return &SinkConfig{} },
		Open: func(ctx context.Context, env connector.SinkEnv, config any) (connector.Sink, error) {
			return openSink(ctx, clk, env, config.(*SinkConfig))
		},
		Format: "json",
		Remote: true,
	}
}

// sinkState is what Prepare returns: the epoch, so that keys of requests go on from there.
type sinkState struct {
	Version int   `json:"version"`
	Epoch   int64 `json:"epoch"`
}

// stateVersion is the version of sinkState.
const stateVersion = 1

// sink sends rows by its senders.
type sink struct {
	env         connector.SinkEnv
	config      *SinkConfig
	clock       clock.Clock
	log         *slog.Logger
	client      *http.Client
	transport   *http.Transport
	target      string // the request line, without what may be secret
	contentType string
	header      []byte // what every body begins with

	gather *gatherer
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

func openSink(ctx context.Context, clk clock.Clock, env connector.SinkEnv, config *SinkConfig) (*sink, error) {
	epoch, err := restoredEpoch(env.Restore)
	if err != nil {
		return nil, err
	}
	s := &sink{
		env: env, config: config, clock: clk, log: env.Log, target: config.Method + " " + shown(config.URL), contentType: env.MediaType,
		gather: newGatherer(int(config.BatchRows), int(config.BatchBytes), int(config.Concurrency), epoch),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := s.bodies(); err != nil {
		return nil, err
	}
	if err := s.connect(); err != nil {
		return nil, err
	}
	// The senders outlive the opening, whose context this is; Close ends them.
	ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for i := range int(config.Concurrency) {
		sender := newSender(s, i)
		s.wg.Go(func() { sender.run(ctx) })
	}
	return s, nil
}

// restoredEpoch returns the epoch to begin with.
func restoredEpoch(stored json.RawMessage) (int64, error) {
	if stored == nil {
		return 1, nil
	}
	var st sinkState
	if err := json.Unmarshal(stored, &st); err != nil {
		return 0, fmt.Errorf("stored state: %w", err)
	}
	if st.Version != stateVersion {
		return 0, fmt.Errorf("stored state has version %d; this release reads %d", st.Version, stateVersion)
	}
	return st.Epoch + 1, nil
}

// shown is a URL without its user, query and fragment.
func shown(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "url"
	}
	return u.Scheme + "://" + u.Host + u.Path
}

// bodies settles how bodies begin and what they are.
func (s *sink) bodies() error {
	if s.config.Body == "array" {
		if s.env.MediaType != jsonLines {
			return errors.New("body: array needs the format json; leave body out")
		}
		s.contentType = "application/json"
		return nil
	}
	encoder, err := s.env.NewEncoder()
	if err != nil {
		return err
	}
	if h, ok := encoder.(codec.Header); ok {
		s.header = h.AppendHeader(nil)
	}
	return nil
}

// How long the parts of a connection's making may take, and how long an unused one stays.
const (
	dialTimeout      = 10 * time.Second
	handshakeTimeout = 10 * time.Second
	idleConnTimeout  = 90 * time.Second
)

func (s *sink) connect() error {
	secure, err := clientTLS(s.config)
	if err != nil {
		return err
	}
	dialer := &net.Dialer{Timeout: dialTimeout}
	s.transport = &http.Transport{
		DialContext: dialer.DialContext, TLSClientConfig: secure, TLSHandshakeTimeout: handshakeTimeout, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: int(s.config.Concurrency), IdleConnTimeout: idleConnTimeout, DisableCompression: true,
	}
	switch s.config.Proxy {
	case "":
	case proxyFromEnvironment:
		s.transport.Proxy = http.ProxyFromEnvironment
	default:
		proxy, err := url.Parse(s.config.Proxy)
		if err != nil {
			return err
		}
		s.transport.Proxy = http.ProxyURL(proxy)
	}
	s.client = &http.Client{Transport: s.transport, CheckRedirect: redirect}
	return nil
}

// maxRedirects bounds how often a request is sent on.
const maxRedirects = 5

// redirect follows only redirections that keep method and body, and only on the same server, so that no header meant for it goes elsewhere.
func redirect(req *http.Request, via []*http.Request) error {
	keeps := req.Response.StatusCode == http.StatusTemporaryRedirect || req.Response.StatusCode == http.StatusPermanentRedirect
	if !keeps || len(via) > maxRedirects || req.URL.Scheme != via[0].URL.Scheme || req.URL.Host != via[0].URL.Host {
		return http.ErrUseLastResponse
	}
	return nil
}

func (s *sink) setHeaders(h http.Header, key string) {
	h.Set("User-Agent", "wire")
	if s.contentType != "" {
		h.Set("Content-Type", s.contentType)
	}
	if s.config.Token != "" {
		h.Set("Authorization", "Bearer "+s.config.Token)
	}
	for name, value := range s.config.Headers {
		h.Set(name, value)
	}
	if s.config.Compression == "gzip" {
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Idempotency-Key", key)
}

// NewChunk returns a chunk of encoded rows.
func (s *sink) NewChunk() (connector.Chunk, error) {
	encoder, err := s.env.NewEncoder()
	if err != nil {
		return nil, err
	}
	return connector.NewRows(encoder), nil
}

// Write hands the chunk's rows to the senders, once there is room for them.
func (s *sink) Write(ctx context.Context, chunk connector.Chunk) error {
	return s.gather.add(ctx, chunk.(*connector.Rows))
}

// Flush waits until the target has answered for every row.
func (s *sink) Flush(ctx context.Context) error { return s.gather.flush(ctx) }

// Prepare is a Flush: what the target has taken is visible already.
func (s *sink) Prepare(ctx context.Context, epoch int64) (json.RawMessage, error) {
	if err := s.gather.flush(ctx); err != nil {
		return nil, err
	}
	s.gather.begin(epoch + 1)
	return json.Marshal(sinkState{Version: stateVersion, Epoch: epoch})
}

// Commit has nothing left to do.
func (s *sink) Commit(context.Context, int64, json.RawMessage, bool) error { return nil }

// Close ends requests under way and the senders.
func (s *sink) Close() error {
	s.cancel()
	s.wg.Wait()
	s.transport.CloseIdleConnections()
	return nil
}
