package physical

import (
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// aggregateConfig is n as its operators take it, over the rows of its input.
func aggregateConfig(n *logical.Aggregate) aggregate.Config {
	in := n.Input.Schema()
	config := aggregate.Config{
		Name: n.Name, Types: types(in), Keys: n.Keys, Sets: n.Sets, Partition: dealtBy(n), Changes: n.Changing, Retracts: n.Retracts, TTL: n.TTL,
		Split: n.Split,
	}
	for _, c := range n.Calls {
		call := aggregate.Call{Function: c.Function, Args: c.Args, Filter: c.Filter, Distinct: c.Distinct, OrderBy: sortKeys(c.OrderBy)}
		for i, a := range c.Args {
			call.ArgTypes = append(call.ArgTypes, in.Fields[a].Type)
			if i < c.Function.DirectArgs(len(c.Args)) {
				call.Direct = append(call.Direct, constant(n.Input, a))
			}
		}
		config.Calls = append(config.Calls, call)
	}
	return config
}

// dealtBy are the keys that are in all sets: rows that are equal in them go to one task.
func dealtBy(n *logical.Aggregate) []int {
	if n.Sets == nil {
		return nil
	}
	var columns []int
	for i, k := range n.Keys {
		if !slices.ContainsFunc(n.Sets, func(set []int) bool { return !slices.Contains(set, i) }) {
			columns = append(columns, k)
		}
	}
	return columns
}

// constant is the value that a column has in every row, nil if that is not known.
func constant(n logical.Node, column int) *batch.Column {
	switch n := n.(type) {
	case *logical.Project:
		e := n.Items[column].Expr
		switch {
		case e.IsConst():
			return e.Value
		case e.Op == bind.Column && len(e.Path) == 1:
			return constant(n.Input, e.Path[0])
		}
	case *logical.Filter:
		return constant(n.Input, column)
	}
	return nil
}

// newAggregate makes the operator of n; one that merges what combiners have made of the rows, if n is two-phase.
func newAggregate(s *Step, n *logical.Aggregate) meeting {
	s.Name, s.OnError = n.Name, n.OnError
	if closes(n) {
		return newWindows(s, n)
	}
	config := aggregateConfig(n)
	dealt := config.Partition
	if n.Sets == nil {
		dealt = n.Keys
	}
	if n.Combine {
		config, dealt = merging(&config, dealt)
	}
	s.New = func(b Build) (op.Operator, error) { return aggregate.New(b.Pool, b.Budget, config), nil }
	return byKeys(dealt)
}

// merging is the operator that merges the rows of a combiner with config, and the columns by which those are dealt.
func merging(config *aggregate.Config, dealt []int) (aggregate.Config, []int) {
	out := *config
	out.Merge, out.Types = true, config.PartialOutput()
	at := len(config.Keys)
	out.Keys = make([]int, at)
	columns := make([]int, 0, len(dealt))
	for i, k := range config.Keys {
		out.Keys[i] = i
		if slices.Contains(dealt, k) {
			columns = append(columns, i)
		}
	}
	if config.Partition != nil {
		out.Partition = columns
	}
	if config.Sets != nil {
		out.SetColumn = at
		at++
	}
	out.Calls = make([]aggregate.Call, len(config.Calls))
	for i, c := range config.Calls {
		width := len(c.Function.PartialTypes(c.ArgTypes))
		c.Args, c.Filter, c.Distinct, c.OrderBy = nil, aggregate.NoColumn, false, nil
		for range width {
			c.Args = append(c.Args, at)
			at++
		}
		out.Calls[i] = c
	}
	if config.Retracts {
		out.RowsColumn = at
	}
	return out, columns
}

// combine leads the rows of n's input through combiners, one in each lane or task that they come from, into edge.
func (b *builder) combine(n *logical.Aggregate, edge Edge) {
	config := aggregateConfig(n)
	windows := windowConfig(n)
	partial := config.PartialOutput()
	if closes(n) {
		partial = windows.PartialOutput()
	}
	b.before(n.Input, edge, func() *Step {
		s := &Step{
			Name: n.Name + ".combine", Detail: "rows of one group before they are dealt", OnError: n.OnError, Schema: partialSchema(n, partial),
			New: func(b Build) (op.Operator, error) { return aggregate.NewCombiner(b.Pool, b.Budget, config), nil },
		}
		if closes(n) {
			s.New = func(b Build) (op.Operator, error) { return window.NewCombiner(b.Pool, b.Budget, windows) }
		}
		return s
	})
	if n.Split {
		b.split(n, &config, edge)
	}
}

// before leads the rows of n through a step into edge, one in each lane or task that they come from.
func (b *builder) before(n logical.Node, edge Edge, step func() *Step) {
	for _, origin := range b.origin(n) {
		s := step()
		s.Ports = [][]Edge{{edge}}
		if origin != nil && len(b.origin(n)) > 1 {
			s.Name += "@" + origin.Name
		}
		b.leadFrom(n, origin, Edge{Step: s})
	}
}

// split leads the values that calls with DISTINCT look at to tasks that know which of them each group has had, and what is new from there into edge.
func (b *builder) split(n *logical.Aggregate, config *aggregate.Config, edge Edge) {
	scattered, partition := config.ScatterOutput()
	head := &Step{
		Name: n.Name + ".distinct", Detail: "values of DISTINCT that are new", OnError: n.OnError, Schema: partialSchema(n, config.PartialOutput()),
		Fingerprint: fingerprint(n), Tick: tickOf(n), Node: n, Split: true, Ports: [][]Edge{{edge}},
		New: func(b Build) (op.Operator, error) { return aggregate.NewDistinct(b.Pool, b.Budget, *config), nil },
	}
	stage := &Stage{Name: head.Name, Tasks: b.plan.Parallelism, Head: head, Inputs: 1}
	b.before(n.Input, Edge{Exchange: &Exchange{Kind: Hash, Keys: partition, To: Input{Stage: stage}}}, func() *Step {
		return &Step{
			Name: n.Name + ".scatter", Detail: "values of DISTINCT by what they are", OnError: n.OnError, Schema: partialSchema(n, scattered),
			New: func(b Build) (op.Operator, error) { return aggregate.NewScatter(b.Pool, *config), nil },
		}
	})
	b.plan.Stages = append(b.plan.Stages, stage)
}

// partialSchema names columns of types that begin with the keys of n.
func partialSchema(n *logical.Aggregate, types []schema.Type) *schema.Schema {
	fields := make([]schema.Field, 0, len(types))
	for i, t := range types {
		name := "partial"
		if i < len(n.Keys) {
			name = n.Input.Schema().Fields[n.Keys[i]].Name
		}
		fields = append(fields, schema.Field{Name: name, Type: t})
	}
	return schema.New(fields...)
}
