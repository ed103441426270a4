package vfs_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
)

// world is a file system under test and an empty directory in it.
type world struct {
	*testing.T
	vfs.FS
	dir string
}

func (w world) path(name string) string { return filepath.Join(w.dir, name) }

func (w world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// wantIs fails unless err is the wanted error inside what package os would wrap around it.
func (w world) wantIs(err, want error) {
	w.Helper()
	var path *fs.PathError
	var link *os.LinkError
	if !errors.Is(err, want) || !errors.As(err, &path) && !errors.As(err, &link) {
		w.Errorf("got error %v (%T), want %v", err, err, want)
	}
}

func (w world) write(name, content string) {
	w.Helper()
	w.must(vfs.WriteFile(w, w.path(name), []byte(content)))
}

func (w world) wantContent(name, want string) {
	w.Helper()
	if got, err := vfs.ReadFile(w, w.path(name)); err != nil || string(got) != want {
		w.Errorf("%s holds %q (%v), want %q", name, got, err, want)
	}
}

func (w world) wantNames(want ...string) {
	w.Helper()
	entries, err := w.ReadDir(w.dir)
	w.must(err)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, want) {
		w.Errorf("directory holds %q, want %q", got, want)
	}
}

func (w world) identity(name string) vfs.ID {
	w.Helper()
	info, err := w.Stat(w.path(name))
	w.must(err)
	id, ok := vfs.Identity(info)
	if !ok || id.Inode == 0 {
		w.Fatalf("no identity: %v %v", id, ok)
	}
	return id
}

func TestConformance(t *testing.T) {
	for name, newFS := range map[string]func(t *testing.T) (vfs.FS, string){
		"OS":     func(t *testing.T) (vfs.FS, string) { return vfs.OS(), t.TempDir() },
		"Mem":    func(*testing.T) (vfs.FS, string) { return vfs.NewMem(), "/" },
		"Record": func(*testing.T) (vfs.FS, string) { return vfs.Record(vfs.NewMem()), "." },
		"Fail":   func(t *testing.T) (vfs.FS, string) { return vfs.Fail(vfs.OS()), t.TempDir() },
		"Image":  func(*testing.T) (vfs.FS, string) { return vfs.NewMem().CrashImage(vfs.CrashOptions{}), "/" },
	} {
		for _, test := range conformance {
			t.Run(name+"/"+test.name, func(t *testing.T) {
				fsys, dir := newFS(t)
				test.run(world{t, fsys, dir})
			})
		}
	}
}

var conformance = []struct {
	name string
	run  func(world)
}{
	{"absent files", testAbsent},
	{"write, read, seek", testReadWrite},
	{"read at", testReadAt},
	{"append", testAppend},
	{"truncate", testTruncate},
	{"flags of open", testOpenFlags},
	{"modes of handles", testHandleModes},
	{"closed handles", testClosed},
	{"directories", testDirectories},
	{"stat", testStat},
	{"rename", testRename},
	{"rename of directories", testRenameDirectory},
	{"rename without replacing", testRenameNoReplace},
	{"link", testLink},
	{"remove", testRemove},
	{"handles outlive names", testOpenOutlivesName},
	{"identity", testIdentity},
	{"lock", testLock},
	{"sync", testSync},
	{"glob", testGlob},
}

