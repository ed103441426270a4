package pebblestore_test

import (
	"bytes"
	"io/fs"
	"math/rand/v2"
	"testing"
	"unsafe"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/store"
)

// strict is a disk that notes direct writes as a device may refuse them: a store would write in another way then, and nobody would see.
type strict struct {
	*vfs.Mem
	t      *testing.T
	direct int // writes
}

type strictFile struct {
	vfs.File
	disk *strict
	size int64
}

func (s *strict) OpenFile(name string, flag int, perm fs.FileMode) (vfs.File, error) {
	f, err := s.Mem.OpenFile(name, flag, perm)
	if err != nil || vfs.Direct == 0 || flag&vfs.Direct == 0 {
		return f, err
	}
	return &strictFile{File: f, disk: s}, nil
}

func (f *strictFile) Write(p []byte) (int, error) {
	if f.disk.direct++; len(p) == 0 || len(p)%vfs.DirectAlign != 0 || uintptr(unsafe.Pointer(unsafe.SliceData(p)))%vfs.DirectAlign != 0 || f.size%vfs.DirectAlign != 0 {
		f.disk.t.Errorf("a direct write of %d bytes from %p at %d", len(p), p, f.size)
	}
	f.size += int64(len(p))
	return f.File.Write(p)
}

// What goes to logs and tables past the page cache has the lengths, addresses and places that a device asks for, and is what was given.
func TestDirectWritesAreAligned(t *testing.T) {
	if vfs.Direct == 0 {
		t.Skip("no direct writes here")
	}
	disk := &strict{Mem: vfs.NewMem(), t: t}
	s, sound := open(t, disk, "/live"), open(t, vfs.NewMem(), "/live")
	random := rand.New(rand.NewPCG(1, 2))
	value := bytes.Repeat([]byte("value"), 30_000)
	again := logged(func(*store.Changes) {}) // its memory is used again
	for range 12 {
		again.Reset()
		for range random.IntN(4000) {
			again.Put(space(), int64(random.IntN(1+random.IntN(3))), random.Uint64N(1000)<<54, nil, value[:random.IntN(1+random.IntN(1+random.IntN(3000)))])
		}
		if random.IntN(2) == 0 {
			again.Put(space(), 0, 1, nil, value)
			again.Drop(space(), 1, 1<<60, 1<<62)
		}
		apply(t, s, again)
		apply(t, sound, again)
	}
	paths := checkpoint(t, disk, s, "/checkpoint")
	if got, want := mustContent(t, open(t, disk, "/again", paths...)), mustContent(t, sound); got != want {
		t.Errorf("%s instead of %s", got, want)
	}
	if disk.direct == 0 {
		t.Error("nothing was written past the page cache")
	}
}
