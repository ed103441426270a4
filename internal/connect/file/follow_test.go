package file_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"wire.example/wire/internal/connect/file"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// followed is a reader of growing files under a clock that a test moves.
type following struct {
	t      *testing.T
	fs     vfs.FS
	clock  *clock.Manual
	reader connector.Reader
	log    *strings.Builder
	// got are the lines of each split number, as "path: line"; offsets the end of its last block.
	got     []string
	splits  []int
	options map[string]any
}

func follow(t *testing.T, fsys vfs.FS, path string, restore []connector.SplitState) *following {
	t.Helper()
	f, err := tryFollow(t, fsys, map[string]any{"path": path}, restore)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func tryFollow(t *testing.T, fsys vfs.FS, options map[string]any, restore []connector.SplitState) (*following, error) {
	t.Helper()
	options["follow"] = true
	f := &following{t: t, fs: fsys, clock: clk(), log: &strings.Builder{}, options: options}
	typ := file.SourceType(fsys, f.clock)
	env := connector.SourceEnv{
		Name: "s", Framer: codec.NewLineFramer, Restore: restore, MaxRecordBytes: 1000,
		Log: slog.New(slog.NewTextHandler(f.log, nil)),
	}
	config := configured(t, typ.NewConfig(), options)
	if typ.Bounded(config) {
		t.Error("a followed source is called bounded")
	}
	var err error
	f.reader, err = typ.Open(t.Context(), env, config)
	return f, err
}

// poll takes one block; false if there is none now.
func (f *following) poll() bool {
	f.t.Helper()
	wake := make(chan struct{}, 1)
	wake <- struct{}{}
	block := codec.Block{Buf: (&batch.Pool{}).NewBuffer(64)}
	status, err := f.reader.Poll(f.t.Context(), wake, &block)
	if err != nil {
		f.t.Fatal(err)
	}
	if status != connector.Ready {
		return false
	}
	f.note(&block)
	return true
}

func (f *following) note(block *codec.Block) {
	for line := range strings.Lines(string(block.Buf.Data)) {
		if block.Oversize != nil {
			line = fmt.Sprintf("(%d bytes)", block.Oversize.Length)
		}
		f.got = append(f.got, filepath.Base(block.Name)+": "+strings.TrimSuffix(line, "\n"))
		f.splits = append(f.splits, block.Split)
	}
}

// tick lets the clock pass by the time between two looks, and takes all that is there.
func (f *following) tick() {
	f.t.Helper()
	f.clock.Advance(250 * time.Millisecond)
	for f.poll() {
	}
}

// wants compares what came since it was last called.
func (f *following) wants(lines ...string) {
	f.t.Helper()
	f.tick()
	if !slices.Equal(f.got, lines) {
		f.t.Errorf("lines %q, want %q", f.got, lines)
	}
	f.got, f.splits = nil, nil
}

func (f *following) logged(parts ...string) {
	f.t.Helper()
	for _, part := range parts {
		if !strings.Contains(f.log.String(), part) {
			f.t.Errorf("the log does not say %q:\n%s", part, f.log)
		}
	}
}

func (f *following) states() []connector.SplitState {
	f.t.Helper()
	states, err := f.reader.Snapshot()
	if err != nil {
		f.t.Fatal(err)
	}
	return states
}

// close returns the states to go on from.
func (f *following) close() []connector.SplitState {
	f.t.Helper()
	states := f.states()
	if err := f.reader.Close(); err != nil {
		f.t.Fatal(err)
	}
	return states
}

// add appends text to a file.
func (f *following) add(path, text string) {
	f.t.Helper()
	w, err := f.fs.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		f.t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		f.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		f.t.Fatal(err)
	}
}

func (f *following) rename(from, to string) {
	f.t.Helper()
	if err := f.fs.Rename(from, to); err != nil {
		f.t.Fatal(err)
	}
}

func (f *following) remove(path string) {
	f.t.Helper()
	if err := f.fs.Remove(path); err != nil {
		f.t.Fatal(err)
	}
}

func (f *following) truncate(path string) {
	f.t.Helper()
	w, err := f.fs.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		f.t.Fatal(err)
	}
}

