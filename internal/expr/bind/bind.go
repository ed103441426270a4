package bind

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// Hook is asked about nodes that may mean something to the caller: subqueries, function calls (aggregates), parameters, current values.
// It returns nil and no error for those it leaves to the binder.
type Hook func(b *Binder, node ast.Node) (*Expr, error)

// Option changes how Bind works.
type Option func(*Binder)

// WithFunctions replaces the standard library.
func WithFunctions(r *builtin.Registry) Option { return func(b *Binder) { b.functions = r } }

// WithHook installs a Hook.
func WithHook(h Hook) Option { return func(b *Binder) { b.hook = h } }

// Binder binds the parts of one expression; hooks use it to bind what stands below their nodes.
type Binder struct {
	scope     Scope
	functions *builtin.Registry
	hook      Hook
}

// NewBinder returns a binder for whoever binds several parts in one scope, or wants to see which literals stayed undecided.
func NewBinder(scope Scope, options ...Option) *Binder {
	b := &Binder{scope: scope}
	for _, o := range options {
		o(b)
	}
	if b.functions == nil {
		b.functions = builtin.Standard()
	}
	return b
}

// Bind gives node its meaning in scope. A literal that nothing gave a type is TEXT. The error is an *Error.
func Bind(node ast.Node, scope Scope, options ...Option) (*Expr, error) {
	e, err := NewBinder(scope, options...).Bind(node)
	if err != nil {
		return nil, err
	}
	return settle(e), nil
}

// Condition binds node as a condition: it must be BOOLEAN. what names the place, such as WHERE.
func Condition(node ast.Node, what string, scope Scope, options ...Option) (*Expr, error) {
	e, err := NewBinder(scope, options...).Bind(node)
	if err != nil {
		return nil, err
	}
	if e.Unknown {
		return cast(e, boolType(), false)
	}
	if e.IsNullConst() {
		return nullConst(e.Span, boolType()), nil
	}
	if e.Type.Kind != schema.Bool {
		return nil, errorf(e.Span, sqlstate.DatatypeMismatch, "argument of %s must be type boolean, not type %s", what, e.Type.PgName())
	}
	return e, nil
}

// Coerce makes e a value of typ as an assignment to a column does: number to number, date to timestamp and back, anything to text.
func Coerce(e *Expr, typ schema.Type) (*Expr, error) {
	if !e.Unknown && !e.IsNullConst() && !assignable(e.Type.Kind, typ.Kind) && !e.Type.Equal(typ) {
		return nil, errorf(e.Span, sqlstate.DatatypeMismatch, "column is of type %s but expression is of type %s", typ.PgName(), e.Type.PgName()).
			hint("You will need to rewrite or cast the expression.")
	}
	return cast(e, typ, false)
}

func assignable(from, to schema.Kind) bool {
	switch {
	case implicit(from, to), to == schema.Text:
		return true
	case from.IsNumber() && to.IsNumber(), from.IsDatetime() && to.IsDatetime():
		return castable(from, to)
	}
	return from == schema.Interval && to == schema.Time
}

// Bind binds one node. A literal may stay undecided: its Unknown is set.
func (b *Binder) Bind(node ast.Node) (*Expr, error) {
	switch n := node.(type) {
	case *ast.Literal:
		return bindLiteral(n)
	case *ast.TypedLiteral:
		if n.Type.Interval != ast.AllFields {
			return intervalLiteral(n)
		}
		typ, err := TypeOf(n.Type)
		if err != nil {
			return nil, err
		}
		text, err := literal(n.Span, schema.Of(schema.Text), n.Text)
		if err != nil {
			return nil, err
		}
		text.Unknown = true
		return cast(text, typ, true)
	case *ast.Column:
		return b.column(n)
	case *ast.FieldAccess:
		return b.member(n)
	case *ast.Subscript, *ast.Slice:
		return b.element(node)
	case *ast.Unary:
		return b.unary(n)
	case *ast.Binary:
		return b.binary(n)
	case *ast.Cast:
		return b.cast(n)
	case *ast.FuncCall:
		return b.call(n)
	case *ast.AtTimeZone:
		args, err := b.list(n.Zone, n.X)
		if err != nil {
			return nil, err
		}
		return b.resolve(n.Span, "timezone", args, false)
	case *ast.Collate:
		return b.collate(n)
	case *ast.Opaque, *ast.Param, *ast.CurrentValue:
		return b.foreign(node)
	case *ast.SelectItem:
		return b.Bind(n.X)
	case *ast.Star:
		return b.star(n)
	}
	return b.predicate(node)
}

