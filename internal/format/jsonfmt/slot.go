package jsonfmt

import (
	"encoding/binary"
	"strings"
	"unicode"
	"unsafe"

	"wire.example/wire/sdk/schema"
)

// maxSlots bounds how many different keys a decoder remembers, maxKey how long one may be (in bytes, with quotes and colon), maxShapes how
// deep objects that nothing needs are remembered, and maxShapeKeys how many keys of one of them, since its keys may be data.
const (
	maxSlots     = 4096
	maxKey       = 256
	maxShapes    = 8
	maxShapeKeys = 64
)

// slot is a key as it stands in the text, quotes and colon included, with what to do about it and the keys that came next before.
type slot struct {
	first, second         uint64 // its first 16 bytes
	firstMask, secondMask uint64
	size                  int
	member                *member // nil: skip the value
	form                  uint8   // what readObject itself does about it
	plain                 bool    // neither a member nor ambiguous
	ambiguous             bool
	inexact               bool    // matches only when case is ignored
	level                 int     // of its object
	next, other           *slot   // the keys that came next: the usual one, and the last one that was not that
	streak, streakEnd     int     // how many records in a row had other, and which was the last
	shape                 *object // how the object looks that is skipped here
	text                  string
	clash                 *slot // another one of the same slotKey
}

// Forms of values that readObject reads or skips itself; all others it hands on.
const (
	anyForm     = 0
	textForm    = 1 // strings
	integerForm = 2 // small positive integers, into BIGINT
	testForm    = 4 // any value, which a filter tests
)

// formOf returns the forms for a member, or for values that are skipped.
func (s *slot) formOf() uint8 {
	switch m := s.member; {
	case s.plain:
		return textForm | integerForm
	case m == nil:
		return anyForm
	case m.filtered:
		return testForm
	case m.typ.Kind == schema.Text && m.typ.Length == 0 && !m.isOp:
		return textForm
	case m.typ.Kind == schema.Int64:
		return integerForm
	default:
		return anyForm
	}
}

// slotKey tells slots apart, but for those that differ after 16 bytes.
type slotKey struct {
	first, second uint64
	size          int
}

func newSlot(text string) *slot {
	s := &slot{text: text, size: len(text)}
	var head [16]byte
	copy(head[:], text)
	s.first, s.second = binary.LittleEndian.Uint64(head[:]), binary.LittleEndian.Uint64(head[8:])
	s.firstMask, s.secondMask = keepBytes[min(len(text), 16)][0], keepBytes[min(len(text), 16)][1]
	return s
}

// begins reports whether the first 16 bytes of s stand at i.
func (s *slot) begins(p unsafe.Pointer, i int) bool {
	return (load(p, i)^s.first)&s.firstMask|(load(p, i+8)^s.second)&s.secondMask == 0
}

// matches reports whether s stands at i.
func (s *slot) matches(p unsafe.Pointer, i int) bool {
	return s.begins(p, i) && (s.size <= 16 || s.restMatches(p, i))
}

// restMatches compares what follows the first 16 bytes. A line feed differs from every key, so it does not read far past the row's end.
func (s *slot) restMatches(p unsafe.Pointer, i int) bool {
	text := unsafe.Pointer(unsafe.StringData(s.text))
	for k := 16; k < s.size; k += 8 {
		k := min(k, s.size-8)
		if load(p, i+k) != load(text, k) {
			return false
		}
	}
	return true
}

// follow notes that key after came behind s.
func (s *slot) follow(after *slot) {
	if s.next == nil {
		s.next = after
	} else {
		s.other, s.streak = after, 0
	}
}

// otherCame notes that other was right, in the given record. Once it was in many records in a row it becomes the usual one; not at once,
// since where two kinds of record alternate, that would be wrong as often as right.
func (s *slot) otherCame(record int) {
	if record-s.streakEnd > 1 {
		s.streak = 0
	}
	s.streakEnd = record
	if s.streak++; s.streak == usualAfter {
		s.next, s.other, s.streak = s.other, s.next, 0
	}
}

// usualAfter is how many records in a row make a key the usual one.
const usualAfter = 8

// lookup returns the remembered key of size bytes at i, or nil.
func (o *object) lookup(p unsafe.Pointer, i, size int) *slot {
	if size > maxKey {
		return nil
	}
	mask := keepBytes[min(size, 16)]
	for s := o.slots[slotKey{first: load(p, i) & mask[0], second: load(p, i+8) & mask[1], size: size}]; s != nil; s = s.clash {
		if s.matches(p, i) {
			return s
		}
	}
	return nil
}

// remember keeps s for lookup.
func (o *object) remember(s *slot) {
	if o.slots == nil {
		o.slots = map[slotKey]*slot{}
	}
	key := slotKey{first: s.first, second: s.second, size: s.size}
	s.clash = o.slots[key]
	o.slots[key] = s
}

// isShape reports whether nothing of o is needed.
func (o *object) isShape() bool { return len(o.fields) == 0 && o.op == nil }

// What names.find answers besides the number of a field.
const (
	noField    = -1
	manyFields = -2
)

// names finds fields by name: exactly, else the only one that differs by case.
type names struct {
	exact  map[string]int
	folded map[string]int
}

func newNames(fields []schema.Field) *names {
	n := &names{exact: make(map[string]int, len(fields)), folded: make(map[string]int, len(fields))}
	for i, f := range fields {
		if _, known := n.exact[f.Name]; !known {
			n.exact[f.Name] = i
		}
		folded := fold(f.Name)
		if _, known := n.folded[folded]; known {
			i = manyFields
		}
		n.folded[folded] = i
	}
	return n
}

func (n *names) find(name string) (field int, exact bool) {
	if i, ok := n.exact[name]; ok {
		return i, true
	}
	if i, ok := n.folded[fold(name)]; ok {
		return i, false
	}
	return noField, false
}

// fold replaces each letter by the first of those that differ from it by case only, so that equal results mean strings.EqualFold.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, name)
}
