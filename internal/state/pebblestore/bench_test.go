package pebblestore_test

import (
	"context"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/pebblestore"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/internal/state/store/storetest"
)

func BenchmarkStore(b *testing.B) {
	storetest.Benchmark(b, func(ctx context.Context, fsys vfs.FS, dir string, from []string) (store.Store, error) {
		return pebblestore.Open(ctx, pebblestore.Options{FS: fsys, Dir: dir, From: from, Memory: 64 << 20})
	}, 1<<30)
}
