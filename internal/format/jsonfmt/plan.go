package jsonfmt

import (
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
	// isDeleted says of a member that isOp that it is true or false: the row takes another one away, or replaces it.
	isDeleted bool
	bit       int // number within its object
	test      test
	// filtered says that test is not empty, timed that the event time is the member or lies in it, isTime that it is the member.
	filtered, timed, isTime bool
	// quiet says that nothing but the event time is read of the member: its NULLs are not kept.
	quiet bool
	// instants are the members below a timed one that may be the event time; must says that one on the way to them must not be NULL.
	instants []*member
	must     bool

	col    *batch.Column
	base   unsafe.Pointer // the column's values
	object *object        // of a ROW
	elem   *member        // of an ARRAY
	room   int            // rows that elem's columns have

	// A ROW that is outside arrays sets its NULLs late, when the run of rows from nullFrom to before nullTo, in which it is NULL, has ended.
	late             bool
	nullFrom, nullTo int

	minute minute
	stamp  temporal.TimestampParser // for the timestamps that readStamp does not read
}

// object is what is wanted of one JSON object, and what its keys looked like so far.
type object struct {
	fields  []schema.Field
	byField []*member // nil: not wanted
	members []*member
	op      *member // kind of change, or nil
	opField string
	names   *names
	head    slot              // its next is the key expected first
	slots   map[slotKey]*slot // all keys remembered
	level   int               // how deep it lies; 0 for the record itself
	careful bool              // some key matches only when case is ignored, or a member is filtered, or there are more than 64
	full    uint64            // the seen bits of all members; with more than 64, one that never occurs
	given   uint64            // those of members that need not be there
	more    []uint64          // if there are more than 64: which members were seen, then which of them by their exact names
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
			o.byField[i].late = f.Type.Kind == schema.Row
			o.add(o.byField[i])
		}
	}
	return o
}

// markTimed notes that the event time may be the member that path leads to, and returns that member.
func (o *object) markTimed(path []int) *member {
	m := o.byField[path[0]]
	m.timed = true
	if len(path) > 1 {
		return m.object.markTimed(path[1:])
	}
	m.isTime = true
	return m
}

// noteInstant adds the event time that path leads to, below m, to what m and those on the way to it know of it.
func (m *member) noteInstant(path []int) *member {
	if len(path) == 0 {
		return m
	}
	child := m.object.byField[path[0]]
	instant := child.noteInstant(path[1:])
	m.instants = append(m.instants, instant)
	m.must = m.must || child.must || child.notNull
	return instant
}

// setQuiet notes that nothing but the event time is read of m, a member of o.
func (o *object) setQuiet(m *member) {
	if len(o.members) > 64 {
		return
	}
	o.given |= 1 << uint(m.bit) //nolint:gosec // below 64
	m.setQuiet()
}

func (m *member) setQuiet() {
	m.quiet, m.notNull = true, false
	if m.object == nil {
		return
	}
	for _, child := range m.object.members {
		m.object.setQuiet(child)
	}
}

func (o *object) add(m *member) {
	m.bit = len(o.members)
	o.members = append(o.members, m)
	o.full = 1<<uint(len(o.members)) - 1
	if len(o.members) > 64 {
		o.more = make([]uint64, 2*batch.Words(len(o.members)))
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
		m.elem.setEarly()
	default:
	}
	return m
}

// setEarly makes m and all below it set NULLs at once: elements of arrays come and go by other rules than rows.
func (m *member) setEarly() {
	m.late = false
	if m.object != nil {
		for _, child := range m.object.members {
			child.setEarly()
		}
	}
}

// find resolves a key: a field of exactly that name, else the only one that differs by case.
func (o *object) find(name string, s *slot) {
	s.resolve(o, name)
	s.form = s.formOf()
	o.careful = o.careful || s.inexact
}

func (s *slot) resolve(o *object, name string) {
	if o.op != nil && name == o.opField {
		s.member = o.op
		return
	}
	if o.names == nil {
		o.names = newNames(o.fields)
	}
	i, exact := o.names.find(name)
	switch i {
	case noField:
		s.plain = true
	case manyFields:
		s.ambiguous = true
	default:
		s.member = o.byField[i]
		s.plain = s.member == nil
		s.inexact = !exact && !s.plain
	}
}

// errAmbiguous is for a key, in its quotes.
func errAmbiguous(key string) *sqlstate.Error {
	return sqlstate.Errorf(sqlstate.AmbiguousColumn, "member %s matches several columns", key).
		WithHint("Spell it exactly as one of the columns.")
}
