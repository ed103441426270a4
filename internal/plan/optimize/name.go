package optimize

import (
	"strconv"
	"strings"

	"wire.example/wire/internal/plan/logical"
)

// NameSteps gives each step a name of its own: the one that it has, else what it does, and a number where that is taken, counted from the sources.
// State is stored under these names, so they depend on the plan alone.
func NameSteps(p *logical.Plan) {
	nodes := order(p)
	taken := map[string]bool{}
	for _, n := range nodes {
		if s := stepOf(n); s != nil && s.Written {
			taken[s.Name] = true
		}
	}
	for i := len(nodes) - 1; i >= 0; i-- {
		s := stepOf(nodes[i])
		if s == nil || s.Written {
			continue
		}
		base := s.Name
		if base == "" {
			base = kindOf(nodes[i])
		}
		s.Name = base
		for number := 2; taken[s.Name]; number++ {
			s.Name = base + "_" + strconv.Itoa(number)
		}
		taken[s.Name] = true
	}
}

// stepOf returns what n has as a step, or nil.
func stepOf(n logical.Node) *logical.Step {
	switch n := n.(type) {
	case *logical.Filter:
		return &n.Step
	case *logical.Project:
		return &n.Step
	case *logical.Unnest:
		return &n.Step
	case *logical.Split:
		return &n.Step
	case *logical.Join:
		return &n.Step
	case *logical.Sort:
		return &n.Step
	case *logical.Limit:
		return &n.Step
	case *logical.SetOp:
		return &n.Step
	case *logical.Aggregate:
		return &n.Step
	case *logical.Over:
		return &n.Step
	case *logical.RowsFrom:
		return &n.Step
	case *logical.WindowTable:
		return &n.Step
	}
	return nil
}

// kindOf is the first word of what a plan shows for n: filter, select, aggregate.
func kindOf(n logical.Node) string {
	switch n := n.(type) {
	case *logical.Join:
		return "join"
	case *logical.Aggregate:
		return "aggregate"
	case *logical.RowsFrom:
		return "rows"
	default:
		word, _, _ := strings.Cut(n.String(), " ")
		return word
	}
}
