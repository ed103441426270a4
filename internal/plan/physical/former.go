package physical

import (
	"cmp"
	"fmt"
	"slices"

	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/operator/window"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// Former is the aggregation whose state a step goes on from, where it was another one: it had other calls over the same groups, or narrower types.
type Former struct {
	// Keys are the types of its keys, Args those of the columns that its calls read. Args, OrderBy and Filter of Calls are places in Args.
	Keys, Args []schema.Type
	Calls      []aggregate.Call
	// From are, for each call of the step, the one of Calls that it goes on from, or -1.
	From []int
	// Changes says that it handed answers on as they changed, Expires that it forgot what was not touched.
	Changes, Expires bool
	// Form is how the state of windows is laid out, where that is not as AggregateForm has it now; "": it is. Closed is up to which end, in µs, windows had closed.
	Form   string
	Closed int64
	// Replay says that the rows which it has kept are given to the step, as if they came now. There are no calls then.
	Replay bool
	// Announce says that the step is to hand on the answers of what is there: nobody has been told of them.
	Announce bool
}

// Rewriter makes what rewrites key groups of the former state for the operator of s, and what gives its memory back. It is used from one goroutine.
func (f *Former) Rewriter(s *Step, b Build) (rewrite func([]byte) ([]byte, error), free func(), err error) {
	n, ok := s.Node.(*logical.Aggregate)
	if !ok {
		return nil, nil, fmt.Errorf("internal error: step %q has no former state", s.Name)
	}
	if !closes(n) {
		old, now := f.groups(n)
		r, err := aggregate.NewRewriter(b.Pool, b.Budget, old, now, f.From)
		if err != nil {
			return nil, nil, err
		}
		return r.Group, r.Free, nil
	}
	old, now := f.windows(n)
	r, err := window.NewRewriter(b.Pool, b.Budget, &old, &now, f.From)
	if err != nil {
		return nil, nil, err
	}
	r.Closed = f.Closed
	if f.Form != "" {
		shaped := r.NewReshaper(&now, windowForm(f.Form), windowForm(AggregateForm(n)), shapeOf(n.Window.Table), f.Closed)
		return shaped.Group, shaped.Free, nil
	}
	switch AggregateForm(n) {
	case "sessions":
		return r.Sessions, r.Free, nil
	case SlicesForm:
		return r.Slices, r.Free, nil
	case RevisedForm, CorrectedForm:
		return r.Revised, r.Free, nil
	default:
		return r.Windows, r.Free, nil
	}
}

// Operator makes the operator that has left the state: it reads what is stored entry by entry.
func (f *Former) Operator(s *Step, b Build) (op.Operator, error) {
	n, ok := s.Node.(*logical.Aggregate)
	if !ok {
		return nil, fmt.Errorf("internal error: step %q has no former state", s.Name)
	}
	if !closes(n) {
		old, _ := f.groups(n)
		return aggregate.New(b.Pool, b.Budget, old), nil
	}
	old, _ := f.windows(n)
	switch cmp.Or(f.Form, AggregateForm(n)) {
	case SlicesForm:
		return window.NewSliced(b.Pool, b.Budget, slicedConfig(n, old, window.AsNow))
	case "sessions":
		return window.NewSessions(b.Pool, b.Budget, old)
	case RevisedForm, CorrectedForm:
		return window.NewRevised(b.Pool, b.Budget, slicedConfig(n, old, window.AsNow))
	default:
		return window.NewAggregate(b.Pool, b.Budget, old)
	}
}

// config are the former calls, over rows that have the keys and then Args.
func (f *Former) config(name string, now *aggregate.Config) aggregate.Config {
	k := len(f.Keys)
	old := aggregate.Config{Name: name, Sets: now.Sets, Changes: f.Changes, Retracts: now.Retracts}
	old.Types = append(append(old.Types, f.Keys...), f.Args...)
	for i := range f.Keys {
		old.Keys = append(old.Keys, i)
	}
	for _, c := range f.Calls {
		args := make([]int, len(c.Args))
		for i, a := range c.Args {
			args[i] = k + a
		}
		c.Args, c.ArgTypes = args, make([]schema.Type, len(args))
		for i, a := range args {
			c.ArgTypes[i] = old.Types[a]
		}
		if c.Filter != aggregate.NoColumn {
			c.Filter += k
		}
		order := slices.Clone(c.OrderBy)
		for i := range order {
			order[i].Column += k
		}
		c.OrderBy = order
		old.Calls = append(old.Calls, c)
	}
	return old
}

// groups are the configurations of the former operator and of the one that goes on.
func (f *Former) groups(n *logical.Aggregate) (old, now aggregate.Config) {
	now = aggregateConfig(n)
	old = f.config(n.Name, &now)
	if f.Expires {
		old.TTL = max(now.TTL, 1)
	}
	if n.Combine {
		now, _ = merging(&now, nil)
	}
	return old, now
}

// windows are the same for operators of windows, whose columns are the last two keys.
func (f *Former) windows(n *logical.Aggregate) (old, now window.Config) {
	now = windowConfig(n)
	k := len(f.Keys) - 2
	old = now
	old.Config = f.config(n.Name, &now.Config)
	old.Changes, old.Keys, old.Start, old.End, old.Since = false, old.Keys[:k], k, k+1, nil
	switch form := AggregateForm(n); {
	case f.Form == RevisedForm || f.Form == CorrectedForm:
		old.Emission = window.OnUpdate
	case f.Form == "" && (form == RevisedForm || form == CorrectedForm): // which say when answers were given
	case f.Changes:
		old.Emission, old.Interval, old.Lateness = window.Periodically, 1, 0 // what waits for an interval goes on to wait
	default:
		old.Emission, old.Lateness = window.OnClose, 0
	}
	if n.Combine {
		now, _ = mergingWindows(&now, nil)
	}
	return old, now
}

// windowForm is a form of windows as operators call it.
func windowForm(form string) window.Form {
	switch form {
	case SlicesForm:
		return window.InSlices
	case RevisedForm, CorrectedForm:
		return window.InRevised
	default:
		return window.InWindows
	}
}

// Constant stands for an argument that is a constant, whose value is not known.
func Constant(t schema.Type) *batch.Column {
	c := batch.NewColumn(&batch.Pool{}, t)
	c.Reset(1)
	c.SetAllNull()
	return c
}
