package upgrade_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/zeebo/xxh3"

	"wire.example/wire/internal/cli"
	"wire.example/wire/internal/foundation/vfs"
)

// wholeRuns are what releases have left of a run that was stopped in the middle: pipeline, input, hidden parts of output, and the state directory.
const wholeRuns = "state"

// runFlags have a run checkpoint every few hundred rows.
func runFlags(more ...string) []string {
	return append([]string{"run", "--summary", "none", "--state-dir", "kept", "--checkpoint-interval", "1h", "--checkpoint-blocks", "2", "--block-bytes", "4500", "--parallelism", "2"}, more...)
}

// wire runs a command here.
func wire(t *testing.T, args ...string) (code int, said string) {
	t.Helper()
	var out bytes.Buffer
	code = cli.MainOn(t.Context(), vfs.OS(), args, strings.NewReader(""), &out, &out)
	return code, out.String()
}

func mustWire(t *testing.T, args ...string) {
	t.Helper()
	if code, said := wire(t, args...); code != 0 {
		t.Fatalf("wire %q: %d, %s", args, code, said)
	}
}

// left takes a copy of what a run has left, in a new directory, and goes there.
func left(t *testing.T, dir string) {
	t.Helper()
	from, err := filepath.Abs(dir)
	must(t, err)
	t.Chdir(t.TempDir())
	must(t, os.CopyFS(".", os.DirFS(from)))
}

// TestRunsGoOn goes on with each run that a release has left, elsewhere and at another parallelism, and compares what it writes with what the pipeline answers at once.
func TestRunsGoOn(t *testing.T) {
	if os.Getenv("WIRE_WRITE_FIXTURES") == "1" {
		writeRuns(t)
	}
	runs, err := filepath.Glob(wholeRuns + "/*/*")
	must(t, err)
	if len(runs) < 2 {
		t.Fatalf("there are only %q", runs)
	}
	for _, dir := range runs {
		t.Run(dir, func(t *testing.T) {
			left(t, dir)
			for _, name := range outputs() {
				if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
					t.Fatalf("%s was published already: %v", name, err)
				}
			}
			tables, err := filepath.Glob("kept/files/*.sst")
			must(t, err)
			if (len(tables) > 0) != (filepath.Base(dir) == "tables") {
				t.Errorf("it has the tables %q", tables)
			}
			mustWire(t, "checkpoint", "verify", "--all", "--state-dir", "kept")
			code, said := wire(t, "run", "--summary", "none", "--state-dir", "kept", "--parallelism", "3", "p.sql")
			if code != 0 || !strings.Contains(said, "going on from checkpoint") {
				t.Fatalf("%d, %s", code, said)
			}
			got := published(t)
			for _, name := range outputs() {
				must(t, os.Remove(name))
			}
			mustWire(t, "run", "--summary", "none", "--ephemeral", "p.sql")
			for name, want := range published(t) {
				if len(want) == 0 || !slices.Equal(got[name], want) {
					t.Errorf("%s has %d rows instead of %d", name, len(got[name]), len(want))
				}
			}
		})
	}
}

func outputs() []string {
	return []string{"dear.jsonl", "counts.jsonl", "windows.jsonl", "tops.jsonl"}
}

// published are the rows of all outputs, sorted.
func published(t *testing.T) map[string][]string {
	t.Helper()
	rows := map[string][]string{}
	for _, name := range outputs() {
		text, err := os.ReadFile(name)
		must(t, err)
		rows[name] = slices.Sorted(strings.Lines(string(text)))
	}
	return rows
}

// TestRunsOfLaterReleasesAreRefused changes the version of one part after the other of what a run has left, whose checksums are right: it is refused, by its name and version, and nothing is changed.
func TestRunsOfLaterReleasesAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ was, is, want string }{
		"the manifest":       {`{"version":3,`, `{"version":4,`, "kept/manifests/.*manifest version 4 was written by a later release"},
		"the store's files":  {`"store":{"kind":"pebble","version":1}`, `"store":{"kind":"pebble","version":2}`, "stored as pebble, version 2, which this release does not read"},
		"another store":      {`"store":{"kind":"pebble","version":1}`, `"store":{"kind":"badger","version":1}`, "stored as badger, version 1, which this release does not read"},
		"the path's part":    {`"body":{"version":1,`, `"body":{"version":9,`, "its manifest has version 9, and this one reads up to 1"},
		"a source":           {`"position":{"version":1,`, `"position":{"version":9,`, "orders.*version 9"},
		"a sink":             {`{"version":3,"path":"dear.jsonl"`, `{"version":9,"path":"dear.jsonl"`, "dear.*version 9"},
		"the plan":           {`"plan":{"version":1,`, `"plan":{"version":9,`, "the description of the plan has version 9"},
		"the state of tasks": {`"parts":1,"version":1,`, `"parts":1,"version":9,`, "counts.group.*version 9 of the layout of its entries"},
	} {
		t.Run(name, func(t *testing.T) {
			left(t, wholeRuns+"/1/logs")
			path := newest(t, "kept/manifests/*.json")
			text, err := os.ReadFile(path)
			must(t, err)
			content := manifest.FindSubmatch(text)
			changed := strings.ReplaceAll(string(content[1]), c.was, c.is)
			if changed == string(content[1]) {
				t.Fatalf("there is no %s in %s", c.was, content[1])
			}
			put(t, path, fmt.Appendf(nil, "{\"manifest\":%s,\"xxh3\":\"%016x\"}\n", changed, xxh3.HashString(changed)))
			refused(t, c.want)
		})
	}
	for suffix, c := range map[string]struct {
		version int // where it stands
		want    string
	}{
		"pack":     {8, "pack has version 9, this program reads versions 1 and 2"},
		".changes": {8, "changes has version 9, this program reads versions 1 and 2"},
	} {
		t.Run(suffix, func(t *testing.T) {
			left(t, wholeRuns+"/1/logs")
			path := newest(t, "kept/files/*"+suffix)
			content, err := os.ReadFile(path)
			must(t, err)
			was := fmt.Sprintf("%016x", xxh3.Hash(content))
			content[c.version] = 9
			put(t, path, content)
			resum(t, newest(t, "kept/manifests/*.json"), was, fmt.Sprintf("%016x", xxh3.Hash(content)))
			refused(t, c.want)
		})
	}
}

