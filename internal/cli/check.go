package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"wire.example/wire/internal/foundation/vfs"
)

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE...",
		Short: "Report every mistake in pipeline files, YAML or .sql, without running them.",
		Args:  exactly(cobra.MinimumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			var all []error
			for _, path := range args {
				if err := a.checkFile(c.Context(), path); err != nil {
					all = append(all, err)
					continue
				}
				fmt.Fprintf(a.out, "%s: ok\n", path)
			}
			if len(all) > 0 {
				return wrong(errors.Join(all...))
			}
			return nil
		},
	}
}

func (a *app) checkFile(ctx context.Context, path string) error {
	if _, ok := sqlFile(path); ok {
		return a.checkSQL(ctx, path)
	}
	_, err := a.compile(ctx, path, false, true)
	return err
}

// expand resolves ${NAME}, ${NAME:-default} and ${file:PATH}.
func (a *app) expand(reference string) (string, error) {
	if path, ok := strings.CutPrefix(reference, "file:"); ok {
		content, err := vfs.ReadFile(a.fs, path)
		value := strings.TrimRight(string(content), "\r\n")
		a.references.note(value, reference)
		return value, err
	}
	name, byDefault, hasDefault := strings.Cut(reference, ":-")
	value, set := os.LookupEnv(name)
	switch {
	case set && (value != "" || !hasDefault):
		a.references.note(value, reference)
		return value, nil
	case hasDefault:
		return byDefault, nil
	}
	return "", fmt.Errorf("the environment has no variable %s; set it, or write ${%s:-default}", name, name)
}
