package jsonfmt

import (
	"cmp"
	"slices"

	"wire.example/wire/sdk/sqlstate"
)

// canon is the memory with which values become canonical: see readJSONB. The members of all open objects lie on one stack.
type canon struct {
	members []canonMember
	sorted  []byte
}

// canonMember says where a member of an object lies in the output, key and value.
type canonMember struct {
	key        string
	start, end int
	order      int
}

func errDepth() *sqlstate.Error {
	return sqlstate.Errorf(sqlstate.StatementTooComplex, "objects and arrays nest more than %d deep", maxDepth)
}

// readJSONB stores the value at i in canonical form, PostgreSQL's: members sorted by the length of their keys and then their bytes, the
// last of duplicates only, one blank after colons and commas. Numbers keep their text.
func (d *decoder) readJSONB(m *member, i, row int) int {
	own := m.col.OwnBuffer(64)
	start := len(own.Data)
	d.json.members = d.json.members[:0]
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
		member := canonMember{key: string(key), start: len(dst), order: len(d.json.members)}
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
	members := d.json.members[base:]
	d.json.members = d.json.members[:base]
	byKey := func(a, b canonMember) int {
		return cmp.Or(cmp.Compare(len(a.key), len(b.key)), cmp.Compare(a.key, b.key), cmp.Compare(a.order, b.order))
	}
	if slices.IsSortedFunc(members, byKey) && !hasDuplicates(members) {
		return dst
	}
	slices.SortFunc(members, byKey)
	d.json.sorted = d.json.sorted[:0]
	for k, member := range members {
		if k+1 < len(members) && members[k+1].key == member.key {
			continue
		}
		if len(d.json.sorted) > 0 {
			d.json.sorted = append(d.json.sorted, ", "...)
		}
		d.json.sorted = append(d.json.sorted, dst[member.start:member.end]...)
	}
	return append(dst[:body], d.json.sorted...)
}

func hasDuplicates(sorted []canonMember) bool {
	for k := 1; k < len(sorted); k++ {
		if sorted[k].key == sorted[k-1].key {
			return true
		}
	}
	return false
}
