package flow_test

import (
	"encoding/json"
	"runtime"
	"slices"
	"sync"
	"testing"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/plan/physical"
)

// manifests keeps every manifest that is stored at path.
type manifests struct {
	mu    sync.Mutex
	all   []*flow.Manifest
	first chan struct{}
}

func (m *manifests) watch(t *testing.T, mem vfs.FS, path string) vfs.FS {
	t.Helper()
	return vfs.Watch(mem, func(o vfs.Op) {
		if o.Call != vfs.CallRename || o.NewPath != path {
			return
		}
		stored, err := flow.ReadManifest(mem, path)
		if err != nil {
			t.Error(err)
			return
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.all = append(m.all, stored); len(m.all) == 2 {
			close(m.first)
		}
	})
}

// TestEveryManifestIsOneMomentOfBothSources: what a sink prepared for an epoch is exactly what lies before the positions that the manifest
// of the epoch stores, whichever source was ahead.
func TestEveryManifestIsOneMomentOfBothSources(t *testing.T) {
	for _, lanes := range []int{1, 2, 4} {
		for _, remote := range []bool{false, true} {
			sink := &collector{remote: remote}
			opened := make(chan struct{})
			a := &counter{limit: 300, block: 10, gate: 100, opened: opened, unbounded: true}
			b := &counter{limit: 5000, block: 30, gate: 4000, opened: opened, unbounded: true}
			plan := pipe(a, sink, lanes)
			plan.Sources = append(plan.Sources, &physical.Source{Name: "more", Type: b.sourceType(), Config: b, Next: plan.Sources[0].Next})
			seen := &manifests{first: make(chan struct{})}
			s := settings()
			manual := clock.NewManual(clock.System().Now())
			s.Clock, s.EpochEvery, s.ManifestPath = manual, 1, "/m"
			s.FS = seen.watch(t, s.FS, "/m")
			go func() { // ticks until two epochs were stored, then lets both sources end
				for {
					select {
					case <-seen.first:
						close(opened)
						return
					default:
						manual.Advance(1)
						runtime.Gosched()
					}
				}
			}()
			if outcome, err := run(t, plan, s, nil); err != nil || !outcome.Finished {
				t.Fatal(outcome, err)
			}
			for _, m := range seen.all {
				checkMoment(t, m)
			}
			if last := seen.all[len(seen.all)-1]; !last.Finished || len(seen.all) < 3 {
				t.Errorf("%d manifests, the last finished: %v", len(seen.all), last.Finished)
			}
		}
	}
}

// TestEpochsOfAnInputThatEnds: they are made if that is asked for, and the last manifest says that nothing is left to do.
func TestEpochsOfAnInputThatEnds(t *testing.T) {
	opened := make(chan struct{})
	c := &counter{limit: 300, block: 10, gate: 100, opened: opened}
	seen := &manifests{first: make(chan struct{})}
	s := settings()
	manual := clock.NewManual(clock.System().Now())
	s.Clock, s.EpochEvery, s.EpochBounded, s.ManifestPath = manual, 1, true, "/m"
	s.FS = seen.watch(t, s.FS, "/m")
	go func() {
		for {
			select {
			case <-seen.first:
				close(opened)
				return
			default:
				manual.Advance(1)
				runtime.Gosched()
			}
		}
	}()
	sink := &collector{}
	if outcome, err := run(t, pipe(c, sink, 2), s, nil); err != nil || !outcome.Finished {
		t.Fatal(outcome, err)
	}
	if first, last := seen.all[0], seen.all[len(seen.all)-1]; first.Finished || !last.Finished || len(seen.all) < 3 {
		t.Errorf("%d manifests, the first finished: %v, the last: %v", len(seen.all), first.Finished, last.Finished)
	}
	if !slices.Equal(sink.published, numbers(0, 300)) {
		t.Errorf("%d rows", len(sink.published))
	}
}

func checkMoment(t *testing.T, m *flow.Manifest) {
	t.Helper()
	var want, got []string
	for _, source := range []string{"numbers", "more"} {
		var p counterPosition
		if err := json.Unmarshal(m.Sources[source][0].Position, &p); err != nil {
			t.Fatal(err)
		}
		want = append(want, numbers(0, p.Next)...)
	}
	if err := json.Unmarshal(m.Sinks["out"], &got); err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("epoch %d: %d rows are prepared, %d lie before the stored positions", m.Epoch, len(got), len(want))
	}
}
