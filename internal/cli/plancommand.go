package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/plan/evolve"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/state/checkpoint"
)

// exitLoses is the exit code of wire plan for an edit that loses state.
const exitLoses = 3

// editFlags say what a run accepts of an edit of its pipeline.
type editFlags struct {
	reset          []string
	partial, mixed bool
	fromStart      bool
}

func (e *editFlags) add(flags *pflag.FlagSet) {
	flags.StringArrayVar(&e.reset, "allow-reset", nil, "step or source whose state may be lost because the pipeline was edited; all for any; may be given several times")
	flags.BoolVar(&e.partial, "accept-partial", false, "let aggregates that were added to groups without end count from now on")
	flags.BoolVar(&e.mixed, "accept-mixed", false, "let state go on that has rows of a filter or a source which is another now")
	flags.BoolVar(&e.fromStart, "from-start", false, "refused: a query that is added begins where its source is; see docs/guide/editing.md")
	hide(flags, "from-start")
}

func (e *editFlags) check() error {
	if e.fromStart {
		return wrong(errors.New("--from-start: a source is read once for all queries, and those that are there already would get its rows again; " +
			"give the new query a pipeline of its own, or begin anew with --fresh"))
	}
	return nil
}

func (e *editFlags) accepted() evolve.Accepted {
	return evolve.Accepted{Reset: e.reset, Partial: e.partial, Mixed: e.mixed}
}

// begins refuses what is accepted of a pipeline that keeps nothing, and has none of it.
func (e *editFlags) begins(p *plans) error {
	accepted := e.accepted()
	if len(e.reset) == 0 {
		return nil
	}
	if err := accepted.Begins(engine.Describe(p.logical, p.physical)); err != nil {
		return wrong(err)
	}
	return nil
}

// planFlags are the flags of wire plan.
type planFlags struct {
	dir         string
	json        bool
	parallelism int
}

func (a *app) planCommand() *cobra.Command {
	f := &planFlags{}
	c := &cobra.Command{
		Use:   "plan [OLD] NEW",
		Short: "Say what becomes of a pipeline's state when it is edited.",
		Long: `Say what becomes of a pipeline's state when it is edited: what is kept, transformed, reset, added and removed, and why.

OLD and NEW are pipeline files, YAML or SQL. Without OLD the plan of the newest checkpoint in the state directory of NEW is the old one. Nothing runs but what fills tables in memory.
Exit codes: 0 all state is kept, 3 some would be lost or must be accepted, or the pipeline is finished and was edited, 2 wrong pipeline or arguments.`,
		Args: exactly(cobra.RangeArgs(1, 2)),
		RunE: func(c *cobra.Command, args []string) error { return a.showEvolution(c.Context(), args, f) },
	}
	flags := c.Flags()
	addStateDir(flags, &f.dir, "where the checkpoints are (default: .wire/NAME beside the pipeline file)")
	flags.BoolVar(&f.json, "json", false, "print JSON")
	addParallelism(flags, &f.parallelism, "lanes of each source; overrides the files")
	return completesPipelines(c)
}

func (a *app) showEvolution(ctx context.Context, args []string, f *planFlags) error {
	var old *evolve.Description
	var err error
	finished := false
	if len(args) == 2 {
		old, err = a.describe(ctx, args[0], nil, f)
	} else {
		old, finished, err = a.storedPlan(ctx, args[0], f.dir)
	}
	if err != nil {
		return err
	}
	now, err := a.describe(ctx, args[len(args)-1], old, f)
	if err != nil {
		return err
	}
	e := evolve.Compare(old, now)
	e.Finished = finished
	return a.printEvolution(e, f)
}

// printEvolution prints what becomes of a pipeline; an *exitError says that its state is not simply kept.
func (a *app) printEvolution(e *evolve.Evolution, f *planFlags) error {
	switch {
	case f.json:
		text, err := e.JSON()
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(a.out, "%s\n", text)
	case e.Finished && e.Refused():
		_, _ = fmt.Fprint(a.out, a.references.hide(e.Prospect()), e.Summary(), "\nrefused as a whole: the pipeline is finished, nothing goes on, and a run leaves its output as it is\n")
	case e.Refused():
		_, _ = fmt.Fprint(a.out, a.references.hide(e.Prospect()), e.Summary(), "\nrefused as a whole: a run carries out nothing of the change, and leaves state and output as they are\n")
	default:
		_, _ = fmt.Fprint(a.out, a.references.hide(e.Table()), e.Summary(), "\n")
	}
	var refused string
	switch {
	case e.Finished && e.Unchanged():
		if !f.json {
			_, _ = fmt.Fprintln(a.out, "the pipeline is finished: a run leaves its output as it is; --fresh runs it anew")
		}
		return nil
	case e.Finished:
		refused = "the pipeline is finished, and has changed since: a run leaves its output as it is, and accepts no edit; run it anew with --fresh"
	case e.Loses():
		refused = a.references.hide(e.Refuse(evolve.Accepted{}).Error())
	default:
		return nil
	}
	if !f.json {
		_, _ = fmt.Fprintln(a.err, "wire: "+refused)
	}
	return &exitError{code: exitLoses, err: errors.New("")}
}

