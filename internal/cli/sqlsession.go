package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"

	"wire.example/wire/internal/cli/display"
	"wire.example/wire/internal/cli/result"
	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/plan/optimize"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/sql/bind"
	"wire.example/wire/internal/sql/session"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// sqlSettings are what the commands that take SQL have in common.
type sqlSettings struct {
	name        string
	format      result.Format
	parallelism int
	blockBytes  int
	memory      int64
	packs       *store.Compression
	// final says that answers are given once, when their input ends, whatever the setting emit says.
	final bool
	// opField is what the kind of a change is called in rows of an answer that changes.
	opField string
	// tags says that the tags of statements without rows are printed, such as CREATE TABLE.
	tags  bool
	quiet bool
}

// newSession returns a session whose pipelines run in this process.
func (a *app) newSession(ctx context.Context, s sqlSettings) *session.Session {
	runner := a.runner(s)
	return a.sessionOf(ctx, s, &executor{runner: runner, memory: s.memory, packs: s.packs}, runner.Pool)
}

// explainingSession returns a session that prints the plans of queries instead of running them.
func (a *app) explainingSession(ctx context.Context, s sqlSettings) *session.Session {
	runner := a.runner(s)
	return a.sessionOf(ctx, s, &explainer{executor{runner: runner, memory: s.memory, packs: s.packs}, a.out}, runner.Pool)
}

func (a *app) runner(s sqlSettings) *engine.Runner {
	warn := func(text string) {
		if !s.quiet {
			fmt.Fprintln(a.err, "wire: warning: "+text)
		}
	}
	return &engine.Runner{
		Warn: warn,
		Pool: &batch.Pool{}, Clock: a.clock, FS: a.fs, Log: a.references.wrap(slog.New(slog.DiscardHandler)), Budget: budget(s.memory),
		Lanes: runtime.GOMAXPROCS(0), BlockBytes: s.blockBytes,
	}
}

// sessionOf returns a session; ctx bounds what CREATE reads of a source to find out its columns.
func (a *app) sessionOf(ctx context.Context, s sqlSettings, e session.Executor, pool *batch.Pool) *session.Session {
	return session.New(session.Config{
		Executor: e,
		Connectors: bind.Connectors{
			Registry: a.registry,
			Infer: func(source *logical.Source) (*schema.Schema, error) {
				return a.infer(ctx, source, true)
			},
		},
		Clock: a.clock, Pool: pool, Parallelism: s.parallelism, Name: s.name, Final: s.final,
	})
}

// executor runs the plans of a session.
type executor struct {
	runner *engine.Runner
	memory int64              // of --memory; 0 if it was not given
	packs  *store.Compression // of --state-compression; nil if it was not given
	heap   heap
}

// Run runs a plan to its end.
func (e *executor) Run(ctx context.Context, p *logical.Plan) error {
	_, _, err := e.runs(ctx, p)
	return err
}

// runs runs a plan in the memory that it may take.
func (e *executor) runs(ctx context.Context, p *logical.Plan) (*physical.Plan, flow.Report, error) {
	bounded(p, e.memory, e.packs)
	defer e.heap.limit(p.Memory)()
	return e.runner.Run(ctx, p)
}

// explainer shows the plans that it is given to run.
type explainer struct {
	executor
	out io.Writer
}

// Run prints the plan.
func (e *explainer) Run(ctx context.Context, p *logical.Plan) error {
	lines, err := e.Explain(ctx, p, session.Explanation{Costs: true})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.out, strings.Join(lines, "\n"))
	return err
}

// Explain shows the plan as it is written, as it is optimized, and as it runs.
func (e *executor) Explain(ctx context.Context, p *logical.Plan, how session.Explanation) ([]string, error) {
	written := p.String()
	shown := optimize.Explained{Verbose: how.Verbose, NoCosts: !how.Costs}
	var ran *physical.Plan
	var err error
	if how.Analyze {
		var report flow.Report
		if ran, report, err = e.runs(ctx, p); err == nil {
			shown.Actual = actual(report)
		}
	} else {
		ran, err = engine.Plan(ctx, p, e.runner.Lanes)
	}
	if err != nil {
		return nil, err
	}
	if how.JSON {
		text, err := optimize.ExplainJSON(p, shown)
		return strings.Split(string(text), "\n"), err
	}
	var b strings.Builder
	if how.Verbose {
		b.WriteString("as written:\n" + indent(written))
	}
	b.WriteString("optimized:\n" + indent(optimize.Explain(p, shown)))
	b.WriteString("runs as:\n" + indent(ran.String()))
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n"), nil
}

