package builtin

import (
	"math"
	"slices"

	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/jsonb"
	"wire.example/wire/sdk/sqlstate"
)

// errJSON is an error about what JSON functions can be applied to.
func errJSON(message string) *sqlstate.Error {
	return sqlstate.New(sqlstate.InvalidParameterValue, message)
}

// list appends elements or members, with the commas between them.
type list struct {
	dst   []byte
	start int
}

// openList begins an array or an object.
func openList(dst []byte, bracket byte) list {
	dst = append(dst, bracket)
	return list{dst, len(dst)}
}

func (l *list) add(key, value []byte) {
	if len(l.dst) > l.start {
		l.dst = append(l.dst, ", "...)
	}
	if key != nil {
		l.dst = append(append(l.dst, key...), ": "...)
	}
	l.dst = append(l.dst, value...)
}

// all adds what value has, or value itself if it is no array.
func (l *list) all(value []byte) {
	if jsonb.TypeOf(value) != jsonb.Array {
		l.add(nil, value)
		return
	}
	c := jsonb.Walk(value)
	for {
		_, v, ok := c.Next()
		if !ok {
			return
		}
		l.add(nil, v)
	}
}

func concatJSON(c *Call, i int, dst []byte) ([]byte, bool) {
	a, b := c.Bytes(0, i), c.Bytes(1, i)
	if jsonb.TypeOf(a) == jsonb.Object && jsonb.TypeOf(b) == jsonb.Object {
		return mergeObjects(dst, a, b), true
	}
	l := openList(dst, '[')
	l.all(a)
	l.all(b)
	return append(l.dst, ']'), true
}

// mergeObjects appends the members of a and b, of which b's are preferred; both are in order.
func mergeObjects(dst, a, b []byte) []byte {
	l := openList(dst, '{')
	x, y := jsonb.Walk(a), jsonb.Walk(b)
	keyA, valueA, okA := x.Next()
	keyB, valueB, okB := y.Next()
	for okA || okB {
		var order int
		switch {
		case !okA:
			order = 1
		case !okB:
			order = -1
		default:
			order = jsonb.CompareKeys(keyA, keyB)
		}
		if order < 0 {
			l.add(keyA, valueA)
		} else {
			l.add(keyB, valueB)
		}
		if order <= 0 {
			keyA, valueA, okA = x.Next()
		}
		if order >= 0 {
			keyB, valueB, okB = y.Next()
		}
	}
	return append(l.dst, '}')
}

// keepParts appends value without the parts that drop names: members by key, elements that are strings.
func keepParts(dst, value []byte, drop func(text []byte) bool) []byte {
	object := value[0] == '{'
	l := openList(dst, value[0])
	c := jsonb.Walk(value)
	for {
		key, v, ok := c.Next()
		if !ok {
			return append(l.dst, value[0]+2) // the closing bracket
		}
		named := key
		if !object {
			named = v
		}
		if named[0] != '"' || !drop(jsonb.Unquoted(named)) {
			l.add(key, v)
		}
	}
}

func deleteKey(c *Call, i int, dst []byte) ([]byte, bool) {
	value, key := c.Bytes(0, i), c.Bytes(1, i)
	if jsonb.TypeOf(value) < jsonb.Array {
		c.Fail(i, errJSON("cannot delete from scalar"))
		return dst, false
	}
	return keepParts(dst, value, func(text []byte) bool { return string(text) == string(key) }), true
}

func deleteKeys(c *Call, i int, dst []byte) ([]byte, bool) {
	value := c.Bytes(0, i)
	if jsonb.TypeOf(value) < jsonb.Array {
		c.Fail(i, errJSON("cannot delete from scalar"))
		return dst, false
	}
	child, from, to := c.elements(1, i)
	return keepParts(dst, value, func(text []byte) bool {
		for k := from; k < to; k++ {
			if !child.IsNull(k) && string(child.Bytes(k)) == string(text) {
				return true
			}
		}
		return false
	}), true
}

func deleteElement(c *Call, i int, dst []byte) ([]byte, bool) {
	value, n := c.Bytes(0, i), int(c.Int32(1, i))
	switch jsonb.TypeOf(value) {
	case jsonb.Array:
	case jsonb.Object:
		c.Fail(i, errJSON("cannot delete from object using integer index"))
		return dst, false
	default:
		c.Fail(i, errJSON("cannot delete from scalar"))
		return dst, false
	}
	if n < 0 {
		n += jsonb.Length(value)
	}
	l := openList(dst, '[')
	cursor := jsonb.Walk(value)
	for k := 0; ; k++ {
		_, v, ok := cursor.Next()
		if !ok {
			return append(l.dst, ']'), true
		}
		if k != n {
			l.add(nil, v)
		}
	}
}

// editKind is what an edit does where its path ends.
type editKind uint8

const (
	editDelete editKind = iota
	editReplace
	editCreate // replace, or add what is not there
	editBefore
	editAfter
)

func (k editKind) adds() bool { return k >= editCreate }

