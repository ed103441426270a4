package logical

import (
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/sdk/schema"
)

// SubqueryForm is what is asked of a Subquery's rows.
type SubqueryForm uint8

// The forms.
const (
	// ScalarValue is the value of the query's only column in its only row; NULL without a row, SQLSTATE 21000 with two.
	ScalarValue SubqueryForm = iota
	// Exists asks whether there is a row.
	Exists
	// Any asks whether Compare is true for some row; NULL if it is true for none and unknown for one.
	Any
	// ArrayOf is the array of the values of the query's only column, in the query's order; empty without a row.
	ArrayOf
)

// Subquery is a query that stands in an expression: the Node of a bind.Opaque. It may refer to columns of the row that it stands in by
// bind.Outer with Index 1, and to those of queries around that by larger ones. optimize.Decorrelate replaces it. x op ALL (query) is bound as
// the negation of an Any.
type Subquery struct {
	Form  SubqueryForm
	Query Node
	// Compare, of an Any, is over the columns of the row that the subquery stands in and then the query's.
	Compare *bind.Expr
	// Text is the subquery as it was written.
	Text string
}

// NewSubquery returns the expression that stands for s.
func NewSubquery(s *Subquery) *bind.Expr {
	e := &bind.Expr{Op: bind.Opaque, Type: schema.Of(schema.Bool), Node: s}
	switch s.Form {
	case ScalarValue:
		e.Type = s.Query.Schema().Fields[0].Type
	case ArrayOf:
		e.Type = schema.ArrayOf(s.Query.Schema().Fields[0].Type)
	}
	return e
}

// String is the subquery as it was written.
func (s *Subquery) String() string { return s.Text }

// Same reports whether other is a subquery that reads the same where both stand over one row.
func (s *Subquery) Same(other any) bool {
	o, ok := other.(*Subquery)
	return ok && s.Form == o.Form && s.Text == o.Text && s.Compare == nil && o.Compare == nil
}

// comparison shows what an Any compares: columns of the row around it and then the query's, by number.
func (s *Subquery) comparison() string {
	if s.Compare == nil {
		return ""
	}
	return " on " + s.Compare.String()
}
