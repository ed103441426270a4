package flow

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// Fits reports whether a pipeline with plan can go on from m: every source and sink must be in both, under the same name. One that is in the
// plan alone would begin anew beside those that go on, and rows of one that is in m alone would be forgotten.
func (m *Manifest) Fits(plan *physical.Plan) error {
	var sources, sinks []string
	for _, s := range plan.Sources {
		sources = append(sources, s.Name)
	}
	for _, s := range allSinks(plan) {
		sinks = append(sinks, s.Name)
	}
	return errors.Join(
		fits("source", sources, slices.Sorted(maps.Keys(m.Sources))),
		fits("sink", sinks, slices.Sorted(maps.Keys(m.Sinks))),
		m.sameConnectors(plan),
		m.sameStages(plan),
		m.readableGroups(),
	)
}

// sameStages refuses a plan that has no place for the state of a step. A step may be new: it begins with none.
func (m *Manifest) sameStages(plan *physical.Plan) error {
	staged, prints := map[string]bool{}, map[string]string{}
	var note func(edges []physical.Edge)
	note = func(edges []physical.Edge) {
		for _, e := range edges {
			if e.Step == nil || staged[e.Step.Name] {
				continue
			}
			staged[e.Step.Name], prints[e.Step.Name] = true, e.Step.Fingerprint
			for _, port := range e.Step.Ports {
				note(port)
			}
		}
	}
	for _, s := range plan.Stages {
		note([]physical.Edge{{Step: s.Head}})
	}
	var errs []error
	names := slices.AppendSeq(slices.Collect(maps.Keys(m.Operators)), maps.Keys(m.States))
	slices.Sort(names)
	for _, name := range names {
		if !staged[name] {
			errs = append(errs, fmt.Errorf("the checkpoint has state of step %q, which keeps none in the pipeline; bring it back, or begin anew with --fresh", name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Fingerprints)) {
		if now := prints[name]; now != "" && now != m.Fingerprints[name] {
			errs = append(errs, fmt.Errorf("the checkpoint's state of step %q is that of another computation; bring the step back as it was, or begin anew with --fresh", name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Ended)) {
		if !staged[name] {
			errs = append(errs, fmt.Errorf("the checkpoint knows that input of step %q had ended, and the pipeline has none; bring it back, or begin anew with --fresh", name))
		}
	}
	return errors.Join(errs...)
}

// readableGroups refuses ranges of key groups by which entries would be forgotten, or read twice.
func (m *Manifest) readableGroups() error {
	if err := m.CheckGroups(nil); err != nil && !fault.Weak("restore/ranges") {
		return fmt.Errorf("the checkpoint does not say where all state is: %w; restore its manifest from a backup, or begin anew with --fresh", err)
	}
	return nil
}

// connectorsOf returns the connector of every source and sink, as Manifest.Connectors has them.
func connectorsOf(plan *physical.Plan) map[string]string {
	kinds := map[string]string{}
	for _, s := range plan.Sources {
		kinds["source "+s.Name] = s.Type.Name
	}
	for _, s := range allSinks(plan) {
		kinds["sink "+s.Name] = s.Type.Name
	}
	return kinds
}

// sameConnectors refuses a source or sink whose connector is another now.
func (m *Manifest) sameConnectors(plan *physical.Plan) error {
	var errs []error
	now := connectorsOf(plan)
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if then := m.Connectors[name]; then != "" && then != now[name] {
			errs = append(errs, fmt.Errorf("%s has the connector %s, and had %s when the checkpoint was made; give it another name, or begin anew with --fresh",
				name, now[name], then))
		}
	}
	return errors.Join(errs...)
}

func fits(kind string, planned, stored []string) error {
	absent := func(from []string) func(string) bool {
		return func(name string) bool { return slices.Contains(from, name) }
	}
	added := slices.DeleteFunc(slices.Clone(planned), absent(stored))
	gone := slices.DeleteFunc(slices.Clone(stored), absent(planned))
	const ways = "; give it its old name again, or begin anew with --fresh"
	switch {
	case len(added) > 0 && len(gone) > 0:
		return fmt.Errorf("the pipeline has the %s %s, and the checkpoint has %s instead%s", kind, quoted(added), quoted(gone), ways)
	case len(added) > 0:
		return fmt.Errorf("the pipeline has the %s %s, of which the checkpoint knows nothing; take it out, or begin anew with --fresh", kind, quoted(added))
	case len(gone) > 0:
		return fmt.Errorf("the checkpoint has the %s %s, which the pipeline has not any more; bring it back, or begin anew with --fresh", kind, quoted(gone))
	}
	return nil
}

func quoted(names []string) string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(list, ", ")
}

// allSinks are the sinks of a plan, that of the dead letters last.
func allSinks(plan *physical.Plan) []*physical.Sink {
	if plan.DeadLetters == nil {
		return plan.Sinks
	}
	return append(plan.Sinks[:len(plan.Sinks):len(plan.Sinks)], plan.DeadLetters)
}

// checkNames refuses a plan in which two sources or two sinks have one name: what they report at a barrier goes by their names.
func checkNames(plan *physical.Plan) error {
	seen := map[string]bool{}
	note := func(kind, name string) error {
		if key := kind + " " + name; !seen[key] {
			seen[key] = true
			return nil
		}
		return fmt.Errorf("two %ss are called %q", kind, name)
	}
	for _, s := range plan.Sources {
		if err := note("source", s.Name); err != nil {
			return err
		}
	}
	for _, s := range allSinks(plan) {
		if err := note("sink", s.Name); err != nil {
			return err
		}
	}
	return nil
}

// Confirm commits the last epoch of a finished run whose manifest, settings.Resume, says that it may not have come to that: the run ended
// between the publication and the end of the commits. It opens the sinks alone, and notes in the manifest that nothing is left to do.
func Confirm(ctx context.Context, plan *physical.Plan, settings Settings) error {
	m := settings.Resume
	if !m.Finished || m.Confirmed {
		return nil
	}
	p := newPipeline(plan, settings)
	err := p.openSinks(ctx)
	if err == nil {
		err = p.commit(ctx, m.Epoch, &commitEpoch{Sinks: m.Sinks, Left: m.Left, Finished: m.Finished})
	}
	if err := errors.Join(err, p.Close()); err != nil {
		return err
	}
	m.noteCommitted()
	return p.confirmed(ctx, m)
}

// Sweep has the sinks of a finished pipeline, of which nothing is left to do, remove what runs have left that were superseded and went on for a while after that. What cannot be removed is named in a warning: the output
// is whole.
func Sweep(ctx context.Context, plan *physical.Plan, settings Settings) {
	id := settings.Identity
	for _, s := range allSinks(plan) {
		if s.Type.Sweep == nil {
			continue
		}
		env := connector.SinkEnv{Name: s.Name, Lineage: id.Lineage, Generation: id.Generation, Log: settings.Log}
		if err := s.Type.Sweep(ctx, env, s.Config); err != nil {
			settings.Log.Warn("what a run that was superseded has left could not be removed; remove it by hand", "sink", s.Name, "error", err)
		}
	}
}

// confirmed notes that all sinks have committed the epoch of m, which is published. Of a finished run that is stored.
func (p *Pipeline) confirmed(ctx context.Context, m *Manifest) error {
	if p.settings.Keeper != nil {
		return p.settings.Keeper.Confirm(ctx, m)
	}
	if m.Finished {
		return p.publish(ctx, m)
	}
	return nil
}

// commit commits an epoch, which is published, at every sink.
func (p *Pipeline) commit(ctx context.Context, epoch int64, o *commitEpoch) error {
	for _, t := range p.sinkOrder {
		if err := t.sink.Commit(ctx, epoch, o.Sinks[t.plan.Name], o.Finished); err != nil {
			return fmt.Errorf("sink %q: commit of epoch %d: %w", t.plan.Name, epoch, err)
		}
	}
	err := p.finishLeft(ctx, o.Left, o.Finished)
	if o.Finished && err != nil {
		return err
	}
	p.warnLeft(err)
	return nil
}

// noteCommitted notes, of a finished run, that all sinks have committed: nothing is left to do.
func (m *Manifest) noteCommitted() {
	if m.Finished {
		m.Confirmed, m.Left = true, nil
	}
}

// hasMore reports whether a reader has another block. One that does not know how much there is is not asked: it might wait.
func hasMore(ctx context.Context, reader connector.Reader, pool *batch.Pool) (bool, error) {
	p, ok := reader.(connector.Progress)
	if !ok {
		return false, nil
	}
	if _, total := p.Progress(); total < 0 {
		return false, nil
	}
	block := codec.Block{Buf: pool.NewBuffer(firstBuffer)}
	status, err := reader.Poll(ctx, nil, &block)
	if block.Buf != nil {
		block.Buf.Release()
	}
	return status == connector.Ready, err
}

// Grown names the sources of a finished pipeline that have more to read now than they had; settings.Resume is its manifest. The error is that of a source which is not any more what was read. A source that is
// gone has not grown.
func Grown(ctx context.Context, plan *physical.Plan, settings Settings) (names []string, err error) {
	for _, s := range plan.Sources {
		if !s.Type.Bounded(s.Config) {
			continue
		}
		env := connector.SourceEnv{Name: s.Name, MaxRecordBytes: s.MaxRecordBytes, Log: settings.Log, MediaType: mediaType(s.Format), Restore: settings.Resume.Sources[s.Name]}
		if s.Format != nil {
			env.Framer = s.Format.NewFramer
		}
		reader, err := s.Type.Open(ctx, env, s.Config)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return names, fmt.Errorf("source %q: %w", s.Name, err)
		}
		more, err := hasMore(ctx, reader, settings.Pool)
		if err = errors.Join(err, reader.Close()); err != nil {
			return names, fmt.Errorf("source %q: %w", s.Name, err)
		}
		if more {
			names = append(names, s.Name)
		}
	}
	return names, nil
}
