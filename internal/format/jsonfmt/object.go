package jsonfmt

import "strconv"

// maxDepth bounds how deeply objects and arrays may nest.
const maxDepth = 512

// readObject reads the members of an object into row; i is the byte after its brace. It returns the byte after the closing brace, or -1.
func (d *decoder) readObject(o *object, i, row int) int {
	p := d.p
	var seen, exact uint64
	if len(o.more) > 0 {
		clear(o.more)
	}
	careful := o.careful
	last, s := &o.head, o.head.next
	for first := true; ; first = false {
		if s != nil && s.begins(p, i) && (s.size <= 16 || s.restMatches(p, i)) {
			i += s.size
		} else if s, i = d.readKey(o, last, i, first); s == nil {
			break
		}
		if at(p, i) <= ' ' {
			i = skipSpace(p, i)
		}
		switch m := s.member; {
		case m == nil || d.dropped:
			i = d.skipMember(s, i)
		case o.careful:
			if !careful { // this row is the first to have a key that matches only when case is ignored: those so far were exact
				careful, exact = true, seen
			}
			i = d.readCareful(o, s, i, row, &seen, &exact)
		default:
			if bit := uint64(1) << (uint(m.bit) & 63); seen&bit == 0 { //nolint:gosec // masked
				seen |= bit
			} else {
				d.revive(m, row)
			}
			i = d.readValue(m, i, row)
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
		break
	}
	if i < 0 || d.dropped || seen == o.full {
		return i
	}
	return d.fillMissing(o, seen, i, row)
}

// readCareful reads a member of an object in which something is out of the ordinary: more than 64 members, filters, or keys that match only
// when case is ignored, among which an exact one wins wherever it stands.
func (d *decoder) readCareful(o *object, s *slot, i, row int, seen, exact *uint64) int {
	m := s.member
	word := seen
	if len(o.more) > 0 {
		word = &o.more[m.bit>>6]
	}
	bit := uint64(1) << (uint(m.bit) & 63) //nolint:gosec // masked
	if m.bit < 64 && s.inexact && *exact&bit != 0 {
		return d.skipMember(s, i)
	}
	if m.bit < 64 && !s.inexact {
		*exact |= bit
	}
	if *word&bit != 0 {
		d.revive(m, row)
	}
	*word |= bit
	i = d.readValue(m, i, row)
	if len(m.conds) > 0 && i > 0 && !d.whole {
		d.dropped = !m.meets(row)
	}
	return i
}

// skipMember passes over a value that nothing needs. A second value for a filtered column makes the row start anew without its filter,
// since the last of duplicates counts.
func (d *decoder) skipMember(s *slot, i int) int {
	if at(d.p, i) == '"' && s.member == nil && !s.ambiguous {
		if end := plainEnd(d.p, i+1); at(d.p, end) == '"' {
			return end + 1
		}
	}
	if s.ambiguous {
		return d.fail("", errAmbiguous(s.text[:len(s.text)-1]))
	}
	if d.dropped && s.member != nil && len(s.member.conds) > 0 {
		d.again = true
		return -1
	}
	if at(d.p, i) == '{' {
		if s.shape == nil {
			s.shape = &object{level: s.level + 1}
		}
		if s.level < maxShapes {
			return d.readObject(s.shape, i+1, 0)
		}
	}
	return d.skipValue(i, maxDepth-maxShapes)
}

// readKey reads a key that is not the expected one and makes it the expected one for next time. At the brace of an empty object it
// returns nil and the byte after; nil and -1 if there is no key.
func (d *decoder) readKey(o *object, last *slot, i int, first bool) (s *slot, after int) {
	p := d.p
	i = skipSpace(p, i)
	if at(p, i) == '}' && first {
		return nil, i + 1
	}
	if at(p, i) != '"' {
		return nil, d.syntax(i, "a member name in quotes")
	}
	for _, known := range o.slots {
		if known.matches(p, i) {
			last.next = known
			return known, i + known.size
		}
	}
	end, escaped, wide := stringEnd(p, i+1)
	if end < 0 {
		return nil, d.syntax(i, "a member name")
	}
	name, bad := d.plainText(i+1, end, escaped, wide)
	if bad != nil {
		return nil, d.fail("", bad)
	}
	colon := skipSpace(p, end+1)
	if at(p, colon) != ':' {
		return nil, d.syntax(colon, `":"`)
	}
	s = newSlot(string(d.data[i : colon+1]))
	s.level = o.level
	o.find(string(name), s)
	if d.slots < maxSlots && s.size <= maxKey {
		d.slots++
		o.slots = append(o.slots, s)
		last.next = s
	}
	return s, colon + 1
}

// fillMissing makes NULL the members that the object did not have.
func (d *decoder) fillMissing(o *object, seen uint64, i, row int) int {
	for _, m := range o.members {
		here := seen
		if len(o.more) > 0 {
			here = o.more[m.bit>>6]
		}
		if here>>(uint(m.bit)&63)&1 != 0 { //nolint:gosec // masked
			continue
		}
		if d.readNull(m, row) < 0 {
			return -1
		}
		if len(m.conds) > 0 && !d.whole {
			d.dropped = true
			return i
		}
	}
	return i
}

// syntax fails the row for text at i that is no JSON.
func (d *decoder) syntax(i int, want string) int {
	if d.bad == nil {
		d.fail("", errSyntax("expected "+want+" at byte "+strconv.Itoa(i-d.start)))
	}
	return -1
}
