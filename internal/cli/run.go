package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wire.example/wire/internal/cli/result"
	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/internal/telemetry/logging"
)

// runFlags are the flags of wire run.
type runFlags struct {
	parallelism int
	explain     bool
	infer       bool
	state       stateFlags
	edit        editFlags
	summary     string
	quiet       bool
	listen      string
	logFormat   string
	format      logging.Format // logFormat, checked
	statements  []string
	final       bool
	opField     string
	output      string
	memory      string
	memoryBytes int64 // memory, checked; 0 if it was not given
	blockBytes  int
	stopAfter   int64
	epochBlocks int64
	restoreFor  time.Duration
}

func (a *app) runCommand() *cobra.Command {
	f := &runFlags{}
	c := &cobra.Command{
		Use:   "run [FILE]",
		Short: "Run a pipeline, in YAML or SQL, in this process until its input ends; - reads it from standard input.",
		Long: `Run a pipeline in this process until its input ends; - reads it from standard input.

A pipeline is a YAML file, or SQL: a file that ends in .sql, or the statements of -e. The INSERTs of SQL into sinks form one pipeline; the rows
of its queries go to standard output.

What the pipeline needs to go on is kept in .wire/NAME beside its file, with a checkpoint every few seconds: run it again, after Ctrl-C, a crash or a power failure, and it goes on
exactly where it was. Pipelines of -e and of standard input keep nothing unless --state-dir says where.

The first Ctrl-C stops reading, brings what was read to the sinks and takes a last checkpoint; the second stops at once.
Exit codes: 0 done, 1 failed while running, 2 wrong pipeline or arguments, 130 and 143 stopped by Ctrl-C and SIGTERM.`,
		Args: exactly(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 && len(f.statements) == 0:
				return wrong(fmt.Errorf("give a pipeline file, or SQL with -e; usage: %s", c.UseLine()))
			case len(args) > 0 && len(f.statements) > 0:
				return wrong(errors.New("give a file or -e, not both"))
			case len(args) == 0:
				return a.runSQL(c.Context(), "query", "", strings.Join(f.statements, ";\n"), f)
			}
			return a.run(c.Context(), args[0], f)
		},
	}
	flags := c.Flags()
	addParallelism(flags, &f.parallelism, "lanes of each source; overrides the file")
	flags.BoolVar(&f.explain, "explain", false, "print the logical and the physical plan, and do not run")
	flags.BoolVar(&f.infer, "infer", false, "propose columns for sources without a schema from a sample, print them, and go on with them")
	flags.StringVar(&f.summary, "summary", "text", "account at the end: text, json (on standard output) or none")
	f.state.add(flags)
	f.edit.add(flags)
	flags.BoolVar(&f.quiet, "quiet", false, "print errors only")
	flags.StringVar(&f.listen, "listen", "", "address for /metrics, /healthz, /debug/pprof and /debug/pipeline, such as 127.0.0.1:6060")
	flags.StringVar(&f.logFormat, "log-format", "text", "form of the log on standard error: auto, text or json; auto is text on a terminal, else json")
	flags.StringArrayVarP(&f.statements, "execute", "e", nil, "SQL to run instead of a file; may be given several times")
	flags.StringVar(&f.output, "output", string(result.Table), "form of the rows of queries: "+strings.Join(result.Formats(), ", "))
	addAnswerFlags(flags, &f.final, &f.opField)
	flags.StringVar(&f.memory, "memory", "", "memory that rows and state may take, such as 2GiB; overrides the file (default: GOMEMLIMIT, or half of the machine's)")
	flags.IntVar(&f.blockBytes, "block-bytes", 0, "size of the blocks that are read under load")
	flags.Int64Var(&f.stopAfter, "stop-after", 0, "blocks of a source after which the run stops as at Ctrl-C, with exit code 0")
	flags.DurationVar(&f.restoreFor, "restore-for", defaultRestore, "time in which stored state is put into memory before the run begins; the rest is read when it is needed")
	flags.Int64Var(&f.epochBlocks, "checkpoint-blocks", 0, "blocks that a source reads from one checkpoint to the next, at most")
	completesValues(c, "summary", "text", "json", "none")
	completesValues(c, "state-compression", store.Compressions()...)
	completesValues(c, "log-format", "auto", "text", "json")
	completesValues(c, "output", result.Formats()...)
	hide(flags, "block-bytes")
	hide(flags, "stop-after")
	hide(flags, "checkpoint-blocks")
	hide(flags, "restore-for")
	return c
}

