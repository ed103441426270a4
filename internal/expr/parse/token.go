package parse

import "wire.example/wire/internal/expr/ast"

// Kind is the kind of a Token.
type Kind uint8

// The kinds.
const (
	EOF      Kind = iota
	Invalid       // where the lexer gave up; always followed by EOF
	Ident         // a word, keyword or not, or a quoted name
	Integer       // digits only
	Decimal       // with a point
	Float         // with an exponent
	String        // '…', E'…' or $$…$$; Text is the value
	Param         // $1; Text is the digits
	Operator      // + - * / % ^ < > = <= >= <> and every run of operator characters
	Symbol        // ( ) [ ] , ; . : :: := .. =>
)

// Token is one token with everything the parsers of expressions and statements ask of it.
type Token struct {
	ast.Span
	// Text is a word folded to lower case (as it stands if Quoted), a constant's value, or an operator with != spelled <>.
	Text    string
	Kind    Kind
	Class   ast.KeywordClass // of an unquoted word
	NeedsAs bool             // of an unquoted word: as an output column's name it needs AS
	Quoted  bool             // a "quoted" name
}

// Is tells whether t is the operator or symbol text.
func (t *Token) Is(text string) bool { return t.Kind >= Operator && t.Text == text }

// IsWord tells whether t is the unquoted word, given in lower case.
func (t *Token) IsWord(word string) bool { return t.Kind == Ident && !t.Quoted && t.Text == word }

// isAnyWord tells whether t is one of the unquoted words.
func (t *Token) isAnyWord(words ...string) bool {
	for _, w := range words {
		if t.IsWord(w) {
			return true
		}
	}
	return false
}

// name returns an identifier's token as a name.
func (t *Token) name() ast.Name { return ast.Name{Span: t.Span, Text: t.Text, Quoted: t.Quoted} }
