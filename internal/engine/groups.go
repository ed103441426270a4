package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/state/checkpoint"
)

// usable refuses a checkpoint whose key groups are not all where this process looks for them. What cannot be read of it at all is left to bodyOf.
func usable(m *checkpoint.Manifest) error {
	body, err := bodyOf(m)
	if err != nil {
		return nil //nolint:nilerr // who reads it says so
	}
	return groupsOf(m, body)
}

// groupsOf checks the ranges of key groups in a checkpoint, whose body is given. The error is checkpoint.ErrDamaged, unless another release may read it.
func groupsOf(m *checkpoint.Manifest, body *flow.Manifest) error {
	err := body.CheckGroups(func(part string) bool { return len(m.FilesOf(part)) > 0 })
	var wrong *flow.GroupsError
	switch {
	case !errors.As(err, &wrong):
		return err
	case wrong.Foreign:
		return fmt.Errorf("%w; use the release that wrote it, or begin anew with --fresh", err)
	default:
		return fmt.Errorf("%w: %w", checkpoint.ErrDamaged, err)
	}
}

// Placed is where the entries of some key groups of a step are in a checkpoint.
type Placed struct {
	Step   string
	Number uint16 // of the step in the keys of the store
	flow.GroupRange
}

// Places says where the state of each step is by what a checkpoint says, whether that is right or not.
func Places(m *checkpoint.Manifest) ([]Placed, error) {
	body, err := bodyOf(m)
	if err != nil {
		return nil, err
	}
	var places []Placed
	for _, step := range slices.Sorted(maps.Keys(body.States)) {
		for _, r := range body.States[step].Ranges() {
			places = append(places, Placed{Step: step, Number: body.States[step].Number, GroupRange: r})
		}
	}
	return places, nil
}
