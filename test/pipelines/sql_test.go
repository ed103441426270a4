package pipelines_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wire.example/wire/internal/testserver"
	"wire.example/wire/test/nexmark"
	"wire.example/wire/test/process"
)

var update = flag.Bool("update", false, "write what PostgreSQL answers into the scripts in SQL")

// TestSQL runs every script and every case of a grid in SQL in every way.
func TestSQL(t *testing.T) {
	groups := readGroups(t)
	answerAll(t, groups)
	open, cases, dead := readOpen(t, "testdata/sql/open.txt"), 0, &deaths{}
	bin := program(t, groups)
	for _, g := range groups {
		cases += len(g.cases)
		t.Run(g.name, func(t *testing.T) {
			for _, c := range g.cases {
				if len(g.cases) == 1 && g.grid == nil {
					c.test(t, open, bin, dead)
					continue
				}
				t.Run(c.name[len(g.name)+1:], func(t *testing.T) { c.test(t, open, bin, dead) })
			}
		})
	}
	open.used(t, cases)
	t.Logf("%d cases, of which %d are open; %d runs were killed", cases, open.count(), dead.kills)
	if dead.runs > 10 && dead.kills < dead.runs {
		t.Errorf("%d cases were killed %d times: that proves little", dead.runs, dead.kills)
	}
}

// answerAll makes PostgreSQL's answers, or holds those that are stored against them where there is one.
func answerAll(t *testing.T, groups []*group) {
	t.Helper()
	if !*update && os.Getenv(testserver.PostgresVariable) == "" && os.Getenv(testserver.RequireVariable) != "1" {
		return // a server is not started for this alone: what is stored decides
	}
	dsn := testserver.Postgres(t)
	for _, g := range groups {
		changed := false
		for _, c := range g.cases {
			answers, err := c.answers(t.Context(), dsn)
			if err != nil {
				t.Errorf("%s: PostgreSQL: %v", c.name, err)
				continue
			}
			for name, rows := range answers {
				if *update {
					c.want[name], changed = rows, true
				} else if diff := cmp.Diff(c.want[name], rows); diff != "" {
					t.Errorf("%s: PostgreSQL answers otherwise than is stored in %s (- stored, + PostgreSQL); make it anew with -update\n%s", c.name, name, diff)
				}
			}
		}
		if changed {
			if err := g.save(); err != nil {
				t.Error(err)
			}
		}
	}
}

// sqlCase is a pipeline in SQL, its input and what it has to give.
type sqlCase struct {
	name    string
	input   map[string]string
	script  string
	witness map[string]string   // queries to PostgreSQL, by the file that they answer
	want    map[string][]string // rows of files, sorted, by name
	changes map[string]bool     // whether lines of a file have kinds of changes, where a script says so
	stderr  []string
	exit    int
	flags   []string
	// once says that it cannot be stopped and resumed.
	once bool
	// follow is how it ends if its inputs do not; nil: they do.
	follow *follow
}

// test runs c in every way, and fails unless the answer is right or c is open.
func (c *sqlCase) test(t *testing.T, open *openList, bin string, dead *deaths) {
	t.Helper()
	if len(c.want) == 0 && len(c.stderr) == 0 {
		t.Fatal("the script wants nothing")
	}
	if c.follow != nil {
		open.judge(t, c.name, c.runFollow(t, bin))
		return
	}
	var wrong []string
	changes := 0
	for _, w := range c.ways(t) {
		t.Chdir(t.TempDir())
		if err := c.lay(); err != nil {
			t.Fatal(err)
		}
		if err := c.run(t, w, &changes, dead); err != nil {
			wrong = append(wrong, fmt.Sprintf("%s: %v", w.name, err))
		}
		if c.exit == 2 {
			break
		}
	}
	open.judge(t, c.name, wrong)
}

// ways are how a script in SQL is run: blocks are so small that each has a row.
func (c *sqlCase) ways(t *testing.T) []way {
	t.Helper()
	kept := way{name: "parallelism 2 with checkpoints", first: small("2", "--checkpoint-blocks", fmt.Sprint(max(1, c.records()/6))), kept: !c.once}
	all := []way{{name: "straight", first: []string{"--parallelism", "1"}}, kept}
	four := []way{{name: "parallelism 4", first: small("4")}}
	if c.once {
		return append(all, four...)
	}
	stopped := []way{{name: "stopped in the middle, resumed at parallelism 3", first: small("2", "--stop-after", fmt.Sprint(c.records()/2)), later: small("3", "--restore-for", "1ns")}}
	for i, more := range [][]way{killedWays(), stopped, four} {
		if process.Heavy() || quarter(t, c.name) == i {
			all = append(all, more...)
		}
	}
	return all
}

