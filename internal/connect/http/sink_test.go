package http

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/sdktest"
)

func numbered(from, to int) []string {
	var rows []string
	for i := from; i < to; i++ {
		rows = append(rows, fmt.Sprintf("row %d", i))
	}
	return rows
}

func TestRowsGatherWhileARequestIsUnderWay(t *testing.T) {
	release := make(chan struct{})
	g := newTarget(t, func(_ http.ResponseWriter, r *received) int {
		if r.rows[0] == "row 0" {
			<-release
		}
		return 200
	})
	s := openTo(t, map[string]any{"url": g.start() + "/in", "batch_rows": 100})
	s.write(numbered(0, 1)...)
	<-g.arrived // a lone row goes at once
	for i := 1; i < 10; i++ {
		s.write(numbered(i*10, i*10+10)...)
	}
	close(release)
	s.flush()
	requests := g.all()
	if len(requests) != 2 || len(requests[0].rows) != 1 || len(requests[1].rows) != 90 {
		t.Errorf("%d requests", len(requests))
	}
	if !slices.Equal(g.rows(), append(numbered(0, 1), numbered(10, 100)...)) {
		t.Errorf("%q", g.rows())
	}
}

func TestRequestsKeepTheirLimits(t *testing.T) {
	for name, limits := range map[string]map[string]any{
		"rows": {"batch_rows": 7}, "bytes": {"batch_bytes": "100"}, "both": {"batch_rows": 5, "batch_bytes": "30"}, "bytes below a row": {"batch_bytes": "3"},
	} {
		g := newTarget(t, nil)
		limits["url"] = g.start()
		s := openTo(t, limits)
		s.write(numbered(0, 500)...)
		s.write()
		s.write(numbered(500, 600)...)
		s.flush()
		if !slices.Equal(g.rows(), numbered(0, 600)) {
			t.Errorf("%s: %q", name, g.rows())
		}
		for _, r := range g.all() {
			rows, bytes := s.sink.config.BatchRows, int(s.sink.config.BatchBytes)
			if len(r.rows) > int(rows) || len(r.body) > bytes && len(r.rows) > 1 {
				t.Errorf("%s: %d rows, %d bytes", name, len(r.rows), len(r.body))
			}
		}
	}
}

func TestWhatARequestCarries(t *testing.T) {
	g := newTarget(t, nil)
	s := openTo(t, map[string]any{
		"url": g.start() + "/in?key=1", "method": "PUT", "token": "hush", "headers": map[string]any{"X-Team": "a", "content-type": "text/x"},
	})
	s.write("a", "b")
	s.flush()
	s.write("a", "b")
	s.flush()
	r := g.all()[0]
	h := r.header
	if r.method != "PUT" || r.path != "/in" || r.body != "\"a\"\n\"b\"\n" || h.Get("Content-Length") != "8" {
		t.Errorf("%+v", r)
	}
	if h.Get("Authorization") != "Bearer hush" || h.Get("X-Team") != "a" || h.Get("User-Agent") != "wire" || h.Get("Content-Type") != "text/x" {
		t.Errorf("%v", h)
	}
	if key := h.Get("Idempotency-Key"); !strings.HasPrefix(key, "out%20file-1-1-") || len(key) != len("out%20file-1-1-")+16 {
		t.Errorf("key %q", key)
	}
	if key := g.all()[1].header.Get("Idempotency-Key"); !strings.HasPrefix(key, "out%20file-1-2-") {
		t.Errorf("the same rows again have key %q", key)
	}
	if state, err := s.sink.Prepare(t.Context(), 4); err != nil || string(state) != `{"version":1,"epoch":4}` {
		t.Errorf("%s, %v", state, err)
	}
	s.write("c")
	s.flush()
	if key := g.all()[2].header.Get("Idempotency-Key"); !strings.HasPrefix(key, "out%20file-5-1-") {
		t.Errorf("key %q after epoch 4", key)
	}
}