func testAbsent(w world) {
	absent := w.path("no/such")
	w.write("file", "")
	below := w.path("file/below")
	calls := map[string]func(string) error{
		"open":     func(p string) error { _, err := w.Open(p); return err },
		"create":   func(p string) error { _, err := vfs.Create(w, p); return err },
		"stat":     func(p string) error { _, err := w.Stat(p); return err },
		"lstat":    func(p string) error { _, err := w.Lstat(p); return err },
		"readdir":  func(p string) error { _, err := w.ReadDir(p); return err },
		"remove":   w.Remove,
		"syncdir":  w.SyncDir,
		"lock":     func(p string) error { _, err := w.Lock(p); return err },
		"rename":   func(p string) error { return w.Rename(p, w.path("x")) },
		"rename2":  func(p string) error { return w.Rename(w.path("file"), p) },
		"noreplac": func(p string) error { return w.RenameNoReplace(p, w.path("x")) },
		"link":     func(p string) error { return w.Link(p, w.path("x")) },
		"link to":  func(p string) error { return w.Link(w.path("file"), p) },
		"readfile": func(p string) error { _, err := vfs.ReadFile(w, p); return err },
	}
	for name, call := range calls {
		if err := call(absent); !errors.Is(err, fs.ErrNotExist) {
			w.Errorf("%s of what is absent: %v", name, err)
		}
		if err := call(below); !errors.Is(err, syscall.ENOTDIR) {
			w.Errorf("%s below a file: %v", name, err)
		}
	}
	w.wantNames("file")
}

func testReadWrite(w world) {
	f, err := vfs.Create(w, w.path("f"))
	w.must(err)
	defer f.Close()
	if f.Name() != w.path("f") {
		w.Errorf("Name = %q", f.Name())
	}
	n, err := f.Write([]byte("hello world"))
	w.must(err)
	if n != 11 {
		w.Errorf("Write = %d", n)
	}
	for _, seek := range []struct {
		offset int64
		whence int
		want   int64
	}{{6, io.SeekStart, 6}, {-2, io.SeekCurrent, 4}, {-5, io.SeekEnd, 6}} {
		got, err := f.Seek(seek.offset, seek.whence)
		w.must(err)
		if got != seek.want {
			w.Errorf("Seek(%d, %d) = %d, want %d", seek.offset, seek.whence, got, seek.want)
		}
	}
	rest, err := io.ReadAll(f)
	w.must(err)
	if string(rest) != "world" {
		w.Errorf("read %q", rest)
	}
	if n, err := f.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		w.Errorf("Read at the end = %d, %v", n, err)
	}
	_, err = f.Seek(-1, io.SeekStart)
	w.wantIs(err, syscall.EINVAL)
	_, err = f.Seek(13, io.SeekStart)
	w.must(err)
	_, err = f.Write([]byte("!"))
	w.must(err)
	w.wantContent("f", "hello world\x00\x00!")
}

func testReadAt(w world) {
	w.write("f", "0123456789")
	f, err := w.Open(w.path("f"))
	w.must(err)
	defer f.Close()
	for _, test := range []struct {
		offset int64
		length int
		want   string
		err    error
	}{{0, 3, "012", nil}, {7, 3, "789", nil}, {8, 3, "89", io.EOF}, {10, 1, "", io.EOF}, {99, 1, "", io.EOF}} {
		p := make([]byte, test.length)
		n, err := f.ReadAt(p, test.offset)
		if string(p[:n]) != test.want || err != test.err {
			w.Errorf("ReadAt(%d, %d) = %q, %v", test.offset, test.length, p[:n], err)
		}
	}
	if _, err := f.ReadAt(make([]byte, 1), -1); err == nil || err == io.EOF {
		w.Errorf("ReadAt(-1) = %v", err)
	}
	if first, err := io.ReadAll(f); err != nil || len(first) != 10 {
		w.Errorf("ReadAt moved the position: then read %q, %v", first, err)
	}
}

func testAppend(w world) {
	w.write("f", "abc")
	f, err := w.OpenFile(w.path("f"), os.O_WRONLY|os.O_APPEND, 0)
	w.must(err)
	defer f.Close()
	other, err := w.OpenFile(w.path("f"), os.O_WRONLY|os.O_APPEND, 0)
	w.must(err)
	defer other.Close()
	for i, h := range []vfs.File{f, other, f} {
		_, err := h.Write([]byte{byte('0' + i)})
		w.must(err)
	}
	w.wantContent("f", "abc012")
}

