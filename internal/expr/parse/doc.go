// Package parse reads PostgreSQL 15's expressions: a lexer with PostgreSQL's rules and a Pratt parser with the precedences of its grammar.
//
// Expr, Exprs and Type parse a whole text. A Parser is the same machine opened up for the SQL front end, which drives it with its own
// statements over the same tokens and installs Subquery, so that there is one language and not two. Text is limited in length and
// trees in depth; no input makes it panic or recurse without bound. A Parser belongs to one goroutine; the trees it returns are shared
// freely. What differs from PostgreSQL: bit strings, U& escapes and OPERATOR(…) are refused by name, a word processor's quotes and
// dashes are errors rather than letters, == and prefix ! are refused with the operator that was meant, and ROW(…) and MAP(…) are types.
package parse
