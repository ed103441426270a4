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

// BenchmarkCompression compares the kinds of compression, with a smaller store.
func BenchmarkCompression(b *testing.B) {
	for _, packs := range []store.Compression{store.Snappy, store.Zstd, store.Uncompressed} {
		b.Run(packs.String(), func(b *testing.B) {
			storetest.Benchmark(b, func(ctx context.Context, fsys vfs.FS, dir string, from []string) (store.Store, error) {
				return pebblestore.Open(ctx, pebblestore.Options{FS: fsys, Dir: dir, From: from, Memory: 64 << 20, Compression: packs})
			}, 128<<20)
		})
	}
}
