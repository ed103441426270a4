package window

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// Registry finds window functions by name. It is immutable and may be shared.
type Registry struct {
	byName     map[string][]*Function
	aggregates *aggregate.Registry
	// ofAggregates are the window functions that aggregates are.
	ofAggregates map[*aggregate.Function]*Function
}

// NewRegistry returns a registry of functions and aggregates.
func NewRegistry(functions []Function, aggregates *aggregate.Registry) *Registry {
	r := &Registry{byName: map[string][]*Function{}, aggregates: aggregates, ofAggregates: map[*aggregate.Function]*Function{}}
	for i := range functions {
		f := &functions[i]
		r.byName[f.Name] = append(r.byName[f.Name], f)
	}
	for _, name := range aggregates.Names() {
		for _, f := range aggregates.Lookup(name) {
			r.ofAggregates[f] = &Function{Function: f.Function, Kind: Aggregate, Aggregate: f}
		}
	}
	return r
}

// Standard returns the registry of the whole library.
func Standard() *Registry { return standard() }

//nolint:gochecknoglobals // immutable, made once
var standard = sync.OnceValue(func() *Registry { return NewRegistry(All(), aggregate.Standard()) })

// All returns the functions that are no aggregates, in the order of the library.
func All() []Function {
	all := functions()
	for i := range all {
		all[i].Family, all[i].Doc = "Window functions", docs[all[i].Name]
	}
	return all
}

// Lookup returns the overloads of name among the functions that are no aggregates, nil if there is none.
func (r *Registry) Lookup(name string) []*Function { return r.byName[name] }

// Names returns the names of the functions that are no aggregates, sorted.
func (r *Registry) Names() []string {
	return slices.Sorted(maps.Keys(r.byName))
}

// Use is a call with OVER as a query writes it.
type Use struct {
	Span ast.Span
	Name string
	// Star: the arguments are *.
	Star bool
	Args []*bind.Expr
	// Distinct, Ordered, Filtered and Within say that the call has DISTINCT, ORDER BY among its arguments, FILTER, and WITHIN GROUP.
	Distinct, Ordered, Filtered, Within bool
}

// Bound is a call that was resolved.
type Bound struct {
	Function *Function
	Args     []*bind.Expr
	Result   schema.Type
}

// Resolve finds the window function that use means by PostgreSQL's rules, and casts its arguments. The error is a *bind.Error.
func (r *Registry) Resolve(use Use) (*Bound, error) {
	overloads := r.Lookup(use.Name)
	if len(overloads) == 0 || use.Within {
		return r.aggregate(use)
	}
	switch {
	case use.Distinct:
		return nil, wrong(use, sqlstate.FeatureNotSupported, "DISTINCT is not implemented for window functions", "")
	case use.Ordered:
		return nil, wrong(use, sqlstate.FeatureNotSupported, "aggregate ORDER BY is not implemented for window functions",
			"Put the ORDER BY into the window: OVER (ORDER BY …).")
	case use.Filtered:
		return nil, wrong(use, sqlstate.FeatureNotSupported, "FILTER is not implemented for non-aggregate window functions", "")
	case use.Star:
		return nil, wrong(use, sqlstate.WrongObjectType, use.Name+"(*) specified, but "+use.Name+" is not an aggregate function", "")
	}
	if len(use.Args) > 2 { // lag and lead: the value and what stands in for it
		args, err := unified(use)
		if err != nil {
			return nil, err
		}
		use.Args = args
	}
	f, args, err := r.pick(overloads, use)
	if err != nil {
		return nil, err
	}
	return &Bound{Function: f, Args: args, Result: f.ResultType(typesOf(args))}, nil
}

// unified casts the first and the third argument to one type.
func unified(use Use) ([]*bind.Expr, error) {
	args := slices.Clone(use.Args)
	pair := []*bind.Expr{args[0], args[2]}
	if _, err := bind.Unify(use.Name, pair); err != nil {
		if code := sqlstate.Of(err); code == sqlstate.DatatypeMismatch || code == sqlstate.CannotCoerce {
			return nil, mismatch(use, false)
		}
		return nil, err
	}
	args[0], args[2] = pair[0], pair[1]
	return args, nil
}

func typesOf(args []*bind.Expr) []schema.Type {
	types := make([]schema.Type, len(args))
	for i, a := range args {
		types[i] = a.Type
	}
	return types
}

func (r *Registry) pick(overloads []*Function, use Use) (*Function, []*bind.Expr, error) {
	signatures := make([]*builtin.Function, len(overloads))
	for i, f := range overloads {
		signatures[i] = &f.Function
	}
	s, bound, ambiguous, err := bind.Overload(signatures, use.Args)
	if err != nil {
		return nil, nil, err
	}
	i := slices.Index(signatures, s)
	if i < 0 {
		return nil, nil, mismatch(use, ambiguous)
	}
	return overloads[i], bound, nil
}

// aggregate resolves a call that is none of the window functions proper.
func (r *Registry) aggregate(use Use) (*Bound, error) {
	overloads := r.aggregates.Lookup(use.Name)
	if len(overloads) == 0 {
		if builtin.Standard().Lookup(use.Name) != nil {
			return nil, wrong(use, sqlstate.WrongObjectType, "OVER specified, but "+use.Name+" is not a window function nor an aggregate function", "")
		}
		bad := mismatch(use, false)
		bad.Hint = "No window function or aggregate has this name."
		if meant := connector.Nearest(use.Name, append(r.Names(), r.aggregates.Names()...)); meant != "" {
			bad.Hint = "Perhaps you meant the function \"" + meant + "\"."
		}
		return nil, bad
	}
	switch class := overloads[0].Class; {
	case class == aggregate.HypotheticalSet, class == aggregate.OrderedSet, use.Within:
		return nil, wrong(use, sqlstate.FeatureNotSupported, "OVER is not supported for ordered-set aggregate "+use.Name, "")
	case use.Distinct:
		return nil, wrong(use, sqlstate.FeatureNotSupported, "DISTINCT is not implemented for window functions", "")
	case use.Ordered:
		return nil, wrong(use, sqlstate.FeatureNotSupported, "aggregate ORDER BY is not implemented for window functions",
			"Put the ORDER BY into the window: OVER (ORDER BY …).")
	}
	bound, err := r.aggregates.Resolve(aggregate.Use{Span: use.Span, Name: use.Name, Star: use.Star, Args: use.Args})
	if err != nil {
		return nil, err
	}
	return &Bound{Function: r.ofAggregates[bound.Function], Args: bound.Args, Result: bound.Result}, nil
}

func mismatch(use Use, ambiguous bool) *bind.Error {
	call := use.Name + "(" + strings.Join(bind.TypeNames(use.Args), ", ") + ")"
	if ambiguous {
		return wrong(use, sqlstate.AmbiguousFunction, "function "+call+" is not unique",
			"Could not choose a best candidate function. You might need to add explicit type casts.")
	}
	return wrong(use, sqlstate.UndefinedFunction, "function "+call+" does not exist",
		"No function matches the given name and argument types. You might need to add explicit type casts.")
}

func wrong(use Use, code sqlstate.Code, message, hint string) *bind.Error {
	return &bind.Error{SQLSTATE: code, Message: message, Hint: hint, Span: use.Span}
}
