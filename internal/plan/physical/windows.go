package physical

import (
	"math"
	"slices"

	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/internal/plan/logical"
)

// closes reports whether groups of n go with their window, rather than when the input ends. Sessions always do, since only the operator of windows merges them; without
// a watermark it answers at the end, too.
func closes(n *logical.Aggregate) bool {
	w := n.Window
	return w != nil && (w.Timed || n.Changing || w.Processing || w.Table != nil && w.Table.Shape == logical.Session)
}

// windowConfig is n as the operators of windows take it, over the rows of its input; its window's columns are the last two of its keys.
func windowConfig(n *logical.Aggregate) window.Config {
	if !closes(n) {
		return window.Config{}
	}
	w, k := n.Window, len(n.Keys)-2
	c := window.Config{
		Config: aggregateConfig(n), Start: n.Keys[w.Start], End: n.Keys[w.End], Lag: w.Lag, Lateness: n.Emit.Lateness, Interval: n.Emit.Every,
		ProcessingTime: w.Processing,
	}
	c.Changes, c.Keys = false, c.Keys[:k]
	for i, set := range c.Sets {
		c.Sets[i] = slices.DeleteFunc(slices.Clone(set), func(place int) bool { return place >= k })
	}
	if !w.Timed && !w.Processing { // a watermark says nothing of them: they close when the input ends
		c.Lag = math.MaxInt64
	}
	switch {
	case n.Emit.Every != 0:
		c.Emission = window.Periodically
	case n.Emit.Mode == logical.EmitChanges, n.Changing && n.Emit.Lateness == 0:
		c.Emission = window.OnUpdate
	}
	return c
}

// newWindows makes the operator of groups of windows; one that merges what combiners have made of the rows, if n is two-phase.
func newWindows(s *Step, n *logical.Aggregate) meeting {
	config := windowConfig(n)
	dealt := config.Keys
	alone := n.Window.Sliced || n.Window.Table != nil && n.Window.Table.Shape == logical.Session // without keys they are one key
	if len(config.Keys) == 0 && !alone {
		dealt = []int{config.Start, config.End}
	}
	if config.Sets != nil {
		dealt = config.Partition
	}
	if n.Combine {
		config, dealt = mergingWindows(&config, dealt)
	}
	since := func() window.Config {
		c := config
		c.Since, c.Gone = s.Since, s.Gone
		return c
	}
	s.New = func(b Build) (op.Operator, error) { return window.NewAggregate(b.Pool, b.Budget, since()) }
	if table := n.Window.Table; table != nil && table.Shape == logical.Session {
		s.New = func(b Build) (op.Operator, error) { return window.NewSessions(b.Pool, b.Budget, since()) }
	} else if n.Window.Sliced {
		s.New = func(b Build) (op.Operator, error) { return newSliced(b, n, since(), s.Showed) }
	}
	return byKeys(dealt)
}

// newSliced makes the operator of windows that are put together from slices.
func newSliced(b Build, n *logical.Aggregate, config window.Config, former window.Showing) (op.Operator, error) {
	c := slicedConfig(n, config, former)
	c.Tasks = b.Tasks
	if n.Changing {
		return window.NewRevised(b.Pool, b.Budget, c)
	}
	return window.NewSliced(b.Pool, b.Budget, c)
}

// mergingWindows is the operator that merges the rows of a combiner with config, and the columns by which those are dealt.
func mergingWindows(config *window.Config, dealt []int) (window.Config, []int) {
	out := *config
	k := len(config.Keys)
	out.Merge, out.Types, out.Start, out.End = true, config.PartialOutput(), k, k+1
	at := map[int]int{config.Start: k, config.End: k + 1}
	out.Keys = make([]int, k)
	for i, c := range config.Keys {
		out.Keys[i], at[c] = i, i
	}
	columns := make([]int, len(dealt))
	for i, c := range dealt {
		columns[i] = at[c]
	}
	if config.Partition != nil {
		out.Partition = columns
	}
	next := k + 2
	if config.Sets != nil {
		out.SetColumn = next
		next++
	}
	out.Calls = make([]aggregate.Call, len(config.Calls))
	for i, c := range config.Calls {
		width := len(c.Function.PartialTypes(c.ArgTypes))
		c.Args, c.Filter, c.Distinct, c.OrderBy = nil, aggregate.NoColumn, false, nil
		for range width {
			c.Args = append(c.Args, next)
			next++
		}
		out.Calls[i] = c
	}
	return out, columns
}

// slicedConfig is what an operator of slices takes.
func slicedConfig(n *logical.Aggregate, config window.Config, former window.Showing) window.SlicedConfig {
	table := n.Window.Table
	return window.SlicedConfig{Config: config, Former: former, Shape: shapeOf(table), TimeType: table.Input.Schema().Fields[table.Time].Type}
}
