package vfs_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/foundation/vfs"
)

func TestRecordNotesEveryCallInOrder(t *testing.T) {
	r := vfs.Record(vfs.NewMem())
	w := world{t, r, ""}
	w.must(w.MkdirAll("d", 0o777))
	f := w.create("d/f.part", "hello")
	_, err := f.Write([]byte(" world"))
	w.must(err)
	_, err = f.Seek(2, io.SeekStart)
	w.must(err)
	_, err = f.Read(make([]byte, 3))
	w.must(err)
	_, err = f.ReadAt(make([]byte, 4), 9)
	if err != io.EOF {
		t.Fatal(err)
	}
	_, err = f.Stat()
	w.must(err)
	w.must(f.Truncate(7))
	w.must(f.Sync())
	w.must(f.Close())
	w.must(w.Rename("d/f.part", "d/f"))
	w.must(w.Link("d/f", "d/g"))
	w.must(w.RenameNoReplace("d/g", "d/h"))
	w.must(w.SyncDir("d"))
	_, err = w.Stat("d/f")
	w.must(err)
	_, err = w.Lstat("absent")
	w.wantIs(err, fs.ErrNotExist)
	w.must(w.Remove("d/f"))
	_, err = w.ReadDir("d")
	w.must(err)
	lock, err := w.Lock("lock")
	w.must(err)
	w.must(lock.Close())
	got := make([]string, 0, 32)
	for _, op := range r.Ops() {
		got = append(got, op.String())
	}
	want := []string{
		"mkdirall d", "open d/f.part", "write d/f.part 0+5", "write d/f.part 5+6", "seek d/f.part", "read d/f.part 2+3",
		"read d/f.part 9+2", "filestat d/f.part", "truncate d/f.part 7", "sync d/f.part", "close d/f.part", "rename d/f.part d/f",
		"link d/f d/g", "renamenoreplace d/g d/h", "syncdir d", "stat d/f", "lstat absent: no such file or directory", "remove d/f",
		"readdir d", "lock lock", "close lock",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if write := r.Ops()[3]; write.Hash != xxh3.HashString(" world") || write.Length != 6 {
		t.Errorf("write noted as %+v", write)
	}
}

func TestRecordChanges(t *testing.T) {
	r := vfs.Record(vfs.NewMem())
	w := world{t, r, ""}
	w.write("f.part", "hello")
	w.wantContent("f.part", "hello")
	w.must(w.Rename("f.part", "f"))
	w.must(w.SyncDir("/"))
	want := []string{"open f.part", "write f.part 0+5", "sync f.part", "rename f.part f", "syncdir /"}
	if got := r.Changes(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	r.Forget()
	if len(r.Ops()) != 0 {
		t.Error("Forget left calls behind")
	}
}

func TestRecordFollowsAppends(t *testing.T) {
	m := vfs.NewMem()
	world{t, m, ""}.write("f", "0123456789")
	r := vfs.Record(m)
	f, err := r.OpenFile("f", os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for range 2 {
		if _, err := f.Write([]byte("abc")); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := r.Changes(), []string{"write f 10+3", "write f 13+3"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// script makes one call of each kind on fsys, in which "f" exists, and returns the errors by call.
func script(fsys vfs.FS) map[vfs.Call]error {
	errs := map[vfs.Call]error{}
	_, errs[vfs.CallStat] = fsys.Stat("f")
	_, errs[vfs.CallLstat] = fsys.Lstat("f")
	_, errs[vfs.CallReadDir] = fsys.ReadDir("/")
	errs[vfs.CallMkdirAll] = fsys.MkdirAll("d", 0o777)
	errs[vfs.CallSyncDir] = fsys.SyncDir("/")
	errs[vfs.CallLink] = fsys.Link("f", "g")
	errs[vfs.CallRename] = fsys.Rename("g", "h")
	errs[vfs.CallRenameNoReplace] = fsys.RenameNoReplace("h", "i")
	errs[vfs.CallRemove] = fsys.Remove("i")
	_, errs[vfs.CallLock] = fsys.Lock("lock")
	f, err := fsys.OpenFile("f", os.O_RDWR, 0)
	errs[vfs.CallOpen] = err
	if err != nil {
		return errs
	}
	_, errs[vfs.CallWrite] = f.Write([]byte("x"))
	_, errs[vfs.CallSeek] = f.Seek(0, io.SeekStart)
	_, errs[vfs.CallRead] = f.Read(make([]byte, 1))
	_, errs[vfs.CallFileStat] = f.Stat()
	errs[vfs.CallTruncate] = f.Truncate(0)
	errs[vfs.CallSync] = f.Sync()
	errs[vfs.CallClose] = f.Close()
	return errs
}

func TestFailStrikesEachKindOfCall(t *testing.T) {
	calls := script(withFile(t))
	if len(calls) != 18 {
		t.Fatalf("the script makes %d kinds of calls", len(calls))
	}
	for call, err := range calls {
		if err != nil {
			t.Fatalf("%s fails without a rule: %v", call, err)
		}
		f := vfs.Fail(withFile(t), vfs.Rule{Call: call, Times: vfs.Forever})
		errs := script(f)
		var path *fs.PathError
		if !errors.Is(errs[call], syscall.EIO) || !errors.As(errs[call], &path) || path.Op != string(call) {
			t.Errorf("%s = %v, want EIO", call, errs[call])
		}
		for other, err := range errs {
			if other != call && errors.Is(err, syscall.EIO) {
				t.Errorf("the rule for %s struck %s", call, other)
			}
		}
		if f.Failed() != 1 {
			t.Errorf("%s: %d calls failed", call, f.Failed())
		}
	}
}

func withFile(t *testing.T) *vfs.Mem {
	m := vfs.NewMem()
	world{t, m, ""}.write("f", "content")
	return m
}

func TestFailCountsAndHeals(t *testing.T) {
	for _, test := range []struct {
		name string
		rule vfs.Rule
		want string // one letter a call of Sync on f.part: . passes, x fails
	}{
		{"first", vfs.Rule{Call: vfs.CallSync}, "x......"},
		{"third", vfs.Rule{Call: vfs.CallSync, Path: "*.part", Nth: 3}, "..x...."},
		{"third and fourth", vfs.Rule{Call: vfs.CallSync, Nth: 3, Times: 2}, "..xx..."},
		{"from the third", vfs.Rule{Call: vfs.CallSync, Nth: 3, Times: vfs.Forever}, "..xxxxx"},
		{"whole path", vfs.Rule{Path: "/d/*.part", Nth: 2}, ".x....."},
		{"any call", vfs.Rule{Nth: 7}, "......x"},
		{"another path", vfs.Rule{Path: "*.json", Times: vfs.Forever}, "......."},
		{"another call", vfs.Rule{Call: vfs.CallWrite, Times: vfs.Forever}, "......."},
		{"bytes concern writes only", vfs.Rule{AfterBytes: 1}, "......."},
	} {
		t.Run(test.name, func(t *testing.T) {
			fsys := vfs.Fail(vfs.NewMem())
			w := world{t, fsys, "/"}
			w.must(w.MkdirAll("/d", 0o777))
			f := w.create("d/f.part", "x")
			fsys.Add(test.rule)
			got := ""
			for range test.want {
				if f.Sync() != nil {
					got += "x"
				} else {
					got += "."
				}
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			fsys.Heal()
			w.must(f.Sync())
		})
	}
}

func TestFailMatchesTheNewNameOfARename(t *testing.T) {
	fsys := vfs.Fail(withFile(t), vfs.Rule{Call: vfs.CallRename, Path: "final", Err: syscall.EACCES})
	if err := fsys.Rename("f", "final"); !errors.Is(err, syscall.EACCES) {
		t.Errorf("got %v", err)
	}
	world{t, fsys, ""}.wantContent("f", "content")
}

func TestDiskFills(t *testing.T) {
	fsys := vfs.Fail(vfs.NewMem(), vfs.Rule{Call: vfs.CallWrite, AfterBytes: 10, Times: vfs.Forever, Err: syscall.ENOSPC})
	w := world{t, fsys, "/"}
	f := w.create("a", "123456")
	n, err := f.Write([]byte("7890ab"))
	if n != 4 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("the write that fills the disk = %d, %v", n, err)
	}
	if n, err := f.Write([]byte("c")); n != 0 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a write to the full disk = %d, %v", n, err)
	}
	w.wantContent("a", "1234567890")
	w.must(f.Sync())
	if fsys.Failed() != 2 {
		t.Errorf("%d failed", fsys.Failed())
	}
}

func TestShortWrite(t *testing.T) {
	fsys := vfs.Fail(vfs.NewMem(), vfs.Rule{Call: vfs.CallWrite, Nth: 2, Keep: 3, Err: io.ErrShortWrite})
	w := world{t, fsys, "/"}
	f := w.create("a", "abc")
	if n, err := f.Write([]byte("defghi")); n != 3 || !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("short write = %d, %v", n, err)
	}
	if n, err := f.Write([]byte("ghi")); n != 3 || err != nil {
		t.Errorf("after it = %d, %v", n, err)
	}
	w.wantContent("a", "abcdefghi")
}

func TestFailedCloseLeaksNoHandle(t *testing.T) {
	m := vfs.NewMem()
	fsys := vfs.Fail(m, vfs.Rule{Call: vfs.CallClose})
	lock, err := fsys.Lock("lock")
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Close(); !errors.Is(err, syscall.EIO) {
		t.Errorf("Close = %v", err)
	}
	if _, err := m.Lock("lock"); err != nil {
		t.Errorf("the handle was not closed: %v", err)
	}
}

func TestFailedCallsAreRecorded(t *testing.T) {
	r := vfs.Record(vfs.Fail(vfs.NewMem(), vfs.Rule{Call: vfs.CallWrite, Keep: 2}))
	f, err := vfs.Create(r, "f")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("abc")); err == nil {
		t.Fatal("no failure")
	}
	if got, want := r.Changes(), []string{"open f", "write f 0+2: input/output error"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRuleWithMalformedPatternPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	vfs.Fail(vfs.NewMem(), vfs.Rule{Path: "["})
}
