package flow

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Run moves rows until the inputs end, stop can be received from (then everything read is brought to the sinks and the run ends as at a
// barrier), or ctx is done (then it stops at once). It starts goroutines and has ended them all when it returns.
func (p *Pipeline) Run(ctx context.Context, stop <-chan struct{}) (Outcome, error) {
	ctx, p.cancel = context.WithCancelCause(ctx)
	defer p.cancel(nil)
	aborted := make(chan struct{})
	undo := context.AfterFunc(ctx, func() {
		p.abort(context.Cause(ctx))
		close(aborted)
	})
	settle := sync.OnceFunc(func() {
		if !undo() {
			<-aborted // it answers blocks that nobody will deliver
		}
	})
	defer settle()
	beat, stopBeat := p.beginTime()
	defer stopBeat()
	var writers, workers, readers sync.WaitGroup
	for _, t := range p.sinkOrder {
		if t.queue != nil {
			writers.Go(func() { p.failOn(t.run(ctx)) })
		}
	}
	p.spare.most = sparePerTask * len(p.tasks)
	for _, t := range p.tasks {
		workers.Go(func() { p.failOn(t.run(ctx)) })
	}
	for _, s := range p.sources {
		readers.Go(func() { p.failOn(s.run(ctx)) })
	}
	tick, stopTick := p.ticker()
	stopListening := p.listen(ctx)
	outcome, err := p.coordinator.run(ctx, stop, tick, beat)
	stopListening()
	stopTick()
	if err != nil {
		p.cancel(err)
	}
	readers.Wait()
	for _, t := range p.tasks { // after a stop there is no end that tells them
		t.inbox.close()
	}
	workers.Wait()
	p.worker.close()
	for _, t := range p.sinkOrder { // the dead-letter sink comes last: the writers before may still write there
		if t.queue != nil {
			close(t.queue)
			<-t.done
		}
	}
	writers.Wait()
	for _, t := range p.sinkOrder {
		t.failAcks(context.Canceled) // what a lane queued after its writer had failed
	}
	unpublished := err
	if unpublished == nil {
		unpublished = context.Canceled
	}
	for _, s := range p.sources {
		s.owed.fail(unpublished)
	}
	settle()
	return outcome, errors.Join(err, p.closeReaders())
}

// closeReaders closes the sources once every block was answered, so that a source which answers someone can bring that to an end.
func (p *Pipeline) closeReaders() error {
	var errs []error
	for _, s := range p.sources {
		if err := s.reader.Close(); err != nil {
			errs = append(errs, fmt.Errorf("source %q: %w", s.plan.Name, err))
		}
	}
	return errors.Join(errs...)
}

func (p *Pipeline) ticker() (<-chan time.Time, func()) {
	if p.settings.EpochEvery <= 0 || !p.settings.EpochBounded && !p.unbounded() {
		return nil, func() {}
	}
	t := p.settings.Clock.NewTicker(p.settings.EpochEvery)
	return t.C(), t.Stop
}

// fail ends the run with err; the first one wins.
func (p *Pipeline) fail(err error) { p.cancel(err) }

func (p *Pipeline) failOn(err error) {
	if err != nil {
		p.fail(err)
	}
}

func (p *Pipeline) abort(err error) {
	for _, s := range p.sources {
		s.turn.abort(err)
		if s.times != nil {
			s.times.abort(err)
		}
	}
	for _, t := range p.sinkOrder {
		t.abort(err)
	}
	for _, t := range p.tasks {
		t.inbox.abort(err)
	}
}

// Close closes the sinks, and the readers of a pipeline that never ran. Call it once, after Run.
func (p *Pipeline) Close() error {
	var errs []error
	if p.cancel == nil {
		errs = append(errs, p.closeReaders())
	}
	for _, t := range p.sinkOrder {
		if err := t.sink.Close(); err != nil {
			errs = append(errs, fmt.Errorf("sink %q: %w", t.plan.Name, err))
		}
	}
	for _, t := range p.tasks {
		for _, s := range t.order {
			if s.leaving == nil {
				continue
			}
			for _, r := range s.leaving.readers {
				errs = append(errs, r.Close())
			}
		}
	}
	p.releaseRows()
	return errors.Join(errs...)
}

// releaseRows gives back the memory of the rows between stages, and whatever operators still have reserved.
func (p *Pipeline) releaseRows() {
	for _, s := range p.sources {
		s.producer.close()
	}
	for _, t := range p.tasks {
		t.producer.close()
	}
	p.releaseScratch()
	p.pending.Close()
	for _, b := range p.budgets {
		b.Close()
	}
}
