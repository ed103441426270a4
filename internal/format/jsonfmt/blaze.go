package jsonfmt

import (
	"bytes"

	"wire.example/wire/sdk/schema"
)

// What a trail may have at most, and how many dropped rows lie between two attempts to blaze one, a number that doubles each time.
const (
	maxHops     = 64
	maxStretch  = 256
	firstPause  = 16
	longestWait = 1 << 16
)

// blazer makes the hops of a trail, along a row that has been read and was dropped.
type blazer struct {
	d       *decoder
	row     int
	from    int // where the stretch of the next hop begins
	hops    []hop
	stamped map[*member]bool // the time stamps met, and the objects that they are in
}

// blaze makes a trail along the row from start on that was dropped for the value of s, which ends at i. It does without where the row has what
// trails have not.
func (d *decoder) blaze(s *slot, i, row int) {
	all := &d.trails
	if all.wait--; all.wait > 0 || all.n == len(all.known) {
		return
	}
	all.pause = min(max(2*all.pause, firstPause), longestWait)
	all.wait = all.pause
	b := blazer{d: d, row: row, from: i, stamped: map[*member]bool{}}
	end := b.members(d.root, i)
	if end < 0 || !b.hop(end, hopEnd, nil) {
		return
	}
	t := trail{from: s, hops: b.hops, credit: firstCredit}
	for _, m := range d.timed {
		if t.time == nil && b.stamped[m] {
			t.time = m
		}
	}
	if m := s.member; m.typ.Kind == schema.Int32 && len(m.test.not) == 0 && i == d.start+len("{")+s.size+1 {
		t.head = newStretch(d.data[d.start : i-1])
	}
	all.known[all.n], all.last = t, all.n
	all.n++
}

// hop ends a stretch at end, where a value of some kind begins. false means that this is too much for a trail.
func (b *blazer) hop(end int, kind uint8, m *member) bool {
	if end-b.from > maxStretch || len(b.hops) == maxHops {
		return false
	}
	b.hops = append(b.hops, hop{stretchOf: newStretch(b.d.data[b.from:end]), kind: kind, member: m})
	return true
}

// members goes along the members of o behind a value that ends at i, and returns the byte behind the brace, or -1.
func (b *blazer) members(o *object, i int) int {
	p := b.d.p
	for {
		i = skipSpace(p, i)
		switch at(p, i) {
		case '}':
			return i + 1
		case ',':
			i = b.member(o, skipSpace(p, i+1))
		default:
			i = -1
		}
		if i < 0 {
			return -1
		}
	}
}

// member goes along the member of o whose key stands at i, and returns the byte behind it, or -1.
func (b *blazer) member(o *object, i int) int {
	p := b.d.p
	end := b.d.stopAt(i + 1)
	if at(p, i) != '"' || at(p, end) != '"' || o.careful {
		return -1
	}
	colon := skipSpace(p, end+1)
	s := o.lookup(p, i, colon+1-i)
	if s == nil || s.ambiguous || s.inexact || s.member != nil && s.member.filtered {
		return -1
	}
	i = skipSpace(p, colon+1)
	if s.member != nil && s.member.timed {
		return b.timed(s.member, i)
	}
	return b.value(s, i)
}

// timed goes along the value of m, which begins at i and which the event time is or lies in.
func (b *blazer) timed(m *member, i int) int {
	switch c := at(b.d.p, i); {
	case c == '"' && m.isTime && !b.stamped[m] && (m.typ.Kind == schema.Timestamp || m.typ.Kind == schema.TimestampTZ):
		kept := slotOf[int64](m.base, b.row)
		before := *kept
		end := m.readStamp(b.d.p, i+1, b.row)
		*kept = before
		if end == 0 || !b.hop(i+1, hopStamp, m) {
			return -1
		}
		b.stamped[m], b.from = true, end
		return end
	case c == '{' && m.object != nil && !m.must && !b.stamped[m]: // a second one would replace what the first has
		b.stamped[m] = true
		end := b.object(m.object, i)
		for _, instant := range m.instants { // one that the object has not would have none, even if it came before
			if !b.stamped[instant] {
				return -1
			}
		}
		return end
	default:
		return -1
	}
}

// object goes along the object at i.
func (b *blazer) object(o *object, i int) int {
	if o == nil {
		return -1
	}
	if i = skipSpace(b.d.p, i+1); at(b.d.p, i) == '}' {
		return i + 1
	}
	if i = b.member(o, i); i < 0 {
		return -1
	}
	return b.members(o, i)
}

// value goes along a value that is skipped, that of s, which begins at i.
func (b *blazer) value(s *slot, i int) int {
	p := b.d.p
	var kind uint8
	var end int
	switch c := at(p, i); {
	case c == '{':
		return b.object(s.shape, i)
	case c == '"':
		kind, i = hopText, i+1
		end, _, _ = b.d.stringEnd(i)
	case bytes.IndexByte([]byte("tfn"), c) >= 0:
		kind = hopWord
		end = wordHop(p, i)
	default:
		kind = hopNumber
		end = numberHop(p, i)
	}
	if end <= 0 || !b.hop(i, kind, nil) {
		return -1
	}
	if b.from = end; kind == hopText {
		end++
	}
	return end
}
