package http

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/sqlstate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// configured fills config, a pointer to a config struct, with options.
func configured[C any](t testing.TB, config C, options map[string]any) C {
	t.Helper()
	if mistakes := connector.Apply(config, options); len(mistakes) > 0 {
		t.Fatal(mistakes[0])
	}
	return config
}

// served is a source under test and the client that its test uses.
type served struct {
	t      testing.TB
	source *source
	url    string
	client *http.Client
}

// serve opens a source of JSON lines with options, on a free port.
func serve(t testing.TB, options map[string]any) *served {
	t.Helper()
	return serveEnv(t, connector.SourceEnv{Name: "in", MediaType: jsonLines, Framer: codec.NewLineFramer, BlockBytes: 1 << 10, MaxRecordBytes: 500}, options)
}

func serveEnv(t testing.TB, env connector.SourceEnv, options map[string]any) *served {
	t.Helper()
	all := map[string]any{"address": "127.0.0.1:0"}
	for k, v := range options {
		all[k] = v
	}
	typ := SourceType(clock.System())
	r, err := typ.Open(t.Context(), env, configured(t, typ.NewConfig(), all))
	if err != nil {
		t.Fatal(err)
	}
	s := &served{t: t, source: r.(*source), client: &http.Client{Transport: &http.Transport{}}}
	s.url = s.source.name
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		if err := s.source.Close(); err != nil {
			t.Error("close:", err)
		}
		if used := s.source.budget.Used(); used != 0 {
			t.Errorf("%d bytes of max_pending are still in use", used)
		}
		if open := s.source.open.Load(); open != 0 {
			t.Errorf("%d requests are still counted", open)
		}
	})
	return s
}

// reply is an answer, read.
type reply struct {
	status int
	header http.Header
	body   string
	problem
	Accepted      int  `json:"accepted"`
	AcceptedBytes int  `json:"accepted_bytes"`
	Delivered     bool `json:"delivered"`
}

// post sends body with headers, given as names and values.
func (s *served) post(body string, headers ...string) reply {
	s.t.Helper()
	return s.send(http.MethodPost, s.url, strings.NewReader(body), headers...)
}

func (s *served) send(method, url string, body io.Reader, headers ...string) reply {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, url, body)
	if err != nil {
		s.t.Error(err)
		return reply{}
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := s.client.Do(req)
	if err != nil {
		s.t.Error(err)
		return reply{}
	}
	return read(s.t, resp)
}

func read(t testing.TB, resp *http.Response) reply {
	t.Helper()
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	r := reply{status: resp.StatusCode, header: resp.Header, body: string(text)}
	if err := json.Unmarshal(text, &r); err != nil {
		t.Errorf("%q: %v", text, err)
	}
	want := "application/problem+json"
	if r.status < 300 {
		want = "application/json"
	} else if r.Status != r.status || r.Title != http.StatusText(r.status) || r.Detail == "" {
		t.Errorf("problem %s with status %d", text, r.status)
	}
	if got := resp.Header.Get("Content-Type"); got != want {
		t.Errorf("content type %q, want %q", got, want)
	}
	return r
}

// background posts bodies, each in its own goroutine; the replies come in no order.
func (s *served) background(bodies ...string) <-chan reply {
	replies := make(chan reply, len(bodies))
	for _, body := range bodies {
		go func() { replies <- s.post(body) }()
	}
	return replies
}

// waitFor blocks until n requests wait to be dealt.
func (s *served) waitFor(n int) {
	for {
		s.source.queue.mu.Lock()
		waiting := len(s.source.queue.waiting)
		s.source.queue.mu.Unlock()
		if waiting >= n {
			return
		}
		<-s.source.queue.ready
	}
}

// poll takes the next block, as a lane would.
func (s *served) poll() *codec.Block {
	s.t.Helper()
	block := &codec.Block{Buf: (&batch.Pool{}).NewBuffer(100), FileHeader: []byte("of another block")}
	status, err := s.source.Poll(s.t.Context(), nil, block)
	if err != nil || status != connector.Ready {
		s.t.Fatal(status, err)
	}
	if cap(block.Buf.Data)-len(block.Buf.Data) < padding {
		s.t.Errorf("a block without room behind its %d bytes", len(block.Buf.Data))
	}
	return block
}

// engine deals and answers blocks until the test ends, and keeps what they held. answer, if set, is asked for each.
type engine struct {
	mu     sync.Mutex
	blocks []string
}

func (s *served) run(answer func(data string) error) *engine {
	e := &engine{}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			block := &codec.Block{Buf: batch.WrapBuffer(nil)}
			if _, err := s.source.Poll(ctx, nil, block); err != nil {
				return
			}
			data := string(block.Buf.Data)
			e.mu.Lock()
			e.blocks = append(e.blocks, data)
			e.mu.Unlock()
			if block.Ack == nil {
				continue
			}
			if answer != nil {
				block.Ack(answer(data))
			} else {
				block.Ack(nil)
			}
		}
	}()
	s.t.Cleanup(func() { cancel(); <-done })
	return e
}

// rows returns the rows of all blocks, without blanks around them.
func (e *engine) rows() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var rows []string
	for line := range strings.SplitSeq(strings.Join(e.blocks, "\n"), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			rows = append(rows, line)
		}
	}
	return rows
}

// badRow is a decoder's complaint about record number record of a block; -1: it does not know which.
func badRow(record, offset int) error {
	return &codec.RefusedError{
		Step: "in", Record: record, Offset: offset, Column: "price", Err: sqlstate.New(sqlstate.NumericValueOutOfRange, "integer out of range"),
	}
}

// textEncoder writes the first column as a JSON string, a line a row.
type textEncoder struct{ header string }

func (e textEncoder) Encode(dst []byte, ends []int, b *batch.Batch) ([]byte, []int, []codec.RowError) {
	for i := range b.Rows() {
		dst = fmt.Appendf(dst, "%q\n", b.Cols[0].Bytes(b.Row(i)))
		ends = append(ends, len(dst))
	}
	return dst, ends, nil
}

type headedEncoder struct{ textEncoder }

func (e headedEncoder) AppendHeader(dst []byte) []byte { return append(dst, e.header...) }

// checkOptions compares the README's table with the options of config.
func checkOptions(t *testing.T, config any) {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	want.WriteString("| option | type | default | meaning |\n|---|---|---|---|\n")
	for _, o := range connector.Describe(config) {
		doc := o.Doc
		if len(o.Enum) > 0 {
			doc += " One of: " + strings.Join(o.Enum, ", ") + "."
		}
		def := o.Default
		if o.Required {
			def = "required"
		}
		fmt.Fprintf(&want, "| `%s` | %s | %s | %s |\n", o.Name, o.Type, def, doc)
	}
	if !bytes.Contains(text, want.Bytes()) {
		t.Errorf("README.md lacks this table:\n%s", want.String())
	}
}

func TestReadmeListsTheOptions(t *testing.T) {
	checkOptions(t, &SourceConfig{})
	checkOptions(t, &SinkConfig{})
}
