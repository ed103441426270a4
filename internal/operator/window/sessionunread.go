package window

import (
	"encoding/binary"
	"math"

	"wire.example/wire/internal/state/keyed"
)

// A restart need not read keys of sessions: which periods there may be the checkpoint says, and those of a period are read when the first session that may be in it closes. Keys are read on, too, whenever there is time.

const (
	// sessionsOutline is the version of what outline returns: docs/format/manifest.md.
	sessionsOutline = 1
	// mostPeriods is how many periods sessions in memory may end in for keys to stay unread.
	mostPeriods = 4096
)

// ends are the least and the greatest end that sessions have had.
type ends struct{ least, most int64 }

func noEnds() ends { return ends{math.MaxInt64, math.MinInt64} }

// see notes the end of a session.
func (e *ends) see(end int64) { e.least, e.most = min(e.least, end), max(e.most, end) }

// open are the ends that sessions which have not closed may have.
func (s *Sessions) open() ends {
	e := s.times.ends
	if s.mark >= math.MinInt64+s.cfg.Lag {
		e.least = max(e.least, s.mark-s.cfg.Lag)
	}
	return e
}

// outline says in which periods keys may be: those that the store had some in before, and those that keys in memory are written to.
func (t *sessionTimes) outline() (outline []byte, ok bool) {
	if t.s.table.Len() == 0 {
		t.ends = noEnds()
	}
	e := t.s.open()
	if e.least > e.most {
		e = noEnds()
	} else if t.level == 0 || e.most>>t.level-e.least>>t.level >= mostPeriods {
		return nil, false
	}
	outline = append([]byte{sessionsOutline}, t.level)
	outline = binary.AppendVarint(binary.AppendVarint(outline, e.least), e.most)
	before := int64(0)
	for _, p := range t.list {
		outline = binary.AppendVarint(outline, p.slice-before)
		if before = p.slice; len(outline) > keyed.MostOutline {
			return nil, false
		}
	}
	return outline, true
}

// readOutline reads what outline returned.
func readOutline(outline []byte) (level uint8, in ends, list []int64, ok bool) {
	if len(outline) < 2 || outline[0] != sessionsOutline || outline[1] > mostLevel {
		return 0, in, nil, false
	}
	level, outline = outline[1], outline[2:]
	var numbers []int64
	for len(outline) > 0 {
		v, n := binary.Varint(outline)
		if n <= 0 {
			return 0, in, nil, false
		}
		numbers, outline = append(numbers, v), outline[n:]
	}
	if len(numbers) < 2 {
		return 0, in, nil, false
	}
	in, list = ends{numbers[0], numbers[1]}, numbers[2:]
	before := int64(0)
	for i := range list {
		list[i] += before
		before = list[i]
		if bits := before & levelMask; bits < leastLevel || bits > mostLevel {
			return 0, in, nil, false
		}
	}
	some := in.least <= in.most
	return level, in, list, !some || level >= leastLevel && in.most>>level-in.least>>level < mostPeriods
}

// knowAll knows the periods of outlines; ok is false if one is not known in that form.
func (t *sessionTimes) knowAll(outlines [][]byte) (ok bool) {
	for _, outline := range outlines {
		if _, _, _, ok := readOutline(outline); !ok {
			return false
		}
	}
	for _, outline := range outlines {
		level, in, list, _ := readOutline(outline)
		for _, slice := range list {
			t.know(slice)
		}
		if t.level = max(t.level, level); in.least > in.most {
			continue
		}
		t.ends.see(in.least)
		t.ends.see(in.most)
		for number := in.least >> level; number <= in.most>>level; number++ {
			t.know(number<<level | int64(level))
		}
	}
	return true
}

// Outline says which periods there may be; see keyed.Outlined.
func (p *sessionsPart) Outline() (outline []byte, ok bool) { return p.s.times.outline() }

// PostponeSlices leaves keys in the store, unread; see keyed.Outlined. Sessions of any of them may be in any period.
func (p *sessionsPart) PostponeSlices(from uint64, outlines [][]byte) (ok bool, err error) {
	if !p.s.times.knowAll(outlines) {
		return false, nil
	}
	for _, of := range p.s.times.list {
		of.first = min(of.first, of.start())
	}
	p.Postpone(from)
	return true, nil
}

// Outline says which periods there may be; see keyed.Outlined.
func (t *sessionTimes) Outline() (outline []byte, ok bool) { return t.outline() }

// PostponeSlices knows the periods; see keyed.Outlined. Nobody has to read them.
func (t *sessionTimes) PostponeSlices(_ uint64, outlines [][]byte) (ok bool, err error) {
	return t.knowAll(outlines), nil
}
