package http_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	connect "wire.example/wire/internal/connect/http"
	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/format/jsonfmt"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// row is what the pipelines of these tests carry.
type row struct {
	ID   int64  `json:"id"`
	Note string `json:"note"`
}

// target is an HTTP server that keeps the rows it answered 200 for. It can be killed and started again at its address.
type target struct {
	t       testing.TB
	address string
	answer  func(body []byte) int // asked for every request; nil: 200

	mu     sync.Mutex
	bodies [][]byte
	server *http.Server
	done   chan struct{}
}

func newTarget(t testing.TB) *target {
	g := &target{t: t, address: "127.0.0.1:0"}
	g.start()
	t.Cleanup(g.kill)
	return g
}

func (g *target) start() {
	g.t.Helper()
	l, err := net.Listen("tcp", g.address)
	if err != nil {
		g.t.Fatal(err)
	}
	g.address = l.Addr().String()
	server, done := &http.Server{Handler: g}, make(chan struct{})
	g.mu.Lock()
	g.server, g.done = server, done
	g.mu.Unlock()
	go func() {
		defer close(done)
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			g.t.Error(err)
		}
	}()
}

// kill ends the server with whatever is under way.
func (g *target) kill() {
	g.mu.Lock()
	server, done := g.server, g.done
	g.mu.Unlock()
	if err := server.Close(); err != nil {
		g.t.Error(err)
	}
	<-done
}

func (g *target) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // killed
	}
	status := http.StatusOK
	if g.answer != nil {
		status = g.answer(body)
	}
	if status == http.StatusOK {
		g.mu.Lock()
		g.bodies = append(g.bodies, body)
		g.mu.Unlock()
	}
	w.WriteHeader(status)
}

// rows decodes what the target has, into the type of into's elements.
func rows[R any](t testing.TB, g *target) []R {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []R
	for line := range bytes.Lines(bytes.Join(g.bodies, nil)) {
		var r R
		if err := json.Unmarshal(line, &r); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		all = append(all, r)
	}
	return all
}

// pipeline is a plan from an HTTP source to an HTTP sink, running.
type pipeline struct {
	t       testing.TB
	url     string
	flow    *flow.Pipeline
	client  *http.Client
	stop    chan struct{}
	cancel  context.CancelFunc
	outcome flow.Outcome
	err     error
	ended   chan struct{}
}

// setup says how a pipeline differs from the plain one.
type setup struct {
	source, sink map[string]any
	onError      physical.OnError
	dead         *target
	lanes        int
	// repeats, if not nil, gets a token whenever the sink repeats a request, unless it is full.
	repeats chan struct{}
}

// Write takes a line of the pipeline's log.
func (c setup) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("it will be sent again")) {
		select {
		case c.repeats <- struct{}{}:
		default:
		}
	}
	return len(line), nil
}

func configured[C any](t testing.TB, config C, options map[string]any) C {
	t.Helper()
	if mistakes := connector.Apply(config, options); len(mistakes) > 0 {
		t.Fatal(mistakes[0])
	}
	return config
}

func with(options map[string]any, name string, value any) map[string]any {
	all := map[string]any{name: value}
	for k, v := range options {
		all[k] = v
	}
	return all
}

// run starts a pipeline to g. It ends with the test at the latest.
func run(t testing.TB, g *target, c setup) *pipeline {
	t.Helper()
	format, err := jsonfmt.New(jsonfmt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rowSchema := schema.New(
		schema.Field{Name: "id", Type: schema.Of(schema.Int64), NotNull: true}, schema.Field{Name: "note", Type: schema.Of(schema.Text)})
	p := &pipeline{t: t, stop: make(chan struct{}), ended: make(chan struct{})}
	sourceType, sinkType := connect.SourceType(clock.System()), connect.SinkType(clock.System())
	open := sourceType.Open
	sourceType.Open = func(ctx context.Context, env connector.SourceEnv, config any) (connector.Reader, error) {
		r, err := open(ctx, env, config)
		if err == nil {
			p.url = "http://" + r.(interface{ Addr() net.Addr }).Addr().String() + "/"
		}
		return r, err
	}
	sinkOf := func(name string, g *target, s *schema.Schema) *physical.Sink {
		return &physical.Sink{
			Name: name, Type: sinkType, Format: format, Encode: codec.EncodeSpec{Schema: s},
			Config: configured(t, sinkType.NewConfig(), with(c.sink, "url", "http://"+g.address+"/")),
		}
	}
	out := sinkOf("out", g, rowSchema)
	out.OnError = c.onError
	plan := &physical.Plan{
		Name: "test", Parallelism: max(c.lanes, 1), Sinks: []*physical.Sink{out},
		Sources: []*physical.Source{{
			Name: "in", Type: sourceType, Config: configured(t, sourceType.NewConfig(), with(c.source, "address", "127.0.0.1:0")), Format: format,
			Decode: codec.DecodeSpec{Schema: rowSchema}, EventTime: -1, OnError: c.onError, Next: []physical.Edge{{Sink: out}},
		}},
	}
	if c.dead != nil {
		plan.DeadLetters = sinkOf("dead", c.dead, logical.DeadLetterSchema())
	}
	p.flow, err = flow.Build(t.Context(), plan, flow.Settings{
		Pool: &batch.Pool{}, Clock: clock.System(), FS: vfs.NewMem(), Log: slog.New(slog.NewTextHandler(c, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	p.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	var ctx context.Context
	ctx, p.cancel = context.WithCancel(context.Background())
	go func() {
		defer close(p.ended)
		p.outcome, p.err = p.flow.Run(ctx, p.stop)
		p.err = errors.Join(p.err, p.flow.Close())
	}()
	t.Cleanup(func() {
		p.cancel()
		<-p.ended
		p.client.CloseIdleConnections()
	})
	return p
}

// reply is an answer of the source.
type reply struct {
	status                 int
	Accepted, Line, Record int
	Column, Code, Detail   string
}

func (p *pipeline) post(body string) reply {
	p.t.Helper()
	r, err := p.try(body)
	if err != nil {
		p.t.Error(err)
	}
	return r
}

// try posts to a pipeline that may be gone.
func (p *pipeline) try(body string) (r reply, err error) {
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url, strings.NewReader(body))
	if err != nil {
		return r, err
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return r, err
	}
	defer resp.Body.Close()
	r.status = resp.StatusCode
	return r, json.NewDecoder(resp.Body).Decode(&r)
}

// finish stops the pipeline gently and checks its account.
func (p *pipeline) finish() flow.Report {
	p.t.Helper()
	close(p.stop)
	<-p.ended
	if p.err != nil || p.outcome.Finished {
		p.t.Errorf("%+v, %v", p.outcome, p.err)
	}
	r := p.flow.Report()
	if !r.Balanced() {
		p.t.Errorf("the account does not add up: %+v", r)
	}
	return r
}
