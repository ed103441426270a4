package bind

import (
	"strings"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

//nolint:gochecknoglobals // immutable table
var comparisons = map[string]CompareOp{"=": Equal, "<>": NotEqual, "<": Less, "<=": LessEqual, ">": Greater, ">=": GreaterEqual}

// likeOperator is what an operator that LIKE stands for means.
type likeOperator struct{ fold, not bool }

//nolint:gochecknoglobals // immutable table
var likeOperators = map[string]likeOperator{"~~": {}, "!~~": {not: true}, "~~*": {fold: true}, "!~~*": {fold: true, not: true}}

func (b *Binder) binary(n *ast.Binary) (*Expr, error) {
	if e, err := b.rowQuery(n); e != nil || err != nil {
		return e, err
	}
	args, err := b.list(n.L, n.R)
	if err != nil {
		return nil, err
	}
	at := n.OpSpan
	if at == (ast.Span{}) {
		at = n.Span
	}
	if cmp, ok := comparisons[n.Op]; ok {
		e, err := compare(at, cmp, args[0], args[1])
		if err == nil {
			e.Span = n.Span
		}
		return e, err
	}
	if op, ok := likeOperators[n.Op]; ok {
		return like(n.Span, op, args)
	}
	if len(n.Op) == 1 {
		if e, err := arith(n, args); e != nil || err != nil {
			return e, err
		}
	}
	e, err := b.resolve(at, n.Op, args, true)
	if err == nil {
		e.Span = n.Span
	}
	return e, err
}

// rowQuery asks the hook about (a, b) = (query), where the query yields a row; nil for all else.
func (b *Binder) rowQuery(n *ast.Binary) (*Expr, error) {
	_, row := n.L.(*ast.Row)
	q, query := n.R.(*ast.Opaque)
	if !row || !query || q.Form != ast.ScalarQuery || b.hook == nil {
		return nil, nil
	}
	return b.hook(b, n)
}

// arith binds + - * / % over two numbers; nil if the operands are none.
func arith(n *ast.Binary, args []*Expr) (*Expr, error) {
	l, r := args[0], args[1]
	switch n.Op[0] {
	case '+', '-', '*', '/', '%':
	default:
		return nil, nil
	}
	kind, ok := numberKind(l, r)
	if !ok || n.Op == "%" && kind.IsFloat() {
		return nil, nil
	}
	typ := schema.Of(kind)
	l, err := cast(l, typ, false)
	if err != nil {
		return nil, err
	}
	r, err = cast(r, typ, false)
	if err != nil {
		return nil, err
	}
	return &Expr{Op: Arith, Type: typ, Span: n.Span, Symbol: n.Op[0], Args: []*Expr{l, r}}, nil
}

// numberKind is the kind that two numbers, or a number and an undecided literal, meet in.
func numberKind(l, r *Expr) (schema.Kind, bool) {
	switch {
	case l.Unknown && r.Unknown:
		return 0, false
	case l.Unknown:
		return r.Type.Kind, r.Type.Kind.IsNumber()
	case r.Unknown:
		return l.Type.Kind, l.Type.Kind.IsNumber()
	}
	a, b := l.Type.Kind, r.Type.Kind
	switch {
	case !a.IsNumber() || !b.IsNumber():
		return 0, false
	case a == b:
		return a, true
	case a.IsFloat() || b.IsFloat():
		return schema.Float64, true
	case numberRank(a) < numberRank(b):
		return b, true
	}
	return a, true
}

// comparedKind is the type that two operands of a comparison meet in.
func comparedKind(l, r *Expr) (schema.Type, bool) {
	switch {
	case l.Unknown && r.Unknown:
		return schema.Of(schema.Text), true
	case l.Unknown:
		return plain(r.Type), true
	case r.Unknown:
		return plain(l.Type), true
	}
	if kind, ok := numberKind(l, r); ok {
		return schema.Of(kind), true
	}
	a, b := l.Type.Kind, r.Type.Kind
	switch {
	case a.IsNested() || b.IsNested():
		return l.Type, l.Type.Equal(r.Type) || a == schema.Row && b == schema.Row && len(l.Type.Fields) == len(r.Type.Fields)
	case a == b:
		return schema.Of(a), true
	case implicit(a, b) && categoryOf(a) == categoryOf(b):
		return schema.Of(b), true
	case implicit(b, a) && categoryOf(a) == categoryOf(b):
		return schema.Of(a), true
	}
	return schema.Type{}, false
}

// plain is t without its modifiers.
func plain(t schema.Type) schema.Type {
	if t.Kind.IsNested() {
		return t
	}
	return schema.Of(t.Kind)
}

// isRow tells a ROW(…) that was written.
func isRow(e *Expr) bool { return e.Op == MakeRow && !e.Whole }

func compare(at ast.Span, cmp CompareOp, l, r *Expr) (*Expr, error) {
	if isRow(l) && isRow(r) && len(l.Args) != len(r.Args) {
		return nil, errorf(at, sqlstate.SyntaxError, "unequal number of entries in row expressions")
	}
	typ, ok := comparedKind(l, r)
	if !ok {
		return nil, noOperator(at, cmp.String(), []*Expr{l, r})
	}
	if typ.Kind == schema.Row && isRow(l) && isRow(r) {
		if cmp == Equal || cmp == NotEqual {
			return compareRows(at, cmp, l, r)
		}
		return orderRows(at, cmp, l.Args, r.Args)
	}
	l, err := cast(l, typ, false)
	if err != nil {
		return nil, err
	}
	if r, err = cast(r, typ, false); err != nil {
		return nil, err
	}
	return &Expr{Op: Compare, Type: boolType(), Span: at, Cmp: cmp, Args: []*Expr{l, r}}, nil
}

// compareRows makes (a, b) = (c, d) a conjunction, and <> a disjunction.
func compareRows(at ast.Span, cmp CompareOp, l, r *Expr) (*Expr, error) {
	out := &Expr{Op: And, Type: boolType(), Span: at}
	if cmp == NotEqual {
		out.Op = Or
	}
	for i := range l.Args {
		e, err := compare(at, cmp, l.Args[i], r.Args[i])
		if err != nil {
			return nil, err
		}
		out.Args = append(out.Args, e)
	}
	return out, nil
}

// orderRows makes (a, b) <= (c, d) of a < c OR a = c AND b <= d, which is NULL where the first members that differ do not tell.
func orderRows(at ast.Span, cmp CompareOp, l, r []*Expr) (*Expr, error) {
	if len(l) == 1 {
		return compare(at, cmp, l[0], r[0])
	}
	strict := cmp
	switch cmp {
	case LessEqual:
		strict = Less
	case GreaterEqual:
		strict = Greater
	default:
	}
	before, err := compare(at, strict, l[0], r[0])
	if err != nil {
		return nil, err
	}
	equal, err := compare(at, Equal, l[0], r[0])
	if err != nil {
		return nil, err
	}
	rest, err := orderRows(at, cmp, l[1:], r[1:])
	if err != nil {
		return nil, err
	}
	tie := &Expr{Op: And, Type: boolType(), Span: at, Args: []*Expr{equal, rest}}
	return &Expr{Op: Or, Type: boolType(), Span: at, Args: []*Expr{before, tie}}, nil
}

func typeNames(args []*Expr) []string {
	names := make([]string, len(args))
	for i, a := range args {
		names[i] = a.Type.PgName()
		if a.Unknown {
			names[i] = "unknown"
		}
	}
	return names
}

// operands writes an operator between the types of its operands.
func operands(op string, args []*Expr) string {
	names := typeNames(args)
	if len(names) == 1 {
		return op + " " + names[0]
	}
	return names[0] + " " + op + " " + names[1]
}

func ambiguousOperator(at ast.Span, op string, args []*Expr) *Error {
	return errorf(at, sqlstate.AmbiguousFunction, "operator is not unique: %s", operands(op, args)).
		hint("Could not choose a best candidate operator. You might need to add explicit type casts.")
}

func noOperator(at ast.Span, op string, args []*Expr) *Error {
	bad := errorf(at, sqlstate.UndefinedFunction, "operator does not exist: %s", operands(op, args))
	if hint := parse.OperatorHint(op); hint != "" {
		return bad.hint("%s", hint)
	}
	if len(args) > 1 && undated(args[0], args[1]) || len(args) > 1 && undated(args[1], args[0]) {
		return bad.hint("A date or time stands in single quotes: '2024-12-31'.")
	}
	if len(args) > 1 {
		return bad.hint("No operator matches the given name and argument types. You might need to add explicit type casts.")
	}
	return bad.hint("No operator matches the given name and argument type. You might need to add an explicit type cast.")
}

// undated reports whether a time is compared with digits that stand there without quotes: 2024-12-31 is 1981.
func undated(time, number *Expr) bool {
	return time.Type.Kind.IsDatetime() && !number.Unknown && number.Op == Arith && number.Symbol == '-' && number.Type.Kind.IsInteger()
}

// negated returns the text of a number with minus signs before it, which cancel each other before the number gets its type; nil if n is
// something else.
func negated(n *ast.Unary) (text string, lit *ast.Literal) {
	if n.Op != "-" {
		return "", nil
	}
	switch x := n.X.(type) {
	case *ast.Literal:
		if x.Kind >= ast.Integer && x.Kind <= ast.Float {
			return "-" + x.Text, x
		}
	case *ast.Unary:
		if text, lit = negated(x); lit != nil {
			if positive, ok := strings.CutPrefix(text, "-"); ok {
				return positive, lit
			}
			return "-" + text, lit
		}
	}
	return "", nil
}

func (b *Binder) unary(n *ast.Unary) (*Expr, error) {
	if text, lit := negated(n); lit != nil {
		return number(n.Span, text, lit.Kind == ast.Integer)
	}
	x, err := b.Bind(n.X)
	if err != nil {
		return nil, err
	}
	if x.Unknown && n.Op == "-" {
		return nil, ambiguousOperator(n.Span, n.Op, []*Expr{x}) // of numbers, or of intervals
	}
	if x.Unknown && (n.Op == "+" || n.Op == "@") {
		if x, err = cast(x, schema.Of(schema.Float64), false); err != nil {
			return nil, err
		}
	}
	if x.Type.Kind.IsNumber() {
		switch n.Op {
		case "+":
			return x, nil
		case "-":
			return &Expr{Op: Negate, Type: schema.Of(x.Type.Kind), Span: n.Span, Args: []*Expr{x}}, nil
		case "@":
			return b.resolve(n.Span, "abs", []*Expr{x}, false)
		}
	}
	e, err := b.resolve(n.Span, n.Op, []*Expr{x}, true)
	return e, err
}