// star is t.* where it stands for one value: the row of a table, or a column that is a row.
func (b *Binder) star(n *ast.Star) (*Expr, error) {
	if n.Of == nil || n.Expand {
		return nil, errorf(n.Span, sqlstate.SyntaxError, "* is not allowed here")
	}
	if c, ok := n.Of.(*ast.Column); ok && len(c.Parts) == 1 {
		if s, ok := b.scope.(TableScope); ok {
			if row, err := s.TableRow(c.Parts[0].Text); row != nil || err != nil {
				return row, err
			}
		}
	}
	x, err := b.Bind(n.Of)
	if err == nil && x.Type.Kind != schema.Row {
		err = errorf(n.Span, sqlstate.WrongObjectType, "type %s is not composite", x.Type.PgName())
	}
	return x, err
}

func (b *Binder) predicate(node ast.Node) (*Expr, error) {
	switch n := node.(type) {
	case *ast.Not:
		x, err := b.boolean(n.X, "NOT")
		return &Expr{Op: Not, Type: boolType(), Span: n.Span, Args: []*Expr{x}}, err
	case *ast.Logical:
		return b.logical(n)
	case *ast.Is:
		return b.is(n)
	case *ast.Distinct:
		return b.distinct(n)
	case *ast.Between:
		return b.between(n)
	case *ast.In:
		return b.in(n)
	case *ast.Like:
		return b.like(n)
	case *ast.Quantified:
		return b.quantified(n)
	case *ast.Case:
		return b.caseOf(n)
	case *ast.Row:
		return b.row(n)
	case *ast.Array:
		return b.array(n)
	}
	return b.foreign(node)
}

// list binds several nodes.
func (b *Binder) list(nodes ...ast.Node) ([]*Expr, error) {
	out := make([]*Expr, len(nodes))
	for i, n := range nodes {
		e, err := b.Bind(n)
		if err != nil {
			return nil, err
		}
		out[i] = e
	}
	return out, nil
}

func (b *Binder) foreign(node ast.Node) (*Expr, error) {
	if b.hook != nil {
		if e, err := b.hook(b, node); e != nil || err != nil {
			return e, err
		}
	}
	return nil, errorf(node.Location(), sqlstate.FeatureNotSupported, "%s is not supported here", ast.SQL(node))
}

func boolType() schema.Type { return schema.Of(schema.Bool) }

func bindLiteral(n *ast.Literal) (*Expr, error) {
	switch n.Kind {
	case ast.Null:
		e := nullConst(n.Span, schema.Of(schema.Text))
		e.Unknown = true
		return e, nil
	case ast.True, ast.False:
		e := newConst(n.Span, boolType())
		e.Value.Bits().Put(0, n.Kind == ast.True)
		return e, nil
	case ast.String:
		e, err := literal(n.Span, schema.Of(schema.Text), n.Text)
		if err == nil {
			e.Unknown = true
		}
		return e, err
	}
	return number(n.Span, n.Text, n.Kind == ast.Integer)
}

// number is an INTEGER, a BIGINT or a NUMERIC: the first that holds it.
func number(at ast.Span, text string, integer bool) (*Expr, error) {
	kind := schema.Numeric
	if integer {
		if v, err := strconv.ParseInt(text, 10, 64); err == nil {
			kind = schema.Int64
			if v >= math.MinInt32 && v <= math.MaxInt32 {
				kind = schema.Int32
			}
		}
	}
	return literal(at, schema.Of(kind), text)
}

