package bind

import (
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/sqlstate"
)

func (q *query) windowTable(t *ast.WindowTable, _ place) (part, error) {
	return part{}, errorf(t.Span, sqlstate.FeatureNotSupported, "%s is not supported", t.Kind)
}