// describe plans the pipeline at path, as one that goes on from old if that is not nil.
func (a *app) describe(ctx context.Context, path string, old *evolve.Description, f *planFlags) (*evolve.Description, error) {
	l, err := a.declared(ctx, path)
	if err != nil {
		return nil, wrong(err)
	}
	if l == nil {
		return nil, wrong(fmt.Errorf("%s has no pipeline: nothing is inserted into a sink", path))
	}
	if f.parallelism > 0 {
		l.Parallelism = f.parallelism
	}
	l.References = a.references.values()
	plan, err := engine.PlanFrom(ctx, l, runtime.GOMAXPROCS(0), old)
	if err != nil {
		return nil, wrong(fmt.Errorf("%s: %w", path, err))
	}
	return engine.Describe(l, plan), nil
}

// rehearsal is a planner that fills tables in memory, as a run does: what is planned over them depends on their rows.
type rehearsal struct {
	planner
	fills executor
}

// Fill runs p, which fills a table.
func (r *rehearsal) Fill(ctx context.Context, p *logical.Plan) error { return r.fills.Run(ctx, p) }

// declared is the logical plan of a pipeline file, of which nothing runs but what fills tables in memory.
func (a *app) declared(ctx context.Context, path string) (*logical.Plan, error) {
	name, ok := sqlFile(path)
	if !ok {
		return a.compile(ctx, path, false, true)
	}
	text, err := a.readText(path)
	if err != nil {
		return nil, err
	}
	settings := sqlSettings{name: name, quiet: true}
	runner := a.runner(settings)
	s := a.sessionOf(ctx, settings, &rehearsal{planner{lanes: 1}, executor{runner: runner}}, runner.Pool)
	if err := s.Execute(ctx, text, silence{}); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s.Take(), nil
}

// storedPlan is the plan of the newest checkpoint of a pipeline, and whether that is finished.
func (a *app) storedPlan(ctx context.Context, path, dir string) (d *evolve.Description, finished bool, err error) {
	inventory, _, err := a.inspect(ctx, &checkpointFlags{dir: dir}, map[bool][]string{true: {path}}[dir == ""])
	if err != nil {
		return nil, false, err
	}
	m := inventory.Find(0)
	if m == nil && len(inventory.Entries) > 0 && inventory.Entries[0].Err != nil {
		return nil, false, fmt.Errorf("the newest checkpoint cannot be read: %w\nName the file of the old pipeline, too, or see what there is with wire checkpoint list", inventory.Entries[0].Err)
	}
	if m == nil {
		return nil, false, wrong(fmt.Errorf("%s: there is no checkpoint yet; name the file of the old pipeline, too", inventory.Dir))
	}
	if len(m.Plan) == 0 {
		return nil, false, wrong(fmt.Errorf("%s: checkpoint %d was written by a release that stored no plan; name the file of the old pipeline, too", inventory.Dir, m.Epoch))
	}
	name, err := a.pipelineName(path)
	if err != nil {
		return nil, false, wrong(err)
	}
	if m.Pipeline != name { // of a draft it is worth knowing all the same
		_, _ = fmt.Fprintf(a.err, "wire: warning: %s has checkpoints of pipeline %q, and %s is pipeline %q: a run goes on from them under the old name alone\n", inventory.Dir, m.Pipeline, path, name)
	}
	d, err = evolve.Decode(m.Plan)
	return d, m.Finished, err
}

// formerPlan is the plan that a run is likely to go on from, nil if there is none: what was decided there is decided again.
func (a *app) formerPlan(ctx context.Context, dir string, s *stateFlags) *evolve.Description {
	if dir == "" || s.fresh {
		return nil
	}
	inventory, err := checkpoint.Inspect(ctx, a.fs, dir)
	if err != nil {
		return nil // whoever opens the directory says what is wrong with it
	}
	m := inventory.Find(s.acceptSince)
	if m == nil || len(m.Plan) == 0 {
		return nil
	}
	d, err := evolve.Decode(m.Plan)
	if err != nil {
		return nil
	}
	return d
}
