// Package parse reads Wire's SQL: PostgreSQL 15's queries, and the statements about sources, sinks and windows that it has not.
//
// Statement, Query and Script parse a whole text, Split cuts one at its semicolons for a prompt. Recursive descent over the tokens and
// expressions of internal/expr/parse, whose errors and limits are theirs too: every error is a *parse.Error of that package with
// SQLSTATE, place and, where one can guess it, a hint; no input makes this package panic or recurse without bound. Statements of
// PostgreSQL that Wire has not are refused by name with SQLSTATE 0A000 rather than as syntax errors, and so are clauses. EMIT, ALLOWED
// LATENESS, LATE INTO, WATERMARK FOR, FOR SYSTEM_TIME AS OF and the window table functions are the grammar's own, but none of their
// words is reserved.
package parse
