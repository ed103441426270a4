package vfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// The way of file systems without RENAME_NOREPLACE, which the conformance suite need not meet.
func TestLinkThenRemove(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for _, name := range []string{a, b} {
		if err := WriteFile(OS(), name, []byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := linkThenRemove(a, b); err != syscall.EEXIST {
		t.Errorf("onto a file: %v, want the bare number", err)
	}
	if err := linkThenRemove(filepath.Join(dir, "absent"), filepath.Join(dir, "c")); err != syscall.ENOENT {
		t.Errorf("of nothing: %v", err)
	}
	if err := linkThenRemove(a, filepath.Join(dir, "c")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(a); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old name stayed: %v", err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "c")); err != nil || string(got) != a {
		t.Errorf("moved %q, %v", got, err)
	}
	if got, err := os.ReadFile(b); err != nil || string(got) != b {
		t.Errorf("the other file holds %q, %v", got, err)
	}
}

func TestUnderlying(t *testing.T) {
	other := errors.New("other")
	for _, test := range []struct{ err, want error }{
		{&fs.PathError{Err: syscall.EIO}, syscall.EIO},
		{&os.LinkError{Err: syscall.EXDEV}, syscall.EXDEV},
		{other, other},
		{nil, nil},
	} {
		if got := underlying(test.err); got != test.want {
			t.Errorf("underlying(%v) = %v", test.err, got)
		}
	}
}

// Two processes cannot be had here, but flock conflicts between two opens of one process just so.
func TestLockIsTheKernels(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	held, err := OS().Lock(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := lockFile(f); !errors.Is(err, ErrLocked) {
		t.Errorf("a second holder: %v", err)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	if err := lockFile(f); err != nil {
		t.Errorf("after Close: %v", err)
	}
}

func TestWriteFileReportsEachFailure(t *testing.T) {
	for _, call := range []Call{CallOpen, CallWrite, CallSync, CallClose} {
		fsys := Fail(NewMem(), Rule{Call: call, Err: syscall.ENOSPC})
		if err := WriteFile(fsys, "f", []byte("content")); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("failing %s: WriteFile = %v", call, err)
		}
	}
}

func TestReadFileReportsEachFailure(t *testing.T) {
	for _, call := range []Call{CallOpen, CallRead, CallClose} {
		m := NewMem()
		if err := WriteFile(m, "f", []byte("content")); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadFile(Fail(m, Rule{Call: call}), "f"); !errors.Is(err, syscall.EIO) {
			t.Errorf("failing %s: ReadFile = %v", call, err)
		}
	}
}

func TestGlobPassesOverWhatCannotBeRead(t *testing.T) {
	m := NewMem()
	for _, dir := range []string{"a", "b"} {
		if err := errors.Join(m.MkdirAll(dir, 0o777), WriteFile(m, dir+"/f", nil)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Glob(Fail(m, Rule{Call: CallReadDir, Path: "a"}), "*/f")
	if err != nil || len(got) != 1 || got[0] != "b/f" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestOpChanges(t *testing.T) {
	for _, test := range []struct {
		op   Op
		want bool
	}{
		{Op{Call: CallOpen, Flag: os.O_RDONLY}, false},
		{Op{Call: CallOpen, Flag: os.O_RDWR}, false},
		{Op{Call: CallOpen, Flag: os.O_WRONLY | os.O_CREATE}, true},
		{Op{Call: CallOpen, Flag: os.O_RDWR | os.O_TRUNC}, true},
		{Op{Call: CallSync}, true},
		{Op{Call: CallSyncDir}, true},
		{Op{Call: CallRead}, false},
		{Op{Call: CallClose}, false},
	} {
		if got := test.op.Changes(); got != test.want {
			t.Errorf("%+v changes: %v", test.op, got)
		}
	}
}
