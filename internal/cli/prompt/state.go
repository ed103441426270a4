package prompt

import (
	"strings"

	"wire.example/wire/internal/expr/parse"
	sqlparse "wire.example/wire/internal/sql/parse"
)

// For is the prompt behind text, the beginning of a statement: what stands before > says what it waits for, as psql shows it.
func For(text string) string {
	if strings.TrimSpace(text) == "" {
		return "wire=> "
	}
	depth := 0
	tokens, open := lex(text)
	for i := range tokens {
		switch {
		case tokens[i].Is(";"):
			depth = 0
		case tokens[i].Is("("):
			depth++
		case tokens[i].Is(")"):
			depth--
		}
	}
	switch {
	case open >= 0:
		return "wire" + opening(text[open:]) + "> "
	case depth > 0:
		return "wire(> "
	}
	return "wire-> "
}

// opening is the sign of what rest begins with: a string, a quoted name or a comment.
func opening(rest string) string {
	switch rest[0] {
	case '"', '$':
		return rest[:1]
	case '/':
		return "*"
	}
	return "'"
}

// lex returns the tokens of text. open is where a string, quoted name or comment begins that does not end, -1 if there is none.
func lex(text string) (tokens []parse.Token, open int) {
	p := parse.New(text, parse.WithMaxLength(sqlparse.MaxLength))
	if p.Err() != nil {
		return nil, -1
	}
	for {
		t := *p.Peek()
		switch t.Kind {
		case parse.EOF:
			return tokens, -1
		case parse.Invalid:
			if e := p.Unexpected(); e.Incomplete && int(t.Start) < len(text) {
				return tokens, int(t.Start)
			}
			return tokens, -1
		default:
			tokens = append(tokens, t)
			p.Next()
		}
	}
}
