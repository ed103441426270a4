package eval

import (
	"errors"
	"fmt"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// compiler makes the nodes of one program, in two passes: visit notes which scope wants which expression, build makes each node in the
// outermost scope that wants it.
type compiler struct {
	*interner
	program *Program
	err     error
}

func compile(pool *batch.Pool, exprs ...*bind.Expr) (*Program, error) {
	c := &compiler{interner: newInterner(), program: &Program{pool: pool, base: newScope(nil)}}
	lowered := make([]*bind.Expr, len(exprs))
	for i, e := range exprs {
		lowered[i] = lower(e)
	}
	for _, e := range lowered {
		c.visit(e, c.program.base)
	}
	for _, e := range lowered {
		n := c.spread(c.build(e, c.program.base))
		c.program.roots = append(c.program.roots, n)
	}
	if c.err != nil {
		c.program.Close()
		return nil, c.err
	}
	return c.program, nil
}

func (c *compiler) visit(e *bind.Expr, s *scope) {
	id := c.id(e)
	if s.uses[id] {
		return
	}
	s.uses[id] = true
	for i, in := range c.operandScopes(e, id, s) {
		c.visit(e.Args[i], in)
	}
}

// operandScopes returns the scope of each operand of an expression that is computed in s.
func (c *compiler) operandScopes(e *bind.Expr, id int, s *scope) []*scope {
	out := make([]*scope, len(e.Args))
	current := s
	for i, a := range e.Args {
		out[i] = s
		switch e.Op {
		case bind.And, bind.Or:
			// What is cheap and cannot fail is computed for all rows: that costs less than selecting them.
			if i > 0 && !cheap(a) {
				current = current.within(place{id, i})
				out[i] = current
			}
		case bind.Coalesce:
			if i > 0 {
				current = current.within(place{id, i})
			}
			out[i] = current
		case bind.Case:
			result := i%2 == 1
			if !result && i > 0 {
				current = current.within(place{id, i})
			}
			if out[i] = current; result {
				out[i] = current.within(place{id, i})
			}
		default:
		}
	}
	return out
}

// cheap reports whether e takes about a nanosecond a row and cannot fail.
func cheap(e *bind.Expr) bool {
	switch e.Op {
	case bind.Const, bind.Column:
		return true
	case bind.Not, bind.IsNull, bind.IsBool:
		return cheap(e.Args[0])
	case bind.Compare:
		switch k := e.Args[0].Type.Kind; {
		case k.IsInteger(), k.IsFloat(), k.IsDatetime(), k == schema.Bool:
			return cheap(e.Args[0]) && cheap(e.Args[1])
		default:
			return false
		}
	case bind.Cast:
		from := e.Args[0].Type.Kind
		return from.IsInteger() && e.Type.Kind.IsInteger() && from <= e.Type.Kind && cheap(e.Args[0])
	default:
		return false
	}
}

func (c *compiler) build(e *bind.Expr, s *scope) *node {
	id := c.id(e)
	s = s.outermost(id)
	if n := s.nodes[id]; n != nil {
		return n
	}
	n := c.newNode(s)
	s.nodes[id] = n
	for i, in := range c.operandScopes(e, id, s) {
		n.args = append(n.args, c.build(e.Args[i], in))
	}
	switch e.Op {
	case bind.Const:
		n.value = builtin.Arg{Col: e.Value, Const: true}
		return n
	case bind.Column:
		c.column(n, e)
		return n
	default:
	}
	c.output(n, e.Type)
	n.op = c.operation(n, e)
	if n.op == nil {
		c.err = errors.Join(c.err, fmt.Errorf("expression of kind %d, of type %s, cannot be compiled", e.Op, e.Type.PgName()))
		n.op = &column{} // only a constant has none
	}
	return n
}

func (c *compiler) newNode(s *scope) *node {
	n := &node{scope: s}
	c.program.nodes = append(c.program.nodes, n)
	return n
}

// output gives a node a column of its own.
func (c *compiler) output(n *node, typ schema.Type) {
	n.call.Out = batch.NewColumn(c.program.pool, typ)
}

// spread returns n or, if it is a constant, a node that has its value in every row.
func (c *compiler) spread(n *node) *node {
	if n.op != nil {
		return n
	}
	out := c.newNode(c.program.base)
	out.args = []*node{n}
	c.output(out, n.value.Col.Type())
	out.op = &spread{}
	return out
}

func (c *compiler) operation(n *node, e *bind.Expr) operation {
	switch e.Op {
	case bind.Call:
		if e.Function.Clock {
			c.program.timed = true
			return clocked{}
		}
		return newCall(n, e)
	case bind.Arith:
		return c.arith(n, e)
	case bind.Negate:
		return c.native(n, negateKernel(e.Type.Kind), false)
	case bind.Compare:
		return c.compare(n, e)
	case bind.And, bind.Or:
		return c.logic(n, e)
	case bind.Not:
		return c.native(n, not, false)
	case bind.IsNull:
		n.args[0] = c.spread(n.args[0])
		return &isNull{negated: e.Negated}
	case bind.IsBool:
		n.args[0] = c.spread(n.args[0])
		return &isBool{truth: e.Truth, negated: e.Negated}
	case bind.Cast:
		return c.cast(n, e)
	default:
		return c.special(n, e)
	}
}

func (c *compiler) special(n *node, e *bind.Expr) operation {
	switch e.Op {
	case bind.Case:
		return c.caseOf(n, e)
	case bind.Coalesce:
		return c.coalesce(n, e)
	case bind.NullIf:
		return c.nullIf(n)
	case bind.Greatest, bind.Least:
		return c.extreme(n, e)
	case bind.Distinct:
		return c.distinct(n, e)
	case bind.In:
		return c.in(n, e)
	case bind.Like:
		return c.like(n, e)
	case bind.MakeArray:
		return c.makeArray(n)
	case bind.MakeRow:
		return c.makeRow(n)
	case bind.Subscript:
		return c.native(n, subscript, false)
	case bind.Member:
		n.args[0] = c.spread(n.args[0])
		return &rowMember{[]int{e.Index}}
	case bind.Quantified:
		return c.quantified(n, e)
	default:
		return nil
	}
}
