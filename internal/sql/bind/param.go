package bind

import (
	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/sdk/schema"
)

// Params are the parameters of a prepared statement.
type Params struct {
	// Types are those of $1 and up.
	Types []schema.Type
	// Values are constants of these types; nil while only the statement's meaning is asked for.
	Values []*bind.Expr
}

// param binds $n: its value, or NULL of its type while there is none.
func (q *query) param(n *exprast.Param) (*bind.Expr, error) {
	p := q.env.Params
	i := int(n.Number) - 1
	if p == nil || i >= len(p.Types) {
		bad := errorf(n.Span, undefinedParameter, "there is no parameter $%d", n.Number)
		if p == nil {
			return nil, bad.WithHint("Parameters belong to PREPARE name (types) AS ….")
		}
		return nil, bad.WithHint("The statement was prepared with %d parameters. Their types stand behind its name: PREPARE name (bigint, text) AS ….", len(p.Types))
	}
	e := bind.NullAt(n.Span, p.Types[i])
	if p.Values != nil {
		placed := *p.Values[i]
		placed.Span = n.Span
		e = &placed
	}
	return e, nil
}
