package robust_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/test/process"
)

// TestADiskThatFills: the error says what to do, what was published stays, nothing is left in the way, and with room the next run succeeds.
func TestADiskThatFills(t *testing.T) {
	dir := t.TempDir()
	disk := filepath.Join(dir, "disk")
	must(t, os.Mkdir(disk, 0o755))
	mount(t, disk, "size=1m")
	write(t, dir, "in.jsonl", rows(0, many))
	write(t, disk, "earlier.jsonl", "published\n")
	write(t, dir, "p.yaml", passing("connector: file, path: in.jsonl", "connector: file, path: disk/out.jsonl"))
	p, code := run(t, dir, "p.yaml")
	p.wants(code, 1, "no room left for disk/.out.jsonl.wire-", "make room and run again")
	if got := names(t, disk); len(got) != 1 || read(t, disk, "earlier.jsonl") != "published\n" {
		t.Errorf("on the disk are %v", got)
	}
	mount(t, disk, "remount,size=20m")
	p, code = run(t, dir, "p.yaml")
	p.wants(code, 0)
	if read(t, disk, "out.jsonl") != rows(0, many) {
		t.Error("the file is not the input")
	}
}

// TestADiskThatFillsWithParts: parts that were published before the disk was full stay whole.
func TestADiskThatFillsUnderTheCheckpoint(t *testing.T) {
	dir := t.TempDir()
	disk := filepath.Join(dir, "disk")
	must(t, os.Mkdir(disk, 0o755))
	mount(t, disk, "size=16k")
	write(t, disk, "filler", strings.Repeat("x", 12<<10))
	write(t, dir, "in.jsonl", rows(0, 1000))
	write(t, dir, "p.yaml", passing("connector: file, path: in.jsonl", "connector: file, path: out.jsonl"))
	p, code := run(t, dir, "--state-dir", "disk/state", "p.yaml")
	p.wants(code, 1, "disk/state", "no space left on device")
	if read(t, dir, "out.jsonl") != "" {
		t.Error("a run without its checkpoint published its file")
	}
}

// mount mounts a tmpfs at path, or changes it.
func mount(t *testing.T, path, options string) {
	t.Helper()
	if os.Getuid() != 0 || runtime.GOOS != "linux" {
		t.Skip("SKIP: mounting a tmpfs needs root on Linux")
	}
	out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", options, "wire-robust", path).CombinedOutput()
	if err != nil {
		t.Skipf("SKIP: no tmpfs can be mounted here: %s", out)
	}
	if !strings.Contains(options, "remount") {
		t.Cleanup(func() {
			if out, err := exec.CommandContext(context.Background(), "umount", path).CombinedOutput(); err != nil { // t's context is done
				t.Errorf("%s", out)
			}
		})
	}
}

// TestADirectoryThatVanishes ends the run, with words that say so.
func TestADirectoryThatVanishes(t *testing.T) {
	for _, sink := range []string{"path: out/o.jsonl", "path: out/o.jsonl, roll_rows: 10"} {
		dir := t.TempDir()
		path := fifo(t, dir, "in")
		write(t, dir, "p.yaml", passing("connector: file, path: in", "connector: file, "+sink))
		p := start(t, dir, []string{"run", "p.yaml"})
		in := feed(t, path) // the sinks are open before the sources
		must(t, os.RemoveAll(filepath.Join(dir, "out")))
		must(t, second(in.WriteString(rows(0, 100))))
		must(t, in.Close())
		p.wants(p.wait(), 1, "has vanished while it was written: it or its directory was removed")
	}
}

// stall is how long a peer that hangs hangs.
func stall() time.Duration {
	if process.Heavy() {
		return 10 * time.Second
	}
	return 300 * time.Millisecond
}

// most is the memory that a run may take while its target stalls.
const most = 150 << 20

// flood writes rows into a pipe until nobody has taken any for the time of a stall; it returns how many bytes went in.
func flood(t *testing.T, in *os.File) (written int64) {
	t.Helper()
	piece := []byte(rows(1_000_000, 1_010_000))
	for {
		must(t, in.SetWriteDeadline(clock.System().Now().Add(stall())))
		n, err := in.Write(piece)
		written += int64(n)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return written
		}
		must(t, err)
	}
}

// TestASinkThatStalls: while standard output is not read, an input without end waits in its pipe and not in memory.
func TestASinkThatStalls(t *testing.T) {
	dir := t.TempDir()
	path := fifo(t, dir, "in")
	write(t, dir, "p.yaml", passing("connector: file, path: in", "connector: stdout"))
	p := start(t, dir, []string{"run", "--parallelism", "2", "p.yaml"})
	written := flood(t, feed(t, path))
	peak := p.PeakBytes()
	t.Logf("stalled %v after %d KB; peak %d MB", stall(), written>>10, peak>>20)
	if peak > most {
		t.Errorf("%d MB were resident", peak>>20)
	}
}

// TestAServerThatHangs: the same of an HTTP sink whose server takes a request and does not answer.
func TestAServerThatHangs(t *testing.T) {
	release := make(chan struct{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	var taken sync.Map
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { //nolint:gosec // a test's own server
		body, err := io.ReadAll(r.Body)
		taken.Store(len(body), err)
		<-release
	})}
	go func() { _ = server.Serve(listener) }() // until it is closed
	t.Cleanup(func() {
		server.Close()
	})
	defer close(release)
	dir := t.TempDir()
	path := fifo(t, dir, "in")
	write(t, dir, "p.yaml", passing("connector: file, path: in", "connector: http, url: \"http://"+listener.Addr().String()+"\""))
	p := start(t, dir, []string{"run", "--parallelism", "2", "p.yaml"})
	written := flood(t, feed(t, path))
	peak := p.PeakBytes()
	t.Logf("stalled %v after %d KB; peak %d MB", stall(), written>>10, peak>>20)
	if peak > most {
		t.Errorf("%d MB were resident", peak>>20)
	}
}

// TestAnInputThatGoesOn: much more than memory is read through a pipe, and memory stays where it is.
func TestAnInputThatGoesOn(t *testing.T) {
	size := int64(64 << 20)
	if process.Heavy() {
		size = 4 << 30
	}
	dir := t.TempDir()
	path := fifo(t, dir, "in")
	write(t, dir, "p.yaml", passing("connector: file, path: in", "connector: blackhole"))
	p := start(t, dir, []string{"run", "--parallelism", "2", "p.yaml"})
	in := feed(t, path)
	piece := []byte(rows(1_000_000, 1_050_000))
	for written := int64(0); written < size; written += int64(len(piece)) {
		must(t, second(in.Write(piece)))
	}
	must(t, in.Close())
	p.wants(p.wait(), 0)
	t.Logf("%d MB read; peak %d MB", size>>20, p.PeakBytes()>>20)
	if peak := p.PeakBytes(); peak > most {
		t.Errorf("%d MB were resident", peak>>20)
	}
}
