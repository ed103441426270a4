package pgquery

import (
	"errors"
	"slices"
	"strings"

	exprparse "wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/sql/ast"
)

// narrower tells whether Wire is right to refuse a statement that the grammar of PostgreSQL 17 takes: PostgreSQL 15 does so too, if only
// after parsing, or Wire's answer says what was meant.
func narrower(statement string, err error) bool {
	for _, message := range []string{
		"must have an alias",                       // 16 asks for none
		"VALUES lists must all be the same length", // PostgreSQL says so later
		"DEFAULT is not allowed in this context",
		`at or near "DEFAULT"`, `at or near "default"`, // an expression to the grammar, refused later with the same SQLSTATE
		"cannot have a column definition list",
		"multiple column definition lists",
		"EXPLAIN option",
		"requires a Boolean value",
		"type modifier is not allowed",
		"frame ", "window frame", // a frame that ends before it starts
		"is out of range for type integer",
		"too many dotted names",
		"a function in FROM takes neither",                                                         // OVER is an alias to PostgreSQL
		"wrong arguments for",                                                                      // the window functions of Wire are functions to PostgreSQL
		"trailing junk after numeric literal",                                                      // 16 takes 1_000 and 0xff
		`at or near "=="`, "at or near \"`", `at or near "!`, `at or near "=~`, `at or near "<=>"`, // Wire has no such operators, and says what was meant
		`at or near "‘"`,                  // a letter to PostgreSQL
		"cannot insert multiple commands", // one statement is asked for
		"wrong number of parameters on",
		"no parameter $0",
	} {
		if strings.Contains(err.Error(), message) {
			return true
		}
	}
	return oddNeighbours(statement, err) || empty(statement)
}

// oddNeighbours tells whether the word before the unexpected one explains the difference.
func oddNeighbours(statement string, err error) bool {
	var e *exprparse.Error
	if !errors.As(err, &e) {
		return false
	}
	if strings.HasPrefix(statement[e.Span.Start:], "$") { // the library takes $1 for a name or a word as well
		return true
	}
	before := tokens(strings.ToLower(statement[:e.Span.Start]))
	if len(before) == 0 {
		return false
	}
	for _, word := range before {
		switch word {
		case "tumble", "hop", "session", "cumulate", "over": // functions and an alias to PostgreSQL
			return true
		case "numeric", "timestamp", "varchar", "double", "::": // modifiers that are no numbers; DOUBLE is a type here
			return true
		}
	}
	if before[0] == "explain" && (len(before) == 1 || slices.Contains(before, "format")) || before[0] == "create" && (before[len(before)-1] == "=" || len(before) > 1 && before[len(before)-2] == "=") {
		return true // values of options that mean nothing
	}
	switch before[len(before)-1] {
	case "like", "ilike", "similar", "between", "is", "in", "and", "or", "not", "collate", "isnull", "notnull", "filter":
		return true // SELECT a LIKE FROM t: the operator is the name of a column, and FILTER that of a table
	case "(":
		return true // NUMERIC(x): modifiers that are no numbers
	}
	return inModifiers(before)
}

// inModifiers tells whether words end inside a parenthesis that begins with a number, as modifiers of a type do.
func inModifiers(words []string) bool {
	for i := len(words) - 1; i > 0; i-- {
		switch words[i] {
		case ")":
			return false
		case "(":
			return i+1 < len(words) && words[i+1][0] >= '0' && words[i+1][0] <= '9'
		}
	}
	return false
}

// empty tells whether a text has no statement.
func empty(statement string) bool {
	words := tokens(statement)
	return !slices.ContainsFunc(words, func(w string) bool { return w != ";" })
}

// wider tells whether a statement is one that only Wire has.
func wider(s ast.Statement, statement string, pgErr error) bool {
	if strings.Contains(pgErr.Error(), "multiple limit options") { // (… LIMIT 1) OFFSET 1: 15 takes it
		return true
	}
	for _, word := range tokens(strings.ToLower(statement)) {
		switch word {
		case "source", "sink", "emit", "allowed", "late", "describe", "desc", "tumble", "hop", "session", "cumulate", "watermark", "system_time",
			"zone", "sources", "sinks", "views", "tables", "functions":
			return true
		}
	}
	text := strings.ToLower(statement)
	if strings.Contains(text, "nulls last") || strings.Contains(text, "nulls first") || strings.Contains(text, "format json") || // one word to PostgreSQL, wherever it stands
		strings.Contains(text, "offset") && strings.Contains(text, "row") || // OFFSET 1 + 1 ROWS
		strings.Contains(strings.ReplaceAll(text, " ", ""), "table(") { // TABLE(f(1))
		return true
	}
	switch s := s.(type) {
	case *ast.CreateRelation:
		return s.OrReplace || s.Query != nil || len(s.Options) > 0
	case *ast.CreateView:
		return s.IfNotExists || s.OrReplace || s.Temporary || len(s.Options) > 0
	case *ast.ShowCreate:
		return true
	case *ast.Explain:
		return wider(s.Statement, statement, pgErr) || !explainable(s.Statement)
	}
	return false
}

// explainable tells whether PostgreSQL explains a statement.
func explainable(s ast.Statement) bool {
	v, isView := s.(*ast.CreateView)
	return !isView || v.Materialized
}
