// Command slt runs sqllogictest files against an engine, or makes their answers; test/slt/README.md says how.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"wire.example/wire/test/slt"
	"wire.example/wire/test/slt/grid"
)

const usage = `slt runs sqllogictest files.

    slt -postgres DSN [-prove] PATHS        compare with PostgreSQL (-prove: under other plans and orders of rows, too)
    slt -postgres DSN -update PATHS         make the answers
    slt -wire 'wire sql ...' PATHS          compare with Wire, by the command line that runs statements from standard input
    slt -grids FOLDER                       write the statements of the grids below FOLDER/testdata, keeping the answers that they have

The database of DSN belongs to the runner: its schema public is dropped.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "slt:", err)
		os.Exit(1)
	}
}

// options are the command's flags.
type options struct {
	postgres, wire string
	grids          string
	update, prove  bool
	most           int
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var o options
	flags := flag.NewFlagSet("slt", flag.ExitOnError)
	flags.Usage = func() { fmt.Fprint(flags.Output(), usage); flags.PrintDefaults() }
	flags.StringVar(&o.postgres, "postgres", "", "`DSN` of a PostgreSQL database")
	flags.StringVar(&o.wire, "wire", "", "`command` line of Wire, split at blanks")
	flags.BoolVar(&o.update, "update", false, "store PostgreSQL's answers in the files")
	flags.BoolVar(&o.prove, "prove", false, "ask PostgreSQL again under other plans and orders of rows")
	flags.StringVar(&o.grids, "grids", "", "write the grids of the suite in this `folder`")
	flags.IntVar(&o.most, "most", 10, "failures shown of a file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.grids != "" {
		return writeGrids(filepath.Join(o.grids, "testdata"))
	}
	engines, err := o.engines()
	if err != nil {
		return err
	}
	paths, err := slt.Find(flags.Args()...)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return errors.New("no files; name files or folders")
	}
	if o.update {
		return update(ctx, engines[0], paths, out)
	}
	return o.check(ctx, engines, paths, out)
}

func (o *options) engines() ([]slt.Engine, error) {
	switch {
	case (o.postgres == "") == (o.wire == ""):
		return nil, errors.New("give one of -postgres DSN and -wire COMMAND")
	case o.wire != "" && (o.update || o.prove):
		return nil, errors.New("-update and -prove ask PostgreSQL: give -postgres DSN")
	case o.wire != "":
		return []slt.Engine{slt.Command{Argv: strings.Fields(o.wire)}}, nil
	case o.prove:
		return slt.Witnesses(o.postgres), nil
	default:
		return []slt.Engine{slt.Postgres{DSN: o.postgres}}, nil
	}
}

// writeGrids writes the grids' files.
func writeGrids(folder string) error {
	for _, g := range grid.All() {
		path := filepath.Join(folder, g.Path)
		earlier := &slt.File{Path: path}
		text, err := os.ReadFile(path)
		if err == nil {
			earlier, err = slt.Parse(path, text)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err := os.WriteFile(path, g.Merge(earlier).Append(nil), 0o644); err != nil { //nolint:gosec // files of the repository
			return err
		}
	}
	return nil
}

// update rewrites the files whose answers changed.
func update(ctx context.Context, e slt.Engine, paths []string, out io.Writer) error {
	var failed []error
	for _, path := range paths {
		s, err := slt.Load(path)
		if err != nil {
			return err
		}
		notes, err := slt.Update(ctx, e, s)
		for _, note := range notes {
			fmt.Fprintln(out, note)
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		if err := os.WriteFile(path, s.File.Append(nil), 0o644); err != nil { //nolint:gosec // files of the repository
			return err
		}
	}
	return errors.Join(failed...)
}

// check compares, and prints a line a file and the failures.
func (o *options) check(ctx context.Context, engines []slt.Engine, paths []string, out io.Writer) error {
	cases, failures := 0, 0
	for _, path := range paths {
		s, err := slt.Load(path)
		if err != nil {
			return err
		}
		for i, e := range engines {
			r, err := slt.Check(ctx, e, s)
			if err != nil {
				return err
			}
			if i == 0 {
				cases += r.Cases
			}
			failures += len(r.Failures)
			fmt.Fprintf(out, "%s: %d cases, %d failed, %d skipped\n", path, r.Cases, len(r.Failures), r.Skipped)
			for n, f := range r.Failures {
				if n == o.most {
					fmt.Fprintf(out, "and %d more\n", len(r.Failures)-n)
					break
				}
				fmt.Fprintln(out, f)
			}
		}
	}
	fmt.Fprintf(out, "%d files, %d cases, %d failed\n", len(paths), cases, failures)
	if failures > 0 {
		return fmt.Errorf("%d answers are not the stored ones", failures)
	}
	return nil
}
