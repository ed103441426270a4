package pipelines_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestScripts runs every script in every way.
func TestScripts(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal(err, "no scripts")
	}
	stops := 0
	for _, path := range paths {
		s := readScript(t, path)
		t.Run(s.name, func(t *testing.T) { stops += s.test(t) })
	}
	if stops < len(paths) {
		t.Errorf("%d scripts were stopped %d times in all: blocks are not small, or stops do nothing", len(paths), stops)
	}
}

// test runs s in every way and returns how often it was stopped.
func (s *script) test(t *testing.T) (stops int) {
	t.Helper()
	for _, variable := range s.env {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	changes := 0
	for _, w := range ways(t, s.name) {
		if s.once && w.later != nil {
			continue
		}
		if s.once {
			w.kept = false
		}
		dir := t.TempDir()
		s.lay(t, dir)
		t.Chdir(dir)
		got := s.run(t, w, changes)
		if w.kept && !w.killed {
			changes = got.changes
		}
		if w.kept && got.exit != 0 {
			got.stops++ // what its checkpoints speak of stays
		}
		s.compare(t, w, got, dir)
		stops += got.stops
		if t.Failed() {
			t.Logf("%s: standard error\n%s", w.name, got.stderr)
			return stops
		}
		if s.exit == 2 || s.stdout != "" {
			return stops
		}
	}
	return stops
}

func (s *script) compare(t *testing.T, w way, got outcome, dir string) {
	t.Helper()
	if got.exit != s.exit {
		t.Errorf("%s: exit code %d, want %d", w.name, got.exit, s.exit)
	}
	for _, line := range s.stderr {
		if !strings.Contains(got.stderr, line) {
			t.Errorf("%s: standard error has no %q", w.name, line)
		}
	}
	if diff := cmp.Diff(s.stdout, got.stdout); s.stdout != "" && diff != "" {
		t.Errorf("%s: standard output (- want, + got)\n%s", w.name, diff)
	}
	for line, want := range s.account {
		if w.killed {
			break // what a killed run did is in no account
		}
		if diff := cmp.Diff(want.String(), got.account[line].String()); diff != "" {
			t.Errorf("%s: account of %s (- want, + got)\n%s", w.name, line, diff)
		}
	}
	files := s.output(t, dir, got.exit != 0 && got.stops > 0)
	if diff := cmp.Diff(s.want, files); diff != "" {
		t.Errorf("%s: files (- want, + got)\n%s", w.name, diff)
	}
}

// output reads the files that the run left. A run that failed after a stop keeps what its checkpoint speaks of, under hidden names.
func (s *script) output(t *testing.T, dir string, resumable bool) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if _, given := s.input[name]; given || strings.HasPrefix(name, "state/") || resumable && entry.Name()[0] == '.' {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		plain, err := unpack(name, data)
		files[name] = masked(string(plain))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

var letterTime = regexp.MustCompile(`(?m)^\{"time":"[^"]*"`) //nolint:gochecknoglobals // immutable

// masked hides when a dead letter was written.
func masked(text string) string { return letterTime.ReplaceAllString(text, `{"time":"-"`) }
