package file_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/connect/file"
	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/vfs"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// history is a model of a pipeline that writes rows 0, 1, 2, …: what is published, who is at work, and who is not any more but may not know.
type history struct {
	t       *testing.T
	rt      *rapid.T
	options map[string]any
	clock   *clock.Manual
	mem     *vfs.Mem
	fs      *vfs.Failing // over mem
	log     []string

	// The manifest: the state of the last published epoch, the rows that it covers, the published epochs whose commit was not called, and, if it was
	// restored after a take-over and not replaced since, that.
	state     json.RawMessage
	rows      int
	epoch     int64
	waiting   []json.RawMessage
	contested bool

	generation int64
	now        *writer
	former     []*writer
}

// writer is a run.
type writer struct {
	sink     connector.Sink
	written  int
	spoils   bool              // the rows are other ones: nobody must ever see them
	prepared []json.RawMessage // by it, not published
	counts   []int             // rows of prepared
	known    []json.RawMessage // published, as far as it knows, and not committed
}

const historyRow = "p%d,row %03d %s"

func (h *history) row(n int) string {
	return fmt.Sprintf(historyRow, n%3, n, strings.Repeat("x", n%17))
}

func (h *history) note(format string, args ...any) {
	h.log = append(h.log, fmt.Sprintf(format, args...))
}

func (h *history) fatal(format string, args ...any) {
	h.rt.Fatalf("%s\nafter %s", fmt.Sprintf(format, args...), strings.Join(h.log, "; "))
}

// open begins a run that goes on from the manifest. With a fault in the file system it may fail; then there is none.
func (h *history) open() {
	typ := file.SinkType(h.fs, h.clock)
	env := connector.SinkEnv{
		Name: "s", Schema: pairSchema(), NewEncoder: func() (codec.Encoder, error) { return pairEncoder{}, nil }, Restore: h.state,
		Lineage: lineage, Generation: h.generation, Contested: h.contested,
	}
	sink, err := typ.Open(h.t.Context(), env, configured(h.t, typ.NewConfig(), h.options))
	if err != nil {
		h.survive("open", err)
		return
	}
	h.now = &writer{sink: sink, written: h.rows}
	for i, state := range h.waiting { // whoever goes on commits what may not have been
		if err := sink.Commit(h.t.Context(), h.epoch-int64(len(h.waiting)-1-i), state, false); err != nil {
			h.survive("commit after a restart", err)
			h.close()
			return
		}
	}
	h.waiting = nil
}

// survive allows an error only where the file system failed.
func (h *history) survive(what string, err error) {
	h.note("%s: %v", what, err)
	if !errors.Is(err, syscall.EIO) && !errors.Is(err, syscall.ENOSPC) {
		h.fatal("%s: %v", what, err)
	}
}

func (h *history) close() {
	if h.now == nil {
		return
	}
	if err := h.now.sink.Close(); err != nil {
		h.survive("close", err)
	}
	h.waiting = append(h.waiting, h.now.known...)
	h.now = nil
}

// restart closes or kills the run, and begins another.
func (h *history) restart(kill bool) {
	h.note("restart, killed %v", kill)
	if kill && h.now != nil {
		h.waiting = append(h.waiting, h.now.known...)
		h.now = nil
	}
	h.close()
	h.generation++
	h.fs.Heal()
	h.open()
}

// power cuts the power; whoever was stopped is gone, too.
func (h *history) power(seed uint64) {
	h.note("power")
	if h.now != nil {
		h.waiting = append(h.waiting, h.now.known...)
		h.now = nil
	}
	h.former = nil
	random := rand.New(rand.NewPCG(seed, 1))
	h.mem = h.mem.CrashImage(vfs.CrashOptions{Keep: float64(seed%3) / 2, Tear: seed%2 == 1, Rand: random})
	h.fs = vfs.Fail(h.mem)
	h.contested = false
	h.generation++
	h.open()
}

// contest lets another run take the place of the one at work, which goes on.
func (h *history) contest() {
	if h.now == nil {
		return
	}
	h.note("contest")
	h.now.spoils = true
	h.former = append(h.former, h.now)
	h.waiting = append(h.waiting, h.now.known...)
	h.contested = true
	h.generation++
	h.now = nil
	h.fs.Heal()
	h.open()
}

func (h *history) write(w *writer, n int) error {
	chunk, err := w.sink.NewChunk()
	if err != nil {
		return err
	}
	for range n {
		row := h.row(w.written)
		if w.spoils {
			row = strings.Replace(row, "row", "ROW", 1)
		}
		chunk.Encode(pairs(row))
		w.written++
	}
	return w.sink.Write(h.t.Context(), chunk)
}

func (h *history) prepare(w *writer) error {
	if len(w.prepared)+len(w.known) == connector.MaxUnconfirmed {
		return nil
	}
	state, err := w.sink.Prepare(h.t.Context(), h.epoch+int64(len(w.prepared))+1)
	if err == nil {
		w.prepared = append(w.prepared, state)
		w.counts = append(w.counts, w.written)
	}
	return err
}

// publish is the commit point of the oldest prepared epoch.
func (h *history) publish() {
	w := h.now
	if w == nil || len(w.prepared) == 0 {
		return
	}
	h.note("publish")
	h.state, h.rows, h.contested = w.prepared[0], w.counts[0], false
	h.epoch++
	w.known = append(w.known, w.prepared[0])
	w.prepared, w.counts = w.prepared[1:], w.counts[1:]
}

