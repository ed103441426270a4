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
	sources := map[string]bool{}
	for i := len(nodes) - 1; i >= 0; i-- {
		if scan, ok := nodes[i].(*logical.Scan); ok {
			nameSource(scan, sources)
		}
		s := stepOf(nodes[i])
		if s == nil || s.Written {
			continue
		}
		if s.Name == "" {
			s.Name = kindOf(nodes[i])
		}
		s.Name = free(s.Name, taken)
	}
}

// nameSource gives a scan a source with a name of its own: the rows of VALUES, for instance, may be read in several places.
func nameSource(scan *logical.Scan, taken map[string]bool) {
	if name := free(scan.Source.Name, taken); name != scan.Source.Name {
		renamed := *scan.Source // others may know it by its name
		renamed.Name = name
		scan.Source = &renamed
	}
}

// free returns name, or name with a number behind it, that is not taken, and takes it.
func free(name string, taken map[string]bool) string {
	out := name
	for number := 2; taken[out]; number++ {
		out = name + "_" + strconv.Itoa(number)
	}
	taken[out] = true
	return out
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
	case *logical.Late:
		return &n.Step
	case *logical.Normalize:
		return &n.Step
	case *logical.Sessions:
		return &n.Step
	case *logical.Fold:
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
	case *logical.Sort:
		return "sort"
	case *logical.Over:
		return "over"
	case *logical.SetOp:
		return "set"
	case *logical.Late:
		return "late"
	default:
		word, _, _ := strings.Cut(n.String(), " ")
		return word
	}
}
