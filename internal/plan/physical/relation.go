package physical

import (
	"fmt"
	"strings"

	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/operator/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/over"
	"wire.example/wire/internal/operator/rowsfrom"
	"wire.example/wire/internal/operator/setop"
	"wire.example/wire/internal/operator/sort"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/schema"
)

// blocking reports whether n keeps state, and so heads a stage of its own.
func blocking(n logical.Node) bool {
	switch n.(type) {
	case *logical.Join, *logical.Aggregate, *logical.Sort, *logical.Limit, *logical.SetOp, *logical.Over, *logical.Normalize, *logical.Fold, *logical.Sessions:
		return true
	}
	return false
}

// meeting says how the rows of a node's inputs come to its tasks.
type meeting struct {
	// exchanges has one for each input.
	exchanges []Exchange
	// alone says that there is one task.
	alone bool
}

// together brings all rows of n inputs to one task.
func together(n int) meeting { return meeting{exchanges: make([]Exchange, n), alone: true} }

// byKeys deals the rows of one input by columns; without columns they come together.
func byKeys(keys []int) meeting {
	if len(keys) == 0 {
		return together(1)
	}
	return meeting{exchanges: []Exchange{{Kind: Hash, Keys: keys}}}
}

// stage makes the stage of n, and leads the inputs of n into it.
func (b *builder) stage(n logical.Node) *Stage {
	if s, ok := b.stages[n]; ok {
		return s
	}
	_, detail, _ := strings.Cut(n.String(), ": ")
	head := &Step{Detail: detail, Schema: n.Schema(), Ports: make([][]Edge, 1)}
	var m meeting
	switch n := n.(type) {
	case *logical.Sort:
		m = newSort(head, n)
	case *logical.Limit:
		m = newLimit(head, n)
	case *logical.Join:
		m = newJoin(head, n)
	case *logical.SetOp:
		m = newSetOp(head, n)
	case *logical.Over:
		m = newOver(head, n)
	case *logical.Aggregate:
		m = newAggregate(head, n)
	case *logical.Fold:
		m = newFold(head, n)
	case *logical.Normalize:
		m = newNormalize(head, n)
	case *logical.Sessions:
		m = newSessions(head, n)
	default:
		panic(fmt.Sprintf("physical: no stage for %T", n))
	}
	head.Fingerprint, head.Tick, head.Node = fingerprint(n), tickOf(n), n
	s := &Stage{Name: head.Name, Tasks: b.plan.Parallelism, Head: head, Inputs: len(n.Inputs())}
	if m.alone {
		s.Tasks = 1
	}
	b.stages[n], b.nodes[s] = s, n
	for i, in := range n.Inputs() {
		x := m.exchanges[i]
		x.To = Input{Stage: s, Number: i}
		if j, ok := n.(*logical.Join); ok {
			x.Dated = j.Dated
		}
		if a, ok := n.(*logical.Aggregate); ok && a.Combine {
			b.combine(a, Edge{Exchange: &x})
			continue
		}
		if top, ok := n.(*logical.Sort); ok && combinesTop(top) {
			b.combineTop(top, Edge{Exchange: &x})
			continue
		}
		b.lead(in, Edge{Exchange: &x})
	}
	b.plan.Stages = append(b.plan.Stages, s)
	return s
}

// fingerprint is a hash of what n does and of the types of its inputs: of all that the layout and the meaning of its state follow from.
func fingerprint(n logical.Node) string {
	_, detail, _ := strings.Cut(n.String(), ": ")
	text := fmt.Sprintf("%T: %s", n, detail)
	for _, in := range n.Inputs() {
		text += "; " + in.Schema().String()
	}
	return fmt.Sprintf("%016x", xxh3.HashString(text))
}

// types are the types of the columns of s.
func types(s *schema.Schema) []schema.Type {
	out := make([]schema.Type, s.Len())
	for i, f := range s.Fields {
		out[i] = f.Type
	}
	return out
}

