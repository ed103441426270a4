package soak_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/testserver"
	"wire.example/wire/test/nexmark"
)

// minutesVariable says how long to run; without it the test is skipped.
const minutesVariable = "SOAK_MINUTES"

// rate is how many events come in a second, of event time and by the clock.
const rate = 10_000

// ttl is how long state that nothing touches stays.
const ttl = "20 seconds"

// script are the queries. Auctions last up to 33 s of event time, which is twice what ttl keeps, so that rows leave state in all the ways there are.
func script(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "SET ttl = '%s';\nSET emit = 'changes';\n", ttl)
	b.WriteString(nexmark.Endless(rate))
	for _, name := range []string{"q4", "q5", "q9"} {
		query, err := nexmark.Query(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "CREATE SINK %[1]s WITH (connector = 'blackhole');\nINSERT INTO %[1]s\n%s\n", name, query)
	}
	b.WriteString("CREATE SINK sellers WITH (connector = 'blackhole');\n" +
		"INSERT INTO sellers SELECT p.id, p.name, a.id AS auction, a.category FROM person p LEFT JOIN auction a ON a.seller = p.id;\n")
	return b.String()
}

// sample is what the process took at a time.
type sample struct {
	at         time.Duration
	resident   int64 // bytes
	goroutines int
}

func TestSoak(t *testing.T) {
	minutes, err := strconv.ParseFloat(os.Getenv(minutesVariable), 64)
	if err != nil {
		t.Skipf("SKIP: %s says for how many minutes to run (make soak)", minutesVariable)
	}
	program, dir, address := testserver.Wire(t), t.TempDir(), freeAddress(t)
	if err := os.WriteFile(filepath.Join(dir, "soak.sql"), []byte(script(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, said bytes.Buffer
	c := exec.CommandContext(t.Context(), program, "run", "--quiet", "--summary", "json", "--listen", address, "soak.sql")
	c.Dir, c.Stdout, c.Stderr = dir, &out, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for range 300 { // until it listens
		if _, err := take(t.Context(), c.Process.Pid, address); err == nil {
			break
		}
		if err := clock.System().Sleep(t.Context(), 100*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	samples, broken := watch(t.Context(), c.Process.Pid, address, time.Duration(minutes*float64(time.Minute)))
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Error(err)
	}
	err = c.Wait()
	if broken != nil || c.ProcessState.ExitCode() != 130 {
		t.Fatalf("%v, %v: %s%s", broken, err, said.String(), out.String())
	}
	var account struct {
		Status   string
		Balanced bool
		Records  int64
		CPU      float64 `json:"cpu_seconds"`
	}
	if err := json.Unmarshal(out.Bytes(), &account); err != nil || !account.Balanced {
		t.Errorf("the account: %v: %s", err, out.String())
	}
	judge(t, samples)
	t.Logf("%d events in %.1f minutes, %.1f s of CPU; %s", account.Records, minutes, account.CPU, said.String())
}

// every is the time between samples.
const every = 5 * time.Second

// watch takes samples until d has passed.
func watch(ctx context.Context, pid int, address string, d time.Duration) (all []sample, err error) {
	clk := clock.System()
	began := clk.Monotonic()
	ticks := clk.NewTicker(min(every, max(d/60, 200*time.Millisecond)))
	defer ticks.Stop()
	for clk.Monotonic()-began < d {
		select {
		case <-ctx.Done():
			return all, ctx.Err()
		case <-ticks.C():
		}
		s, err := take(ctx, pid, address)
		if err != nil {
			return all, err
		}
		s.at = clk.Monotonic() - began
		all = append(all, s)
	}
	return all, nil
}

// take reads the resident memory and the number of goroutines of a process.
func take(ctx context.Context, pid int, address string) (s sample, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return s, err
	}
	m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		return s, fmt.Errorf("the process has ended: %s", status)
	}
	kilobytes, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		return s, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/debug/pprof/goroutine?debug=1", nil)
	if err != nil {
		return s, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return s, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return s, err
	}
	_, err = fmt.Sscanf(string(text), "goroutine profile: total %d", &s.goroutines)
	s.resident = kilobytes << 10
	return s, err
}

// growth is how much the last third may take more than the second one, which comes after the warm-up; more goroutines than a few are a leak.
const (
	growth         = 1.10
	moreGoroutines = 8
)

// judge compares the thirds.
func judge(t testing.TB, samples []sample) {
	t.Helper()
	if len(samples) < 9 {
		t.Fatalf("%d samples prove nothing", len(samples))
	}
	third := len(samples) / 3
	peak := func(part []sample) (resident int64, goroutines int) {
		for _, s := range part {
			resident, goroutines = max(resident, s.resident), max(goroutines, s.goroutines)
		}
		return resident, goroutines
	}
	middle := func(part []sample) int64 {
		var all []int64
		for _, s := range part {
			all = append(all, s.resident)
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	second, last := samples[third:2*third], samples[2*third:]
	before, goroutinesBefore := peak(second)
	after, goroutines := peak(last)
	for i := 0; i < len(samples); i += max(1, len(samples)/12) {
		t.Logf("%6.0f s  %5d MB  %d goroutines", samples[i].at.Seconds(), samples[i].resident>>20, samples[i].goroutines)
	}
	t.Logf("peak of the second third %d MB, of the last %d MB; medians %d and %d MB; goroutines %d and %d", before>>20, after>>20, middle(second)>>20, middle(last)>>20, goroutinesBefore, goroutines)
	if float64(after) > growth*float64(before) || float64(middle(last)) > growth*float64(middle(second)) {
		t.Error("memory grows")
	}
	if goroutines > goroutinesBefore+moreGoroutines {
		t.Error("goroutines leak")
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// TestJudgement: memory that grows, and goroutines that do, fail.
func TestJudgement(t *testing.T) {
	flat := func(i int) sample {
		return sample{at: time.Duration(i) * time.Second, resident: 100<<20 + int64(i%3)<<20, goroutines: 20 + i%4}
	}
	for name, c := range map[string]struct {
		of    func(int) sample
		fails bool
	}{
		"flat":       {flat, false},
		"memory":     {func(i int) sample { s := flat(i); s.resident += int64(i) << 20; return s }, true},
		"goroutines": {func(i int) sample { s := flat(i); s.goroutines += i; return s }, true},
	} {
		var samples []sample
		for i := range 60 {
			samples = append(samples, c.of(i))
		}
		verdict := &recorder{TB: t}
		judge(verdict, samples)
		if verdict.failed != c.fails {
			t.Errorf("%s: failed is %v", name, verdict.failed)
		}
	}
}

// recorder is a test that notes whether it failed.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Error(...any) { r.failed = true }
func (r *recorder) Logf(string, ...any) {
}