// onBoth runs a test on the file system in memory and on the machine's, without events: correctness must not depend on them.
func onBoth(t *testing.T, test func(t *testing.T, fsys vfs.FS, dir string)) {
	t.Run("memory", func(t *testing.T) {
		fsys := vfs.NewMem()
		if err := fsys.MkdirAll("/logs", 0o755); err != nil {
			t.Fatal(err)
		}
		test(t, fsys, "/logs")
	})
	t.Run("system", func(t *testing.T) {
		test(t, vfs.Record(vfs.OS()), t.TempDir())
	})
}

func TestLinesComeAsTheyAreWritten(t *testing.T) {
	onBoth(t, func(t *testing.T, fsys vfs.FS, dir string) {
		log := filepath.Join(dir, "app.log")
		f := follow(t, fsys, log, nil)
		f.wants()
		f.logged("nothing to read yet")
		f.add(log, "one\ntwo\nthr")
		f.wants("app.log: one", "app.log: two")
		f.wants()
		f.add(log, "ee")
		f.wants()
		f.add(log, "\n")
		f.wants("app.log: three")
		f.add(log, strings.Repeat("x", 3000))
		f.wants()
		f.add(log, strings.Repeat("x", 3000)+"\nfour\n")
		f.wants("app.log: (6000 bytes)", "app.log: four")
		if done, total := f.reader.(connector.Progress).Progress(); done != 14+6001+5 || total != -1 {
			t.Errorf("progress %d of %d", done, total)
		}
		f.close()
	})
}

func TestFilesThatAppearLater(t *testing.T) {
	onBoth(t, func(t *testing.T, fsys vfs.FS, dir string) {
		for _, pattern := range []string{dir, filepath.Join(dir, "*.log")} {
			a, b := filepath.Join(dir, "a.log"), filepath.Join(dir, "b.log")
			f := follow(t, fsys, pattern, nil)
			f.wants()
			f.add(a, "a1\n")
			f.add(filepath.Join(dir, ".hidden.log"), "no\n")
			f.wants("a.log: a1")
			f.add(b, "b1\n")
			f.add(a, "a2\n")
			f.wants("b.log: b1", "a.log: a2") // in turns
			if states := f.close(); len(states) != 2 || states[0].Split != a+"#0" || states[1].Split != b+"#0" {
				t.Errorf("splits %v", states)
			}
			f.remove(a)
			f.remove(b)
		}
	})
}

// TestRotation: the old file is read to its end first, then the new one from its beginning, whether the old name is followed or not.
func TestRotation(t *testing.T) {
	onBoth(t, func(t *testing.T, fsys vfs.FS, dir string) {
		for _, pattern := range []string{"app.log", "app.log*"} {
			log, old := filepath.Join(dir, "app.log"), filepath.Join(dir, "app.log.1")
			f := follow(t, fsys, filepath.Join(dir, pattern), nil)
			f.add(log, "1\n")
			f.wants("app.log: 1")
			f.add(log, "2\n")
			f.rename(log, old)
			f.add(log, "4\n")
			f.add(old, "3\n") // the writer has not moved on yet
			f.tick()
			want := []string{": 2", ": 3", ": 4"}
			for i, line := range f.got {
				if i >= len(want) || !strings.HasSuffix(line, want[i]) || f.splits[i] != i/2 {
					t.Errorf("%s: %q in splits %v", pattern, f.got, f.splits)
				}
			}
			f.got, f.splits = nil, nil
			f.add(old, "late, without an end")
			f.add(log, "5\n")
			f.wants("app.log: 5")
			f.clock.Advance(time.Minute)
			f.tick() // the old file is silent from now on
			f.clock.Advance(time.Minute)
			f.tick()
			f.tick()
			if len(f.got) != 1 || !strings.HasSuffix(f.got[0], ": late, without an end") {
				t.Errorf("%s: after the old file was silent for long: %q", pattern, f.got)
			}
			states := f.close()
			if want := map[string]int{"app.log": 1, "app.log*": 2}[pattern]; len(states) != want {
				t.Errorf("%s: %d splits are still known: %v", pattern, len(states), states)
			}
			f = follow(t, fsys, filepath.Join(dir, pattern), states)
			f.wants()
			f.close()
			f.remove(log)
			f.remove(old)
		}
	})
}

