package flow

import (
	"context"
	"fmt"
	"time"

	"wire.example/wire/internal/foundation/fault"
)

// publish stores a complete epoch and publishes it. It runs beside everything else.
func (c *coordinator) publish(ctx context.Context, epoch *epochState) published {
	manifest := c.pipeline.manifest(epoch, epoch.final())
	c.mu.Lock()
	manifest.Unconfirmed = c.epochs.withIt()
	c.mu.Unlock()
	if fault.Weak("epoch/published-first") {
		if err := c.pipeline.commit(ctx, epoch.number, commitOf(epoch, manifest)); err != nil {
			return published{err: err}
		}
	}
	if err := c.store(ctx, epoch, manifest); err != nil {
		return published{err: err}
	}
	fault.Point("epoch/published")
	c.answer(epoch)
	return published{epoch: epoch, manifest: manifest}
}

// commit commits a published epoch at the sinks and lets the sources forget what is durable. It runs beside everything else.
func (c *coordinator) commit(ctx context.Context, p published) finished {
	epoch, manifest := p.epoch, p.manifest
	if err := c.commitNow(ctx, epoch, manifest); err != nil {
		return finished{err: err}
	}
	if err := c.pipeline.confirmed(ctx, manifest); err != nil {
		if fault.IsFatal(err) || c.pipeline.settings.Keeper == nil || ctx.Err() != nil {
			return finished{err: err}
		}
		// The epoch is published and committed: what could not be tidied up is, after the next one or at the next start.
		c.counts.failed.Add(1)
		c.pipeline.settings.Log.Warn("older checkpoints could not be removed", "epoch", epoch.number, "error", err)
	}
	fault.Point("epoch/confirmed")
	return finished{outcome: Outcome{Finished: manifest.Finished, Manifest: manifest}, done: manifest.Finished || epoch.stop}
}

// commitNow has an epoch committed and notes that in its manifest.
func (c *coordinator) commitNow(ctx context.Context, epoch *epochState, manifest *Manifest) error {
	if err := c.order(ctx, epoch.number, *commitOf(epoch, manifest)); err != nil {
		return err
	}
	manifest.noteCommitted()
	return nil
}

// commitOf is what is to be committed of an epoch.
func commitOf(epoch *epochState, manifest *Manifest) *commitEpoch {
	return &commitEpoch{Sinks: manifest.Sinks, Left: manifest.Left, Finished: manifest.Finished, Ended: endedAt(epoch.sources)}
}

// store puts what changed into the store and publishes the manifest. What fails is tried again: rows go on meanwhile.
func (c *coordinator) store(ctx context.Context, epoch *epochState, manifest *Manifest) error {
	if c.pipeline.settings.Keeper != nil {
		for _, body := range []any{storeStranded{}, storeEpoch{}} {
			if err := c.persist(ctx, epoch.number, "write state", func(ctx context.Context) error { return c.order(ctx, epoch.number, body) }); err != nil {
				return err
			}
		}
	}
	if epoch.stop && fault.Weak("stop/checkpoint") {
		return nil
	}
	return c.persist(ctx, epoch.number, "publish", func(ctx context.Context) error { return c.pipeline.publish(ctx, manifest) })
}

// How a checkpoint that fails is tried again, and what it may take where the settings do not say.
const (
	DefaultTimeout  = 10 * time.Minute
	DefaultFailures = 10
	// stopFailures is how many attempts may fail once the run was told to stop.
	stopFailures   = 3
	firstBackoff   = time.Second
	largestBackoff = time.Minute
)

// timeout is how long a checkpoint may take.
func (s *Settings) timeout() time.Duration {
	if s.CheckpointTimeout > 0 {
		return s.CheckpointTimeout
	}
	return DefaultTimeout
}

// failures is how many attempts in a row end the run.
func (s *Settings) failures() int {
	if s.CheckpointFailures > 0 {
		return s.CheckpointFailures
	}
	return DefaultFailures
}

// persist does what makes an epoch durable until it succeeds, or so many attempts in a row have failed as the settings grant, each no longer than they grant; fewer once the run was told to stop. It does so once where nothing but a
// manifest file is written. The error of another run that owns the pipeline is final.
func (c *coordinator) persist(ctx context.Context, epoch int64, what string, do func(context.Context) error) error {
	timeout := c.pipeline.settings.timeout()
	wait := firstBackoff
	stopped, sinceStop := c.stopped, 0
	for {
		if stopped != nil && c.isStopped() {
			stopped, wait = nil, firstBackoff
		}
		behindStop := stopped == nil
		limited, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("it took longer than %v", timeout))
		err := do(limited)
		cancel()
		if err == nil || fault.IsFatal(err) || ctx.Err() != nil {
			return err
		}
		c.counts.failed.Add(1)
		if c.pipeline.settings.Keeper == nil || fault.Weak("checkpoint/rows-go-on") {
			return err
		}
		if behindStop {
			sinceStop++
		}
		if count, over := c.failed(err); over {
			return fmt.Errorf("checkpoint of epoch %d: %s failed; %d attempts in a row have: %w", epoch, what, count, err)
		}
		if sinceStop >= stopFailures {
			return fmt.Errorf("checkpoint of epoch %d: %s failed; %d attempts have since the run was told to stop: %w", epoch, what, sinceStop, err)
		}
		said, pause := "a checkpoint failed and is tried again; rows go on", wait
		if c.isStopped() {
			said = "a checkpoint failed and is tried again; the run stops then"
			if !behindStop {
				pause = 0
			}
		}
		c.pipeline.settings.Log.Warn(said, "epoch", epoch, "what", what, "again_in", pause, "error", err)
		timer := c.pipeline.settings.Clock.NewTimer(wait)
		select {
		case <-timer.C():
		case <-stopped: // who waits for the run to end shall not wait for the pause
			timer.Stop()
			continue
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
		wait = longer(wait)
	}
}

// isStopped reports whether the run was told to stop.
func (c *coordinator) isStopped() bool {
	select {
	case <-c.stopped:
		return true
	default:
		return false
	}
}

// longer is the pause before an attempt that follows one with a pause of wait.
func longer(wait time.Duration) time.Duration {
	if fault.Weak("checkpoint/backoff") {
		return wait
	}
	return min(2*wait, largestBackoff)
}

// failed notes an attempt that failed: how many have in a row, and whether that is one too many.
func (c *coordinator) failed(err error) (count int, over bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastError = err
	over = c.epochs.fail() && !fault.Weak("checkpoint/failures")
	return c.epochs.failures, over
}
