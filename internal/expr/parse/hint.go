package parse

import (
	"fmt"

	"wire.example/wire/internal/expr/ast"
)

// lookAlike returns what was meant by a character that word processors and web pages put for another one; empty for all others.
// PostgreSQL takes these for letters of a name and then knows no such column.
func lookAlike(r rune) string {
	switch r {
	case '‘', '’', '‚', '‛', '′', '＇':
		return "a straight single quote: '"
	case '“', '”', '„', '‟', '″', '«', '»', '＂':
		return "straight quotes: 'text' for a string, \"name\" for a name"
	case '\u00a0', '\u2002', '\u2003', '\u2007', '\u2009', '\u200b', '\u202f', '\u3000', '\ufeff':
		return "an ordinary space"
	case '‐', '‑', '–', '—', '−':
		return "a plain minus: -"
	case '×':
		return "*"
	case '÷':
		return "/"
	case '≤':
		return "<="
	case '≥':
		return ">="
	case '≠':
		return "<>"
	case '（', '）', '，', '；':
		return "the plain ASCII character"
	}
	return ""
}

func describeRune(r rune) string {
	switch r {
	case '\u00a0', '\u2007', '\u202f':
		return fmt.Sprintf("a no-break space (U+%04X)", r)
	case '\u2002', '\u2003', '\u2009', '\u3000':
		return fmt.Sprintf("a typographic space (U+%04X)", r)
	case '\u200b', '\ufeff':
		return fmt.Sprintf("an invisible character (U+%04X)", r)
	}
	return fmt.Sprintf("%c (U+%04X)", r, r)
}

// OperatorHint returns what was probably meant by an operator of another language, or "". The parser uses it for operators that it
// refuses, and the binder may for one that has no meaning for its operands.
func OperatorHint(op string) string {
	switch op {
	case "==", "===":
		return "use = to compare"
	case "&&":
		return "use AND for conditions; && tells whether two arrays overlap"
	case "||":
		return "use OR for conditions; || joins strings and arrays"
	case "!":
		return "use NOT"
	case "!==":
		return "use <>"
	case "<=>":
		return "use IS NOT DISTINCT FROM to compare with NULLs being equal"
	case "=<":
		return "use <="
	case "=~":
		return "use ~ to match a regular expression"
	case "`":
		return "quote a name with double quotes"
	case "?":
		return "parameters are written $1, $2"
	}
	if last := op[max(len(op)-1, 0):]; len(op) > 1 && (last == "-" || last == "+") {
		return "put a space before the " + last + ", which belongs to the operator here"
	}
	return ""
}

// refused tells whether an operator is an error here rather than at binding, where PostgreSQL would say that it does not exist.
func refused(op string) bool {
	switch op {
	case "==", "===", "!==", "<=>", "=~", "`", "!":
		return true
	}
	return false
}

// hintFor guesses how to mend an unexpected token.
func (p *Parser) hintFor(t *Token) string {
	previous := p.previous()
	switch {
	case t.Kind == Ident && t.Quoted:
		return "double quotes make a name; use single quotes for a string"
	case t.Kind == Operator:
		return OperatorHint(t.Text)
	case t.Is(")") && len(p.open) == 0:
		return `no "(" is open here`
	case (t.Is(")") || t.Is("]")) && len(p.open) > 0 && !closes(t.Text, p.opener()):
		return fmt.Sprintf("%q of %s is still open", p.opener(), p.position(p.open[len(p.open)-1]))
	case t.Is("[") && previous.Is(")"), t.Is(".") && previous.Is(")"), t.Is("[") && previous.Is("]"):
		return "put the value in parentheses: (value)" + t.Text + "…"
	case t.IsWord("operator") && p.PeekAt(1).Is("("):
		return "write the operator itself, without OPERATOR()"
	case t.Is(";"):
		return "an expression has no semicolon"
	case t.Is(",") && previous.Is(","), t.Is(")") && previous.Is(","):
		return "there is a comma too many"
	case t.IsWord("not") && p.PeekAt(1).IsWord("null"):
		return "use IS NOT NULL"
	case t.IsWord("select"):
		return "a query inside an expression stands in parentheses"
	case t.Kind == Ident && t.Class == ast.Reserved:
		return fmt.Sprintf("%s is a reserved word; as a name it is written in double quotes", t.Text)
	}
	return ""
}

func closes(closer, opener string) bool { return (closer == ")") == (opener == "(") }
