package vfs_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/vfs"
)

// The machine's file system is the witness: random calls must end alike there and in memory, and leave the same tree.
func TestMemBehavesAsOS(t *testing.T) {
	names := []string{"a", "b", "d", "d/a", "d/e", "d/e/a", "x/y"}
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "vfs")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		sides := []struct {
			fsys vfs.FS
			dir  string
		}{{vfs.OS(), dir}, {vfs.NewMem(), "/"}}
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			call := rapid.SampledFrom([]string{"mkdir", "write", "edit", "remove", "rename", "noreplace", "link", "read", "list"}).Draw(t, "call")
			one := rapid.SampledFrom(names).Draw(t, "name")
			two := rapid.SampledFrom(names).Draw(t, "other")
			number := rapid.Int64Range(0, 9).Draw(t, "number")
			var outcome [2]string
			for i, side := range sides {
				outcome[i] = step(side.fsys, call, filepath.Join(side.dir, one), filepath.Join(side.dir, two), number)
			}
			if outcome[0] != outcome[1] {
				t.Fatalf("%s %s %s: OS %q, Mem %q", call, one, two, outcome[0], outcome[1])
			}
		}
		if a, b := tree(sides[0].fsys, sides[0].dir), tree(sides[1].fsys, sides[1].dir); a != b {
			t.Fatalf("trees differ:\nOS\n%s\nMem\n%s", a, b)
		}
	})
}

// step makes one call and describes what came of it, without paths.
func step(fsys vfs.FS, call, one, two string, number int64) string {
	var err error
	var seen string
	switch call {
	case "mkdir":
		err = fsys.MkdirAll(one, 0o777)
	case "write":
		err = vfs.WriteFile(fsys, one, []byte(fmt.Sprint("content ", number)))
	case "edit":
		err = edit(fsys, one, number)
	case "remove":
		err = fsys.Remove(one)
	case "rename":
		err = fsys.Rename(one, two)
	case "noreplace":
		err = fsys.RenameNoReplace(one, two)
	case "link":
		err = fsys.Link(one, two)
	case "read":
		var content []byte
		content, err = vfs.ReadFile(fsys, one)
		seen = string(content)
	case "list":
		seen = tree(fsys, one)
	}
	return seen + errorNumber(err)
}

// errorNumber is the error number in err. Linux and package os disagree among themselves about which of two right numbers a rename gives.
func errorNumber(err error) string {
	var errno syscall.Errno
	switch {
	case err == nil:
		return ""
	case errors.Is(err, syscall.ENOTEMPTY), errors.Is(err, syscall.EEXIST):
		return " exists"
	case errors.As(err, &errno):
		return " " + errno.Error()
	default:
		return " " + err.Error()
	}
}

// edit truncates to size and writes beyond that.
func edit(fsys vfs.FS, name string, size int64) error {
	f, err := fsys.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		return err
	}
	if _, err := f.Seek(size+2, 0); err != nil {
		return err
	}
	_, err = f.Write([]byte("tail"))
	return err
}

// tree lists all below dir with the content of files.
func tree(fsys vfs.FS, dir string) string {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return errorNumber(err)
	}
	out := ""
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() {
			out += e.Name() + "/{" + tree(fsys, path) + "} "
			continue
		}
		content, err := vfs.ReadFile(fsys, path)
		out += fmt.Sprintf("%s=%q%s ", e.Name(), content, errorNumber(err))
	}
	return out
}
