package op_test

import (
	"errors"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/sqlstate"
)

func TestOutOfMemory(t *testing.T) {
	err := op.OutOfMemory("sort 3", limit.New("pipeline", 10).Reserve(11))
	var bad *sqlstate.Error
	if !errors.As(err, &bad) || bad.Code != sqlstate.OutOfMemory || bad.Hint == "" || !strings.Contains(bad.Message, "in sort 3: memory budget pipeline") {
		t.Error(err)
	}
	if errors.As(op.Advise(advising{}, err), &bad); bad.Hint != "Do otherwise. Or raise the memory limit." || !errors.Is(op.Advise(nil, err), err) {
		t.Errorf("the hint is %q", bad.Hint)
	}
	if other := errors.New("other"); !errors.Is(op.OutOfMemory("x", other), other) {
		t.Error("another error does not stay")
	}
}

type advising struct{ op.Operator }

func (advising) Advice() string { return "Do otherwise." }
