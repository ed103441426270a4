package display

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"wire.example/wire/internal/flow"
)

func TestFrame(t *testing.T) {
	lines := Frame("bids", snapshot(0), snapshot(3), snapshot(5), Size{Width: 120, Height: 30})
	golden(t, "frame.txt", strings.Join(lines, "\n")+"\n")
}

func TestFirstFrameHasNoRates(t *testing.T) {
	now := snapshot(0)
	golden(t, "first.txt", strings.Join(Frame("bids", now, now, now, Size{Width: 120, Height: 30}), "\n")+"\n")
}

func TestNarrowAndLowFrame(t *testing.T) {
	golden(t, "small.txt", strings.Join(Frame("bids", snapshot(0), snapshot(3), snapshot(5), Size{Width: 40, Height: 5}), "\n")+"\n")
}

// Whatever is shown, it fits.
func TestFramesFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := Size{Width: rapid.IntRange(1, 200).Draw(t, "width"), Height: rapid.IntRange(1, 40).Draw(t, "height")}
		number := rapid.Int64Range(0, 1<<62)
		name := rapid.StringN(0, 40, -1)
		take := func() flow.Report {
			var r flow.Report
			for range rapid.IntRange(0, 20).Draw(t, "sources") {
				r.Sources = append(r.Sources, flow.SourceReport{
					Name: name.Draw(t, "name"), Records: number.Draw(t, "n"), Bytes: number.Draw(t, "n"), Rejected: number.Draw(t, "n"),
					MaxEventTime: rapid.Int64().Draw(t, "time"), HasEventTime: rapid.Bool().Draw(t, "has"),
					Done: number.Draw(t, "n"), Total: rapid.Int64Range(-1, 1<<62).Draw(t, "n"),
				})
			}
			for range rapid.IntRange(0, 20).Draw(t, "steps") {
				s := flow.StepReport{Name: name.Draw(t, "name")}
				s.In, s.Emitted, s.Held, s.Late = number.Draw(t, "n"), number.Draw(t, "n"), number.Draw(t, "n"), number.Draw(t, "n")
				r.Steps = append(r.Steps, s)
			}
			for range rapid.IntRange(0, 20).Draw(t, "sinks") {
				r.Sinks = append(r.Sinks, flow.SinkReport{Name: name.Draw(t, "name"), Rows: number.Draw(t, "n"), QueueEntries: number.Draw(t, "n")})
			}
			return r
		}
		duration := func() time.Duration { return time.Duration(rapid.Int64Range(0, 1<<60).Draw(t, "elapsed")) }
		start, prev, now := Snapshot{take(), wall, 0}, Snapshot{take(), wall, duration()}, Snapshot{take(), wall, duration()}
		lines := Frame(name.Draw(t, "name"), start, prev, now, size)
		total := 1 + len(now.Report.Sources) + len(now.Report.Steps) + len(now.Report.Sinks)
		if len(lines) != min(total, size.Height) {
			t.Fatalf("%d lines of %d in a height of %d", len(lines), total, size.Height)
		}
		for _, line := range lines {
			if utf8.RuneCountInString(line) > size.Width || strings.ContainsAny(line, "\n\r\x1b") {
				t.Fatalf("%q in a width of %d", line, size.Width)
			}
		}
	})
}

func TestProgressBar(t *testing.T) {
	for _, test := range []struct {
		done, total int64
		want        string
	}{
		{0, 10, "[                ]   0%"},
		{5, 10, "[========        ]  50%"},
		{10, 10, "[================] 100%"},
		{12, 10, "[================] 100%"}, // the input grew
	} {
		if got := bar(test.done, test.total); got != test.want {
			t.Errorf("%d of %d: %q, want %q", test.done, test.total, got, test.want)
		}
	}
}

// A run that goes on from a checkpoint tells the rest by its own pace, not by what was done before it.
func TestRemainingTime(t *testing.T) {
	for _, test := range []struct {
		first, done, total int64
		elapsed            time.Duration
		want               string
	}{
		{0, 25, 100, time.Minute, "  0:03:00 left"},
		{900, 950, 1000, time.Minute, "  0:01:00 left"},
		{0, 0, 100, time.Minute, ""},
		{0, 100, 100, time.Minute, ""},
		{0, 1, 1 << 60, time.Hour, ""},
	} {
		s, first := flow.SourceReport{Done: test.done, Total: test.total}, flow.SourceReport{Done: test.first, Total: test.total}
		if got := remaining(s, first, test.elapsed); got != test.want {
			t.Errorf("%d to %d of %d: %q, want %q", test.first, test.done, test.total, got, test.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for got, want := range map[string]string{
		grouped(0): "0", grouped(999): "999", grouped(1_000): "1,000", grouped(-1_234_567): "-1,234,567",
		short(0): "0", short(999.4): "999", short(999.6): "1.0k", short(1_000): "1.0k", short(25_400): "25k", short(3.4e6): "3.4M", short(2e15): "2000T",
		size(0): "0 B", size(1023): "1023 B", size(1024): "1.0 KB", size(291 << 20): "291 MB",
		seconds(0): "0.000 s", seconds(1500 * time.Millisecond): "1.50 s", seconds(7200 * time.Second): "7,200 s",
		clockTime(3*time.Hour + 25*time.Minute + 7*time.Second): "3:25:07",
		lag(wall, wall.UnixMicro()-1_500_000):                   "lag 1.5 s",
		lag(wall, wall.UnixMicro()+500_000):                     "lag -0.5 s",
		lag(wall, 1436918400_000000):                            "at 2015-07-15 00:00:00",
		fit("abcdef", 6):                                        "abcdef", fit("abcdef", 3): "ab…", fit("abcdef", 0): "",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
