package vfs_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"unsafe"

	"wire.example/wire/internal/foundation/vfs"
)

func TestDirectBuffer(t *testing.T) {
	for _, size := range []int{vfs.DirectAlign, 3 * vfs.DirectAlign, 1 << 20} {
		b := vfs.DirectBuffer(size)
		if len(b) != 0 || cap(b) != size {
			t.Errorf("length %d and capacity %d, want 0 and %d", len(b), cap(b), size)
		}
		if at := uintptr(unsafe.Pointer(unsafe.SliceData(b))); at%vfs.DirectAlign != 0 {
			t.Errorf("address %x", at)
		}
	}
}

// TestDirect writes a file past the page cache, where the file system of the tests can, and in memory, where it makes no difference.
func TestDirect(t *testing.T) {
	for name, files := range map[string]vfs.FS{"os": vfs.OS(), "memory": vfs.NewMem()} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := files.MkdirAll(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "file")
			f, err := files.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|vfs.Direct, 0o666)
			if errors.Is(err, syscall.EINVAL) {
				t.Skip("no direct writes here")
			}
			if err != nil {
				t.Fatal(err)
			}
			b := vfs.DirectBuffer(2 * vfs.DirectAlign)
			b = append(b, bytes.Repeat([]byte("12345678"), cap(b)/8)...)
			if _, err := f.Write(b); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(f.Truncate(5000), f.Sync(), f.Close()); err != nil {
				t.Fatal(err)
			}
			got, err := vfs.ReadFile(files, path)
			if err != nil || !bytes.Equal(got, b[:5000]) {
				t.Errorf("read %d bytes and %v", len(got), err)
			}
		})
	}
}