func TestAFileThatIsEmptiedIsReadAnew(t *testing.T) {
	onBoth(t, func(t *testing.T, fsys vfs.FS, dir string) {
		log := filepath.Join(dir, "app.log")
		f := follow(t, fsys, log, nil)
		f.add(log, "one\ntwo\npart")
		f.wants("app.log: one", "app.log: two")
		f.truncate(log)
		f.wants()
		f.logged("it was emptied or cut", "restarts=1", "level=WARN")
		f.add(log, "three\n")
		f.wants("app.log: three")
		f.truncate(log) // filled again beyond the old position before anybody looked
		f.add(log, "four, and longer than before\n")
		f.wants("app.log: four, and longer than before")
		f.logged("its beginning has changed", "restarts=2")
		var p struct{ Restarts, Lines, Offset int }
		states := f.close()
		if err := json.Unmarshal(states[0].Position, &p); err != nil || p.Restarts != 2 || p.Lines != 1 || p.Offset != 29 || len(states) != 1 {
			t.Errorf("states %+v, %v", states, err)
		}
	})
}

// TestCopyTruncate: the content is copied away, then the file is emptied under its writer.
func TestCopyTruncate(t *testing.T) {
	onBoth(t, func(t *testing.T, fsys vfs.FS, dir string) {
		log := filepath.Join(dir, "app.log")
		f := follow(t, fsys, log, nil)
		n := 0
		var want []string
		for range 5 {
			for range 3 {
				f.add(log, fmt.Sprintf("line %d\n", n))
				want = append(want, fmt.Sprintf("app.log: line %d", n))
				n++
			}
			f.tick()
			content, err := vfs.ReadFile(fsys, log)
			if err != nil {
				t.Fatal(err)
			}
			put(t, fsys, filepath.Join(dir, "app.log.1"), content)
			f.truncate(log)
		}
		f.wants(want...)
		f.close()
	})
}

func TestAFileIsDeletedWhileItIsRead(t *testing.T) {
	onBoth(t, func(t *testing.T, fsys vfs.FS, dir string) {
		log := filepath.Join(dir, "app.log")
		f := follow(t, fsys, log, nil)
		f.add(log, "one\n")
		f.wants("app.log: one")
		f.add(log, "two\nunended")
		f.remove(log)
		f.wants("app.log: two")
		f.add(log, "new\n")
		f.wants("app.log: new")
		f.clock.Advance(time.Minute)
		f.wants("app.log: unended")
		if states := f.close(); len(states) != 1 || states[0].Split != log+"#1" {
			t.Errorf("states %v", states)
		}
	})
}

func TestADirectoryThatVanishesIsWaitedFor(t *testing.T) {
	fsys := vfs.NewMem()
	f := follow(t, fsys, "/logs/app/*.log", nil)
	f.wants()
	f.logged("directory /logs/app is not there; waiting for it")
	if err := fsys.MkdirAll("/logs/app", 0o755); err != nil {
		t.Fatal(err)
	}
	f.add("/logs/app/a.log", "1\n")
	f.wants("a.log: 1")
	f.rename("/logs", "/away")
	f.wants()
	f.clock.Advance(time.Hour)
	f.wants()
	if n := strings.Count(f.log.String(), "is not there"); n != 2 {
		t.Errorf("warned %d times:\n%s", n, f.log)
	}
	f.add("/away/app/a.log", "2\n")
	f.wants("a.log: 2")
	f.rename("/away", "/logs")
	f.add("/logs/app/a.log", "3\n")
	f.wants("a.log: 3") // the same file, which goes on where it was
	f.close()
}

