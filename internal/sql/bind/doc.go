// Package bind gives SQL statements their meaning: names found in scopes and in the catalog, types by PostgreSQL 15's rules, and logical plans.
//
// A Binder makes the plan of one pipeline: what several of its statements read is in it once. Each SELECT is bound in PostgreSQL's order: FROM, WHERE, the
// select list, GROUP BY, HAVING, windows, ORDER BY over the row that FROM makes; then the row changes with each step (grouping, windows, functions that
// return sets), and what was bound is rewritten from one row to the next. Columns are numbers from the first moment on; a column of a query around this
// one is a bind.Outer that counts the rows in between.
//
// Errors are *bind.Error of internal/expr/bind: SQLSTATE, PostgreSQL's message, the place, and a hint where one comes to mind.
package bind
