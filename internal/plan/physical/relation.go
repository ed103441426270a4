package physical

import (
	"fmt"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/rowsfrom"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/schema"
)

// blocking reports whether n keeps state, and so heads a stage of its own.
func blocking(n logical.Node) bool {
	switch n.(type) {
	case *logical.Join, *logical.Aggregate, *logical.Sort, *logical.Limit, *logical.SetOp, *logical.Over:
		return true
	}
	return false
}

// stage makes the stage of n, and leads the inputs of n into it.
func (b *builder) stage(n logical.Node) *Stage {
	if s, ok := b.stages[n]; ok {
		return s
	}
	panic(fmt.Sprintf("physical: no stage for %T", n))
}

// types are the types of the columns of s.
func types(s *schema.Schema) []schema.Type {
	out := make([]schema.Type, s.Len())
	for i, f := range s.Fields {
		out[i] = f.Type
	}
	return out
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
