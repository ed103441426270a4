package http

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/sdktest"
	"wire.example/wire/sdk/sqlstate"
)

func TestBodiesBecomeRows(t *testing.T) {
	s := serve(t, nil)
	e := s.run(nil)
	tests := []struct {
		contentType, body string
		rows              []string
	}{
		{"application/x-ndjson", "{\"a\":1}\n{\"a\":2}\n", []string{`{"a":1}`, `{"a":2}`}},
		{"application/json; charset=UTF-8", `[{"a":3},{"a":4}]`, []string{`{"a":3}`, `{"a":4}`}},
		{"application/json", `{"a":5}`, []string{`{"a":5}`}},
		{"application/json", "{\n\"a\":\n6}\n", []string{`{ "a": 6}`}},
		{"application/cloudevents+json", `{"a":7}`, []string{`{"a":7}`}},
		{"application/x-www-form-urlencoded", `[{"a":8}]`, []string{`{"a":8}`}},
		{"", "\n\n{\"a\":9}", []string{`{"a":9}`}},
		{"application/json", "", nil},
		{"application/json", " [ ] ", nil},
	}
	var want []string
	for _, tt := range tests {
		r := s.post(tt.body, "Content-Type", tt.contentType)
		if r.status != http.StatusOK || r.Accepted != len(tt.rows) {
			t.Errorf("%s %q: %d %s", tt.contentType, tt.body, r.status, r.body)
		}
		want = append(want, tt.rows...)
	}
	if got := e.rows(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestRequestsThatAreNotTaken(t *testing.T) {
	s := serve(t, map[string]any{"path": "/rows", "token": "open sesame", "max_body": "1000", "max_pending": "2000"})
	e := s.run(nil)
	token := []string{"Authorization", "bearer open sesame"}
	long := strings.Repeat(" ", 1001)
	tests := []struct {
		name    string
		method  string
		url     string
		body    string
		chunked bool
		headers []string
		status  int
		header  [2]string
		detail  string
	}{
		{name: "no token", status: 401, headers: []string{"Authorization", ""}, header: [2]string{"Www-Authenticate", `Bearer realm="wire"`}},
		{name: "wrong token", status: 401, headers: []string{"Authorization", "Bearer open"}},
		{name: "wrong scheme", status: 401, headers: []string{"Authorization", "Basic open sesame"}},
		{name: "path", status: 404, url: "/rows/", detail: "rows go to /rows"},
		{name: "method", status: 405, method: http.MethodPut, header: [2]string{"Allow", "POST"}},
		{name: "type", status: 415, headers: []string{"Content-Type", "text/csv"}, header: [2]string{"Accept-Post", "application/x-ndjson, application/json"}},
		{name: "no type", status: 415, headers: []string{"Content-Type", "/;;"}},
		{name: "charset", status: 415, headers: []string{"Content-Type", "application/json; charset=latin1"}},
		{name: "encoding", status: 415, headers: []string{"Content-Encoding", "br"}, header: [2]string{"Accept-Encoding", "gzip, zstd"}},
		{name: "two encodings", status: 415, headers: []string{"Content-Encoding", "gzip, gzip"}},
		{name: "length", status: 413, body: long, detail: "max_body (1000 bytes)"},
		{name: "length not told", status: 413, body: long, chunked: true, detail: "max_body (1000 bytes)"},
		{name: "gzip bomb", status: 413, body: string(gzipped(t, []byte(strings.Repeat(" ", 1<<20)))), headers: []string{"Content-Encoding", "gzip"}},
		{name: "zstd bomb", status: 413, body: string(zipped(t, []byte(strings.Repeat(" ", 1<<20)))), headers: []string{"Content-Encoding", "zstd"}},
		{name: "gzip without end", status: 413, body: string(bytes.Repeat(gzipped(t, nil), 4000)), chunked: true, headers: []string{"Content-Encoding", "gzip"}},
		{name: "no gzip", status: 400, body: "{}", headers: []string{"Content-Encoding", "gzip"}, detail: "gzip: "},
		{name: "half a gzip", status: 400, body: string(gzipped(t, []byte("{}"))[:12]), headers: []string{"Content-Encoding", "gzip"}, detail: "unexpected EOF"},
		{name: "empty gzip", status: 400, headers: []string{"Content-Encoding", "gzip"}, detail: "unexpected EOF"},
		{name: "no zstd", status: 400, body: "{}", headers: []string{"Content-Encoding", "zstd"}, detail: "zstd: "},
		{name: "half a zstd", status: 400, body: string(zipped(t, []byte("{}"))[:7]), headers: []string{"Content-Encoding", "zstd"}, detail: "unexpected EOF"},
		{name: "structure", status: 400, body: "{\"a\":1}\n{\"a\":}\n", detail: "line 2, byte 6: expected a value; no row of this request was taken"},
		{name: "long record", status: 413, body: "{}\n\"" + strings.Repeat("x", 500) + `"`, detail: "line 2, byte 1: the record has 502 bytes"},
	}
	for _, tt := range tests {
		method, url := http.MethodPost, s.url
		if tt.method != "" {
			method = tt.method
		}
		if tt.url != "" {
			url = strings.TrimSuffix(s.url, "/rows") + tt.url
		}
		var body io.Reader = strings.NewReader(tt.body)
		if tt.chunked {
			body = io.MultiReader(body)
		}
		r := s.send(method, url, body, append(slices.Clone(token), tt.headers...)...)
		if r.status != tt.status || !strings.Contains(r.Detail, tt.detail) || tt.header[0] != "" && r.header.Get(tt.header[0]) != tt.header[1] {
			t.Errorf("%s: %d %s %v", tt.name, r.status, r.body, r.header)
		}
	}
	r := s.post("{\"a\":1}\n{\"a\":}\n", token...)
	if r.Line != 2 || r.Record != 2 {
		t.Errorf("%s", r.body)
	}
	if r := s.post(`{"a":1}`, token...); r.status != http.StatusOK {
		t.Errorf("a good request after bad ones: %d %s", r.status, r.body)
	}
	if got := e.rows(); !slices.Equal(got, []string{`{"a":1}`}) {
		t.Errorf("rows %q", got)
	}
}

func gzipped(t testing.TB, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zipped(t testing.TB, plain []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(plain, nil)
}

func TestCompressedBodies(t *testing.T) {
	s := serve(t, nil)
	e := s.run(nil)
	var want []string
	for round := range 5 { // decoders are used again
		plain := []byte(fmt.Sprintf("{\"a\":%d}\n", round) + strings.Repeat("{}\n", 100_000))
		for encoding, packed := range map[string][]byte{"gzip": gzipped(t, plain), "zstd": zipped(t, plain), "identity": plain} {
			if r := s.post(string(packed), "Content-Encoding", encoding); r.status != 200 || r.Accepted != 100_001 {
				t.Errorf("%s: %d %s", encoding, r.status, r.body)
			}
			want = append(want, strings.Fields(string(plain))...)
		}
	}
	if !slices.Equal(e.rows(), want) {
		t.Error("other rows")
	}
}

func TestTheAnswerComesWithTheDelivery(t *testing.T) {
	s := serve(t, nil)
	replies := s.background("{}")
	block := s.poll()
	select {
	case r := <-replies:
		t.Errorf("answered %d before the delivery", r.status)
	default:
	}
	if !block.Refusable || block.Name != s.url || !strings.HasSuffix(s.url, "/") {
		t.Errorf("%+v", block)
	}
	block.Ack(nil)
	if r := <-replies; r.status != 200 || r.Accepted != 1 || strings.Contains(r.body, "delivered") {
		t.Errorf("%d %s", r.status, r.body)
	}
	replies = s.background("{}")
	s.poll().Ack(errors.New("the disk is full"))
	if r := <-replies; r.status != 503 || r.header.Get("Retry-After") != "1" || strings.Contains(r.body, "disk") {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestAcceptedAnswersAtOnce(t *testing.T) {
	s := serve(t, map[string]any{"acknowledge": "accepted"})
	replies := s.background(`{"a":1}`)
	block := s.poll()
	if block.Ack != nil || block.Refusable {
		t.Error("an accepted block waits for its delivery")
	}
	r := <-replies
	if r.status != 202 || r.Accepted != 1 || r.Delivered || !strings.Contains(r.body, "lost if Wire crashes") {
		t.Errorf("%d %s", r.status, r.body)
	}
	if string(block.Buf.Data) != "{\"a\":1}\n" {
		t.Errorf("%q", block.Buf.Data)
	}
}

func TestWaitingRequestsShareABlock(t *testing.T) {
	s := serve(t, nil)
	var bodies []string
	for i := range 20 {
		bodies = append(bodies, fmt.Sprintf(`{"a":%q}`, strings.Repeat(string(rune('a'+i)), 90)))
	}
	replies := s.background(bodies...)
	s.waitFor(20)
	blocks, offset, rows := 0, int64(0), 0
	for rows < 20 {
		block := s.poll()
		if len(block.Buf.Data) > 1<<10 || block.Offset != offset || block.Header || block.FileHeader != nil {
			t.Errorf("a block of %d bytes at %d, want at %d", len(block.Buf.Data), block.Offset, offset)
		}
		blocks, offset, rows = blocks+1, offset+int64(len(block.Buf.Data)), rows+strings.Count(string(block.Buf.Data), "\n")
		block.Ack(nil)
	}
	if blocks != 2 {
		t.Errorf("%d blocks of up to 1 KiB for 20 requests of 100 bytes", blocks)
	}
	for range 20 {
		if r := <-replies; r.status != 200 || r.Accepted != 1 {
			t.Errorf("%d %s", r.status, r.body)
		}
	}
	states, err := s.source.Snapshot()
	if err != nil || len(states) != 1 || string(states[0].Position) != fmt.Sprintf(`{"version":1,"requests":20,"bytes":%d}`, offset) {
		t.Errorf("%s, %v", states[0].Position, err)
	}
}

// queueThree posts three requests of three records each, one after the other.
func queueThree(s *served) [3]<-chan reply {
	var replies [3]<-chan reply
	for i := range replies {
		replies[i] = s.background(fmt.Sprintf("{\"r\":%d}\n\n{\"r\":%d}\n{\"r\":%d}", i, i, i))
		s.waitFor(i + 1)
	}
	return replies
}

func TestOnlyTheRequestWithTheBadRowIsRefused(t *testing.T) {
	s := serve(t, nil)
	replies := queueThree(s)
	block := s.poll()
	if n := strings.Count(string(block.Buf.Data), "{"); n != 9 {
		t.Fatalf("%d rows in the first block", n)
	}
	block.Ack(badRow(4, 50))
	r := <-replies[1]
	if r.status != 400 || r.Line != 3 || r.Record != 2 || r.Column != "price" || r.Code != "22003" {
		t.Errorf("%d %s", r.status, r.body)
	}
	if want := `column "price": integer out of range; no row of this request was taken`; r.Detail != want {
		t.Errorf("%q", r.Detail)
	}
	block = s.poll()
	if got := string(block.Buf.Data); strings.Contains(got, "1") || strings.Count(got, "{") != 6 {
		t.Errorf("dealt again: %q", got)
	}
	block.Ack(nil)
	for _, i := range []int{0, 2} {
		if r := <-replies[i]; r.status != 200 || r.Accepted != 3 {
			t.Errorf("%d: %d %s", i, r.status, r.body)
		}
	}
}

func TestRequestsGoAloneWhenTheBadRowIsNotKnown(t *testing.T) {
	s := serve(t, nil)
	replies := queueThree(s)
	s.poll().Ack(badRow(-1, -1))
	for i := range replies {
		block := s.poll()
		if got := string(block.Buf.Data); strings.Count(got, "{") != 3 || !strings.Contains(got, fmt.Sprint(i)) {
			t.Errorf("block %d: %q", i, got)
		}
		if i == 1 {
			block.Ack(badRow(-1, -1))
		} else {
			block.Ack(nil)
		}
	}
	for i, want := range []int{200, 400, 200} {
		if r := <-replies[i]; r.status != want || r.Line != 0 || r.Record != 0 {
			t.Errorf("%d: %d %s", i, r.status, r.body)
		}
	}
}

func TestATooLargeResultIs413(t *testing.T) {
	s := serve(t, nil)
	replies := s.background("{}")
	s.poll().Ack(&codec.RefusedError{Record: -1, Offset: -1, Err: sqlstate.New(sqlstate.ProgramLimitExceeded, "too much")})
	if r := <-replies; r.status != 413 {
		t.Errorf("%d %s", r.status, r.body)
	}
}

// TestRefusalsFindTheirRequest: in any mix of bodies that share a block, a bad record number leads to the request and line that hold it.
func TestRefusalsFindTheirRequest(t *testing.T) {
	s := serve(t, nil)
	s.run(func(data string) error {
		record := 0
		for line := range strings.SplitSeq(data, "\n") {
			if strings.Contains(line, "bad") {
				return badRow(record, -1)
			}
			if strings.TrimSpace(line) != "" {
				record++
			}
		}
		return nil
	})
	type sent struct{ reply, want reply }
	results := make(chan sent, 200)
	for i := range cap(results) {
		go func() {
			lines := make([]string, 1+i%5)
			for j := range lines {
				lines[j] = strings.Repeat("\n", (i+j)%3) + `{}`
			}
			want := reply{status: 200, Accepted: len(lines)}
			if i%4 == 0 {
				at := i % len(lines)
				lines[at] = strings.Replace(lines[at], "{}", `{"bad":1}`, 1)
				want = reply{status: 400, problem: problem{Record: at + 1, Line: at + 1 + strings.Count(strings.Join(lines[:at+1], ""), "\n")}}
			}
			results <- sent{s.post(strings.Join(lines, "\n")), want}
		}()
	}
	for range cap(results) {
		r := <-results
		if r.reply.status != r.want.status || r.reply.Accepted != r.want.Accepted || r.reply.Line != r.want.Line || r.reply.Record != r.want.Record {
			t.Errorf("got %s, want %+v", r.reply.body, r.want)
		}
	}
}

func TestBackPressure(t *testing.T) {
	t.Run("bytes", func(t *testing.T) {
		s := serve(t, map[string]any{"max_body": "500KB", "max_pending": "1MB"})
		first := s.background("{}" + strings.Repeat(" ", 400_000))
		s.waitFor(1)
		second := s.background("{}" + strings.Repeat(" ", 400_000))
		s.waitFor(2)
		r := s.post("{}" + strings.Repeat(" ", 400_000))
		if r.status != 429 || r.header.Get("Retry-After") != "1" || !strings.Contains(r.Detail, "max_pending") {
			t.Errorf("%d %s", r.status, r.body)
		}
		s.run(nil)
		for _, replies := range []<-chan reply{first, second} {
			if r := <-replies; r.status != 200 {
				t.Errorf("%d %s", r.status, r.body)
			}
		}
		if r := s.post("{}" + strings.Repeat(" ", 490_000)); r.status != 200 {
			t.Errorf("there is room again: %d %s", r.status, r.body)
		}
	})
	t.Run("requests", func(t *testing.T) {
		s := serve(t, map[string]any{"max_requests": 2})
		two := s.background("{}", "{}")
		s.waitFor(2)
		if r := s.post("{}"); r.status != 429 || !strings.Contains(r.Detail, "max_requests") {
			t.Errorf("%d %s", r.status, r.body)
		}
		s.run(nil)
		for range 2 {
			if r := <-two; r.status != 200 {
				t.Errorf("%d %s", r.status, r.body)
			}
		}
	})
}

func TestASlowBodyEnds(t *testing.T) {
	s := serve(t, map[string]any{"read_timeout": "20ms"})
	body, never := io.Pipe()
	defer never.Close()
	r := s.send(http.MethodPost, s.url, body)
	if r.status != http.StatusRequestTimeout || !strings.Contains(r.Detail, "read_timeout (20ms)") {
		t.Errorf("%d %s", r.status, r.body)
	}
}

// TestDeliveryMayTakeLongerThanTheBody: the time for the body does not run on while the client waits.
func TestDeliveryMayTakeLongerThanTheBody(t *testing.T) {
	s := serve(t, map[string]any{"read_timeout": "30ms"})
	replies := s.background("{}")
	block := s.poll()
	for range 2 { // a body that began later is given up: the first one's time is over
		body, never := io.Pipe()
		if r := s.send(http.MethodPost, s.url, body); r.status != http.StatusRequestTimeout {
			t.Errorf("%d %s", r.status, r.body)
		}
		never.Close()
	}
	block.Ack(nil)
	if r := <-replies; r.status != 200 {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestAClientThatLeavesIsForgotten(t *testing.T) {
	s := serve(t, nil)
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(`{"gone":1}`))
	if err != nil {
		t.Fatal(err)
	}
	left := make(chan error)
	go func() {
		resp, err := s.client.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		left <- err
	}()
	s.waitFor(1)
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for s.source.open.Load() > 0 { // the server notices
		runtime.Gosched()
	}
	replies := s.background(`{"here":1}`)
	block := s.poll()
	if string(block.Buf.Data) != "{\"here\":1}\n" {
		t.Errorf("%q", block.Buf.Data)
	}
	block.Ack(nil)
	<-replies
}

func TestPollWaits(t *testing.T) {
	s := serve(t, nil)
	wake := make(chan struct{}, 1)
	wake <- struct{}{}
	block := &codec.Block{Buf: batch.WrapBuffer(nil)}
	if status, err := s.source.Poll(t.Context(), wake, block); status != connector.Woken || err != nil {
		t.Error(status, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.source.Poll(ctx, wake, block); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestCloseAnswersEveryone(t *testing.T) {
	s := serve(t, nil)
	silent, err := net.Dial("tcp", s.source.Addr().String()) // a connection without a request
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	replies := s.background(`{"a":1}`, `{"a":2}`)
	s.waitFor(2)
	if err := s.source.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if r := <-replies; r.status != 503 || r.header.Get("Retry-After") != "1" || !strings.Contains(r.Detail, "stopping") {
			t.Errorf("%d %s", r.status, r.body)
		}
	}
	if _, err := silent.Read(make([]byte, 1)); err == nil {
		t.Error("the silent connection is open")
	}
	if c, err := net.Dial("tcp", s.source.Addr().String()); err == nil {
		c.Close()
		t.Error("the source still listens")
	}
}

func TestRequestsOfAStoppingSource(t *testing.T) {
	s := serve(t, nil)
	if left := s.source.queue.close(); len(left) != 0 {
		t.Fatal(left)
	}
	if r := s.post("{}"); r.status != 503 {
		t.Errorf("%d %s", r.status, r.body)
	}
	// A block that is refused now cannot be dealt again.
	open := serve(t, nil)
	replies := queueThree(open)
	block := open.poll()
	open.source.queue.close()
	block.Ack(badRow(0, 0))
	for i, want := range []int{400, 503, 503} {
		if r := <-replies[i]; r.status != want {
			t.Errorf("%d: %d %s", i, r.status, r.body)
		}
	}
}

func TestPositionsCountOn(t *testing.T) {
	env := connector.SourceEnv{
		MediaType: jsonLines, Restore: []connector.SplitState{{Split: splitName, Position: json.RawMessage(`{"version":1,"requests":7,"bytes":100}`)}},
	}
	s := serveEnv(t, env, nil)
	replies := s.background("{}")
	block := s.poll()
	block.Ack(nil)
	<-replies
	states, err := s.source.Snapshot()
	if err != nil || block.Offset != 100 || string(states[0].Position) != `{"version":1,"requests":8,"bytes":103}` {
		t.Errorf("offset %d, %s, %v", block.Offset, states[0].Position, err)
	}
}

// headed is lines whose first is the header.
type headed struct{ codec.Framer }

func (headed) CutHeader(data []byte, _ bool) (int, bool) {
	return bytes.IndexByte(data, '\n') + 1, true
}

func TestRecordsOfOtherFormats(t *testing.T) {
	s := serveEnv(t, connector.SourceEnv{
		MediaType: "text/csv", Framer: func() codec.Framer { return headed{codec.NewLineFramer()} }, MaxRecordBytes: 20,
	}, nil)
	first := s.background("a,b\n1,2\n3,4\n")
	s.waitFor(1)
	second := s.background("b,a\n5,6")
	s.waitFor(2)
	for _, want := range [][2]string{{"a,b\n", "1,2\n3,4\n"}, {"b,a\n", "5,6"}} {
		block := s.poll()
		if string(block.FileHeader) != want[0] || string(block.Buf.Data) != want[1] || !block.Header {
			t.Errorf("header %q, records %q", block.FileHeader, block.Buf.Data)
		}
		if want[0] == "a,b\n" {
			block.Ack(badRow(1, 4))
		} else {
			block.Ack(nil)
		}
	}
	if r := <-first; r.status != 400 || r.Line != 3 || r.Record != 2 {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := <-second; r.status != 200 || r.AcceptedBytes != 7 {
		t.Errorf("%d %s", r.status, r.body)
	}
	for body, want := range map[string]int{"a,b\n": 200, "": 200, "a,b\n1,2\n" + strings.Repeat("3", 21): 413} {
		r := s.post(body, "Content-Type", "text/csv")
		if r.status != want || want == 413 && r.Line != 3 {
			t.Errorf("%q: %d %s", body, r.status, r.body)
		}
	}
	if r := s.post("{}", "Content-Type", "application/json"); r.status != 415 || r.header.Get("Accept-Post") != "text/csv" {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestSourcesThatCannotOpen(t *testing.T) {
	typ := SourceType(clock.System())
	taken := serve(t, nil)
	bad := t.TempDir() + "/absent.pem"
	tests := []struct {
		options map[string]any
		state   string
		want    string
	}{
		{options: map[string]any{"address": taken.source.Addr().String()}, want: "stop what listens there"},
		{options: map[string]any{"tls_cert": bad, "tls_key": bad}, want: "absent.pem"},
		{state: `{"version":2}`, want: "version 2"},
		{state: `[`, want: "stored position"},
	}
	for _, tt := range tests {
		options := map[string]any{"address": "127.0.0.1:0"}
		for k, v := range tt.options {
			options[k] = v
		}
		env := connector.SourceEnv{}
		if tt.state != "" {
			env.Restore = []connector.SplitState{{Split: splitName, Position: json.RawMessage(tt.state)}}
		}
		_, err := typ.Open(t.Context(), env, configured(t, typ.NewConfig(), options))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: %v", tt, err)
		}
	}
	if typ.Bounded(nil) || typ.Replayable {
		t.Error("requests do not end and cannot be read again")
	}
}

func TestAServerThatFailsEndsTheSource(t *testing.T) {
	s := serve(t, nil)
	if err := s.source.listener.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.source.Poll(t.Context(), nil, &codec.Block{}); err == nil {
		t.Error("no error")
	}
}

func TestSourceConformance(t *testing.T) {
	typ := SourceType(clock.System())
	var records []string
	for i := range 100 {
		records = append(records, fmt.Sprintf("record %d", i))
	}
	sdktest.SourceSuite(t, sdktest.Source{
		Type: typ, Records: records,
		Config: func(t testing.TB) any {
			return configured(t, typ.NewConfig(), map[string]any{"address": "127.0.0.1:0"})
		},
		Feed: func(ctx context.Context, t testing.TB, reader connector.Reader) {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for _, r := range records {
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, reader.(*source).name, strings.NewReader(r+"\n"))
				if err != nil {
					t.Error(err)
				}
				resp, err := client.Do(req)
				if ctx.Err() != nil {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
			}
		},
		Skip: map[string]string{
			"ResumesAfterEveryBlock": "a request cannot be read again",
			"EndIsSticky":            "requests never end",
		},
	})
}
