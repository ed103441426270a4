package optimize

import (
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
)

// Collapse makes one projection of two that follow each other, one sort of a sort and a limit, and drops what changes nothing. Steps that a user
// named stay.
func Collapse(p *logical.Plan) {
	count := readers(p)
	done := map[logical.Node]logical.Node{}
	for _, s := range p.Sinks {
		s.Input = collapse(s.Input, done, count)
	}
}

func collapse(n logical.Node, done map[logical.Node]logical.Node, count map[logical.Node]int) logical.Node {
	if out, ok := done[n]; ok {
		return out
	}
	in := slices.Clone(n.Inputs())
	shared := false
	for i := range in {
		shared = shared || count[in[i]] > 1
		in[i] = collapse(in[i], done, count)
	}
	out := withInputs(n, in)
	switch n := out.(type) {
	case *logical.Project:
		out = collapseProject(n, shared)
	case *logical.Limit:
		out = collapseLimit(n, shared)
	}
	done[n] = out
	return out
}

func collapseProject(n *logical.Project, shared bool) logical.Node {
	if n.Written {
		return n
	}
	if identity(n) {
		return n.Input
	}
	below, ok := n.Input.(*logical.Project)
	if !ok || shared || below.Written || slices.ContainsFunc(expressions(below), volatile) ||
		below.OnError != n.OnError && slices.ContainsFunc(expressions(below), bind.Fallible) {
		return n
	}
	exprs := expressions(below)
	items := slices.Clone(n.Items)
	for i := range items {
		e := replaceColumns(items[i].Expr, exprs)
		if e != items[i].Expr {
			items[i].Expr, items[i].Text = e, ""
		}
	}
	return collapseProject(logical.NewProject(n.Step, below.Input, items), false)
}

// identity reports whether n hands on its input as it is.
func identity(n *logical.Project) bool {
	in := n.Input.Schema().Fields
	if len(n.Items) != len(in) {
		return false
	}
	for i, item := range n.Items {
		if e := item.Expr; e.Op != bind.Column || len(e.Path) != 1 || e.Path[0] != i || item.Name != in[i].Name {
			return false
		}
	}
	return true
}

// collapseLimit makes a limit that of the sort below it, or below a projection of that.
func collapseLimit(n *logical.Limit, shared bool) logical.Node {
	if shared {
		return n
	}
	switch below := n.Input.(type) {
	case *logical.Sort:
		if below.Limit == logical.NoLimit && below.Offset == 0 && below.Partition == nil {
			c := *below
			c.Limit, c.Offset = n.Limit, n.Offset
			return logical.NewSort(c)
		}
	case *logical.Project:
		if s, ok := below.Input.(*logical.Sort); ok && !below.Written && s.Limit == logical.NoLimit && s.Offset == 0 && s.Partition == nil {
			c := *s
			c.Limit, c.Offset = n.Limit, n.Offset
			return logical.NewProject(below.Step, &c, below.Items)
		}
	}
	return n
}
