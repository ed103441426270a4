package parse

import (
	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
)

// otherDialects is about what other systems have.
func (n *neighbourhood) otherDialects() string {
	t := n.t
	switch {
	case isWord(n.p1, "top") && isWord(n.p2, "select", "distinct") && (t.Kind == parse.Integer || t.Is("(")):
		return "write LIMIT " + n.shown(t) + " at the end of the query"
	case isWord(t, "exclude", "replace", "rename") && n.p1.Is("*"), n.p1.Is("(") && isWord(n.p2, "except") && n.p3.Is("*"):
		return "list the columns that are wanted: * takes no exceptions"
	case t.Is("=>"):
		return "write >= for greater than or equal; => gives an argument by its name"
	case isWord(t, "regexp", "rlike", "glob") && n.p1.Kind == parse.Ident:
		return "write ~ to match a regular expression"
	case isWord(n.p1, "minus") && (isWord(t, "select") || t.Is("(")):
		return "write EXCEPT"
	case isWord(n.p1, "qualify"), isWord(t, "qualify"):
		return "filter in a query around this one: SELECT * FROM (SELECT …, row_number() OVER (…) AS n FROM …) AS q WHERE n = 1"
	case isWord(n.p1, "interval") && (t.Kind == parse.Integer || t.Kind == parse.Decimal):
		return "an interval is written INTERVAL '5 minutes'"
	case t.Kind == parse.Ident && n.p1.Kind == parse.Integer && isWord(n.p2, "every", "lateness"):
		return "an interval is written INTERVAL '" + n.p1.Text + " " + t.Text + "'"
	case t.Kind == parse.String && isWord(n.p1, "from", "join"):
		return "declare the file by CREATE SOURCE name … WITH (connector = 'file', path = …) and write its name here"
	case n.p1.Kind == parse.String && isWord(n.p2, "interval") && t.Kind == parse.Ident && !t.Quoted && t.Class != exprast.Reserved:
		return "write INTERVAL '" + n.p1.Text + " " + t.Text + "', with the unit inside the quotes"
	case isWord(t, "autoincrement", "auto_increment", "serial"):
		return "give the column values of its own, such as gen_random_uuid()"
	}
	return ""
}

// values is about INSERT, VALUES and IN.
func (n *neighbourhood) values() string {
	t := n.t
	switch {
	case isWord(n.p1, "in") && !t.Is("(") && t.Kind != parse.EOF && !isWord(n.p2, "sum", "min", "max"):
		return "IN takes a list or a query in parentheses: IN (1, 2)"
	case t.Is(",") && n.p2.Is("(") && isWord(n.p3, "any", "all", "some"):
		return "ANY and ALL take an array or a query: " + upper(n.p3.Text) + " (ARRAY[1, 2])"
	case isWord(t, "values") && n.at == n.begin, isWord(n.p1, "values") && !t.Is("("):
		return "each row of VALUES stands in parentheses: VALUES (1, 2), (3, 4)"
	case isWord(t, "value") && n.next.Is("("):
		return "write VALUES"
	case isWord(n.p1, "insert"):
		return "write INSERT INTO name"
	case isWord(t, "set") && isWord(&n.tokens[n.begin], "insert"):
		return "write INSERT INTO name (column, …) VALUES (value, …)"
	case n.p1.Is(",") && isWord(t, "distinct"), isWord(t, "distinct") && n.p1.Kind == parse.Ident:
		return "DISTINCT stands right behind SELECT, or inside the parentheses of an aggregate"
	}
	return ""
}

// words is about WITH, EMIT, names as strings, and words written twice.
func (n *neighbourhood) words() string {
	t := n.t
	switch {
	case isWord(t, "select") && n.p1.Is("(") && (isWord(n.p3, "with", "recursive") || n.p3.Is(",") && isWord(&n.tokens[n.begin], "with")):
		return "write WITH " + n.shown(n.p2) + " AS (query)"
	case isWord(t, "select") && isWord(n.p1, "as") && isWord(&n.tokens[n.begin], "with"):
		return "the query of a WITH stands in parentheses"
	case isWord(n.p1, "emit"), isWord(t, "emit"), isWord(n.p1, "on") && isWord(n.p2, "emit"):
		return "EMIT is followed by ON WINDOW CLOSE, ON UPDATE, CHANGES, FINAL or EVERY interval"
	case t.Kind == parse.String && isWord(n.p1, "as"):
		return "a name is written in double quotes, or without any"
	case t.Kind == parse.Ident && t.Class == exprast.Reserved && n.p1.IsWord(t.Text):
		return upper(t.Text) + " is written twice"
	case isWord(t, "not") && isWord(n.next, "is"):
		return "write IS NOT"
	case isWord(t, "select") && isWord(&n.tokens[n.begin], "create", "prepare") && !n.before("as"):
		return "AS is missing before SELECT"
	case t.Kind == parse.Ident && isWord(n.p1, "key", "using"):
		return "the columns stand in parentheses: (" + n.shown(t) + ")"
	case isWord(t, "on", "using") && n.before("cross", "natural"):
		return "CROSS JOIN and NATURAL JOIN take no condition"
	case isWord(t, "to") && n.before("cast") && n.p1.Kind != parse.String:
		return "write CAST(value AS type)"
	case isWord(n.p1, "exists") && !t.Is("(") && !isWord(n.p2, "if"):
		return "EXISTS takes a query in parentheses: EXISTS (SELECT …)"
	case isWord(n.p1, "row", "rows") && isWord(n.p2, "first", "next") && n.before("fetch"):
		return "write FETCH FIRST 10 ROWS ONLY"
	case isWord(n.p1, "show") && isWord(t, "table"):
		return "write SHOW TABLES"
	case isWord(n.p1, "group", "order", "partition") && !n.p2.Is(","):
		if t.Kind == parse.Ident && oneEdit(t.Text, "by") {
			return "did you mean BY?"
		}
		return upper(n.p1.Text) + " is followed by BY"
	case isWord(n.p1, "primary"):
		return "PRIMARY is followed by KEY"
	case isWord(t, "not") && isWord(&n.tokens[n.begin], "create"):
		return "write NOT NULL"
	case isWord(t, "as") && isWord(n.p2, "watermark"):
		return "write WATERMARK FOR " + n.shown(n.p1) + " AS …"
	case t.Kind == parse.Operator && isWord(&n.tokens[n.begin], "set"):
		return "a setting takes a constant"
	}
	return ""
}

// before tells whether one of these words stands in the statement before the unexpected token.
func (n *neighbourhood) before(words ...string) bool {
	for i := n.begin; i < n.at; i++ {
		if isWord(&n.tokens[i], words...) {
			return true
		}
	}
	return false
}
