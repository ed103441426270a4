package display

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/clock"
)

// redrawEvery is the time between two frames; a rate is taken over the last rateFrames of them.
const (
	redrawEvery = 500 * time.Millisecond
	rateFrames  = 4
)

// The control sequences in use (ECMA-48): they erase only what a Live drew itself.
const (
	wrapOff   = "\x1b[?7l"
	wrapOn    = "\x1b[?7h"
	eraseLine = "\x1b[K"
	eraseDown = "\x1b[J"
)

// Live draws the live block at the bottom of a terminal, in place. What is written to it, log lines above all, appears above the block.
// Safe for concurrent use; Run is called once.
type Live struct {
	out    io.Writer
	clock  clock.Clock
	name   string
	report func() flow.Report
	size   func() Size

	mu    sync.Mutex
	drawn int // lines on the screen
	lines []string
	began time.Duration
	past  []Snapshot // the first, then the last few
	err   error      // of out: a terminal that went away is not drawn on
}

// NewLive returns a live block for the pipeline called name. size is asked before each frame.
func NewLive(out io.Writer, clk clock.Clock, name string, size func() Size, report func() flow.Report) *Live {
	return &Live{out: out, clock: clk, name: name, report: report, size: size, began: clk.Monotonic()}
}

// Terminal returns how to ask the size of w, if it is a terminal that can be drawn on.
func Terminal(w io.Writer, getenv func(string) string) (size func() Size, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile || getenv("TERM") == "dumb" {
		return nil, false
	}
	descriptor := int(f.Fd()) //nolint:gosec // descriptors are small
	if !term.IsTerminal(descriptor) {
		return nil, false
	}
	return func() Size {
		width, height, err := term.GetSize(descriptor)
		if err != nil || width < 1 || height < 1 {
			return Size{Width: 80, Height: 24}
		}
		return Size{Width: width, Height: height}
	}, true
}

// Run draws until ctx is done, then erases the block.
func (l *Live) Run(ctx context.Context) {
	ticker := l.clock.NewTicker(redrawEvery)
	defer ticker.Stop()
	l.frame()
	for {
		select {
		case <-ctx.Done():
			l.mu.Lock()
			l.lines = nil
			l.draw(nil)
			l.mu.Unlock()
			return
		case <-ticker.C():
			l.frame()
		}
	}
}

// frame takes a snapshot and draws it.
func (l *Live) frame() {
	now := Snapshot{Report: l.report(), Now: l.clock.Now(), Elapsed: l.clock.Monotonic() - l.began}
	size := l.size()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.past) == 0 {
		l.past = append(l.past, now)
	}
	prev := l.past[max(len(l.past)-rateFrames, 0)]
	// The last line of the screen is the cursor's, or the screen would scroll.
	l.lines = Frame(l.name, l.past[0], prev, now, Size{Width: size.Width, Height: max(size.Height-1, 1)})
	l.past = append(l.past, now)
	if len(l.past) > rateFrames+1 {
		l.past = append(l.past[:1], l.past[2:]...)
	}
	l.draw(nil)
}

// Write erases the block, writes p, whose lines end in line feeds, and draws the block again below.
func (l *Live) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.draw(p)
	if l.err != nil {
		return 0, l.err
	}
	return len(p), nil
}

// draw replaces the block on the screen by above and l.lines, in one write. The caller holds mu.
func (l *Live) draw(above []byte) {
	if l.err != nil {
		return
	}
	var b bytes.Buffer
	if l.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\r", l.drawn)
	}
	if len(above) > 0 {
		b.WriteString(eraseDown)
		b.Write(above)
		if above[len(above)-1] != '\n' {
			b.WriteByte('\n')
		}
	}
	if len(l.lines) > 0 {
		b.WriteString(wrapOff)
	}
	for _, line := range l.lines {
		b.WriteString(line + eraseLine + "\n")
	}
	if len(l.lines) > 0 {
		b.WriteString(wrapOn)
	}
	if l.drawn > len(l.lines) {
		b.WriteString(eraseDown)
	}
	l.drawn = len(l.lines)
	if b.Len() > 0 {
		_, l.err = l.out.Write(b.Bytes())
	}
}
