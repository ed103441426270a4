package display

import (
	"fmt"
	"strings"
	"time"

	"wire.example/wire/internal/flow"
)

// Snapshot is a report and when it was taken.
type Snapshot struct {
	Report flow.Report
	// Now is the wall clock's time, from which lag is told.
	Now time.Time
	// Elapsed is the time since the run began, by a clock that is never set.
	Elapsed time.Duration
}

// Size is that of a terminal, in characters.
type Size struct{ Width, Height int }

// Frame returns the lines of the live block: a title, then a line for each source, step and sink. Rates are those between prev and now;
// what is left is told from all since start. No line is longer than the width; if there are more lines than the height, those in the
// middle are left out and counted. Both are at least 1.
func Frame(name string, start, prev, now Snapshot, size Size) []string {
	since := (now.Elapsed - prev.Elapsed).Seconds()
	rate := func(now, prev int64) float64 {
		if since <= 0 {
			return 0
		}
		return max(float64(now-prev)/since, 0)
	}
	width := nameWidth(now.Report)
	lines := []string{titleLine(name, prev, now, rate)}
	for i := range now.Report.Sources {
		lines = append(lines, sourceLine(i, width, start, prev, now, rate))
	}
	for i := range now.Report.Steps {
		lines = append(lines, stepLine(i, width, prev, now, rate))
	}
	for i := range now.Report.Sinks {
		lines = append(lines, sinkLine(i, width, prev, now, rate))
	}
	lines = shorten(lines, size.Height)
	for i := range lines {
		lines[i] = fit(strings.TrimRight(lines[i], " "), size.Width)
	}
	return lines
}

// rater tells the rate of a count between two snapshots.
type rater func(now, prev int64) float64

// maxNameWidth bounds the column of names.
const maxNameWidth = 24

func nameWidth(r flow.Report) int {
	width := 1
	note := func(name string) { width = max(width, min(len([]rune(name)), maxNameWidth)) }
	for i := range r.Sources {
		note(r.Sources[i].Name)
	}
	for i := range r.Steps {
		note(r.Steps[i].Name)
	}
	for i := range r.Sinks {
		note(r.Sinks[i].Name)
	}
	return width
}

// label is how a line begins.
func label(kind, name string, width int) string {
	return pad(kind, 7) + pad(fit(plain(name), width), width) + gap
}

// perSecond writes a rate in a column of its own.
func perSecond(v float64, what string) string { return padLeft(short(v), 5) + what + gap }

func titleLine(name string, prev, now Snapshot, rate rater) string {
	in, rows, bad := totals(now.Report)
	inBefore, rowsBefore, _ := totals(prev.Report)
	line := fmt.Sprintf("%s  %s  %s records, %s/s in  %s/s out", plain(name), clockTime(now.Elapsed), grouped(in), short(rate(in, inBefore)),
		short(rate(rows, rowsBefore)))
	if bad > 0 {
		line += fmt.Sprintf("  %s rejected", grouped(bad))
	}
	return line
}

// totals returns the records read, the rows written and the rows rejected on the way.
func totals(r flow.Report) (records, rows, rejected int64) {
	for i := range r.Sources {
		records += r.Sources[i].Records
		rejected += r.Sources[i].Rejected
	}
	for i := range r.Steps {
		rejected += r.Steps[i].Rejected
	}
	for i := range r.Sinks {
		rows += r.Sinks[i].Rows
		rejected += r.Sinks[i].Rejected
	}
	return records, rows, rejected
}

func sourceLine(i, width int, start, prev, now Snapshot, rate rater) string {
	s, before := now.Report.Sources[i], at(prev.Report.Sources, i)
	line := label("source", s.Name, width) + perSecond(rate(s.Records, before.Records), "/s in") + padLeft("", 5+6) + gap
	if s.Total > 0 {
		first := at(start.Report.Sources, i)
		line += bar(s.Done, s.Total) + remaining(s, first, now.Elapsed-start.Elapsed) + gap
	}
	if s.Bytes > 0 {
		line += size(rate(s.Bytes, before.Bytes)) + "/s" + gap
	}
	if s.HasEventTime {
		line += lag(now.Now, s.MaxEventTime) + gap
	}
	if s.Idle > 0 {
		line += "idle ×" + grouped(s.Idle) + gap
	}
	return line + rejected(s.Rejected)
}

func stepLine(i, width int, prev, now Snapshot, rate rater) string {
	s, before := now.Report.Steps[i], at(prev.Report.Steps, i)
	line := label("step", s.Name, width) + perSecond(rate(s.In, before.In), "/s in") + perSecond(rate(s.Emitted, before.Emitted), "/s out")
	if s.Held > 0 {
		line += grouped(s.Held) + " held" + gap
	}
	if s.Late > 0 {
		line += grouped(s.Late) + " late" + gap
	}
	return line + rejected(s.Rejected)
}

func sinkLine(i, width int, prev, now Snapshot, rate rater) string {
	s, before := now.Report.Sinks[i], at(prev.Report.Sinks, i)
	line := label("sink", s.Name, width) + padLeft("", 5+5) + gap + perSecond(rate(s.Rows, before.Rows), "/s out")
	if s.Bytes > 0 {
		line += size(rate(s.Bytes, before.Bytes)) + "/s" + gap
	}
	if s.QueueEntries > 0 {
		line += fmt.Sprintf("queue %d/%d", s.Queued, s.QueueEntries) + gap
	}
	return line + rejected(s.Rejected)
}

func rejected(n int64) string {
	if n == 0 {
		return ""
	}
	return grouped(n) + " rejected"
}

// at returns element i, or the zero value of a list that is shorter: what there was before the first snapshot.
func at[T any](list []T, i int) T {
	if i < len(list) {
		return list[i]
	}
	var none T
	return none
}

// barWidth is the length of a progress bar, its brackets left out.
const barWidth = 16

// bar draws the share of total that is done.
func bar(done, total int64) string {
	share := min(max(float64(done)/float64(total), 0), 1)
	full := int(share * barWidth)
	return "[" + strings.Repeat("=", full) + strings.Repeat(" ", barWidth-full) + "]" + padLeft(fmt.Sprintf("%.0f%%", share*100), 5)
}

// maxRemaining is the longest time that is worth telling.
const maxRemaining = 1000 * time.Hour

// remaining tells how long the rest takes at the pace since start, or nothing if that is not known.
func remaining(s, first flow.SourceReport, elapsed time.Duration) string {
	done := s.Done - first.Done
	if done <= 0 || s.Done >= s.Total {
		return ""
	}
	left := float64(s.Total-s.Done) / float64(done) * float64(elapsed)
	if left > float64(maxRemaining) {
		return ""
	}
	return gap + clockTime(time.Duration(left)) + " left"
}

// shorten leaves out lines before the last ones, so that height lines are left. The title stays.
func shorten(lines []string, height int) []string {
	height = max(height, 1)
	if len(lines) <= height {
		return lines
	}
	if height < 3 {
		return lines[:height]
	}
	left := len(lines) - height + 1
	tail := (height - 2) / 2
	head := height - 1 - tail
	short := append([]string{}, lines[:head]...)
	short = append(short, fmt.Sprintf("… %d more lines", left))
	return append(short, lines[len(lines)-tail:]...)
}
