// Command owner runs a pretended pipeline in a state directory, for tests that kill it between two steps.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"wire.example/wire/internal/state/checkpoint"
)

func main() {
	if err := run(os.Args[1], os.Args[2] == "take-over"); err != nil {
		var fenced *checkpoint.FencedError
		if errors.As(err, &fenced) {
			fmt.Println("fenced")
			return
		}
		fmt.Println("error", err)
		os.Exit(1)
	}
}

// run takes four checkpoints. It prints what it goes on from, and what it may commit.
func run(dir string, takeOver bool) (err error) {
	ctx := context.Background()
	o, err := checkpoint.Open(ctx, checkpoint.Options{Dir: dir, Pipeline: "p", TakeOver: takeOver, Retain: 2})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.Close()) }()
	if err := restore(ctx, o); err != nil {
		return err
	}
	fmt.Println("from", o.LastEpoch())
	for range 4 {
		epoch := o.LastEpoch() + 1
		if err := publish(ctx, o, epoch); err != nil {
			return err
		}
		fmt.Println("commit", epoch)
		if err := o.Retain(ctx); err != nil {
			return err
		}
	}
	return nil
}

func content(name string) string { return strings.Repeat(name, 100) }

func restore(ctx context.Context, o *checkpoint.Owner) error {
	m := o.Latest()
	if m == nil {
		return os.Mkdir(o.LiveDir(), 0o750)
	}
	paths, err := o.Restore(ctx, m, "store", o.LiveDir())
	if err != nil {
		return err
	}
	for _, path := range paths {
		if got, err := os.ReadFile(path); err != nil || string(got) != content(filepath.Base(path)) {
			return fmt.Errorf("%s: %w: %q", path, err, got)
		}
	}
	if want := strconv.FormatInt(m.Epoch, 10); len(paths) == 0 || filepath.Base(paths[len(paths)-1]) != want {
		return fmt.Errorf("restored %q of epoch %s", paths, want)
	}
	return nil
}

func publish(ctx context.Context, o *checkpoint.Owner, epoch int64) error {
	var files []checkpoint.StageFile
	for e := max(epoch-2, 1); e <= epoch; e++ {
		name := strconv.FormatInt(e, 10)
		path := filepath.Join(o.LiveDir(), name)
		if e == epoch {
			if err := os.WriteFile(path, []byte(content(name)), 0o600); err != nil {
				return err
			}
		}
		files = append(files, checkpoint.StageFile{Name: name, Path: path, Size: int64(len(content(name)))})
	}
	staged, err := o.Stage(ctx, epoch, "store", files)
	if err != nil {
		return err
	}
	return o.Publish(ctx, &checkpoint.Manifest{Epoch: epoch, Kind: checkpoint.KindCheckpoint, Unconfirmed: []int64{epoch}, Files: staged})
}
