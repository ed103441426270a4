package cli

import (
	"context"
	"fmt"
	"os"
	"regexp"

	"github.com/spf13/cobra"

	"wire.example/wire/internal/cli/bench"
)

// benchFlags are the flags of wire bench.
type benchFlags struct {
	events, short int64
	runs          int
	match         string
	dir           string
	json          bool
	yardstick     string
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
	return c
}

func (a *app) bench(ctx context.Context, f *benchFlags) error {
	if f.yardstick != "" {
		return bench.Yardstick(f.yardstick, a.out)
	}
	match, err := regexp.Compile(f.match)
	if err != nil {
		return wrong(fmt.Errorf("--match: %w", err))
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	r, err := bench.Run(ctx, bench.Settings{
		Program: program, Events: f.events, Short: f.short, Runs: f.runs, Match: match, Dir: f.dir, Clock: a.clock, Progress: a.err,
		Version: buildVersion, Commit: buildCommit,
	})
	if err != nil {
		return err
	}
	if f.json {
		return r.WriteJSON(a.out)
	}
	return r.WriteTable(a.out)
}