// sortKeys are keys as operators take them.
func sortKeys(keys []logical.SortKey) []keyed.Key {
	out := make([]keyed.Key, len(keys))
	for i, k := range keys {
		out[i] = keyed.Key{Column: k.Column, Desc: k.Desc, NullsFirst: k.NullsFirst}
	}
	return out
}

func newSort(s *Step, n *logical.Sort) meeting {
	s.Name, s.OnError = n.Name, n.OnError
	switch {
	case n.Changing && isDedupe(n):
		return newDedupe(s, n)
	case n.Changing:
		return newTopN(s, n)
	case n.Timed:
		return newTimedSort(s, n)
	}
	config := sort.Config{
		Name: n.Name, Types: types(n.Schema()), Keys: sortKeys(n.Keys), Limit: n.Limit, Offset: n.Offset, WithTies: n.WithTies, Partition: n.Partition,
	}
	s.New = func(b Build) (op.Operator, error) { return sort.New(b.Pool, b.Budget, config), nil }
	return byKeys(n.Partition)
}

func newLimit(s *Step, n *logical.Limit) meeting {
	s.Name, s.OnError = n.Name, n.OnError
	s.New = func(Build) (op.Operator, error) { return limit.New(n.Name, n.Limit, n.Offset), nil }
	return together(1)
}

func newSetOp(s *Step, n *logical.SetOp) meeting {
	s.Name, s.OnError = n.Name, n.OnError
	config := setop.Config{Name: n.Name, Kind: setop.Intersect, All: n.All, Changes: n.Changing, TTL: n.TTL, Types: types(n.Schema())}
	if n.Kind == logical.Except {
		config.Kind = setop.Except
	}
	s.New = func(b Build) (op.Operator, error) {
		c := config
		c.Pool, c.Budget = b.Pool, b.Budget
		return setop.New(&c), nil
	}
	all := make([]int, n.Schema().Len())
	for i := range all {
		all[i] = i
	}
	if len(all) == 0 {
		return together(2)
	}
	return meeting{exchanges: []Exchange{{Kind: Hash, Keys: all}, {Kind: Hash, Keys: all}}}
}

func newOver(s *Step, n *logical.Over) meeting {
	s.Name, s.OnError = n.Name, n.OnError
	config := over.Config{
		Name: n.Name, Types: types(n.Input.Schema()), Partition: n.Partition, Order: sortKeys(n.Order), Changes: n.Retracts, TTL: n.TTL, Lag: n.Lag,
	}
	for _, c := range n.Calls {
		frame := over.Frame{
			Unit: c.Frame.Unit, Start: c.Frame.Start, End: c.Frame.End, StartOffset: c.Frame.StartOffset, EndOffset: c.Frame.EndOffset,
			Exclude: c.Frame.Exclude,
		}
		config.Calls = append(config.Calls, over.Call{Function: c.Function, Args: c.Args, Filter: c.Filter, Frame: frame, Result: c.Type})
	}
	s.New = func(b Build) (op.Operator, error) {
		switch {
		case n.Changing:
			return over.NewUpdating(b.Pool, b.Budget, config), nil
		case n.Timed:
			return over.NewTimed(b.Pool, b.Budget, config), nil
		}
		return over.New(b.Pool, b.Budget, config), nil
	}
	return byKeys(n.Partition)
}

func newRowsFrom(s *Step, n *logical.RowsFrom) {
	s.Name, s.OnError = n.Name, n.OnError
	in := n.Input.Schema()
	config := rowsfrom.Config{Name: n.Name, Ordinality: n.Ordinality, Outer: n.Outer}
	for _, f := range n.Functions {
		call := rowsfrom.Call{Function: f.Function, Args: f.Args}
		for _, a := range f.Args {
			call.Types = append(call.Types, in.Fields[a].Type)
		}
		if f.Function.Declared {
			call.Declared = f.Fields
		}
		config.Calls = append(config.Calls, call)
	}
	s.New = func(b Build) (op.Operator, error) { return rowsfrom.New(b.Pool, b.Budget, config), nil }
}
