package jsonfmt

import (
	"strings"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// maxDepth bounds how deeply objects and arrays may nest.
const maxDepth = 512

// readObject reads the members of an object into row; i is the byte after its brace. It returns the byte after the closing brace, or -1.
//
// This is the loop that decides how fast everything is. It holds the usual forms of the usual types, so that for them nothing is called.
//
//nolint:gocognit // see above
func (d *decoder) readObject(o *object, i, row int) int {
	if o.careful || d.narrow {
		return d.readCarefully(o, i, row)
	}
	p, begin := d.p, i
	last, s, seen := &o.head, o.head.next, o.given
	for {
		if s != nil && s.begins(p, i) && (s.size <= 16 || s.restMatches(p, i)) {
			i += s.size
		} else {
			if s, i = d.readKey(o, last, i); s == nil {
				break
			}
			if o.careful { // this key has made it so
				return d.startOver(o, begin, row)
			}
		}
		c := at(p, i)
		if c <= ' ' {
			i = skipSpace(p, i)
			c = at(p, i)
		}
		m := s.member
		if m != nil {
			if bit := uint64(1) << (uint(m.bit) & 63); seen&bit == 0 { //nolint:gosec // masked
				seen |= bit
			} else {
				d.revive(m, row)
			}
		}
		switch form := s.form; {
		case form == anyForm && m != nil:
			i = d.readValue(m, i, row)
		case form == testForm:
			if i = d.readTested(m, i, row); d.dropped && i > 0 {
				return d.skipRest(o, s, i, row)
			}
		case c == '"' && form&textForm != 0:
			from := i + 1
			end := d.stopAt(from)
			if at(p, end) != '"' {
				i = d.slowString(s, i, row)
				break
			}
			i = end + 1
			if m != nil {
				view := slotOf[[2]uint64](m.base, row)
				if n := end - from; n > batch.InlineLen {
					view[0], view[1] = uint64(uint32(n))|load(p, from)<<32, uint64(from)<<32 //nolint:gosec // blocks are below 4 GiB; buffer 0
				} else {
					mask := &keepBytes[n&15]
					lo, hi := load(p, from)&mask[0], load(p, from+8)&mask[1]
					view[0], view[1] = uint64(n)|lo<<32, lo>>32|hi<<32 //nolint:gosec // at most 12
				}
			}
		case c-'1' <= 8 && form&integerForm != 0:
			x := load(p, i) ^ zeros
			n := digitCount(x)
			if c = at(p, i+n); n == 8 || c == '.' || c|0x20 == 'e' {
				i = d.slowNumber(s, i, row)
				break
			}
			i += n
			if m != nil {
				*slotOf[int64](m.base, row) = int64(eightDigits(x << (64 - 8*uint(n)))) //nolint:gosec // below 10^7
			}
		case m == nil:
			i = d.skipMember(s, i)
		default:
			i = d.readValue(m, i, row)
		}
		if i < 0 {
			return -1
		}
		if c = at(p, i); c <= ' ' {
			i = skipSpace(p, i)
			c = at(p, i)
		}
		i++
		if c == ',' {
			last, s = s, s.next
			continue
		}
		if c != '}' {
			return d.syntax(i-1, `"," or "}"`)
		}
		break
	}
	if i < 0 || seen == o.full {
		return i
	}
	return d.fillMissing(o, seen, i, row)
}

// slowString reads a string that is not plain.
func (d *decoder) slowString(s *slot, i, row int) int {
	if s.member == nil {
		return d.skipString(i)
	}
	return d.readString(s.member, i, row)
}

// slowNumber reads a number that is no small integer.
func (d *decoder) slowNumber(s *slot, i, row int) int {
	if s.member == nil {
		return d.skipValue(i, 0)
	}
	return d.readValue(s.member, i, row)
}

// startOver reads an object again from its first member, after one of its keys has made it careful.
func (d *decoder) startOver(o *object, begin, row int) int {
	for _, m := range o.members {
		d.revive(m, row)
	}
	return d.readCarefully(o, begin, row)
}

// readTested reads the value of a filtered member and drops the row that fails the filter.
func (d *decoder) readTested(m *member, i, row int) int {
	if m.typ.Kind == schema.Int32 && len(m.test.not) == 0 && at(d.p, i)-'1' <= 8 && at(d.p, i+1) == ',' { // the usual form of a kind of record
		v := int32(at(d.p, i) - '0')
		*slotOf[int32](m.base, row) = v
		d.dropped = !d.whole && (int64(v) < m.test.low || int64(v) > m.test.high)
		return i + 1
	}
	i = d.readValue(m, i, row)
	if i > 0 && !d.whole {
		d.dropped = !m.meets(row)
	}
	return i
}

// skipRest passes over what an object has behind the value of s, which ends at i; what the event time is in is read all the same.
func (d *decoder) skipRest(o *object, s *slot, i, row int) int {
	if !o.careful {
		if end := d.rideFrom(s, i, row); end > 0 {
			return end
		}
	}
	p, from, begin := d.p, s, i
	for {
		if at(p, i) <= ' ' {
			i = skipSpace(p, i)
		}
		i++
		if c := at(p, i-1); c == '}' {
			d.blaze(from, begin, row)
			return i
		} else if c != ',' {
			return d.syntax(i-1, `"," or "}"`)
		}
		last := s
		if s = s.next; s != nil && s.matches(p, i) {
			i += s.size
		} else if s, i = d.readKey(o, last, i); s == nil {
			return i
		}
		i = skipSpace(p, i)
		switch m := s.member; {
		case m == nil || !m.timed || m.filtered:
			i = d.skipMember(s, i)
		case o.careful: // which of several values counts is known only when the whole row is read
			d.again = true
			return -1
		default:
			i = d.readTimed(m, i, row)
		}
		if i < 0 {
			return -1
		}
	}
}

// readCarefully is readObject for objects in which something is out of the ordinary: see readCareful.
func (d *decoder) readCarefully(o *object, i, row int) int {
	p := d.p
	seen, exact := o.given, uint64(0)
	clear(o.more)
	for last, s := &o.head, o.head.next; ; last, s = s, s.next {
		if s != nil && s.matches(p, i) {
			i += s.size
		} else if s, i = d.readKey(o, last, i); s == nil {
			break
		}
		i = skipSpace(p, i)
		if s.member == nil {
			i = d.skipMember(s, i)
		} else {
			i = d.readCareful(o, s, i, row, &seen, &exact)
		}
		switch {
		case i < 0:
			return -1
		case d.dropped && s.member != nil && s.member.filtered:
			return d.skipRest(o, s, i, row)
		}
		i = skipSpace(p, i) + 1
		if c := at(p, i-1); c == '}' {
			break
		} else if c != ',' {
			return d.syntax(i-1, `"," or "}"`)
		}
	}
	if i < 0 || seen == o.full {
		return i
	}
	return d.fillMissing(o, seen, i, row)
}

// readCareful reads a member of an object in which something is out of the ordinary: more than 64 members, keys that match only when case is
// ignored, among which an exact one wins wherever it stands, or it is read for the filter and the event time alone.
func (d *decoder) readCareful(o *object, s *slot, i, row int, seen, exact *uint64) int {
	m := s.member
	if k := len(o.more) / 2; k > 0 {
		seen, exact = &o.more[m.bit>>6], &o.more[k+m.bit>>6]
	}
	bit := uint64(1) << (uint(m.bit) & 63) //nolint:gosec // masked
	if s.inexact && *exact&bit != 0 {
		return d.skipMember(s, i)
	}
	if !s.inexact {
		*exact |= bit
	}
	if *seen&bit != 0 {
		d.revive(m, row)
	}
	*seen |= bit
	switch {
	case m.filtered:
		return d.readTested(m, i, row)
	case d.wants(m):
		return d.readValue(m, i, row)
	case m.timed:
		return d.readTimed(m, i, row)
	default:
		return d.skipMember(s, i)
	}
}

// wants reports whether the value of m is needed, for more than the event time.
func (d *decoder) wants(m *member) bool { return !d.narrow || m.filtered || m.isOp }

// skipMember passes over a value that nothing needs. A second value for a filtered column makes the row start anew without its filter,
// since the last of duplicates counts.
func (d *decoder) skipMember(s *slot, i int) int {
	if !s.plain {
		if s.ambiguous {
			return d.failAt("", errAmbiguous(s.text[:strings.LastIndexByte(s.text, '"')+1]), i)
		}
		if d.dropped && s.member.filtered {
			d.again = true
			return -1
		}
	}
	switch c := at(d.p, i); {
	case c == '"':
		if end := d.stopAt(i + 1); at(d.p, end) == '"' {
			return end + 1
		}
	case c-'1' <= 8:
		if end := shortIntegerEnd(d.p, i); end > 0 {
			return end
		}
	}
	if at(d.p, i) == '{' && s.level < maxShapes {
		if s.shape == nil {
			s.shape = &object{level: s.level + 1}
		}
		return d.skipShape(s.shape, i+1)
	}
	return d.skipValue(i, maxDepth-s.level-1)
}

// skipShape is readObject for an object of which nothing is needed: a short loop for its strings and small integers.
func (d *decoder) skipShape(o *object, i int) int {
	p := d.p
	last, s := &o.head, o.head.next
	for {
		if s != nil && s.begins(p, i) && (s.size <= 16 || s.restMatches(p, i)) {
			i += s.size
		} else if s, i = d.readKey(o, last, i); s == nil {
			return i
		}
		from := i
		switch c := at(p, i); {
		case c == '"':
			if i = d.stopAt(i + 1); at(p, i) == '"' {
				i++
			} else {
				i = d.skipString(from)
			}
		case c-'1' <= 8:
			if i = shortIntegerEnd(p, i); i == 0 {
				i = d.skipMember(s, from)
			}
		default:
			i = d.skipMember(s, skipSpace(p, i))
		}
		if i < 0 {
			return -1
		}
		c := at(p, i)
		if c <= ' ' {
			i = skipSpace(p, i)
			c = at(p, i)
		}
		i++
		if c == ',' {
			last, s = s, s.next
			continue
		}
		if c != '}' {
			return d.syntax(i-1, `"," or "}"`)
		}
		return i
	}
}

// readKey reads a key that is not where or what was expected. At the brace of an empty object it returns nil and the byte after; nil and
// -1 if there is no key.
func (d *decoder) readKey(o *object, last *slot, i int) (s *slot, after int) {
	p := d.p
	if at(p, i) <= ' ' {
		i = skipSpace(p, i)
		if s := last.next; s != nil && s.matches(p, i) {
			return s, i + s.size
		}
	}
	if s := last.other; s != nil && s.matches(p, i) {
		last.otherCame(d.record)
		return s, i + s.size
	}
	switch {
	case at(p, i) == '"':
	case at(p, i) == '}' && last == &o.head:
		return nil, i + 1
	default:
		return nil, d.syntax(i, "a member name in quotes")
	}
	end, escaped, wide := d.stringEnd(i + 1)
	if end < 0 {
		return nil, d.unclosed(i)
	}
	colon := skipSpace(p, end+1)
	if at(p, colon) != ':' {
		return nil, d.syntax(colon, `":"`)
	}
	after = colon + 1
	if s = o.lookup(p, i, after-i); s == nil {
		if s = d.newKey(o, i, end, after, escaped || wide); s == nil {
			return nil, -1
		}
	}
	if s != &d.unknown && last != &d.unknown {
		last.follow(s)
	}
	return s, after
}

// newKey makes a slot for the key that stands from i to after and whose string ends at end. nil means that it is no valid text. Keys that
// are not remembered, because they are too many, are looked up each time; in an object that nothing needs that is not even necessary.
func (d *decoder) newKey(o *object, i, end, after int, special bool) *slot {
	if o.isShape() {
		if len(o.slots) >= maxShapeKeys {
			d.unknown = slot{plain: true, level: maxShapes, form: textForm | integerForm}
			return &d.unknown
		}
		s := newSlot(string(d.data[i:after]))
		s.level, s.plain, s.form = o.level, true, textForm|integerForm
		d.remember(o, s)
		return s
	}
	name, bad := d.plainText(i+1, end, special, special)
	if bad != nil {
		d.failAt("", bad, i)
		return nil
	}
	s := newSlot(string(d.data[i:after]))
	s.level = o.level
	if o.find(string(name), s); o.careful {
		d.trails = noTrails()
	}
	d.remember(o, s)
	return s
}

func (d *decoder) remember(o *object, s *slot) {
	if d.slots < maxSlots && s.size <= maxKey {
		d.slots++
		o.remember(s)
	}
}

// fillMissing makes NULL the members that the object did not have.
func (d *decoder) fillMissing(o *object, seen uint64, i, row int) int {
	for _, m := range o.members {
		here := seen
		if len(o.more) > 0 {
			here = o.more[m.bit>>6]
		}
		if here>>(uint(m.bit)&63)&1 != 0 || !d.wants(m) && !m.timed { //nolint:gosec // masked
			continue
		}
		if d.readNull(m, i-1, row) < 0 {
			return -1
		}
		if m.filtered && !d.whole {
			d.dropped = true
			return i
		}
	}
	return i
}
