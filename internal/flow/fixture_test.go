package flow_test

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/connector"
)

// fixture is a manifest of version 0 as the first release wrote it: every later release must read it. It is never written again.
const fixture = "testdata/manifest-v0.json"

func TestTheManifestOfVersion0IsRead(t *testing.T) {
	got, err := flow.ReadManifest(vfs.OS(), fixture)
	if err != nil {
		t.Fatal(err)
	}
	want := &flow.Manifest{
		Pipeline: "p", Epoch: 7, Connectors: map[string]string{"source in": "file", "sink out": "file"},
		Sources: map[string][]connector.SplitState{"in": {{Split: "a.jsonl", Position: json.RawMessage(`{"version":1,"offset":12}`)}}},
		Records: map[string]map[string]int64{"in": {"a.jsonl": 3}},
		Sinks:   map[string]json.RawMessage{"out": json.RawMessage(`{"version":1,"rows":3}`)},
	}
	if operators := got.Operators["sums"]; len(operators) != 2 || string(operators[0]) != "10" || string(operators[255]) != "1\x00\xff" {
		t.Errorf("operators %v", operators)
	}
	got.Operators = nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestADamagedManifestIsRefused changes each byte of the fixture in turn.
func TestADamagedManifestIsRefused(t *testing.T) {
	text, err := os.ReadFile(fixture)
	if err != nil {
		t.Fatal(err)
	}
	whole := strings.TrimSuffix(string(text), "\n")
	for i := range whole {
		bad := []byte(whole)
		bad[i] ^= 1
		fsys := vfs.NewMem()
		f, err := fsys.OpenFile("/m", os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(bad); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if m, err := flow.ReadManifest(fsys, "/m"); !errors.Is(err, flow.ErrDamaged) {
			t.Fatalf("byte %d: %q became %q and was read: %+v, %v", i, whole[i], bad[i], m, err)
		}
	}
}

// TestTheManifestOfVersion1IsRead: it knows the event times of splits.
func TestTheManifestOfVersion1IsRead(t *testing.T) {
	got, err := flow.ReadManifest(vfs.OS(), "testdata/manifest-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	micros := int64(1436918400000000)
	want := &flow.Manifest{
		Version: 1, Pipeline: "p", Epoch: 7, Connectors: map[string]string{"source in": "file", "sink out": "file"},
		Sources: map[string][]connector.SplitState{"in": {{Split: "a.jsonl", Position: json.RawMessage(`{"version":1,"offset":12}`)}}},
		Records: map[string]map[string]int64{"in": {"a.jsonl": 3}},
		Times:   map[string]map[string]flow.SplitTime{"in": {"a.jsonl": {Time: &micros}, "b.jsonl": {Idle: true}}},
		Sinks:   map[string]json.RawMessage{"out": json.RawMessage(`{"version":1,"rows":3}`)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, err = flow.ReadManifest(vfs.OS(), "testdata/manifest-v1-states.json"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(statesFixture(), got); diff != "" {
		t.Error(diff)
	}
	if err := got.CheckGroups(nil); err != nil {
		t.Error(err)
	}
	if ranges := got.States["joined.join"].Ranges(); !slices.Equal(ranges, stored(0, 255)) {
		t.Errorf("of a step of which nothing is said: %v", ranges)
	}
}

// statesFixture is what testdata/manifest-v1-states.json has: state of three steps in a store, of one of which it is not said where its key groups are, as in manifests of earlier releases.
func statesFixture() *flow.Manifest {
	return &flow.Manifest{
		Version: 1, Pipeline: "p", Epoch: 7, Connectors: map[string]string{"source in": "file", "sink out": "file"},
		Sources: map[string][]connector.SplitState{"in": {{Split: "a.jsonl", Position: json.RawMessage(`{"version":1,"offset":12}`)}}},
		States: map[string]flow.StateRecord{
			"counts.group": {Number: 0, Layout: "entries", Parts: 2, Version: 2, Groups: stored(0, 255), Highest: []uint64{0, 9}},
			"first.limit":  {Number: 2, Layout: "groups", Groups: stored(0, 127, 128, 255)},
			"joined.join":  {Number: 1, Layout: "entries", Parts: 2},
		},
		NextState: 3,
		Sinks:     map[string]json.RawMessage{"out": json.RawMessage(`{"version":1,"rows":3}`)},
	}
}
