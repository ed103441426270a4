package streamfuzz_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wire.example/wire/internal/cli"
	"wire.example/wire/internal/testserver"
	"wire.example/wire/test/streamfuzz"
)

// What `make test` asks; WIRE_SEED and WIRE_CASES say otherwise.
const (
	firstSeed  = 1
	shortCases = 120
	perSeed    = 12
	// mostShown is how many differences are shrunk and shown.
	mostShown = 12
	// patience bounds a universe, and the shrinking of a difference.
	patience = 2 * time.Minute
)

func number(t *testing.T, variable string, otherwise uint64) uint64 {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(value, 10, 32)
	if err != nil {
		t.Fatalf("%s=%s: %v", variable, value, err)
	}
	return n
}

// TestRandomStreams: what Wire's changes leave is what PostgreSQL answers.
func TestRandomStreams(t *testing.T) {
	f := streamfuzz.Fuzzer{Wire: wire, DSN: testserver.Postgres(t), Dir: t.TempDir(), Emit: os.Getenv("WIRE_EMIT")}
	if only := os.Getenv("WIRE_ONLY"); only != "" {
		f.Only = strings.Split(only+","+strings.ReplaceAll(only, "_", " "), ",")
	}
	var r streamfuzz.Report
	seed, shown := number(t, "WIRE_SEED", firstSeed), map[string]bool{}
	for cases := number(t, "WIRE_CASES", shortCases); uint64(r.Cases) < cases && len(shown) < mostShown; seed++ { //nolint:gosec // a count
		before, asked := len(r.Found), r.Cases
		if err := within(t, func(ctx context.Context) error { return f.Check(ctx, universe(seed), &r) }); err != nil {
			t.Errorf("seed %d: %v", seed, err)
			break
		}
		if len(r.Found) > 0 && os.Getenv("WIRE_FIRST") != "" {
			t.Fatalf("# first after %d queries: seed %d, query %d, %s", asked+r.Found[0].Number, r.Found[0].Seed, r.Found[0].Number, r.Found[0].Sign)
		}
		for _, d := range r.Found[before:] {
			err := within(t, func(ctx context.Context) (err error) { d, err = f.Shrink(ctx, d); return err })
			if text := d.Sign + d.Root.String(); !shown[text] {
				shown[text] = true
				t.Errorf("%s(shrunk, %v)", d.String(), err)
			}
		}
	}
	t.Logf("%d cases to seed %d, %d with rows, %d errors, %d undecided, %d runs, %d changes of which %d take back, %d differences, %d productions answered", r.Cases, seed, r.NonEmpty, r.Failing, r.Undecided, r.Runs,
		r.Changes, r.Back, len(r.Found), len(r.Uses))
	for _, what := range slices.Sorted(maps.Keys(r.Refused)) {
		t.Logf("refused %d times: %s", r.Refused[what], what)
	}
	t.Logf("answered: %v", r.Uses)
}

// universe is that of a seed; with WIRE_APPEND=1 rows are only added.
func universe(seed uint64) *streamfuzz.Universe {
	u := streamfuzz.New(seed, perSeed)
	if os.Getenv("WIRE_APPEND") == "1" {
		u.AppendOnly()
	}
	return u
}

func within(t *testing.T, do func(context.Context) error) error {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), patience, errors.New("it takes too long"))
	defer cancel()
	return do(ctx)
}

// wire runs the program: that of WIRE_BIN as a process, else in this one.
func wire(ctx context.Context, args ...string) (out, said string, code int) {
	var stdout, stderr safeBuffer
	program := os.Getenv(testserver.WireVariable)
	if program == "" {
		code = cli.Main(args, strings.NewReader(""), &stdout, &stderr)
		return stdout.String(), stderr.String(), code
	}
	c := exec.CommandContext(ctx, program, args...)
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil && c.ProcessState == nil {
		return "", err.Error(), -1
	}
	return stdout.String(), stderr.String(), c.ProcessState.ExitCode()
}

// safeBuffer may be written by several goroutines.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// TestSeeds: a seed gives the same universe again, and every production is drawn.
func TestSeeds(t *testing.T) {
	uses := map[string]int{}
	for seed := range uint64(80) {
		a, b := streamfuzz.New(seed, perSeed), streamfuzz.New(seed, perSeed)
		for i := range a.Sources {
			if a.Sources[i].Lines() != b.Sources[i].Lines() {
				t.Fatalf("seed %d gives other rows", seed)
			}
		}
		for i := range a.Queries {
			if a.Queries[i].Root.String() != b.Queries[i].Root.String() {
				t.Fatalf("seed %d gives other queries", seed)
			}
			for _, use := range a.Queries[i].Uses {
				uses[use]++
			}
		}
	}
	const productions = 57
	if len(uses) < productions {
		t.Errorf("%d productions are used, fewer than %d: %v", len(uses), productions, uses)
	}
}

// TestDoubts: a Wire that loses a line of its output, or gives one twice, is found out, and little remains of the case.
func TestDoubts(t *testing.T) {
	dir := t.TempDir()
	for name, spoil := range map[string]func([]string) []string{
		"lost":  func(lines []string) []string { return lines[1:] },
		"twice": func(lines []string) []string { return append(lines, lines[0]) },
		"back":  func(lines []string) []string { return append(lines, `{"op":"-D","c1":"never"}`) },
	} {
		f := streamfuzz.Fuzzer{DSN: testserver.Postgres(t), Dir: dir, Emit: "final"}
		f.Wire = func(ctx context.Context, args ...string) (string, string, int) {
			out, said, code := wire(ctx, args...)
			text, err := os.ReadFile(dir + "/out.jsonl")
			if err == nil && len(text) > 0 {
				lines := spoil(strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"))
				err = os.WriteFile(dir+"/out.jsonl", []byte(strings.Join(lines, "\n")+"\n"), 0o600)
			}
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return "", err.Error(), -1
			}
			return out, said, code
		}
		var r streamfuzz.Report
		for seed := uint64(1); len(r.Found) == 0 && seed < 20; seed++ {
			if err := f.Check(t.Context(), streamfuzz.New(seed, 4).AppendOnly(), &r); err != nil {
				t.Fatal(err)
			}
		}
		if len(r.Found) == 0 {
			t.Errorf("%s: nothing is found in %d cases", name, r.Cases)
			continue
		}
		d, err := f.Shrink(t.Context(), r.Found[0])
		if err != nil {
			t.Fatal(err)
		}
		rows := 0
		for _, s := range d.Sources {
			rows += len(s.Entities)
		}
		if rows > 2 || len(d.Root.String()) > 80 {
			t.Errorf("%s: much is left: %s", name, fmt.Sprint(d.String()))
		}
	}
}
