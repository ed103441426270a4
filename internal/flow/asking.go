package flow

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Asking is a Keeper that others ask for epochs. Its methods may be called beside those of Keeper.
type Asking interface {
	Keeper
	// Asked returns who asks and has no answer yet. It is called often, and must be cheap.
	Asked() ([]string, error)
	// Answer tells them that an epoch was published which began after they had asked.
	Answer(who []string, epoch int64) error
}

// askEvery is how often a Keeper is looked at for those who ask.
const askEvery = 200 * time.Millisecond

// listen begins to look after those who ask for epochs, if the settings say that there may be some, and returns what ends that.
func (p *Pipeline) listen(ctx context.Context) (stop func()) {
	asking, ok := p.settings.Keeper.(Asking)
	if !ok || !p.settings.Listens {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	t := p.settings.Clock.NewTicker(askEvery)
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C():
				who, err := asking.Asked()
				if err != nil {
					p.settings.Log.Debug("nobody can ask for a checkpoint", "error", err)
				}
				p.coordinator.ask(who)
			}
		}
	})
	return func() {
		cancel()
		t.Stop()
		wait.Wait()
	}
}

// ask notes who asks for an epoch, and asks for one if there is somebody new.
func (c *coordinator) ask(who []string) {
	c.mu.Lock()
	fresh := false
	for _, name := range who {
		if !slices.Contains(c.asking, name) && (c.current == nil || !slices.Contains(c.current.asking, name)) {
			c.asking, fresh = append(c.asking, name), true
		}
	}
	c.mu.Unlock()
	if fresh {
		c.request()
	}
}

// answer tells those who asked for an epoch that it was published.
func (c *coordinator) answer(epoch *epochState) {
	if len(epoch.asking) == 0 {
		return
	}
	if asking, ok := c.pipeline.settings.Keeper.(Asking); ok {
		if err := asking.Answer(epoch.asking, epoch.number); err != nil {
			c.pipeline.settings.Log.Warn("who asked for a checkpoint could not be told of it", "epoch", epoch.number, "error", err)
		}
	}
}
