package timer

import (
	"cmp"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/state/keyed"
)

// sweptEntries is about how many entries one call of Sweep.Run looks at.
const sweptEntries = 1 << 16

// Sweep goes through key groups for entries that nothing has touched for a time, at the pace of processing time: all are looked at twice in the time after which
// they expire. Whoever owns the entries keeps when each was touched last, 0 standing for before the processing time was known. Not safe for concurrent use.
type Sweep struct {
	after int64 // µs
	// now is the processing time in µs, 0 while it is not known; first is the first that was known.
	now, first int64
	// group is the key group that comes next, due how many are to be looked at now.
	group, due int
	running    bool
}

// NewSweep returns the sweep of entries that expire after so many µs.
func NewSweep(after int64) Sweep { return Sweep{after: after} }

// Now is the processing time in µs, 0 while it is not known.
func (s *Sweep) Now() int64 { return s.now }

// Touched is the time for which last stands.
func (s *Sweep) Touched(last int64) int64 { return cmp.Or(last, s.first) }

// Expired reports whether an entry is that was touched at last.
func (s *Sweep) Expired(last int64) bool { return s.now > 0 && s.now-s.Touched(last) > s.after }

// Running reports whether there is more to do: Run has answered more behind the flush.
func (s *Sweep) Running() bool { return s.running }

// Run moves the processing time to micros and calls sweep, which returns how many entries it looked at, for as many key groups as the time that has passed is
// worth. Before that it calls flush until it answers false: what has changed before is emitted first. It answers more when there is more to do; it is then called
// again with the same time. A sweep that answers waits is called again for the same group, in the next call: it needs what it has declared by then.
func (s *Sweep) Run(micros int64, flush func() (more bool, err error), sweep func(group uint8) (entries int, waits bool, err error)) (more bool, err error) {
	if !s.running {
		if more, err = flush(); more || err != nil {
			return more, err
		}
		s.advance(micros)
		s.running = true
	}
	if fault.Weak("ttl/sweep") {
		s.due = 0
	}
	for swept := 0; s.due > 0; s.due-- {
		if swept > sweptEntries {
			return true, nil
		}
		n, waits, err := sweep(uint8(s.group)) //nolint:gosec // below 256
		if waits || err != nil {
			return waits, err
		}
		swept += n
		s.group = (s.group + 1) % keyed.Groups
	}
	s.running = false
	return false, nil
}

// advance moves the processing time on.
func (s *Sweep) advance(micros int64) {
	if s.now == 0 {
		s.first = micros
	} else if passed := max(micros-s.now, 0); passed >= s.after/2 {
		s.due = keyed.Groups
	} else {
		s.due = int(2*keyed.Groups*(passed/1000)/max(s.after/1000, 1)) + 1
	}
	s.now = max(s.now, micros)
}
