package edits_test

import (
	"context"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/state/store"
)

// keeper keeps state in a store in memory.
type keeper struct{ store *store.Memory }

func newKeeper() *keeper { return &keeper{store.NewMemory()} }

func (k *keeper) Reader(context.Context) (store.Reader, error) { return k.store.Reader(), nil }

func (k *keeper) Apply(ctx context.Context, _ int64, changes []*store.Changes) error {
	return k.store.Apply(ctx, changes)
}

func (k *keeper) Spill(ctx context.Context, changes *store.Changes) error {
	return k.store.Apply(ctx, []*store.Changes{changes})
}

func (*keeper) Publish(context.Context, *flow.Manifest) error { return nil }

func (*keeper) Confirm(context.Context, *flow.Manifest) error { return nil }
