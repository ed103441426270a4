package cli_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestWhatAFinishedPipelineKeeps: one checkpoint, without the state of steps, whose answers are out.
func TestWhatAFinishedPipelineKeeps(t *testing.T) {
	for _, emit := range []string{"final", "changes"} {
		t.Run(emit, func(t *testing.T) {
			var rows strings.Builder
			for i := range 2000 {
				fmt.Fprintf(&rows, "{\"id\":%d,\"v\":%d}\n", i, i%7)
			}
			t.Chdir(write(t, map[string]string{"in.jsonl": rows.String(), "p.sql": fmt.Sprintf(`SET emit = '%s';
CREATE TABLE orders (id BIGINT, v BIGINT) WITH (connector = 'file', path = 'in.jsonl', format = 'json');
CREATE SINK out WITH (connector = 'file', path = 'out.jsonl', format = 'json');
INSERT INTO out SELECT id / 2 AS k, count(*), sum(v) FROM orders GROUP BY id / 2;`, emit)}))
			small := []string{"run", "p.sql", "--block-bytes", "1024", "--checkpoint-blocks", "1", "--parallelism", "2"}
			wire(t, 0, append(small, "--stop-after", "4")...)
			out, _ := wire(t, 0, "checkpoint", "verify", "p.sql")
			if !strings.Contains(out, "out.group") {
				t.Fatalf("a stopped run keeps the state of its steps; this one keeps\n%s", out)
			}
			wire(t, 0, small...)
			found, manifests := files(t, ".wire/p"), files(t, ".wire/p/manifests")
			if len(manifests) != 1 || !slices.Equal(found, []string{"lock", "manifests/" + manifests[0]}) {
				t.Errorf("kept are %q", found)
			}
			out, _ = wire(t, 0, "checkpoint", "list", "p.sql")
			if strings.Count(out, "\n") != 3 || !strings.Contains(out, "  finished  ") {
				t.Error(out)
			}
			wire(t, 0, "checkpoint", "verify", "p.sql", "--all")
			_, errOut := wire(t, 1, append(small, "--accept-duplicates-since", "3")...)
			if !strings.Contains(errOut, "no readable checkpoint of epoch 3\nThe pipeline is finished, and older checkpoints of it are not kept. To write everything again begin anew with --fresh.") || strings.Contains(errOut, "Restore") {
				t.Error(errOut)
			}

			before := text(t, "out.jsonl")
			_, errOut = wire(t, 0, small...)
			if !strings.Contains(errOut, "p is finished already, and its output is left as it is; run it anew with --fresh, once what sink out wrote is moved away (its if_exists is error)\n") {
				t.Error(errOut)
			}
			wire(t, 0, small...)
			if found = files(t, ".wire/p"); len(found) != 3 { // and the claim of the last start
				t.Errorf("after two more starts there are %q", found)
			}
			if out, _ = wire(t, 0, "checkpoint", "list", "p.sql"); !strings.Contains(out, "  2\n") {
				t.Errorf("the run that finished it is the second, not\n%s", out)
			}
			out, _ = wire(t, 0, "checkpoint", "show", "p.sql")
			if fields := strings.Fields(out); !slices.Contains(fields, "finished") || fields[slices.Index(fields, "run")+1] != "2" || !strings.Contains(out, "started again  run 4, process ") {
				t.Errorf("show says of it, unlike list,\n%s", out)
			}
			out, _ = wire(t, 0, "checkpoint", "show", "p.sql", "--json")
			if !strings.Contains(out, `"generation": 2,`) {
				t.Errorf("and as JSON\n%s", out)
			}
			wire(t, 0, "checkpoint", "rm", "p.sql", "--all")
			if _, err := os.Stat(".wire/p"); !os.IsNotExist(err) {
				t.Error(err)
			}
			if text(t, "out.jsonl") != before {
				t.Error("the output has changed")
			}
		})
	}
}

// TestAFinishedPipelineIsSwept: what a run has hidden that was superseded, and woke when the pipeline had finished, goes with the next start. What belongs to later runs and to other pipelines stays.
func TestAFinishedPipelineIsSwept(t *testing.T) {
	var rows strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&rows, "{\"id\":%d}\n", i)
	}
	t.Chdir(write(t, map[string]string{"in.jsonl": rows.String(), "p.sql": `
CREATE TABLE orders (id BIGINT) WITH (connector = 'file', path = 'in.jsonl', format = 'json');
CREATE SINK out WITH (connector = 'file', path = 'out/o.jsonl', format = 'json');
INSERT INTO out SELECT id FROM orders;`}))
	small := []string{"run", "p.sql", "--block-bytes", "1024", "--checkpoint-blocks", "1"}
	wire(t, 0, append(small, "--stop-after", "4")...)
	hidden := files(t, "out")
	if len(hidden) != 1 || !strings.HasSuffix(hidden[0], "-1.part") {
		t.Fatalf("a stopped run has hidden %q", hidden)
	}
	wire(t, 0, small...)
	before := text(t, "out/o.jsonl")
	later, foreign := strings.Replace(hidden[0], "-1.part", "-99.part", 1), ".o.jsonl.wire-00000000-1.part"
	for _, name := range []string{hidden[0], later, foreign} {
		if err := os.WriteFile(filepath.Join("out", name), []byte("{}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		_, errOut := wire(t, 0, small...)
		if !strings.Contains(errOut, "p is finished already") {
			t.Error(errOut)
		}
		want := []string{foreign, later, "o.jsonl"}
		slices.Sort(want)
		if got := files(t, "out"); !slices.Equal(got, want) {
			t.Errorf("there are %q, want %q", got, want)
		}
	}
	if text(t, "out/o.jsonl") != before {
		t.Error("the output has changed")
	}
}

// files lists the files below dir, by their paths in it.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, bad := filepath.Rel(dir, path)
			names, err = append(names, filepath.ToSlash(name)), bad
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// text is the content of a file.
func text(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
