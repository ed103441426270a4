package pebblestore_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strings"
	"syscall"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/internal/state/pebblestore"
	"wire.example/wire/internal/state/store"
)

// plenty is how much may wait in the logs of tests.
const plenty = 1 << 30

// logged are changes in the form of a log.
func logged(fill func(c *store.Changes)) *store.Changes {
	c := &store.Changes{}
	c.Log(plenty)
	fill(c)
	return c
}

// loggedEpoch is epoch in the form of a log.
func loggedEpoch(seed uint64, n int) *store.Changes {
	return logged(func(c *store.Changes) { c.Add(epoch(seed, n)) })
}

// blocks are so many entries that some are written from where they lie, others of as many different runs that they are not, and a few behind them.
func blocks(c *store.Changes) {
	value := bytes.Repeat([]byte("block"), 4000)
	for i := range uint64(70) {
		c.Put(space(), 0, i<<57, nil, value[:20_000-17*i])
	}
	for i := range uint64(1500) {
		c.Put(space(), 2+int64(i%2), i<<52, nil, value[:1000]) //nolint:gosec // one bit
	}
	c.Delete(space(), 0, 0, nil)
}

// logStep is a step of the life of logs.
type logStep struct {
	name    string
	changes []*store.Changes // what is applied; nil: a checkpoint, or a read
	read    bool
}

// logLife are steps in which logs are begun, appended to, ended, folded by a read and by changes of another form, and removed unread.
func logLife() []logStep {
	some := func(c *store.Changes) {
		c.Drop(space(), 1, 1<<62, math.MaxUint64)
		c.Delete(space(), 0, 1, []byte("key"))
	}
	few := loggedEpoch(9, 20)
	few.Log(10_000)
	return []logStep{
		{name: "first", changes: []*store.Changes{loggedEpoch(1, 20), logged(some)}},
		{name: "second, and large", changes: []*store.Changes{logged(func(c *store.Changes) {
			c.Put(space(), 0, 1, []byte("key"), bytes.Repeat([]byte("large"), 220_000))
		})}},
		{name: "blocks", changes: []*store.Changes{logged(blocks)}},
		{name: "third", changes: []*store.Changes{loggedEpoch(3, 20), logged(some)}},
		{name: "checkpoint"},
		{name: "behind it", changes: []*store.Changes{loggedEpoch(4, 20)}},
		{name: "read", read: true},
		{name: "behind a read", changes: []*store.Changes{loggedEpoch(5, 60)}},
		{name: "less may wait than does", changes: []*store.Changes{few}},
		{name: "another form", changes: []*store.Changes{epoch(6, 20)}},
		{name: "to be dropped", changes: []*store.Changes{loggedEpoch(7, 20)}},
		{name: "second checkpoint"},
		{name: "drop of all", changes: []*store.Changes{logged(func(c *store.Changes) {
			c.DropAll(space(), 0, math.MaxUint64)
			c.Add(epoch(8, 25))
		})}},
		{name: "last checkpoint"},
	}
}

// logFault is a way in which calls fail.
type logFault struct {
	vfs.Rule
	// again: what would take back what failed fails, too, until the disk is well.
	again bool
}

// TestLogsFailAnywhere fails one call after the other of those that have to do with logs, in several ways. What fails says so and has changed nothing, and goes through once the disk is well.
func TestLogsFailAnywhere(t *testing.T) {
	steps := logLife()
	wants := contentsAfter(t, steps)
	for name, fault := range map[string]logFault{
		"once":                      {Rule: vfs.Rule{Path: "log-*", Err: syscall.EIO}},
		"until the disk is well":    {Rule: vfs.Rule{Path: "log-*", Times: vfs.Forever, Err: syscall.ENOSPC}},
		"a short write":             {Rule: vfs.Rule{Call: vfs.CallWrite, Path: "log-*", Keep: 5000, Err: syscall.ENOSPC}},
		"and nothing is taken back": {Rule: vfs.Rule{Call: vfs.CallWrite, Path: "log-*", Keep: 5000, Err: syscall.EIO}, again: true},
		"direct writes":             {Rule: vfs.Rule{Call: vfs.CallWrite, Path: "log-*", Keep: 4096, Err: syscall.EINVAL}},
		"direct opens":              {Rule: vfs.Rule{Call: vfs.CallOpen, Path: "log-*", Err: syscall.EINVAL}},
		"tables":                    {Rule: vfs.Rule{Path: "new-*", Err: syscall.ENOSPC}},
	} {
		t.Run(name, func(t *testing.T) {
			told := 0
			for nth := 1; ; nth++ {
				fault.Nth = nth
				look := (nth+len(name))%2 == 0 // of one fault at every other call, of another at those between
				l := logTrial{T: t, name: fmt.Sprintf("call %d, look %t", nth, look), look: look, wants: wants}
				told += l.run(steps, fault)
				if l.disk.Failed() == 0 {
					break
				}
			}
			if told == 0 && !strings.HasPrefix(name, "direct") {
				t.Error("nothing was told")
			}
		})
	}
}

