package engine

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/checkpoint"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/connector"
)

// conclude publishes that nothing is left to do of m, the last epoch of a finished pipeline, which sinks have committed. Steps whose input has ended keep nothing once their answers are out: files of the
// store that hold but what was removed since are not needed any more.
func (s *State) conclude(ctx context.Context, m *flow.Manifest) error {
	latest := s.owner.Latest()
	stored, format := latest.Files, latest.Store
	spent, err := s.spent(ctx, m)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && s.options.Log != nil: // nobody goes on from it, but somebody may want to look at it
		s.options.Log.Warn("the state of a finished pipeline could not be read, and is kept", "error", err)
	case err == nil && spent:
		stored, format = nil, checkpoint.StoreFormat{}
	}
	done := *m
	done.Epoch = max(m.Epoch, s.owner.LastEpoch()) + 1 // of an older epoch that somebody goes on from, later ones are used
	return s.publish(ctx, &done, nil, stored, format)
}

// Anew says how a pipeline that is finished is run anew: a sink that replaces nothing refuses that as long as its output is there.
func Anew(plan *physical.Plan) string {
	var keep []string
	for _, s := range append(slices.Clone(plan.Sinks), plan.DeadLetters) {
		if s == nil || s.Config == nil {
			continue
		}
		for _, o := range connector.Describe(s.Config) {
			if o.Name == "if_exists" && connector.Value(s.Config, o) == any("error") {
				keep = append(keep, s.Name)
			}
		}
	}
	const way = "run it anew with --fresh"
	switch len(keep) {
	case 0:
		return way
	case 1:
		return way + ", once what sink " + keep[0] + " wrote is moved away (its if_exists is error)"
	default:
		return way + ", once what sinks " + strings.Join(keep, ", ") + " wrote is moved away (their if_exists is error)"
	}
}

// spent reports whether no step of m has an entry in the store.
func (s *State) spent(ctx context.Context, m *flow.Manifest) (bool, error) {
	if s.owner.Latest().Store.Kind == "" {
		return true, nil
	}
	r, err := s.Reader(ctx)
	if err != nil {
		return false, err
	}
	for _, record := range m.States {
		there, err := anyEntry(r, record)
		if there || err != nil {
			return false, errors.Join(err, r.Close())
		}
	}
	return true, r.Close()
}

// anyEntry reports whether a step has an entry in any of its tables.
func anyEntry(r store.Reader, record flow.StateRecord) (bool, error) {
	for table := range math.MaxUint8 + 1 {
		space := store.Space{Operator: record.Number, Table: uint8(table)} //nolint:gosec // up to 255
		err := r.Scan(space, 0, math.MaxUint64, func(int64, uint64, []byte, []byte) error { return errThere })
		if errors.Is(err, errThere) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
	return false, nil
}
