package eval

import (
	"bytes"
	mathbits "math/bits"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/sqlstate"
)

func (c *compiler) like(n *node, e *bind.Expr) operation {
	o := &likeState{fold: e.Fold}
	constant := true
	for _, a := range e.Args[1:] {
		constant = constant && a.Op == bind.Const && !a.Value.IsNull(0)
	}
	if constant {
		var escape []byte
		if len(e.Args) > 2 {
			escape = e.Args[2].Value.Bytes(0)
		}
		if o.set(e.Args[1].Value.Bytes(0), escape, len(e.Args) > 2) == nil {
			n.args = n.args[:1]
			o.pattern.specialise()
			return c.native(n, o.constant, false)
		}
	}
	return c.native(n, o.columns, false)
}

// likeState is the pattern in force at one place of a program.
type likeState struct {
	fold    bool
	source  []byte // the pattern as written, and its escape
	escape  []byte
	given   bool
	pattern likePattern
	lowered []byte
}

// set makes pattern the one in force. escape counts if given.
func (o *likeState) set(pattern, escape []byte, given bool) *sqlstate.Error {
	if o.source != nil && bytes.Equal(o.source, pattern) && bytes.Equal(o.escape, escape) && o.given == given {
		return nil
	}
	o.source = nil
	mark := byte('\\')
	text := pattern
	if given {
		_, n := decodeChar(escape)
		switch {
		case len(escape) == 0:
			mark = 0
		case n != len(escape):
			return sqlstate.New(sqlstate.InvalidEscapeSequence, "invalid escape string").
				WithHint("Escape string must be empty or one character.")
		case n == 1:
			mark = escape[0]
		default:
			// A longer character becomes a byte that text cannot hold.
			mark = 0xff
			text = bytes.ReplaceAll(pattern, escape, []byte{mark})
		}
	}
	o.pattern.parse(text, mark)
	if o.fold {
		for i := range o.pattern.parts {
			part := &o.pattern.parts[i]
			part.text = builtin.AppendLower(nil, part.text)
		}
	}
	o.pattern.prepare()
	o.source, o.escape, o.given = append([]byte{}, pattern...), append([]byte{}, escape...), given
	return nil
}

// constant matches a column against the one pattern.
func (o *likeState) constant(c *builtin.Call) {
	out, a := c.Out.Bits(), c.Args[0].Col
	clear(out)
	if o.fold || o.pattern.dangling {
		live(c, func(row int) { o.match(c, row, a.Bytes(row)) })
		return
	}
	test := o.pattern.test
	var mask [maxWords]uint64
	for w, bits := range wanted(c, mask[:]) {
		for ; bits != 0; bits &= bits - 1 {
			bit := mathbits.TrailingZeros64(bits)
			out[w] |= one(test(a.Bytes(w<<6|bit))) << (uint(bit) & 63)
		}
	}
}

// columns matches each row against its own pattern.
func (o *likeState) columns(c *builtin.Call) {
	clear(c.Out.Bits())
	live(c, func(row int) {
		var escape []byte
		if len(c.Args) > 2 {
			escape = c.Bytes(2, row)
		}
		if bad := o.set(c.Bytes(1, row), escape, len(c.Args) > 2); bad != nil {
			c.Fail(row, bad)
			return
		}
		o.match(c, row, c.Bytes(0, row))
	})
}

func (o *likeState) match(c *builtin.Call, row int, text []byte) {
	if o.fold {
		o.lowered = builtin.AppendLower(o.lowered[:0], text)
		text = o.lowered
	}
	switch {
	case !o.pattern.dangling:
		if o.pattern.match(text) {
			c.Out.Bits().Set(row)
		}
	case o.pattern.reached(text):
		c.Fail(row, sqlstate.New(sqlstate.InvalidEscapeSequence, "LIKE pattern must not end with escape character"))
	}
}