// manifest matches the content of a manifest.
var manifest = regexp.MustCompile(`^\{"manifest":(.*),"xxh3":"[0-9a-f]{16}"\}\n$`) //nolint:gochecknoglobals // immutable

// resum puts another checksum of a file into a manifest.
func resum(t *testing.T, path, was, is string) {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	content := manifest.FindSubmatch(text)
	if !bytes.Contains(content[1], []byte(was)) {
		t.Fatalf("%s does not have %s", content[1], was)
	}
	changed := strings.ReplaceAll(string(content[1]), was, is)
	put(t, path, fmt.Appendf(nil, "{\"manifest\":%s,\"xxh3\":\"%016x\"}\n", changed, xxh3.HashString(changed)))
}

// newest is the last of the files that match.
func newest(t *testing.T, pattern string) string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	must(t, err)
	if len(paths) == 0 {
		t.Fatalf("there is no %s", pattern)
	}
	return paths[len(paths)-1]
}

// refused is what a run here is, with that reason; nothing is published.
func refused(t *testing.T, want string) {
	t.Helper()
	code, said := wire(t, "run", "--summary", "none", "--state-dir", "kept", "p.sql")
	if code == 0 || !regexp.MustCompile(want).MatchString(said) {
		t.Errorf("%d, %s", code, said)
	}
	for _, name := range outputs() {
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s was published: %v", name, err)
		}
	}
}

// thisVersion is the folder of runs that this release leaves, if it is written anew.
const thisVersion = "1"

// writeRuns writes what runs of this release leave, unless that is there: one that was stopped, whose epochs are logs, and one that went on and was stopped again, so that what was logged before is tables.
func writeRuns(t *testing.T) {
	t.Helper()
	for name, blocks := range map[string][]string{"logs": {"5"}, "tables": {"3", "3"}} {
		to, err := filepath.Abs(filepath.Join(wholeRuns, thisVersion, name))
		must(t, err)
		if _, err := os.Stat(to); err == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			put(t, "p.sql", []byte(pipeline))
			put(t, "orders.jsonl", orders())
			for _, n := range blocks {
				mustWire(t, runFlags("--stop-after", n, "p.sql")...)
			}
			must(t, os.Remove("kept/lock")) // it says where this was
			must(t, os.CopyFS(to, os.DirFS(".")))
		})
	}
}

const pipeline = `CREATE SOURCE orders (id BIGINT, customer BIGINT, amount BIGINT, note TEXT, at TIMESTAMP, WATERMARK FOR at AS at - INTERVAL '10 seconds')
  WITH (connector = 'file', path = 'orders.jsonl', format = 'json');
CREATE SINK dear WITH (connector = 'file', path = 'dear.jsonl', format = 'json');
CREATE SINK counts WITH (connector = 'file', path = 'counts.jsonl', format = 'json');
CREATE SINK windows WITH (connector = 'file', path = 'windows.jsonl', format = 'json');
CREATE SINK tops WITH (connector = 'file', path = 'tops.jsonl', format = 'json');
INSERT INTO dear SELECT id, amount * 2 AS twice FROM orders WHERE amount > 80;
INSERT INTO counts SELECT customer, count(*) AS n, sum(amount) AS total, max(note) AS last FROM orders GROUP BY customer;
INSERT INTO windows SELECT window_start, customer % 10 AS k, count(*) AS n, sum(amount) AS total
  FROM TUMBLE(orders, at, INTERVAL '2 minutes') GROUP BY window_start, window_end, customer % 10;
INSERT INTO tops SELECT customer, id, amount
  FROM (SELECT customer, id, amount, row_number() OVER (PARTITION BY customer % 20 ORDER BY amount DESC, id) AS r FROM orders) o WHERE r <= 3;
`

// orders are 420 rows, some of them out of order.
func orders() []byte {
	var b bytes.Buffer
	for i := range 420 {
		at := 2*i - i*7%8 + 7
		fmt.Fprintf(&b, `{"id":%d,"customer":%d,"amount":%d,"note":"n%d","at":"2026-01-01 %02d:%02d:%02d"}`+"\n", i, i*7919%61, i*i%103, i*17%50, at/3600, at/60%60, at%60)
	}
	return b.Bytes()
}
