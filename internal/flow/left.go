package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/sdk/connector"
)

// LeftSink is a sink that an edit has removed: its connector finishes what it has written by the state of its last epoch.
type LeftSink struct {
	Name      string          `json:"name"`
	Connector string          `json:"connector"`
	State     json.RawMessage `json:"state"`
}

// leaving are the removed sinks that are not finished yet. Epochs note them beside their commits.
type leaving struct {
	mu    sync.Mutex
	sinks []LeftSink
	said  bool // that one could not be finished
}

// list are those that are left.
func (l *leaving) list() []LeftSink {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.sinks)
}

// finishLeft finishes sinks that are no more, and keeps for the next epoch those that cannot be: their error is the last one.
//
// While a former owner may still write into what is open, that waits for a later run, but for a final epoch, after which there is none.
func (p *Pipeline) finishLeft(ctx context.Context, sinks []LeftSink, final bool) (err error) {
	if p.settings.SinkType == nil || fault.Weak("sink/left") || p.settings.Identity.Contested && !final {
		return nil
	}
	for _, s := range sinks {
		t := p.settings.SinkType(s.Connector)
		if failed := finishOne(ctx, t, &s); failed != nil {
			err = fmt.Errorf("sink %q, which the pipeline has no more: what it has written cannot be published: %w", s.Name, failed)
			continue
		}
		p.leaving.mu.Lock()
		p.leaving.sinks = slices.DeleteFunc(p.leaving.sinks, func(l LeftSink) bool { return l.Name == s.Name && string(l.State) == string(s.State) })
		p.leaving.mu.Unlock()
		if t != nil && t.Finish != nil {
			p.settings.Log.Info("a sink that the pipeline has no more is finished", "sink", s.Name)
		}
	}
	return err
}

func finishOne(ctx context.Context, t *connector.SinkType, s *LeftSink) error {
	switch {
	case t == nil:
		return fmt.Errorf("there is no connector %q", s.Connector)
	case t.Finish == nil:
		return nil
	default:
		return t.Finish(ctx, s.State)
	}
}

// finishFormer finishes sinks that were gone already in the manifest that the run goes on from: before others may want their places.
func (p *Pipeline) finishFormer(ctx context.Context) {
	m := p.settings.Resume
	if m == nil {
		return
	}
	p.leaving.sinks = slices.Concat(m.Left, m.Leaving)
	p.warnLeft(p.finishLeft(ctx, m.Left, false))
}

// warnLeft says once that a sink could not be finished.
func (p *Pipeline) warnLeft(err error) {
	if err != nil && !p.leaving.said {
		p.leaving.said = true
		p.settings.Log.Warn("it is tried again after each checkpoint", "error", err)
	}
}
