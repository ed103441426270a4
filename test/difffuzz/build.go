package difffuzz

import "strings"

// Text makes a node of texts and nodes in their order.
func Text(parts ...any) *Node { return join(parts...) }

// Optional makes a node that a statement may do without.
func Optional(parts ...any) *Node { return optional(parts...) }

// List makes a node of parts between a separator, of which at least so many have to stay.
func List(sep string, least int, parts ...*Node) *Node { return list(sep, least, parts...) }

// In makes n a node of a class: any other of the class within it may stand in its place, and plain, if it is not empty.
func (n *Node) In(class, plain string) *Node { return n.in(class, plain) }

// Smaller returns what n becomes by one step, larger steps first.
func (n *Node) Smaller() []*Node { return n.smaller() }

// Classed returns the nodes below n whose class begins with a word, outer ones first.
func (n *Node) Classed(word string) (all []*Node) {
	for _, p := range n.parts {
		if strings.HasPrefix(p.class, word) {
			all = append(all, p)
		}
		all = append(all, p.Classed(word)...)
	}
	return all
}