func TestFormsOfABody(t *testing.T) {
	for _, compression := range []string{"none", "gzip"} {
		g := newTarget(t, nil)
		url := g.start()
		array := openTo(t, map[string]any{"url": url, "body": "array", "compression": compression})
		array.write("a", "b")
		array.flush()
		array.write("c")
		array.flush()
		headed := openWith(t, clock.System(), sinkEnv(headedEncoder{textEncoder{header: "header\n"}}), map[string]any{"url": url, "compression": compression})
		headed.write("d", "e")
		headed.flush()
		var bodies []string
		for _, r := range g.all() {
			bodies = append(bodies, r.header.Get("Content-Type")+" "+r.body)
		}
		want := []string{`application/json ["a","b"]`, `application/json ["c"]`, "application/x-ndjson header\n\"d\"\n\"e\"\n"}
		if !slices.Equal(bodies, want) {
			t.Errorf("%s: %q", compression, bodies)
		}
	}
}

// TestOrderSurvivesFailures: with one request at a time every row arrives once and in order, whatever temporary errors the target answers.
func TestOrderSurvivesFailures(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		g := newTarget(t, func(_ http.ResponseWriter, r *received) int {
			statuses := []int{200, 204, 500, 502, 503, 429, 408, 425}
			if slices.Contains(r.rows, "row 7") && len(r.rows) > 1 {
				return 413
			}
			return statuses[random.IntN(len(statuses))]
		})
		server := httptest.NewServer(g)
		defer server.Close()
		s := openHasty(t, map[string]any{"url": server.URL, "batch_rows": rapid.IntRange(1, 40).Draw(rt, "batch")})
		defer s.sink.Close()
		for at := 0; at < 60; {
			n := rapid.IntRange(0, 20).Draw(rt, "chunk")
			s.write(numbered(at, min(at+n, 60))...)
			at += n
		}
		s.flush()
		if !slices.Equal(g.rows(), numbered(0, 60)) {
			rt.Fatalf("%q", g.rows())
		}
	})
}

// hasty is a clock that does not wait.
type hasty struct {
	clock.Clock
	slept atomic.Int64
}

func (h *hasty) Sleep(ctx context.Context, d time.Duration) error {
	h.slept.Add(int64(d))
	return ctx.Err()
}

func openHasty(t testing.TB, options map[string]any) *sending {
	t.Helper()
	return openWith(t, &hasty{Clock: clock.System()}, sinkEnv(textEncoder{}), options)
}

