package ast

// Node is any part of an expression. The SQL front end's statements are Nodes too, so that a subquery can stand in an expression.
type Node interface {
	// Location is the part of the source text that the node was made from, parentheses around it excluded.
	Location() Span
}

// Name is one identifier: folded to lower case unless it was quoted.
type Name struct {
	Span
	Text string
	// Quoted tells that it was written in double quotes. Equal and the printer ignore it: "a" and a are the same name.
	Quoted bool
}

// LiteralKind is the kind of a Literal.
type LiteralKind uint8

// The kinds. A number with a point is a Decimal, one with an exponent a Float; both are NUMERIC to PostgreSQL.
const (
	Null LiteralKind = iota
	True
	False
	Integer
	Decimal
	Float
	String
)

// Literal is a constant without a declared type.
type Literal struct {
	Span
	Kind LiteralKind
	// Text is the digits as written, or the value of a string after its escapes; empty for NULL, TRUE and FALSE.
	Text string
}

// TypedLiteral is a constant with its type before it: DATE '2026-01-31', INTERVAL '1' DAY.
type TypedLiteral struct {
	Span
	Type *TypeName
	Text string
}

// Param is a positional parameter, $1 and up.
type Param struct {
	Span
	Number int32
}

// Column is a reference to a column, a field of a column or a whole table: a, t.a, s.t.a.
type Column struct {
	Span
	Parts []Name
}

// Star is all columns: * (Of is nil), t.* (Of is a *Column, the table's name) or (value).*.
type Star struct {
	Span
	Of Node
	// Expand tells that Of is a value whose fields are meant: (t).* is those of a column t.
	Expand bool
}

// FieldAccess is (X).Field.
type FieldAccess struct {
	Span
	X     Node
	Field Name
}

// Subscript is X[Index].
type Subscript struct {
	Span
	X, Index Node
}

// Slice is X[Low:High]; either bound may be nil.
type Slice struct {
	Span
	X, Low, High Node
}

// Unary is a prefix operator: + - ~ @ and whatever else PostgreSQL's lexer takes for one.
type Unary struct {
	Span
	Op string
	X  Node
}

// Binary is an operator between two operands, comparison included. Op is as PostgreSQL spells it, <> for !=.
type Binary struct {
	Span
	Op string
	// OpSpan is the operator alone, for messages.
	OpSpan Span
	L, R   Node
}

// Not is NOT X.
type Not struct {
	Span
	X Node
}

// LogicalOp is AND or OR.
type LogicalOp uint8

// The operators of Logical.
const (
	And LogicalOp = iota
	Or
)

// Logical is AND or OR over two or more operands. A chain of the same operator is one node, so its length costs no depth.
type Logical struct {
	Span
	Op   LogicalOp
	Args []Node
}

// IsTest is what IS asks for.
type IsTest uint8

// The tests of Is.
const (
	IsNull IsTest = iota
	IsTrue
	IsFalse
	IsUnknown
)

// Is is X IS [NOT] NULL, TRUE, FALSE or UNKNOWN; ISNULL and NOTNULL are it too.
type Is struct {
	Span
	X    Node
	Test IsTest
	Not  bool
}

// Distinct is L IS [NOT] DISTINCT FROM R.
type Distinct struct {
	Span
	L, R Node
	Not  bool
}

// Between is X [NOT] BETWEEN [SYMMETRIC] Low AND High.
type Between struct {
	Span
	X, Low, High   Node
	Not, Symmetric bool
}

// In is X [NOT] IN (List), or X [NOT] IN (Query) where Query is not nil.
type In struct {
	Span
	X     Node
	List  []Node
	Query *Opaque
	Not   bool
}

// LikeKind is the language of a pattern.
type LikeKind uint8

// The kinds of Like.
const (
	PlainLike LikeKind = iota
	ILike
	SimilarTo
)

// Like is X [NOT] LIKE, ILIKE or SIMILAR TO Pattern [ESCAPE Escape]. Escape is nil where it was not written.
type Like struct {
	Span
	X, Pattern, Escape Node
	Kind               LikeKind
	Not                bool
}

// Quantified is L Op ANY (R) or L Op ALL (R). R is an array or an *Opaque subquery; Op may also be LIKE, NOT LIKE, ILIKE, NOT ILIKE.
type Quantified struct {
	Span
	Op   string
	All  bool
	L, R Node
}

// Case is CASE [Operand] WHEN … THEN … [ELSE …] END. Operand and Else may be nil.
type Case struct {
	Span
	Operand Node
	Whens   []When
	Else    Node
}

// When is one branch of a Case.
type When struct{ Cond, Result Node }

// Cast is CAST(X AS Type) and X::Type.
type Cast struct {
	Span
	X    Node
	Type *TypeName
}

// AtTimeZone is X AT TIME ZONE Zone.
type AtTimeZone struct {
	Span
	X, Zone Node
}

// Collate is X COLLATE name.
type Collate struct {
	Span
	X         Node
	Collation []Name
}

// Row is ROW(…) and (a, b).
type Row struct {
	Span
	Elems []Node
}

// Array is ARRAY[…]; inside one a bare […] is an Array too.
type Array struct {
	Span
	Elems []Node
}

// CurrentValue is a function that SQL writes without parentheses: current_timestamp, localtime, session_user and so on.
type CurrentValue struct {
	Span
	// Name is in lower case.
	Name string
	// Precision is the digits of a second asked for, -1 where none was written.
	Precision int32
}

// OpaqueForm is the place a subquery stands in.
type OpaqueForm uint8

// The forms of Opaque.
const (
	ScalarQuery OpaqueForm = iota // (SELECT …) as a value
	ExistsQuery                   // EXISTS (SELECT …)
	ArrayQuery                    // ARRAY (SELECT …)
	RowsQuery                     // the right side of IN, ANY and ALL
)

// Opaque is a subquery: Query is a statement of the SQL front end, about which expressions know nothing. Its text is asked of it by
// String() when it has that method.
type Opaque struct {
	Span
	Form  OpaqueForm
	Query Node
}

// SelectItem is an expression of a select list with its alias. As is nil where none was written; X is a *Star for *, t.* and (row).*.
type SelectItem struct {
	Span
	X  Node
	As *Name
}
