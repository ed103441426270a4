package jsonfmt

import (
	"bytes"
	"cmp"
	"slices"

	"wire.example/wire/sdk/sqlstate"
)

// canon is the memory with which values become canonical: see readJSONB. The members of all open objects lie on one stack.
type canon struct {
	members []canonMember
	keys    []byte
	sorted  []byte
}

// canonMember says where a member of an object lies in the output, key and value, and where its key lies in canon.keys.
type canonMember struct {
	keyStart, keyEnd int
	start, end       int
}

// key returns the name of m, without escapes.
func (c *canon) key(m canonMember) []byte { return c.keys[m.keyStart:m.keyEnd] }

// compare orders members by the length of their keys, then by their bytes, then as they came.
func (c *canon) compare(a, b canonMember) int {
	return cmp.Or(cmp.Compare(a.keyEnd-a.keyStart, b.keyEnd-b.keyStart), bytes.Compare(c.key(a), c.key(b)), cmp.Compare(a.start, b.start))
}

// isCanonical reports whether members are in order, without duplicates.
func (c *canon) isCanonical(members []canonMember) bool {
	for k := 1; k < len(members); k++ {
		a, b := members[k-1], members[k]
		if c.compare(a, b) > 0 || bytes.Equal(c.key(a), c.key(b)) {
			return false
		}
	}
	return true
}

func errDepth() *sqlstate.Error {
	return sqlstate.Errorf(sqlstate.StatementTooComplex, "objects and arrays nest more than %d deep", maxDepth)
}

// readJSONB stores the value at i in canonical form, PostgreSQL's: members sorted by the length of their keys and then their bytes, the
// last of duplicates only, one blank after colons and commas. Numbers keep their text.
func (d *decoder) readJSONB(m *member, i, row int) int {
	own := m.col.OwnBuffer(64)
	start := len(own.Data)
	d.json.members, d.json.keys = d.json.members[:0], d.json.keys[:0]
	dst, end := d.appendCanonical(own.Data, i, maxDepth)
	if end < 0 {
		own.Data = own.Data[:start]
		if d.badPath == "" {
			d.badPath = m.path
		}
		return -1
	}
	own = m.col.OwnBuffer(len(dst) - start)
	own.Data = append(own.Data[:start], dst[start:]...)
	m.col.SetOwn(row, start)
	return end
}

func (d *decoder) appendCanonical(dst []byte, i, depth int) ([]byte, int) {
	switch c := at(d.p, i); c {
	case '{', '[':
		if depth == 0 {
			return dst, d.failAt("", errDepth(), i)
		}
		if c == '{' {
			return d.canonicalObject(dst, skipSpace(d.p, i+1), depth-1)
		}
		return d.canonicalArray(dst, skipSpace(d.p, i+1), depth-1)
	case '"':
		text, after := d.canonicalString(i)
		return appendQuoted(dst, text), after
	default:
		end := d.skipValue(i, 0)
		if end > 0 {
			dst = append(dst, d.data[i:end]...)
		}
		return dst, end
	}
}

func (d *decoder) canonicalString(i int) (text []byte, after int) {
	end, escaped, wide := d.stringEnd(i + 1)
	if end < 0 {
		return nil, d.unclosed(i)
	}
	text, bad := d.plainText(i+1, end, escaped, wide)
	if bad != nil {
		return nil, d.failAt("", bad, i)
	}
	return text, end + 1
}

func (d *decoder) canonicalArray(dst []byte, i, depth int) ([]byte, int) {
	dst = append(dst, '[')
	if at(d.p, i) == ']' {
		return append(dst, ']'), i + 1
	}
	for {
		if dst, i = d.appendCanonical(dst, i, depth); i < 0 {
			return dst, -1
		}
		i = skipSpace(d.p, i)
		switch at(d.p, i) {
		case ',':
			dst = append(dst, ", "...)
			i = skipSpace(d.p, i+1)
		case ']':
			return append(dst, ']'), i + 1
		default:
			return dst, d.syntax(i, `"," or "]"`)
		}
	}
}

// canonicalObject appends the members as they come and then, if they are not in order, sorts them.
func (d *decoder) canonicalObject(dst []byte, i, depth int) ([]byte, int) {
	dst = append(dst, '{')
	if at(d.p, i) == '}' {
		return append(dst, '}'), i + 1
	}
	base, body := len(d.json.members), len(dst)
	for {
		if at(d.p, i) != '"' {
			return dst, d.syntax(i, "a member name in quotes")
		}
		key, after := d.canonicalString(i)
		if after < 0 {
			return dst, -1
		}
		member := canonMember{keyStart: len(d.json.keys), start: len(dst)}
		d.json.keys = append(d.json.keys, key...)
		member.keyEnd = len(d.json.keys)
		dst = append(appendQuoted(dst, key), ": "...)
		if i = skipSpace(d.p, after); at(d.p, i) != ':' {
			return dst, d.syntax(i, `":"`)
		}
		if dst, i = d.appendCanonical(dst, skipSpace(d.p, i+1), depth); i < 0 {
			return dst, -1
		}
		member.end = len(dst)
		d.json.members = append(d.json.members, member)
		i = skipSpace(d.p, i)
		switch at(d.p, i) {
		case ',':
			dst = append(dst, ", "...)
			i = skipSpace(d.p, i+1)
		case '}':
			dst = d.sortMembers(dst, body, base)
			return append(dst, '}'), i + 1
		default:
			return dst, d.syntax(i, `"," or "}"`)
		}
	}
}

// sortMembers puts the members from base on, which lie from body on in dst, into canonical order and takes them off the stack.
func (d *decoder) sortMembers(dst []byte, body, base int) []byte {
	c := &d.json
	members := c.members[base:]
	if !c.isCanonical(members) {
		slices.SortFunc(members, c.compare)
		c.sorted = c.sorted[:0]
		for k, member := range members {
			if k+1 < len(members) && bytes.Equal(c.key(members[k+1]), c.key(member)) {
				continue
			}
			if len(c.sorted) > 0 {
				c.sorted = append(c.sorted, ", "...)
			}
			c.sorted = append(c.sorted, dst[member.start:member.end]...)
		}
		dst = append(dst[:body], c.sorted...)
	}
	if base < len(c.members) {
		c.keys = c.keys[:c.minKey(members)]
	}
	c.members = c.members[:base]
	return dst
}

// minKey returns where the keys of members begin, of which there is at least one.
func (c *canon) minKey(members []canonMember) int {
	first := members[0].keyStart
	for _, member := range members {
		first = min(first, member.keyStart)
	}
	return first
}