func TestTheTargetSaysWhenToComeBack(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	answers := []struct{ after, want string }{
		{after: "7", want: "7s"},
		{after: start.Add(7*time.Second + time.Minute).Format(http.TimeFormat), want: "1m0s"},
		{after: "0", want: "0s"},
	}
	n := 0
	g := newTarget(t, func(w http.ResponseWriter, _ *received) int {
		if n == len(answers) {
			return 200
		}
		w.Header().Set("Retry-After", answers[n].after)
		n++
		return 503
	})
	manual := clock.NewManual(start)
	s := openWith(t, manual, sinkEnv(textEncoder{}), map[string]any{"url": g.start()})
	s.write("a")
	for _, a := range answers {
		if err := manual.WaitForWaiters(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		want, err := time.ParseDuration(a.want)
		if err != nil {
			t.Fatal(err)
		}
		if want > 0 {
			manual.Advance(want - 1)
			if manual.Waiters() != 1 {
				t.Fatalf("Retry-After %q: came back too early", a.after)
			}
			manual.Advance(1)
		} else {
			manual.Advance(firstPause * 4) // the third pause is at most that
		}
	}
	s.flush()
	if !slices.Equal(g.rows(), []string{"a"}) || len(g.all()) != 4 {
		t.Errorf("%q after %d requests", g.rows(), len(g.all()))
	}
	keys := map[string]bool{}
	for _, r := range g.all() {
		keys[r.header.Get("Idempotency-Key")] = true
	}
	if len(keys) != 1 {
		t.Errorf("the repeated request had the keys %v", keys)
	}
}

func TestPausesGrowToTheirBound(t *testing.T) {
	s := openTo(t, map[string]any{"url": "http://127.0.0.1:1"})
	a, longest := newSender(s.sink, 0), time.Duration(0)
	for attempt := range 100 {
		if pause := a.backoff.Next(attempt); pause > maxPause {
			t.Fatal(pause)
		} else if longest = max(longest, pause); attempt == 0 && pause > firstPause {
			t.Fatal(pause)
		}
	}
	if longest < maxPause/2 {
		t.Errorf("the longest pause was %s", longest)
	}
}

func TestRetryForGivesUp(t *testing.T) {
	g := newTarget(t, func(w http.ResponseWriter, _ *received) int {
		w.Header().Set("Retry-After", "40")
		w.Header().Set("Content-Type", "text/plain")
		return 503
	})
	manual := clock.NewManual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	s := openWith(t, manual, sinkEnv(textEncoder{}), map[string]any{"url": g.start() + "/in?key=hush", "retry_for": "1m"})
	s.write("a")
	if err := manual.WaitForWaiters(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	manual.Advance(40 * time.Second)
	err := s.sink.Flush(t.Context())
	want := "POST " + g.server.URL + "/in: 503 Service Unavailable; gave up after 2 attempts (retry_for: 1m0s)"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if err := s.sink.Write(t.Context(), s.chunk("b")); err == nil {
		t.Error("rows are taken after the end")
	}
	if _, err := s.sink.Prepare(t.Context(), 1); err == nil {
		t.Error("an epoch was prepared after the end")
	}
}

// A pause does not reach beyond retry_for: the last attempt is made when that is over, not given up before.
func TestTheLastAttemptIsMadeWhenTheTimeIsOver(t *testing.T) {
	n := 0
	g := newTarget(t, func(http.ResponseWriter, *received) int {
		n++
		return map[bool]int{true: 503, false: 200}[n == 1]
	})
	manual := clock.NewManual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	s := openWith(t, manual, sinkEnv(textEncoder{}), map[string]any{"url": g.start(), "retry_for": "1ns"})
	s.write("a")
	if err := manual.WaitForWaiters(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	manual.Advance(1)
	s.flush()
	if !slices.Equal(g.rows(), []string{"a"}) {
		t.Errorf("%q", g.rows())
	}
}

func TestATargetThatIsGoneForAWhile(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	manual := clock.NewManual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	s := openWith(t, manual, sinkEnv(textEncoder{}), map[string]any{"url": "http://" + address})
	s.write(numbered(0, 10)...)
	for range 3 { // refused connections
		if err := manual.WaitForWaiters(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		manual.Advance(maxPause)
	}
	if err := manual.WaitForWaiters(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	g := newTarget(t, nil)
	if l, err = net.Listen("tcp", address); err != nil {
		t.Skip("someone else took the port: ", err)
	}
	g.server = httptest.NewUnstartedServer(g)
	g.server.Listener.Close()
	g.server.Listener = l
	g.server.Start()
	defer g.server.Close()
	manual.Advance(maxPause)
	s.flush()
	if !slices.Equal(g.rows(), numbered(0, 10)) {
		t.Errorf("%q", g.rows())
	}
}

// TestATargetThatHangs: it takes a connection and a request and says nothing.
func TestATargetThatHangs(t *testing.T) {
	var n atomic.Int64
	hang := make(chan struct{})
	g := newTarget(t, func(http.ResponseWriter, *received) int {
		if n.Add(1) == 1 {
			<-hang
		}
		return 200
	})
	s := openHasty(t, map[string]any{"url": g.start(), "timeout": "20ms"})
	s.write("a")
	s.flush()
	close(hang)
	if len(g.rows()) == 0 || n.Load() != 2 {
		t.Errorf("%q after %d requests", g.rows(), n.Load())
	}
}

func TestCancelEndsEverythingAtOnce(t *testing.T) {
	hang := make(chan struct{})
	g := newTarget(t, func(http.ResponseWriter, *received) int {
		<-hang
		return 200
	})
	s := openTo(t, map[string]any{"url": g.start(), "batch_rows": 1})
	s.write("a")
	<-g.arrived
	s.write("b") // waits in the pack
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.sink.Write(ctx, s.chunk("c")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := s.sink.Flush(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := s.sink.Prepare(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := s.sink.Close(); err != nil { // with a request under way
		t.Error(err)
	}
	close(hang)
}

func TestCloseEndsAPause(t *testing.T) {
	g := newTarget(t, func(http.ResponseWriter, *received) int { return 500 })
	manual := clock.NewManual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	s := openWith(t, manual, sinkEnv(textEncoder{}), map[string]any{"url": g.start()})
	s.write("a")
	if err := manual.WaitForWaiters(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := s.sink.Close(); err != nil {
		t.Error(err)
	}
}

// TestOnlyTheBadRowsAreRefused: a request with a bad row is refused as a whole; halving finds the bad ones, and the others arrive in order.
func TestOnlyTheBadRowsAreRefused(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		bad := map[string]bool{}
		for _, i := range rapid.SliceOfDistinct(rapid.IntRange(0, 49), rapid.ID[int]).Draw(rt, "bad") {
			bad[fmt.Sprintf("row %d", i)] = true
		}
		status := rapid.SampledFrom([]int{400, 409, 413, 422}).Draw(rt, "status")
		g := newTarget(t, func(w http.ResponseWriter, r *received) int {
			for _, row := range r.rows {
				if bad[row] {
					return status
				}
			}
			return 200
		})
		server := httptest.NewServer(g)
		defer server.Close()
		body := rapid.SampledFrom([]string{"lines", "array"}).Draw(rt, "body")
		s := openHasty(t, map[string]any{"url": server.URL, "batch_rows": rapid.IntRange(1, 60).Draw(rt, "batch"), "body": body})
		defer s.sink.Close()
		var got []connector.RefusedRow
		if err := s.sink.Write(t.Context(), s.chunk(numbered(0, 50)...)); err != nil {
			var rows *connector.RowsError
			if !errors.As(err, &rows) {
				rt.Fatal(err)
			}
			got = rows.Rows
		}
		got = append(got, s.refused()...)
		var want []string
		var refused []string
		for _, row := range numbered(0, 50) {
			if bad[row] {
				refused = append(refused, fmt.Sprintf("%q", row))
			} else {
				want = append(want, row)
			}
		}
		var raws []string
		for _, r := range got {
			raws = append(raws, string(r.Raw))
			if r.Err.Code != "HV000" || !strings.Contains(r.Err.Message, fmt.Sprintf("%s/ refused the row: %d ", "POST "+server.URL, status)) &&
				!strings.Contains(r.Err.Message, fmt.Sprintf("%s refused the row: %d ", "POST "+server.URL, status)) {
				rt.Fatalf("%+v", r.Err)
			}
		}
		if !slices.Equal(raws, refused) || !slices.Equal(g.rows(), want) {
			rt.Fatalf("refused %q, want %q; taken %q", raws, refused, g.rows())
		}
	})
}

func TestAnswersThatNoRowCanMend(t *testing.T) {
	tests := []struct {
		status int
		want   string
	}{
		{401, "401 Unauthorized: who are you?"},
		{403, "403 Forbidden: who are you?"},
		{404, "404 Not Found: who are you?"},
		{405, "405 Method Not Allowed: who are you?"},
		{415, "415 Unsupported Media Type: who are you?"},
		{302, "302 Found to http://elsewhere.example/, which is not followed; set url to where the rows shall go"},
		{307, "307 Temporary Redirect to http://elsewhere.example/, which is not followed; set url to where the rows shall go"},
		{304, "304 Not Modified"},
	}
	for _, tt := range tests {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if tt.status == 302 || tt.status == 307 {
				w.Header().Set("Location", "http://elsewhere.example/")
			}
			w.WriteHeader(tt.status)
			if _, err := io.WriteString(w, "who are you?"); err != nil && !errors.Is(err, http.ErrBodyNotAllowed) {
				t.Error(err)
			}
		}))
		s := openTo(t, map[string]any{"url": server.URL + "/x?key=hush", "token": "hush"})
		err := s.tryWrite("a", "b", "c")
		if err == nil {
			err = s.sink.Flush(t.Context())
		}
		if want := "POST " + server.URL + "/x: " + tt.want; err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
		s.sink.Close()
		server.Close()
	}
}

func TestRedirectionsThatKeepTheBodyAreFollowed(t *testing.T) {
	g := newTarget(t, nil)
	for _, status := range []int{307, 308} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/there" {
				g.ServeHTTP(w, r)
				return
			}
			http.Redirect(w, r, "/there", status)
		}))
		s := openTo(t, map[string]any{"url": server.URL + "/here", "token": "hush"})
		s.write("a")
		s.flush()
		r := g.all()[len(g.all())-1]
		if r.method != "POST" || r.body != "\"a\"\n" || r.header.Get("Authorization") != "Bearer hush" {
			t.Errorf("%+v", r)
		}
		// Round and round.
		loop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", status) }))
		round := openTo(t, map[string]any{"url": loop.URL})
		round.write("a")
		if err := round.sink.Flush(t.Context()); err == nil || !strings.Contains(err.Error(), "which is not followed") {
			t.Error(err)
		}
		s.sink.Close()
		round.sink.Close()
		server.Close()
		loop.Close()
	}
}

