package slt_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wire.example/wire/internal/testserver"
	"wire.example/wire/test/slt"
	"wire.example/wire/test/slt/grid"
)

// differencesPage lists what differs between Wire and PostgreSQL, each in a section of its own.
const differencesPage = "../../docs/differences.md"

// minCases keeps the suite from shrinking unnoticed.
const minCases = 5600

// shown bounds the failures that a test prints of a file.
const shown = 10

func load(t *testing.T) []*slt.Script {
	t.Helper()
	paths, err := slt.Find("testdata")
	if err != nil {
		t.Fatal(err)
	}
	scripts := make([]*slt.Script, len(paths))
	for i, path := range paths {
		if scripts[i], err = slt.Load(path); err != nil {
			t.Fatal(err)
		}
	}
	return scripts
}

// TestFilesAreWellMade holds the files to the rules of README.md.
func TestFilesAreWellMade(t *testing.T) {
	page, err := os.ReadFile(differencesPage)
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^## (\S+)$`).FindAllSubmatch(page, -1) {
		sections[string(m[1])] = true
	}
	cases := 0
	for _, s := range load(t) {
		text, err := os.ReadFile(s.File.Path)
		if err != nil {
			t.Fatal(err)
		}
		if string(s.File.Append(nil)) != string(text) {
			t.Errorf("%s is not written as -update writes it", s.File.Path)
		}
		seen := map[string]bool{}
		for i := range s.Steps {
			step := &s.Steps[i]
			if step.Included {
				continue
			}
			if step.Kind == slt.Query || step.State != "" {
				cases++
			}
			for _, fault := range faults(step, sections) {
				t.Errorf("%s: %s", step.Where(), fault)
			}
			key := fmt.Sprint(step.SQL, step.Conditions)
			if seen[key] {
				t.Errorf("%s: asked before", step.Where())
			}
			if seen[key] = true; step.Kind == slt.Statement && step.State == "" {
				clear(seen) // the same question may have another answer now
			}
		}
	}
	t.Logf("%d queries and errors", cases)
	if cases < minCases {
		t.Errorf("%d queries and errors, fewer than %d", cases, minCases)
	}
}

// faults are a step's breaches of the rules.
func faults(s *slt.Step, sections map[string]bool) (faults []string) {
	if s.Kind == slt.Query && s.Types == "" {
		faults = append(faults, "no answer: run slt -update")
	}
	if s.Kind == slt.Query && s.Sort == slt.SortNone && len(s.Answer) > 1 && !strings.Contains(strings.ToUpper(s.SQL), "ORDER") {
		faults = append(faults, "nosort, and no ORDER BY")
	}
	for _, c := range s.Conditions {
		if !sections[c.Reason] {
			faults = append(faults, fmt.Sprintf("the condition's reason %q is no section of docs/differences.md", c.Reason))
		}
	}
	return faults
}

// TestGridsAreWritten: the files of the grids have the grids' statements.
func TestGridsAreWritten(t *testing.T) {
	for _, g := range grid.All() {
		path := filepath.Join("testdata", g.Path)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		file, err := slt.Parse(path, text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(text), string(g.Merge(file).Append(nil))); diff != "" {
			t.Errorf("%s: run go generate ./test/slt/grid (- is, + should be)\n%s", path, diff)
		}
	}
}

// TestPostgreSQL: the stored answers are PostgreSQL's; with WIRE_TEST_HEAVY=1, whatever its plan and the order of rows.
func TestPostgreSQL(t *testing.T) {
	witnesses := slt.Witnesses(testserver.Database(t, testserver.Postgres(t), "slt"))
	if os.Getenv("WIRE_TEST_HEAVY") != "1" {
		witnesses = witnesses[:1]
	}
	for _, s := range load(t) {
		t.Run(name(s), func(t *testing.T) {
			for _, e := range witnesses {
				check(t, e, s)
			}
		})
	}
}

// TestWire: Wire's answers are the stored ones.
func TestWire(t *testing.T) {
	t.Parallel()
	program := testserver.Wire(t)
	help := exec.CommandContext(t.Context(), program, "sql", "--help")
	if out, err := help.CombinedOutput(); err != nil || !strings.Contains(string(out), "--output") {
		t.Fatalf("wire sql: %v\n%s", err, out)
	}
	e := slt.Command{Argv: []string{program, "sql", "--keep-going", "--output", "csv"}, Dir: t.TempDir()}
	for _, s := range load(t) {
		t.Run(name(s), func(t *testing.T) {
			t.Parallel()
			check(t, e, s)
		})
	}
}

// patience bounds a file on an engine.
const patience = time.Minute

// check runs a script.
func check(t *testing.T, e slt.Engine, s *slt.Script) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), patience, errors.New("the file takes too long"))
	defer cancel()
	r, err := slt.Check(ctx, e, s)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range r.Failures {
		if i == shown {
			t.Errorf("and %d more of %d", len(r.Failures)-i, r.Cases)
			break
		}
		t.Errorf("%+v\n%s", e, f)
	}
}

// name is the script's name in tests: folder and file, without the extension.
func name(s *slt.Script) string {
	return strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(s.File.Path), "testdata/"), slt.Extension)
}
