package display

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// grouped writes n with a comma between thousands.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, text = "-", text[1:]
	}
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return sign + text
}

// short writes a count or rate in at most five characters: 999, 1.2k, 25k, 3.4M.
func short(v float64) string {
	return scaled(v, 1000, []string{"", "k", "M", "G", "T"})
}

// size writes bytes by the units that options have, of 1,024 each.
func size(v float64) string {
	return scaled(v, 1024, []string{" B", " KB", " MB", " GB", " TB"})
}

// ByteSize writes bytes by the units that options have, of 1,024 each: "0 B", "1.2 MB".
func ByteSize(bytes int64) string { return size(float64(bytes)) }

func scaled(v, step float64, units []string) string {
	i := 0
	for v >= step-0.5 && i < len(units)-1 {
		v /= step
		i++
	}
	if i > 0 && v < 9.95 {
		return fmt.Sprintf("%.1f%s", v, units[i])
	}
	return fmt.Sprintf("%.0f%s", v, units[i])
}

// clockTime writes a duration as h:mm:ss, to the second.
func clockTime(d time.Duration) string {
	s := int64(d / time.Second)
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// seconds writes a duration in seconds with three significant digits at least.
func seconds(d time.Duration) string {
	switch s := d.Seconds(); {
	case s < 1:
		return fmt.Sprintf("%.3f s", s)
	case s < 100:
		return fmt.Sprintf("%.2f s", s)
	default:
		return grouped(int64(s+0.5)) + " s"
	}
}

// maxLag is the largest distance from now that is shown as such: beyond it the data is history, and its time says more.
const maxLag = 24 * time.Hour

// lag writes how far event time micros is behind now.
func lag(now time.Time, micros int64) string {
	event := time.UnixMicro(micros).UTC()
	behind := now.Sub(event)
	if behind < -maxLag || behind > maxLag {
		return "at " + event.Format(time.DateTime)
	}
	return fmt.Sprintf("lag %.1f s", behind.Seconds())
}

// plain replaces what would move the cursor or change colours, since names and messages come from files.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// fit cuts s to width characters, the last of which then is "…".
func fit(s string, width int) string {
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	if width < 1 {
		return ""
	}
	return string([]rune(s)[:width-1]) + "…"
}

// pad fills s with spaces up to width characters.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 0))
}

// padLeft fills s with leading spaces up to width characters.
func padLeft(s string, width int) string {
	return strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 0)) + s
}
