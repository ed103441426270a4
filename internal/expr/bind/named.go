package bind

import (
	"slices"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// named tells whether a call gives an argument by name and is otherwise plain.
func named(n *ast.FuncCall) bool {
	plain := *n
	plain.Args = nil
	return plain.Plain() && slices.ContainsFunc(n.Args, func(a ast.Arg) bool { return a.Name != nil })
}

// namedCall binds a call with arguments by name: it puts them into the order of the parameters, and a 0 for what is left out.
func (b *Binder) namedCall(n *ast.FuncCall, name string) (*Expr, error) {
	var f *builtin.Function
	for _, overload := range b.functions.Lookup(name) {
		if overload.ParamNames != nil {
			f = overload
		}
	}
	if f == nil {
		return nil, errorf(n.Span, sqlstate.FeatureNotSupported, "%s is not supported here", ast.SQL(n)).
			hint("The function takes its arguments by position.")
	}
	args := make([]*Expr, len(f.Params))
	last := 0
	for i, a := range n.Args {
		at := i
		if a.Name != nil {
			at = slices.Index(f.ParamNames, a.Name.Text)
		}
		if at < 0 || at >= len(args) || args[at] != nil {
			return nil, noNamed(n, name, a, f)
		}
		x, err := b.Bind(a.X)
		if err != nil {
			return nil, err
		}
		args[at], last = x, max(last, at)
	}
	for i := range args[:last] {
		if args[i] == nil {
			zero, err := literal(n.Span, schema.Of(f.Params[i]), "0")
			if err != nil {
				return nil, err
			}
			args[i] = zero
		}
	}
	return b.resolve(n.Span, name, args[:last+1], false)
}

func noNamed(n *ast.FuncCall, name string, a ast.Arg, f *builtin.Function) *Error {
	bad := errorf(n.Span, sqlstate.UndefinedFunction, "function %s does not take these arguments", name)
	if a.Name == nil {
		return bad
	}
	bad.Span = a.Name.Span
	if meant := connector.Nearest(a.Name.Text, f.ParamNames); meant != "" {
		return bad.hint("Perhaps you meant \"%s\".", meant)
	}
	return bad.hint("No parameter is called \"%s\", or it was given twice.", a.Name.Text)
}
