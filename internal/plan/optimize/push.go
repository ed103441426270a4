package optimize

import (
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/codec"
)

// PushConditions gives a scan what its readers, filters, compare with constants: its decoder can drop a row as soon as it sees the column. Of one
// reader those are all its comparisons; of several the range that a number must be in to be of use to any. The filters stay, for decoders may ignore
// conditions. Decoders read the event time of those rows too, since filtered rows move the watermark. Rows that are updated keep both halves until the filter
// has seen them.
func PushConditions(p *logical.Plan) {
	above := map[logical.Node][]logical.Node{}
	for _, n := range order(p) {
		for _, in := range n.Inputs() {
			above[in] = append(above[in], n)
		}
	}
	for _, s := range p.Sinks {
		above[s.Input] = append(above[s.Input], nil)
	}
	for _, n := range order(p) {
		scan, ok := n.(*logical.Scan)
		if !ok || scan.Source.Changes != logical.AppendOnly {
			continue
		}
		g := &conditions{above: above}
		if g.gather(scan, func(c int) int { return c }) && len(g.lists) > 0 {
			scan.Conditions, scan.Hidden = ofAny(g.lists), g.hidden
		}
	}
}

// conditions are those of the filters that read a scan, over its columns.
type conditions struct {
	above  map[logical.Node][]logical.Node
	lists  [][]codec.Condition
	hidden bool
}

// gather collects the filters that read n, whose columns are those of the scan that at says, or none if that is negative; it answers false if something else
// reads n, too. Projections that nobody wrote hand columns on.
func (g *conditions) gather(n logical.Node, at func(int) int) bool {
	for _, reader := range g.above[n] {
		switch r := reader.(type) {
		case *logical.Filter:
			var list []codec.Condition
			for _, c := range bind.Conditions(r.Predicate) {
				if c.Column = at(c.Column); c.Column >= 0 {
					list = append(list, c)
				}
			}
			g.lists, g.hidden = append(g.lists, list), g.hidden || r.Hidden
		case *logical.Project:
			below := func(c int) int {
				if column, ok := passes(r, c); ok {
					return at(column)
				}
				return -1
			}
			if r.Written || !g.gather(r, below) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// ofAny are conditions that a row meets which meets all those of any list.
func ofAny(lists [][]codec.Condition) []codec.Condition {
	if len(lists) == 1 {
		return lists[0]
	}
	var out []codec.Condition
	for _, c := range lists[0] {
		if c.Op != codec.Equal || c.IsText {
			continue
		}
		least, most, all := c.Int, c.Int, true
		for _, list := range lists[1:] {
			value, ok := equalTo(list, c.Column)
			all = all && ok
			least, most = min(least, value), max(most, value)
		}
		if all {
			out = append(out, codec.Condition{Column: c.Column, Op: codec.GreaterEqual, Int: least}, codec.Condition{Column: c.Column, Op: codec.LessEqual, Int: most})
		}
	}
	return out
}

// equalTo returns the number that conditions want a column to be.
func equalTo(list []codec.Condition, column int) (int64, bool) {
	for _, c := range list {
		if c.Column == column && c.Op == codec.Equal && !c.IsText {
			return c.Int, true
		}
	}
	return 0, false
}
