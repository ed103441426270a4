package robust_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// many rows are more than pipes and blocks hold.
const many = 300_000

// twoSinks writes every row to a file and to standard output.
const twoSinks = `name: p
sources: {a: {connector: file, path: in.jsonl, schema: {id: BIGINT}}}
transforms: {t: {from: a, select: {id: id}}}
sinks:
  out: {from: t, connector: stdout}
  kept: {from: t, connector: file, path: out.jsonl}
`

// TestASignalStopsAndAnotherRunGoesOn: everything read is in the sinks, and the next run does exactly the rest.
func TestASignalStopsAndAnotherRunGoesOn(t *testing.T) {
	for _, test := range []struct {
		signal syscall.Signal
		exit   int
	}{{syscall.SIGINT, 130}, {syscall.SIGTERM, 143}} {
		t.Run(test.signal.String(), func(t *testing.T) {
			dir, input := t.TempDir(), rows(0, many)
			write(t, dir, "in.jsonl", input)
			write(t, dir, "p.yaml", twoSinks)
			p := start(t, dir, []string{"run", "p.yaml"})
			out := bufio.NewReader(p.stdout)
			first, err := out.ReadString('\n') // the run is under way, and soon stands still: nobody reads on
			must(t, err)
			p.Signal(test.signal)
			p.awaits("stopping")
			rest, err := io.ReadAll(out)
			must(t, err)
			p.wants(p.wait(), test.exit, "in .wire/p; the same command goes on from there")
			before := first + string(rest)
			if before == input {
				t.Fatal("the run was not stopped in the middle, so this test proves nothing")
			}
			if _, err := os.Stat(filepath.Join(dir, "out.jsonl")); err == nil {
				t.Error("a run that did not end published its file")
			}

			next := start(t, dir, []string{"run", "p.yaml"})
			after, err := io.ReadAll(next.stdout)
			must(t, err)
			next.wants(next.wait(), 0)
			if before+string(after) != input {
				t.Errorf("%d bytes before and %d after the stop are not the input of %d bytes", len(before), len(after), len(input))
			}
			if read(t, dir, "out.jsonl") != input {
				t.Error("the file is not the input")
			}

			done := start(t, dir, []string{"run", "p.yaml"})
			again, err := io.ReadAll(done.stdout)
			must(t, err)
			if done.wants(done.wait(), 0, "finished already"); len(again) > 0 {
				t.Error("a finished pipeline wrote again")
			}
		})
	}
}

// TestTheSecondSignalStopsAtOnce, even where a write hangs that the system does not let go of.
func TestTheSecondSignalStopsAtOnce(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in.jsonl", rows(0, many))
	write(t, dir, "p.yaml", twoSinks)
	p := start(t, dir, []string{"run", "p.yaml"})
	one := make([]byte, 1)
	if _, err := io.ReadFull(p.stdout, one); err != nil {
		t.Fatal(err)
	}
	p.Signal(syscall.SIGTERM)
	p.awaits("stopping")
	p.Signal(syscall.SIGTERM)
	p.wants(p.wait(), 143, "stopped at once")
	if got := read(t, dir, "out.jsonl"); got != "" {
		t.Error("what was not finished was published")
	}
	_, code := run(t, dir, "p.yaml") // what is left of the first run is in nobody's way
	if code != 0 || read(t, dir, "out.jsonl") != rows(0, many) {
		t.Errorf("the next run ended with %d and another file", code)
	}
}

// TestASignalWhileTheInputStalls: a pipe whose writer is silent keeps nobody from stopping; what it had sent is in the sink.
func TestASignalWhileTheInputStalls(t *testing.T) {
	dir := t.TempDir()
	path := fifo(t, dir, "in")
	write(t, dir, "p.yaml", passing("connector: file, path: in", "connector: stdout"))
	p := start(t, dir, []string{"run", "p.yaml"})
	in := feed(t, path)
	if _, err := in.WriteString("{\"id\":1}\n{\"id\""); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(p.stdout).ReadString('\n')
	if err != nil || line != "{\"id\":1}\n" {
		t.Fatal(line, err)
	}
	p.Signal(syscall.SIGINT)
	p.wants(p.wait(), 130, "stopping")
	next, code := run(t, dir, "p.yaml")
	next.wants(code, 1, "is no regular file: what was read of it before byte 9 cannot be read again")
}

// TestKilledAndRunAgain: after kill -9 the pipeline is run again from its beginning, and its file is whole; nothing of the first run shows.
func TestKilledAndRunAgain(t *testing.T) {
	dir, input := t.TempDir(), rows(0, many)
	write(t, dir, "in.jsonl", input)
	write(t, dir, "p.yaml", twoSinks)
	p := start(t, dir, []string{"run", "p.yaml"})
	one := make([]byte, 1)
	if _, err := io.ReadFull(p.stdout, one); err != nil {
		t.Fatal(err)
	}
	p.Kill()
	if code := p.wait(); code != 128+9 {
		t.Errorf("exit %d", code)
	}
	if got := names(t, dir); !strings.Contains(strings.Join(got, " "), ".out.jsonl.wire-") || read(t, dir, "out.jsonl") != "" {
		t.Errorf("the run was killed between its beginning and its end, yet the files are %v", got)
	}
	next, code := run(t, dir, "p.yaml")
	next.wants(code, 0)
	if read(t, dir, "out.jsonl") != input {
		t.Error("the file is not the input")
	}
	if got := names(t, dir); len(got) != 3 {
		t.Errorf("files %v", got)
	}
}

