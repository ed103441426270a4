package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"wire.example/wire/internal/state/checkpoint"
)

// createReport is wire checkpoint create as JSON.
type createReport struct {
	Epoch int64 `json:"epoch"`
}

func (a *app) checkpointCreate() *cobra.Command {
	f := &checkpointFlags{}
	timeout := time.Minute
	c := f.add(&cobra.Command{
		Use:   "create [PIPELINE]",
		Short: "Have the pipeline, which runs, take a checkpoint now, and print its epoch.",
		Args:  exactly(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			inventory, epochs, err := a.inspect(c.Context(), f, args)
			switch {
			case err != nil:
				return err
			case len(epochs) > 0:
				return wrong(fmt.Errorf("create takes no epochs; usage: %s", c.UseLine()))
			case len(inventory.Owners) == 0:
				return fmt.Errorf("%s: no process runs the pipeline; wire run takes checkpoints while it runs, and one when it is stopped", inventory.Dir)
			}
			ctx, cancel := context.WithTimeoutCause(c.Context(), timeout, fmt.Errorf("%s: no checkpoint within %v; does the pipeline run, and how long do its checkpoints take? --timeout waits longer", inventory.Dir, timeout))
			defer cancel()
			epoch, err := a.createCheckpoint(ctx, inventory.Dir)
			switch {
			case err != nil:
				return err
			case f.json:
				return writeJSON(a.out, createReport{Epoch: epoch})
			}
			_, err = fmt.Fprintln(a.out, epoch)
			return err
		},
	})
	c.Flags().DurationVar(&timeout, "timeout", timeout, "how long to wait for it")
	return c
}

const (
	lookEvery  = 50 * time.Millisecond // how often the answer to a request is looked for
	ownerLooks = 20                    // and every how many times somebody who could give it
)

// createCheckpoint asks whoever runs the pipeline for a checkpoint, and waits for it.
func (a *app) createCheckpoint(ctx context.Context, dir string) (epoch int64, err error) {
	r, err := checkpoint.Ask(a.fs, dir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for looks := 1; ; looks++ {
		if epoch, err = r.Answer(); epoch > 0 || err != nil {
			return epoch, err
		}
		if looks%ownerLooks == 0 {
			inventory, err := checkpoint.Inspect(ctx, a.fs, dir)
			if err == nil && len(inventory.Owners) == 0 {
				err = fmt.Errorf("%s: the pipeline has ended meanwhile", dir)
			}
			if err != nil {
				return 0, err
			}
		}
		if a.clock.Sleep(ctx, lookEvery) != nil {
			return 0, context.Cause(ctx)
		}
	}
}
