package bind

import (
	"slices"
	"strings"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

func (b *Binder) call(n *ast.FuncCall) (*Expr, error) {
	if b.hook != nil {
		if e, err := b.hook(b, n); e != nil || err != nil {
			return e, err
		}
	}
	name := n.Name[len(n.Name)-1].Text
	if schema := n.Name[0].Text; len(n.Name) > 1 && schema != "pg_catalog" {
		return nil, errorf(n.Span, sqlstate.InvalidSchemaName, "schema \"%s\" does not exist", schema)
	}
	if named(n) {
		return b.namedCall(n, name)
	}
	if !n.Plain() {
		return nil, errorf(n.Span, sqlstate.FeatureNotSupported, "%s is not supported here", ast.SQL(n)).
			hint("Aggregates and window functions need a query.")
	}
	nodes := make([]ast.Node, len(n.Args))
	for i, a := range n.Args {
		nodes[i] = a.X
	}
	args, err := b.list(nodes...)
	if err != nil {
		return nil, err
	}
	if e, err := b.specialForm(n.Span, name, args); e != nil || err != nil {
		return e, err
	}
	e, err := b.resolve(n.Span, name, args, false)
	return e, err
}

// specialForm binds the functions whose arguments are not all evaluated, or which have a type rule of their own.
func (b *Binder) specialForm(at ast.Span, name string, args []*Expr) (*Expr, error) {
	var op Op
	switch name {
	case "coalesce":
		op = Coalesce
	case "greatest":
		op = Greatest
	case "least":
		op = Least
	case "nullif":
		return nullIf(at, args)
	default:
		return nil, nil
	}
	if len(args) == 0 {
		return nil, errorf(at, sqlstate.SyntaxError, "%s needs an argument", name)
	}
	typ, err := unify(strings.ToUpper(name), args)
	if err != nil {
		return nil, err
	}
	return &Expr{Op: op, Type: typ, Span: at, Args: args}, nil
}

// ownEquality reports whether PostgreSQL has an operator that compares the kind with y as it is, so that it stays what it was.
func ownEquality(kind schema.Kind, y *Expr) bool {
	other := y.Type.Kind
	return y.Unknown || !kind.IsNumber() || kind.IsFloat() || kind.IsInteger() && other.IsInteger() || kind == schema.Numeric && !other.IsFloat()
}

func nullIf(at ast.Span, args []*Expr) (*Expr, error) {
	if len(args) != 2 {
		return nil, errorf(at, sqlstate.SyntaxError, "nullif needs two arguments")
	}
	eq, err := compare(at, Equal, args[0], args[1])
	if err != nil {
		return nil, err
	}
	x := settle(args[0])
	if eq.Op == Compare && (args[0].Unknown || !ownEquality(x.Type.Kind, args[1])) {
		x = eq.Args[0] // as the comparison sees it
	}
	typ := x.Type
	if typ.Kind == schema.Text {
		typ = schema.Of(schema.Text)
	}
	return &Expr{Op: NullIf, Type: typ, Span: at, Args: []*Expr{x, args[1], eq}}, nil
}

// resolve finds the function or operator called name for args, by PostgreSQL's rules, and casts the arguments.
func (b *Binder) resolve(at ast.Span, name string, args []*Expr, operator bool) (*Expr, error) {
	overloads := b.functions.Lookup(name)
	f, ambiguous := choose(accepting(overloads, len(args)), args, operator)
	if f == nil {
		if operator && ambiguous {
			return nil, ambiguousOperator(at, name, args)
		}
		if operator {
			return nil, noOperator(at, name, args)
		}
		return nil, b.noFunction(at, name, args, ambiguous, overloads)
	}
	bound, ok, err := convertArgs(f, args)
	if err != nil {
		return nil, err
	}
	if !ok {
		if operator {
			return nil, noOperator(at, name, args)
		}
		return nil, b.noFunction(at, name, args, false, overloads)
	}
	types := make([]schema.Type, len(bound))
	for i, x := range bound {
		types[i] = x.Type
	}
	typ := f.Result
	if f.ResultOf != nil {
		typ = f.ResultOf(types)
	}
	return &Expr{Op: Call, Type: typ, Span: at, Function: f, Args: bound}, nil
}

// convertArgs casts args to what f takes; ok is false where the types of arrays and elements do not fit each other.
func convertArgs(f *builtin.Function, args []*Expr) (bound []*Expr, ok bool, err error) {
	elem := schema.Of(schema.Text)
	if isPolymorphic(f) {
		if elem, ok = elementType(f, args); !ok {
			return nil, false, nil
		}
	}
	bound = make([]*Expr, len(args))
	for i, a := range args {
		ok := true
		switch param := f.Param(i); param {
		case builtin.Any, builtin.NonArray:
			bound[i] = settle(a)
		case builtin.Elem:
			bound[i], ok, err = implicitCast(a, elem)
		case schema.Array, builtin.TextArray:
			bound[i], ok, err = convertArray(a, schema.ArrayOf(elem), compatible(f))
		case builtin.DoubleArray:
			bound[i], ok, err = doubles(a)
		default:
			bound[i] = a
			if a.Unknown || a.Type.Kind != param {
				bound[i], err = cast(a, schema.Of(param), false)
			}
		}
		if !ok || err != nil {
			return nil, false, err
		}
	}
	return bound, true, nil
}

func convertArray(a *Expr, typ schema.Type, compatible bool) (_ *Expr, ok bool, _ error) {
	if !a.Unknown && !a.IsNullConst() && (!compatible || sameElements(a.Type, typ)) {
		return a, sameElements(a.Type, typ), nil
	}
	x, err := cast(a, typ, false)
	return x, true, err
}

// doubles makes a an array of DOUBLE PRECISION, if its elements become that by themselves.
func doubles(a *Expr) (_ *Expr, ok bool, _ error) {
	double := schema.Of(schema.Float64)
	if !a.Unknown && !a.IsNullConst() && !implicit(a.Type.Elem.Kind, double.Kind) {
		return nil, false, nil
	}
	x, err := cast(a, schema.ArrayOf(double), false)
	return x, true, err
}

// sameElements tells whether two types of arrays differ at most in the modifiers of their elements.
func sameElements(a, b schema.Type) bool {
	if a.Kind == schema.Array && b.Kind == schema.Array {
		return sameElements(*a.Elem, *b.Elem)
	}
	return a.Kind == b.Kind && (a.Kind != schema.Row || a.Equal(b))
}

// isPolymorphic tells whether f takes arrays of any type.
func isPolymorphic(f *builtin.Function) bool {
	for _, p := range f.Params {
		if p == schema.Array || p == builtin.Elem {
			return true
		}
	}
	return false
}

// compatible tells whether the arrays and elements that f takes may be of several types that have a common one: those that PostgreSQL
// calls anycompatible, which are the functions with an element among their arguments and those that make arrays.
func compatible(f *builtin.Function) bool {
	return f.Result.Kind == schema.Array || slices.Contains(f.Params, builtin.Elem)
}

// commonElement is the common type of the arrays' elements and the elements among args; ok is false if there is none.
func commonElement(f *builtin.Function, args []*Expr) (elem schema.Type, ok bool) {
	var elems []*Expr
	for i, a := range args {
		switch param := f.Param(i); {
		case a.Unknown || a.IsNullConst() && a.Type.Kind != schema.Array:
		case param == schema.Array:
			elems = append(elems, &Expr{Type: *a.Type.Elem})
		case param == builtin.Elem:
			elems = append(elems, a)
		}
	}
	elem, err := commonType(f.Name, elems)
	return elem, err == nil
}

// elementType finds the type of the elements in a call of a polymorphic function: that of the arrays, or else that of the elements.
func elementType(f *builtin.Function, args []*Expr) (elem schema.Type, ok bool) {
	if compatible(f) {
		return commonElement(f, args)
	}
	for _, array := range []bool{true, false} {
		for i, a := range args {
			switch param := f.Param(i); {
			case a.Unknown || a.IsNullConst() && a.Type.Kind != schema.Array:
			case array && param == schema.Array:
				return *a.Type.Elem, true
			case !array && param == builtin.Elem:
				return a.Type, true
			}
		}
	}
	return schema.Of(schema.Text), len(args) > 0
}

func (b *Binder) noFunction(at ast.Span, name string, args []*Expr, ambiguous bool, overloads []*builtin.Function) *Error {
	shown := name + "(" + strings.Join(typeNames(args), ", ") + ")"
	if ambiguous {
		return errorf(at, sqlstate.AmbiguousFunction, "function %s is not unique", shown).
			hint("Could not choose a best candidate function. You might need to add explicit type casts.")
	}
	bad := errorf(at, sqlstate.UndefinedFunction, "function %s does not exist", shown)
	if len(overloads) == 0 {
		names := append(b.functions.Names(), "coalesce", "nullif", "greatest", "least")
		if meant := connector.Nearest(name, names); meant != "" {
			return bad.hint("Perhaps you meant the function \"%s\".", meant)
		}
	}
	return bad.hint("No function matches the given name and argument types. You might need to add explicit type casts.%s", signatures(overloads))
}

// mostSignatures is how many overloads a message lists.
const mostSignatures = 6

// signatures lists the overloads of a function, unless there are many.
func signatures(overloads []*builtin.Function) string {
	if len(overloads) == 0 || len(overloads) > mostSignatures {
		return ""
	}
	list := make([]string, len(overloads))
	for i, f := range overloads {
		params := make([]string, len(f.Params))
		for k, p := range f.Params {
			if params[k] = builtin.KindName(p); k >= len(params)-f.Optional {
				params[k] = "[" + params[k] + "]"
			}
		}
		if list[i] = f.Name + "(" + strings.Join(params, ", "); f.Variadic {
			list[i] += ", …"
		}
		list[i] += ")"
	}
	return " There is " + strings.Join(list, ", ") + "."
}

// choose is PostgreSQL's func_select_candidate over functions that take the right number of arguments.
func choose(fit []*builtin.Function, args []*Expr, operator bool) (best *builtin.Function, ambiguous bool) {
	for _, f := range fit {
		if exact(f, args, operator) {
			return f, false
		}
	}
	fit = keep(fit, func(f *builtin.Function) bool { return reachable(f, args) })
	if len(fit) <= 1 {
		return first(fit), false
	}
	if fit = most(fit, func(f *builtin.Function) int { return matches(f, args, false) }); len(fit) == 1 {
		return fit[0], false
	}
	if fit = most(fit, func(f *builtin.Function) int { return matches(f, args, true) }); len(fit) == 1 {
		return fit[0], false
	}
	if fit = byCategory(fit, args); len(fit) == 1 {
		return fit[0], false
	}
	return sameAsKnown(fit, args), len(fit) > 1
}

func first(fit []*builtin.Function) *builtin.Function {
	if len(fit) == 0 {
		return nil
	}
	return fit[0]
}

// exact also takes, for a binary operator, an undecided literal as the other operand's type.
func exact(f *builtin.Function, args []*Expr, operator bool) bool {
	for i, a := range args {
		kind := a.Type.Kind
		if a.Unknown {
			if !operator || len(args) != 2 || args[1-i].Unknown {
				return false
			}
			kind = args[1-i].Type.Kind
		}
		if param := f.Param(i); param != kind && (param != builtin.TextArray || kind != schema.Array) {
			return false
		}
	}
	return true
}

func reachable(f *builtin.Function, args []*Expr) bool {
	for i, a := range args {
		if !a.Unknown && !implicit(a.Type.Kind, f.Param(i)) {
			return false
		}
	}
	return true
}

// matches counts the known arguments that f takes exactly or, if orPreferred, as a preferred kind.
func matches(f *builtin.Function, args []*Expr, orPreferred bool) int {
	n := 0
	for i, a := range args {
		if !a.Unknown && (f.Param(i) == a.Type.Kind || orPreferred && preferred(f.Param(i))) {
			n++
		}
	}
	return n
}

// byCategory reads each undecided literal as text if some candidate would, else as the one category that all agree on, in its preferred kind if
// some candidate takes that. It returns fit as it is where nothing can be decided so.
func byCategory(fit []*builtin.Function, args []*Expr) []*builtin.Function {
	kept := fit
	for i, a := range args {
		if !a.Unknown {
			continue
		}
		want, ok := literalAs(fit, i)
		if !ok {
			return fit
		}
		kept = keep(kept, func(f *builtin.Function) bool { return want(f.Param(i)) })
	}
	if len(kept) == 0 {
		return fit
	}
	return kept
}

// literalAs returns the test of the kinds as which an undecided literal may be read as argument i.
func literalAs(fit []*builtin.Function, i int) (want func(schema.Kind) bool, ok bool) {
	isText := func(k schema.Kind) bool { return k == schema.Text }
	best := false
	for _, f := range fit {
		if isText(f.Param(i)) {
			return isText, true
		}
		best = best || preferred(f.Param(i))
	}
	for _, f := range fit {
		if categoryOf(f.Param(i)) != categoryOf(fit[0].Param(i)) {
			return nil, false
		}
	}
	return func(k schema.Kind) bool { return !best || preferred(k) }, true
}

// sameAsKnown takes the undecided literals as the kind that all known arguments have.
func sameAsKnown(fit []*builtin.Function, args []*Expr) *builtin.Function {
	var known schema.Kind
	for _, a := range args {
		if a.Unknown {
			continue
		}
		if known != 0 && known != a.Type.Kind {
			return nil
		}
		known = a.Type.Kind
	}
	fit = keep(fit, func(f *builtin.Function) bool {
		for i := range args {
			if !implicit(known, f.Param(i)) {
				return false
			}
		}
		return known != 0
	})
	if len(fit) == 1 {
		return fit[0]
	}
	return nil
}

func keep(fit []*builtin.Function, want func(*builtin.Function) bool) []*builtin.Function {
	var out []*builtin.Function
	for _, f := range fit {
		if want(f) {
			out = append(out, f)
		}
	}
	return out
}

func most(fit []*builtin.Function, count func(*builtin.Function) int) []*builtin.Function {
	best := 0
	for _, f := range fit {
		best = max(best, count(f))
	}
	return keep(fit, func(f *builtin.Function) bool { return count(f) == best })
}
