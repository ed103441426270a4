package parse

import (
	"strconv"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/sdk/sqlstate"
)

// The default limits.
const (
	// MaxLength is the longest text, in bytes.
	MaxLength = 1 << 20
	// MaxDepth bounds the height of a tree and so the recursion of everything that walks one.
	MaxDepth = 1000
)

// Parser reads expressions from one text. Its error is sticky: the first one is kept, from then on Peek returns EOF, and every method
// that parses returns that error. So a caller may read on for a few tokens and look at the error once.
type Parser struct {
	// Subquery parses the query that begins at the next token (SELECT, VALUES, WITH, TABLE or a parenthesis) and stops before the
	// parenthesis that closes it. Nil refuses subqueries. To print the tree the returned node needs a String method.
	Subquery func(*Parser) (ast.Node, error)

	text     string
	tokens   []Token // the last is EOF
	pos      int
	err      *Error
	lexErr   *Error      // what the Invalid token stands for
	open     []int       // tokens of the ( and [ that are open
	closers  map[int]int // token of a ( → of its ), made when first asked for
	maxDepth int
	depth    int // of the recursion
	// height is that of the tallest tree made in the current call of operand; chains grow it without recursion.
	height int
	// restricted is true where the grammar takes no NOT, AND, IN and the like: the lower bound of BETWEEN.
	restricted bool
}

// Option changes a limit or installs a hook.
type Option func(*settings)

type settings struct {
	subquery            func(*Parser) (ast.Node, error)
	maxLength, maxDepth int
}

// WithSubquery installs the hook of Parser.Subquery.
func WithSubquery(hook func(*Parser) (ast.Node, error)) Option {
	return func(s *settings) { s.subquery = hook }
}

// WithMaxLength replaces MaxLength; at most 1 GiB.
func WithMaxLength(bytes int) Option {
	return func(s *settings) { s.maxLength = min(bytes, 1<<30) }
}

// WithMaxDepth replaces MaxDepth.
func WithMaxDepth(depth int) Option { return func(s *settings) { s.maxDepth = depth } }

// New returns a Parser at the start of text.
func New(text string, options ...Option) *Parser {
	s := settings{maxLength: MaxLength, maxDepth: MaxDepth}
	for _, o := range options {
		o(&s)
	}
	p := &Parser{Subquery: s.subquery, text: text, maxDepth: s.maxDepth, tokens: []Token{{Kind: EOF}}}
	if len(text) > s.maxLength {
		p.Errorf(ast.Span{}, sqlstate.ProgramLimitExceeded, "text of %d bytes is too long: the limit is %d", len(text), s.maxLength)
		return p
	}
	if at := invalidUTF8(text); at >= 0 {
		p.Errorf(ast.Span{Start: int32(at), End: int32(at + 1)}, sqlstate.CharacterNotInRepertoire, "%s", invalidByteMessage(text[at]))
		return p
	}
	p.tokens, p.lexErr = tokenize(text)
	return p
}

// Err returns the first error, nil if there was none.
func (p *Parser) Err() error {
	if p.err == nil {
		return nil
	}
	return p.err
}

// Text returns the source that a span covers.
func (p *Parser) Text(s ast.Span) string { return p.text[s.Start:s.End] }

// Peek returns the next token without passing it; EOF at the end and after an error. It is valid as long as the Parser and must not be
// changed.
func (p *Parser) Peek() *Token { return &p.tokens[p.pos] }

// PeekAt returns the token n places behind the next one.
func (p *Parser) PeekAt(n int) *Token { return &p.tokens[min(p.pos+n, len(p.tokens)-1)] }

// Next returns the next token and passes it. It never passes EOF or an Invalid token.
func (p *Parser) Next() *Token {
	t := &p.tokens[p.pos]
	if t.Kind == Invalid {
		p.Unexpected()
		return p.Peek()
	}
	if t.Kind != EOF {
		p.pos++
	}
	return t
}

// previous returns the token that was passed last.
func (p *Parser) previous() *Token {
	if p.pos == 0 {
		return &Token{}
	}
	return &p.tokens[p.pos-1]
}

