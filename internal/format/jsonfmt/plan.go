package jsonfmt

import (
	"strings"
	"unsafe"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
	"wire.example/wire/sdk/temporal"
)

// member is a column or nested value to decode. One lane uses it.
type member struct {
	path    string // column name, with the names of its parents: "bid.auction"
	typ     schema.Type
	notNull bool
	isOp    bool // the kind of change of a changelog, no column
	bit     int  // number within its object
	conds   []codec.Condition

	col    *batch.Column
	base   unsafe.Pointer // the column's values
	object *object        // of a ROW
	elem   *member        // of an ARRAY
	room   int            // rows that elem's columns have

	stamp    temporal.TimestampParser
	stampLen int // bytes of the timestamp before
}

// object is what is wanted of one JSON object, and what its keys looked like so far.
type object struct {
	fields  []schema.Field
	byField []*member // nil: not wanted
	members []*member
	op      *member // kind of change, or nil
	opField string
	head    slot // its next is the key expected first
	slots   []*slot
	level   int      // how deep it lies; 0 for the record itself
	careful bool     // some key matches only when case is ignored, or a member is filtered, or there are more than 64
	full    uint64   // the seen bits of all members; with more than 64, one that never occurs
	more    []uint64 // which members were seen, if there are more than 64
}

// maxSlots bounds how many different keys a decoder remembers, maxKey how long one may be (in bytes, with quotes and colon), and maxShapes
// how deep objects that nothing needs are remembered.
const (
	maxSlots  = 4096
	maxKey    = 256
	maxShapes = 8
)

// slot is a key as it stands in the text, quotes and colon included, with what to do about it and the key that came next the last time.
type slot struct {
	first, second         uint64 // its first 16 bytes
	firstMask, secondMask uint64
	size                  int
	text                  string
	member                *member // nil: skip the value
	ambiguous             bool
	inexact               bool
	level                 int     // of its object
	shape                 *object // how the object looks that is skipped here
	next                  *slot
}

func newSlot(text string) *slot {
	s := &slot{text: text, size: len(text)}
	for i := range min(len(text), 16) {
		shift := uint(i&7) * 8 //nolint:gosec // below 64
		if i < 8 {
			s.first |= uint64(text[i]) << shift
			s.firstMask |= 0xff << shift
		} else {
			s.second |= uint64(text[i]) << shift
			s.secondMask |= 0xff << shift
		}
	}
	return s
}

// begins reports whether the first 16 bytes of s stand at i.
func (s *slot) begins(p unsafe.Pointer, i int) bool {
	return (load(p, i)^s.first)&s.firstMask|(load(p, i+8)^s.second)&s.secondMask == 0
}

// matches reports whether s stands at i.
func (s *slot) matches(p unsafe.Pointer, i int) bool {
	return s.begins(p, i) && s.restMatches(p, i)
}

func (s *slot) restMatches(p unsafe.Pointer, i int) bool {
	for k := 16; k < s.size; k++ {
		if at(p, i+k) != s.text[k] { // a line feed differs, so this stops at the row's end
			return false
		}
	}
	return true
}

// newObject plans fields; need nil means all of them.
func newObject(fields []schema.Field, need []codec.Need, prefix string) *object {
	o := &object{fields: fields, byField: make([]*member, len(fields))}
	for i, f := range fields {
		n := codec.Need{Read: true}
		if need != nil {
			n = need[i]
		}
		if n.Read {
			o.byField[i] = newMember(f.Type, f.NotNull, n, prefix+f.Name)
			o.add(o.byField[i])
		}
	}
	return o
}

func (o *object) add(m *member) {
	m.bit = len(o.members)
	o.members = append(o.members, m)
	o.full = 1<<uint(len(o.members)) - 1
	if len(o.members) > 64 {
		o.more = make([]uint64, batch.Words(len(o.members)))
		o.careful, o.full = true, 1
	}
}

func newMember(typ schema.Type, notNull bool, need codec.Need, path string) *member {
	m := &member{path: path, typ: typ, notNull: notNull}
	switch typ.Kind {
	case schema.Row:
		m.object = newObject(typ.Fields, need.Members, path+".")
	case schema.Array:
		m.elem = newMember(*typ.Elem, false, codec.Need{Read: true}, path)
	default:
	}
	return m
}

// find resolves a key: a field of exactly that name, else the only one that differs by case.
func (o *object) find(name string, s *slot) {
	if o.op != nil && name == o.opField {
		s.member = o.op
		return
	}
	found, count := -1, 0
	for i := range o.fields {
		if o.fields[i].Name == name {
			s.member = o.byField[i]
			return
		}
		if strings.EqualFold(o.fields[i].Name, name) {
			found = i
			count++
		}
	}
	s.inexact = count > 0
	s.ambiguous = count > 1
	o.careful = o.careful || s.inexact
	if count == 1 {
		s.member = o.byField[found]
	}
}

func errAmbiguous(name string) *sqlstate.Error {
	return sqlstate.Errorf(sqlstate.AmbiguousColumn, "member %q matches several columns", name).
		WithHint("Spell the member exactly as one of the columns.")
}
