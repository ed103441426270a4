package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/connector"
)

// ManifestVersion is the version of the manifest that this release writes.
const ManifestVersion = 1

// operatorState is the state of one operator by key group.
type operatorState map[int][]byte

// Manifest is version 1 of the checkpoint manifest, which reads version 0, too: all that a pipeline needs to go on. docs/format/manifest.md draws it.
type Manifest struct {
	Version   int    `json:"version"`
	Pipeline  string `json:"pipeline"`
	Epoch     int64  `json:"epoch"`
	Finished  bool   `json:"finished"`
	Confirmed bool   `json:"confirmed,omitempty"` // finished, and the sinks have committed
	// Connectors are the kinds of all sources and sinks, under "source NAME" and "sink NAME": positions mean nothing to another connector.
	Connectors map[string]string                 `json:"connectors,omitempty"`
	Sources    map[string][]connector.SplitState `json:"sources"`
	Records    map[string]map[string]int64       `json:"records,omitempty"` // by source and file: records before the position
	// Times are the event times of splits, by source and split; of sources of which nobody asks for them there are none.
	Times map[string]map[string]SplitTime `json:"times,omitempty"`
	// Watermarks are what stages had got to, in µs, by the name of the step that heads them: a source that was idle does not go on behind them.
	Watermarks map[string]int64 `json:"watermarks,omitempty"`
	// Clock is the processing time at the barriers, in µs since 1970-01-01, if a step asks for it: the run that goes on is not earlier.
	Clock     int64                    `json:"clock,omitempty"`
	Operators map[string]operatorState `json:"operators,omitempty"`
	// States say where a Keeper has the state of steps, by their names; there are no Operators then. NextState is the number of the next step that gets state.
	States    map[string]StateRecord `json:"states,omitempty"`
	NextState uint16                 `json:"next_state,omitempty"`
	// Fingerprints say what the state of a step means, by the names of Operators.
	Fingerprints map[string]string `json:"fingerprints,omitempty"`
	// Ended are the inputs that were over, by the name of the step that heads their stage. A stage of which all are has emitted all it had.
	Ended map[string][]int           `json:"ended,omitempty"`
	Sinks map[string]json.RawMessage `json:"sinks"`
	// Left are sinks that an edit has removed, and of which something may not be published yet.
	Left []LeftSink `json:"left_sinks,omitempty"`
	// Plan describes the plan that ran: evolve.Description. There is none in manifests of earlier releases.
	Plan json.RawMessage `json:"plan,omitempty"`
	// Unconfirmed are the epochs that sinks may not have committed when it is published, ascending, its own among them. A Keeper notes them.
	Unconfirmed []int64 `json:"-"`
	// Leaving are sinks that an edit removes: they are Left when an epoch of the plan without them is published.
	Leaving []LeftSink `json:"-"`
	// Obsolete are where the state of steps was that are no more, or have begun anew: it is dropped with the first epoch.
	Obsolete []StateRecord `json:"-"`
	// Former are where the state is of steps that is rewritten when it is read, by their names: they store it elsewhere.
	Former map[string]StateRecord `json:"-"`
}

// envelope is a manifest in a file: its JSON text, and the XXH3 of exactly these bytes.
type envelope struct {
	Manifest json.RawMessage `json:"manifest"`
	XXH3     string          `json:"xxh3"`
}

// ErrDamaged marks a manifest whose bytes are not what was written.
var ErrDamaged = errors.New("checkpoint manifest is damaged")

func (p *Pipeline) manifest(e *epochState, final bool) *Manifest {
	m := &Manifest{
		Version: ManifestVersion, Pipeline: p.plan.Name, Epoch: e.number, Finished: final,
		Sources: map[string][]connector.SplitState{}, Records: map[string]map[string]int64{}, Operators: e.states, Sinks: e.prepared,
	}
	m.Connectors, m.Clock, m.Plan = connectorsOf(p.plan), e.clock, p.plan.Description
	m.Left = p.leaving.list()
	if p.settings.Keeper != nil {
		m.States, m.NextState = p.statesAt(e), p.nextState
	}
	for _, s := range p.sources {
		m.Sources[s.plan.Name] = e.sources[s.index].splits
		m.Records[s.plan.Name] = e.sources[s.index].records
		if times := e.sources[s.index].times; len(times) > 0 {
			if m.Times == nil {
				m.Times = map[string]map[string]SplitTime{}
			}
			m.Times[s.plan.Name] = times
		}
	}
	for step := range p.steps {
		_, inline := m.Operators[step.Name]
		if _, stored := m.States[step.Name]; (inline || stored) && step.Fingerprint != "" {
			if m.Fingerprints == nil {
				m.Fingerprints = map[string]string{}
			}
			m.Fingerprints[step.Name] = step.Fingerprint
		}
	}
	for _, s := range p.stageOrder {
		m.noteWatermark(s, e.tasks)
		// What has ended in one task has in all: their producers are the same, and end before the barrier for all of them or for none.
		if over := s.over(e.tasks[s.tasks[0].index]); len(over) > 0 {
			if m.Ended == nil {
				m.Ended = map[string][]int{}
			}
			m.Ended[s.plan.Head.Name] = over
		}
	}
	return m
}

// noteWatermark notes what all tasks of s had got to.
func (m *Manifest) noteWatermark(s *stage, parts []taskPart) {
	least := int64(math.MaxInt64)
	for _, t := range s.tasks {
		if part := parts[t.index]; !part.ended {
			least = min(least, part.watermark)
		}
	}
	if least == minTime || least == math.MaxInt64 {
		return
	}
	if m.Watermarks == nil {
		m.Watermarks = map[string]int64{}
	}
	m.Watermarks[s.plan.Head.Name] = least
}

// publish stores the manifest where the settings say; that is the commit point of its epoch.
func (p *Pipeline) publish(ctx context.Context, m *Manifest) error {
	if p.settings.Keeper != nil {
		return p.settings.Keeper.Publish(ctx, m)
	}
	if p.settings.ManifestPath == "" {
		return nil
	}
	return m.Write(p.settings.FS, p.settings.ManifestPath)
}

// Write stores m at path: a temporary file, fsynced, renamed over path, the directory fsynced.
func (m *Manifest) Write(fsys vfs.FS, path string) error {
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	text, err := json.Marshal(envelope{Manifest: body, XXH3: fmt.Sprintf("%016x", xxh3.Hash(body))})
	if err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	tmp := path + ".tmp"
	if err := writeSynced(fsys, tmp, append(text, '\n')); err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	if err := fsys.Rename(tmp, path); err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	if err := fsys.SyncDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	return nil
}

func writeSynced(fsys vfs.FS, path string, content []byte) error {
	f, err := fsys.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// ReadManifest reads and checks the manifest at path.
func ReadManifest(fsys vfs.FS, path string) (*Manifest, error) {
	text, err := vfs.ReadFile(fsys, path)
	if err != nil {
		return nil, err
	}
	var e envelope
	if err := json.Unmarshal(text, &e); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, ErrDamaged, err)
	}
	if sum := fmt.Sprintf("%016x", xxh3.Hash(e.Manifest)); sum != e.XXH3 {
		return nil, fmt.Errorf("%s: %w: checksum %s, should be %s", path, ErrDamaged, sum, e.XXH3)
	}
	var m Manifest
	if err := json.Unmarshal(e.Manifest, &m); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, ErrDamaged, err)
	}
	if m.Version > ManifestVersion {
		return nil, fmt.Errorf("%s: manifest version %d was written by a later release; this one reads up to %d", path, m.Version, ManifestVersion)
	}
	return &m, nil
}
