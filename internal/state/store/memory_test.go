package store_test

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/internal/state/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openForSuite(ctx context.Context, fsys vfs.FS, _ string, from []string) (store.Store, error) {
	return store.OpenMemory(ctx, store.MemoryOptions{FS: fsys, From: from})
}

func TestMemory(t *testing.T) { storetest.Run(t, openForSuite) }

func TestMemoryOfLogs(t *testing.T) { storetest.RunLogged(t, openForSuite) }
