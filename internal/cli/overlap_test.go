package cli_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// twoSinks is a pipeline whose sinks have these options.
func twoSinks(a, b string) string {
	return fmt.Sprintf(`
CREATE TABLE orders (id BIGINT, id2 BIGINT) WITH (connector = 'file', path = 'in.jsonl', format = 'json');
CREATE SINK a WITH (connector = 'file', format = 'json', %s);
CREATE SINK b WITH (connector = 'file', format = 'json', %s);
INSERT INTO a SELECT * FROM orders;
INSERT INTO b SELECT * FROM orders;`, a, b)
}

// TestSinksThatWouldRemoveEachOthersPartsAreRefused before anything is begun, whatever runs or looks at the pipeline.
func TestSinksThatWouldRemoveEachOthersPartsAreRefused(t *testing.T) {
	for _, sinks := range [][2]string{
		{"path = 'out/daily.jsonl', roll_rows = 1000", "path = 'out/daily-20260131.jsonl'"},
		{"path = 'out/o.jsonl', partition_by = 'id2'", "path = 'out/id2=1/o.jsonl', roll_rows = 1000"},
		{"path = 'out/o.jsonl'", "path = './out/o.jsonl'"},
	} {
		t.Chdir(write(t, map[string]string{"in.jsonl": strings.Repeat("{\"id\":1,\"id2\":1}\n", 2000), "p.sql": twoSinks(sinks[0], sinks[1])}))
		for _, command := range []string{"check", "run"} {
			if _, errOut := wire(t, 2, command, "p.sql"); !strings.Contains(errOut, `sink "b" writes to the same place as sink "a": file out/`) {
				t.Errorf("%s of %s: %s", command, sinks[1], errOut)
			}
		}
	}
}

// TestASinkInAnothersPlaceIsRefused: the one that an edit takes out has rows that are not published, however the path of the new one is written. Without the edit the pipeline goes on.
func TestASinkInAnothersPlaceIsRefused(t *testing.T) {
	for _, options := range []string{"", ", roll_rows = 1500"} {
		before := twoSinks("path = 'out/o.jsonl'"+options, "path = 'x.jsonl'")
		t.Chdir(write(t, map[string]string{
			"in.jsonl": strings.Repeat("{\"id\":1,\"id2\":1}\n", 2000), "p.sql": before,
		}))
		small := []string{"run", "p.sql", "--quiet", "--block-bytes", "1024", "--checkpoint-blocks", "1", "--parallelism", "1"}
		wire(t, 0, append(small, "--stop-after", "5")...)
		edit := func(text string) {
			if err := os.WriteFile("p.sql", []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		edit(strings.ReplaceAll(before, "'out/o.jsonl'", "'./out/o.jsonl'"))
		_, errOut := wire(t, 2, append(small, "--accept-partial")...)
		if !strings.Contains(errOut, "sink a wrote to the same path in another way") {
			t.Error(errOut)
		}
		edit(before)
		wire(t, 0, small...)
		count := 0
		for _, name := range files(t, "out") {
			count += strings.Count(text(t, "out/"+name), "\n")
		}
		if count != 2000 {
			t.Errorf("%d rows are published", count)
		}
	}
}

// TestAPlanSaysOfASinksPlaceWhatARunSays: a path that is written in another way is the same place, and so refused, whether the old pipeline is a file or what a checkpoint says.
func TestAPlanSaysOfASinksPlaceWhatARunSays(t *testing.T) {
	dir := write(t, map[string]string{"in.jsonl": strings.Repeat("{\"id\":1,\"id2\":1}\n", 2000)})
	t.Chdir(dir)
	put := func(name, path string) {
		if err := os.WriteFile(name, []byte(twoSinks("path = '"+path+"'", "path = 'x.jsonl'")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, was := range []string{"o.jsonl", "./o.jsonl", dir + "/o.jsonl"} {
		for _, is := range []string{"o.jsonl", "./o.jsonl", "y/../o.jsonl", dir + "/o.jsonl", "other.jsonl"} {
			if was == is {
				continue
			}
			const refused = "sink a wrote to the same path in another way"
			put("old.sql", was)
			put("new.sql", is)
			same, code := is != "other.jsonl", 0
			if same {
				code = 3
			}
			out, errOut := wire(t, code, "plan", "old.sql", "new.sql")
			if strings.Contains(errOut, refused) != same {
				t.Errorf("from %s to %s:\n%s%s", was, is, out, errOut)
			}
			put("p.sql", was)
			small := []string{"run", "p.sql", "--quiet", "--block-bytes", "1024", "--checkpoint-blocks", "1"}
			wire(t, 0, append(small, "--stop-after", "5", "--fresh")...)
			put("p.sql", is)
			if out, errOut = wire(t, code, "plan", "p.sql"); strings.Contains(errOut, refused) != same {
				t.Errorf("from a checkpoint, from %s to %s:\n%s%s", was, is, out, errOut)
			}
			if !same {
				continue
			}
			if _, errOut := wire(t, 2, append(small, "--accept-partial")...); !strings.Contains(errOut, refused) {
				t.Errorf("a run from %s to %s: %s", was, is, errOut)
			}
		}
	}
}