func (b *Binder) column(n *ast.Column) (*Expr, error) {
	parts := make([]string, len(n.Parts))
	for i, p := range n.Parts {
		parts[i] = p.Text
	}
	ref, err := b.scope.Resolve(parts)
	var own *Error
	switch {
	case errors.As(err, &own):
		placed := *own
		placed.Span = n.Span
		if n.Parts[0].Quoted && len(parts) == 1 && !strings.HasPrefix(placed.Hint, "Perhaps") {
			return nil, placed.hint("A text stands in single quotes: '%s'.", strings.ReplaceAll(parts[0], "'", "''"))
		}
		return nil, &placed
	case err == nil && ref.Expr != nil:
		placed := *ref.Expr
		placed.Span = n.Span
		return &placed, nil
	case err == nil && ref.Up > 0:
		return &Expr{Op: Outer, Type: ref.Type, Span: n.Span, Path: ref.Path, Index: ref.Up}, nil
	case err == nil:
		return &Expr{Op: Column, Type: ref.Type, Span: n.Span, Path: ref.Path}, nil
	}
	name := strings.Join(parts, ".")
	if errors.Is(err, schema.ErrAmbiguous) {
		return nil, errorf(n.Span, sqlstate.AmbiguousColumn, "column reference \"%s\" is ambiguous", name).
			hint("Put the table's name before it, or write the column in double quotes exactly as it is declared.")
	}
	bad := errorf(n.Span, sqlstate.UndefinedColumn, "column \"%s\" does not exist", name)
	if len(parts) > 1 {
		bad.Message = "column " + name + " does not exist"
	}
	if len(parts) > 1 {
		if row, err := b.scope.Resolve(parts[:len(parts)-1]); err == nil && row.Type.Kind == schema.Row {
			return nil, suggestMember(bad, row.Type, parts[len(parts)-1])
		}
	}
	if meant := connector.Nearest(parts[len(parts)-1], b.scope.Names()); meant != "" {
		return nil, bad.hint("Perhaps you meant to reference the column \"%s\".", meant)
	}
	if names := b.scope.Names(); len(names) > 0 && len(names) <= 20 {
		bad.Hint = "The columns are " + strings.Join(names, ", ") + "."
	}
	return nil, bad
}

func (b *Binder) member(n *ast.FieldAccess) (*Expr, error) {
	x, err := b.Bind(n.X)
	if err != nil {
		return nil, err
	}
	if x.Type.Kind != schema.Row {
		return nil, errorf(n.Field.Span, sqlstate.WrongObjectType, "column notation .%s applied to type %s, which is not a composite type",
			n.Field.Text, x.Type.PgName())
	}
	i := x.Type.Field(n.Field.Text)
	if i < 0 {
		bad := errorf(n.Field.Span, sqlstate.UndefinedColumn, "column \"%s\" not found in data type %s", n.Field.Text, x.Type.PgName())
		return nil, suggestMember(bad, x.Type, n.Field.Text)
	}
	e := *MemberOf(x, i)
	e.Span = n.Span
	return &e, nil
}

// MemberOf is member i of the row x.
func MemberOf(x *Expr, i int) *Expr {
	typ := x.Type.Fields[i].Type
	switch x.Op {
	case Column, Outer:
		return &Expr{Op: x.Op, Type: typ, Span: x.Span, Path: append(append([]int(nil), x.Path...), i), Index: x.Index}
	case MakeRow:
		return x.Args[i]
	default:
		return &Expr{Op: Member, Type: typ, Span: x.Span, Args: []*Expr{x}, Index: i}
	}
}

// suggestMember adds the member of a row type that name was probably meant to be, or all of them.
func suggestMember(bad *Error, row schema.Type, name string) *Error {
	names := schema.New(row.Fields...).Names()
	if meant := connector.Nearest(name, names); meant != "" {
		return bad.hint("Perhaps you meant \"%s\".", meant)
	}
	return bad.hint("Its members are %s.", strings.Join(names, ", "))
}

