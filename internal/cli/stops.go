package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// errStopped is why a run ends at the second signal.
var errStopped = errors.New("stopped at once; rows that were read since the last checkpoint are lost to this run and read again by the next")

// errAbandoned is errStopped for a run that could not end itself: its hidden files are left, and its next run removes or goes on with them.
var errAbandoned = fmt.Errorf("%w (it hung in a read or write, and was left there)", errStopped)

// stops turns signals into the two ways to stop: the first lets a run bring to its sinks what was read, the second ends it at once.
type stops struct {
	// ctx is done at the second signal.
	ctx context.Context //nolint:containedctx // it is what this type makes
	// gentle is closed at the first signal.
	gentle  chan struct{}
	signals chan os.Signal
	cancel  context.CancelCauseFunc
	ended   chan struct{}
	wait    sync.WaitGroup
	mu      sync.Mutex
	first   os.Signal
}

// stops listens for Ctrl-C and SIGTERM until release, and logs the first.
func (a *app) stops(ctx context.Context, log *slog.Logger) *stops {
	s := &stops{gentle: make(chan struct{}), signals: make(chan os.Signal, 2), ended: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	signal.Notify(s.signals, os.Interrupt, syscall.SIGTERM)
	signal.Ignore(syscall.SIGPIPE) // a reader of the output that goes away is an error of Write, after which files are closed
	s.wait.Go(func() { s.listen(log) })
	return s
}

func (s *stops) listen(log *slog.Logger) {
	for {
		select {
		case got := <-s.signals:
			s.mu.Lock()
			second := s.first != nil
			if !second {
				s.first = got
			}
			s.mu.Unlock()
			if second {
				s.cancel(errStopped)
				return
			}
			log.Info("stopping: what was read goes to the sinks; once more stops at once")
			close(s.gentle)
		case <-s.ended:
			return
		}
	}
}

// release ends the listening.
func (s *stops) release() {
	signal.Stop(s.signals)
	signal.Reset(syscall.SIGPIPE)
	close(s.ended)
	s.wait.Wait()
	s.cancel(nil)
}

// verdict gives err the exit code of the signal that stopped the run, if one did.
func (s *stops) verdict(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.first == nil || err != nil && !errors.Is(err, errStopped):
		return err
	case err == nil:
		err = errors.New("")
	}
	code := exitInterrupt
	if s.first == syscall.SIGTERM {
		code = exitTerminated
	}
	return &exitError{code: code, err: err}
}
