package checkpoint

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
)

func TestLook(t *testing.T) {
	b, _ := memBed(t)
	o := b.open()
	b.checkpoint(o, 1, 2)
	m := o.Latest()
	dead := exec.Command("true")
	b.must(dead.Run())
	stale := filepath.Join(stateDir, fmt.Sprintf("look-%d-1", dead.Process.Pid))
	b.must(b.fs.MkdirAll(filepath.Join(stale, "files"), 0o777))
	first, err := NewLook(t.Context(), b.fs, stateDir, m, "store")
	b.must(err)
	second, err := NewLook(t.Context(), b.fs, stateDir, m, "store")
	b.must(err)
	if first.Dir() == second.Dir() || len(first.Paths) != len(m.Files) {
		t.Errorf("%s and %s, %q", first.Dir(), second.Dir(), first.Paths)
	}
	for _, path := range first.Paths {
		if got, err := vfs.ReadFile(b.fs, path); err != nil || string(got) != epochFiles(2)[filepath.Base(path)] {
			t.Errorf("%s holds %q: %v", path, got, err)
		}
	}
	looks := func() int {
		return len(slices.DeleteFunc(b.names("."), func(name string) bool { return !strings.HasPrefix(name, "look-") }))
	}
	if looks() != 2 { // the stale one is gone
		t.Errorf("left: %q", b.names("."))
	}
	b.must(first.Close())
	b.must(second.Close())

	target := NewDirectory(b.fs, stateDir, 0)
	b.must(b.fs.Remove(target.Path(fileFolder + m.Files[1].Stored)))
	if _, err := NewLook(t.Context(), b.fs, stateDir, m, "store"); !errors.Is(err, ErrDamaged) {
		t.Errorf("%v", err)
	}
	b.must(b.fs.Remove(target.Path(manifestName(m.Number))))
	if _, err := NewLook(t.Context(), b.fs, stateDir, m, "store"); !errors.Is(err, ErrRemoved) {
		t.Errorf("%v", err)
	}
	if _, err := Verify(t.Context(), target, m); !errors.Is(err, ErrRemoved) {
		t.Errorf("%v", err)
	}
	if looks() != 0 {
		t.Errorf("left: %q", b.names("."))
	}
	for name, ok := range map[string]bool{"look-12-1": true, "look-12": false, "look-x-1": false, "look-0-1": false, "live-12-1": false} {
		if _, got := lookProcess(name); got != ok {
			t.Errorf("%s: %v", name, got)
		}
	}
}
