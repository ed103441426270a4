package crash_test

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"wire.example/wire/test/process"
)

// class is what kind of file of a state directory path is, or of a sink that a run has open.
func class(path string) string {
	switch name := filepath.Base(path); {
	case strings.Contains(path, ".wire/p/tmp/"): // its run was killed while it took the next checkpoint
		return "part of no checkpoint"
	case strings.HasPrefix(name, ".dead"):
		return "part of dead letters"
	case strings.HasPrefix(name, ".p-"):
		return "part of a directory"
	case name[0] == '.':
		return "part of a file"
	case strings.Contains(path, "/manifests/"):
		return "manifest"
	case strings.HasSuffix(name, ".sst"):
		return "table"
	case strings.HasSuffix(name, ".changes"):
		return "log of changes"
	case strings.HasSuffix(name, "pack"):
		return "pack"
	default:
		return name // a lock
	}
}

// byClass lists the files of each class in a state directory.
func byClass(t *testing.T, dir string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	must(t, filepath.WalkDir(filepath.Join(dir, ".wire", "p"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !strings.Contains(path, "/live-") {
			found[class(path)] = append(found[class(path)], path)
		}
		return err
	}))
	for _, path := range hidden(t, dir) {
		found[class(path)] = append(found[class(path)], path)
	}
	for _, paths := range found {
		slices.Sort(paths)
	}
	return found
}

// damaged are classes of files of a pipeline's run that was killed at a point, "" of one that has ended: what is damaged in each of needed must be noticed at least once.
type damaged struct {
	pipeline, point string
	needed          []string
	// resumed: the run goes on from one that was killed before, whose logs it has made tables of.
	resumed bool
}

// mostBits is how many bits are turned at most until damage of a class of files is noticed.
const mostBits = 60

// TestOneBit turns one bit of each class of file, of pipelines that have finished and of some that were killed. What a run makes of it is named, or the answer is the right one.
func TestOneBit(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program and runs it many times")
	}
	t.Parallel()
	bits := 2
	if process.Heavy() {
		bits = 24
	}
	for _, d := range []damaged{
		{"groups", "epoch/confirmed", []string{"manifest", "log of changes", "pack", "part of a file"}, false},
		{"groups", "epoch/confirmed", []string{"manifest", "table", "pack"}, true},
		{"groups", "", []string{"manifest"}, false},
		{"parts", "epoch/published", []string{"manifest", "part of a file", "part of dead letters", "part of a directory"}, false},
		{"parts", "", []string{"manifest"}, false},
	} {
		random := rand.New(rand.NewPCG(process.FixedSeed(t), uint64(len(d.point)))) //nolint:gosec // repeatable
		origin := newScene(t, named(d.pipeline), "")
		nth := 5
		if d.resumed {
			nth = 1
		}
		if d.point == "" {
			must(t, origin.run("", "", 2).Finishes())
		} else if r := origin.killedAt(d.point, nth); !r.Killed() {
			t.Fatalf("%s, %q: %s", d.pipeline, d.point, process.Tail(r.Says()))
		}
		for d.resumed && !origin.hasTable() { // a checkpoint may be taken before the logs that were there are tables
			if r := origin.run(d.point+":1", "KILL", 2); !r.Killed() {
				t.Fatalf("%s, %q, resumed: %s", d.pipeline, d.point, process.Tail(r.Says()))
			}
		}
		classes := byClass(t, origin.dir)
		detected := map[string]int{}
		for _, name := range slices.Sorted(maps.Keys(classes)) {
			for bit := 0; bit < bits || bit < mostBits && detected[name] == 0 && slices.Contains(d.needed, name); bit++ { // a bit of what is not in a checkpoint yet harms nobody
				paths := classes[name] // one of the newest, or one of the oldest
				at := random.IntN(min(2, len(paths)))
				if bit%2 == 0 {
					at = len(paths) - 1 - at
				}
				path := paths[at]
				caught, err := origin.turn(strings.TrimPrefix(path, origin.dir+"/"), random)
				if err != nil {
					t.Errorf("a bit of %s, killed at %q: %v", path, d.point, err)
				}
				if caught {
					detected[name]++
				}
			}
		}
		for _, name := range d.needed {
			if detected[name] == 0 {
				t.Errorf("%s, killed at %q: nobody notices damage of a %s; of %v it was noticed", d.pipeline, d.point, name, detected)
			}
		}
	}
}

// hasTable reports whether the newest checkpoint has a table of the store.
func (s *scene) hasTable() bool {
	s.t.Helper()
	names, err := filepath.Glob(filepath.Join(s.dir, ".wire", "p", "manifests", "*.json"))
	must(s.t, err)
	text, err := os.ReadFile(slices.Max(names))
	must(s.t, err)
	return strings.Contains(string(text), ".sst")
}