// records is how many records the largest input has, at least 2.
func (c *sqlCase) records() int {
	records := 2
	for _, text := range c.input {
		records = max(records, strings.Count(text, "\n"))
	}
	return records
}

func (c *sqlCase) lay() error {
	for name, text := range c.input {
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile("pipeline.sql", []byte(c.script), 0o600)
}

// run runs c in the current directory, and says what is wrong. changes is how many calls of an undisturbed run with checkpoints change the disk.
func (c *sqlCase) run(t *testing.T, w way, changes *int, dead *deaths) error {
	t.Helper()
	flags, k := w.first, newKiller(t, c.name, *changes, c.records(), w.processes)
	if w.killed {
		dead.runs++
		defer func() { dead.kills += k.kills }()
	}
	for range maxRuns {
		args := append(append([]string{"run", "--summary", "json"}, w.state()...), flags...)
		args = append(append(args, c.flags...), "pipeline.sql")
		var r result
		if !w.killed {
			r = command(t, args, nil)
		} else {
			var killed bool
			if r, killed = k.run(t, args, nil); killed {
				flags = w.later
				continue
			}
		}
		if w.kept && !w.killed {
			*changes = r.changes
		}
		if err := c.ended(r); err != nil {
			return err
		}
		if r.exit != 0 || w.killed && finishedAlready(r) {
			return c.files()
		}
		o := outcome{account: map[string]numbers{}}
		stopped, err := o.add(r.stdout)
		if err != nil {
			return err
		}
		if !stopped {
			return c.files()
		}
		if w.later == nil {
			return fmt.Errorf("the run was stopped")
		}
		flags = w.later
	}
	return fmt.Errorf("not finished after %d runs", maxRuns)
}

// ended compares the exit code and the messages.
func (c *sqlCase) ended(r result) error {
	if r.exit != c.exit {
		return fmt.Errorf("exit code %d, want %d: %s", r.exit, c.exit, strings.TrimSpace(r.stderr))
	}
	for _, line := range c.stderr {
		if !strings.Contains(r.stderr, line) {
			return fmt.Errorf("standard error has no %q:\n%s", line, r.stderr)
		}
	}
	return nil
}

// files compares the files that are wanted, folded.
func (c *sqlCase) files() error {
	for name, want := range c.want {
		lines, err := readParts(name)
		if err != nil {
			return err
		}
		if says, ok := c.changes[name]; ok {
			for _, l := range lines {
				if strings.HasPrefix(l, `{"op":`) != says {
					return fmt.Errorf("%s: lines are to be %s: %s", name, map[bool]string{true: "changes", false: "rows"}[says], l)
				}
			}
		}
		rows, err := nexmark.Fold(lines)
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", name, err, strings.Join(lines, "\n"))
		}
		if diff := cmp.Diff(want, rows); diff != "" && len(want)+len(rows) > 0 {
			return fmt.Errorf("%s (- want, + got)\n%s", name, diff)
		}
	}
	return nil
}

// readParts reads a file, or the numbered parts of one.
func readParts(name string) (lines []string, err error) {
	base, ext := strings.TrimSuffix(name, filepath.Ext(name)), filepath.Ext(name)
	parts, err := filepath.Glob(base + "-[0-9]*" + ext)
	if err != nil {
		return nil, err
	}
	slices.Sort(parts)
	if len(parts) == 0 {
		parts = []string{name}
	}
	for _, p := range parts {
		text, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		if len(text) > 0 {
			lines = append(lines, strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")...)
		}
	}
	return lines, nil
}

// readGroups reads the scripts and grids below testdata/sql, in the order of their names.
func readGroups(t *testing.T) (all []*group) {
	t.Helper()
	err := filepath.WalkDir("testdata/sql", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		var g *group
		switch filepath.Ext(path) {
		case ".txtar":
			g, err = readSQLScript(path)
		case ".yaml":
			g, err = readGrid(path)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if g != nil {
			all = append(all, g)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
