package bind

import (
	"math"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// element binds x[i] and x[a:b]. As in PostgreSQL, one slice makes slices of all subscripts that follow each other: x[1:2][3] is x[1:2][1:3].
func (b *Binder) element(node ast.Node) (*Expr, error) {
	x, bounds, sliced := subscripts(node)
	if sliced {
		return b.slice(node.Location(), x, bounds)
	}
	return b.subscript(node.(*ast.Subscript))
}

// bounds are those of one subscript; nil where none was written. A subscript that is no slice has only a high one.
type bounds struct{ low, high ast.Node }

// subscripts takes a chain of subscripts apart. A part whose place begins elsewhere stood in parentheses and is a value of its own.
func subscripts(node ast.Node) (x ast.Node, chain []bounds, sliced bool) {
	start := node.Location().Start
	for node.Location().Start == start {
		switch n := node.(type) {
		case *ast.Subscript:
			chain, node = append(chain, bounds{high: n.Index}), n.X
			continue
		case *ast.Slice:
			chain, node, sliced = append(chain, bounds{n.Low, n.High}), n.X, true
			continue
		}
		break
	}
	return node, chain, sliced
}

// slice binds x under a chain of slices, the innermost dimension first. A bound that is left out is that of the array.
func (b *Binder) slice(at ast.Span, x ast.Node, chain []bounds) (*Expr, error) {
	array, err := b.Bind(x)
	switch {
	case err != nil:
		return nil, err
	case array.Type.Kind == schema.JSONB:
		return nil, errorf(at, sqlstate.DatatypeMismatch, "jsonb subscript does not support slices").
			hint("jsonb_array_elements gives the elements, WITH ORDINALITY their numbers.")
	case array.Type.Kind != schema.Array:
		return nil, noSubscripts(x, array)
	case len(chain) > maxDimensions:
		return nil, errorf(at, sqlstate.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", len(chain), maxDimensions)
	}
	f := builtin.ArraySlice()
	out := &Expr{Op: Call, Type: array.Type, Span: at, Function: f, Args: []*Expr{array}}
	for i := len(chain) - 1; i >= 0; i-- {
		low, err := b.bound(chain[i].low, 1)
		if err != nil {
			return nil, err
		}
		high, err := b.bound(chain[i].high, math.MaxInt32)
		if err != nil {
			return nil, err
		}
		out.Args = append(out.Args, low, high)
	}
	return out, nil
}

// maxDimensions is how many subscripts PostgreSQL takes.
const maxDimensions = 6

// bound binds a bound of a slice, which is otherwise if none was written.
func (b *Binder) bound(node ast.Node, otherwise int32) (*Expr, error) {
	if node == nil {
		e := newConst(ast.Span{}, schema.Of(schema.Int32))
		e.Value.Int32s()[0] = otherwise
		return e, nil
	}
	e, err := b.Bind(node)
	if err != nil {
		return nil, err
	}
	return place(e)
}

// place makes e the number of an element.
func place(e *Expr) (*Expr, error) {
	index, ok, err := implicitCast(e, schema.Of(schema.Int32))
	if ok || err != nil {
		return index, err
	}
	if !e.Type.Kind.IsNumber() {
		return nil, errorf(e.Span, sqlstate.DatatypeMismatch, "array subscript must have type integer")
	}
	return cast(e, schema.Of(schema.Int32), false)
}

func noSubscripts(x ast.Node, e *Expr) *Error {
	return errorf(x.Location(), sqlstate.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", e.Type.PgName())
}