func (h *history) commit(w *writer) error {
	if len(w.known) == 0 {
		return nil
	}
	if err := w.sink.Commit(h.t.Context(), h.epoch, w.known[0], false); err != nil {
		return err
	}
	w.known = w.known[1:]
	return nil
}

// step makes the run at work do something; if it fails, it ends.
func (h *history) step(what string, do func(*writer) error) {
	if h.now == nil {
		h.restart(true)
	}
	if h.now == nil {
		return
	}
	h.note("%s", what)
	if err := do(h.now); err != nil {
		h.survive(what, err)
		h.close()
	}
}

// wake makes a former run do something; what it meets is its own affair.
func (h *history) wake(i int, do func(*writer) error) {
	if len(h.former) == 0 {
		return
	}
	w := h.former[i%len(h.former)]
	if err := do(w); err != nil {
		h.note("woken: %v", err)
	}
}

// finish ends all: the rows to come, the final epoch, its commit.
func (h *history) finish() {
	h.fs.Heal()
	for range 2 { // one run to end the one under way, one that must come to the end
		if h.now == nil {
			h.restart(true)
		}
		w := h.now
		h.note("finish")
		err := h.write(w, 5)
		for err == nil && len(w.prepared) > 0 {
			h.publish()
		}
		for err == nil && len(w.known) > 0 {
			err = h.commit(w)
		}
		if err == nil {
			err = h.prepare(w)
		}
		if err == nil {
			h.publish()
			err = w.sink.Commit(h.t.Context(), h.epoch, h.state, true)
		}
		if err == nil {
			w.known = nil
			h.close()
			return
		}
		h.survive("finish", err)
		h.close()
	}
	h.fatal("no run came to the end")
}

// check looks at what everybody sees: rows that no one spoilt, each once, in order within its partition.
func (h *history) check(complete bool) {
	rows, err := partRows(h.t, h.mem, "/out")
	if err != nil {
		h.fatal("%v", err)
	}
	if h.options["if_exists"] != nil {
		if there := before(h.options); len(rows) >= 2 && slices.Equal(rows[:2], there) {
			rows = rows[2:]
		} else if h.options["if_exists"] == "append" {
			h.fatal("what was there is not: %q", rows)
		}
	}
	want := make([]string, h.rows)
	for i := range want {
		want[i] = h.row(i)
	}
	if h.options["partition_by"] != nil {
		order := func(a, b string) int { return strings.Compare(a[:2], b[:2]) }
		slices.SortStableFunc(rows, order)
		slices.SortStableFunc(want, order)
		if !complete {
			want = slices.DeleteFunc(want, func(row string) bool { return !slices.Contains(rows, row) })
		}
	} else if !complete {
		want = want[:min(len(rows), len(want))]
	}
	if !slices.Equal(rows, want) {
		h.fatal("visible are %q, want %q", rows, want)
	}
}

// TestAnyHistoryWritesEveryRowOnce plays random histories: rows, epochs, commits that lag, restarts, kills, power cuts, disks that fail or are full, and
// owners that were taken over and do not know.
func TestAnyHistoryWritesEveryRowOnce(t *testing.T) {
	for name, options := range storyOptions {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) { playHistory(t, rt, options) })
		})
	}
}

func playHistory(t *testing.T, rt *rapid.T, options map[string]any) {
	h := &history{t: t, rt: rt, options: options, clock: clk(), generation: 1, mem: storyFS(t, options)}
	h.fs = vfs.Fail(h.mem)
	h.open()
	steps := []string{
		"write", "write", "write", "prepare", "prepare", "publish", "publish", "commit", "commit", "flush", "restart", "kill", "power", "contest", "wake", "wake", "wake",
		"wake", "fail", "full", "pass",
	}
	calls := []vfs.Call{vfs.CallSync, vfs.CallWrite, vfs.CallSyncDir, vfs.CallRename, vfs.CallRenameNoReplace, vfs.CallOpen, vfs.CallStat, vfs.CallRemove}
	for range rapid.IntRange(1, 60).Draw(rt, "steps") {
		n := rapid.IntRange(0, 9).Draw(rt, "n")
		switch step := rapid.SampledFrom(steps).Draw(rt, "step"); step {
		case "write":
			h.step("write", func(w *writer) error { return h.write(w, n) })
		case "prepare":
			h.step("prepare", h.prepare)
		case "publish":
			h.publish()
		case "commit":
			h.step("commit", h.commit)
		case "flush":
			h.step("flush", func(w *writer) error { return w.sink.Flush(t.Context()) })
		case "restart", "kill":
			h.restart(step == "kill")
		case "power":
			h.power(uint64(n))
		case "contest":
			h.contest()
		case "wake":
			h.wake(n, func(w *writer) error {
				switch n % 4 {
				case 0:
					return h.prepare(w)
				case 1:
					return h.commit(w)
				case 2:
					if n == 2 {
						return w.sink.Close()
					}
					return w.sink.Flush(t.Context())
				default:
					return h.write(w, n)
				}
			})
		case "fail":
			h.note("fail")
			h.fs.Add(vfs.Rule{Call: calls[n%len(calls)], Nth: 1 + n%3})
		case "full":
			h.note("full")
			h.fs.Add(vfs.Rule{Call: vfs.CallWrite, AfterBytes: int64(1 + n*9), Times: vfs.Forever, Err: syscall.ENOSPC})
		case "pass":
			h.clock.Advance(1e9)
		}
		h.check(false)
	}
	h.finish()
	h.check(true)
	for _, w := range h.former { // they end at last, and find that nothing is theirs
		if err := w.sink.Close(); err != nil {
			h.note("close: %v", err)
		}
	}
	h.check(true)
}
