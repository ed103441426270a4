package nexmark_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wire.example/wire/internal/testserver"
	"wire.example/wire/test/nexmark"
	"wire.example/wire/test/process"
)

// events is how many events the queries read.
func size() int64 { return nexmark.Sizes()[map[bool]int{false: 0, true: 1}[process.Heavy()]] }

// manner is whether a run is undisturbed.
type manner string

const (
	whole   manner = "whole"
	kept    manner = "with checkpoints"
	stopped manner = "stopped and resumed" // in the middle, and it goes on from its checkpoint with three lanes and tasks
	killed  manner = "killed and resumed"  // twice, and it goes on from what is on the disk with three lanes and tasks
)

// way is how a query is run.
type way struct {
	emit        string
	parallelism int
	manner      manner
}

func (w way) String() string {
	return fmt.Sprintf("emit %s, parallelism %d, %s", w.emit, w.parallelism, w.manner)
}

// setting is data that queries run over, and the ways.
type setting struct {
	set  nexmark.Set
	form nexmark.Form
	ways []way
}

func settings() []setting {
	var all []way
	for _, emit := range []string{"final", "changes"} {
		all = append(all, way{emit, 1, whole}, way{emit, 2, kept}, way{emit, 4, whole}, way{emit, 2, stopped}, way{emit, 2, killed})
	}
	few := []way{{"final", 2, whole}, {"changes", 1, whole}, {"changes", 4, kept}, {"changes", 2, stopped}, {"changes", 2, killed}}
	if process.Heavy() {
		few = all
	}
	return []setting{
		{nexmark.Gap, nexmark.Typed, all},
		{nexmark.Gap, nexmark.Combined, few},
		{nexmark.Plain, nexmark.Generated, few},
		{nexmark.Late, nexmark.Typed, few},
		{nexmark.Late, nexmark.Combined, few},
	}
}

// answersOf is the form whose answers hold for one.
func answersOf(set nexmark.Set, form nexmark.Form) nexmark.Form {
	if set != nexmark.Late {
		return nexmark.Typed
	}
	return form
}

func TestQueries(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	open, dead := readOpen(t), &deaths{}
	for _, s := range settings() {
		t.Run(string(s.set)+"/"+string(s.form), func(t *testing.T) {
			golden, err := nexmark.Load(here, nexmark.Key(s.set, answersOf(s.set, s.form), size()))
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(t.TempDir())
			if err := nexmark.Write(".", s.set, size()); err != nil {
				t.Fatal(err)
			}
			for _, name := range nexmark.Names() {
				t.Run(name, func(t *testing.T) {
					want := golden[name]
					if want.Rows == 0 {
						t.Fatal("the answer has no rows: the query proves nothing")
					}
					for _, w := range s.ways {
						if w.manner == killed && spared(t, fmt.Sprint(s.set, s.form, name, w)) {
							continue
						}
						open.judge(t, s, name, w, ask(t, s, name, w, &want, dead))
					}
				})
			}
		})
	}
	open.used(t)
	t.Logf("%d runs were killed %d times", dead.runs, dead.kills)
	if dead.kills < dead.runs {
		t.Errorf("%d runs were killed %d times: that proves little", dead.runs, dead.kills)
	}
}

