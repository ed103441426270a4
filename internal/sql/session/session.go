package session

import (
	"context"
	"errors"
	"fmt"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/plan/logical"
	sqlast "wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/bind"
	"wire.example/wire/internal/sql/catalog"
	"wire.example/wire/internal/sql/parse"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// Column is a column of an answer.
type Column = bind.Column

// Handler takes the answers of statements, in their order: Begin and Rows for those that return rows, then Done. An error of a method ends the
// statement.
type Handler interface {
	// Begin says which columns the rows that follow have.
	Begin(columns []Column) error
	// Rows takes rows, which are lent for the call; it must return when ctx is done.
	Rows(ctx context.Context, b *batch.Batch) error
	// Done ends a statement. The tag is PostgreSQL's, such as "SELECT 5" or "CREATE TABLE".
	Done(tag string) error
	// Notice says something that is no error.
	Notice(text string)
}

// Expecting is a Handler that hears, between Begin and the first rows of a query, how they come: whether they may be changes, so that batches have Kinds
// (nil: insertions), and whether they never end.
type Expecting interface {
	Expect(changes, endless bool)
}

// OrderKey is a column by which the rows of an answer are sorted.
type OrderKey struct {
	Column           int
	Desc, NullsFirst bool
}

// Ordered is a Handler that hears, between Begin and the first rows of a query, by which of their columns its rows are sorted, as far as those are among them: changes do
// not come in that order.
type Ordered interface {
	Order(keys []OrderKey)
}

// Executor runs plans, and explains them. Both change the plan.
type Executor interface {
	// Run carries a plan out until its inputs end.
	Run(ctx context.Context, p *logical.Plan) error
	// Explain returns the plan as EXPLAIN shows it, lines without a line feed at the end.
	Explain(ctx context.Context, p *logical.Plan, how Explanation) ([]string, error)
}

// Filler is an Executor that carries out plans which fill tables in memory in a way of their own: what is planned over a table depends on its rows.
type Filler interface {
	// Fill is Run for such a plan, which has no other effect.
	Fill(ctx context.Context, p *logical.Plan) error
}

// Explanation is what EXPLAIN was asked for.
type Explanation struct {
	Analyze, Verbose, Costs, JSON bool
}

// Config is what a session is made of.
type Config struct {
	Executor   Executor
	Connectors bind.Connectors
	Clock      clock.Clock
	Pool       *batch.Pool
	// Parallelism is what plans run with until SET says otherwise; 0 leaves it to the executor.
	Parallelism int
	// Name is what pipelines of collected INSERTs are called.
	Name string
	// Final makes all plans give their answers once, when their input ends, whatever the setting emit says.
	Final bool
}

// Session is one session. It is not safe for concurrent use; a statement is cancelled by its context.
type Session struct {
	config   Config
	catalog  *catalog.Catalog
	settings *settings
	prepared map[string]*prepared
	// names are those of prepared, in the order in which they came.
	names []string
	// pending are the INSERTs into sinks, bound by binder, that wait for Finish.
	pending *logical.Plan
	binder  *bind.Binder
	// asked are the statements whose rows go to a sink, by its name, of the pipeline that was collected last.
	asked map[string][]asked
}

// asked is a statement and what it stands in.
type asked struct {
	at   ast.Span
	text string
}

// New returns a session with an empty catalog.
func New(config Config) *Session {
	s := &Session{config: config, catalog: catalog.New(), prepared: map[string]*prepared{}}
	s.settings = newSettings(config.Parallelism)
	return s
}

// Catalog is what statements have made so far. It is the session's.
func (s *Session) Catalog() *catalog.Catalog { return s.catalog }

// Execute carries out the statements of text; it ends at the first mistake. INSERTs into sinks are collected until Finish or Take. The error is
// an *Error unless ctx was done.
func (s *Session) Execute(ctx context.Context, text string, h Handler) error {
	statements, parseErr := parse.Script(text)
	for _, statement := range statements {
		if err := s.statement(ctx, statement, text, h); err != nil {
			return err
		}
	}
	return located(parseErr, text)
}

// Take returns the pipeline of the collected INSERTs into sinks, nil if there are none, for whoever runs it himself; the session forgets them.
func (s *Session) Take() *logical.Plan {
	p := s.pending
	s.pending, s.binder = nil, nil
	if p != nil {
		s.settle(p)
	}
	return p
}

// Finish runs the INSERTs into sinks that were collected, as one pipeline.
func (s *Session) Finish(ctx context.Context, h Handler) error {
	p := s.Take()
	if p == nil {
		return nil
	}
	if err := s.run(ctx, p); err != nil {
		return located(s.Place(err), "")
	}
	return h.Done("PIPELINE")
}

// Place is err with the place of the INSERT that it is about, if it says that the pipeline taken last cannot be planned and only one INSERT fills that sink: an *Error
// then.
func (s *Session) Place(err error) error {
	var refused *logical.RefusedError
	if !errors.As(err, &refused) {
		return err
	}
	if from := s.asked[refused.Sink]; len(from) == 1 {
		return located(refusedAt(from[0].at, err), from[0].text)
	}
	return err
}

// run runs a plan within the time that the settings grant.
func (s *Session) run(ctx context.Context, p *logical.Plan) error {
	return s.runBy(ctx, p, s.config.Executor.Run)
}

func (s *Session) runBy(ctx context.Context, p *logical.Plan, run func(context.Context, *logical.Plan) error) error {
	s.settle(p)
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	return s.interrupted(ctx, run(ctx, p))
}

// settle gives a plan what the settings say.
func (s *Session) settle(p *logical.Plan) {
	if p.Parallelism == 0 {
		p.Parallelism = s.settings.parallelism
	}
	p.Memory, p.Compression = s.settings.memory, s.settings.compression
	p.Emit, p.TTL = s.settings.emit, s.settings.ttl
	if s.config.Final {
		p.Emit, p.Final = logical.EmitFinal, true
	}
}

func (s *Session) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.settings.timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, s.settings.timeout, errTimeout)
}