// edit changes a document at the end of a path, as PostgreSQL's setPath does.
type edit struct {
	kind  editKind
	path  [][]byte // nil: NULL
	value []byte
	bad   *sqlstate.Error
}

func (e *edit) fail(code sqlstate.Code, format string, args ...any) {
	if e.bad == nil {
		e.bad = sqlstate.Errorf(code, format, args...)
	}
}

// apply appends value as it is after the edit; level is the number of steps that led to it.
func (e *edit) apply(dst, value []byte, level int) []byte {
	t := jsonb.TypeOf(value)
	if t >= jsonb.Array && e.path[level] == nil {
		e.fail(sqlstate.NullValueNotAllowed, "path element at position %d is null", level+1)
	}
	switch {
	case e.bad != nil || t < jsonb.Array:
		return append(dst, value...)
	case t == jsonb.Object:
		return e.object(dst, value, level)
	default:
		return e.array(dst, value, level)
	}
}

func (e *edit) object(dst, value []byte, level int) []byte {
	last := level == len(e.path)-1
	want := jsonb.AppendString(nil, e.path[level])
	l := openList(dst, '{')
	c := jsonb.Walk(value)
	done := !last || !e.kind.adds()
	for {
		key, v, ok := c.Next()
		if !ok {
			break
		}
		order := jsonb.CompareKeys(key, want)
		if order > 0 && !done {
			l.add(want, e.value)
			done = true
		}
		switch {
		case order != 0:
			l.add(key, v)
		case !last:
			l.add(key, nil)
			l.dst = e.apply(l.dst, v, level+1)
		case e.kind == editDelete:
		case e.kind >= editBefore:
			e.fail(sqlstate.InvalidParameterValue, "cannot replace existing key")
			return l.dst
		default:
			l.add(key, e.value)
			done = true
		}
	}
	if !done {
		l.add(want, e.value)
	}
	return append(l.dst, '}')
}

func (e *edit) array(dst, value []byte, level int) []byte {
	last := level == len(e.path)-1
	index, ok := jsonb.Index(e.path[level])
	if !ok {
		e.fail(sqlstate.InvalidTextRepresentation, "path element at position %d is not an integer: \"%s\"", level+1, codec.Shown(e.path[level]))
		return dst
	}
	n := jsonb.Length(value)
	switch {
	case index < 0 && -index > n:
		index = math.MinInt
	case index < 0:
		index += n
	default:
		index = min(index, n)
	}
	l := openList(dst, '[')
	done := !last || !e.kind.adds()
	if !done && (index == math.MinInt || n == 0) {
		l.add(nil, e.value)
		done = true
	}
	c := jsonb.Walk(value)
	for k := 0; ; k++ {
		_, v, ok := c.Next()
		switch {
		case !ok:
			if !done {
				l.add(nil, e.value)
			}
			return append(l.dst, ']')
		case k != index:
			l.add(nil, v)
		case !last:
			l.add(nil, nil)
			l.dst = e.apply(l.dst, v, level+1)
		default:
			e.element(&l, v)
			done = true
		}
	}
}

// element adds the element at which the path ends, edited.
func (e *edit) element(l *list, v []byte) {
	if e.kind == editBefore || e.kind == editCreate || e.kind == editReplace {
		l.add(nil, e.value)
	}
	if e.kind == editBefore || e.kind == editAfter {
		l.add(nil, v)
	}
	if e.kind == editAfter {
		l.add(nil, e.value)
	}
}

// edited appends argument 0 after the edit, whose path is argument 1.
func (c *Call) edited(i int, dst []byte, e *edit, scalar string) ([]byte, bool) {
	value := c.Bytes(0, i)
	if jsonb.TypeOf(value) < jsonb.Array {
		c.Fail(i, errJSON(scalar))
		return dst, false
	}
	child, from, to := c.elements(1, i)
	if from == to {
		return append(dst, value...), true
	}
	e.path = slices.Grow(e.path[:0], to-from)
	for k := from; k < to; k++ {
		var step []byte
		if !child.IsNull(k) {
			step = child.Bytes(k)
		}
		e.path = append(e.path, step)
	}
	dst = e.apply(dst, value, 0)
	if e.bad != nil {
		c.Fail(i, e.bad)
		return dst, false
	}
	return dst, true
}

func deletePath(c *Call, i int, dst []byte) ([]byte, bool) {
	return c.edited(i, dst, &edit{kind: editDelete}, "cannot delete path in scalar")
}

func setPath(c *Call, i int, dst []byte) ([]byte, bool) {
	e := edit{kind: editCreate, value: c.Bytes(2, i)}
	if len(c.Args) > 3 && !c.Bool(3, i) {
		e.kind = editReplace
	}
	return c.edited(i, dst, &e, "cannot set path in scalar")
}

func insertPath(c *Call, i int, dst []byte) ([]byte, bool) {
	e := edit{kind: editBefore, value: c.Bytes(2, i)}
	if len(c.Args) > 3 && c.Bool(3, i) {
		e.kind = editAfter
	}
	return c.edited(i, dst, &e, "cannot set path in scalar")
}
