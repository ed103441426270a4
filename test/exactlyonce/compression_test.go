package exactlyonce_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/cli"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/test/process"
)

// compressed counts, in groups that are many enough to compress, and passes rows on.
const compressed = `CREATE SOURCE a (id BIGINT, note TEXT) WITH (connector = 'file', path = 'in.jsonl', format = 'json');
CREATE SINK groups WITH (connector = 'file', path = 'groups.jsonl', format = 'json');
CREATE SINK rows WITH (connector = 'file', path = 'rows.jsonl', format = 'json');
SET state_compression = 'snappy';
INSERT INTO groups SELECT note, count(*) AS n, sum(id) AS total, max(id) AS last FROM a GROUP BY note;
INSERT INTO rows SELECT id FROM a WHERE id % 3 = 0;
`

// TestCompressionMayChange kills runs, each of which compresses its state otherwise than the one before: the last one has all rows, each once.
func TestCompressionMayChange(t *testing.T) {
	t.Chdir(t.TempDir())
	var in strings.Builder
	for id := range 6000 {
		fmt.Fprintf(&in, `{"id":%d,"note":"what is noted of %d, and so on"}`+"\n", id, id*7919%1500)
	}
	must(t, os.WriteFile("in.jsonl", []byte(in.String()), 0o600))
	must(t, os.WriteFile("p.sql", []byte(compressed), 0o600))
	for leg, kind := range []string{"", "zstd", "none", "snappy", "zstd", "snappy"} {
		args := []string{"run", "--summary", "none", "--state-dir", "kept", "--checkpoint-interval", "1h", "--checkpoint-blocks", "2", "--block-bytes", "9000", "--parallelism", "2"}
		if kind != "" { // overrides what the file says
			args = append(args, "--state-compression", kind)
		}
		after := 90
		if leg == 5 {
			after = -1
		}
		disk := process.NewDisk(t.Context(), vfs.OS(), after)
		var said bytes.Buffer
		code := cli.MainOn(disk.Context, disk, append(args, "p.sql"), strings.NewReader(""), &said, &said)
		disk.Close()
		if dead := disk.Changes() >= after && after > 0; dead == (leg == 5) || !dead && code != 0 || leg > 0 && !strings.Contains(said.String(), "going on from checkpoint") {
			t.Fatalf("leg %d, %q: %d after %d changes, %s", leg, kind, code, disk.Changes(), said.String())
		}
		if leg < 5 {
			writes(t, kind)
		}
	}
	got := outputOf(t)
	must(t, os.Remove("groups.jsonl"))
	must(t, os.Remove("rows.jsonl"))
	var said bytes.Buffer
	if code := cli.MainOn(t.Context(), vfs.OS(), []string{"run", "--summary", "none", "--ephemeral", "p.sql"}, strings.NewReader(""), &said, &said); code != 0 {
		t.Fatal(said.String())
	}
	if want := outputOf(t); len(want) != 3500 || !slices.Equal(got, want) {
		t.Errorf("%d rows instead of %d", len(got), len(want))
	}
}

// writes checks that the run wrote a log that is compressed, or is not, as the kind says.
func writes(t *testing.T, kind string) {
	t.Helper()
	paths, err := filepath.Glob("kept/files/*.changes")
	must(t, err)
	var last string
	var newest os.FileInfo
	for _, path := range paths {
		info, err := os.Stat(path)
		must(t, err)
		if newest == nil || info.ModTime().After(newest.ModTime()) {
			last, newest = path, info
		}
	}
	if last == "" {
		t.Fatalf("the run that writes %q has left no log", kind)
	}
	content, err := os.ReadFile(last)
	must(t, err)
	if packed := content[len("WIRESTLG")] == 2; packed != (kind == "zstd") {
		t.Errorf("the run that writes %q has left %s: compressed, %t", kind, last, packed)
	}
}

// outputOf are the rows of both sinks, sorted.
func outputOf(t *testing.T) []string {
	t.Helper()
	var rows []string
	for _, name := range []string{"groups.jsonl", "rows.jsonl"} {
		text, err := os.ReadFile(name)
		must(t, err)
		rows = slices.AppendSeq(rows, strings.Lines(string(text)))
	}
	slices.Sort(rows)
	return rows
}
