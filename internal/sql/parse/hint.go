package parse

import (
	"fmt"
	"strings"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
)

// improve gives a syntax error the hint that its neighbourhood suggests.
func improve(text string, e *parse.Error) {
	quote := strings.HasPrefix(e.Message, "unterminated quoted string")
	if !quote && !strings.HasPrefix(e.Message, "syntax error at ") {
		return
	}
	n, ok := newNeighbourhood(text, e.Span.Start)
	switch {
	case !ok:
		return
	case quote:
		if n.p1.Kind == parse.Ident && n.p1.End == n.t.Start && n.p2.Kind == parse.String && n.p2.End == n.p1.Start {
			e.Hint = "a quote inside a string is written twice: 'it''s'"
		} else if e.Hint == "" {
			e.Hint = "the quote that ends the string is missing"
		}
		return
	}
	if isWord(n.t, "default") && n.before("select", "values", "table") && !isWord(&n.tokens[n.begin], "create") {
		e.Message, e.Hint = "DEFAULT is not allowed in this context", ""
		return
	}
	if hint := n.certain(); hint != "" {
		e.Hint = hint
		return
	}
	if strings.Contains(e.Hint, "is a reserved word") && n.noName() || n.t.Is(";") && !strings.Contains(e.Hint, " needs ON condition") {
		e.Hint = ""
	}
	if hint := n.misspelt(); hint != "" {
		e.Hint = hint
	}
	if e.Hint == "" {
		e.Hint = n.missing()
	}
	if e.Hint == "" && n.lacksComma() {
		e.Hint = "is a comma or an operator missing before " + n.shown(n.t) + "?"
	}
}

// neighbourhood is the tokens around an unexpected one.
type neighbourhood struct {
	text   string
	tokens []parse.Token
	begin  int // of the statement
	at     int
	// t is the unexpected token, next the one behind it, and p1, p2, p3 those before it; EOF outside the statement.
	t, next, p1, p2, p3 *parse.Token
}

// newNeighbourhood cuts the text into tokens again and finds the one that begins at a byte.
func newNeighbourhood(text string, start int32) (*neighbourhood, bool) {
	n := &neighbourhood{text: text, at: -1}
	for p := parse.New(text, parse.WithMaxLength(MaxLength)); ; p.Next() {
		t := p.Peek()
		if t.Start == start && n.at < 0 {
			n.at = len(n.tokens)
		}
		if t.Is(";") && n.at < 0 {
			n.begin = len(n.tokens) + 1
		}
		n.tokens = append(n.tokens, *t)
		if t.Kind == parse.EOF || t.Kind == parse.Invalid {
			break
		}
	}
	if n.at < 0 {
		return nil, false
	}
	n.t, n.next, n.p1, n.p2, n.p3 = n.token(0), n.token(1), n.token(-1), n.token(-2), n.token(-3)
	return n, true
}

// token returns a token by its distance from the unexpected one.
func (n *neighbourhood) token(distance int) *parse.Token {
	i := n.at + distance
	if i < n.begin || i >= len(n.tokens) {
		return &parse.Token{}
	}
	return &n.tokens[i]
}

func (n *neighbourhood) shown(t *parse.Token) string { return n.text[t.Start:t.End] }

// certain returns a hint that is better than any other.
func (n *neighbourhood) certain() string {
	for _, rule := range []func() string{n.punctuation, n.clauses, n.otherDialects, n.values, n.words} {
		if hint := rule(); hint != "" {
			return hint
		}
	}
	return ""
}

// punctuation is about commas, semicolons, brackets and comments.
func (n *neighbourhood) punctuation() string {
	t := n.t
	switch {
	case t.Kind == parse.Invalid:
		return n.character()
	case t.Kind == parse.EOF && n.at == n.begin:
		return "a statement is missing"
	case t.Kind == parse.Operator && (t.Text == "#" || strings.HasPrefix(t.Text, "//")):
		return "comments begin with --, or stand between /* and */"
	case n.p1.Is(",") && n.endsList():
		if t.Kind == parse.EOF {
			return "something is missing behind the comma"
		}
		return "there is a comma too many before " + n.shown(t)
	case n.p1.Is("(") && t.Is(")"):
		return "something is missing between the parentheses"
	case t.Is(";"), clauseRank(t, n.next) > 0 && !n.inQuery():
		if i := n.unclosed(); i >= 0 {
			return fmt.Sprintf(`"(" of %s is still open`, exprast.PositionAt(n.text, n.tokens[i].Start))
		}
	case t.Is("[") && (n.p1.Kind != parse.Ident || isWord(n.p1, "select", "from", "join", "by", "where", "and", "or", "into", "table")):
		return "brackets are for arrays; a name with blanks or capitals is written in double quotes"
	}
	return ""
}

// character is about a character that begins nothing.
func (n *neighbourhood) character() string {
	switch c := n.text[n.t.Start]; {
	case c == '\\' && n.at == n.begin:
		return "a command with a backslash belongs to the prompt, not to SQL"
	case c == '{':
		return "a map is written (name = value, …), a list ARRAY['a', 'b']"
	}
	return ""
}

// endsList tells whether the unexpected token can only stand behind the last item of a list.
func (n *neighbourhood) endsList() bool {
	t := n.t
	return t.Kind == parse.EOF || t.Is(")") || t.Is(";") || isWord(t, "from", "where", "having", "union", "intersect", "except", "as") ||
		isWord(t, "group", "order") && isWord(n.next, "by") ||
		isWord(t, "select", "insert") && n.p2.Is(")") && isWord(&n.tokens[n.begin], "with")
}

