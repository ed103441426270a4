package optimize

import (
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
)

// Pass is one rewriting of a plan.
type Pass struct {
	Name string
	Run  func(*logical.Plan) error
}

// Passes returns all passes in the order in which Optimize runs them.
func Passes() []Pass {
	always := func(name string, run func(*logical.Plan)) Pass {
		return Pass{name, func(p *logical.Plan) error {
			run(p)
			return nil
		}}
	}
	return []Pass{
		{"Decorrelate", Decorrelate},
		always("FoldConstants", FoldConstants),
		always("PushFilters", PushFilters),
		always("OrderJoins", OrderJoins),
		always("ExtractKeys", ExtractKeys),
		always("RecognizeTopN", RecognizeTopN),
		always("Collapse", Collapse),
		always("Narrow", Narrow),
		always("CollapseAgain", Collapse),
		{"CheckConstants", CheckConstants},
		always("SharePlans", SharePlans),
		always("ChooseJoins", ChooseJoins),
		{"PlanStreams", PlanStreams},
		always("CombineGroups", CombineGroups),
		always("NameSteps", NameSteps),
		always("KeepRecords", KeepRecords),
		always("PushConditions", PushConditions),
		always("PruneColumns", PruneColumns),
	}
}

// Optimize runs all passes over p. The error is for a query of a shape that cannot be planned; it names that.
func Optimize(p *logical.Plan) error {
	for _, pass := range Passes() {
		if err := pass.Run(p); err != nil {
			return err
		}
	}
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

// Nodes returns the plan's nodes, those of subqueries included, each once.
func Nodes(p *logical.Plan) []logical.Node {
	var all []logical.Node
	seen := map[logical.Node]bool{}
	var add func(n logical.Node)
	add = func(n logical.Node) {
		visit(n, seen, func(n logical.Node) {
			all = append(all, n)
			for _, e := range expressions(n) {
				bind.Walk(e, func(e *bind.Expr) bool {
					if s, ok := subqueryOf(e); ok {
						add(s.Query)
					}
					return true
				})
			}
		})
	}
	for _, s := range p.Sinks {
		add(s.Input)
	}
	return all
}

// HasSubquery reports whether a subquery stands in an expression of n.
func HasSubquery(n logical.Node) bool { return slices.ContainsFunc(expressions(n), hasSubquery) }