func TestCompressedFilesAreNotFollowed(t *testing.T) {
	fsys := vfs.NewMem()
	typ := file.SourceType(fsys, clk())
	for _, options := range []map[string]any{
		{"path": "/logs/app.log.gz", "follow": true}, {"path": "/logs/*", "follow": true, "compression": "zstd"},
	} {
		mistakes := connector.Apply(typ.NewConfig(), options)
		if len(mistakes) != 1 || !strings.Contains(mistakes[0].Message, "cannot be read while it grows") {
			t.Errorf("%v: %v", options, mistakes)
		}
	}
	if mistakes := connector.Apply(typ.NewConfig(), map[string]any{"path": "x", "follow": true, "poll_every": "1ms"}); len(mistakes) != 1 {
		t.Errorf("poll_every 1ms: %v", mistakes)
	}
	put(t, fsys, "/app.log.2.gz", []byte("…"))
	put(t, fsys, "/app.log", []byte("1\n"))
	f := follow(t, fsys, "/app.log*", nil)
	f.wants("app.log: 1")
	f.wants()
	if n := strings.Count(f.log.String(), "passing over a compressed file"); n != 1 {
		t.Errorf("warned %d times:\n%s", n, f.log)
	}
	f.close()
}

// TestFollowingGoesOnWhereItWas: at any time, with everything that happened in between.
func TestFollowingGoesOnWhereItWas(t *testing.T) {
	onBoth(t, func(t *testing.T, fsys vfs.FS, dir string) {
		log := filepath.Join(dir, "app.log")
		for name, test := range map[string]struct {
			pattern string
			between func(f *following)
			want    []string
			logged  string
		}{
			"nothing":              {"app.log", func(*following) {}, nil, ""},
			"growth":               {"app.log", func(f *following) { f.add(log, "ial\nnew\n") }, []string{"app.log: partial", "app.log: new"}, ""},
			"rotated, in the glob": {"app.log*", func(f *following) { f.add(log, "ial\n"); f.rename(log, log+".1"); f.add(log, "new\n") }, []string{"app.log.1: partial", "app.log: new"}, ""},
			"rotated, out of it":   {"app.log", func(f *following) { f.add(log, "ial\n"); f.rename(log, log+".1"); f.add(log, "new\n") }, []string{"app.log.1: partial", "app.log: new"}, ""},
			"emptied":              {"app.log", func(f *following) { f.truncate(log); f.add(log, "n\n") }, []string{"app.log: n"}, "it was emptied or cut"},
			"written anew":         {"app.log", func(f *following) { f.truncate(log); f.add(log, "new and longer than it was\n") }, []string{"app.log: new and longer than it was"}, "its beginning has changed"},
			"removed":              {"app.log", func(f *following) { f.remove(log) }, nil, "what was not read of it is lost"},
			"replaced": {"app.log", func(f *following) {
				f.add(log+"x", "new\n")
				f.rename(log+"x", log)
			}, []string{"app.log: new"}, "what was not read of it is lost"},
			"restored from a backup": {"app.log", func(f *following) {
				f.add(log+"x", "one\ntwo\npartial\n")
				f.rename(log+"x", log)
			}, []string{"app.log: partial"}, ""},
		} {
			t.Run(name, func(t *testing.T) {
				f := follow(t, fsys, filepath.Join(dir, test.pattern), nil)
				f.add(log, "one\ntwo\npart")
				f.wants("app.log: one", "app.log: two")
				states := f.close()
				test.between(f)
				f = follow(t, fsys, filepath.Join(dir, test.pattern), states)
				f.wants(test.want...)
				if test.logged != "" {
					f.logged(test.logged)
				} else if strings.Contains(f.log.String(), "WARN") {
					t.Errorf("warned: %s", f.log)
				}
				f.close()
				for _, path := range []string{log, log + ".1"} {
					_ = fsys.Remove(path)
				}
			})
		}
	})
}