// TestATargetThatAnswersEarly: it refuses a large body before it has read it, while the transport still writes.
func TestATargetThatAnswersEarly(t *testing.T) {
	var n atomic.Int64
	g := newTarget(t, nil)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1)%3 != 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		g.ServeHTTP(w, r)
	}))
	defer server.Close()
	for _, body := range []string{"lines", "array"} {
		s := openHasty(t, map[string]any{"url": server.URL, "body": body, "batch_bytes": "4MB"})
		big := make([]string, 30)
		for i := range big {
			big[i] = strings.Repeat(string(rune('a'+i%26)), 100_000)
		}
		before := len(g.rows())
		for range 3 {
			s.write(big...)
		}
		s.flush()
		if got := g.rows()[before:]; !slices.Equal(got, slices.Concat(big, big, big)) {
			t.Errorf("%s: %d rows arrived, or others", body, len(got))
		}
	}
}

func TestSeveralRequestsAtOnce(t *testing.T) {
	var under, most atomic.Int64
	both := make(chan struct{})
	g := newTarget(t, func(http.ResponseWriter, *received) int {
		if n := under.Add(1); n == 3 {
			close(both)
		} else if most.Load() == 0 {
			<-both
		}
		most.Store(max(most.Load(), under.Load()))
		under.Add(-1)
		return 200
	})
	s := openTo(t, map[string]any{"url": g.start(), "batch_rows": 1, "concurrency": 3})
	s.write(numbered(0, 60)...)
	s.flush()
	if got := slices.Sorted(slices.Values(g.rows())); !slices.Equal(got, slices.Sorted(slices.Values(numbered(0, 60)))) || most.Load() < 2 {
		t.Errorf("%d rows, %d requests at once", len(got), most.Load())
	}
}

