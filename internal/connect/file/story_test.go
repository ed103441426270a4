package file_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/vfs"
)

// TestWhateverHappensEveryLineComesOnce writes, rotates, empties, looks and restarts in any order. Only what a person could not avoid either
// is left out: a file is emptied, or rotated again, after what it held was read.
func TestWhateverHappensEveryLineComesOnce(t *testing.T) {
	for _, path := range []string{"/logs/app.log", "/logs/app.log*", "/logs"} {
		t.Run(path, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) { playStory(t, rt, path) })
		})
	}
}

func playStory(t *testing.T, rt *rapid.T, path string) {
	const log = "/logs/app.log"
	fsys := vfs.NewMem()
	if err := fsys.MkdirAll("/logs", 0o755); err != nil {
		t.Fatal(err)
	}
	f := follow(t, fsys, path, nil)
	var want, got []string
	var history []string
	partial := "" // written without its line end
	n, rotations := 0, 0
	read := func() {
		f.tick()
		for _, line := range f.got {
			got = append(got, line[strings.Index(line, ": ")+2:])
		}
		f.got, f.splits = nil, nil
	}
	write := func() {
		n++
		line := fmt.Sprintf("line %d %s", n, strings.Repeat("x", n*13%40))
		f.add(log, strings.TrimPrefix(line, partial)+"\n")
		want = append(want, partial+strings.TrimPrefix(line, partial))
		partial = ""
	}
	steps := map[string]func(){
		"write": write, "read": read,
		"part": func() {
			if partial == "" {
				partial = fmt.Sprintf("part of %d, ", n)
				f.add(log, partial)
			}
		},
		"rotate": func() {
			if partial != "" {
				write()
			}
			if _, err := fsys.Stat(log); err == nil {
				if rotations == 0 {
					read() // a file that nobody has seen under its name is not found under another
					write()
				}
				rotations++
				f.rename(log, fmt.Sprintf("%s.%d", log, rotations))
				f.add(log, "")
				read()
			}
		},
		"empty": func() {
			if partial != "" {
				write()
			}
			read()
			f.emptyIfThere(log)
		},
		"pass": func() { f.clock.Advance(time.Minute) },
		"restart": func() {
			states := f.close()
			f = follow(t, fsys, path, states)
		},
	}
	names := []string{"empty", "part", "pass", "read", "restart", "rotate", "write"}
	for range rapid.IntRange(1, 40).Draw(rt, "steps") {
		step := rapid.SampledFrom(names).Draw(rt, "step")
		history = append(history, step)
		steps[step]()
	}
	if partial != "" {
		write()
	}
	read()
	f.close()
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		rt.Fatalf("after %v: lines\n%q, want\n%q\n%s", history, got, want, f.log)
	}
}
