package eval

// scope is the rows for which the nodes in it are wanted. Scopes form a tree: a scope's rows are among those of its parent.
type scope struct {
	parent *scope
	// uses are the expressions that are wanted for all rows of the scope; nodes those that are computed here.
	uses  map[int]bool
	nodes map[int]*node
	inner map[place]*scope
	// sel are the rows in the current call, nil for all of the batch; mem is memory for them.
	sel []uint16
	mem []uint16
}

// place is a guarded operand: the number of its expression and which of the operands.
type place struct{ expr, operand int }

func newScope(parent *scope) *scope {
	return &scope{parent: parent, uses: map[int]bool{}, nodes: map[int]*node{}, inner: map[place]*scope{}}
}

// within returns the scope of a guarded operand that stands in s.
func (s *scope) within(at place) *scope {
	if s.inner[at] == nil {
		s.inner[at] = newScope(s)
	}
	return s.inner[at]
}

// outermost returns the largest scope around s that wants the expression for all of its rows.
func (s *scope) outermost(id int) *scope {
	best := s
	for o := s.parent; o != nil; o = o.parent {
		if o.uses[id] {
			best = o
		}
	}
	return best
}

// count returns how many rows the scope has in a batch of rows rows.
func (s *scope) count(rows int) int {
	if s.sel == nil {
		return rows
	}
	return len(s.sel)
}

// take makes rows, built in the scope's memory, the scope's, and returns how many they are. A scope without rows is not entered.
func (s *scope) take(rows []uint16) int {
	s.sel, s.mem = rows, rows
	return len(rows)
}
