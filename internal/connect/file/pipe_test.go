package file_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"wire.example/wire/internal/connect/file"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// TestAPipeIsReadUntilSomethingElseIsToBeDone: a named pipe whose writer stalls keeps nobody from stopping.
func TestAPipeIsReadUntilSomethingElseIsToBeDone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	writer, err := os.OpenFile(path, os.O_RDWR, 0) // both ends, so that opening waits for nobody
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.WriteString("one\ntw"); err != nil {
		t.Fatal(err)
	}
	config := &file.SourceConfig{}
	if mistakes := connector.Apply(config, map[string]any{"path": path}); len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	typ := file.SourceType(vfs.OS(), clock.System())
	env := connector.SourceEnv{Framer: codec.NewLineFramer, Log: slog.New(slog.DiscardHandler)}
	reader, err := typ.Open(t.Context(), env, config)
	if err != nil {
		t.Fatal(err)
	}
	block, wake := codec.Block{Buf: batch.WrapBuffer(nil)}, make(chan struct{}, 1)
	poll := func(ctx context.Context, want connector.Status, data string) {
		t.Helper()
		block.Buf.Reset()
		status, err := reader.Poll(ctx, wake, &block)
		if err != nil || status != want || status == connector.Ready && string(block.Buf.Data) != data {
			t.Fatalf("status %v, %q, %v; want %v, %q", status, block.Buf.Data, err, want, data)
		}
	}
	poll(t.Context(), connector.Ready, "one\n")
	wake <- struct{}{}
	poll(t.Context(), connector.Woken, "")
	if _, err := writer.WriteString("o\nthree"); err != nil {
		t.Fatal(err)
	}
	poll(t.Context(), connector.Ready, "two\n")
	states, err := reader.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := reader.Poll(ctx, wake, &block); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := errors.Join(reader.Close(), writer.Close()); err != nil {
		t.Fatal(err)
	}
	env.Restore = states
	if _, err := typ.Open(t.Context(), env, config); err == nil || !strings.Contains(err.Error(), "cannot be read again") {
		t.Errorf("a pipe cannot be gone back in, but: %v", err)
	}
}
