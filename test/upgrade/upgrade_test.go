package upgrade_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the repository, from here.
const root = "../.."

// row is a row of README.md: a format, and the fixtures of its versions.
type row struct {
	page, section string
	versions      []string
	pattern       string   // of paths, from the root
	fixtures      []string // that match
	folder, test  string   // test is a regular expression
}

var rowText = regexp.MustCompile("^\\| `([a-z-]+\\.md)` (.*?) \\| ([0-9, ]+) \\| `([^`]+)` \\| `([^`]+)` `([^`]+)` \\|$") //nolint:gochecknoglobals // immutable

// table reads README.md.
func table(t *testing.T) []row {
	t.Helper()
	text, err := os.ReadFile("README.md")
	must(t, err)
	files := candidates(t)
	var rows []row
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := rowText.FindStringSubmatch(strings.TrimSpace(line))
		if cells == nil {
			t.Fatalf("this is no row: %s", line)
		}
		r := row{page: cells[1], section: cells[2], versions: strings.Split(cells[3], ", "), pattern: cells[4], folder: cells[5], test: "^(" + strings.ReplaceAll(cells[6], `\|`, "|") + ")$"}
		matches := glob(r.pattern)
		for _, path := range files {
			if matches.MatchString(path) {
				r.fixtures = append(r.fixtures, path)
			}
		}
		rows = append(rows, r)
	}
	return rows
}

// glob is a pattern as a regular expression: * stands for anything within a name, ** for anything, {a,b} for a choice.
func glob(pattern string) *regexp.Regexp {
	return regexp.MustCompile("^" + strings.NewReplacer("**", ".*", "*", "[^/]*", ".", `\.`, "{", "(", "}", ")", ",", "|").Replace(pattern) + "$")
}

// fixtureName matches what is a fixture of a version by its name, in a package's testdata.
var fixtureName = regexp.MustCompile(`^internal/.*/testdata/[^/]*-v?[0-9]+(-[^/]*)?\.(state|txt|json)$`) //nolint:gochecknoglobals // immutable

// candidates are all files that are fixtures by where they lie or what they are called, from the root.
func candidates(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, dir := range []string{"internal", "test/upgrade"} {
		must(t, filepath.WalkDir(filepath.Join(root, dir), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			path = filepath.ToSlash(strings.TrimPrefix(path, root+"/"))
			if fixtureName.MatchString(path) || strings.Count(path, "/") > 2 && strings.HasPrefix(path, "test/upgrade/") {
				found = append(found, path)
			}
			return nil
		}))
	}
	return found
}

// heading matches the headings of docs/format; versionOf the numbers of versions in one.
var (
	heading   = regexp.MustCompile(`(?m)^##? (.*)$`)                                      //nolint:gochecknoglobals // immutable
	versionOf = regexp.MustCompile(`(?:versions?|and|, and) ([0-9]+)\b`)                  //nolint:gochecknoglobals // immutable
	subjectOf = regexp.MustCompile(`^(.*?)(?:, version .*|, versions .*|: version .*)?$`) //nolint:gochecknoglobals // immutable
)

// notStored are the headings of pages whose every section is a format that are none.
var notStored = []string{"Entries", "Whole key groups"} //nolint:gochecknoglobals // immutable

