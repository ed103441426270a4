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

// The suite with each other kind of compression.
func TestCompressedStore(t *testing.T) {
	for _, packs := range []store.Compression{store.Zstd, store.Uncompressed} {
		open := func(ctx context.Context, fsys vfs.FS, dir string, from []string) (store.Store, error) {
			return pebblestore.Open(ctx, pebblestore.Options{FS: fsys, Dir: dir, From: from, Memory: 16 << 20, Compression: packs})
		}
		t.Run(packs.String(), func(t *testing.T) { storetest.Run(t, open) })
		if packs == store.Zstd { // else logs are as they always are
			t.Run(packs.String()+" logged", func(t *testing.T) { storetest.RunLogged(t, open) })
		}
	}
}

func TestLoggedStore(t *testing.T) { storetest.RunLogged(t, openForSuite) }
