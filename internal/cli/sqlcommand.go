package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"

	"wire.example/wire/internal/cli/result"
	"wire.example/wire/internal/sql/parse"
	"wire.example/wire/internal/sql/session"
)

// sqlFlags are the flags of wire sql.
type sqlFlags struct {
	statements  []string
	output      string
	keepGoing   bool
	quiet       bool
	parallelism int
	blockBytes  int
	memory      string
	final       bool
	opField     string
}

func (a *app) sqlCommand() *cobra.Command {
	f := &sqlFlags{}
	c := &cobra.Command{
		Use:   "sql [FILE]",
		Short: "Answer SQL: at a prompt, or from a file, -e or standard input.",
		Long: `Answer SQL: at a prompt, or from a file, -e or standard input.

Statements are carried out one after the other. Tables without a connector live in memory, as long as the command runs. INSERTs into sinks
are collected and start together at the end of the script; at the prompt each runs at once. A statement that fails is reported with its
place and SQLSTATE, and ends the script; the exit code is 1 then. Lines that begin with a backslash are commands; \? lists them.`,
		Args: exactly(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error { return a.sql(c.Context(), args, f) },
	}
	flags := c.Flags()
	flags.StringArrayVarP(&f.statements, "execute", "e", nil, "statements to carry out instead of a file's; may be given several times")
	flags.StringVar(&f.output, "output", string(result.Table), "form of the rows: "+strings.Join(result.Formats(), ", "))
	addAnswerFlags(flags, &f.final, &f.opField)
	flags.BoolVar(&f.keepGoing, "keep-going", false, "go on with the next statement after one that failed")
	flags.BoolVar(&f.quiet, "quiet", false, "print rows and errors only")
	addParallelism(flags, &f.parallelism, "lanes of each source and tasks of each stage")
	flags.StringVar(&f.memory, "memory", "", "memory that rows and state may take, such as 2GiB, whatever SET memory says (default: GOMEMLIMIT, or half of the machine's)")
	flags.IntVar(&f.blockBytes, "block-bytes", 0, "size of the blocks that are read under load")
	completesValues(c, "output", result.Formats()...)
	hide(flags, "block-bytes")
	return c
}

// settings checks the flags.
func (f *sqlFlags) settings() (sqlSettings, error) {
	s := sqlSettings{name: "script", parallelism: f.parallelism, blockBytes: f.blockBytes, quiet: f.quiet, final: f.final, opField: f.opField}
	var err error
	if s.format, err = result.ParseFormat(f.output); err != nil {
		return s, fmt.Errorf("--output: %w", err)
	}
	if f.memory != "" {
		if s.memory, err = parseMemory(f.memory); err != nil {
			return s, fmt.Errorf("--memory: %w", err)
		}
	}
	s.tags = s.format == result.Table
	return s, nil
}

// errStatement is the outcome of a script in which a statement failed; what was wrong is printed already.
var errStatement = &exitError{code: exitFailed, err: errors.New("")} //nolint:gochecknoglobals // a sentinel

func (a *app) sql(ctx context.Context, args []string, f *sqlFlags) error {
	settings, err := f.settings()
	if err != nil {
		return wrong(err)
	}
	if len(args) > 0 && len(f.statements) > 0 {
		return wrong(errors.New("give a file or -e, not both"))
	}
	if len(args) == 0 && len(f.statements) == 0 {
		if in, out, ok := a.interactive(os.Getenv); ok {
			return a.prompt(ctx, in, out, settings)
		}
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	s := &script{
		app: a, session: a.newSession(ctx, settings), printer: &printer{app: a, settings: settings}, keepGoing: f.keepGoing,
	}
	switch {
	case len(f.statements) > 0:
		for _, text := range f.statements {
			if err := s.read(ctx, strings.NewReader(text)); err != nil {
				return err
			}
		}
	case len(args) > 0 && args[0] != "-":
		file, err := a.fs.Open(args[0])
		if err != nil {
			return wrong(err)
		}
		err = s.read(ctx, file)
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
	default:
		if err := s.read(ctx, a.in); err != nil {
			return err
		}
	}
	return s.finish(ctx)
}

// script is statements and commands that are carried out as they are read.
type script struct {
	app       *app
	session   *session.Session
	printer   *printer
	keepGoing bool
	failed    bool
	timing    bool
	over      bool // \q was read
	atOnce    bool // INSERTs into sinks run at once, each for itself
}

// read carries out what in has, statement by statement. A last statement needs no semicolon.
func (s *script) read(ctx context.Context, in io.Reader) error {
	reader := bufio.NewReader(in)
	text, line, first := "", 0, 1
	for !s.over {
		part, err := reader.ReadString('\n')
		last := errors.Is(err, io.EOF)
		if err != nil && !last {
			return err
		}
		line++
		if strings.TrimSpace(text) == "" {
			text, first = "", line
			if trimmed := strings.TrimSpace(part); strings.HasPrefix(trimmed, `\`) {
				if err := s.command(ctx, trimmed); err != nil {
					return err
				}
				part = ""
			}
		}
		text += part
		rest, err := s.complete(ctx, text, first, last)
		if err != nil {
			return err
		}
		first += strings.Count(text[:len(text)-len(rest)], "\n")
		text = rest
		if last {
			return nil
		}
	}
	return nil
}

// complete carries out the complete statements at the beginning of text, all of it if last, and returns the rest. first is the number of
// text's first line.
func (s *script) complete(ctx context.Context, text string, first int, last bool) (rest string, err error) {
	spans, from, open := parse.Split(text)
	for _, span := range spans {
		if err := s.execute(ctx, text, int(span.Start), int(span.End), first); err != nil {
			return "", err
		}
	}
	if end := strings.TrimRight(text, " \t\r\n"); !open && strings.HasSuffix(end, ";") {
		last = true // something in it is no token, so that its semicolon was not found
	}
	if !last {
		return text[from:], nil
	}
	if strings.TrimSpace(text[from:]) != "" {
		err = s.execute(ctx, text, int(from), len(text), first)
	}
	return "", err
}

// execute carries out text[start:end], so that messages show the line and column that it has in the script.
func (s *script) execute(ctx context.Context, text string, start, end, first int) error {
	lines := first - 1 + strings.Count(text[:start], "\n")
	column := start - (strings.LastIndexByte(text[:start], '\n') + 1)
	placed := strings.Repeat("\n", lines) + strings.Repeat(" ", column) + text[start:end]
	began := s.app.clock.Monotonic()
	err := s.session.Execute(ctx, placed, s.printer)
	if err == nil && s.atOnce {
		err = s.session.Finish(ctx, s.printer)
	}
	if err := s.note(ctx, err); err != nil {
		return err
	}
	if s.timing {
		fmt.Fprintf(s.app.out, "Time: %.3f ms\n", float64((s.app.clock.Monotonic()-began).Microseconds())/1000)
	}
	return nil
}

// note prints what is wrong, and returns an error if the script ends there.
func (s *script) note(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if err := s.printer.drop(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return &exitError{code: exitInterrupt, err: errors.New("interrupted")}
	}
	s.app.sqlError(err)
	s.failed = true
	if !s.keepGoing {
		return errStatement
	}
	return nil
}

// finish starts the pipeline of the script's INSERTs into sinks.
func (s *script) finish(ctx context.Context) error {
	if err := s.note(ctx, s.session.Finish(ctx, s.printer)); err != nil {
		return err
	}
	if s.failed {
		return errStatement
	}
	return nil
}
