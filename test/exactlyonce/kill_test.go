package exactlyonce_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/test/process"
)

// runAimed runs the program over the pipeline in dir, which goes on where it had got to, until it ends, or is killed or stopped where aim says.
func runAimed(t *testing.T, dir string, aim process.Aim, flags ...string) *process.Process {
	t.Helper()
	args := append([]string{"run", "--quiet", "--checkpoint-interval", "1ms", "--checkpoint-blocks", "3", "--block-bytes", "256"}, flags...)
	p := aim.Start(t, dir, nil, append(args, "p.yaml")...)
	p.Wait()
	return p
}

// wire runs the program and kills it at a point, "" for none. It reports whether it was killed.
func wire(t *testing.T, dir, point string) (killed bool) {
	t.Helper()
	p := runAimed(t, dir, process.Aim{Point: point})
	if !p.Killed() {
		must(t, p.Finishes())
	}
	return p.Killed()
}

// onDisk is a directory with the pipeline and its input.
func onDisk(t *testing.T) string {
	t.Helper()
	dir, mem := t.TempDir(), begin(t)
	for _, name := range []string{"in", "out"} {
		must(t, os.Mkdir(filepath.Join(dir, name), 0o700))
	}
	for _, path := range []string{"/in/0.jsonl", "/in/1.jsonl", "/out/behind.jsonl"} {
		text, err := vfs.ReadFile(mem, path)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, path), text, 0o600))
	}
	text := strings.NewReplacer("path: /in", "path: in", "path: /out", "path: out").Replace(pipeline)
	must(t, os.WriteFile(filepath.Join(dir, "p.yaml"), []byte(text), 0o600))
	return dir
}

// published is what output shows of a directory.
func published(t *testing.T, dir string) map[string]string {
	t.Helper()
	mem := vfs.NewMem()
	must(t, mem.MkdirAll("/out/parts", 0o755))
	must(t, filepath.WalkDir(filepath.Join(dir, "out"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		text = bytes.ReplaceAll(text, []byte(`"source":"in`), []byte(`"source":"/in`))
		return errors.Join(err, vfs.WriteFile(mem, strings.TrimPrefix(path, dir), text))
	}))
	files, err := output(mem)
	must(t, err)
	return files
}

// hidden are the parts that are left.
func hidden(t *testing.T, dir string) []string {
	t.Helper()
	var left []string
	for _, pattern := range []string{"out/.*", "out/parts/.*"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		must(t, err)
		left = append(left, found...)
	}
	return left
}

// TestKilledBetweenTheSteps kills the program at each step of the sinks' protocol, early and late, and runs it again until it ends.
func TestKilledBetweenTheSteps(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program and runs it many times")
	}
	want := answer(t)
	for _, step := range []string{"before-prepare", "half-prepared", "after-prepare", "before-commit", "between-renames", "renamed", "after-commit"} {
		t.Run(step, func(t *testing.T) {
			kills := 0
			for _, nth := range []int{1, 4, 9, 23} {
				dir := onDisk(t)
				for _, point := range []string{fmt.Sprintf("%s:%d", step, nth), "resumed:2", step + ":2", "resumed:4", step} { // and again, half restored
					if wire(t, dir, "sink/file/"+point) {
						kills++
					} else {
						break
					}
				}
				wire(t, dir, "")
				must(t, differs(published(t, dir), want, false))
				if left := hidden(t, dir); len(left) > 0 {
					t.Errorf("killed at pass %d: %q are left", nth, left)
				}
			}
			if kills < 4 {
				t.Errorf("only %d kills", kills)
			}
		})
	}
}

// TestStoppedBetweenTheSteps stops the program at each step, lets another take over and come to the end, and wakes the first.
func TestStoppedBetweenTheSteps(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program and runs it many times")
	}
	want := answer(t)
	for _, step := range []string{"before-prepare", "half-prepared", "after-prepare", "before-commit", "between-renames", "renamed", "after-commit"} {
		t.Run(step, func(t *testing.T) {
			stops := 0
			for _, nth := range []int{1, 5, 12} {
				if stopped(t, fmt.Sprintf("sink/file/%s:%d", step, nth), want) {
					stops++
				}
			}
			if stops < 2 {
				t.Errorf("only %d stops", stops)
			}
		})
	}
}

// stopped reports whether the program got to point.
func stopped(t *testing.T, point string, want map[string]string) bool {
	t.Helper()
	dir := onDisk(t)
	former := runAimed(t, dir, process.Aim{Point: point, Signal: "STOP"})
	if !former.Stopped() { // it came to its end before
		must(t, former.Finishes())
		must(t, differs(published(t, dir), want, false))
		return false
	}
	if err := runAimed(t, dir, process.Aim{}, "--take-over").Finishes(); err != nil {
		t.Errorf("%s: %v", point, err)
	}
	former.Signal(syscall.SIGCONT)
	former.Wait() // it finds that it is no owner any more, or that nothing was left to do
	if err := differs(published(t, dir), want, false); err != nil {
		t.Errorf("%s: %v", point, err)
	}
	t.Logf("%s: the stopped one ended with %d: %s", point, former.Exit(), process.Tail(former.Says()))
	return true
}