func TestPositionsThatCannotBeFollowed(t *testing.T) {
	fsys := vfs.NewMem()
	put(t, fsys, "/f", []byte("1\n"))
	for _, position := range []string{`nonsense`, `{"version":9}`, `{"version":1,"offset":-1}`, `{"version":1,"id":{"head_len":99999}}`} {
		if _, err := tryFollow(t, fsys, map[string]any{"path": "/f"}, []connector.SplitState{{Split: "/f#0", Position: json.RawMessage(position)}}); err == nil {
			t.Errorf("%s was taken", position)
		}
	}
	r, err := openSource(t, fsys, map[string]any{"path": "/f"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	sequence, err := r.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	readAll(t, r, nil)
	if _, err := tryFollow(t, fsys, map[string]any{"path": "/f"}, sequence); err == nil || !strings.Contains(err.Error(), "leave follow out again") {
		t.Errorf("the position of a sequence: %v", err)
	}
	f := follow(t, fsys, "/f", nil)
	states := f.close()
	if _, err := openSource(t, fsys, map[string]any{"path": "/f"}, states); err == nil || !strings.Contains(err.Error(), "set follow again") {
		t.Errorf("the position of a follower: %v", err)
	}
}

func TestReadErrorsNameTheFile(t *testing.T) {
	mem := vfs.NewMem()
	put(t, mem, "/f", []byte("1\n"))
	failing := vfs.Fail(mem, vfs.Rule{Call: vfs.CallRead, Nth: 1})
	f := follow(t, failing, "/f", nil)
	f.clock.Advance(time.Second)
	block := codec.Block{Buf: (&batch.Pool{}).NewBuffer(64)}
	if _, err := f.reader.Poll(t.Context(), nil, &block); err == nil || !strings.HasPrefix(err.Error(), "/f: ") {
		t.Errorf("%v", err)
	}
	f.wants("f: 1")
	f.close()
	for _, call := range []vfs.Call{vfs.CallStat, vfs.CallOpen, vfs.CallFileStat, vfs.CallSeek} {
		failing := vfs.Fail(mem, vfs.Rule{Call: call, Times: vfs.Forever})
		if f, err := tryFollow(t, failing, map[string]any{"path": "/f"}, nil); err == nil {
			t.Errorf("%s failed and nothing was said", call)
			f.close()
		}
	}
}

// TestALoneLineWakesTheReader: on the machine's file system events do it, and the clock never moves.
func TestALoneLineWakesTheReader(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := t.TempDir()
	f := follow(t, vfs.OS(), dir, nil)
	lines := make(chan string)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		for {
			block := codec.Block{Buf: (&batch.Pool{}).NewBuffer(64)}
			status, err := f.reader.Poll(ctx, nil, &block)
			if err != nil {
				ended <- err
				return
			}
			if status == connector.Ready {
				lines <- filepath.Base(block.Name) + ": " + string(block.Buf.Data)
			}
		}
	}()
	log := filepath.Join(dir, "app.log")
	for i, want := range []string{"app.log: 0\n", "app.log: 1\n", "app.log: 2\n"} {
		f.add(log, fmt.Sprintln(i))
		if got := <-lines; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f.rename(log, log+".1")
	f.add(log, "new\n")
	if got := <-lines; got != "app.log: new\n" {
		t.Errorf("%q", got)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	f.close()
}

// TestMoreFilesThanHandles: files beyond the limit are closed and opened again.
func TestMoreFilesThanHandles(t *testing.T) {
	fsys := vfs.NewMem()
	if err := fsys.MkdirAll("/logs", 0o755); err != nil {
		t.Fatal(err)
	}
	const files = 1100
	write := func(f *following, text string) {
		for i := range files {
			f.add(fmt.Sprintf("/logs/%04d", i), text)
		}
	}
	record := vfs.Record(fsys)
	f := follow(t, record, "/logs", nil)
	for _, text := range []string{"1\n", "2\n", "3\n"} {
		write(f, text)
		f.tick()
		if len(f.got) != files {
			t.Fatalf("%d lines, want %d", len(f.got), files)
		}
		f.got = nil
	}
	open := 0
	for _, op := range record.Ops() {
		switch {
		case op.Err != nil || strings.Contains(op.String(), "/logs ") || op.Flag != 0:
		case op.Call == vfs.CallOpen:
			open++
		}
	}
	if open <= files {
		t.Errorf("%d opens of %d files: none was closed", open, files)
	}
	f.close()
}

// emptyIfThere is truncate for a file that need not be there.
func (f *following) emptyIfThere(path string) {
	f.t.Helper()
	if _, err := f.fs.Stat(path); err == nil {
		f.truncate(path)
	}
}