// contentsAfter is what a sound store has after each step.
func contentsAfter(t *testing.T, steps []logStep) []string {
	t.Helper()
	s, err := store.OpenMemory(t.Context(), store.MemoryOptions{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	wants := []string{mustContent(t, s)}
	for _, step := range steps {
		apply(t, s, step.changes...)
		wants = append(wants, mustContent(t, s))
	}
	return wants
}

// logTrial is a life of logs in which something fails.
type logTrial struct {
	*testing.T
	name  string
	disk  *vfs.Failing
	kept  vfs.FS // the same disk, where links do not fail
	look  bool   // after a failure, which folds what is logged
	wants []string
	tried int
}

// run returns how often a failure was told.
func (l *logTrial) run(steps []logStep, fault logFault) (told int) {
	mem := vfs.NewMem()
	more := vfs.Fail(mem)
	l.disk, l.kept = vfs.Fail(more), more
	s, err := pebblestore.Open(l.Context(), pebblestore.Options{FS: l.disk, Dir: "/live", Memory: small})
	if err != nil {
		l.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			l.Errorf("%s: close: %v", l.name, err)
		}
	}()
	l.disk.Add(fault.Rule)
	if fault.again {
		more.Add(vfs.Rule{Call: vfs.CallTruncate, Path: "log-*", Times: vfs.Forever}, vfs.Rule{Call: vfs.CallRemove, Path: "log-*", Times: vfs.Forever})
	}
	var paths []string
	for i, step := range steps {
		for {
			kept, err := l.step(s, step, l.wants[i])
			if err == nil {
				if kept != nil {
					paths = kept
				}
				break
			}
			told++
			if !errors.Is(err, fault.Err) && !errors.Is(err, syscall.EIO) {
				l.Errorf("%s, %s: %v", l.name, step.name, err)
			}
			if told > 50 {
				l.Fatalf("%s, %s: never goes through: %v", l.name, step.name, err)
			}
			if told%2 == 0 || !fault.again { // else it fails once more
				l.disk.Heal()
				more.Heal()
			}
			if !l.look || told%2 == 1 && fault.again {
				continue
			}
			if got := mustContent(l.T, s); got != l.wants[i] {
				l.Errorf("%s, %s failed: %s instead of %s", l.name, step.name, got, l.wants[i])
			}
		}
	}
	l.disk.Heal()
	more.Heal()
	want := l.wants[len(steps)]
	again, err := pebblestore.Open(l.Context(), pebblestore.Options{FS: mem.CrashImage(vfs.CrashOptions{}), Dir: "/again", From: paths, Memory: small})
	if err != nil {
		l.Fatalf("%s: %v", l.name, err)
	}
	for _, one := range []store.Store{again, s} {
		if got := mustContent(l.T, one); got != want {
			l.Errorf("%s: in the end %s instead of %s", l.name, got, want)
		}
	}
	if err := again.Close(); err != nil {
		l.Errorf("%s: close: %v", l.name, err)
	}
	return told
}

// step takes a step, and returns the files of a checkpoint.
func (l *logTrial) step(s store.Store, step logStep, want string) (paths []string, err error) {
	switch {
	case step.changes != nil:
		return nil, s.Apply(l.Context(), step.changes)
	case step.read:
		got, err := content(s)
		if err == nil && got != want {
			l.Errorf("%s: %s instead of %s", l.name, got, want)
		}
		return nil, err
	default:
		l.tried++
		dir := fmt.Sprintf("/checkpoint-%d", l.tried)
		files, err := s.Checkpoint(l.Context(), dir)
		if err != nil {
			return nil, err
		}
		return keep(l.T, l.kept, files, dir+"-kept"), nil
	}
}

// appendless is a file system without files that are opened to append.
type appendless struct {
	*vfs.Mem
	failed int
}

func (a *appendless) OpenFile(name string, flag int, perm fs.FileMode) (vfs.File, error) {
	if flag&os.O_APPEND != 0 && a.failed == 0 {
		a.failed++
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EMFILE}
	}
	return a.Mem.OpenFile(name, flag, perm)
}

// A log whose direct write is refused, and which cannot be opened in another way just then, goes on later.
func TestDirectWriteOfALogRefusedTwice(t *testing.T) {
	if vfs.Direct == 0 {
		t.Skip("no direct writes here")
	}
	more := &appendless{Mem: vfs.NewMem()}
	disk := vfs.Fail(more)
	s := open(t, disk, "/live")
	apply(t, s, loggedEpoch(1, 20))
	disk.Add(vfs.Rule{Call: vfs.CallWrite, Path: "log-*", Times: 2, Err: syscall.EINVAL})
	c := loggedEpoch(2, 20)
	if err := s.Apply(t.Context(), []*store.Changes{c}); !errors.Is(err, syscall.EMFILE) || more.failed != 1 {
		t.Fatal(err)
	}
	apply(t, s, c)
	paths := checkpoint(t, disk, s, "/checkpoint")
	sound := open(t, vfs.NewMem(), "/live")
	apply(t, sound, epoch(1, 20))
	apply(t, sound, epoch(2, 20))
	want := mustContent(t, sound)
	if got := mustContent(t, s); got != want {
		t.Errorf("%s instead of %s", got, want)
	}
	if got := mustContent(t, open(t, disk, "/again", paths...)); got != want {
		t.Errorf("restored: %s instead of %s", got, want)
	}
}