func testTruncate(w world) {
	f, err := vfs.Create(w, w.path("f"))
	w.must(err)
	defer f.Close()
	_, err = f.Write([]byte("abcdef"))
	w.must(err)
	w.must(f.Truncate(2))
	w.wantContent("f", "ab")
	w.must(f.Truncate(4)) // what was cut off does not come back
	w.wantContent("f", "ab\x00\x00")
	_, err = f.Write([]byte("x")) // the position did not move
	w.must(err)
	w.wantContent("f", "ab\x00\x00\x00\x00x")
	w.wantIs(f.Truncate(-1), syscall.EINVAL)
}

func testOpenFlags(w world) {
	w.write("f", "old")
	_, err := w.OpenFile(w.path("f"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	w.wantIs(err, fs.ErrExist)
	f, err := w.OpenFile(w.path("f"), os.O_RDWR|os.O_CREATE, 0o666)
	w.must(err)
	w.must(f.Close())
	w.wantContent("f", "old")
	f, err = w.OpenFile(w.path("f"), os.O_WRONLY|os.O_TRUNC, 0)
	w.must(err)
	w.must(f.Close())
	w.wantContent("f", "")
	_, err = w.OpenFile(w.path("absent"), os.O_RDWR, 0)
	w.wantIs(err, fs.ErrNotExist)
	w.must(w.MkdirAll(w.path("d"), 0o777))
	_, err = w.OpenFile(w.path("d"), os.O_RDWR, 0)
	w.wantIs(err, syscall.EISDIR)
	f, err = w.OpenFile(w.path("new"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	w.must(err)
	w.must(f.Close())
	w.wantContent("new", "")
}

func testHandleModes(w world) {
	w.write("f", "content")
	r, err := w.Open(w.path("f"))
	w.must(err)
	defer r.Close()
	_, err = r.Write([]byte("x"))
	w.wantIs(err, syscall.EBADF)
	w.wantIs(r.Truncate(0), syscall.EINVAL)
	wr, err := w.OpenFile(w.path("f"), os.O_WRONLY, 0)
	w.must(err)
	defer wr.Close()
	_, err = wr.Read(make([]byte, 1))
	w.wantIs(err, syscall.EBADF)
	_, err = wr.ReadAt(make([]byte, 1), 0)
	w.wantIs(err, syscall.EBADF)
	for _, empty := range []func([]byte) (int, error){r.Read, wr.Write} {
		if n, err := empty(nil); n != 0 || err != nil {
			w.Errorf("a call with nothing = %d, %v", n, err)
		}
	}
	w.wantContent("f", "content")
	d, err := w.Open(w.dir)
	w.must(err)
	defer d.Close()
	_, err = d.Read(make([]byte, 1))
	w.wantIs(err, syscall.EISDIR)
	w.must(d.Sync())
}

func testClosed(w world) {
	f, err := vfs.Create(w, w.path("f"))
	w.must(err)
	w.must(f.Close())
	for name, call := range map[string]func() error{
		"close":    f.Close,
		"sync":     f.Sync,
		"truncate": func() error { return f.Truncate(0) },
		"read":     func() error { _, err := f.Read(make([]byte, 1)); return err },
		"readat":   func() error { _, err := f.ReadAt(make([]byte, 1), 0); return err },
		"write":    func() error { _, err := f.Write([]byte("x")); return err },
		"seek":     func() error { _, err := f.Seek(0, io.SeekStart); return err },
	} {
		if err := call(); !errors.Is(err, fs.ErrClosed) {
			w.Errorf("%s after Close: %v", name, err)
		}
	}
	if _, err := f.Stat(); err == nil {
		w.Error("stat after Close worked")
	}
}

func testDirectories(w world) {
	w.must(w.MkdirAll(w.path("a/b/c"), 0o777))
	w.must(w.MkdirAll(w.path("a/b"), 0o777))
	w.write("a/z", "")
	w.write("a/y", "")
	entries, err := w.ReadDir(w.path("a"))
	w.must(err)
	if len(entries) != 3 || entries[0].Name() != "b" || !entries[0].IsDir() || entries[1].Name() != "y" || entries[2].IsDir() {
		w.Errorf("entries %v", entries)
	}
	w.wantIs(w.MkdirAll(w.path("a/y"), 0o777), syscall.ENOTDIR)
	w.wantIs(w.MkdirAll(w.path("a/y/below"), 0o777), syscall.ENOTDIR)
	_, err = w.ReadDir(w.path("a/y"))
	w.wantIs(err, syscall.ENOTDIR)
}

func testStat(w world) {
	w.write("f", "12345")
	w.must(w.MkdirAll(w.path("d"), 0o777))
	for _, stat := range []func(string) (fs.FileInfo, error){w.Stat, w.Lstat} {
		info, err := stat(w.path("f"))
		w.must(err)
		if info.Name() != "f" || info.Size() != 5 || !info.Mode().IsRegular() || info.IsDir() || info.ModTime().IsZero() {
			w.Errorf("file: %v", info)
		}
		info, err = stat(w.path("d"))
		w.must(err)
		if !info.IsDir() || !info.Mode().IsDir() {
			w.Errorf("directory: %v", info)
		}
	}
	f, err := w.Open(w.path("f"))
	w.must(err)
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Name() != "f" || info.Size() != 5 {
		w.Errorf("open file: %v, %v", info, err)
	}
}

func testRename(w world) {
	w.write("a", "A")
	w.write("b", "B")
	w.must(w.Rename(w.path("a"), w.path("b")))
	w.wantNames("b")
	w.wantContent("b", "A")
	w.must(w.Rename(w.path("b"), w.path("b")))
	w.must(w.MkdirAll(w.path("d"), 0o777))
	w.must(w.Rename(w.path("b"), w.path("d/c")))
	w.wantNames("d")
	w.wantContent("d/c", "A")
	w.must(w.Link(w.path("d/c"), w.path("e")))
	w.must(w.Rename(w.path("d/c"), w.path("e"))) // two names of one file: both stay
	w.wantContent("d/c", "A")
	w.wantIs(w.Rename(w.path("e"), w.path("d")), fs.ErrExist)
}

func testRenameDirectory(w world) {
	w.must(w.MkdirAll(w.path("a/b"), 0o777))
	w.must(w.MkdirAll(w.path("empty"), 0o777))
	w.write("a/b/f", "x")
	w.write("file", "")
	w.wantIs(w.Rename(w.path("a"), w.path("a/b/inside")), syscall.EINVAL)
	w.wantIs(w.Rename(w.path("empty"), w.path("file")), syscall.ENOTDIR)
	if err := w.Rename(w.path("empty"), w.path("a")); err == nil {
		w.Error("a full directory was replaced")
	}
	w.must(w.Rename(w.path("a/b"), w.path("c")))
	w.wantContent("c/f", "x")
}

func testRenameNoReplace(w world) {
	w.write("a", "A")
	w.write("b", "B")
	w.wantIs(w.RenameNoReplace(w.path("a"), w.path("b")), fs.ErrExist)
	w.wantIs(w.RenameNoReplace(w.path("a"), w.path("a")), fs.ErrExist)
	w.wantContent("a", "A")
	w.wantContent("b", "B")
	w.must(w.RenameNoReplace(w.path("a"), w.path("c")))
	w.wantNames("b", "c")
	w.wantContent("c", "A")
}

func testLink(w world) {
	w.write("a", "A")
	w.must(w.Link(w.path("a"), w.path("b")))
	w.wantIs(w.Link(w.path("a"), w.path("b")), fs.ErrExist)
	f, err := w.OpenFile(w.path("b"), os.O_WRONLY, 0)
	w.must(err)
	_, err = f.Write([]byte("X"))
	w.must(err)
	w.must(f.Close())
	w.wantContent("a", "X")
	w.must(w.Remove(w.path("a")))
	w.wantContent("b", "X")
	w.must(w.MkdirAll(w.path("d"), 0o777))
	w.wantIs(w.Link(w.path("d"), w.path("e")), syscall.EPERM)
}

func testRemove(w world) {
	w.must(w.MkdirAll(w.path("d"), 0o777))
	w.write("d/f", "")
	w.wantIs(w.Remove(w.path("d")), syscall.ENOTEMPTY)
	w.must(w.Remove(w.path("d/f")))
	w.must(w.Remove(w.path("d")))
	w.wantNames()
}

func testOpenOutlivesName(w world) {
	w.write("f", "content")
	f, err := w.Open(w.path("f"))
	w.must(err)
	defer f.Close()
	w.must(w.Remove(w.path("f")))
	w.write("f", "other")
	if got, err := io.ReadAll(f); err != nil || string(got) != "content" {
		w.Errorf("read %q, %v", got, err)
	}
}

func testIdentity(w world) {
	w.write("a", "")
	w.write("b", "")
	a := w.identity("a")
	if a == w.identity("b") {
		w.Error("two files with one identity")
	}
	w.must(w.Rename(w.path("a"), w.path("c")))
	w.write("c", "grown")
	if w.identity("c") != a {
		w.Error("identity changed over rename and rewriting")
	}
	w.must(w.Link(w.path("c"), w.path("d")))
	if w.identity("d") != a {
		w.Error("a link has another identity")
	}
}

func testLock(w world) {
	first, err := w.Lock(w.path("lock"))
	w.must(err)
	_, err = first.Write([]byte("pid 7"))
	w.must(err)
	_, err = w.Lock(w.path("lock"))
	w.wantIs(err, vfs.ErrLocked)
	w.wantContent("lock", "pid 7")
	w.must(first.Close())
	second, err := w.Lock(w.path("lock"))
	w.must(err)
	w.must(second.Close())
	w.wantContent("lock", "pid 7")
}

func testSync(w world) {
	w.write("f", "x")
	w.must(w.SyncDir(w.dir))
	w.wantContent("f", "x")
}

func testGlob(w world) {
	w.must(w.MkdirAll(w.path("d1"), 0o777))
	w.must(w.MkdirAll(w.path("d2"), 0o777))
	for _, name := range []string{"b.txt", "a.txt", "c.csv", "d1/x", "d2/x", "d2/y"} {
		w.write(name, "")
	}
	for pattern, want := range map[string][]string{
		"*.txt":     {"a.txt", "b.txt"},
		"[bc].*":    {"b.txt", "c.csv"},
		"d?/x":      {"d1/x", "d2/x"},
		"d*/*":      {"d1/x", "d2/x", "d2/y"},
		"a.txt":     {"a.txt"},
		"absent":    nil,
		"absent/*":  nil,
		"*.absent":  nil,
		"a.txt/*":   nil,
		"*/nothing": nil,
	} {
		got, err := vfs.Glob(w, w.path(pattern))
		w.must(err)
		for i := range want {
			want[i] = w.path(want[i])
		}
		if !slices.Equal(got, want) {
			w.Errorf("Glob(%q) = %q, want %q", pattern, got, want)
		}
	}
	for _, pattern := range []string{"[", "[/x", "x/[-]", `x\`} {
		if _, err := vfs.Glob(w, w.path(pattern)); !errors.Is(err, filepath.ErrBadPattern) {
			w.Errorf("Glob(%q) = %v", pattern, err)
		}
	}
}

func TestReadFileOfManyBlocks(t *testing.T) {
	m := vfs.NewMem()
	want := bytes.Repeat([]byte("0123456789"), 10_000)
	if err := vfs.WriteFile(m, "f", want); err != nil {
		t.Fatal(err)
	}
	if got, err := vfs.ReadFile(m, "f"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
}