// ask runs a query and says what is wrong with its answer; nil: nothing.
func ask(t *testing.T, s setting, name string, w way, want *nexmark.Golden, dead *deaths) error {
	t.Helper()
	script, err := nexmark.Script(name, s.form, size(), w.emit)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("q.sql", []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, old := range []string{"out", "out.jsonl", "state"} {
		if err := os.RemoveAll(old); err != nil {
			t.Fatal(err)
		}
	}
	switch w.manner {
	case stopped:
		err = inPieces(t, s.form, w)
	case killed:
		err = dead.killedTwice(t, fmt.Sprint(s.set, s.form, name, w), "q.sql")
	case kept:
		_, err = run(t, checkpointing(w.parallelism, "q.sql")...)
	default:
		_, err = run(t, "--summary", "json", "--ephemeral", "--parallelism", fmt.Sprint(w.parallelism), "--block-bytes", "50000", "q.sql")
	}
	if err != nil {
		return err
	}
	rows, err := nexmark.Fold(output(t))
	if err != nil {
		return err
	}
	if wrong := want.Compare(rows); wrong != "" {
		return fmt.Errorf("%s", wrong)
	}
	return nil
}

// inPieces stops the run in the middle of the largest source, and goes on from the checkpoint with three lanes and tasks. Of the generator, persons and auctions are in
// few blocks each, so that a query which reads no bids may be over before it stops.
func inPieces(t *testing.T, form nexmark.Form, w way) error {
	t.Helper()
	common := []string{"--summary", "json", "--state-dir", "state", "--checkpoint-interval", "1h", "--block-bytes", "20000"}
	blocks := "20"
	if form == nexmark.Generated {
		blocks = "1"
	}
	status, err := run(t, append(common, "--parallelism", fmt.Sprint(w.parallelism), "--stop-after", blocks, "q.sql")...)
	if err != nil {
		return err
	}
	if status != "stopped" {
		if form == nexmark.Generated {
			return nil
		}
		return fmt.Errorf("the run was to stop, and is %s", status)
	}
	_, err = run(t, append(common, "--parallelism", "3", "--restore-for", "1ns", "q.sql")...)
	return err
}

// run runs the program and returns how it ended, and its messages as an error.
func run(t *testing.T, args ...string) (status string, err error) {
	t.Helper()
	out, said, code := command(t, append([]string{"run"}, args...)...)
	if code != 0 {
		return "", fmt.Errorf("exit code %d: %s", code, said)
	}
	var account struct {
		Status   string
		Balanced bool
	}
	if err := json.Unmarshal([]byte(out), &account); err != nil {
		return "", fmt.Errorf("the account: %w: %s", err, out)
	}
	if !account.Balanced {
		return "", fmt.Errorf("the account does not add up: %s", out)
	}
	return account.Status, nil
}

// output are the lines of out.jsonl or of the files below out.
func output(t *testing.T) (lines []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path != "out.jsonl" && !strings.HasPrefix(path, "out"+string(filepath.Separator)) {
			return err
		}
		text, err := os.ReadFile(path)
		if len(text) > 0 {
			lines = append(lines, strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")...)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// TestGoldens makes the committed answers again where there is a PostgreSQL.
func TestGoldens(t *testing.T) {
	dsn := testserver.Postgres(t)
	for _, c := range nexmark.Cases() {
		key := nexmark.Key(c.Set, c.Form, size())
		answers, err := nexmark.Answers(t.Context(), dsn, c.Set, c.Form, size())
		if err != nil {
			t.Fatal(err)
		}
		golden, err := nexmark.Load(".", key)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range nexmark.Names() {
			want := golden[name]
			if wrong := want.Compare(answers[name]); wrong != "" {
				t.Errorf("%s %s: PostgreSQL answers otherwise than is stored: %s", key, name, wrong)
			}
		}
	}
}

// TestLateness holds that late rows decide: without the rule, or with the splits of the other form, answers are others.
func TestLateness(t *testing.T) {
	load := func(set nexmark.Set, form nexmark.Form) map[string]nexmark.Golden {
		golden, err := nexmark.Load(".", nexmark.Key(set, form, size()))
		if err != nil {
			t.Fatal(err)
		}
		return golden
	}
	gap, typed, combined := load(nexmark.Gap, nexmark.Typed), load(nexmark.Late, nexmark.Typed), load(nexmark.Late, nexmark.Combined)
	differ := 0
	for _, name := range nexmark.Names() {
		if late := gap[name].Digest != typed[name].Digest; late && !nexmark.Windowed(name) {
			t.Errorf("%s: late rows change its answer, and it has no windows", name)
		} else if !late && nexmark.Windowed(name) && process.Heavy() {
			t.Errorf("%s: late rows do not change its answer", name)
		}
		if typed[name].Digest != combined[name].Digest {
			differ++
		}
	}
	if differ == 0 {
		t.Error("the splits change no answer")
	}
}

func TestQueriesAreUnaltered(t *testing.T) {
	for _, name := range nexmark.Names() {
		script, err := nexmark.Script(name, nexmark.Typed, 1, "final")
		if err != nil {
			t.Fatal(err)
		}
		query, err := os.ReadFile("queries/" + name + ".sql")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(script, "INSERT INTO out\n"+string(query)) {
			t.Errorf("%s is altered: %s", name, script)
		}
	}
}

func TestFold(t *testing.T) {
	rows, err := nexmark.Fold([]string{`{"a":1}`, `{"op":"+I","a":2}`, `{"op":"-U","a":2}`, `{"op":"+U","a":3}`, `{"op":"-D","a":1}`})
	if err != nil || len(rows) != 1 || rows[0] != `{"a":3}` {
		t.Error(rows, err)
	}
	for _, bad := range []string{`{"op":"-D","a":1}`, `{"op":"??","a":1}`} {
		if _, err := nexmark.Fold([]string{bad}); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

func TestCompare(t *testing.T) {
	want := nexmark.Sum([]string{"a", "b", "b"})
	for _, other := range [][]string{{"a", "b"}, {"a", "a", "b"}, {"a", "b", "c"}, nil} {
		if want.Compare(other) == "" {
			t.Errorf("%v passes", other)
		}
	}
	if wrong := want.Compare([]string{"a", "b", "b"}); wrong != "" {
		t.Error(wrong)
	}
}