// addAnswerFlags adds the flags for answers that change.
func addAnswerFlags(flags *pflag.FlagSet, final *bool, opField *string) {
	flags.BoolVar(final, "final", false, "give answers and fill sinks once, when their input ends, with the rows that all changes leave, whatever SET emit and EMIT say")
	flags.StringVar(opField, "op-field", result.DefaultOpField, "name of the column or member with the kind of change, where the rows of a query change")
}

// hide keeps a flag that is for tests and measurements out of the help.
func hide(flags *pflag.FlagSet, name string) { flags.Lookup(name).Hidden = true }

// check refuses flags that mean nothing.
func (f *runFlags) check() error {
	switch f.summary {
	case "text", "json", "none":
	default:
		return wrong(fmt.Errorf("--summary is text, json or none, not %q", f.summary))
	}
	if err := errors.Join(f.state.check(), f.edit.check()); err != nil {
		return err
	}
	format, err := logging.ParseFormat(f.logFormat)
	if err != nil {
		return wrong(fmt.Errorf("--log-format: %w", err))
	}
	f.format = format
	if f.memory != "" {
		if f.memoryBytes, err = parseMemory(f.memory); err != nil {
			return wrong(fmt.Errorf("--memory: %w", err))
		}
	}
	return nil
}

// plans are the two plans of a pipeline.
type plans struct {
	logical  *logical.Plan
	physical *physical.Plan
	// path is the pipeline file as the user named it.
	path string
	// stateDir is where checkpoints go; "" for a run that keeps nothing.
	stateDir string
}

// memory says how the pipeline's memory is divided.
func (p *plans) memory() engine.Memory {
	total, asked := available(p.logical.Memory), p.logical.Memory > 0
	switch {
	case p.stateDir != "":
		return engine.Divide(total, asked)
	case asked:
		return engine.Memory{Rows: engine.Room(total)}
	}
	return engine.Memory{Rows: total}
}

// readsOwnText refuses a source that would find standard input empty, since the pipeline itself was read from there.
func (p *plans) readsOwnText() error {
	for _, s := range p.physical.Sources {
		if p.path == "-" && s.Type.Name == "stdin" {
			return fmt.Errorf("source %q reads the standard input, and so does wire run -, for the pipeline; write the pipeline to a file", s.Name)
		}
	}
	return nil
}

// plan reads, checks and plans the pipeline at path.
func (a *app) plan(ctx context.Context, path string, f *runFlags) (*plans, error) {
	l, err := a.compile(ctx, path, f.infer, f.quiet)
	if err != nil {
		return nil, wrong(err)
	}
	return a.ready(ctx, l, path, f)
}

// ready makes a logical plan ready to run. path is the pipeline as a user would name it.
func (a *app) ready(ctx context.Context, l *logical.Plan, path string, f *runFlags) (*plans, error) {
	if f.parallelism > 0 {
		l.Parallelism = f.parallelism
	}
	bounded(l, f.memoryBytes, f.state.packs)
	l.References = a.references.values()
	if f.final {
		l.Emit, l.Final = logical.EmitFinal, true
	}
	dir := f.state.dirOf(path, l.Name)
	runs, err := engine.PlanFrom(ctx, l, runtime.GOMAXPROCS(0), a.formerPlan(ctx, dir, &f.state))
	if err != nil {
		return nil, wrong(err)
	}
	for _, text := range l.Warnings {
		if !f.quiet {
			fmt.Fprintln(a.err, "wire: warning: "+text)
		}
	}
	p := &plans{path: path, logical: l, physical: runs, stateDir: dir}
	if err := p.readsOwnText(); err != nil {
		return nil, wrong(err)
	}
	return p, nil
}

// explain prints both plans.
func (a *app) explain(p *plans) error {
	_, err := fmt.Fprintf(a.out, "logical plan of %s\n%s\nphysical plan\n%s", p.logical.Name, indent(p.logical.String()), indent(p.physical.String()))
	return err
}
