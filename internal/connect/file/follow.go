package file

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// linger is how long a file that was renamed or removed must stay silent until its last line counts as whole, with or without a line
// end, and the file is let go: whoever writes it has moved on by then.
const linger = 30 * time.Second

// maxHandles is how many followed files are kept open. A file beyond them is open while it is read.
const maxHandles = 1000

// follower reads files that grow. Each file is a split. Poll's goroutine does everything; events of the operating system, where there
// are any, only make it look sooner than at its next turn.
type follower struct {
	fs      vfs.FS
	clock   clock.Clock
	env     connector.SourceEnv
	config  *SourceConfig
	watch   *watcher // nil: no events
	tails   []*tail  // in the order of their split numbers
	splits  int      // numbers given so far
	cursor  int      // where the next look for a file with data begins
	handles int      // open files

	scanned time.Duration   // when the files were last looked for
	lost    bool            // it was said that there is nothing to read
	passed  map[string]bool // compressed files of which it was said that they are passed over
	done    atomic.Int64
}

func openFollower(fsys vfs.FS, clk clock.Clock, env connector.SourceEnv, config *SourceConfig) (*follower, error) {
	f := &follower{fs: fsys, clock: clk, env: env, config: config, passed: map[string]bool{}}
	if err := f.restore(env.Restore); err != nil {
		return nil, err
	}
	if fsys == vfs.OS() {
		f.watch = newWatcher(env.Log)
	}
	if err := f.scan(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Poll fills block from the next file that has more, in turns, and waits where none has.
func (f *follower) Poll(ctx context.Context, wake <-chan struct{}, block *codec.Block) (connector.Status, error) {
	for {
		if err := ctx.Err(); err != nil {
			return connector.End, err
		}
		if err := f.look(); err != nil {
			return connector.End, err
		}
		t := f.pick()
		if t == nil {
			if woken, err := f.wait(ctx, wake); woken || err != nil {
				return connector.Woken, err
			}
			continue
		}
		filled, err := f.read(t, block)
		if err != nil {
			return connector.End, fmt.Errorf("%s: %w", t.path, err)
		}
		if filled {
			return connector.Ready, nil
		}
	}
}

// look brings the picture up to date: what the system reported, and all of it when it is time.
func (f *follower) look() error {
	paths, all := f.watch.take()
	if all || f.clock.Monotonic()-f.scanned >= f.config.PollEvery {
		return f.scan()
	}
	for _, t := range f.tails {
		if paths[t.path] {
			t.ready = true
			delete(paths, t.path)
		}
	}
	if len(paths) > 0 { // a file that is not known yet, or one that was renamed
		return f.scan()
	}
	return nil
}

// pick returns a file that has data, each in its turn; nil if none has.
func (f *follower) pick() *tail {
	for i := range f.tails {
		k := (f.cursor + i) % len(f.tails)
		if t := f.tails[k]; t.ready && t.mayRead() {
			f.cursor = k + 1
			return t
		}
	}
	return nil
}

// wait blocks until something may have changed; woken says that the caller wants to be asked first.
func (f *follower) wait(ctx context.Context, wake <-chan struct{}) (woken bool, err error) {
	timer := f.clock.NewTimer(f.scanned + f.config.PollEvery - f.clock.Monotonic())
	defer timer.Stop()
	select {
	case <-timer.C():
		return false, nil
	case <-f.watch.changed():
		return false, nil
	case <-wake:
		return true, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// followed is the stored position of a followed file.
type followed struct {
	Version  int    `json:"version"`
	Path     string `json:"path"`
	Offset   int64  `json:"offset"`   // bytes
	Lines    int64  `json:"lines"`    // before offset
	Restarts int    `json:"restarts"` // how often it was found emptied or written anew
	Ended    bool   `json:"ended,omitempty"`
	ID       fileID `json:"id"`
	Tail     string `json:"tail,omitempty"` // of the last bytes before offset; "" in positions that do not say
}

// Snapshot returns where every known file stands.
func (f *follower) Snapshot() ([]connector.SplitState, error) {
	states := make([]connector.SplitState, 0, len(f.tails))
	for _, t := range f.tails {
		if err := t.noteTail(); err != nil {
			return nil, fmt.Errorf("%s: %w", t.path, err)
		}
		one, err := oneSplit(t.name, t.position())
		if err != nil {
			return nil, err
		}
		states = append(states, one...)
	}
	return states, nil
}

// Splits returns every known file.
func (f *follower) Splits(dst []connector.Split) []connector.Split {
	for _, t := range f.tails {
		dst = append(dst, connector.Split{Number: t.number, Name: t.name, Empty: !t.ready, Ended: t.ended})
	}
	return dst
}

// oneSplit is the state of a split.
func oneSplit(name string, position any) ([]connector.SplitState, error) {
	p, err := json.Marshal(position)
	return []connector.SplitState{{Split: name, Position: p}}, err
}

// restore makes files of stored positions. They are looked for at the first scan.
func (f *follower) restore(states []connector.SplitState) error {
	for _, state := range states {
		if state.Split == splitName {
			return errors.New("the stored position is of a run without follow, where all files are one sequence; leave follow out again, or begin anew with --fresh")
		}
		var p followed
		if err := json.Unmarshal(state.Position, &p); err != nil {
			return fmt.Errorf("stored position of %q: %w", state.Split, err)
		}
		if p.Version != positionVersion || p.Offset < 0 || p.ID.HeadLen < 0 || p.ID.HeadLen > headBytes {
			return fmt.Errorf("stored position of %q has version %d or values that this release (version %d) cannot read", state.Split, p.Version, positionVersion)
		}
		f.add(&tail{
			name: state.Split, path: p.Path, restarts: p.Restarts, id: vfs.ID{Device: p.ID.Device, Inode: p.ID.Inode},
			size: p.ID.Size, headLen: p.ID.HeadLen, head: p.ID.Head, read: p.Offset, dealt: p.Offset, lines: p.Lines, stored: true, ended: p.Ended,
			tail: p.Tail, tailAt: p.Offset, unproven: p.Tail != "",
		})
	}
	return nil
}

// add makes t known, with the next split number.
func (f *follower) add(t *tail) {
	t.number = f.splits
	f.splits++
	f.tails = append(f.tails, t)
}

// Progress returns the bytes read; how many there will be is unknown.
func (f *follower) Progress() (done, total int64) { return f.done.Load(), -1 }

// Close closes the files and stops listening to events.
func (f *follower) Close() error {
	var errs []error
	for _, t := range f.tails {
		errs = append(errs, f.release(t))
	}
	return errors.Join(append(errs, f.watch.close())...)
}
