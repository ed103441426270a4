package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"wire.example/wire/internal/cli/result"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/parse"
	"wire.example/wire/internal/sql/session"
)

// runSQL is wire run for SQL: queries are answered in order on standard output, then the pipeline of the INSERTs into sinks runs as one from a
// YAML file does. name is the pipeline's, path the file's, "" for statements of the command line.
func (a *app) runSQL(ctx context.Context, name, path, text string, f *runFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	if empty(text) {
		return wrong(fmt.Errorf("%s has no statement", cmp.Or(path, "-e")))
	}
	settings := sqlSettings{
		name: name, parallelism: f.parallelism, blockBytes: f.blockBytes, memory: f.memoryBytes, packs: f.state.packs, quiet: f.quiet,
		final: f.final, opField: f.opField,
	}
	var err error
	if settings.format, err = result.ParseFormat(f.output); err != nil {
		return wrong(fmt.Errorf("--output: %w", err))
	}
	l, place, err := a.declare(ctx, settings, text, f)
	if err != nil {
		return a.refuse(err)
	}
	if l == nil {
		return nil
	}
	p, err := a.ready(ctx, l, path, f)
	if err != nil {
		return a.refuse(place(err))
	}
	return a.carryOut(ctx, p, f)
}

// empty reports whether there is nothing in SQL but blanks and comments.
func empty(text string) bool {
	spans, rest, open := parse.Split(text)
	return len(spans) == 0 && int(rest) == len(text) && !open
}

// declare carries out everything but the pipeline of the INSERTs into sinks, which it returns; place gives an error of its plan its place in the text.
func (a *app) declare(ctx context.Context, settings sqlSettings, text string, f *runFlags) (_ *logical.Plan, place func(error) error, _ error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	s := a.newSession(ctx, settings)
	if f.explain {
		s = a.explainingSession(ctx, settings)
	}
	p := &printer{app: a, settings: settings}
	if err := s.Execute(ctx, text, p); err != nil {
		return nil, nil, errors.Join(err, p.drop())
	}
	return s.Take(), s.Place, nil
}

// refuse prints what is wrong with SQL: a mistake in the text has another exit code than what goes wrong while a statement runs.
func (a *app) refuse(err error) error {
	var e *session.Error
	switch {
	case errors.Is(err, context.Canceled):
		return &exitError{code: exitInterrupt, err: errors.New("interrupted")}
	case !errors.As(err, &e):
		return err
	}
	a.sqlError(err)
	code := exitFailed
	if e.Placed {
		code = exitWrong
	}
	return &exitError{code: code, err: errors.New("")}
}
