package nexmark_test

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

func TestMain(m *testing.M) {
	code := m.Run()
	process.Remove()
	os.Exit(code)
}

func hash(name string) uint32 {
	h := fnv.New32()
	_, _ = h.Write([]byte(name)) // never fails
	return h.Sum32()
}

// spared reports whether a query is not killed in CI: three of four are not.
func spared(t *testing.T, name string) bool {
	t.Helper()
	return !process.Heavy() && (uint64(hash(name))+process.Seed(t))%4 != 0
}

// checkpointing are the flags for a checkpoint every few hundred rows of a file.
func checkpointing(parallelism int, file string) []string {
	return []string{
		"--summary", "json", "--state-dir", "state", "--checkpoint-interval", "1h", "--checkpoint-blocks", "2", "--block-bytes", "60000", "--parallelism", fmt.Sprint(parallelism), file,
	}
}

// deaths counts runs that were to be killed twice each, and how often they were.
type deaths struct{ runs, kills int }

// killedTwice kills a run in the middle, and the one that goes on from what it left, at a call to the disk; as processes, where tests may take long, between blocks or
// steps of the protocol.
func (d *deaths) killedTwice(t *testing.T, name, file string) error {
	t.Helper()
	random := rand.New(rand.NewPCG(process.Seed(t), uint64(hash(name)))) //nolint:gosec // repeatable
	end := killedHere
	if process.Heavy() && random.IntN(2) == 0 {
		end = killedProcess
	}
	d.runs++
	parallelism := 2
	for leg := range 3 {
		dead, err := end(t, checkpointing(parallelism, file), leg, random)
		if !dead {
			return err
		}
		d.kills++
		parallelism = 3
	}
	return fmt.Errorf("not finished")
}

func killedHere(t *testing.T, flags []string, leg int, random *rand.Rand) (dead bool, err error) {
	t.Helper()
	after := []int{100 + random.IntN(500), 1 + random.IntN(300), -1}[leg]
	disk := process.NewDisk(t.Context(), vfs.OS(), after)
	defer disk.Close()
	var stdout, stderr safeBuffer
	code := cli.MainOn(disk.Context, disk, append([]string{"run"}, flags...), strings.NewReader(""), &stdout, &stderr)
	switch {
	case disk.Killed():
		return true, nil
	case code != 0:
		return false, fmt.Errorf("run %d ended with %d: %s", leg, code, stderr.String())
	}
	return false, nil
}

func killedProcess(t *testing.T, flags []string, leg int, random *rand.Rand) (dead bool, err error) {
	t.Helper()
	var aim process.Aim
	if leg < 2 {
		points := []string{"source/block", "source/block", "source/barrier", "epoch/task-sealed", "epoch/applied", "epoch/published", "epoch/committed", "sink/file/after-prepare"}
		aim.Point = fmt.Sprintf("%s:%d", points[random.IntN(len(points))], 1+random.IntN(12))
	}
	p := aim.Start(t, ".", nil, append([]string{"run"}, flags...)...)
	p.Wait()
	if p.Killed() {
		return true, nil
	}
	return false, p.Finishes()
}
