package jsonfmt

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
	i = d.readValue(m, i, row)
	if len(m.conds) > 0 && i > 0 && !d.whole {
		d.dropped = !m.meets(row)
	}
	return i
}

// skipMember passes over a value that nothing needs. A second value for a filtered column makes the row start anew without its filter,
// since the last of duplicates counts.
func (d *decoder) skipMember(s *slot, i int) int {
	if !s.plain {
		if s.ambiguous {
			return d.failAt("", errAmbiguous(s.text[:len(s.text)-1]), i)
		}
		if d.dropped && len(s.member.conds) > 0 {
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
		return d.readObject(s.shape, i+1, 0)
	}
	return d.skipValue(i, maxDepth-s.level-1)
}

// readKey reads a key that is not where or what was expected. At the brace of an empty object it returns nil and the byte after; nil and
// -1 if there is no key.
func (d *decoder) readKey(o *object, last *slot, i int, first bool) (s *slot, after int) {
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
	case at(p, i) == '}' && first:
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
	last.follow(s)
	return s, after
}

// newKey makes a slot for the key that stands from i to after and whose string ends at end. nil means that it is no valid text. Keys that
// are not remembered, because they are too many, are looked up each time; in an object that nothing needs that is not even necessary.
func (d *decoder) newKey(o *object, i, end, after int, special bool) *slot {
	if o.isShape() {
		if len(o.slots) >= maxShapeKeys {
			d.unknown = slot{plain: true, level: maxShapes}
			return &d.unknown
		}
		s := newSlot(string(d.data[i:after]))
		s.level, s.plain = o.level, true
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
	o.find(string(name), s)
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
		if here>>(uint(m.bit)&63)&1 != 0 { //nolint:gosec // masked
			continue
		}
		if d.readNull(m, i-1, row) < 0 {
			return -1
		}
		if len(m.conds) > 0 && !d.whole {
			d.dropped = true
			return i
		}
	}
	return i
}
