package keyed

import (
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/sdk/batch"
)

// Ranked keeps rows of a store in order, in any number of lists: each is known by its root, a row number that the operator keeps, NoRow while it is empty. It finds the
// place of a row and the row of a place in logarithmic time. Rows that are equal in the order stand as they were put in.
//
// A list is a treap (Seidel and Aragon, 1996) over row numbers: a binary tree in the order of rows that is also a heap by a hash of the numbers. Each node counts what is
// under it, and has the prefix of its row, so that most comparisons read one node alone. Lists are not stored: they follow from the rows.
type Ranked struct {
	name  string
	rows  *Rows
	order *Order
	nodes *Slab[node] // by row number
}

// node is the place of a row in its list, half a cache line.
type node struct {
	prefix              Prefix
	left, right, parent uint32
	size                uint32 // of the tree below and with it; 0: it is in no list
}

// NewRanked returns lists of rows of a store in an order. name is the operator's, for errors.
func NewRanked(rows *Rows, order *Order, name string, budget *limit.Budget) *Ranked {
	return &Ranked{name: name, rows: rows, order: order, nodes: NewSlab[node](budget)}
}

// Bytes returns the memory in use, as reserved.
func (t *Ranked) Bytes() int64 { return t.nodes.Bytes() }

// Free forgets all lists and gives the memory back.
func (t *Ranked) Free() { t.nodes.Free() }

// Len returns the number of rows of a list.
func (t *Ranked) Len(root uint32) int {
	if root == NoRow {
		return 0
	}
	return int(t.nodes.At(root).size)
}

// Prefix returns the prefix of a row in a list.
func (t *Ranked) Prefix(id uint32) Prefix { return t.nodes.At(id).prefix }

// PrefixOf returns the prefix of a row of the store.
func (t *Ranked) PrefixOf(id uint32) Prefix {
	cols, row := t.rows.Row(id)
	return t.order.prefix(cols, row)
}

// weight is what a row of a greater one is never below.
func weight(id uint32) uint32 {
	id *= 0x9e3779b1
	id ^= id >> 15
	id *= 0x85ebca77
	return id ^ id>>13
}

// heavier reports whether a must stand above b.
func heavier(a, b uint32) bool {
	x, y := weight(a), weight(b)
	return x > y || x == y && a > b
}

// before reports whether row a, which has the prefix p, comes before row b of a list.
func (t *Ranked) before(p Prefix, a uint32, n *node, b uint32) bool {
	if p != n.prefix {
		return p.Less(n.prefix)
	}
	return !t.order.exact && t.order.CompareIDs(t.rows, a, b) < 0
}

// Insert puts a row, which is in no list, behind all those of a list that do not come behind it, and returns the new root. prefix is that of the row in the order. The
// error is SQLSTATE 53200.
func (t *Ranked) Insert(root, id uint32, prefix Prefix) (uint32, error) {
	if err := t.nodes.Grow(int(id) + 1); err != nil {
		return root, outOfMemory(t.name, err)
	}
	fresh := t.nodes.At(id)
	*fresh = node{prefix: prefix, left: NoRow, right: NoRow, parent: NoRow, size: 1}
	for at := root; at != NoRow; {
		n := t.nodes.At(at)
		n.size++
		fresh.parent = at
		next := &n.right
		if t.before(prefix, id, n, at) {
			next = &n.left
		}
		if *next == NoRow {
			*next = id
			break
		}
		at = *next
	}
	for fresh.parent != NoRow && heavier(id, fresh.parent) {
		t.lift(id, fresh)
	}
	if fresh.parent == NoRow {
		return id, nil
	}
	return root, nil
}

// lift has a node change places with its parent.
func (t *Ranked) lift(id uint32, n *node) {
	above := n.parent
	p := t.nodes.At(above)
	moved := &p.left
	kept := &n.right
	if p.right == id {
		moved, kept = &p.right, &n.left
	}
	child := *kept
	*moved = child
	p.size -= n.size
	if child != NoRow {
		c := t.nodes.At(child)
		c.parent = above
		p.size += c.size
	}
	*kept = above
	n.size += p.size
	if child != NoRow {
		n.size -= t.nodes.At(child).size
	}
	t.hang(p.parent, above, id)
	n.parent, p.parent = p.parent, id
}

// hang puts a node in the place of another below parent, which may be none.
func (t *Ranked) hang(parent, old, id uint32) {
	if parent == NoRow {
		return
	}
	if p := t.nodes.At(parent); p.left == old {
		p.left = id
	} else {
		p.right = id
	}
}

// Delete takes a row out of its list and returns the new root.
func (t *Ranked) Delete(root, id uint32) uint32 {
	n := t.nodes.At(id)
	for at := n.parent; at != NoRow; at = t.nodes.At(at).parent {
		t.nodes.At(at).size--
	}
	rest := t.join(n.left, n.right)
	if rest != NoRow {
		t.nodes.At(rest).parent = n.parent
	}
	t.hang(n.parent, id, rest)
	n.size = 0
	if root == id {
		return rest
	}
	return root
}

