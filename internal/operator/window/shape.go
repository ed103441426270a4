package window

import (
	"errors"
	"fmt"

	"wire.example/wire/sdk/temporal"
)

// Kind is a kind of window.
type Kind uint8

// The kinds of windows. Each window has the times from its start up to, not including, its end.
const (
	// Tumble: windows of Size that follow each other.
	Tumble Kind = iota
	// Hop: a window of Size begins every Every. If Every is less than Size they overlap, if it is more there are times without a window.
	Hop
	// Cumulate: for each span of Size, windows that begin where it does and end after Every, 2 Every, …; the last ends with the span.
	Cumulate
	// Session: the window of the rows of a key that are less than Gap apart, from the first to the last plus Gap.
	Session
)

// String is the name of the kind in SQL.
func (k Kind) String() string { return [...]string{"TUMBLE", "HOP", "CUMULATE", "SESSION"}[k&3] }

// Shape says which windows there are. Lengths are in µs.
type Shape struct {
	Kind Kind
	// Size is the length of a window, the longest of Cumulate; Session has none.
	Size int64
	// Every is the slide of Hop and the step of Cumulate.
	Every int64
	// Gap is Session's.
	Gap int64
	// Offset moves all windows: without it one begins at 1970-01-01 00:00:00. Session has none.
	Offset int64
}

// longest is the longest size, slide, step or gap, in µs: more than 30,000 years.
const longest = 1 << 60

// Validate says what is wrong with a shape.
func (s *Shape) Validate() error {
	between := func(what string, micros int64) error {
		if micros <= 0 || micros > longest {
			return fmt.Errorf("the %s of %v is %d µs; it must be more than 0, and at most %d", what, s.Kind, micros, int64(longest))
		}
		return nil
	}
	switch s.Kind {
	case Tumble:
		return between("size", s.Size)
	case Hop:
		return errors.Join(between("size", s.Size), between("slide", s.Every))
	case Cumulate:
		if s.Every > s.Size {
			return fmt.Errorf("the step of CUMULATE, %d µs, is longer than its size, %d µs", s.Every, s.Size)
		}
		return errors.Join(between("size", s.Size), between("step", s.Every))
	case Session:
		return between("gap", s.Gap)
	}
	return fmt.Errorf("a window of kind %d", s.Kind)
}

// normal is the shape with Every set for all but Session, and an Offset that is not negative and less than the distance of two beginnings.
func (s Shape) normal() Shape {
	distance := s.Every
	switch s.Kind {
	case Session:
		return s
	case Tumble:
		s.Every = s.Size
		distance = s.Size
	case Cumulate:
		distance = s.Size
	case Hop:
	}
	s.Offset %= distance
	if s.Offset < 0 {
		s.Offset += distance
	}
	return s
}

// span is the windows that a time is in: those that end at first, at first plus Every and so on up to last; none if last is before first. All times from
// lo up to, not including, hi have the same.
type span struct {
	lo, hi      int64
	first, last int64
}

func (s *span) has(micros int64) bool { return micros >= s.lo && micros < s.hi }

// of returns the windows of a time; ok is false if it, or one of them, is not among the times that there are. s must be normal.
func (s *Shape) of(micros int64) (w span, ok bool) {
	if micros < temporal.MinTimestamp || micros > temporal.MaxTimestamp {
		return w, false
	}
	switch s.Kind {
	case Session:
		w = span{lo: micros, hi: micros + 1, first: micros + s.Gap, last: micros + s.Gap}
		return w, micros <= temporal.MaxTimestamp-s.Gap
	case Cumulate:
		from := s.floor(micros, s.Size)
		if from < temporal.MinTimestamp || from > temporal.MaxTimestamp-s.Size {
			return w, false
		}
		w.lo = from + (micros-from)/s.Every*s.Every
		w.last = from + s.Size
		w.hi = min(w.lo+s.Every, w.last)
		w.first = w.hi
		return w, true
	default:
		return s.hops(micros)
	}
}

// hops is of for Tumble and Hop. A slide is in two pieces: times up to the remainder of Size by Every are in one window more than those behind.
func (s *Shape) hops(micros int64) (w span, ok bool) {
	from := s.floor(micros, s.Every)
	rest := s.Size % s.Every
	if from > temporal.MaxTimestamp-s.Size || from > temporal.MaxTimestamp-s.Every-rest {
		return w, false
	}
	w.last = from + s.Size
	if micros-from < rest {
		w.lo, w.hi, w.first = from, from+rest, from+rest
	} else {
		w.lo, w.hi, w.first = from+rest, from+s.Every, from+s.Every+rest
	}
	return w, w.first > w.last || w.first-s.Size >= temporal.MinTimestamp
}

// floor is the last multiple of distance, counted from Offset, that is not after micros.
func (s *Shape) floor(micros, distance int64) int64 {
	rest := (micros - s.Offset) % distance
	if rest < 0 {
		rest += distance
	}
	return micros - rest
}

// next is the end of the window after the one that ends at end, for times whose last window ends at last.
func (s *Shape) next(end, last int64) int64 {
	if s.Kind == Session || end > last-s.Every {
		if s.Kind == Cumulate && end < last {
			return last
		}
		return last + 1
	}
	return end + s.Every
}

// after is the first of the ends from first to last that is after micros: above last if there is none. skipped is how many are not.
func (s *Shape) after(micros, first, last int64) (end, skipped int64) {
	if first > micros {
		return first, 0
	}
	if last <= micros {
		return last + 1, s.count(first, last)
	}
	skipped = (micros-first)/s.Every + 1
	end = first + skipped*s.Every
	if s.Kind == Cumulate {
		end = min(end, last)
	}
	return end, skipped
}

// count is how many windows end from first to last.
func (s *Shape) count(first, last int64) int64 {
	switch {
	case first > last:
		return 0
	case s.Kind == Session:
		return 1
	}
	n := (last-first)/s.Every + 1
	if s.Kind == Cumulate && (last-first)%s.Every != 0 {
		n++
	}
	return n
}

// start is where the window that ends at end begins; last is the end of the last window of its times.
func (s *Shape) start(end, last int64) int64 {
	switch s.Kind {
	case Session:
		return end - s.Gap
	case Cumulate:
		return last - s.Size
	default:
		return end - s.Size
	}
}

// lastOf is the end of the last window of the rows of the window that ends at end: where that of Cumulate begins depends on it.
func (s *Shape) lastOf(end int64) int64 {
	if s.Kind == Cumulate {
		return s.floor(end-1, s.Size) + s.Size
	}
	return end
}

// spans reports whether there may be times whose windows, or those of them that had not been answered, end from first to last; none do if last is before first.
func (s *Shape) spans(first, last int64) bool {
	return first > last || uint64(last)-uint64(first) < uint64(s.length()) //nolint:gosec // the distance, whatever the signs are
}

// isOdd reports whether rows whose windows end from first to last were late for some of their windows. Only those of Hop matter, of which others that come behind
// leave later all the same.
func (s *Shape) isOdd(first, last int64) bool {
	if s.Kind != Hop {
		return false
	}
	rest := s.Size % s.Every
	from := last - s.Size
	return first != from+s.Every+rest && (rest == 0 || first != from+rest)
}

// Overlaps reports whether a time may be in several windows.
func (s *Shape) Overlaps() bool {
	return s.Kind == Hop && s.Every < s.Size || s.Kind == Cumulate && s.Every < s.Size
}

// length is how far a window may begin before its end.
func (s *Shape) length() int64 {
	if s.Kind == Session {
		return s.Gap
	}
	return s.Size
}
