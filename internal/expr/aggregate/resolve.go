package aggregate

import (
	"fmt"
	"slices"
	"strings"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// Use is a call of an aggregate as a query writes it. FILTER, DISTINCT and an ORDER BY among the arguments are not its business.
type Use struct {
	Span ast.Span
	Name string
	// Star: the arguments are *.
	Star bool
	// Args are the arguments in parentheses.
	Args []*bind.Expr
	// Within says that there is a WITHIN GROUP, and Order are the keys of its ORDER BY.
	Within bool
	Order  []*bind.Expr
}

// Bound is a call that was resolved.
type Bound struct {
	Function *Function
	// Args are the arguments as Function takes them: those in parentheses, then those of WITHIN GROUP.
	Args   []*bind.Expr
	Result schema.Type
}

// Resolve finds the aggregate that use means by PostgreSQL's rules, and casts its arguments. The error is a *bind.Error.
func (r *Registry) Resolve(use Use) (*Bound, error) {
	overloads := r.Lookup(use.Name)
	if len(overloads) == 0 {
		return nil, r.unknown(use)
	}
	f, args, err := pick(overloads, use)
	if err != nil {
		return nil, err
	}
	if err := suits(f, use); err != nil {
		return nil, err
	}
	if f.Class == HypotheticalSet {
		if args, err = unified(slices.Concat(use.Args, use.Order)); err != nil {
			return nil, err
		}
	}
	types := make([]schema.Type, len(args))
	for i, a := range args {
		types[i] = a.Type
	}
	return &Bound{Function: f, Args: args, Result: f.ResultType(types)}, nil
}

// pick chooses by the types of all arguments, those of WITHIN GROUP included.
func pick(overloads []*Function, use Use) (*Function, []*bind.Expr, error) {
	args := slices.Concat(use.Args, use.Order)
	signatures := make([]*builtin.Function, len(overloads))
	for i, f := range overloads {
		signatures[i] = &f.Function
	}
	s, bound, ambiguous, err := bind.Overload(signatures, args)
	if err != nil {
		return nil, nil, err
	}
	if i := slices.Index(signatures, s); i >= 0 {
		return overloads[i], bound, nil
	}
	if ambiguous {
		return nil, nil, wrong(use, sqlstate.AmbiguousFunction, "function "+call(use.Name, args)+" is not unique",
			"Could not choose a best candidate function. You might need to add explicit type casts. Candidates: "+candidates(overloads))
	}
	hint := "No aggregate takes these arguments: " + candidates(overloads) + ". You might need to add explicit type casts."
	if f := overloads[0]; f.Class != Plain && use.Within && !f.Accepts(len(args)) {
		hint = directHint(f, use)
	}
	return nil, nil, undefined(use, args, hint)
}

// suits checks that the call has the form that f asks for.
func suits(f *Function, use Use) error {
	all := slices.Concat(use.Args, use.Order)
	switch {
	case f.Class == Plain && use.Within:
		return wrong(use, sqlstate.WrongObjectType, use.Name+" is not an ordered-set aggregate, so it cannot have WITHIN GROUP",
			"Put the ORDER BY into the parentheses, behind the arguments.")
	case f.Class != Plain && !use.Within:
		return wrong(use, sqlstate.WrongObjectType, "WITHIN GROUP is required for ordered-set aggregate "+use.Name,
			"Write "+use.Name+"(…) WITHIN GROUP (ORDER BY …).")
	case f.Class == OrderedSet && len(use.Args) != f.Direct, f.Class == HypotheticalSet && len(use.Args) != len(use.Order):
		return undefined(use, all, directHint(f, use))
	case f.Star && !use.Star:
		return wrong(use, sqlstate.WrongObjectType, use.Name+"(*) must be used to call a parameterless aggregate function", "")
	}
	return nil
}

func directHint(f *Function, use Use) string {
	if f.Class == HypotheticalSet {
		return fmt.Sprintf("To use the hypothetical-set aggregate %s, the number of hypothetical direct arguments (here %d) must match the number of"+
			" ordering columns (here %d).", f.Name, len(use.Args), len(use.Order))
	}
	return fmt.Sprintf("There is an ordered-set aggregate %s, but it requires %s before and one behind WITHIN GROUP, not %d and %d.", f.Name,
		[]string{"no argument", "one argument"}[f.Direct], len(use.Args), len(use.Order))
}

// unified brings each argument of a hypothetical row and the key that it is compared with to one type.
func unified(args []*bind.Expr) ([]*bind.Expr, error) {
	n := len(args) / 2
	for i := range n {
		pair := []*bind.Expr{args[i], args[n+i]}
		if _, err := bind.Unify("WITHIN GROUP", pair); err != nil {
			return nil, err
		}
		args[i], args[n+i] = pair[0], pair[1]
	}
	return args, nil
}

func (r *Registry) unknown(use Use) error {
	hint := "No aggregate has this name."
	if meant := connector.Nearest(use.Name, r.Names()); meant != "" {
		hint = `Perhaps you meant the aggregate "` + meant + `".`
	}
	return undefined(use, slices.Concat(use.Args, use.Order), hint)
}

func undefined(use Use, args []*bind.Expr, hint string) *bind.Error {
	return wrong(use, sqlstate.UndefinedFunction, "function "+call(use.Name, args)+" does not exist", hint)
}

func wrong(use Use, code sqlstate.Code, message, hint string) *bind.Error {
	return &bind.Error{SQLSTATE: code, Message: message, Hint: hint, Span: use.Span}
}

// call writes a call as PostgreSQL's messages do: by the types of its arguments.
func call(name string, args []*bind.Expr) string {
	return name + "(" + strings.Join(bind.TypeNames(args), ", ") + ")"
}

// candidates lists the signatures of functions.
func candidates(overloads []*Function) string {
	list := make([]string, len(overloads))
	for i, f := range overloads {
		list[i] = f.Signature()
	}
	return strings.Join(list, ", ")
}

// Signature returns f's name and parameters as a reader would write them.
func (f *Function) Signature() string {
	if f.Star {
		return f.Name + "(*)"
	}
	params := make([]string, len(f.Params))
	for i, p := range f.Params {
		params[i] = builtin.KindName(p)
	}
	switch f.Class {
	case OrderedSet:
		return f.Name + "(" + strings.Join(params[:f.Direct], ", ") + ") WITHIN GROUP (ORDER BY " + strings.Join(params[f.Direct:], ", ") + ")"
	case HypotheticalSet:
		return f.Name + "(any, …) WITHIN GROUP (ORDER BY any, …)"
	default:
		return f.Name + "(" + strings.Join(params, ", ") + ")"
	}
}
