package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// latencyRows are the rows that are sent, one a millisecond; warmRows come before them and do not count.
const (
	latencyRows = 10_000
	warmRows    = 500
)

// latencyPipeline is HTTP in → filter → HTTP out, with a checkpoint every second.
const latencyPipeline = `name: latency
sources: {in: {connector: http, address: '%s', schema: {id: BIGINT, note: TEXT}}}
transforms: {q: {from: in, filter: id >= 0 AND note <> 'none', select: {id: id, note: upper(note)}}}
sinks: {out: {from: q, connector: http, url: 'http://%s/'}}
`

// arrivals are the moments when the target got each row.
type arrivals struct {
	bench *bench
	mu    sync.Mutex
	at    []time.Duration
	err   error
}

// ServeHTTP takes rows at the target.
func (a *arrivals) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := a.bench.Clock.Monotonic()
	a.mu.Lock()
	defer a.mu.Unlock()
	lines := bufio.NewScanner(r.Body)
	for lines.Scan() {
		var row struct{ ID int }
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			a.err = err
		} else if row.ID < len(a.at) {
			a.at[row.ID] = now
		}
	}
	w.WriteHeader(http.StatusOK)
}

// latency sends a row a millisecond through a process and measures how long each takes to its target. A row is due whether or not those before
// it were answered, so that a stall counts for every row that falls due in it.
func (b *bench) latency(ctx context.Context) ([]OtherCost, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	rows := &arrivals{bench: b, at: make([]time.Duration, warmRows+latencyRows)}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	target := &http.Server{Handler: rows, ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- target.Serve(listener) }()
	costs, err := b.throughProcess(ctx, listener.Addr().String(), rows)
	err = errors.Join(err, target.Close())
	if served := <-served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return costs, err
}

// throughProcess measures a process whose target listens at the given address.
func (b *bench) throughProcess(ctx context.Context, target string, rows *arrivals) ([]OtherCost, error) {
	address, stop, err := b.startLatency(ctx, target)
	if err != nil {
		return nil, err
	}
	defer stop()
	return b.sendRows(ctx, address, rows)
}

// startLatency starts the process and returns where it listens.
func (b *bench) startLatency(ctx context.Context, target string) (address string, stop func(), err error) {
	free, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address = free.Addr().String()
	if err := free.Close(); err != nil {
		return "", nil, err
	}
	path := filepath.Join(b.Dir, "latency.yaml")
	if err := os.WriteFile(path, fmt.Appendf(nil, latencyPipeline, address, target), 0o600); err != nil {
		return "", nil, err
	}
	var messages bytes.Buffer
	p := exec.CommandContext(ctx, b.Program, "run", "--quiet", "--checkpoint-interval", "1s", path) //nolint:gosec // this program itself
	p.Dir, p.Stderr = b.Dir, &messages
	if err := p.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = p.Process.Kill() // it has done its work
		_ = p.Wait()
	}
	for range 200 {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			return address, stop, c.Close()
		}
		if err := b.Clock.Sleep(ctx, 10*time.Millisecond); err != nil {
			break
		}
	}
	stop()
	return "", nil, fmt.Errorf("the pipeline does not listen at %s: %s", address, messages.String())
}

// sendRows sends every row when it is due.
func (b *bench) sendRows(ctx context.Context, address string, rows *arrivals) ([]OtherCost, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	defer client.CloseIdleConnections()
	due := make([]time.Duration, len(rows.at))
	errs := make([]error, len(rows.at))
	tick := b.Clock.NewTicker(time.Millisecond)
	defer tick.Stop()
	var all sync.WaitGroup
	for i := range due {
		<-tick.C()
		due[i] = b.Clock.Monotonic()
		all.Go(func() { errs[i] = post(ctx, client, address, i) })
	}
	all.Wait()
	if err := errors.Join(errors.Join(errs...), rows.err); err != nil {
		return nil, err
	}
	var millis []float64
	for i := warmRows; i < len(due); i++ {
		millis = append(millis, float64((rows.at[i]-due[i]).Microseconds())/1000)
	}
	slices.Sort(millis)
	doc := "one row through HTTP in → filter → HTTP out, 1,000 rows/s, a checkpoint every second"
	return []OtherCost{
		{Name: "HTTP p50", Doc: doc, Value: millis[len(millis)/2], Unit: "ms", Reach: "< 0.3 ms"},
		{Name: "HTTP p99", Doc: doc, Value: millis[len(millis)*99/100], Unit: "ms", Reach: "< 1 ms"},
	}, nil
}

func post(ctx context.Context, client *http.Client, address string, id int) error {
	body := fmt.Appendf(nil, `{"id":%d,"note":"0123456789012345678901234567890123456789"}`, id)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // read to its end below
	if text, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		return errors.Join(fmt.Errorf("row %d: %s: %s", id, answer.Status, text), err)
	}
	return nil
}
