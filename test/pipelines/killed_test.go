package pipelines_test

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"wire.example/wire/internal/cli"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/test/process"
)

// mostKills is how often a case is killed before it is let come to its end.
const mostKills = 2

// deaths counts cases that were to be killed, and how often their runs were.
type deaths struct{ runs, kills int }

// killer ends runs of one case without warning.
type killer struct {
	random *rand.Rand
	// changes is how many calls of an undisturbed run change the disk, blocks how many blocks there are, about.
	changes, blocks int
	kills           int
	// processes says that runs are processes of their own, built with kill points; else they end at a call to the disk.
	processes bool
}

func newKiller(t *testing.T, name string, changes, blocks int, processes bool) *killer {
	t.Helper()
	random := rand.New(rand.NewPCG(process.Seed(t), uint64(hash(name)))) //nolint:gosec // repeatable
	return &killer{random: random, changes: changes, blocks: blocks, processes: processes}
}

func hash(name string) uint32 {
	h := fnv.New32()
	_, _ = h.Write([]byte(name)) // never fails
	return h.Sum32()
}

// quarter is which of four parts a case is of, as WIRE_SEED draws them.
func quarter(t *testing.T, name string) int {
	t.Helper()
	return int((uint64(hash(name)) + process.Seed(t)) % 4) //nolint:gosec // below 4
}

// spared reports whether a case is not killed in CI: three of four are not.
func spared(t *testing.T, name string) bool {
	t.Helper()
	return !process.Heavy() && quarter(t, name) != 0
}

// run runs the command line, which must be one of wire run, and kills it on its way unless it was killed often enough.
func (k *killer) run(t *testing.T, args, env []string) (r result, killed bool) {
	t.Helper()
	if k.processes {
		r, killed = k.runProcess(t, args, env)
	} else {
		r, killed = k.runHere(t, args)
	}
	if killed {
		k.kills++
	}
	return r, killed
}

// runHere runs within the test. The first run is killed in its last three quarters: it has checkpoints then.
func (k *killer) runHere(t *testing.T, args []string) (result, bool) {
	t.Helper()
	after := -1
	switch k.kills {
	case 0:
		after = k.changes/4 + k.random.IntN(max(1, k.changes*3/4))
	case 1:
		after = 1 + k.random.IntN(max(1, k.changes))
	}
	return commandOnDisk(t, args, after)
}

// commandOnDisk is command on a disk that lets so many calls change something; see process.NewDisk.
func commandOnDisk(t *testing.T, args []string, after int) (r result, killed bool) {
	t.Helper()
	disk := process.NewDisk(t.Context(), vfs.OS(), after)
	defer disk.Close()
	var stdout, stderr safeBuffer
	r.exit = cli.MainOn(disk.Context, disk, args, strings.NewReader(""), &stdout, &stderr)
	r.stdout, r.stderr, r.changes = stdout.String(), stderr.String(), disk.Changes()
	return r, disk.Killed()
}

// finishedAlready reports whether a run found nothing left to do: the one before was killed when it was finished.
func finishedAlready(r result) bool {
	return strings.Contains(r.stderr, "is finished already") || strings.Contains(r.stderr, "was finished already")
}

// runProcess kills a process between two steps of the protocol, or between two blocks.
func (k *killer) runProcess(t *testing.T, args, env []string) (result, bool) {
	t.Helper()
	aim := process.Aim{}
	if k.kills < mostKills {
		points := []string{
			"source/block", "source/block", "source/block", "source/barrier", "epoch/begun", "epoch/task-sealed", "epoch/applied", "epoch/published", "epoch/committed",
			"epoch/confirmed", "sink/file/before-prepare", "sink/file/after-prepare", "checkpoint/before-publish", "checkpoint/linked",
		}
		aim.Point = points[k.random.IntN(len(points))]
		most := 5
		if aim.Point == "source/block" {
			most = max(2, k.blocks)
		}
		aim.Point += fmt.Sprintf(":%d", 1+k.random.IntN(most))
	}
	p := aim.Start(t, ".", env, args...)
	p.Wait()
	return result{exit: p.Exit(), stdout: p.Prints(), stderr: p.Says()}, p.Killed()
}

// killedWays are the forms in which a case is killed: at calls to the disk, or, where tests may take long, between steps as a process.
func killedWays() []way {
	w := way{name: "killed, resumed at parallelism 3", first: small("2", "--checkpoint-blocks", "2"), later: small("3", "--checkpoint-blocks", "2", "--restore-for", "1ns"), kept: true, killed: true}
	if os.Getenv("WIRE_BIN") == "" && !process.Heavy() {
		return []way{w}
	}
	p := w
	p.name, p.processes = "a process that is killed, resumed at parallelism 3", true
	return []way{w, p}
}

// small are flags for blocks of a row or so.
func small(parallelism string, more ...string) []string {
	return append([]string{"--block-bytes", "16", "--parallelism", parallelism}, more...)
}
