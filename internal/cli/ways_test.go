package cli_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"wire.example/wire/internal/cli"
	"wire.example/wire/internal/foundation/vfs"
)

// counted is a directory with a pipeline, p.sql, that keeps state and has rows left to read after a few blocks; its sink's path is relative.
func counted(t *testing.T) (dir string) {
	t.Helper()
	var rows strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&rows, "{\"id\":%d}\n", i)
	}
	return write(t, map[string]string{"in.jsonl": rows.String(), "p.sql": `
CREATE TABLE orders (id BIGINT) WITH (connector = 'file', path = '$DIR/in.jsonl', format = 'json');
CREATE SINK out WITH (connector = 'file', path = 'out/o.jsonl', format = 'json');
SET emit = 'changes';
INSERT INTO out SELECT id / 2 AS k, count(*) FROM orders GROUP BY id / 2;`})
}

// often are the arguments of a run with many checkpoints.
func often(more ...string) []string {
	return append([]string{"run", "--block-bytes", "1024", "--checkpoint-blocks", "1", "--parallelism", "1", "--summary", "none"}, more...)
}

// TestNobodyGoesOnFromADamagedCheckpoint: a run says what it goes on from when that was read.
func TestNobodyGoesOnFromADamagedCheckpoint(t *testing.T) {
	t.Chdir(counted(t))
	wire(t, 0, often("p.sql", "--stop-after", "5")...)
	const goesOn = "going on from checkpoint"
	if _, errOut := wire(t, 0, often("p.sql", "--stop-after", "2")...); !strings.Contains(errOut, goesOn) {
		t.Errorf("a run does not say what it goes on from: %s", errOut)
	}
	damaged := 0
	err := filepath.WalkDir(".wire", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".sst" {
			return err
		}
		damaged++
		return os.Truncate(path, 10)
	})
	if err != nil || damaged == 0 {
		t.Fatal(damaged, err)
	}
	if _, errOut := wire(t, 1, often("p.sql")...); strings.Contains(errOut, goesOn) {
		t.Errorf("a run goes on from a checkpoint that is damaged: %s", errOut)
	}
}

// TestARunFromAnotherDirectory: where a sink's path is relative, a run that is started elsewhere says why its parts are not there, and what to do.
func TestARunFromAnotherDirectory(t *testing.T) {
	dir := counted(t)
	t.Chdir(dir)
	wire(t, 0, often("p.sql", "--stop-after", "5")...)
	t.Chdir(t.TempDir())
	_, errOut := wire(t, 1, often(filepath.Join(dir, "p.sql"))...)
	for _, want := range []string{"out/.o.jsonl.wire-", "out/o.jsonl is relative to the directory that wire is started in", "--fresh"} {
		if !strings.Contains(errOut, want) {
			t.Errorf("%q is not said: %s", want, errOut)
		}
	}
	t.Chdir(dir)
	wire(t, 0, often("p.sql")...)
}

// TestAFullDiskHasAWayOut: a run that cannot write, from the start or later, says once what to do, and goes on when there is room.
func TestAFullDiskHasAWayOut(t *testing.T) {
	const way = "make room"
	for _, nth := range []int{1, 30, 60} {
		t.Chdir(counted(t))
		disk := vfs.Fail(vfs.OS(), vfs.Rule{Call: vfs.CallWrite, Nth: nth, Times: vfs.Forever, Err: syscall.ENOSPC})
		var out, errOut bytes.Buffer
		code := cli.MainOn(t.Context(), disk, often("p.sql", "--checkpoint-failures", "1"), strings.NewReader(""), &out, &errOut)
		if code != 1 || disk.Failed() == 0 || strings.Count(errOut.String(), way) != 1 {
			t.Errorf("from write %d on it ended with %d: %s", nth, code, &errOut)
		}
		wire(t, 0, often("p.sql")...)
	}
}
