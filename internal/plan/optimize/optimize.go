package optimize

import "wire.example/wire/internal/plan/logical"

// Optimize runs all passes over p. The error is for a query of a shape that cannot be planned; it names that.
func Optimize(p *logical.Plan) error {
	if err := Decorrelate(p); err != nil {
		return err
	}
	FoldConstants(p)
	PushFilters(p)
	OrderJoins(p)
	ExtractKeys(p)
	Collapse(p)
	Narrow(p)
	Collapse(p)
	ChooseJoins(p)
	NameSteps(p)
	KeepRecords(p)
	PushConditions(p)
	PruneColumns(p)
	return nil
}

// order returns the plan's nodes, each after everything that reads it.
func order(p *logical.Plan) []logical.Node {
	var upstream []logical.Node // each after its inputs
	seen := map[logical.Node]bool{}
	var visit func(n logical.Node)
	visit = func(n logical.Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		for _, in := range n.Inputs() {
			visit(in)
		}
		upstream = append(upstream, n)
	}
	for _, s := range p.Sinks {
		visit(s.Input)
	}
	for i, j := 0, len(upstream)-1; i < j; i, j = i+1, j-1 {
		upstream[i], upstream[j] = upstream[j], upstream[i]
	}
	return upstream
}
