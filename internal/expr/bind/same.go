package bind

import (
	"bytes"
	"slices"

	"wire.example/wire/internal/expr/builtin"
)

// Same reports whether a and b are the same expression, wherever they stand. An Opaque node is the same as itself, and what its method
// Same(other any) bool says, if it has one.
func Same(a, b *Expr) bool {
	if a == b {
		return true
	}
	if a.Op != b.Op || len(a.Args) != len(b.Args) || a.Symbol != b.Symbol || a.Cmp != b.Cmp || a.Negated != b.Negated || a.Truth != b.Truth ||
		a.Fold != b.Fold || a.Whole != b.Whole || a.All != b.All || a.Index != b.Index || a.Function != b.Function || !sameNode(a.Node, b.Node) ||
		!slices.Equal(a.Path, b.Path) || !a.Type.Equal(b.Type) {
		return false
	}
	switch a.Op {
	case Const:
		return sameConst(a, b)
	default:
	}
	for i := range a.Args {
		if !Same(a.Args[i], b.Args[i]) {
			return false
		}
	}
	return true
}

func sameNode(a, b any) bool {
	if a == b {
		return true
	}
	n, ok := a.(interface{ Same(other any) bool })
	return ok && n.Same(b)
}

// sameConst compares values by their text, which tells 1.0 from 1.00 as PostgreSQL does here.
func sameConst(a, b *Expr) bool {
	if a.IsNullConst() || b.IsNullConst() {
		return a.IsNullConst() && b.IsNullConst()
	}
	return bytes.Equal(builtin.AppendValue(nil, a.Value, 0), builtin.AppendValue(nil, b.Value, 0))
}
