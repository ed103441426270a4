package pebblestore

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"wire.example/wire/internal/state/store"
)

// failures are what went wrong in the background, and what can never be right again. Pebble calls them from its goroutines, with locks held.
type failures struct {
	log *slog.Logger

	// moved gets one when a compaction ended, well or not.
	moved chan struct{}

	mu         sync.Mutex
	lasting    error // every call fails by it
	background error // the next Apply or Checkpoint fails by it
}

func newFailures(log *slog.Logger) *failures {
	return &failures{log: log, moved: make(chan struct{}, 1)}
}

// move tells whoever waits for compactions.
func (f *failures) move() {
	select {
	case f.moved <- struct{}{}:
	default: // one is there already
	}
}

// fatal is for what Pebble would end the process for: the store fails from now on. Pebble goes on, for whatever that is worth.
func (f *failures) fatal(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lasting == nil {
		f.lasting = err
	}
}

// inBackground notes a failed compaction, which Pebble tries again later. Damage of a file lasts.
func (f *failures) inBackground(err error) {
	defer f.move()
	if pebble.IsCorruptionError(err) {
		f.fatal(wrapped(err))
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.background = fmt.Errorf("a compaction of the state store failed: %w", err)
}

// check returns what lasts.
func (f *failures) check() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lasting
}

// quiet reports whether nothing failed that nobody was told of.
func (f *failures) quiet() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lasting == nil && f.background == nil
}

// take is check, and what failed in the background since the last call.
func (f *failures) take() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lasting != nil {
		return f.lasting
	}
	err := f.background
	f.background = nil
	return err
}

// listener tells failures of what happens in the background.
func (f *failures) listener() *pebble.EventListener {
	return &pebble.EventListener{
		BackgroundError: f.inBackground,
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			f.fatal(&store.CorruptError{File: info.Path, Offset: -1, Reason: info.Details.Error(), Err: info.Details})
		},
		WriteStallBegin: func(info pebble.WriteStallBeginInfo) {
			f.log.Warn("state store waits for compactions", "reason", info.Reason)
		},
	}
}

// Infof drops what Pebble tells of its work.
func (*failures) Infof(string, ...any) {}

// Errorf keeps what Pebble finds wrong and goes on with.
func (f *failures) Errorf(format string, args ...any) {
	f.log.Error("state store: " + fmt.Sprintf(format, args...))
}

// Fatalf does not end the process, as Pebble expects it to.
func (f *failures) Fatalf(format string, args ...any) {
	err := fmt.Errorf("the state store cannot go on: "+format, args...)
	f.log.Error(err.Error())
	f.fatal(err)
}

// wrapped names the file of a damage.
func wrapped(err error) error {
	if err == nil || !pebble.IsCorruptionError(err) {
		return err
	}
	var known *store.CorruptError
	if errors.As(err, &known) {
		return err
	}
	damage := &store.CorruptError{File: "of the state store", Offset: -1, Reason: err.Error(), Err: err}
	if info := pebble.ExtractDataCorruptionInfo(err); info != nil {
		damage.File = info.Path
	}
	return damage
}