// environment is what statements are bound in.
func (s *Session) environment() bind.Environment {
	return bind.Environment{Catalog: s.catalog, Rows: KnownRows, Now: s.config.Clock.Now().UnixMicro(), Settings: s.settings.get}
}

// newBinder returns a binder for a pipeline of its own.
func (s *Session) newBinder(params *bind.Params) *bind.Binder {
	env := s.environment()
	env.Params = params
	return bind.New(env)
}

// statement carries out one statement of text.
func (s *Session) statement(ctx context.Context, statement sqlast.Statement, text string, h Handler) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	at := statement.Location()
	err := s.carryOut(ctx, &call{statement: statement, text: text, own: own(text, at), handler: h})
	return located(err, text)
}

func own(text string, at ast.Span) string { return text[at.Start:at.End] }

// call is a statement to be carried out.
type call struct {
	statement sqlast.Statement
	// text is what it stands in, and own its own part of that.
	text, own string
	params    *bind.Params
	handler   Handler
}

func (s *Session) carryOut(ctx context.Context, c *call) error {
	switch n := c.statement.(type) {
	case *sqlast.Query:
		return s.query(ctx, c, n)
	case *sqlast.Insert:
		return s.insert(ctx, c, n)
	case *sqlast.CreateRelation:
		return s.createRelation(ctx, c, n)
	case *sqlast.CreateView:
		return s.createView(c, n)
	case *sqlast.Drop:
		return s.drop(c, n)
	case *sqlast.Explain:
		return s.explain(ctx, c, n)
	case *sqlast.Describe:
		return s.describe(ctx, c, n)
	case *sqlast.ShowSetting:
		return s.showSetting(ctx, c, n)
	case *sqlast.ShowObjects:
		return s.showObjects(ctx, c, n)
	case *sqlast.ShowCreate:
		return s.showCreate(ctx, c, n)
	case *sqlast.Set:
		return s.set(c, n)
	case *sqlast.Reset:
		return s.reset(c, n)
	case *sqlast.Prepare:
		return s.prepare(c, n)
	case *sqlast.Execute:
		return s.execute(ctx, c, n)
	case *sqlast.Deallocate:
		return s.deallocate(c, n)
	}
	return fmt.Errorf("session: no way to carry out %T", c.statement)
}

// texts answers with rows of texts.
func (s *Session) texts(ctx context.Context, h Handler, names []string, rows [][]string, tag string) error {
	columns := make([]Column, len(names))
	for i, name := range names {
		columns[i] = Column{Name: name, Type: schema.Of(schema.Text)}
	}
	if err := h.Begin(columns); err != nil {
		return err
	}
	for first := 0; first < len(rows); first += batch.MaxRows {
		part := rows[first:min(first+batch.MaxRows, len(rows))]
		b := &batch.Batch{Len: len(part)}
		for i := range names {
			c := batch.NewColumn(s.config.Pool, schema.Of(schema.Text))
			c.Reset(len(part))
			for r, row := range part {
				c.SetBytes(r, []byte(row[i]))
			}
			b.Cols = append(b.Cols, c)
		}
		err := h.Rows(ctx, b)
		for _, c := range b.Cols {
			c.Release()
		}
		if err != nil {
			return err
		}
	}
	return h.Done(tag)
}
