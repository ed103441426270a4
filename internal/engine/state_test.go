package engine_test

import (
	"errors"
	"strings"
	"testing"

	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
)

// TestARunThatWasTakenOverSaysSo: whatever it fails of, after another one has claimed the directory.
func TestARunThatWasTakenOverSaysSo(t *testing.T) {
	options := engine.StateOptions{FS: vfs.OS(), Dir: t.TempDir(), Pipeline: "p", Clock: clock.System()}
	first, err := engine.OpenState(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("a hidden part is not there")
	if err := first.Explain(t.Context(), broken); !errors.Is(err, broken) || errors.Is(err, flow.ErrSuperseded) {
		t.Errorf("before: %v", err)
	}
	options.TakeOver = true
	second, err := engine.OpenState(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	err = first.Explain(t.Context(), broken)
	if !errors.Is(err, flow.ErrSuperseded) || !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), flow.ErrSuperseded.Error()) {
		t.Errorf("after: %v", err)
	}
	if err := first.Explain(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if err := second.Explain(t.Context(), broken); errors.Is(err, flow.ErrSuperseded) {
		t.Errorf("the one that has taken over: %v", err)
	}
	if err := errors.Join(first.Close(), second.Close()); err != nil {
		t.Error(err)
	}
}