// join makes one tree of two, of which all of the first comes before the second.
func (t *Ranked) join(a, b uint32) uint32 {
	switch {
	case a == NoRow:
		return b
	case b == NoRow:
		return a
	case heavier(a, b):
		n := t.nodes.At(a)
		n.size += t.nodes.At(b).size
		n.right = t.join(n.right, b)
		t.nodes.At(n.right).parent = a
		return a
	default:
		n := t.nodes.At(b)
		n.size += t.nodes.At(a).size
		n.left = t.join(a, n.left)
		t.nodes.At(n.left).parent = b
		return b
	}
}

// At returns the row at a place, counted from 0; NoRow if there is none.
func (t *Ranked) At(root uint32, place int) uint32 {
	if place < 0 || place >= t.Len(root) {
		return NoRow
	}
	for {
		n := t.nodes.At(root)
		before := t.Len(n.left)
		switch {
		case place < before:
			root = n.left
		case place == before:
			return root
		default:
			place -= before + 1
			root = n.right
		}
	}
}

// Place returns the place of a row in its list, counted from 0.
func (t *Ranked) Place(id uint32) int {
	n := t.nodes.At(id)
	place := t.Len(n.left)
	for n.parent != NoRow {
		p := t.nodes.At(n.parent)
		if p.right == id {
			place += t.Len(p.left) + 1
		}
		id, n = n.parent, p
	}
	return place
}

// Root returns the root of the list of a row.
func (t *Ranked) Root(id uint32) uint32 {
	for {
		parent := t.nodes.At(id).parent
		if parent == NoRow {
			return id
		}
		id = parent
	}
}

// First returns the first row of a list, NoRow if it is empty.
func (t *Ranked) First(root uint32) uint32 {
	if root == NoRow {
		return NoRow
	}
	for {
		left := t.nodes.At(root).left
		if left == NoRow {
			return root
		}
		root = left
	}
}

// Last returns the last row of a list, NoRow if it is empty.
func (t *Ranked) Last(root uint32) uint32 {
	if root == NoRow {
		return NoRow
	}
	for {
		right := t.nodes.At(root).right
		if right == NoRow {
			return root
		}
		root = right
	}
}

// Next returns the row behind a row, NoRow if it is the last.
func (t *Ranked) Next(id uint32) uint32 {
	n := t.nodes.At(id)
	if n.right != NoRow {
		return t.First(n.right)
	}
	for n.parent != NoRow {
		p := t.nodes.At(n.parent)
		if p.left == id {
			return n.parent
		}
		id, n = n.parent, p
	}
	return NoRow
}

// Previous returns the row before a row, NoRow if it is the first.
func (t *Ranked) Previous(id uint32) uint32 {
	n := t.nodes.At(id)
	if n.left != NoRow {
		return t.Last(n.left)
	}
	for n.parent != NoRow {
		p := t.nodes.At(n.parent)
		if p.right == id {
			return n.parent
		}
		id, n = n.parent, p
	}
	return NoRow
}

// Seek returns the first row of a list that test does not say true of, NoRow if there is none: test must be true of the first rows and false of the others.
func (t *Ranked) Seek(root uint32, test func(id uint32) bool) uint32 {
	found := NoRow
	for root != NoRow {
		n := t.nodes.At(root)
		if test(root) {
			root = n.right
		} else {
			found, root = root, n.left
		}
	}
	return found
}

// Find returns the first row of a list that does not come before row i of cols, whose prefix is given, NoRow if there is none; and whether it is equal to that row in the order.
func (t *Ranked) Find(root uint32, cols []*batch.Column, i int, prefix Prefix) (id uint32, equal bool) {
	found := NoRow
	for root != NoRow {
		n := t.nodes.At(root)
		order := 0
		switch {
		case prefix.Less(n.prefix):
			order = -1
		case prefix != n.prefix:
			order = 1
		case !t.order.exact:
			others, j := t.rows.Row(root)
			order = t.order.Compare(cols, i, others, j)
		}
		if order > 0 {
			root = n.right
			continue
		}
		equal = order == 0
		found, root = root, n.left
	}
	return found, equal
}

// Build makes a list of rows that are in order and in no list, and returns its root. The error is SQLSTATE 53200.
func (t *Ranked) Build(ids []uint32) (uint32, error) {
	var spine []uint32 // the right edge of the tree, from its root
	for _, id := range ids {
		if err := t.nodes.Grow(int(id) + 1); err != nil {
			return NoRow, outOfMemory(t.name, err)
		}
		n := node{prefix: t.PrefixOf(id), left: NoRow, right: NoRow, parent: NoRow, size: 1}
		for len(spine) > 0 && heavier(id, spine[len(spine)-1]) {
			n.left = t.close(spine)
			spine = spine[:len(spine)-1]
		}
		*t.nodes.At(id) = n
		if n.left != NoRow {
			t.nodes.At(n.left).parent = id
		}
		spine = append(spine, id)
	}
	root := NoRow
	for len(spine) > 0 {
		root = t.close(spine)
		spine = spine[:len(spine)-1]
	}
	return root, nil
}

// close ends the last tree of a spine, and hangs it below the one before.
func (t *Ranked) close(spine []uint32) uint32 {
	id := spine[len(spine)-1]
	n := t.nodes.At(id)
	n.size = uint32(1 + t.Len(n.left) + t.Len(n.right))
	if len(spine) > 1 {
		n.parent = spine[len(spine)-2]
		t.nodes.At(n.parent).right = id
	}
	return id
}
