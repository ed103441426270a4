package http

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// received is a request that a target got.
type received struct {
	method, path string
	header       http.Header
	body         string
	rows         []string
	status       int
}

// target is a server that takes rows. answer, if set, is asked for the status of each request.
type target struct {
	t      testing.TB
	answer func(w http.ResponseWriter, r *received) int

	mu       sync.Mutex
	requests []received
	arrived  chan struct{} // gets a token for each request
	server   *httptest.Server
}

func newTarget(t testing.TB, answer func(http.ResponseWriter, *received) int) *target {
	return &target{t: t, answer: answer, arrived: make(chan struct{}, 10_000)}
}

func (g *target) start() string {
	g.server = httptest.NewServer(g)
	g.t.Cleanup(g.server.Close)
	return g.server.URL
}

func (g *target) startTLS(conf *tls.Config) string {
	g.server = httptest.NewUnstartedServer(g)
	g.server.TLS = conf
	g.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // strangers are expected
	g.server.StartTLS()
	g.t.Cleanup(g.server.Close)
	return g.server.URL
}

func (g *target) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			g.t.Error(err)
			return
		}
		in = z
	}
	body, err := io.ReadAll(in)
	if err != nil {
		return // the client went away
	}
	got := received{method: r.Method, path: r.URL.Path, header: r.Header, body: string(body), rows: rowsOf(g.t, string(body)), status: 200}
	g.arrived <- struct{}{}
	if g.answer != nil {
		got.status = g.answer(w, &got)
	}
	g.mu.Lock()
	g.requests = append(g.requests, got)
	g.mu.Unlock()
	w.WriteHeader(got.status)
}

// rowsOf reads the JSON strings of a body: lines, or one array.
func rowsOf(t testing.TB, body string) []string {
	t.Helper()
	var rows []string
	if strings.HasPrefix(body, "[") {
		if err := json.Unmarshal([]byte(body), &rows); err != nil {
			t.Errorf("%q: %v", body, err)
		}
		return rows
	}
	for line := range strings.Lines(strings.TrimPrefix(body, "header\n")) {
		var row string
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		rows = append(rows, row)
	}
	return rows
}

// rows returns the rows of all requests that were answered with success.
func (g *target) rows() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var rows []string
	for _, r := range g.requests {
		if r.status < 300 {
			rows = append(rows, r.rows...)
		}
	}
	return rows
}

func (g *target) all() []received {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.requests
}

// sending is a sink under test.
type sending struct {
	t    testing.TB
	sink *sink
}

// openTo opens a sink with options; the real clock paces it.
func openTo(t testing.TB, options map[string]any) *sending {
	t.Helper()
	return openWith(t, clock.System(), sinkEnv(textEncoder{}), options)
}

func sinkEnv(encoder codec.Encoder) connector.SinkEnv {
	return connector.SinkEnv{
		Name: "out file", MediaType: jsonLines, NewEncoder: func() (codec.Encoder, error) { return encoder, nil },
	}
}

func openWith(t testing.TB, clk clock.Clock, env connector.SinkEnv, options map[string]any) *sending {
	t.Helper()
	typ := SinkType(clk)
	opened, err := typ.Open(t.Context(), env, configured(t, typ.NewConfig(), options))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	return &sending{t: t, sink: opened.(*sink)}
}

// write writes a chunk of rows.
func (s *sending) write(rows ...string) {
	s.t.Helper()
	if err := s.tryWrite(rows...); err != nil {
		s.t.Fatal(err)
	}
}

// tryWrite writes a chunk of rows. Its error may be that of a request for the first of them.
func (s *sending) tryWrite(rows ...string) error {
	s.t.Helper()
	return s.sink.Write(s.t.Context(), s.chunk(rows...))
}

func (s *sending) chunk(rows ...string) connector.Chunk {
	s.t.Helper()
	chunk, err := s.sink.NewChunk()
	if err != nil {
		s.t.Fatal(err)
	}
	column := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Text))
	column.Reset(len(rows))
	for i, row := range rows {
		column.SetBytes(i, []byte(row))
	}
	if bad := chunk.Encode(&batch.Batch{Cols: []*batch.Column{column}, Len: len(rows)}); bad != nil {
		s.t.Fatal(bad)
	}
	return chunk
}

func (s *sending) flush() {
	s.t.Helper()
	if err := s.sink.Flush(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// refused flushes until nothing is left and returns the rows that the target refused, and why.
func (s *sending) refused() []connector.RefusedRow {
	s.t.Helper()
	var all []connector.RefusedRow
	for {
		err := s.sink.Flush(s.t.Context())
		if err == nil {
			return all
		}
		var rows *connector.RowsError
		if !errors.As(err, &rows) {
			s.t.Fatal(err)
		}
		all = append(all, rows.Rows...)
	}
}
