package http_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wire.example/wire/internal/foundation/clock"
)

// BenchmarkHTTPInOut sends b.N rows, one a request, at 1,000 a second, through a source and a sink, and reports the time from the moment when a
// row is due to its arrival at the target (in_out) and to the client's answer (answer). Requests wait for nobody: a stall counts for every
// row that falls due in it. Run it with -benchtime 10000x.
func BenchmarkHTTPInOut(b *testing.B) {
	clk := clock.System()
	g := newTarget(b)
	arrived := make([]time.Duration, b.N+1)
	var mu sync.Mutex
	g.answer = func(body []byte) int {
		now := clk.Monotonic()
		mu.Lock()
		defer mu.Unlock()
		for line := range strings.Lines(string(body)) {
			var id int
			if _, err := fmt.Sscanf(line, `{"id":%d`, &id); err != nil {
				b.Error(err)
			}
			arrived[id] = now
		}
		return http.StatusOK
	}
	p := run(b, g, setup{})
	if r := p.post(fmt.Sprintf(`{"id":%d}`, b.N)); r.status != 200 { // connections are there, code is warm
		b.Fatal(r)
	}
	due, answered := make([]time.Duration, b.N), make([]time.Duration, b.N)
	tick := clk.NewTicker(time.Millisecond)
	defer tick.Stop()
	var all sync.WaitGroup
	b.ResetTimer()
	for i := range b.N {
		<-tick.C()
		due[i] = clk.Monotonic()
		all.Go(func() {
			if r := p.post(fmt.Sprintf(`{"id":%d,"note":"0123456789012345678901234567890123456789"}`, i)); r.status != 200 {
				b.Error(r)
			}
			answered[i] = clk.Monotonic()
		})
	}
	all.Wait()
	b.StopTimer()
	for i := range b.N {
		arrived[i] -= due[i]
		answered[i] -= due[i]
	}
	report(b, "in_out", arrived[:b.N])
	report(b, "answer", answered)
	b.ReportMetric(0, "ns/op")
	p.finish()
}

func report(b *testing.B, name string, times []time.Duration) {
	slices.Sort(times)
	for _, q := range []int{50, 99} {
		b.ReportMetric(float64(times[(len(times)-1)*q/100].Nanoseconds())/1e3, fmt.Sprintf("µs-%s-p%d", name, q))
	}
}