func TestProxies(t *testing.T) {
	proxied := make(chan string, 1)
	proxy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { proxied <- r.URL.String() }))
	defer proxy.Close()
	s := openTo(t, map[string]any{"url": "http://target.example/in", "proxy": proxy.URL})
	s.write("a")
	s.flush()
	if got := <-proxied; got != "http://target.example/in" {
		t.Error(got)
	}
	t.Setenv("HTTP_PROXY", proxy.URL)
	g := newTarget(t, nil)
	direct := openTo(t, map[string]any{"url": g.start()})
	direct.write("b")
	direct.flush()
	if direct.sink.transport.Proxy != nil || len(g.rows()) != 1 {
		t.Error("the environment's proxy was used without being asked for")
	}
	if s := openTo(t, map[string]any{"url": g.server.URL, "proxy": "environment"}); s.sink.transport.Proxy == nil {
		t.Error("the environment's proxy was asked for")
	}
}

func TestSinksThatCannotOpen(t *testing.T) {
	typ := SinkType(clock.System())
	tests := []struct {
		options map[string]any
		env     connector.SinkEnv
		want    string
	}{
		{env: connector.SinkEnv{Restore: []byte(`{"version":3}`)}, want: "version 3"},
		{env: connector.SinkEnv{Restore: []byte(`[`)}, want: "stored state"},
		{options: map[string]any{"body": "array"}, env: connector.SinkEnv{MediaType: "text/csv"}, want: "body: array needs the format json"},
		{options: map[string]any{"ca": "/absent.pem"}, env: sinkEnv(textEncoder{}), want: "/absent.pem"},
	}
	for _, tt := range tests {
		options := map[string]any{"url": "http://127.0.0.1:1"}
		for k, v := range tt.options {
			options[k] = v
		}
		if _, err := typ.Open(t.Context(), tt.env, configured(t, typ.NewConfig(), options)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: %v", tt.options, err)
		}
	}
}