// TestEveryFormatHasFixtures: each page and each heading with a version has a row, with that version; each row has fixtures, one of each of its versions; and each fixture is in a row.
func TestEveryFormatHasFixtures(t *testing.T) {
	rows := table(t)
	pages, err := filepath.Glob(root + "/docs/format/*.md")
	must(t, err)
	if len(pages) < 10 {
		t.Fatalf("only %q were found", pages)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		must(t, err)
		of := slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.page != filepath.Base(page) })
		if len(of) == 0 {
			t.Errorf("%s has no row", page)
		}
		for _, h := range heading.FindAllStringSubmatch(string(text), -1) {
			subject, versions := subjectOf.FindStringSubmatch(h[1])[1], versionOf.FindAllStringSubmatch(h[1], -1)
			if subject == "Version 2" || len(versions) == 0 && (filepath.Base(page) != "entries.md" || slices.Contains(notStored, subject)) {
				continue
			}
			i := slices.IndexFunc(of, func(r row) bool { return r.section == subject })
			if i < 0 {
				t.Errorf("%s: %q has no row", page, subject)
				continue
			}
			for _, v := range versions {
				if !slices.Contains(of[i].versions, v[1]) {
					t.Errorf("%s: the row of %q lacks version %s", page, subject, v[1])
				}
			}
		}
	}
	for _, r := range rows {
		for _, v := range r.versions {
			if named := regexp.MustCompile("[-v/]" + v + "[-./]"); !slices.ContainsFunc(r.fixtures, named.MatchString) {
				t.Errorf("%s %s: no fixture of version %s", r.page, r.section, v)
			}
		}
	}
	for _, path := range candidates(t) {
		if !slices.ContainsFunc(rows, func(r row) bool { return slices.Contains(r.fixtures, path) }) {
			t.Errorf("%s is in no row", path)
		}
	}
}

// remnant matches parts of an epoch that no checkpoint has, which the next run removes, whatever is in them, and hidden parts to which nothing had come, which are empty.
var remnant = regexp.MustCompile(`^test/upgrade/sinks/file-.-gzip/.*/\.f-000007\.|^test/upgrade/state/1/.*/\.(counts|tops)\.`) //nolint:gochecknoglobals // immutable

// TestEveryFixtureIsRead empties each fixture in turn, in a copy: a test of its row fails, and none does before.
func TestEveryFixtureIsRead(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs the tests of other packages")
	}
	rows := table(t)
	slices.SortStableFunc(rows, func(a, b row) int { return strings.Compare(a.folder, b.folder) })
	copied := t.TempDir()
	must(t, os.CopyFS(filepath.Join(copied, "test", "upgrade"), os.DirFS(".")))
	program, of := "", ""
	for _, r := range rows {
		if r.folder != of {
			program, of = build(t, r.folder), r.folder
			must(t, os.MkdirAll(filepath.Join(copied, r.folder), 0o750))
			if data := filepath.Join(root, r.folder, "testdata"); strings.Contains(r.pattern, "/testdata/") {
				must(t, os.CopyFS(filepath.Join(copied, r.folder, "testdata"), os.DirFS(data)))
			}
		}
		t.Run(fmt.Sprint(r.page, " ", r.section), func(t *testing.T) {
			dir := filepath.Join(copied, r.folder)
			if said, passed := run(t, program, dir, r.test); !passed || !strings.Contains(said, "--- PASS: ") {
				t.Fatalf("%s %s: %s", r.folder, r.test, said)
			}
			for _, path := range r.fixtures {
				if remnant.MatchString(path) {
					continue
				}
				content, err := os.ReadFile(filepath.Join(root, path))
				must(t, err)
				put(t, filepath.Join(copied, path), nil)
				if said, passed := run(t, program, dir, r.test); passed || !strings.Contains(said, "--- FAIL: ") && !strings.Contains(said, "panic: ") {
					t.Errorf("%s does not notice that %s is empty: %s", r.test, path, said)
				}
				put(t, filepath.Join(copied, path), content)
			}
		})
	}
}

// build builds the tests of a package.
func build(t *testing.T, folder string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "fixtures.test")
	c := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", program, "wire.example/wire/"+folder)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", folder, err, out)
	}
	return program
}

// run runs tests of a program in dir, and returns what they said and whether they passed.
func run(t *testing.T, program, dir, tests string) (said string, passed bool) {
	t.Helper()
	c := exec.CommandContext(t.Context(), program, "-test.v", "-test.run", tests, "-test.timeout", "2m")
	c.Dir = dir
	out, err := c.CombinedOutput()
	return string(out), err == nil
}

func put(t *testing.T, path string, content []byte) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o750))
	must(t, os.WriteFile(path, content, 0o600))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
