package store_test

import (
	"context"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/internal/state/store/storetest"
)

func BenchmarkMemory(b *testing.B) {
	storetest.Benchmark(b, func(ctx context.Context, fsys vfs.FS, _ string, from []string) (store.Store, error) {
		return store.OpenMemory(ctx, store.MemoryOptions{FS: fsys, From: from})
	}, 1<<28)
}
