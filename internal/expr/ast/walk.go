package ast

// Walk calls visit for n and then for every expression below it, in the order they were written. Where visit answers false, what is
// below that node is left out. The inside of a subquery is not entered. The depth of the recursion is bounded by parse's depth limit.
func Walk(n Node, visit func(Node) bool) {
	if n == nil || !visit(n) {
		return
	}
	for _, c := range Children(n) {
		Walk(c, visit)
	}
}

// Children returns the expressions directly below n in the order they were written, absent ones left out.
func Children(n Node) []Node {
	switch n := n.(type) {
	case *Star:
		return present(n.Of)
	case *FieldAccess:
		return []Node{n.X}
	case *Subscript:
		return []Node{n.X, n.Index}
	case *Slice:
		return present(n.X, n.Low, n.High)
	case *Unary:
		return []Node{n.X}
	case *Binary:
		return []Node{n.L, n.R}
	case *Not:
		return []Node{n.X}
	case *Logical:
		return n.Args
	case *Is:
		return []Node{n.X}
	case *Distinct:
		return []Node{n.L, n.R}
	case *SelectItem:
		return []Node{n.X}
	}
	return moreChildren(n)
}

func moreChildren(n Node) []Node {
	switch n := n.(type) {
	case *Between:
		return []Node{n.X, n.Low, n.High}
	case *In:
		if n.Query != nil {
			return []Node{n.X, n.Query}
		}
		return append([]Node{n.X}, n.List...)
	case *Like:
		return present(n.X, n.Pattern, n.Escape)
	case *Quantified:
		return []Node{n.L, n.R}
	case *Case:
		return caseChildren(n)
	case *Cast:
		return []Node{n.X}
	case *AtTimeZone:
		return []Node{n.X, n.Zone}
	case *Collate:
		return []Node{n.X}
	case *Row:
		return n.Elems
	case *Array:
		return n.Elems
	case *FuncCall:
		return callChildren(n)
	}
	return nil
}

func caseChildren(n *Case) []Node {
	out := present(n.Operand)
	for _, w := range n.Whens {
		out = append(out, w.Cond, w.Result)
	}
	return append(out, present(n.Else)...)
}

func callChildren(n *FuncCall) []Node {
	var out []Node
	for _, a := range n.Args {
		out = append(out, a.X)
	}
	out = appendKeys(out, n.OrderBy)
	out = appendKeys(out, n.WithinGroup)
	out = append(out, present(n.Filter)...)
	if n.Over == nil {
		return out
	}
	out = append(out, n.Over.PartitionBy...)
	out = appendKeys(out, n.Over.OrderBy)
	if f := n.Over.Frame; f != nil {
		out = append(out, present(f.Start.Offset, f.End.Offset)...)
	}
	return out
}

func appendKeys(out []Node, items []OrderItem) []Node {
	for _, o := range items {
		out = append(out, o.X)
	}
	return out
}

func present(nodes ...Node) []Node {
	var out []Node
	for _, n := range nodes {
		if n != nil {
			out = append(out, n)
		}
	}
	return out
}
