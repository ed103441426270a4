package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"regexp"

	"github.com/spf13/cobra"

	"wire.example/wire/internal/cli/bench"
	"wire.example/wire/internal/foundation/vfs"
)

// benchFlags are the flags of wire bench.
type benchFlags struct {
	events, short int64
	runs          int
	match         string
	dir           string
	json          bool
	yardstick     string
	results       string
}

func (a *app) benchCommand() *cobra.Command {
	f := &benchFlags{}
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure pipelines over a million and more of Nexmark's events on this machine.",
		Args:  exactly(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return a.bench(c.Context(), f) },
	}
	flags := c.Flags()
	flags.Int64Var(&f.events, "events", 6_000_000, "events of the long input")
	flags.Int64Var(&f.short, "short", 1_000_000, "events of the short input: the cost of an event is the slope between both")
	flags.IntVar(&f.runs, "runs", 5, "pairs of runs; the median counts")
	flags.StringVar(&f.match, "match", "", "only cases whose name matches this regular expression")
	flags.StringVar(&f.dir, "dir", "", "folder for inputs and outputs, which stay there (default: a temporary one)")
	flags.BoolVar(&f.json, "json", false, "print the result as JSON")
	flags.StringVar(&f.yardstick, "yardstick", "", "run the yardstick over this file, and nothing else")
	hide(flags, "yardstick")
	c.AddCommand(a.benchNexmarkCommand())
	return c
}

func (a *app) benchNexmarkCommand() *cobra.Command {
	f := &benchFlags{}
	c := &cobra.Command{
		Use:   "nexmark",
		Short: "Measure the 23 queries of Nexmark from a JSON file and from the generator into blackhole.",
		Long: `Measure the 23 queries of Nexmark from a JSON file and from the generator into blackhole, each in processes of its own at parallelism 1, updating
queries with every change emitted. CPU an event is the slope between a short and a long input; beside it stand what is to be reached and Apache Flink's figure.`,
		Args: exactly(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return a.benchNexmark(c.Context(), f) },
	}
	flags := c.Flags()
	flags.Int64Var(&f.events, "events", 6_000_000, "events of the long input")
	flags.Int64Var(&f.short, "short", 1_000_000, "events of the short input: the cost of an event is the slope between both")
	flags.IntVar(&f.runs, "runs", 3, "pairs of runs; the median counts")
	flags.StringVar(&f.match, "match", "", `only queries whose name and source match this regular expression, such as "q(4|9) file"`)
	flags.StringVar(&f.dir, "dir", "", "folder for inputs and scripts, which stay there (default: a temporary one)")
	flags.BoolVar(&f.json, "json", false, "print the result as JSON")
	flags.StringVar(&f.results, "results", "", "file to which the result is written as JSON, too")
	return c
}

func (a *app) benchNexmark(ctx context.Context, f *benchFlags) error {
	s, err := a.benchSettings(f)
	if err != nil {
		return err
	}
	r, err := bench.Nexmark(ctx, s)
	if err != nil {
		return err
	}
	if f.results != "" {
		var b bytes.Buffer
		if err := r.WriteJSON(&b); err != nil {
			return err
		}
		if err := vfs.WriteFile(a.fs, f.results, b.Bytes()); err != nil {
			return err
		}
	}
	if f.json {
		return r.WriteJSON(a.out)
	}
	return r.WriteTable(a.out)
}

// benchSettings are those of the flags.
func (a *app) benchSettings(f *benchFlags) (bench.Settings, error) {
	match, err := regexp.Compile(f.match)
	if err != nil {
		return bench.Settings{}, wrong(fmt.Errorf("--match: %w", err))
	}
	program, err := os.Executable()
	return bench.Settings{
		Program: program, Events: f.events, Short: f.short, Runs: f.runs, Match: match, Dir: f.dir, Clock: a.clock, Progress: a.err,
		Version: buildVersion, Commit: buildCommit,
	}, err
}

func (a *app) bench(ctx context.Context, f *benchFlags) error {
	if f.yardstick != "" {
		return bench.Yardstick(f.yardstick, a.out)
	}
	s, err := a.benchSettings(f)
	if err != nil {
		return err
	}
	r, err := bench.Run(ctx, s)
	if err != nil {
		return err
	}
	if f.json {
		return r.WriteJSON(a.out)
	}
	return r.WriteTable(a.out)
}
