// Package pgquery compares Wire's SQL parser with PostgreSQL's own, which the library pg_query embeds: what one takes the other has to
// take, and the canonical text of a statement has to mean to PostgreSQL what the statement meant. It is a module of its own because that
// library is 22 MB of C, which the build of Wire itself should not need. Its grammar is that of PostgreSQL 17; the few things that 15
// has not are listed in the test.
package pgquery
