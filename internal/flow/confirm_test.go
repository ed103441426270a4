package flow_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/state/store"
)

// untidy cannot remove older checkpoints.
type untidy struct {
	memoryKeeper
	err error
}

func (k *untidy) Confirm(context.Context, *flow.Manifest) error { return k.err }

// TestWhatCannotBeRemovedIsSaid: a run comes to its end although older checkpoints stay, and says so; it does not if somebody else owns the pipeline.
func TestWhatCannotBeRemovedIsSaid(t *testing.T) {
	for _, fatal := range []bool{false, true} {
		keeper := &untidy{memoryKeeper: memoryKeeper{store: store.NewMemory()}, err: errors.New("no room in the list")}
		if fatal {
			keeper.err = fault.Fatal(keeper.err)
		}
		var said bytes.Buffer
		s, sink := settings(), &collector{}
		s.Keeper, s.Log = keeper, slog.New(slog.NewTextHandler(&said, nil))
		outcome, err := run(t, pipe(&counter{limit: 100, block: 10}, sink, 2), s, nil)
		if fatal {
			if err == nil || !strings.Contains(err.Error(), "no room in the list") {
				t.Errorf("fatal: %v", err)
			}
			continue
		}
		if err != nil || !outcome.Finished || len(sink.published) != 100 {
			t.Errorf("%v, finished: %v, %d rows", err, outcome.Finished, len(sink.published))
		}
		for _, text := range []string{"level=WARN", "older checkpoints could not be removed", "epoch=1", "no room in the list"} {
			if !strings.Contains(said.String(), text) {
				t.Errorf("nobody says %q: %s", text, said.String())
			}
		}
	}
}
