package bind

import (
	"slices"

	"wire.example/wire/internal/expr/aggregate"
	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/window"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// windowCall is a call of a window function: the Node of an Opaque expression until its column was made.
type windowCall struct {
	bound  *window.Bound
	filter *bind.Expr
	window *windowSpec
	text   string
	column int
}

// String is the call as it was written.
func (c *windowCall) String() string { return c.text }

// windowSpec is a window: what a call's rows are parted and ordered by, and the frame.
type windowSpec struct {
	partition []*bind.Expr
	order     []orderKey
	frame     *exprast.Frame // nil: from the start of the partition to the last peer
	// start and end are the offsets of the frame's bounds, nil without one.
	start, end *bind.Expr
}

// each calls do for every expression of the call.
func (c *windowCall) each(do func(**bind.Expr)) {
	for i := range c.bound.Args {
		do(&c.bound.Args[i])
	}
	do(&c.filter)
	c.window.each(do)
}

func (w *windowSpec) each(do func(**bind.Expr)) {
	for i := range w.partition {
		do(&w.partition[i])
	}
	for i := range w.order {
		do(&w.order[i].expr)
	}
	do(&w.start)
	do(&w.end)
}

func isWindowFunction(name string) bool { return len(window.Standard().Lookup(name)) > 0 }

// windowFunction binds a call with OVER.
func (q *query) windowFunction(s *scope, b *bind.Binder, n *exprast.FuncCall, name string) (*bind.Expr, error) {
	if !q.clause.windows {
		bad := errorf(n.Span, windowingError, "window functions are not allowed in %s", q.clause.name)
		if q.clause.name == "WHERE" || q.clause.name == "HAVING" {
			return nil, bad.WithHint("Compute it in a subquery, and filter what that yields.")
		}
		return nil, bad
	}
	use := window.Use{
		Span: n.Span, Name: name, Star: n.Star, Distinct: n.Distinct, Ordered: n.OrderBy != nil, Filtered: n.Filter != nil, Within: n.WithinGroup != nil,
	}
	for _, a := range n.Args {
		if a.Name != nil {
			return nil, errorf(a.Name.Span, sqlstate.UndefinedFunction, "function %s takes no argument by name", name)
		}
		e, err := b.Bind(a.X)
		if err != nil {
			return nil, err
		}
		use.Args = append(use.Args, e)
	}
	c := &windowCall{text: exprast.SQL(n)}
	var err error
	if n.Filter != nil {
		if c.filter, err = q.condition(s, inFilter(), "FILTER", n.Filter); err != nil {
			return nil, err
		}
	}
	if !isWindowFunction(name) && len(aggregate.Standard().Lookup(name)) == 0 && known(name) {
		if _, err := b.Bind(&exprast.FuncCall{Span: n.Span, Name: n.Name, Args: n.Args}); err != nil {
			return nil, err
		}
	}
	if c.bound, err = window.Standard().Resolve(use); err != nil {
		return nil, err
	}
	if ofValue(c.bound.Function.Kind) && use.Args[0].Unknown && len(use.Args) < 3 {
		return nil, errorf(n.Span, sqlstate.DatatypeMismatch, "could not determine polymorphic type because input has type unknown").
			WithHint("Cast the literal.")
	}
	if c.window, err = q.window(s, n.Over); err != nil {
		return nil, err
	}
	if err := c.nested(n.Span); err != nil {
		return nil, err
	}
	q.windows = append(q.windows, c)
	return &bind.Expr{Op: bind.Opaque, Type: c.bound.Result, Span: n.Span, Node: c}, nil
}

// ofValue reports whether a window function yields values of its first argument.
func ofValue(k window.Kind) bool { return k >= window.Lag && k <= window.NthValue }

// nested refuses window functions and sets in the arguments of a window function.
func (c *windowCall) nested(at exprast.Span) error {
	var err error
	for _, a := range c.bound.Args {
		bind.Walk(a, func(e *bind.Expr) bool {
			switch e.Node.(type) {
			case *windowCall:
				err = errorf(at, windowingError, "window function calls cannot be nested").WithHint("Compute the inner one in a subquery.")
			case *setCall:
				err = errorf(at, sqlstate.FeatureNotSupported, "window function calls cannot contain set-returning function calls").
					WithHint("You might be able to move the set-returning function into a LATERAL FROM item.")
			}
			return err == nil
		})
	}
	return err
}

// namedWindow is one definition of the WINDOW clause.
type namedWindow struct {
	name string
	spec *windowSpec
}

// windowClause binds the definitions of WINDOW.
func (s *selection) windowClause() error {
	for _, n := range s.ast.Windows {
		if s.findWindow(n.Name.Text) != nil {
			return errorf(n.Name.Span, windowingError, "window \"%s\" is already defined", n.Name.Text)
		}
		spec, err := s.window(s.scope, n.Window)
		if err != nil {
			return err
		}
		s.named = append(s.named, namedWindow{n.Name.Text, spec})
	}
	return nil
}

func (q *query) findWindow(name string) *windowSpec {
	for _, w := range q.named {
		if w.name == name {
			return w.spec
		}
	}
	return nil
}

// existing finds the window called by n.
func (q *query) existing(n *exprast.Name) (*windowSpec, error) {
	if w := q.findWindow(n.Text); w != nil {
		return w, nil
	}
	names := make([]string, len(q.named))
	for i, w := range q.named {
		names[i] = w.name
	}
	return nil, suggested(errorf(n.Span, sqlstate.UndefinedObject, "window \"%s\" does not exist", n.Text), n.Text, names,
		"Define it behind HAVING: WINDOW "+exprast.QuoteName(n.Text)+" AS (PARTITION BY …).")
}

// window binds what follows OVER, or a definition of WINDOW.
func (q *query) window(s *scope, n *exprast.Window) (*windowSpec, error) {
	if n.Ref != nil {
		w, err := q.existing(n.Ref)
		if err != nil {
			return nil, err
		}
		return w.copied(), nil
	}
	w := &windowSpec{frame: n.Frame}
	if n.Base != nil {
		base, err := q.existing(n.Base)
		if err != nil {
			return nil, err
		}
		if err := w.extend(base, n); err != nil {
			return nil, err
		}
	}
	for _, p := range n.PartitionBy {
		e, err := q.windowKey(s, p)
		if err != nil {
			return nil, err
		}
		w.partition = append(w.partition, e)
	}
	for _, o := range n.OrderBy {
		e, err := q.windowKey(s, o.X)
		if err != nil {
			return nil, err
		}
		w.order = append(w.order, orderKey{e, sortKey(0, o)})
	}
	return w, q.frame(s, w)
}

// copied is w with expressions of its own to rewrite.
func (w *windowSpec) copied() *windowSpec {
	c := *w
	c.partition, c.order = slices.Clone(w.partition), slices.Clone(w.order)
	return &c
}

// extend takes over what the window base says.
func (w *windowSpec) extend(base *windowSpec, n *exprast.Window) error {
	switch {
	case len(n.PartitionBy) > 0:
		return errorf(n.Span, windowingError, "cannot override PARTITION BY clause of window \"%s\"", n.Base.Text)
	case len(n.OrderBy) > 0 && len(base.order) > 0:
		return errorf(n.Span, windowingError, "cannot override ORDER BY clause of window \"%s\"", n.Base.Text)
	case base.frame != nil:
		return errorf(n.Span, windowingError, "cannot copy window \"%s\" because it has a frame clause", n.Base.Text)
	}
	w.partition, w.order = slices.Clone(base.partition), slices.Clone(base.order)
	return nil
}

// windowKey binds a key of PARTITION BY or ORDER BY: a name means a column of FROM, and a number itself.
func (q *query) windowKey(s *scope, n exprast.Node) (*bind.Expr, error) {
	e, err := q.expr(s, inWindow(), n)
	if err != nil {
		return nil, err
	}
	return bind.Settle(e), nil
}

// frame binds the offsets of a frame.
func (q *query) frame(s *scope, w *windowSpec) error {
	f := w.frame
	if f == nil {
		return nil
	}
	offsets := f.Start.Offset != nil || f.End.Offset != nil
	switch {
	case f.Unit == exprast.FrameRange && offsets && len(w.order) != 1:
		return errorf(f.Span, windowingError, "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column")
	case f.Unit == exprast.FrameGroups && len(w.order) == 0:
		return errorf(f.Span, windowingError, "GROUPS mode requires an ORDER BY clause")
	}
	var err error
	if w.start, err = q.offset(s, w, f.Start.Offset); err != nil {
		return err
	}
	w.end, err = q.offset(s, w, f.End.Offset)
	return err
}

func (q *query) offset(s *scope, w *windowSpec, n exprast.Node) (*bind.Expr, error) {
	if n == nil {
		return nil, nil
	}
	unit := [...]string{exprast.FrameRange: "RANGE", exprast.FrameRows: "ROWS", exprast.FrameGroups: "GROUPS"}[w.frame.Unit]
	e, err := q.expr(s, inNamed("window "+unit), n)
	if err != nil {
		return nil, err
	}
	bigint := schema.Of(schema.Int64)
	switch {
	case w.frame.Unit == exprast.FrameRange:
		e, err = window.Offset(w.order[0].expr.Type, e)
	case !e.Unknown && !e.IsNullConst() && !bind.Assignable(e.Type, bigint):
		err = errorf(n.Location(), sqlstate.DatatypeMismatch, "argument of %s must be type bigint, not type %s", unit, e.Type.PgName())
	default:
		e, err = bind.Coerce(e, bigint)
	}
	if err != nil {
		return nil, err
	}
	if at := ownColumn(e); at != nil {
		return nil, errorf(at.Span, invalidColumnRef, "argument of %s must not contain variables", unit)
	}
	return e, nil
}

// over adds the columns of the window functions, one step for each partition and order.
func (s *selection) over() error {
	done := make([]bool, len(s.windows))
	for i, c := range s.windows {
		if done[i] {
			continue
		}
		var same []*windowCall
		for k := i; k < len(s.windows); k++ {
			if !done[k] && s.windows[k].window.sameOrder(c.window) {
				done[k] = true
				same = append(same, s.windows[k])
			}
		}
		s.overWindow(same)
	}
	made := func(e *bind.Expr) *bind.Expr {
		if c, ok := e.Node.(*windowCall); ok {
			return &bind.Expr{Op: bind.Column, Type: e.Type, Span: e.Span, Path: []int{c.column}}
		}
		return e
	}
	for i := range s.targets {
		s.targets[i].expr = bind.Rewrite(s.targets[i].expr, made)
	}
	for _, c := range s.sets {
		for i, a := range c.bound.Args {
			c.bound.Args[i] = bind.Rewrite(a, made)
		}
	}
	return nil
}

func (w *windowSpec) sameOrder(o *windowSpec) bool {
	return slices.EqualFunc(w.partition, o.partition, bind.Same) &&
		slices.EqualFunc(w.order, o.order, func(a, b orderKey) bool { return a.key == b.key && bind.Same(a.expr, b.expr) })
}

// overWindow adds the columns of calls over one window.
func (s *selection) overWindow(calls []*windowCall) {
	in := &columnsBelow{query: s.query, node: s.node, pass: true}
	w := calls[0].window
	partition := make([]int, len(w.partition))
	for i, e := range w.partition {
		partition[i] = in.add("", e)
	}
	order := make([]int, len(w.order))
	for i, k := range w.order {
		order[i] = in.add("", k.expr)
	}
	makers := make([]func() logical.WindowCall, len(calls))
	for i, c := range calls {
		makers[i] = c.below(in)
	}
	below := in.made(s.name)
	width := below.Schema().Len()
	made := make([]logical.WindowCall, len(calls))
	for i, c := range calls {
		made[i] = makers[i]()
		c.column = width + i
	}
	for i := range partition {
		partition[i] = in.column(partition[i])
	}
	keys := make([]logical.SortKey, len(order))
	for i := range keys {
		keys[i] = w.order[i].key
		keys[i].Column = in.column(order[i])
	}
	s.node = logical.NewOver(s.step(s.name, "over"), below, partition, keys, made)
}

// below adds what a call reads to the columns below, and returns what makes the call once they are numbered.
func (c *windowCall) below(in *columnsBelow) func() logical.WindowCall {
	args := make([]int, len(c.bound.Args))
	for i, a := range c.bound.Args {
		args[i] = in.add("", guarded(a, c.filter))
	}
	optional := func(e *bind.Expr) int {
		if e == nil {
			return logical.NoColumn
		}
		return in.add("", e)
	}
	filter, start, end := optional(c.filter), optional(c.window.start), optional(c.window.end)
	column := func(i int) int {
		if i == logical.NoColumn {
			return i
		}
		return in.column(i)
	}
	return func() logical.WindowCall {
		out := logical.WindowCall{Name: c.text, Function: c.bound.Function, Filter: column(filter), Type: c.bound.Result, Frame: c.window.bounds()}
		out.Frame.StartOffset, out.Frame.EndOffset = column(start), column(end)
		for _, a := range args {
			out.Args = append(out.Args, in.column(a))
		}
		return out
	}
}

// bounds is the frame without its offsets.
func (w *windowSpec) bounds() logical.Frame {
	if w.frame == nil {
		return logical.Frame{Unit: exprast.FrameRange, Start: exprast.UnboundedPreceding, End: exprast.CurrentRow}
	}
	return logical.Frame{Unit: w.frame.Unit, Start: w.frame.Start.Kind, End: w.frame.End.Kind, Exclude: w.frame.Exclude}
}
