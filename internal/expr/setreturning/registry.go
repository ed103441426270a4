package setreturning

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// Registry finds functions by name. It is immutable and may be shared.
type Registry struct {
	byName map[string][]*Function
}

// NewRegistry returns a registry of the functions in all lists.
func NewRegistry(lists ...[]Function) *Registry {
	return &Registry{byName: builtin.ByName(func(f *Function) string { return f.Name }, lists...)}
}

// Standard returns the registry of the whole library.
func Standard() *Registry { return standard() }

//nolint:gochecknoglobals // immutable, made once
var standard = sync.OnceValue(func() *Registry { return NewRegistry(All()) })

// All returns all functions, in the order of the library.
func All() []Function {
	all := slices.Concat(seriesFunctions(), arrayFunctions(), textFunctions(), jsonFunctions())
	for i := range all {
		all[i].Family, all[i].Doc = "Functions that return sets", docs[all[i].Name]
	}
	return all
}

// Lookup returns the overloads of name, nil if no function that returns a set is called so.
func (r *Registry) Lookup(name string) []*Function { return r.byName[name] }

// Names returns all names, sorted.
func (r *Registry) Names() []string {
	return slices.Sorted(maps.Keys(r.byName))
}

// Bound is a call that was resolved.
type Bound struct {
	Function *Function
	Args     []*bind.Expr
	// Types are those of Args.
	Types []schema.Type
}

// Resolve finds the function that a call at at means by PostgreSQL's rules, and casts its arguments. Name must be one that Lookup finds. The
// error is a *bind.Error.
func (r *Registry) Resolve(at ast.Span, name string, args []*bind.Expr) (*Bound, error) {
	overloads := r.Lookup(name)
	signatures := make([]*builtin.Function, len(overloads))
	for i, f := range overloads {
		signatures[i] = &f.Function
	}
	s, bound, ambiguous, err := bind.Overload(signatures, args)
	if err != nil {
		return nil, err
	}
	i := slices.Index(signatures, s)
	if i < 0 {
		return nil, mismatch(at, name, args, ambiguous)
	}
	f := overloads[i]
	types := make([]schema.Type, len(bound))
	for k, a := range bound {
		types[k] = a.Type
	}
	if f.Members && f.ResultOf != nil && f.ResultOf(types).Kind != schema.Row {
		return nil, &bind.Error{
			SQLSTATE: sqlstate.DatatypeMismatch, Message: "first argument of " + name + " must be a row type", Span: at,
			Hint: "Cast it to a ROW type, for instance ROW(1, 'a').",
		}
	}
	return &Bound{Function: f, Args: bound, Types: types}, nil
}

func mismatch(at ast.Span, name string, args []*bind.Expr, ambiguous bool) *bind.Error {
	call := name + "(" + strings.Join(bind.TypeNames(args), ", ") + ")"
	bad := &bind.Error{
		SQLSTATE: sqlstate.UndefinedFunction, Message: "function " + call + " does not exist", Span: at,
		Hint: "No function matches the given name and argument types. You might need to add explicit type casts.",
	}
	if ambiguous {
		bad.SQLSTATE, bad.Message = sqlstate.AmbiguousFunction, "function "+call+" is not unique"
		bad.Hint = "Could not choose a best candidate function. You might need to add explicit type casts."
	}
	return bad
}