// turn copies the scene, turns a bit of a file of its state and goes on. It reports whether that was noticed.
func (s *scene) turn(path string, random *rand.Rand) (noticed bool, err error) {
	s.t.Helper()
	c := &scene{t: s.t, p: s.p, dir: s.t.TempDir()}
	must(s.t, os.CopyFS(c.dir, os.DirFS(s.dir)))
	damaged := filepath.Join(c.dir, path)
	content, err := os.ReadFile(damaged)
	must(s.t, err)
	if len(content) == 0 {
		return false, nil
	}
	content[random.IntN(len(content))] ^= 1 << random.IntN(8)
	must(s.t, os.WriteFile(damaged, content, 0o600))
	v := process.Start(s.t, c.dir, nil, "checkpoint", "verify", "--all", c.p.file)
	v.Wait()
	noticed = v.Exit() == 1
	if noticed && !strings.Contains(v.Says(), filepath.Base(path)) {
		return noticed, fmt.Errorf("verify does not name it: %s", process.Tail(v.Says()))
	}
	if !noticed && !strings.HasPrefix(class(path), "part") && !strings.HasPrefix(class(path), "lock") {
		return noticed, fmt.Errorf("verify does not notice: %s", process.Tail(v.Says()))
	}
	r := c.run("", "", 3)
	if r.Exit() != 0 {
		if !strings.Contains(r.Says(), filepath.Base(path)) {
			return noticed, fmt.Errorf("the run does not name it: %s", process.Tail(r.Says()))
		}
		return true, nil
	}
	return noticed, differs(c.p.answer(c.t, c.dir), world0.want(c.t, c.p))
}

// TestAFullDisk fills the disk of the state directory: rows go on, the log says that checkpoints do not, and with room they do.
func TestAFullDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	p := pipelines()[0]
	s := newScene(t, p, "")
	disk := smallDisk(t, s.dir)
	r := p.start(t, s.dir, process.Aim{Point: "epoch/confirmed", Signal: "STOP"}, 1, "--state-dir", "disk/state")
	r.Wait()
	if !r.Stopped() {
		t.Fatalf("the run did not take a checkpoint: %s", process.Tail(r.Says()))
	}
	full := filler{t: t, path: filepath.Join(disk, "filler")}
	full.fill()
	r.Signal(syscall.SIGCONT)
	if !r.Awaits("rows go on") {
		t.Fatalf("nobody says that a checkpoint failed: %s", process.Tail(r.Says()))
	}
	full.free()
	r.Wait()
	must(t, r.Finishes())
	must(t, differs(p.answer(t, s.dir), world0.want(t, p)))
	v := process.Start(t, s.dir, nil, "checkpoint", "verify", "--all", "--state-dir", "disk/state")
	v.Wait()
	must(t, v.Finishes())
}

// TestRowsGoOnWhileTheDiskIsFull: rows that come while no checkpoint can be written are answered.
func TestRowsGoOnWhileTheDiskIsFull(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	dir := t.TempDir()
	disk := smallDisk(t, dir)
	orders := filepath.Join(dir, "orders.jsonl")
	must(t, os.WriteFile(orders, []byte(`{"id": 1}`+"\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "p.sql"), []byte(`CREATE SOURCE orders (id BIGINT) WITH (connector = 'file', path = 'orders.jsonl', format = 'json', follow = true);
CREATE SINK result WITH (connector = 'stdout', format = 'json');
SET emit = 'changes';
INSERT INTO result SELECT id, count(*) AS n FROM orders GROUP BY id;
`), 0o600))
	r := process.Start(t, dir, nil, "run", "--state-dir", "disk/state", "--checkpoint-interval", "100ms", "--checkpoint-failures", "1000000", "p.sql")
	if !r.Awaits(`"id":1`) {
		t.Fatalf("nothing comes out: %s", process.Tail(r.Says()))
	}
	full := filler{t: t, path: filepath.Join(disk, "filler")}
	full.fill()
	add := func(id int) {
		f, err := os.OpenFile(orders, os.O_APPEND|os.O_WRONLY, 0)
		must(t, err)
		_, err = fmt.Fprintf(f, "{\"id\": %d}\n", id)
		must(t, err)
		must(t, f.Close())
		if !r.Awaits(fmt.Sprintf(`"id":%d`, id)) {
			t.Fatalf("row %d does not come out: %s", id, process.Tail(r.Says()))
		}
	}
	id := 2
	for ; !strings.Contains(r.Says(), "rows go on"); id++ { // what an older checkpoint leaves room for may be enough for the next
		full.fill()
		add(id)
	}
	add(id)
	full.free()
	r.Signal(syscall.SIGINT)
	r.Wait()
	if r.Exit() != 130 {
		t.Fatalf("exit %d: %s", r.Exit(), process.Tail(r.Says()))
	}
	v := process.Start(t, dir, nil, "checkpoint", "verify", "--all", "--state-dir", "disk/state")
	v.Wait()
	must(t, v.Finishes())
}

// smallDisk is a disk of 8 MiB within dir.
func smallDisk(t *testing.T, dir string) string {
	t.Helper()
	disk := filepath.Join(dir, "disk")
	must(t, os.Mkdir(disk, 0o750))
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size=8m", "wire-crash", disk).CombinedOutput(); err != nil {
		t.Skipf("SKIP: no tmpfs can be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.CommandContext(context.Background(), "umount", disk).CombinedOutput(); err != nil { // t's context is done
			t.Errorf("%v: %s", err, out)
		}
	})
	return disk
}

// filler is a file that takes what is left of a disk.
type filler struct {
	t    *testing.T
	path string
}

// fill takes all that is left.
func (f filler) fill() {
	f.t.Helper()
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(f.t, err)
	for block := make([]byte, 4096); err == nil; {
		_, err = file.Write(block)
	}
	must(f.t, file.Close())
}

// free gives it back.
func (f filler) free() { must(f.t, os.Remove(f.path)) }