// inQuery tells whether the innermost open parenthesis holds a query, or a function that has FROM among its arguments, or is none at all.
func (n *neighbourhood) inQuery() bool {
	i := n.unclosed()
	return i < 0 || isWord(&n.tokens[i+1], "select", "with", "values", "table") ||
		i > n.begin && isWord(&n.tokens[i-1], "extract", "substring", "trim", "overlay", "from", "position")
}

// noName tells whether the unexpected word can hardly have been meant as a name.
func (n *neighbourhood) noName() bool {
	return clauseRank(n.t, n.next) > 0 && !n.p1.Is(",") || isWord(n.t, "and", "or", "not", "as", "on", "using", "when", "then", "else", "end", "select", "with",
		"into", "union", "intersect", "except", "join", "in", "is", "null")
}

// unclosed returns the last parenthesis of the statement that is open before the unexpected token, -1 if there is none.
func (n *neighbourhood) unclosed() int {
	depth := 0
	for i := n.at - 1; i >= n.begin; i-- {
		switch t := &n.tokens[i]; {
		case t.Is(")"):
			depth++
		case t.Is("(") && depth == 0:
			return i
		case t.Is("("):
			depth--
		}
	}
	return -1
}

// clauseRank returns the place of a clause in a query, 0 if t and next begin none.
func clauseRank(t, next *parse.Token) int {
	switch {
	case isWord(t, "from"):
		return 1
	case isWord(t, "where"):
		return 2
	case isWord(t, "group"):
		return 3
	case isWord(t, "having"):
		return 4
	case isWord(t, "window") && next.Kind == parse.Ident:
		return 5
	case isWord(t, "emit", "allowed", "late"):
		return 6
	case isWord(t, "order"):
		return 7
	case isWord(t, "limit", "fetch"):
		return 8
	case isWord(t, "offset"):
		return 8
	}
	return 0
}

// clauseName returns the words of the clause that token i begins.
func (n *neighbourhood) clauseName(i int) string {
	word := upper(n.tokens[i].Text)
	if word == "GROUP" || word == "ORDER" {
		return word + " BY"
	}
	return word
}

// clauses is about clauses out of order and clauses written twice.
func (n *neighbourhood) clauses() string {
	rank := clauseRank(n.t, n.next)
	if rank == 0 || n.p1.Is(",") {
		return ""
	}
	depth := 0
	for i := n.at - 1; i >= n.begin; i-- {
		t := &n.tokens[i]
		switch {
		case t.Is(")"):
			depth++
			continue
		case t.Is("("):
			if depth--; depth < 0 {
				return ""
			}
			continue
		case depth > 0:
			continue
		case isWord(t, "select", "union", "intersect", "except"):
			return ""
		}
		switch before := clauseRank(t, &n.tokens[i+1]); {
		case before > rank:
			return n.clauseName(n.at) + " comes before " + n.clauseName(i)
		case before == rank && t.Text == n.t.Text && i < n.at-1:
			return n.clauseName(n.at) + " is written twice"
		case before == rank && isWord(n.t, "limit", "fetch") && isWord(t, "limit", "fetch"):
			return n.clauseName(n.at) + " says the same as " + n.clauseName(i) + ": leave one out"
		}
	}
	return ""
}

// missing tells what lacks before a word that begins a clause, or before the end.
func (n *neighbourhood) missing() string {
	end := n.t.Is(";") || n.t.Kind == parse.EOF
	if !end && !n.noName() {
		return ""
	}
	p := n.p1
	asks := p.Kind == parse.Operator && !p.Is("*") || isWord(p, "by", "join", "like", "between", "as") ||
		p.Kind == parse.Ident && !p.Quoted && p.Class == exprast.Reserved && !isWord(p, "null", "true", "false", "end", "current_date",
			"current_timestamp", "all", "default") || end && n.at == n.begin+1
	switch {
	case asks && isWord(p, "from", "join", "into") && n.t.Kind == parse.Ident && (n.next.Is(";") || n.next.Kind == parse.EOF):
		return upper(n.shown(n.t)) + " is a reserved word; as a name it is written in double quotes"
	case asks && n.t.Kind == parse.EOF:
		return "something is missing behind " + n.shown(p)
	case asks:
		return "something is missing between " + n.shown(p) + " and " + n.shown(n.t)
	case n.t.Kind == parse.EOF && isWord(&n.tokens[n.begin], "with") && p.Is(")"):
		return "WITH is followed by the query or INSERT that it is for"
	case n.t.Is(";"):
		return "the statement ends too early"
	}
	return ""
}

// lacksComma tells whether two things stand side by side that a list would part.
func (n *neighbourhood) lacksComma() bool {
	isConstant := func(t *parse.Token) bool { return t.Kind >= parse.Integer && t.Kind <= parse.String }
	isName := func(t *parse.Token) bool {
		return t.Kind == parse.Ident && (t.Quoted || t.Class < exprast.TypeOrFunction)
	}
	return n.at > n.begin+1 && (isConstant(n.t) || isName(n.t)) && (isConstant(n.p1) || isName(n.p1) || n.p1.Is(")") || n.p1.Is("]"))
}
