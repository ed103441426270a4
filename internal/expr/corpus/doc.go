// Package corpus holds no code, only a test: expressions with the answers that a real PostgreSQL 15 gave, which Wire has to give too.
//
// The files of testdata are read as a person reads them: an expression at the beginning of a line, below it, indented by a tab, the type
// and value that PostgreSQL gave, or its error; for an expression over the columns of a table, one answer for each of its rows. Where
// Wire answers otherwise, a line that begins with "Wire" says so, and names the section of docs/differences.md that says why.
//
// New expressions are added without answers; `go test -run TestCorpus -update` asks a PostgreSQL (see internal/testserver) for those.
package corpus
