package ast

// Precedence is how tightly an operator binds; larger binds tighter. The levels are those of PostgreSQL 15's grammar.
type Precedence uint8

// The levels, loosest first. Comparison, BETWEEN and its kin, and IS DISTINCT FROM do not associate; all others associate to the left
// except NOT and the unary signs, which are prefixes.
const (
	LowestPrecedence   Precedence = iota
	OrPrecedence                  // OR
	AndPrecedence                 // AND
	NotPrecedence                 // NOT
	IsPrecedence                  // IS ISNULL NOTNULL
	ComparePrecedence             // < > = <= >= <>
	RangePrecedence               // BETWEEN IN LIKE ILIKE SIMILAR
	OperatorPrecedence            // every operator not named here, prefix or infix
	AddPrecedence                 // + -
	MultiplyPrecedence            // * / %
	PowerPrecedence               // ^
	AtPrecedence                  // AT TIME ZONE
	CollatePrecedence             // COLLATE
	SignPrecedence                // unary + -
	CastPrecedence                // ::
	PrimaryPrecedence             // names, constants, calls, whatever is closed by itself
)

// OperatorLevel returns the precedence of an infix operator as the lexer spells it.
func OperatorLevel(op string) Precedence {
	switch op {
	case "<", ">", "=", "<=", ">=", "<>":
		return ComparePrecedence
	case "+", "-":
		return AddPrecedence
	case "*", "/", "%":
		return MultiplyPrecedence
	case "^":
		return PowerPrecedence
	}
	return OperatorPrecedence
}

// PrefixLevel returns the precedence of a prefix operator.
func PrefixLevel(op string) Precedence {
	if op == "+" || op == "-" {
		return SignPrecedence
	}
	return OperatorPrecedence
}
