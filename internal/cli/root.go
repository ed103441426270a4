package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"wire.example/wire/internal/connect/registry"
	formats "wire.example/wire/internal/format/registry"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/sqlstate"
)

// The exit codes, as documented for users.
const (
	exitDone       = 0
	exitFailed     = 1
	exitWrong      = 2
	exitInterrupt  = 130
	exitTerminated = 143
)

// exitError ends the program with a code other than that of its class.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }

func (e *exitError) Unwrap() error { return e.err }

// wrong marks err as a mistake in the pipeline or the arguments.
func wrong(err error) error { return &exitError{code: exitWrong, err: err} }

// app is what the commands share.
type app struct {
	in       io.Reader
	out      io.Writer
	err      io.Writer
	fs       vfs.FS
	clock    clock.Clock
	registry *connector.Registry
	// typed is the text of standard input, if that was read as a pipeline file.
	typed *string
	// references are those of the pipeline file.
	references references
}

// Main runs the command line args (without the program's name) and returns the exit code.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	return MainOn(context.Background(), vfs.OS(), args, in, out, errOut)
}

// MainOn is Main on a file system, which tests may make fail. A run ends at once, with an error, when ctx is done.
func MainOn(ctx context.Context, fsys vfs.FS, args []string, in io.Reader, out, errOut io.Writer) int {
	clk := clock.System()
	a := &app{
		in: in, out: out, err: errOut, fs: fsys, clock: clk,
		registry: registry.New(registry.Environment{FS: fsys, Clock: clk, Stdin: in, Stdout: out}),
	}
	a.registry.Formats = formats.New()
	root := a.command() //nolint:contextcheck // they get it when one of them runs
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	return a.code(root.ExecuteContext(ctx))
}

// wayOutOfFull is what can be done about a disk that is full: sinks say so themselves.
const wayOutOfFull = "make room"

// code prints err, if there is one to print, and returns its exit code.
func (a *app) code(err error) int {
	if err == nil {
		return exitDone
	}
	code := exitFailed
	var exit *exitError
	if errors.As(err, &exit) {
		code = exit.code
	}
	if message := err.Error(); message != "" {
		var state *sqlstate.Error
		if errors.As(err, &state) && state.Hint != "" && !strings.Contains(message, state.Hint) {
			message += "\nhint: " + state.Hint
		}
		if full := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT); full && !strings.Contains(message, wayOutOfFull) {
			message += "\nhint: a disk is full; " + wayOutOfFull + " there and run again"
		}
		fmt.Fprintln(a.err, "wire: "+a.references.hide(message))
	}
	return code
}

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:           "wire",
		Short:         "Runs stream pipelines: one binary, one process.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          knownCommand,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return wrong(fmt.Errorf("%w; see %s --help", err, c.CommandPath()))
	})
	root.AddCommand(
		completesPipelines(a.runCommand()), completesPipelines(a.checkCommand()), a.checkpointCommand(), a.stateCommand(), a.planCommand(), a.connectorsCommand(), a.schemaCommand(), a.benchCommand(), a.sqlCommand(),
		a.versionCommand(),
	)
	return root
}

// exactly returns an argument check with exit code 2.
func exactly(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return wrong(fmt.Errorf("%w; usage: %s", err, c.UseLine()))
		}
		return nil
	}
}

// knownCommand refuses a first argument that is no command.
func knownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range c.Commands() {
		names = append(names, sub.Name())
	}
	if near := connector.Nearest(args[0], names); near != "" {
		return wrong(fmt.Errorf("unknown command %q; did you mean %q?", args[0], near))
	}
	return wrong(fmt.Errorf("unknown command %q; %s --help lists them", args[0], c.CommandPath()))
}