// From returns the span from a start, as Peek().Start gave it, to the end of the token passed last.
func (p *Parser) From(start int32) ast.Span {
	if p.pos == 0 {
		return ast.Span{Start: start, End: start}
	}
	return ast.Span{Start: start, End: max(start, p.tokens[p.pos-1].End)}
}

// AtWords tells whether the next tokens are these unquoted words, given in lower case.
func (p *Parser) AtWords(words ...string) bool {
	for i, w := range words {
		if !p.PeekAt(i).IsWord(w) {
			return false
		}
	}
	return true
}

// AcceptWords passes these words if they are next, all or none.
func (p *Parser) AcceptWords(words ...string) bool {
	if !p.AtWords(words...) {
		return false
	}
	p.pos += len(words)
	return true
}

// ExpectWords passes these words; anything else is a syntax error at the first token that differs.
func (p *Parser) ExpectWords(words ...string) bool {
	for _, w := range words {
		if !p.AcceptWords(w) {
			p.Unexpected()
			return false
		}
	}
	return true
}

// At tells whether an operator or symbol is next.
func (p *Parser) At(symbol string) bool { return p.tokens[p.pos].Is(symbol) }

// Accept passes an operator or symbol if it is next. Parentheses and brackets are better passed by Open and Close.
func (p *Parser) Accept(symbol string) bool {
	if !p.tokens[p.pos].Is(symbol) {
		return false
	}
	p.pos++
	return true
}

// Expect passes an operator or symbol; anything else is a syntax error.
func (p *Parser) Expect(symbol string) bool {
	if p.Accept(symbol) {
		return true
	}
	p.Unexpected()
	return false
}

// Open passes "(" or "[", whichever symbol says, and remembers it, so that an end of the text before Close is reported there.
func (p *Parser) Open(symbol string) bool {
	if !p.Expect(symbol) {
		return false
	}
	p.open = append(p.open, p.pos-1)
	return true
}

// Close passes the ")" or "]" of the last Open.
func (p *Parser) Close() bool {
	if p.err != nil {
		return false
	}
	closer := ")"
	if p.opener() == "[" {
		closer = "]"
	}
	if !p.Expect(closer) {
		return false
	}
	p.open = p.open[:len(p.open)-1]
	return true
}

func (p *Parser) opener() string { return p.tokens[p.open[len(p.open)-1]].Text }

func (p *Parser) position(token int) ast.Position {
	return ast.PositionAt(p.text, p.tokens[token].Start)
}

// ExpectEnd reports anything but the end of the text.
func (p *Parser) ExpectEnd() {
	if p.Peek().Kind != EOF {
		p.Unexpected()
	}
}

// mark is a place to return to.
type mark struct{ pos, open, depth, height int }

func (p *Parser) mark() mark { return mark{p.pos, len(p.open), p.depth, p.height} }

// rewind returns to m and forgets an error met since.
func (p *Parser) rewind(m mark) {
	p.pos, p.open, p.depth, p.height, p.err = m.pos, p.open[:m.open], m.depth, m.height, nil
}

// grow counts one more level on top of what was parsed in this call of operand.
func (p *Parser) grow() {
	p.height++
	if p.height > p.maxDepth {
		p.tooDeep()
	}
}

func (p *Parser) tooDeep() {
	p.Fail(&Error{
		SQLSTATE: sqlstate.StatementTooComplex, Message: "stack depth limit exceeded", Span: p.Peek().Span,
		Hint: "the expression is nested more than " + strconv.Itoa(p.maxDepth) + " levels deep; split it",
	})
}

// nested runs parse one level deeper, for recursion that does not pass through operand.
func (p *Parser) nested(parse func()) {
	p.depth++
	if p.depth > p.maxDepth {
		p.tooDeep()
	} else {
		parse()
	}
	p.depth--
}

// Int32 passes an integer of at most 31 bits.
func (p *Parser) Int32() int32 {
	t := p.Peek()
	if t.Kind != Integer {
		p.Unexpected()
		return 0
	}
	n, err := strconv.ParseInt(t.Text, 10, 32)
	if err != nil {
		p.Errorf(t.Span, sqlstate.NumericValueOutOfRange, "value %q is out of range for type integer", t.Text)
		return 0
	}
	p.Next()
	return int32(n)
}
