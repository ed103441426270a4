package optimize

import (
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/plan/logical"
)

// FoldConstants computes what does not depend on the row.
func FoldConstants(p *logical.Plan) {
	for _, n := range order(p) {
		switch n := n.(type) {
		case *logical.Filter:
			n.Predicate = eval.Fold(n.Predicate)
		case *logical.Project:
			for i := range n.Items {
				n.Items[i].Expr = eval.Fold(n.Items[i].Expr)
			}
		case *logical.Join:
			if n.Condition != nil {
				n.Condition = eval.Fold(n.Condition)
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
