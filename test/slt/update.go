package slt

import (
	"context"
	"fmt"
)

// Update runs a script and stores the answers in its file's records; those of included files and of records for other engines stay.
// A query that fails becomes a statement error. It returns a line for each record whose meaning changed: an error where rows were wanted, an
// error other than the wanted one, success where an error was wanted. The last is no answer to store, and fails.
func Update(ctx context.Context, e Engine, s *Script) (notes []string, err error) {
	var r Report
	answers, steps, err := run(ctx, e, s, &r)
	if err != nil {
		return nil, err
	}
	for i, step := range steps {
		a := &answers[i]
		if a.State == NoAnswer {
			return nil, fmt.Errorf("%s: no answer: %s", step.Where(), a.Message)
		}
		note, err := store(step, a)
		if err != nil {
			return nil, err
		}
		if note != "" {
			notes = append(notes, step.Where()+": "+note)
		}
	}
	return notes, nil
}

// store makes a the answer of a step.
func store(s *Step, a *Answer) (note string, err error) {
	failed := fmt.Sprintf("SQLSTATE %s: %s", a.State, a.Message)
	switch {
	case s.Included:
		if s.Kind == Statement && a.State != s.State {
			return "", fmt.Errorf("%s: %s", s.Where(), failed)
		}
	case a.State != "":
		if s.Kind == Query || s.State != a.State {
			note = failed
		}
		*s.Record = Record{Kind: Statement, Line: s.Line, Conditions: s.Conditions, SQL: s.SQL, State: a.State}
	case s.Kind == Statement && s.State != "":
		return "", fmt.Errorf("%s: success where SQLSTATE %s is wanted", s.Where(), s.State)
	case s.Kind == Query && len(a.Columns) == 0:
		return "", fmt.Errorf("%s: a query without columns", s.Where())
	case s.Kind == Query:
		s.Types, s.Answer = a.Types, stored(a, s.Record, s.Threshold)
	}
	return note, nil
}
