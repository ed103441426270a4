package cli_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/state/checkpoint"
)

// TestWhatWasHiddenGoesAfterTheStateIsRemoved: by the run that begins anew; what belongs to others stays.
func TestWhatWasHiddenGoesAfterTheStateIsRemoved(t *testing.T) {
	for name, options := range map[string]string{"one file": "", "parts": ", roll_rows = 300"} {
		t.Run(name, func(t *testing.T) {
			var rows strings.Builder
			for i := range 2000 {
				fmt.Fprintf(&rows, "{\"id\":%d}\n", i)
			}
			t.Chdir(write(t, map[string]string{"in.jsonl": rows.String(), "p.sql": fmt.Sprintf(`
CREATE TABLE orders (id BIGINT) WITH (connector = 'file', path = 'in.jsonl', format = 'json');
CREATE SINK out WITH (connector = 'file', path = 'out/o.jsonl', format = 'json'%s);
INSERT INTO out SELECT id FROM orders;`, options)}))
			small := []string{"run", "p.sql", "--quiet", "--block-bytes", "1024", "--checkpoint-blocks", "1", "--parallelism", "1"}
			wire(t, 0, append(small, "--stop-after", "5")...)
			hidden := func() (names []string) {
				for _, name := range files(t, "out") {
					if strings.HasPrefix(name, ".") {
						names = append(names, name)
					}
				}
				return names
			}
			before := hidden()
			if len(before) == 0 {
				t.Fatal("nothing is hidden")
			}
			stranger := strings.Replace(before[0], ".wire-", ".wire-0", 1)
			stranger = stranger[:strings.Index(stranger, ".wire-")+len(".wire-")+8] + "-1.part"
			if err := os.WriteFile("out/"+stranger, []byte("theirs"), 0o600); err != nil {
				t.Fatal(err)
			}
			out, _ := wire(t, 0, "checkpoint", "rm", "p.sql", "--all")
			if !strings.Contains(out, ".wire/p keeps a note, by which the next run, which begins anew, removes what sinks have hidden") {
				t.Error(out)
			}
			if got := hidden(); !slices.Contains(got, before[0]) {
				t.Errorf("it is gone before there is a run: %q", got)
			}
			for _, name := range files(t, "out") { // what was published is the user's
				if !strings.HasPrefix(name, ".") {
					if err := os.Remove("out/" + name); err != nil {
						t.Fatal(err)
					}
				}
			}
			wire(t, 0, small...)
			if got := hidden(); !slices.Equal(got, []string{stranger}) {
				t.Errorf("hidden are %q, should be that of another pipeline, %q", got, stranger)
			}
			count := 0
			for _, name := range files(t, "out") {
				if !strings.HasPrefix(name, ".") {
					count += strings.Count(text(t, "out/"+name), "\n")
				}
			}
			if count != 2000 {
				t.Errorf("%d rows are published", count)
			}
		})
	}
}

// TestANoteIsRemovedToo: the second removal leaves nothing.
func TestANoteIsRemovedToo(t *testing.T) {
	t.Chdir(write(t, map[string]string{"in.jsonl": strings.Repeat("{\"id\":1}\n", 2000), "p.sql": `
CREATE TABLE orders (id BIGINT) WITH (connector = 'file', path = 'in.jsonl', format = 'json');
CREATE SINK out WITH (connector = 'file', path = 'o.jsonl', format = 'json');
INSERT INTO out SELECT id FROM orders;`}))
	wire(t, 0, "run", "p.sql", "--quiet", "--block-bytes", "1024", "--stop-after", "2")
	wire(t, 0, "checkpoint", "rm", "p.sql", "--all")
	out, _ := wire(t, 0, "checkpoint", "list", "p.sql")
	if !strings.HasPrefix(out, "there is no checkpoint: the next run begins anew\n.wire/p: 0 files, 0 B") {
		t.Error(out)
	}
	out, _ = wire(t, 0, "checkpoint", "rm", "p.sql", "--all")
	wantText(t, out, "removed: checkpoints 0, files 0, 0 B\n")
	if _, err := os.Stat(".wire/p"); !os.IsNotExist(err) {
		t.Error(err)
	}
}

