package eval

import (
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// maxWords is the number of words of a bitmap over a batch.
const maxWords = batch.MaxRows / 64

// logic is AND or OR in three-valued logic. An operand that stands in a scope of its own is computed only for the rows that the operands
// before it left open: not false for AND, not true for OR.
type logic struct {
	or     bool
	scopes []*scope // of each operand
	// trues and falses are the rows for which every (some) operand so far was true, and some (every) was false.
	trues, falses [maxWords]uint64
}

func (c *compiler) logic(n *node, e *bind.Expr) operation {
	for i, a := range n.args {
		n.args[i] = c.spread(a)
	}
	return &logic{or: e.Op == bind.Or, scopes: c.operandScopes(e, c.id(e), n.scope)}
}

func (o *logic) run(p *Program, n *node) {
	out := n.begin(p)
	words := batch.Words(p.rows)
	trues, falses := o.trues[:words], o.falses[:words]
	open := falses
	if o.or {
		open = trues
	}
	for i := range words {
		trues[i], falses[i] = ^uint64(0), ^uint64(0)
	}
	clear(open)
	current := n.scope
	for i, a := range n.args {
		if in := o.scopes[i]; in != n.scope {
			if in.take(clearRows(in.mem[:0], open, current.sel, p.rows)) == 0 {
				break
			}
			current = in
		}
		o.combine(a.get(p).Col, trues, falses)
	}
	bits, known := out.Bits(), uint64(0)
	known = ^known
	for i := range words {
		bits[i] = trues[i]
		known &= trues[i] | falses[i]
	}
	if known == ^uint64(0) {
		return
	}
	valid := out.MutableValid()
	for i := range words {
		valid[i] = trues[i] | falses[i]
	}
}

// combine takes another operand in. In rows outside its scope, where it is garbage, the result is decided already, and stays.
func (o *logic) combine(col *batch.Column, trues, falses []uint64) {
	bits, valid := col.Bits()[:len(trues)], col.Valid()
	switch {
	case o.or && valid == nil:
		for i, b := range bits {
			falses[i] &^= b
			trues[i] |= b
		}
	case o.or:
		valid = valid[:len(bits)]
		for i, b := range bits {
			falses[i] &= valid[i] &^ b
			trues[i] |= valid[i] & b
		}
	case valid == nil:
		for i, b := range bits {
			trues[i] &= b
			falses[i] |= ^b
		}
	default:
		valid = valid[:len(bits)]
		for i, b := range bits {
			trues[i] &= valid[i] & b
			falses[i] |= valid[i] &^ b
		}
	}
}

// clearRows appends to dst the rows of sel (nil: all) whose bit is clear.
func clearRows(dst []uint16, bits []uint64, sel []uint16, rows int) []uint16 {
	if sel != nil {
		return appendClear(dst, bits, sel)
	}
	if dst == nil {
		dst = make([]uint16, 0, batch.MaxRows)
	}
	var flipped [maxWords]uint64
	for i, w := range bits {
		flipped[i] = ^w
	}
	return batch.Bitmap(flipped[:len(bits)]).AppendOnes(dst, rows)
}

func appendClear(dst []uint16, bits []uint64, sel []uint16) []uint16 {
	dst, at := room(dst, len(sel))
	for _, row := range sel {
		dst[at] = row
		at += int(^bits[row>>6] >> (row & 63) & 1)
	}
	return dst[:at]
}

// room returns dst with space for n more entries, and where they begin.
func room(dst []uint16, n int) (roomy []uint16, at int) {
	at = len(dst)
	if cap(dst)-at < n {
		dst = append(make([]uint16, 0, max(2*cap(dst), at+n, batch.MaxRows)), dst...)
	}
	return dst[:at+n], at
}

// appendTrue appends to dst the rows of sel (nil: all of rows) for which v is true.
func appendTrue(dst []uint16, v builtin.Arg, sel []uint16, rows int) []uint16 {
	bits, valid := v.Col.Bits(), v.Col.Valid()
	if sel == nil {
		return appendOnes(dst, bits, valid, rows)
	}
	dst, at := room(dst, len(sel))
	if valid == nil {
		for _, row := range sel {
			dst[at] = row
			at += int(bits[row>>6] >> (row & 63) & 1)
		}
		return dst[:at]
	}
	for _, row := range sel {
		dst[at] = row
		at += int(bits[row>>6] & valid[row>>6] >> (row & 63) & 1)
	}
	return dst[:at]
}

func appendOnes(dst []uint16, bits, valid batch.Bitmap, rows int) []uint16 {
	if valid == nil {
		return bits.AppendOnes(dst, rows)
	}
	var both [maxWords]uint64
	words := batch.Words(rows)
	for i := range words {
		both[i] = bits[i] & valid[i]
	}
	return batch.Bitmap(both[:words]).AppendOnes(dst, rows)
}

// filter appends to kept the rows for which all operands of an AND are true. What is NULL is out at once, as in WHERE.
func (o *logic) filter(p *Program, n *node, kept []uint16) []uint16 {
	start := len(kept)
	words := batch.Words(p.rows)
	trues, falses := o.trues[:words], o.falses[:words]
	for i := range words {
		trues[i] = ^uint64(0)
	}
	sel, selected := n.scope.sel, false
	for i, a := range n.args {
		if o.scopes[i] == n.scope {
			o.combine(a.get(p).Col, trues, falses)
			if selected {
				kept = kept[:start+len(retain(kept[start:], trues))]
			}
			continue
		}
		if !selected {
			kept = appendOnesOf(kept, trues, sel, p.rows)
			selected = true
		}
		if o.scopes[i].take(append(o.scopes[i].mem[:0], kept[start:]...)) == 0 {
			return kept
		}
		kept = appendTrue(kept[:start], a.get(p), o.scopes[i].sel, p.rows)
	}
	if !selected {
		kept = appendOnesOf(kept, trues, sel, p.rows)
	}
	return kept
}

// retain keeps the rows of sel, in place, whose bit is set.
func retain(sel []uint16, bits []uint64) []uint16 {
	at := 0
	for _, row := range sel {
		sel[at] = row
		at += int(bits[row>>6] >> (row & 63) & 1)
	}
	return sel[:at]
}

func appendOnesOf(dst []uint16, bits []uint64, sel []uint16, rows int) []uint16 {
	if sel == nil {
		return batch.Bitmap(bits).AppendOnes(dst, rows)
	}
	start := len(dst)
	dst = append(dst, sel...)
	return dst[:start+len(retain(dst[start:], bits))]
}

// not flips a BOOLEAN.
func not(c *builtin.Call) {
	out, in := c.Out.Bits(), c.Args[0].Col.Bits()
	for i := range out {
		out[i] = ^in[i]
	}
}

// isNull is IS NULL or IS NOT NULL.
type isNull struct{ negated bool }

func (o *isNull) run(p *Program, n *node) {
	in := n.args[0].get(p).Col
	out := n.begin(p).Bits()
	if in.Kind() == schema.Row {
		o.ofRow(in, out)
		return
	}
	if valid := in.Valid(); valid != nil {
		copy(out, valid)
	} else {
		out.Fill(p.rows)
	}
	if !o.negated {
		for i, w := range out {
			out[i] = ^w
		}
	}
}

// ofRow: a row IS NULL if it or all its members are, and IS NOT NULL if it and all its members are not.
func (o *isNull) ofRow(in *batch.Column, out batch.Bitmap) {
	for w := range out {
		all, some := ^uint64(0), uint64(0)
		for i := range in.Type().Fields {
			if member := in.Child(i); member != nil {
				all &= validWord(member, w)
				some |= validWord(member, w)
			}
		}
		if o.negated {
			out[w] = validWord(in, w) & all
		} else {
			out[w] = ^(validWord(in, w) & some)
		}
	}
}

// isBool is IS [NOT] TRUE or FALSE.
type isBool struct{ truth, negated bool }

func (o *isBool) run(p *Program, n *node) {
	in := n.args[0].get(p).Col
	out, bits, valid := n.begin(p).Bits(), in.Bits(), in.Valid()
	for i := range out {
		w := bits[i]
		if !o.truth {
			w = ^w
		}
		if valid != nil {
			w &= valid[i]
		}
		if o.negated {
			w = ^w
		}
		out[i] = w
	}
}
