// Package difffuzz asks Wire and PostgreSQL 15 the same random queries about the same random tables and compares the answers: rows as multisets, as
// lists where an ORDER BY decides every place, or the SQLSTATE. Wire is asked at several parallelisms and with tables of one batch and of a batch a row.
//
// A seed makes a universe: tables, rows and queries. Every production of the grammar counts how often it was used. An answer that PostgreSQL itself
// gives only under one plan or order of rows decides nothing and is left out. A difference that remains is shrunk and written as a script.
// README.md says how to run it and which planted bugs it finds.
package difffuzz
