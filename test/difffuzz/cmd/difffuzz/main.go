// Command difffuzz compares Wire with PostgreSQL on random queries; test/difffuzz/README.md says how.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"wire.example/wire/test/difffuzz"
	"wire.example/wire/test/slt"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "difffuzz:", err)
		os.Exit(1)
	}
}

type options struct {
	postgres, wire string
	seed           uint64
	seeds, queries int
	most           int
	show           bool
	shrink         bool
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var o options
	flags := flag.NewFlagSet("difffuzz", flag.ExitOnError)
	flags.StringVar(&o.postgres, "postgres", "", "`DSN` of a PostgreSQL database, whose schema public is dropped")
	flags.StringVar(&o.wire, "wire", "bin/wire sql --keep-going --output csv", "`command` line of Wire, split at blanks")
	flags.Uint64Var(&o.seed, "seed", 1, "first seed")
	flags.IntVar(&o.seeds, "seeds", 10, "seeds, one after the other")
	flags.IntVar(&o.queries, "queries", 40, "queries of a seed")
	flags.IntVar(&o.most, "most", 0, "end at so many differences; 0: at none")
	flags.BoolVar(&o.show, "show", false, "print the queries instead of running them")
	flags.BoolVar(&o.shrink, "shrink", true, "shrink differences")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.show {
		return show(&o, out)
	}
	f := difffuzz.Fuzzer{Wire: slt.Command{Argv: strings.Fields(o.wire)}, Witnesses: slt.Witnesses(o.postgres)}
	report := difffuzz.Report{}
	for seed := o.seed; seed < o.seed+uint64(o.seeds); seed++ { //nolint:gosec // a count
		before := len(report.Found)
		if err := check(ctx, &f, difffuzz.New(seed, o.queries), &report); err != nil {
			fmt.Fprintf(out, "# seed %d: %v\n\n", seed, err)
		}
		for _, d := range report.Found[before:] {
			if o.shrink {
				small, err := shrink(ctx, &f, d)
				if err != nil {
					fmt.Fprintf(out, "# shrinking: %v\n", err)
				}
				d = small
			}
			fmt.Fprintln(out, d.String())
		}
		if ctx.Err() != nil || o.most > 0 && len(report.Found) >= o.most {
			break
		}
	}
	summary(out, &report)
	if len(report.Found) > 0 {
		first := slices.MinFunc(report.Found, func(a, b difffuzz.Difference) int { return a.Before + a.Asked - b.Before - b.Asked })
		fmt.Fprintf(out, "# first after %d queries\n", first.Before+first.Asked)
	}
	return nil
}

// patience bounds a universe, and the shrinking of a difference.
const patience = 90 * time.Second

func check(ctx context.Context, f *difffuzz.Fuzzer, u *difffuzz.Universe, r *difffuzz.Report) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return f.Check(ctx, u, r)
}

func shrink(ctx context.Context, f *difffuzz.Fuzzer, d difffuzz.Difference) (difffuzz.Difference, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return f.Shrink(ctx, d)
}

func show(o *options, out io.Writer) error {
	for seed := o.seed; seed < o.seed+uint64(o.seeds); seed++ { //nolint:gosec // a count
		u := difffuzz.New(seed, o.queries)
		for _, s := range difffuzz.Setup(u.Tables, false) {
			fmt.Fprintln(out, s+";")
		}
		for _, q := range u.Queries {
			fmt.Fprintln(out, q.Root.String()+";")
		}
	}
	return nil
}

func summary(out io.Writer, r *difffuzz.Report) {
	fmt.Fprintf(out, "%d cases, %d%% with rows, %d%% errors; %d undecided, %d of equal values that look different, %d differences\n",
		r.Cases, 100*r.NonEmpty/max(r.Cases, 1), 100*r.Failing/max(r.Cases, 1), r.Undecided, r.EqualValues, len(r.Found))
	for text, n := range r.Errors {
		fmt.Fprintf(out, "# %d: %s\n", n, text)
	}
	var names []string
	for name := range r.Uses {
		names = append(names, name)
	}
	slices.Sort(names)
	var words []string
	for _, name := range names {
		words = append(words, fmt.Sprintf("%s %d", name, r.Uses[name]))
	}
	fmt.Fprintf(out, "%d productions: %s\n", len(names), strings.Join(words, ", "))
}
