package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// settle is how long an idle pipeline is left alone before it is measured.
const settle = 2 * time.Second

// idle is the resident memory of a process with one pipeline that follows a file to which nothing is added.
func (b *bench) idle(ctx context.Context) ([]OtherCost, error) {
	c := cases()[0]
	input := filepath.Join(b.Dir, "followed.jsonl")
	if err := os.WriteFile(input, nil, 0o600); err != nil {
		return nil, err
	}
	c.Name = "idle"
	text := strings.Replace(c.pipeline(input), "format: json", "follow: true, format: json", 1)
	path := filepath.Join(b.Dir, "idle.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := exec.CommandContext(ctx, b.Program, "run", "--quiet", path) //nolint:gosec // this program itself
	p.Dir = b.Dir
	if err := p.Start(); err != nil {
		return nil, err
	}
	err := b.Clock.Sleep(ctx, settle)
	resident, readErr := residentBytes(p.Process.Pid)
	cancel()
	_ = p.Wait() // it was killed
	if err != nil || readErr != nil {
		return nil, fmt.Errorf("%w", firstOf(err, readErr))
	}
	return []OtherCost{{Name: "idle", Doc: "resident memory of a process that follows a file", Value: float64(resident) / (1 << 20), Unit: "MB", Reach: "≤ 40 MB"}}, nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// residentBytes reads what a process holds in memory, from /proc.
func residentBytes(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, "VmRSS:"); found {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("process %d has no resident memory: it has ended", pid)
}
