package pebblestore_test

import (
	"context"
	"errors"
	"flag"
	"math"
	"path/filepath"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/pebblestore"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/internal/state/store/storetest"
)

func zstdForSuite(ctx context.Context, fsys vfs.FS, dir string, from []string) (store.Store, error) {
	return pebblestore.Open(ctx, pebblestore.Options{FS: fsys, Dir: dir, From: from, Memory: 16 << 20, Compression: store.Zstd})
}

// mergedForSuite is zstdForSuite where what lies in tables is merged before each checkpoint.
func mergedForSuite(ctx context.Context, fsys vfs.FS, dir string, from []string) (store.Store, error) {
	s, err := pebblestore.Open(ctx, pebblestore.Options{FS: fsys, Dir: dir, From: from, Memory: 16 << 20, Compression: store.Zstd})
	return &merging{s}, err
}

type merging struct{ *pebblestore.Store }

// Apply writes a table beside the one of changes, so that there is something to merge.
func (m *merging) Apply(ctx context.Context, changes []*store.Changes) error {
	if changes[0].Logged() == 0 {
		beside := &store.Changes{}
		beside.Put(store.Space{Operator: 9}, 0, 0, nil, nil)
		beside.Put(store.Space{Operator: 9}, 0, math.MaxUint64, nil, nil)
		if err := m.Store.Apply(ctx, []*store.Changes{beside}); err != nil {
			return err
		}
	}
	return m.Store.Apply(ctx, changes)
}

func (m *merging) Checkpoint(ctx context.Context, dir string) ([]store.File, error) {
	if err := m.Store.MergeAll(ctx); err != nil {
		return nil, err
	}
	return m.Store.Checkpoint(ctx, dir)
}

var writeFixtures = flag.Bool("write-fixtures", false, "write fixtures that are missing")

// Checkpoints of every version are read by all later ones: those of which Pebble wrote all tables, those of which Wire wrote the tables of epochs, and those that have logs beside them.
func TestUpgrade(t *testing.T) {
	const fixtures = "../../../test/upgrade/store/"
	for _, version := range []string{"pebble-1", "pebble-2"} {
		t.Run(version, func(t *testing.T) { storetest.Upgrade(t, openForSuite, fixtures+version, *writeFixtures) })
	}
	t.Run("pebble-3", func(t *testing.T) {
		storetest.UpgradeLogged(t, openForSuite, fixtures+"pebble-3", *writeFixtures)
		logs, err := filepath.Glob(fixtures + "pebble-3/*.changes")
		tables, tablesErr := filepath.Glob(fixtures + "pebble-3/*.sst")
		if err := errors.Join(err, tablesErr); err != nil || len(logs) != 2 || len(tables) == 0 {
			t.Errorf("it has the logs %q and the tables %q, %v", logs, tables, err)
		}
	})
	// Compressed by zstd: tables of epochs and logs; and tables that Pebble merged, with the zstd of a build with cgo and of one without.
	for version, open := range map[string]storetest.Open{"pebble-4": zstdForSuite, "pebble-5": mergedForSuite, "pebble-6": mergedForSuite} {
		t.Run(version, func(t *testing.T) { storetest.UpgradeLogged(t, open, fixtures+version, *writeFixtures) })
	}
}