// TestAFollowedFileSurvivesKills: with checkpoints and parts, a pipeline that is killed again and again and goes on from its checkpoint publishes
// every row once.
func TestAFollowedFileSurvivesKills(t *testing.T) {
	const kills, batch = 4, 100
	dir, n := t.TempDir(), 0
	more := func(rowCount int) {
		appendTo(t, dir, "in.jsonl", rows(n, n+rowCount))
		n += rowCount
	}
	write(t, dir, "in.jsonl", "")
	write(t, dir, "p.yaml", `name: p
sources: {a: {connector: file, path: in.jsonl, follow: true, poll_every: 10ms, schema: {id: BIGINT}}}
transforms: {t: {from: a, select: {id: id}}}
sinks:
  out: {from: t, connector: stdout}
  kept: {from: t, connector: file, path: parts/p.jsonl, roll_rows: 30}
`)
	args := []string{"run", "--state-dir", "state", "--checkpoint-interval", "5ms", "p.yaml"}
	for i := range kills + 1 {
		more(batch)
		p := start(t, dir, args)
		out := bufio.NewScanner(p.stdout)
		arrived := func() {
			for last := strings.TrimSuffix(rows(n-1, n), "\n"); out.Scan() && out.Text() != last; {
			}
		}
		arrived()
		for before := newest(t, dir); newest(t, dir) == before; arrived() { // the kill comes after a checkpoint, with rows behind it
			more(1)
		}
		if i < kills {
			p.Kill()
			p.wait()
		} else {
			p.Signal(syscall.SIGINT)
			p.wants(p.wait(), 130)
		}
	}
	var published, open strings.Builder
	for _, name := range names(t, filepath.Join(dir, "parts")) {
		if strings.HasPrefix(name, ".") { // the part that is not full yet
			open.WriteString(read(t, dir, "parts/"+name))
		} else {
			published.WriteString(read(t, dir, "parts/"+name))
		}
	}
	if published.String()+open.String() != rows(0, n) {
		t.Errorf("the parts hold %d and %d lines, want %d, or in another order", strings.Count(published.String(), "\n"), strings.Count(open.String(), "\n"), n)
	}
	if strings.Count(published.String(), "\n")%30 != 0 {
		t.Error("a published part is not full")
	}
}

// newest is the name of the newest manifest of the state directory, "" if there is none.
func newest(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(filepath.Join(dir, "state", "manifests"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1].Name()
}

func appendTo(t *testing.T, dir, name, text string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteString(text)
	must(t, err)
	must(t, f.Close())
}

// TestExitCodes: 0 done, 1 failed while running, 2 wrong pipeline or arguments.
func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in.jsonl", rows(0, 3))
	write(t, dir, "bad.jsonl", "no json\n")
	write(t, dir, "good.yaml", passing("connector: file, path: in.jsonl", "connector: stdout"))
	write(t, dir, "fails.yaml", passing("connector: file, path: bad.jsonl", "connector: stdout"))
	write(t, dir, "wrong.yaml", passing("connector: flie, path: in.jsonl", "connector: stdout"))
	for _, test := range []struct {
		args []string
		want int
	}{
		{[]string{"--ephemeral", "good.yaml"}, 0},
		{[]string{"--ephemeral", "fails.yaml"}, 1},
		{[]string{"wrong.yaml"}, 2},
		{[]string{"absent.yaml"}, 2},
		{[]string{"--nonsense", "good.yaml"}, 2},
		{[]string{}, 2},
	} {
		if p, code := run(t, dir, test.args...); code != test.want {
			t.Errorf("wire run %v ended with %d, want %d: %s", test.args, code, test.want, p.Says())
		}
	}
}

// TestAKilledRunIsFollowedAtOnce: who starts the same command again in the moment of the kill, as a supervisor does, need not know that the system still takes the dead one's memory back.
func TestAKilledRunIsFollowedAtOnce(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in.jsonl", rows(0, many))
	write(t, dir, "p.yaml", twoSinks)
	one := make([]byte, 1)
	for i := range 12 {
		p := start(t, dir, []string{"run", "p.yaml"})
		if _, err := io.ReadFull(p.stdout, one); err != nil { // it runs, or was refused
			p.wait()
			t.Fatalf("start %d: %v: %s", i, err, p.Says())
		}
		if i == 6 { // one that lives is in the way
			q, code := run(t, dir, "p.yaml")
			q.wants(code, 1, fmt.Sprintf("the pipeline is run by process %d on ", p.PID))
		}
		p.Kill()
	}
}
