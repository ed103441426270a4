package pebblestore_test

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/pebblestore"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/internal/state/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openForSuite(ctx context.Context, fsys vfs.FS, dir string, from []string) (store.Store, error) {
	return pebblestore.Open(ctx, pebblestore.Options{FS: fsys, Dir: dir, From: from, Memory: 16 << 20})
}

func TestStore(t *testing.T) { storetest.Run(t, openForSuite) }

func TestLoggedStore(t *testing.T) { storetest.RunLogged(t, openForSuite) }
