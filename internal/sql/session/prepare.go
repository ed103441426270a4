package session

import (
	"context"
	"slices"

	exprast "wire.example/wire/internal/expr/ast"
	exprbind "wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/eval"
	sqlast "wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/bind"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// prepared is a statement with parameters.
type prepared struct {
	statement sqlast.Statement
	types     []schema.Type
	written   []*exprast.TypeName // types as they were written
	// text is what the statement stands in.
	text string
}

func (s *Session) prepare(c *call, n *sqlast.Prepare) error {
	if s.prepared[n.Name.Text] != nil {
		return exprbind.Errorf(n.Name.Span, duplicatePrepared, "prepared statement \"%s\" already exists", n.Name.Text).
			WithHint("DEALLOCATE it before, or choose another name.")
	}
	p := &prepared{statement: n.Statement, text: c.text, written: n.Types}
	for _, t := range n.Types {
		typ, err := exprbind.TypeOf(t)
		if err != nil {
			return err
		}
		p.types = append(p.types, typ)
	}
	if err := s.bindOnly(n.Statement, &bind.Params{Types: p.types}); err != nil {
		return err
	}
	s.prepared[n.Name.Text] = p
	s.names = append(s.names, n.Name.Text)
	return c.handler.Done("PREPARE")
}

// bindOnly finds the mistakes of a query or an INSERT.
func (s *Session) bindOnly(n sqlast.Statement, params *bind.Params) error {
	b := s.newBinder(params)
	var err error
	switch n := n.(type) {
	case *sqlast.Query:
		_, err = b.Query(n, "query")
	case *sqlast.Insert:
		_, err = b.Insert(n)
	}
	return err
}

func (s *Session) execute(ctx context.Context, c *call, n *sqlast.Execute) error {
	p, params, err := s.arguments(n)
	if err != nil {
		return err
	}
	inner := &call{statement: p.statement, text: p.text, own: own(p.text, p.statement.Location()), params: params, handler: c.handler}
	return located(s.carryOut(ctx, inner), p.text)
}

// arguments finds the prepared statement that n names, and gives its parameters their values.
func (s *Session) arguments(n *sqlast.Execute) (*prepared, *bind.Params, error) {
	p := s.prepared[n.Name.Text]
	if p == nil {
		bad := exprbind.Errorf(n.Name.Span, undefinedPrepared, "prepared statement \"%s\" does not exist", n.Name.Text)
		if near := connector.Nearest(n.Name.Text, s.names); near != "" {
			bad = bad.WithHint("Perhaps you meant \"%s\".", near)
		}
		return nil, nil, bad
	}
	if len(n.Args) != len(p.types) {
		return nil, nil, exprbind.Errorf(n.Span, sqlstate.SyntaxError, "wrong number of parameters for prepared statement \"%s\"", n.Name.Text).
			WithHint("Expected %d parameters but got %d.", len(p.types), len(n.Args))
	}
	params := &bind.Params{Types: p.types, Values: make([]*exprbind.Expr, len(n.Args))}
	for i, arg := range n.Args {
		if lit, ok := arg.(*exprast.Literal); ok && lit.Kind == exprast.String { // read as the parameter's type
			arg = &exprast.Cast{Span: lit.Span, X: lit, Type: p.written[i]}
		}
		e, err := exprbind.Bind(arg, exprbind.FromSchema(schema.New()))
		if err != nil {
			return nil, nil, err
		}
		if e, err = exprbind.Coerce(e, p.types[i]); err != nil {
			return nil, nil, err
		}
		if params.Values[i], err = eval.Value(e); err != nil {
			return nil, nil, err
		}
	}
	return p, params, nil
}

func (s *Session) deallocate(c *call, n *sqlast.Deallocate) error {
	if n.Name == nil {
		clear(s.prepared)
		s.names = nil
		return c.handler.Done("DEALLOCATE ALL")
	}
	if s.prepared[n.Name.Text] == nil {
		return exprbind.Errorf(n.Name.Span, undefinedPrepared, "prepared statement \"%s\" does not exist", n.Name.Text)
	}
	delete(s.prepared, n.Name.Text)
	s.names = slices.DeleteFunc(s.names, func(name string) bool { return name == n.Name.Text })
	return c.handler.Done("DEALLOCATE")
}
