package optimize

import (
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/plan/logical"
)

// CheckConstants refuses a plan with a constant part that fails, as PostgreSQL refuses the statement. What nobody reads is gone by then. Steps that a user
// named, and those whose rows may fail, leave it to the rows that reach that part; and so does a plan with a condition that is never true, since PostgreSQL does
// not look at all that is below or beside one.
func CheckConstants(p *logical.Plan) error {
	var first error
	for _, n := range order(p) {
		s := stepOf(n)
		for _, e := range expressions(n) {
			folded, bad := eval.FoldStrictly(e)
			_, columns := n.(*logical.Project)
			switch {
			case !columns && never(folded):
				return nil
			case bad != nil && first == nil && s != nil && !s.Written && s.OnError == logical.Fail:
				first = bad
			}
		}
	}
	return first
}

// never reports whether a condition is true of no row.
func never(e *bind.Expr) bool {
	return slices.ContainsFunc(bind.Conjuncts(e), func(c *bind.Expr) bool { return c.IsNullConst() || isFalse(c) })
}

func isFalse(e *bind.Expr) bool {
	return e.Op == bind.Const && !e.Value.IsNull(0) && !e.Value.Bits().Get(0)
}

// fold is eval.Fold of a condition for which NULL is as good as FALSE: it is that if one of its conjuncts is.
func fold(e *bind.Expr) *bind.Expr {
	if e = eval.Fold(e); never(e) {
		return bind.BoolOf(false)
	}
	return e
}

// FoldConstants computes what does not depend on the row.
func FoldConstants(p *logical.Plan) {
	for _, n := range order(p) {
		switch n := n.(type) {
		case *logical.Filter:
			n.Predicate = fold(n.Predicate)
		case *logical.Project:
			for i := range n.Items {
				n.Items[i].Expr = eval.Fold(n.Items[i].Expr)
			}
		case *logical.Join:
			if n.Condition != nil {
				if n.Condition = eval.Fold(n.Condition); !n.Kind.KeepsLeftOnly() || n.Kind == logical.Semi {
					n.Condition = fold(n.Condition)
				}
			}
		case *logical.Split:
			for i := range n.Branches {
				if n.Branches[i].Cond != nil {
					n.Branches[i].Cond = eval.Fold(n.Branches[i].Cond)
				}
			}
		}
	}
}
