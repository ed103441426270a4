package bind

import (
	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// Op is what an Expr does.
type Op uint8

// The operations.
const (
	Const      Op = iota // Value
	Column               // Path: column, then members of nested rows
	Call                 // Function over Args
	Arith                // Symbol + - * / % over two numbers of Type
	Negate               // -Args[0]
	Compare              // Cmp over two values of one kind
	And                  // Args
	Or                   // Args
	Not                  // Args[0]
	IsNull               // Args[0] IS [Negated NOT] NULL
	IsBool               // Args[0] IS [NOT] TRUE or FALSE, by Truth
	Distinct             // Args[0] IS DISTINCT FROM Args[1]; Negated: NOT DISTINCT
	In                   // Args[0] IN the rest, all of one kind
	Like                 // Args[0] LIKE Args[1] ESCAPE Args[2]; the escape may be absent
	Case                 // Args: condition, result, …; an odd last one is ELSE
	Coalesce             // Args of one type
	NullIf               // NULL if Args[2], else Args[0]; Args[2] compares Args[0] with Args[1]
	Greatest             // largest of Args
	Least                // smallest of Args
	Cast                 // Args[0] to Type
	MakeArray            // ARRAY of Args
	MakeRow              // ROW of Args
	Subscript            // Args[0] [Args[1]]
	Member               // member Index of the row Args[0]
	Quantified           // Args[0] Cmp ANY (Args[1]), ALL if All; with Each its operator is Like or a Call instead
	Opaque               // Node, which the hook's owner replaces before compiling
	Outer                // Path into the row of the query Index levels around this one; replaced before compiling
)

// CompareOp is a comparison.
type CompareOp uint8

// The comparisons.
const (
	Equal CompareOp = iota
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
)

// String returns the operator.
func (c CompareOp) String() string { return [...]string{"=", "<>", "<", "<=", ">", ">="}[c] }

// Flip returns the comparison that holds with the operands exchanged.
func (c CompareOp) Flip() CompareOp {
	return [...]CompareOp{Equal, NotEqual, Greater, GreaterEqual, Less, LessEqual}[c]
}

// Negate returns the comparison that holds when c does not.
func (c CompareOp) Negate() CompareOp {
	return [...]CompareOp{NotEqual, Equal, GreaterEqual, Greater, LessEqual, Less}[c]
}

// Expr is a node of a bound expression. Which fields count depends on Op.
type Expr struct {
	Op   Op
	Type schema.Type
	Span ast.Span
	Args []*Expr

	// Value is the value of a Const: a column of one row.
	Value *batch.Column
	// Unknown marks a string literal or NULL whose type nothing has decided; its Type is TEXT.
	Unknown bool
	// Path leads to a Column: the number of the batch's column, then of members.
	Path     []int
	Function *builtin.Function
	Symbol   byte
	Cmp      CompareOp
	Negated  bool
	Truth    bool
	// Fold ignores case: ILIKE.
	Fold bool
	All  bool
	// Each is what a Quantified asks of an element: Const for Cmp, Like (Negated: NOT LIKE), or a Call of Function.
	Each Op
	// Whole tells a MakeRow that is the row of a table: it is compared as one value, in which NULLs are equal.
	Whole bool
	// Implicit tells a Cast that nobody wrote. Truncate lets VARCHAR(n) cut, as an explicit cast does.
	Implicit bool
	Index    int
	Node     any
}

// IsConst reports whether e is a constant.
func (e *Expr) IsConst() bool { return e.Op == Const }

// IsNullConst reports whether e is the constant NULL.
func (e *Expr) IsNullConst() bool { return e.Op == Const && e.Value.IsNull(0) }