// actual finds what steps and sources did in a report.
func actual(report flow.Report) func(string) (in, out int64, ok bool) {
	return func(name string) (in, out int64, ok bool) {
		for _, s := range report.Sources {
			if s.Name == name {
				return s.Records, s.Rows, true
			}
		}
		for _, s := range report.Steps {
			if s.Name == name || strings.HasPrefix(s.Name, name+"@") {
				in, out, ok = in+s.In, out+s.Emitted, true
			}
		}
		return in, out, ok
	}
}

// held is how much of an answer is kept before anything is written: a statement that fails early leaves nothing.
const held = 4 << 20

// printer is the session's handler that writes to the terminal.
type printer struct {
	app      *app
	settings sqlSettings
	columns  []result.Column
	order    []session.OrderKey
	writer   result.Writer
	buffer   *holdBack
	changing *changing // instead of writer, while an answer is shown as it changes
}

// holdBack keeps what is written until it is much, or the answer is complete.
type holdBack struct {
	out  io.Writer
	kept bytes.Buffer
	open bool
}

func (w *holdBack) Write(p []byte) (int, error) {
	if !w.open && w.kept.Len()+len(p) <= held {
		return w.kept.Write(p)
	}
	if err := w.release(); err != nil {
		return 0, err
	}
	return w.out.Write(p)
}

func (w *holdBack) release() error {
	w.open = true
	_, err := w.kept.WriteTo(w.out)
	return err
}

// Begin begins an answer of rows.
func (p *printer) Begin(columns []session.Column) error {
	p.columns = make([]result.Column, len(columns))
	for i, c := range columns {
		p.columns[i] = result.Column{Name: c.Name, Type: c.Type}
	}
	p.buffer = &holdBack{out: p.app.out}
	p.writer = result.New(p.buffer, p.settings.format, p.columns, result.Course{})
	return nil
}

// Order takes note of the order that was asked for.
func (p *printer) Order(keys []session.OrderKey) { p.order = keys }

// Expect makes ready for rows that change, or that never end.
func (p *printer) Expect(changes, endless bool) {
	if size, ok := display.Terminal(p.app.out, os.Getenv); ok && changes && p.settings.format == result.Table {
		p.changing = newChanging(p.app, size, p.columns, p.order)
		return
	}
	p.buffer.open = p.buffer.open || endless
	p.writer = result.New(p.buffer, p.settings.format, p.columns, p.course(changes, endless))
}

func (p *printer) course(changes, endless bool) result.Course {
	return result.Course{Changes: changes, Endless: endless, OpField: p.settings.opField}
}

// Rows writes rows.
func (p *printer) Rows(_ context.Context, b *batch.Batch) error {
	if p.changing == nil {
		return p.writer.Rows(b)
	}
	rest := p.changing.rows(b)
	if rest == nil {
		return nil
	}
	p.changing.table.End() //nolint:errcheck // the rest shows whether the terminal is there
	p.changing = nil
	p.Notice(fmt.Sprintf("the answer has more than %d rows; changes follow", display.MaxChanging))
	p.buffer.open = true
	p.writer = result.New(p.buffer, p.settings.format, p.columns, p.course(true, true))
	return p.writer.Rows(rest)
}

// Done ends an answer.
func (p *printer) Done(tag string) error {
	if p.writer == nil {
		if !p.settings.tags || p.settings.quiet {
			return nil
		}
		_, err := fmt.Fprintln(p.app.out, tag)
		return err
	}
	if p.changing != nil {
		return p.drop()
	}
	err := errors.Join(p.writer.End(), p.buffer.release())
	p.writer, p.buffer = nil, nil
	return err
}

// Notice writes to standard error.
func (p *printer) Notice(text string) {
	if !p.settings.quiet {
		fmt.Fprintln(p.app.err, "NOTICE: "+text)
	}
}

// drop forgets the answer of a statement that failed, as far as it was not written. What was shown as it changed stays on the screen.
func (p *printer) drop() error {
	changing := p.changing
	p.writer, p.buffer, p.changing = nil, nil, nil
	if changing == nil {
		return nil
	}
	return changing.table.End()
}

// sqlError prints what is wrong with a statement.
func (a *app) sqlError(err error) {
	var e *session.Error
	if !errors.As(err, &e) {
		fmt.Fprintln(a.err, "wire: "+a.references.hide(err.Error()))
		return
	}
	fmt.Fprintf(a.err, "%s\nSQLSTATE: %s\n", a.references.hide(e.Text), e.Code)
}