// TestWhatARunBeforeHasHiddenGoesToo: the state is removed after a run that began anew and took no checkpoint, and once more where a removal was cut short.
func TestWhatARunBeforeHasHiddenGoesToo(t *testing.T) {
	for _, cut := range []bool{false, true} {
		t.Chdir(write(t, map[string]string{"in.jsonl": strings.Repeat("{\"id\":1}\n", 2000), "p.sql": `
CREATE TABLE orders (id BIGINT) WITH (connector = 'file', path = 'in.jsonl', format = 'json');
CREATE SINK out WITH (connector = 'file', path = 'out/o.jsonl', format = 'json');
INSERT INTO out SELECT id FROM orders;`}))
		small := []string{"run", "p.sql", "--quiet", "--block-bytes", "1024", "--checkpoint-blocks", "1", "--parallelism", "1"}
		wire(t, 0, append(small, "--stop-after", "5")...)
		if names := files(t, "out"); len(names) != 1 {
			t.Fatalf("hidden are %q", names)
		}
		options := checkpoint.Options{Dir: ".wire/p", Pipeline: "p", Fresh: !cut}
		if cut { // a note, beside what was to be removed
			before := manifestTexts(t)
			if _, err := checkpoint.Forget(t.Context(), options); err != nil {
				t.Fatal(err)
			}
			for name, content := range before {
				if err := os.WriteFile(".wire/p/manifests/"+name, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		} else { // a run with --fresh that failed when it had begun
			owner, err := checkpoint.Open(t.Context(), options)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(owner.Begin(t.Context()), owner.Close()); err != nil {
				t.Fatal(err)
			}
		}
		if out, _ := wire(t, 0, "checkpoint", "rm", "p.sql", "--all"); !strings.Contains(out, "keeps a note") {
			t.Errorf("cut: %t: %s", cut, out)
		}
		wire(t, 0, small...)
		if names := files(t, "out"); !slices.Equal(names, []string{"o.jsonl"}) {
			t.Errorf("cut: %t: out has %q", cut, names)
		}
	}
}

// TestWhatARunBeforeHasHiddenGoesWhereItsCheckpointsAreRemovedOneByOne after a run that began anew and took no checkpoint.
func TestWhatARunBeforeHasHiddenGoesWhereItsCheckpointsAreRemovedOneByOne(t *testing.T) {
	t.Chdir(write(t, map[string]string{"in.jsonl": strings.Repeat("{\"id\":1}\n", 2000), "p.sql": `
CREATE TABLE orders (id BIGINT) WITH (connector = 'file', path = 'in.jsonl', format = 'json');
CREATE SINK out WITH (connector = 'file', path = 'out/o.jsonl', format = 'json');
INSERT INTO out SELECT id FROM orders;`}))
	small := []string{"run", "p.sql", "--quiet", "--block-bytes", "1024", "--checkpoint-blocks", "1", "--parallelism", "1"}
	wire(t, 0, append(small, "--stop-after", "5")...)
	owner, err := checkpoint.Open(t.Context(), checkpoint.Options{Dir: ".wire/p", Pipeline: "p", Fresh: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(owner.Begin(t.Context()), owner.Close()); err != nil {
		t.Fatal(err)
	}
	listed, _ := wire(t, 0, "checkpoint", "list", "p.sql")
	for _, line := range strings.Split(listed, "\n")[1:] {
		if strings.Contains(line, "  checkpoint  ") {
			wire(t, 0, "checkpoint", "rm", "p.sql", strings.Fields(line)[0])
		}
	}
	if listed, _ = wire(t, 0, "checkpoint", "list", "p.sql"); !strings.HasPrefix(listed, "there is no checkpoint: the next run begins anew\n") {
		t.Error(listed)
	}
	wire(t, 0, small...)
	if names := files(t, "out"); !slices.Equal(names, []string{"o.jsonl"}) {
		t.Errorf("out has %q", names)
	}
	if names := files(t, ".wire/p/manifests"); len(names) != 1 {
		t.Errorf("manifests are %q", names)
	}
}

// manifestTexts are the manifests of the pipeline p, by their names.
func manifestTexts(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, name := range files(t, ".wire/p/manifests") {
		texts[name] = text(t, ".wire/p/manifests/"+name)
	}
	return texts
}
