package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/internal/telemetry/logging"
)

// stateFlags say what a run keeps, and what it goes on from.
type stateFlags struct {
	dir         string
	interval    time.Duration
	ephemeral   bool
	fresh       bool
	takeOver    bool
	acceptSince int64
	// timeout and failures bound checkpoints; see flow.Settings.
	timeout  time.Duration
	failures int
	// compression is how state on disk is compressed; packs the same, checked; nil if it was not given.
	compression string
	packs       *store.Compression
}

// defaultInterval is the time between checkpoints.
const defaultInterval = 5 * time.Second

// defaultRestore is how long a start puts stored state into memory: what runs then finds most of what it needs, and nobody waits for the rest.
const defaultRestore = time.Second

func (s *stateFlags) add(flags *pflag.FlagSet) {
	addStateDir(flags, &s.dir, "where checkpoints are kept (default: .wire/NAME beside the pipeline file; none for -e and standard input)")
	flags.DurationVar(&s.interval, "checkpoint-interval", defaultInterval, "time between checkpoints; 0: none but the last and those that wire checkpoint create asks for")
	flags.DurationVar(&s.timeout, "checkpoint-timeout", flow.DefaultTimeout, "how long a checkpoint may take, times apart in which rows wait for sinks or for room; then another one is begun after a pause")
	flags.IntVar(&s.failures, "checkpoint-failures", flow.DefaultFailures, "how many attempts at a checkpoint may fail in a row before the run ends")
	flags.StringVar(&s.compression, "state-compression", "", "how state on disk is compressed from now on: "+strings.Join(store.Compressions(), ", ")+"; overrides the file (default: snappy)")
	flags.BoolVar(&s.ephemeral, "ephemeral", false, "keep nothing: a run that is stopped begins anew")
	flags.BoolVar(&s.fresh, "fresh", false, "begin anew, whatever checkpoints there are")
	flags.BoolVar(&s.takeOver, "take-over", false, "go on with a pipeline that another process runs, or that hangs: from then on that one can publish nothing")
	flags.Int64Var(&s.acceptSince, "accept-duplicates-since", 0, "go on from the checkpoint of this epoch although later ones may have been given to sinks, which then get the same again")
}

func (s *stateFlags) check() error {
	if s.compression != "" {
		packs, err := store.ParseCompression(s.compression)
		if err != nil {
			return wrong(fmt.Errorf("--state-compression: %w", err))
		}
		s.packs = &packs
	}
	switch {
	case s.interval < 0:
		return wrong(fmt.Errorf("--checkpoint-interval is a duration such as 5s, not %v", s.interval))
	case s.timeout <= 0:
		return wrong(fmt.Errorf("--checkpoint-timeout is a duration such as 10m, not %v", s.timeout))
	case s.failures < 1:
		return wrong(fmt.Errorf("--checkpoint-failures is 1 or more, not %d", s.failures))
	case s.ephemeral && s.dir != "":
		return wrong(errors.New("--ephemeral keeps nothing, and --state-dir says where to keep it; give one of them"))
	case s.ephemeral && (s.takeOver || s.acceptSince != 0):
		return wrong(errors.New("--ephemeral keeps nothing, so that there is nothing to go on from; leave it out"))
	case s.fresh && s.acceptSince != 0:
		return wrong(errors.New("--fresh begins anew, and --accept-duplicates-since goes on from a checkpoint; give one of them"))
	}
	return nil
}

// dirOf is the state directory of the pipeline at path, "" if nothing is kept.
func (s *stateFlags) dirOf(path, name string) string {
	switch {
	case s.ephemeral:
		return ""
	case s.dir != "":
		return s.dir
	case path == "" || path == "-":
		return ""
	default:
		return filepath.Join(filepath.Dir(path), stateFolder, url.PathEscape(name))
	}
}

// stateFolder is the folder beside a pipeline file that has the state directories.
const stateFolder = ".wire"

// openState opens the state directory of a pipeline, if it has one, and checks that the pipeline can go on from what is kept there.
func (a *app) openState(ctx context.Context, p *plans, f *runFlags) (*engine.State, error) {
	if p.stateDir == "" {
		return nil, f.edit.begins(p)
	}
	level := slog.LevelWarn
	if f.quiet {
		level = slog.LevelError
	}
	state, err := engine.OpenState(ctx, engine.StateOptions{
		FS: a.fs, Dir: p.stateDir, Pipeline: p.logical.Name, Fresh: f.state.fresh, TakeOver: f.state.takeOver, AcceptSince: f.state.acceptSince,
		Memory: p.memory().Store, Compression: p.logical.Compression, Clock: a.clock, Log: a.references.wrap(logging.New(a.err, f.format, level)),
	})
	if err != nil {
		return nil, err
	}
	if err := a.follow(state, p, f); err != nil {
		return nil, errors.Join(wrong(fmt.Errorf("%s: %w", p.stateDir, err)), state.Close())
	}
	return state, nil
}

// follow makes a pipeline ready to go on from its checkpoint, if there is one, and says what has become of its state if it was edited. A pipeline that
// cannot go on is refused.
func (a *app) follow(state *engine.State, p *plans, f *runFlags) error {
	m := state.Resume()
	if m != nil && m.Pipeline != p.logical.Name {
		return fmt.Errorf("the checkpoint is one of pipeline %q, not of %q; give another --state-dir, or --fresh", m.Pipeline, p.logical.Name)
	}
	e, err := state.Follow(p.logical, p.physical, f.edit.accepted())
	if err != nil {
		return err
	}
	if e != nil && !e.Unchanged() {
		a.say(f, "the pipeline has changed since its last checkpoint:\n%s%s", a.references.hide(e.Table()), e.Summary())
	}
	return nil
}

// noteState says what a run goes on from, which could be read.
func noteState(state *engine.State, log *slog.Logger) {
	if state != nil && state.Resume() != nil {
		log.Info("going on from checkpoint "+strconv.FormatInt(state.Checkpoint().Epoch, 10), "state", state.Dir())
	}
}
