package display

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/clock"
)

// screen is a terminal that understands what Live writes and nothing else.
type screen struct {
	mu     sync.Mutex
	lines  []string
	row    int
	writes int
	width  int
	drew   chan struct{}
	err    error
}

func newScreen(width int) *screen {
	return &screen{width: width, lines: []string{""}, drew: make(chan struct{}, 100)}
}

var sequence = regexp.MustCompile("^\x1b\\[(\\??[0-9]*)([A-Za-z])")

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return 0, s.err
	}
	s.writes++
	rest := string(p)
	for rest != "" {
		if m := sequence.FindStringSubmatch(rest); m != nil {
			s.control(m[1], m[2])
			rest = rest[len(m[0]):]
			continue
		}
		s.put(rest[0])
		rest = rest[1:]
	}
	s.drew <- struct{}{}
	return len(p), nil
}

// column is where the cursor is: after what was written to the row since it was entered.
func (s *screen) put(c byte) {
	switch c {
	case '\n':
		s.row++
		if s.row == len(s.lines) {
			s.lines = append(s.lines, "")
		}
		s.lines[s.row] = "\x00" + s.lines[s.row] // the cursor, before what is there
	case '\r':
		s.lines[s.row] = "\x00" + strings.ReplaceAll(s.lines[s.row], "\x00", "")
	default:
		before, after, _ := strings.Cut(s.lines[s.row], "\x00")
		if after != "" {
			after = after[1:]
		}
		s.lines[s.row] = before + string(c) + "\x00" + after
	}
}

func (s *screen) control(argument, verb string) {
	switch verb {
	case "A":
		n, err := strconv.Atoi(argument)
		if err != nil || n > s.row {
			panic(fmt.Sprintf("cursor up by %q from row %d", argument, s.row))
		}
		s.row -= n
	case "K":
		s.lines[s.row], _, _ = strings.Cut(s.lines[s.row], "\x00")
	case "J":
		s.lines[s.row], _, _ = strings.Cut(s.lines[s.row], "\x00")
		s.lines = s.lines[:s.row+1]
	case "h", "l":
		if argument != "?7" {
			panic("mode " + argument)
		}
	default:
		panic("control sequence " + verb)
	}
}

// text is what the screen shows.
func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.ReplaceAll(strings.Join(s.lines, "\n"), "\x00", "")
}

// source makes reports of as many sources as it is told.
type source struct {
	mu   sync.Mutex
	rows int64
	many int
}

func (s *source) report() flow.Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	var r flow.Report
	for i := range s.many {
		r.Sources = append(r.Sources, flow.SourceReport{Name: fmt.Sprint("s", i), Records: s.rows, Total: -1})
	}
	s.rows += 500
	return r
}

func fixed(width, height int) func() Size { return func() Size { return Size{width, height} } }

func TestLiveRedrawsInPlace(t *testing.T) {
	clk, tty, from := clock.NewManual(wall), newScreen(80), &source{many: 3}
	live := NewLive(tty, clk, "p", fixed(80, 24), from.report)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { live.Run(ctx); close(done) }()
	<-tty.drew
	if got, want := tty.text(), "p  0:00:00  0 records, 0/s in  0/s out\nsource s0      0/s in\nsource s1      0/s in\nsource s2      0/s in\n"; got != want {
		t.Errorf("first frame\n%s\nwant\n%s", got, want)
	}
	for range 4 {
		clk.Advance(redrawEvery)
		<-tty.drew
	}
	if got, want := tty.text(), "p  0:00:02  6,000 records, 3.0k/s in  0/s out\nsource s0   1.0k/s in\nsource s1   1.0k/s in\nsource s2   1.0k/s in\n"; got != want {
		t.Errorf("fifth frame\n%s\nwant\n%s", got, want)
	}
	// A log line appears above the block, and stays.
	if n, err := io.WriteString(live, "WARN something\n"); n != 15 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	<-tty.drew
	if got := tty.text(); !strings.HasPrefix(got, "WARN something\np  0:00:02  6,000") || strings.Count(got, "source") != 3 {
		t.Errorf("after a log line\n%s", got)
	}
	// A smaller block leaves nothing of the larger one behind.
	from.mu.Lock()
	from.many = 1
	from.mu.Unlock()
	clk.Advance(redrawEvery)
	<-tty.drew
	if got := tty.text(); strings.Count(got, "source") != 1 || strings.Count(got, "\n") != 3 {
		t.Errorf("a smaller block\n%s", got)
	}
	cancel()
	<-done
	if got := tty.text(); got != "WARN something\n" {
		t.Errorf("at the end %q", got)
	}
	if _, err := io.WriteString(live, "done"); err != nil {
		t.Error(err)
	}
	if got := tty.text(); got != "WARN something\ndone\n" {
		t.Errorf("after the end %q", got)
	}
}

