package jsonfmt

import (
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// readTimed reads the event time out of m, a member of a row that is dropped: what else m has is only checked for its structure. The value begins at i;
// the byte after it is returned, or -1.
func (d *decoder) readTimed(m *member, i, row int) int {
	switch c := at(d.p, i); {
	case c == '"' && m.isTime && (m.typ.Kind == schema.Timestamp || m.typ.Kind == schema.TimestampTZ):
		if end := m.readStamp(d.p, i+1, row); end > 0 {
			return end
		}
	case c == '{' && m.object != nil && !m.object.careful && !m.must:
		for _, instant := range m.instants {
			*slotOf[int64](instant.base, row) = codec.NoTime
		}
		return d.skipToTimes(m.object, i+1, row)
	default:
	}
	d.revive(m, row)
	narrow := d.narrow
	d.narrow = true
	i = d.readValue(m, i, row)
	d.narrow = narrow
	return i
}

// skipToTimes is skipShape for an object that the event time, or a part of it, is in. If a key makes the object careful, the row is read anew.
func (d *decoder) skipToTimes(o *object, i, row int) int {
	p := d.p
	last, s := &o.head, o.head.next
	for {
		if s != nil && s.begins(p, i) && (s.size <= 16 || s.restMatches(p, i)) {
			i += s.size
		} else if s, i = d.readKeyOfTimed(o, last, i); s == nil {
			return i
		}
		from := i
		switch c := at(p, i); {
		case c == '"' && s.form&textForm != 0:
			if i = d.stopAt(i + 1); at(p, i) == '"' {
				i++
			} else {
				i = d.skipString(from)
			}
		case c-'1' <= 8 && s.form&integerForm != 0:
			if i = shortIntegerEnd(p, i); i == 0 {
				i = d.skipMember(s, from)
			}
		case s.member != nil && s.member.timed:
			i = d.readTimed(s.member, skipSpace(p, i), row)
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

// readKeyOfTimed is readKey in a row that is dropped.
func (d *decoder) readKeyOfTimed(o *object, last *slot, i int) (s *slot, after int) {
	if s, after = d.readKey(o, last, i); o.careful {
		d.again = true
		return nil, -1
	}
	return s, after
}
