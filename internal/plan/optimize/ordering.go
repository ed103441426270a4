package optimize

import (
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
)

// ordering returns the keys by which the rows of n come in order, in one sequence; nil if nothing is known. Only what makes the order, and what
// hands rows on one by one, is looked through: an order is never made for a join's sake.
func ordering(n logical.Node) []logical.SortKey {
	switch n := n.(type) {
	case *logical.Sort:
		if n.Partition == nil {
			return n.Keys
		}
	case *logical.Limit:
		return ordering(n.Input)
	case *logical.Filter:
		return ordering(n.Input)
	case *logical.Project:
		return projectedOrder(n)
	}
	return nil
}

// projectedOrder is the order of n's input as far as its columns are passed on.
func projectedOrder(n *logical.Project) []logical.SortKey {
	var keys []logical.SortKey
	for _, k := range ordering(n.Input) {
		i := slices.IndexFunc(n.Items, func(item logical.Item) bool {
			return item.Expr.Op == bind.Column && len(item.Expr.Path) == 1 && item.Expr.Path[0] == k.Column
		})
		if i < 0 {
			break
		}
		k.Column = i
		keys = append(keys, k)
	}
	return keys
}

// mergeable puts the keys of a join into the order in which both inputs have them already; ok is false if they do not.
func mergeable(j *logical.Join) (keys []logical.KeyPair, ok bool) {
	left, right := ordering(j.Left), ordering(j.Right)
	n := len(j.Keys)
	if n == 0 || len(left) < n || len(right) < n {
		return nil, false
	}
	for i := range n {
		k := slices.IndexFunc(j.Keys, func(k logical.KeyPair) bool {
			return k.Left == left[i].Column && k.Right == right[i].Column && !k.Unknown
		})
		if k < 0 || left[i].Desc != right[i].Desc || left[i].NullsFirst != right[i].NullsFirst {
			return nil, false
		}
		keys = append(keys, j.Keys[k])
	}
	return keys, true
}
