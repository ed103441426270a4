package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/parse"
	"wire.example/wire/internal/sql/session"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// checkSQL reports every mistake of a SQL file. Statements are planned, but nothing runs: tables stay empty.
func (a *app) checkSQL(ctx context.Context, path string) error {
	text, err := a.readText(path)
	if err != nil {
		return err
	}
	if empty(text) {
		return fmt.Errorf("%s has no statement", path)
	}
	planner := &planner{lanes: 1}
	s := a.sessionOf(ctx, sqlSettings{name: path}, planner, &batch.Pool{})
	var all []error
	absent := map[string]bool{} // what mistaken statements would have made
	for _, statement := range statements(text) {
		err := s.Execute(ctx, statement, silence{})
		if err == nil || follows(err, absent) {
			continue
		}
		all = append(all, fmt.Errorf("%s: %w", path, err))
		for _, name := range made(statement) {
			absent[name] = true
		}
	}
	if p := s.Take(); p != nil && len(all) == 0 {
		if err := planner.Run(ctx, p); err != nil {
			all = append(all, fmt.Errorf("%s: %w", path, s.Place(err)))
		}
	}
	return errors.Join(all...)
}

// statements cuts a script into its statements, each with as many lines and blanks before it that its places are those of the script.
func statements(text string) []string {
	spans, rest, _ := parse.Split(text)
	var list []string
	add := func(start, end int) {
		lines, column := strings.Count(text[:start], "\n"), start-(strings.LastIndexByte(text[:start], '\n')+1)
		list = append(list, strings.Repeat("\n", lines)+strings.Repeat(" ", column)+text[start:end])
	}
	for _, span := range spans {
		add(int(span.Start), int(span.End))
	}
	if strings.TrimSpace(text[rest:]) != "" {
		add(int(rest), len(text))
	}
	return list
}

// made are the names of what a statement creates.
func made(statement string) []string {
	list, _ := parse.Script(statement) // what cannot be parsed was reported
	var names []string
	for _, s := range list {
		switch s := s.(type) {
		case *ast.CreateRelation:
			names = append(names, s.Name.Last().Text)
		case *ast.CreateView:
			names = append(names, s.Name.Last().Text)
		}
	}
	return names
}

// follows reports whether a mistake only follows from the absence of one of the names.
func follows(err error, absent map[string]bool) bool {
	var e *session.Error
	if !errors.As(err, &e) || e.Code != sqlstate.UndefinedTable {
		return false
	}
	for name := range absent {
		if strings.Contains(e.Text, `"`+name+`"`) {
			return true
		}
	}
	return false
}

// planner is an executor that plans and runs nothing.
type planner struct{ lanes int }

// Run finds out whether p can run.
func (p *planner) Run(ctx context.Context, l *logical.Plan) error {
	_, err := engine.Plan(ctx, l, p.lanes)
	return err
}

// Explain finds out whether l can be planned.
func (p *planner) Explain(ctx context.Context, l *logical.Plan, _ session.Explanation) ([]string, error) {
	return nil, engine.Optimize(ctx, l)
}

// silence is a handler that takes answers and says nothing.
type silence struct{}

// Begin does nothing.
func (silence) Begin([]session.Column) error { return nil }

// Rows does nothing.
func (silence) Rows(context.Context, *batch.Batch) error { return nil }

// Done does nothing.
func (silence) Done(string) error { return nil }

// Notice does nothing.
func (silence) Notice(string) {}