func (b *Binder) subscript(n *ast.Subscript) (*Expr, error) {
	args, err := b.list(n.X, n.Index)
	if err != nil {
		return nil, err
	}
	if args[0].Type.Kind == schema.JSONB {
		return b.jsonSubscript(n, args)
	}
	if args[0].Type.Kind != schema.Array {
		return nil, noSubscripts(n.X, args[0])
	}
	index, err := place(args[1])
	if err != nil {
		return nil, err
	}
	return &Expr{Op: Subscript, Type: *args[0].Type.Elem, Span: n.Span, Args: []*Expr{args[0], index}}, nil
}

// jsonSubscript is a step of a path: a text may be the number of an element, and a number the key of a member.
func (b *Binder) jsonSubscript(n *ast.Subscript, args []*Expr) (*Expr, error) {
	switch args[1].Type.Kind {
	case schema.Text, schema.Int32, schema.Int16:
	default:
		return nil, errorf(n.Index.Location(), sqlstate.DatatypeMismatch, "subscript type %s is not supported", args[1].Type.PgName()).
			hint("jsonb subscript must be coercible to either integer or text.")
	}
	step, err := cast(settle(args[1]), schema.Of(schema.Text), true)
	if err != nil {
		return nil, err
	}
	path := &Expr{Op: MakeArray, Type: schema.ArrayOf(schema.Of(schema.Text)), Span: step.Span, Args: []*Expr{step}}
	return b.resolve(n.Span, "#>", []*Expr{args[0], path}, true)
}

func (b *Binder) cast(n *ast.Cast) (*Expr, error) {
	typ, err := TypeOf(n.Type)
	if err != nil {
		return nil, err
	}
	if array, ok := n.X.(*ast.Array); ok && len(array.Elems) == 0 && typ.Kind == schema.Array {
		return &Expr{Op: MakeArray, Type: typ, Span: n.Span}, nil
	}
	if typ.Kind.IsFloat() {
		if text, ok := numberText(n.X); ok {
			return literal(n.Span, typ, unsignedZero(text)) // not by way of a NUMERIC, which might not hold it
		}
	}
	x, err := b.Bind(n.X)
	if err != nil {
		return nil, err
	}
	if !x.Unknown && !x.Type.Equal(typ) && !castableType(x.Type, typ) {
		return nil, errorf(n.Span, sqlstate.CannotCoerce, "cannot cast type %s to %s", x.Type.PgName(), typ.PgName())
	}
	e, err := cast(x, typ, true)
	if err != nil {
		return nil, err
	}
	if e.Unknown || e == x {
		known := *e
		known.Unknown = false
		known.Type = typ
		if !typ.Equal(x.Type) && x.Op == Column {
			return &Expr{Op: Cast, Type: typ, Span: n.Span, Args: []*Expr{x}}, nil
		}
		return &known, nil
	}
	return e, nil
}

// numberText returns the text of a number that is no integer.
func numberText(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.Literal:
		return n.Text, n.Kind == ast.Float || n.Kind == ast.Decimal
	case *ast.Unary:
		text, lit := negated(n)
		return text, lit != nil && lit.Kind != ast.Integer
	}
	return "", false
}

// unsignedZero is a number's text without the sign of a zero: NUMERIC has no negative one.
func unsignedZero(text string) string {
	digits, _, _ := strings.Cut(strings.ToLower(text), "e")
	if strings.ContainsAny(digits, "123456789") {
		return text
	}
	return strings.TrimPrefix(text, "-")
}

func (b *Binder) collate(n *ast.Collate) (*Expr, error) {
	name := n.Collation[len(n.Collation)-1].Text
	switch name {
	case "C", "POSIX", "default", "ucs_basic":
	default:
		return nil, errorf(n.Span, sqlstate.UndefinedObject, "collation \"%s\" for encoding \"UTF8\" does not exist", name).hint("Text is compared by bytes: COLLATE \"C\".")
	}
	x, err := b.Bind(n.X)
	if err != nil {
		return nil, err
	}
	x = settle(x)
	if x.Type.Kind != schema.Text {
		return nil, errorf(n.Span, sqlstate.DatatypeMismatch, "collations are not supported by type %s", x.Type.PgName())
	}
	return x, nil
}
