package difffuzz

import (
	"slices"
	"strings"
)

// Node is a part of a statement that knows how it may be made smaller. It is not changed once it is made.
type Node struct {
	text  string  // of a leaf
	parts []*Node // of others, in the order of the text
	// optional says that the statement may do without it.
	optional bool
	// least, if positive, says that it is a list: parts between sep, of which at least so many have to stay.
	least int
	sep   string
	// class says what may stand in its place: any node of the same class within it; empty: nothing.
	class string
	// plain is the simplest text of its class; empty: none.
	plain string
}

// text makes nodes of texts and nodes in their order.
func join(parts ...any) *Node {
	n := &Node{}
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			n.parts = append(n.parts, &Node{text: p})
		case *Node:
			if p != nil {
				n.parts = append(n.parts, p)
			}
		}
	}
	return n
}

func optional(parts ...any) *Node {
	n := join(parts...)
	n.optional = true
	return n
}

func list(sep string, least int, parts ...*Node) *Node {
	return &Node{parts: parts, sep: sep, least: max(1, least)}
}

func (n *Node) in(class, plain string) *Node {
	return &Node{parts: []*Node{n}, class: class, plain: plain}
}

// String is the text.
func (n *Node) String() string {
	var b strings.Builder
	n.write(&b)
	return strings.TrimSpace(b.String())
}

func (n *Node) write(b *strings.Builder) {
	b.WriteString(n.text)
	for i, p := range n.parts {
		if i > 0 && n.least > 0 {
			b.WriteString(n.sep)
		}
		p.write(b)
	}
}

// smaller returns what n becomes by one step, larger steps first.
func (n *Node) smaller() []*Node {
	var all []*Node
	if n.class != "" {
		all = n.within(n.class, nil)
		if n.plain != "" && n.String() != n.plain {
			all = append(all, &Node{text: n.plain, class: n.class})
		}
	}
	for i, p := range n.parts {
		if p.optional || n.least > 0 && len(n.parts) > n.least {
			c := *n
			c.parts = slices.Delete(slices.Clone(n.parts), i, i+1)
			all = append(all, &c)
		}
	}
	for i, p := range n.parts {
		for _, s := range p.smaller() {
			c := *n
			c.parts = slices.Clone(n.parts)
			c.parts[i] = s
			all = append(all, &c)
		}
	}
	return all
}

// within appends the outermost nodes of a class below n.
func (n *Node) within(class string, to []*Node) []*Node {
	for _, p := range n.parts {
		if p.class == class {
			to = append(to, p)
		} else {
			to = p.within(class, to)
		}
	}
	return to
}
