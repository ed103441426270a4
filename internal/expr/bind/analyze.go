package bind

import (
	"slices"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// Walk calls visit for e and everything below it, parents first, until visit answers false for a branch.
func Walk(e *Expr, visit func(*Expr) bool) {
	if !visit(e) {
		return
	}
	for _, a := range e.Args {
		Walk(a, visit)
	}
}

// Paths returns the column paths that the expressions read, sorted, without repetition and without those below another one.
func Paths(exprs ...*Expr) [][]int {
	var all [][]int
	for _, e := range exprs {
		Walk(e, func(e *Expr) bool {
			if e.Op == Column {
				all = append(all, e.Path)
			}
			return true
		})
	}
	slices.SortFunc(all, slices.Compare[[]int])
	var out [][]int
	for _, p := range all {
		if n := len(out); n > 0 && len(out[n-1]) <= len(p) && slices.Equal(out[n-1], p[:len(out[n-1])]) {
			continue
		}
		out = append(out, p)
	}
	return out
}

// Constant reports whether e reads no column and always has the same value.
func Constant(e *Expr) bool {
	constant := true
	Walk(e, func(e *Expr) bool {
		if e.Op == Column || e.Op == Opaque || e.Op == Outer || e.Op == Call && e.Function.Volatility == builtin.Volatile {
			constant = false
		}
		return constant
	})
	return constant
}

// Conjuncts returns the conditions that e is the AND of.
func Conjuncts(e *Expr) []*Expr {
	if e.Op == And {
		return e.Args
	}
	return []*Expr{e}
}

// Conditions returns the conjuncts of a predicate that compare a column of the batch with a constant, in the form that decoders can check
// by themselves. A row that fails one of them fails the predicate; whoever pushes them down still evaluates the rest.
func Conditions(predicate *Expr) []codec.Condition {
	var out []codec.Condition
	for _, e := range Conjuncts(predicate) {
		if c, ok := condition(e); ok {
			out = append(out, c)
		}
	}
	return out
}

func condition(e *Expr) (codec.Condition, bool) {
	if e.Op != Compare {
		return codec.Condition{}, false
	}
	l, r, cmp := e.Args[0], e.Args[1], e.Cmp
	if l.Op == Const {
		l, r, cmp = r, l, cmp.Flip()
	}
	for l.Op == Cast && l.Implicit && l.Type.Kind.IsInteger() && l.Args[0].Type.Kind.IsInteger() {
		l = l.Args[0]
	}
	if l.Op != Column || len(l.Path) != 1 || r.Op != Const || r.Value.IsNull(0) {
		return codec.Condition{}, false
	}
	c := codec.Condition{Column: l.Path[0], Op: codec.CompareOp(cmp)}
	switch r.Type.Kind {
	case schema.Int16:
		c.Int = int64(r.Value.Int16s()[0])
	case schema.Int32:
		c.Int = int64(r.Value.Int32s()[0])
	case schema.Int64, schema.Timestamp, schema.TimestampTZ:
		c.Int = r.Value.Int64s()[0]
	case schema.Text:
		c.Text, c.IsText = string(r.Value.Bytes(0)), true
	default:
		return codec.Condition{}, false
	}
	return c, true
}
