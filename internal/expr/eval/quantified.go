package eval

import (
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
)

// quantified is x cmp ANY (array) or ALL.
type quantified struct {
	relation
	all bool
}

func (c *compiler) quantified(n *node, e *bind.Expr) operation {
	n.call.Args = make([]builtin.Arg, len(n.args))
	switch e.Each {
	case bind.Like:
		like := &likeState{fold: e.Fold}
		return newElementwise(e, like.columns)
	case bind.Call:
		return newElementwise(e, e.Function.Eval)
	default:
		return &quantified{relationOf(e.Cmp), e.All}
	}
}

func (o *quantified) run(p *Program, n *node) {
	if !n.prepare(p) {
		return
	}
	x, array, out := n.call.Args[0], n.call.Args[1], n.call.Out
	out.Bits().Zero(p.rows)
	each(n.scope.sel, p.rows, func(row int) {
		if array.IsNull(row) {
			out.SetNull(row)
			return
		}
		from, to := array.Col.Offsets()[array.At(row)], array.Col.Offsets()[array.At(row)+1]
		switch value, known := o.test(x, row, array.Col.Child(0), int(from), int(to)); {
		case !known:
			out.SetNull(row)
		case value:
			out.Bits().Set(row)
		}
	})
}

// test looks for an element that decides: a true one for ANY, a false one for ALL. NULL elements leave the answer open.
func (o *quantified) test(x builtin.Arg, row int, elems *batch.Column, from, to int) (value, known bool) {
	if from < to && x.IsNull(row) {
		return false, false
	}
	known = true
	for i := from; i < to; i++ {
		if elems.IsNull(i) {
			known = false
			continue
		}
		hit := holds(o.base, CompareValues(x.Col, x.At(row), elems, i))^one(o.invert) != 0
		if hit != o.all {
			return hit, true
		}
	}
	return o.all, known
}

// pairsAtOnce is how many pairs of a value and an element are asked about in one call.
const pairsAtOnce = 1024

// elementwise is x op ANY (array) or ALL of an operator that is a kernel: rows are laid out as pairs of the value and an element, and what the
// kernel says of them is put together again, in the order of the elements, so that none is asked of whose answer counts for nothing.
type elementwise struct {
	eval         func(*builtin.Call)
	all, negated bool
	call         builtin.Call
	x, elems     *batch.Column
	out          *batch.Column
	errs         builtin.Errors
	rows         []int // of the pairs
	// verdict has what is known of each row: what its elements leave open, or whatever decides it.
	verdict []verdict
}

// verdict is what the elements so far say of a row.
type verdict uint8

const (
	untold  verdict = iota // nothing against the answer over no elements
	unsure                 // an element's answer was NULL
	decided                // an element decides
	failed                 // an element's answer is an error
)

func newElementwise(e *bind.Expr, eval func(*builtin.Call)) *elementwise {
	pool := &batch.Pool{}
	o := &elementwise{
		eval: eval, all: e.All, negated: e.Negated,
		x: batch.NewColumn(pool, e.Args[0].Type), elems: batch.NewColumn(pool, *e.Args[1].Type.Elem), out: batch.NewColumn(pool, e.Type),
	}
	o.call = builtin.Call{Args: []builtin.Arg{{Col: o.x}, {Col: o.elems}}, Out: o.out, Errs: &o.errs, Strict: true}
	return o
}

func (o *elementwise) run(p *Program, n *node) {
	if !n.prepare(p) {
		return
	}
	o.verdict = append(o.verdict[:0], make([]verdict, p.rows)...)
	x, array := n.call.Args[0], n.call.Args[1]
	each(n.scope.sel, p.rows, func(row int) {
		if array.IsNull(row) {
			o.verdict[row] = unsure
			return
		}
		elems, offs, at := array.Col.Child(0), array.Col.Offsets(), array.At(row)
		for i := int(offs[at]); i < int(offs[at+1]) && o.verdict[row] < decided; i++ {
			o.add(&n.call, row, x, elems, i)
		}
	})
	o.ask(&n.call)
	out := n.call.Out
	out.Bits().Zero(p.rows)
	each(n.scope.sel, p.rows, func(row int) {
		switch v := o.verdict[row]; {
		case v == unsure || v == failed:
			out.SetNull(row)
		case (v == decided) != o.all:
			out.Bits().Set(row)
		}
	})
	o.x.Reset(0)
	o.elems.Reset(0)
}

// add lays out one pair.
func (o *elementwise) add(call *builtin.Call, row int, x builtin.Arg, elems *batch.Column, i int) {
	if x.IsNull(row) || elems.IsNull(i) {
		o.verdict[row] = max(o.verdict[row], unsure)
		return
	}
	at := len(o.rows)
	if at == 0 {
		o.x.Reset(0)
		o.elems.Reset(0)
	}
	o.x.Resize(at + 1)
	o.x.CopyRow(at, x.Col, x.At(row))
	o.elems.Resize(at + 1)
	o.elems.CopyRow(at, elems, i)
	if o.rows = append(o.rows, row); len(o.rows) == pairsAtOnce {
		o.ask(call)
	}
}

// ask has the pairs answered, and notes what that means for their rows.
func (o *elementwise) ask(call *builtin.Call) {
	if len(o.rows) == 0 {
		return
	}
	o.out.Reset(len(o.rows))
	o.call.Rows = len(o.rows)
	o.errs.Reset()
	o.eval(&o.call)
	o.errs.Normalize()
	bad := 0
	for i, row := range o.rows {
		wrong := bad < o.errs.Len() && int(o.errs.Rows[bad]) == i
		switch {
		case o.verdict[row] >= decided:
		case wrong:
			o.verdict[row] = failed
			call.Errs.Add(row, o.errs.Errs[bad])
		case o.out.IsNull(i):
			o.verdict[row] = unsure
		case o.out.Bits().Get(i) != o.negated != o.all:
			o.verdict[row] = decided
		}
		if wrong {
			bad++
		}
	}
	o.rows = o.rows[:0]
}
