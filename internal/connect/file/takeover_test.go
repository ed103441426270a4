package file_test

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/connector"
)

// stops stops a run after each of its calls in turn, and after each publication, lets another take its place and run to the end, and wakes the stopped one, which goes on until it
// is fenced. What the two write differs where nothing was published before: no two runs need have the same rows in the same order. It returns how
// often that was, and the first that went wrong. contested is what the second run is told.
func stops(t *testing.T, options map[string]any, lag int, contested bool) (stopped int, wrong error) {
	t.Helper()
	var published []int // epochs, by call
	s := &story{t: t, options: options, clock: clk(), lag: lag, generation: 1}
	s.published = func() { published = append(published, s.done) }
	if err := s.run(vfs.Watch(storyFS(t, options), func(vfs.Op) { s.published() })); err != nil {
		t.Fatal(err)
	}
	for nth, covered := range published {
		mem, calls := storyFS(t, options), 0
		first := &story{t: t, options: options, clock: clk(), lag: lag, generation: 1, spoilt: covered + 1}
		var failed error
		var at vfs.Op
		stop := func(op vfs.Op) {
			if calls++; calls != nth+1 {
				return
			}
			first.fenced, at = true, op
			second := first.next()
			second.contested = contested
			failed = second.run(mem)
		}
		first.published = func() { stop(vfs.Op{Call: "publication"}) }
		err := first.run(vfs.Watch(mem, stop))
		if covered < len(storyEpochs()) && err == nil {
			failed = errors.Join(failed, errors.New("the stopped run knows nothing of it"))
		}
		if failed = errors.Join(failed, sameRows(t, mem, options)); failed != nil {
			return nth, fmt.Errorf("stopped after call %d, %s, with %d epochs; then %w", nth+1, at, covered, failed)
		}
	}
	return len(published), nil
}

// TestWhoeverWakesLaterDoesNoHarm: a run that was stopped in the middle of any call, and taken over, goes on writing, preparing and committing.
func TestWhoeverWakesLaterDoesNoHarm(t *testing.T) {
	for name, options := range storyOptions {
		for lag := range connector.MaxUnconfirmed {
			t.Run(fmt.Sprint(name, " ", lag), func(t *testing.T) {
				stopped, err := stops(t, options, lag, true)
				if err != nil {
					t.Fatal(err)
				}
				if stopped < 30 {
					t.Errorf("only %d stops", stopped)
				}
			})
		}
	}
}

// TestWhoeverIsNotToldIsHarmed is the control: without the copy the woken run writes into a file of the other.
func TestWhoeverIsNotToldIsHarmed(t *testing.T) {
	for _, name := range []string{"one file", "rows", "partitions", "appended"} {
		if _, err := stops(t, storyOptions[name], 1, false); err == nil {
			t.Errorf("%s: a run that was taken over without a word did no harm", name)
		}
	}
}

// careless is a file system that leaves out what makes things durable.
type careless struct {
	vfs.FS
	names   bool // directories are not synced
	content bool // files are not synced
}

func (c careless) SyncDir(name string) error {
	if c.names {
		return nil
	}
	return c.FS.SyncDir(name)
}

func (c careless) OpenFile(name string, flag int, perm fs.FileMode) (vfs.File, error) {
	f, err := c.FS.OpenFile(name, flag, perm)
	if err != nil || !c.content {
		return f, err
	}
	return hasty{f}, nil
}

// hasty is a file that is not synced.
type hasty struct{ vfs.File }

func (hasty) Sync() error { return nil }

// TestCarelessnessIsFound is the control of the power cuts: without any one of the steps they find rows that are lost.
func TestCarelessnessIsFound(t *testing.T) {
	for name, c := range map[string]careless{"names": {names: true}, "content": {content: true}} {
		for _, options := range []string{"one file", "rows", "partitions", "appended"} {
			s := &story{t: t, options: storyOptions[options], clock: clk(), lag: 1, generation: 1}
			broken := func(fsys vfs.FS) vfs.FS { c.FS = fsys; return c }
			if _, err := powerCuts(t, s, broken); err == nil {
				t.Errorf("%s: nobody noticed that %s are not synced", options, name)
			}
		}
	}
}

// TestWhatASupersededRunLeavesGoesWithTheLastEpoch: a run wakes when another has taken its place, prepares an epoch that it cannot publish, and ends. Its parts go when all is published; those
// of other pipelines, of later runs, and of runs without state stay.
func TestWhatASupersededRunLeavesGoesWithTheLastEpoch(t *testing.T) {
	for name, options := range storyOptions {
		t.Run(name, func(t *testing.T) {
			mem, epochs := storyFS(t, options), storyEpochs()
			first := &story{t: t, options: options, clock: clk(), generation: 1}
			his, err := first.open(mem)
			must(t, err)
			for _, rows := range epochs[:2] {
				must(t, first.epoch(his, rows, false))
			}
			second := first.next()
			second.contested = true
			mine, err := second.open(mem)
			must(t, err)
			first.fenced = true
			if err := first.epoch(his, epochs[2], false); !errors.Is(err, errFenced) {
				t.Fatal(err)
			}
			must(t, his.Close())

			foreign := hiddenNames(options, "", ".wire-00000000-1", ".wire-"+lineageMark(t, mem)+"-3")
			for _, path := range foreign {
				put(t, mem, path, []byte("theirs"))
			}
			for i, rows := range epochs[2:] {
				must(t, second.epoch(mine, rows, i == len(epochs)-3))
			}
			must(t, second.settle(mine, 0, true))
			must(t, mine.Close())
			must(t, sameRows(t, mem, options))
			for _, path := range hiddenParts(t, mem) {
				if !slices.Contains(foreign, path) {
					t.Errorf("%s is left", path)
				}
			}
			for _, path := range foreign {
				if _, err := mem.Stat(path); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// hiddenNames are names that parts of a story would have, whose owners are as given.
func hiddenNames(options map[string]any, owners ...string) []string {
	dir, name := filepath.Split(options["path"].(string))
	if options["partition_by"] != nil {
		dir = filepath.Join(dir, "k=p0")
	}
	if options["partition_by"] != nil || options["roll_rows"] != nil || options["roll_size"] != nil || options["roll_every"] != nil {
		name = strings.Replace(name, "f", "f-000900", 1)
	}
	var paths []string
	for _, owner := range owners {
		paths = append(paths, filepath.Join(dir, "."+name+owner+".part"))
	}
	return paths
}

// lineageMark is what stands for the lineage in the hidden names of a story.
func lineageMark(t *testing.T, fsys vfs.FS) string {
	t.Helper()
	for _, path := range hiddenParts(t, fsys) {
		if _, mark, ok := strings.Cut(path, ".wire-"); ok {
			return mark[:8]
		}
	}
	t.Fatal("no part has an owner")
	return ""
}

// hiddenParts lists the hidden parts that there are.
func hiddenParts(t *testing.T, fsys vfs.FS) []string {
	t.Helper()
	var parts []string
	walk(t, fsys, "/out", func(path string) {
		if strings.HasPrefix(filepath.Base(path), ".") {
			parts = append(parts, path)
		}
	})
	return parts
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
