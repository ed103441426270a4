package engine_test

import (
	"errors"
	"strings"
	"testing"

	"wire.example/wire/internal/connect/memory"
	"wire.example/wire/internal/engine"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// unknown is a node that the planner has not heard of, and has a mistake for.
type unknown struct{}

func (u *unknown) Schema() *schema.Schema { panic("no schema") }
func (u *unknown) Inputs() []logical.Node { return nil }
func (u *unknown) String() string         { return "unknown" }

// TestPanics: a mistake of the planner's is an error that says where it is.
func TestPanics(t *testing.T) {
	t.Parallel()
	sink := &logical.Sink{Name: "result", Type: memory.SinkType(), Config: &memory.Output{}, Input: &unknown{}}
	_, err := engine.Plan(t.Context(), &logical.Plan{Name: "query", Sinks: []*logical.Sink{sink}}, 1)
	var refused *logical.RefusedError
	var state *sqlstate.Error
	if !errors.As(err, &refused) || !errors.As(err, &state) {
		t.Fatalf("planning answers %v", err)
	}
	if state.Code != sqlstate.InternalError || !strings.Contains(state.Message, "engine/plan_test.go:") || !strings.Contains(state.Message, "no schema") || state.Hint == "" {
		t.Errorf("%s %s (%s)", state.Code, state.Message, state.Hint)
	}
}
