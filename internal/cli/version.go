package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

// Stamped by the linker; see the Makefile.
//
//nolint:gochecknoglobals // the linker can set nothing else
var (
	buildVersion = "dev"
	buildCommit  = "unknown"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print version, commit and platform.",
		Args:  exactly(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(a.out, "wire %s (commit %s, %s, %s/%s)\n", buildVersion, buildCommit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