func TestVerdicts(t *testing.T) {
	for status, want := range map[int]verdict{
		200: taken, 202: taken, 204: taken, 299: taken, 408: again, 425: again, 429: again, 500: again, 503: again, 599: again,
		400: rowsBad, 409: rowsBad, 413: rowsBad, 422: rowsBad, 418: rowsBad, 301: allBad, 401: allBad, 404: allBad, 407: allBad, 431: allBad,
	} {
		if got := judge(status); got != want {
			t.Errorf("%d: %d, want %d", status, got, want)
		}
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "5": 5 * time.Second, " 5 ": 5 * time.Second, "999999": maxRetryAfter, "-1": 0, "soon": 0, "1.5": 0,
		"Thu, 01 Jan 2026 00:00:09 GMT": 9 * time.Second, "Wed, 31 Dec 2025 00:00:00 GMT": 0, "Thu, 01 Jan 2099 00:00:00 GMT": maxRetryAfter,
	} {
		if got := pauseAsked(header, now); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}

func TestSinkConformance(t *testing.T) {
	typ := SinkType(clock.System())
	var mu sync.Mutex
	rows, targets := map[string][]string{}, 0
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		for line := range strings.Lines(string(body)) {
			rows[r.URL.Path] = append(rows[r.URL.Path], strings.TrimSuffix(line, "\n"))
		}
	}))
	defer server.Close()
	sdktest.SinkSuite(t, sdktest.Sink{
		Type:        typ,
		AtLeastOnce: "a target has a row as soon as it has answered the request",
		New: func(t testing.TB) sdktest.Target {
			targets++
			path := fmt.Sprintf("/%d", targets)
			return sdktest.Target{
				Config: configured(t, typ.NewConfig(), map[string]any{"url": server.URL + path}),
				Visible: func(testing.TB) []string {
					mu.Lock()
					defer mu.Unlock()
					return slices.Clone(rows[path])
				},
			}
		},
	})
}

func TestRowsWithoutBytesAreNoRecords(t *testing.T) {
	g := newGatherer(100, 1000, 1, 1)
	for range 2 {
		if err := g.add(t.Context(), &connector.Rows{Data: []byte("a\nb\n"), Ends: []int{2, 2, 4}}); err != nil {
			t.Fatal(err)
		}
	}
	p := g.take(&pack{})
	if !slices.Equal(p.ends, []int{2, 4, 6, 8}) || string(p.row(1)) != "b\n" {
		t.Errorf("%q, ends %v", p.data, p.ends)
	}
}
