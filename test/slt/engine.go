package slt

import "context"

// Engine runs the statements of a file.
type Engine interface {
	// Name is Wire or PostgreSQL.
	Name() string
	// Run runs statements in order, in a catalog that is empty at first, and goes on behind one that fails. It returns an answer for each
	// statement; its own error means that there are no answers at all.
	Run(ctx context.Context, statements []string) ([]Answer, error)
}

// Answer is what an engine answered to a statement: rows, or an error, or neither.
type Answer struct {
	Columns []string // names; nil: the statement returns no rows
	Types   string   // a letter for each column; empty: the engine does not tell
	Rows    [][]Value
	State   string // SQLSTATE; empty: the statement succeeded
	Message string // in words, of an error
}

// NoAnswer is the State of a statement that the engine did not answer, because it ended before.
const NoAnswer = "none"
