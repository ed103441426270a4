package temporal

import (
	"sort"
	"time"
	_ "time/tzdata" // the host's zone files are never needed
)

// Zone maps between UTC and local time. It is immutable and may be shared.
type Zone struct {
	name string
	loc  *time.Location // nil for a fixed offset
	// spans are the stretches with one offset, in order, from tableStart to tableEnd; before and after package time is asked.
	spans      []span
	tableStart int64
	// abbreviation, lower case, restricts ToUTC to the offsets that this short name has had ("MSK" in Europe/Moscow).
	abbreviation string
}

// span is a stretch of time with one offset from UTC.
type span struct {
	start  int64 // microseconds UTC
	offset int32 // seconds east
	name   string
}

// tableEnd is where a zone's table stops: 2101-01-01. The tables of rules without history begin in 1900.
const (
	tableEnd   = 4133980800000000
	rulesStart = -2208988800000000
)

// UTC returns the zone without an offset.
func UTC() *Zone { return fixedZone("UTC", 0, "UTC") }

func fixedZone(name string, offset int, abbreviation string) *Zone {
	return &Zone{name: name, tableStart: TimestampNegInfinity, spans: []span{{TimestampNegInfinity, int32(offset), abbreviation}}} //nolint:gosec // at most days
}

// newZone lists the transitions of a location from tableStart, in microseconds UTC, up to tableEnd.
func newZone(name string, loc *time.Location, tableStart int64) *Zone {
	z := &Zone{name: name, loc: loc, tableStart: tableStart}
	start := tableStart
	at := time.UnixMicro(max(tableStart, MinTimestamp)).In(loc)
	for {
		abbreviation, offset := at.Zone()
		if n := len(z.spans); n == 0 || z.spans[n-1].offset != int32(offset) || z.spans[n-1].name != abbreviation { //nolint:gosec // small
			z.spans = append(z.spans, span{start, int32(offset), abbreviation}) //nolint:gosec // small
		}
		_, end := at.ZoneBounds()
		if end.IsZero() {
			break
		}
		start = end.UnixMicro()
		if start >= tableEnd {
			break
		}
		if !end.After(at) { // package time ends a leap year's last stretch a day early
			end = at.AddDate(0, 0, 1)
		}
		at = end
	}
	if len(z.spans) == 1 {
		z.loc = nil
	}
	return z
}

// Name returns the name that the zone was loaded by, in its usual spelling.
func (z *Zone) Name() string { return z.name }

func (z *Zone) isFixed() bool { return len(z.spans) == 1 }

// at returns the span that holds a UTC time and the start of the next one (TimestampInfinity if there is none).
func (z *Zone) at(utc int64) (s span, next int64) {
	if len(z.spans) == 1 {
		return z.spans[0], TimestampInfinity
	}
	if utc >= tableEnd || utc < z.tableStart {
		return z.beyond(utc)
	}
	low, high := 0, len(z.spans) // spans[low].start <= utc < spans[high].start
	for high-low > 1 {
		mid := int(uint(low+high) >> 1) //nolint:gosec // both are positive
		if z.spans[mid].start <= utc {
			low = mid
		} else {
			high = mid
		}
	}
	if high == len(z.spans) {
		_, next = z.beyond(z.spans[low].start)
		return z.spans[low], next
	}
	return z.spans[low], z.spans[high].start
}

// beyond asks package time.
func (z *Zone) beyond(utc int64) (s span, next int64) {
	t := time.UnixMicro(utc).In(z.loc)
	s.name, s.offset = zoneOf(t)
	_, end := t.ZoneBounds()
	if end.IsZero() {
		return s, TimestampInfinity
	}
	return s, end.UnixMicro()
}

func zoneOf(t time.Time) (string, int32) {
	name, offset := t.Zone()
	return name, int32(offset) //nolint:gosec // less than a day
}

// ToLocal returns the local time of a UTC time. Infinities stay; a result beyond the limits of a timestamp is clamped to an infinity.
func (z *Zone) ToLocal(utc int64) int64 {
	if !FiniteTimestamp(utc) {
		return utc
	}
	s, _ := z.offsetAt(utc)
	return shift(utc, int64(s)*Second)
}

// offsetAt is at without the next transition, which costs more near the table's end.
func (z *Zone) offsetAt(utc int64) (offset int32, name string) {
	if len(z.spans) == 1 {
		return z.spans[0].offset, z.spans[0].name
	}
	if utc >= tableEnd || utc < z.tableStart {
		s, _ := z.beyond(utc)
		if z.abbreviation != "" {
			return z.abbreviated(utc, s.offset), s.name
		}
		return s.offset, s.name
	}
	i := sort.Search(len(z.spans), func(i int) bool { return z.spans[i].start > utc }) - 1
	if z.abbreviation != "" {
		return z.abbreviated(utc, z.spans[i].offset), z.spans[i].name
	}
	return z.spans[i].offset, z.spans[i].name
}

// Offset returns the offset from UTC in seconds east, and its short name, at a UTC time.
func (z *Zone) Offset(utc int64) (seconds int, abbreviation string) {
	offset, abbreviation := z.offsetAt(utc)
	return int(offset), abbreviation
}

func shift(t, by int64) int64 {
	sum, ok := addInt64(t, by)
	switch {
	case !ok && by > 0:
		return TimestampInfinity
	case !ok:
		return TimestampNegInfinity
	}
	return sum
}

// ToUTC returns the UTC time of a local time. As in PostgreSQL, a time that the clock skipped is read with the offset before the gap, a
// time that it showed twice with the offset after it. Infinities stay.
func (z *Zone) ToUTC(local int64) int64 {
	if !FiniteTimestamp(local) {
		return local
	}
	return shift(local, -int64(z.localOffset(local))*Second)
}

// localOffset chooses the offset of a local time.
func (z *Zone) localOffset(local int64) int32 {
	offset := z.ruleOffset(local)
	if z.abbreviation == "" {
		return offset
	}
	return z.abbreviated(shift(local, -int64(offset)*Second), offset)
}

// ruleOffset chooses the offset of a local time by the zone's rules.
func (z *Zone) ruleOffset(local int64) int32 {
	if len(z.spans) == 1 {
		return z.spans[0].offset
	}
	before, boundary := z.at(shift(local, -Day))
	if boundary == TimestampInfinity {
		return before.offset
	}
	after, _ := z.at(boundary)
	early := shift(local, -int64(before.offset)*Second)
	late := shift(local, -int64(after.offset)*Second)
	switch {
	case early < boundary && late < boundary:
		return before.offset
	case early > boundary && late >= boundary:
		return after.offset
	case early > late:
		return before.offset
	}
	return after.offset
}

// abbreviated is the offset that the zone's abbreviation meant last before, else first after, a UTC time; otherwise if it never did.
func (z *Zone) abbreviated(utc int64, otherwise int32) int32 {
	found := false
	for i := range z.spans {
		s := &z.spans[i]
		if !equalFold(s.name, z.abbreviation) {
			continue
		}
		if found && s.start > utc {
			break
		}
		otherwise, found = s.offset, true
	}
	return otherwise
}