func TestLiveLeavesTheLastLineFree(t *testing.T) {
	clk, tty, from := clock.NewManual(wall), newScreen(80), &source{many: 30}
	live := NewLive(tty, clk, "p", fixed(30, 6), from.report)
	live.frame()
	if got := tty.text(); strings.Count(got, "\n") != 5 {
		t.Errorf("%s", got)
	}
}

func TestATerminalThatWentAwayIsLeftAlone(t *testing.T) {
	gone := errors.New("gone")
	clk, tty := clock.NewManual(wall), newScreen(80)
	tty.err = gone
	live := NewLive(tty, clk, "p", fixed(80, 24), (&source{many: 1}).report)
	live.frame()
	tty.err = nil
	live.frame()
	if _, err := live.Write([]byte("x\n")); !errors.Is(err, gone) || tty.writes != 0 {
		t.Errorf("%v, %d writes", err, tty.writes)
	}
}

func TestAFileIsNoTerminal(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "x")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	none := func(string) string { return "" }
	dumb := func(string) string { return "dumb" }
	if _, ok := Terminal(file, none); ok {
		t.Error("a file is taken for a terminal")
	}
	if _, ok := Terminal(&bytes.Buffer{}, none); ok {
		t.Error("a buffer is taken for a terminal")
	}
	if _, ok := Terminal(os.Stderr, dumb); ok {
		t.Error("a dumb terminal is drawn on")
	}
}

// lineWriter hands over what is written, line by line.
type lineWriter chan string

func (w lineWriter) Write(p []byte) (int, error) { w <- string(p); return len(p), nil }

func textLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

func TestWithoutATerminalProgressIsLogged(t *testing.T) {
	clk, out := clock.NewManual(wall), make(lineWriter)
	rows := int64(0)
	report := func() flow.Report {
		rows += 5_000
		return flow.Report{
			Sources: []flow.SourceReport{{Name: "s", Records: rows, MaxEventTime: wall.UnixMicro() + 7_500_000, HasEventTime: true}, {Name: "none"}},
			Sinks:   []flow.SinkReport{{Rows: rows / 10, Rejected: 3}},
		}
	}
	log, stop := Show{Out: out, Clock: clk, NewLog: textLog}.Start(t.Context(), report)
	defer stop()
	if err := clk.WaitForWaiters(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	clk.Advance(logEvery)
	want := "level=INFO msg=progress records=10000 records_per_second=500 rows_out=1000 rows_out_per_second=50 rejected=3 " +
		"s.event_time=2026-03-04T05:06:14.5Z s.lag_seconds=2.5\n"
	if got := <-out; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	go log.Info("hello")
	if got := <-out; got != "level=INFO msg=hello\n" {
		t.Errorf("%s", got)
	}
	stop()
	stop()
	if n := clk.Waiters(); n != 0 {
		t.Errorf("%d timers left", n)
	}
}

func TestOnATerminalLogLinesGoAboveTheBlock(t *testing.T) {
	clk, tty, from := clock.NewManual(wall), newScreen(80), &source{many: 1}
	log, stop := Show{Out: tty, Size: fixed(80, 24), Clock: clk, Name: "p", NewLog: textLog}.Start(t.Context(), from.report)
	<-tty.drew
	log.Warn("careful")
	if got := tty.text(); !strings.HasPrefix(got, "level=WARN msg=careful\np  0:00:00") {
		t.Errorf("%s", got)
	}
	stop()
	log.Warn("after")
	if got := tty.text(); got != "level=WARN msg=careful\nlevel=WARN msg=after\n" {
		t.Errorf("%s", got)
	}
}

func TestQuietShowsNothing(t *testing.T) {
	clk, tty := clock.NewManual(wall), newScreen(80)
	log, stop := Show{Quiet: true, Out: tty, Size: fixed(80, 24), Clock: clk, NewLog: textLog}.Start(t.Context(), func() flow.Report {
		t.Error("a report was taken")
		return flow.Report{}
	})
	clk.Advance(time.Minute)
	stop()
	if got := tty.text(); got != "" {
		t.Errorf("%q", got)
	}
	log.Error("loud")
	if got := tty.text(); got != "level=ERROR msg=loud\n" {
		t.Errorf("%q", got)
	}
}
