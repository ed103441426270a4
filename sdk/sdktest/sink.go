package sdktest

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// Sink describes a sink to SinkSuite.
type Sink struct {
	Type *connector.SinkType
	// New makes a target of its own, in which nothing is visible yet.
	New func(t testing.TB) Target
	// OnlyFinal says that nothing becomes visible before the final commit. By default each commit shows the rows of its epoch.
	OnlyFinal bool
	// AtLeastOnce says why the sink makes rows visible before their commit and may repeat them after a crash; the laws then ask only that no
	// committed row is missing and that the order is kept.
	AtLeastOnce string
	// Skip names laws that the sink cannot keep, each with the reason.
	Skip map[string]string
}

// Target is where the rows of one test go.
type Target struct {
	// Config leads to the target.
	Config any
	// Visible returns the rows that a reader of the target would see: the text of each, in order. It is nil for a target that shows no rows:
	// then only the calls and their errors are checked.
	Visible func(t testing.TB) []string
}

// SinkSuite checks that a sink keeps the contract of connector.Sink. The rows have one TEXT column, v; a sink with a format is given one that
// writes the text and a line feed.
//
//   - NothingIsVisibleBeforeItsCommit: not by Write, Flush or Prepare.
//   - CommitsAddUp: rows of several epochs appear once and in order; an epoch without rows is nothing special.
//   - CommitIsIdempotent: at once and after a restart.
//   - CrashBeforeCommit: a sink opened with the state of a Prepare whose Commit never came makes its rows visible, once.
//   - CrashBeforePrepare: rows written after the last Prepare are gone, and can be written again.
//   - CloseWithoutCommit: leaves nothing visible, whether rows were written, flushed or prepared.
//   - AnEmptyRun: no row at all, committed, is no error and no row.
//   - ChunksAreLent: Write does not keep its chunk; chunks count their rows and may be made from any goroutine.
//   - CommitsComeLater: epochs are prepared while those before wait for their commits, and rows are written while those are made.
//   - SeveralEpochsAreRecovered: a sink opened with the last of several states whose commits never came makes all their rows visible, once; the commits
//     that are made then, of all of them in order, add nothing.
//   - AFormerOwnerDoesNoHarm: one that was stopped, and goes on after another has taken over, makes nothing visible and takes nothing away.
//   - StatesAreVersioned: a state is a JSON object with a version; another version, or what is no JSON, is refused.
//
// Every law also checks that no goroutine is left.
func SinkSuite(t *testing.T, s Sink) {
	t.Helper()
	runLaws(t, sinkLaws(), s, s.Skip)
}

func sinkLaws() []law[Sink] {
	return []law[Sink]{
		{"NothingIsVisibleBeforeItsCommit", nothingIsVisibleBeforeItsCommit},
		{"CommitsAddUp", commitsAddUp},
		{"CommitIsIdempotent", commitIsIdempotent},
		{"CrashBeforeCommit", crashBeforeCommit},
		{"CrashBeforePrepare", crashBeforePrepare},
		{"CloseWithoutCommit", closeWithoutCommit},
		{"AnEmptyRun", anEmptyRun},
		{"ChunksAreLent", chunksAreLent},
		{"CommitsComeLater", commitsComeLater},
		{"SeveralEpochsAreRecovered", severalEpochsAreRecovered},
		{"AFormerOwnerDoesNoHarm", aFormerOwnerDoesNoHarm},
		{"StatesAreVersioned", statesAreVersioned},
	}
}

// quiet is a log that keeps nothing.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// lineEncoder writes the first column, a line a row.
type lineEncoder struct{}

func (lineEncoder) Encode(dst []byte, ends []int, b *batch.Batch) ([]byte, []int, []codec.RowError) {
	for i := range b.Rows() {
		dst = append(append(dst, b.Cols[0].Bytes(b.Row(i))...), '\n')
		ends = append(ends, len(dst))
	}
	return dst, ends, nil
}

// open opens the sink as the owner of a generation; behind the first one the former owner may be alive.
func (s Sink) open(t testing.TB, target Target, restore json.RawMessage, generation int64) (connector.Sink, error) {
	env := connector.SinkEnv{
		Name: "under test", Schema: schema.New(schema.Field{Name: "v", Type: schema.Of(schema.Text)}), Pool: &batch.Pool{}, Restore: restore, Log: quiet(),
		Lineage: "b1d8d5a4-2b2e-4c63-8f0f-52a6c0b7a1de", Generation: generation, Contested: generation > 1,
	}
	if s.Type.Format != "" {
		env.NewEncoder = func() (codec.Encoder, error) { return lineEncoder{}, nil }
	}
	return s.Type.Open(t.Context(), env, target.Config)
}

// writing is one run of a sink.
type writing struct {
	t      testing.TB
	kind   Sink
	target Target
	sink   connector.Sink
	chunk  connector.Chunk
}

func (s Sink) start(t testing.TB, target Target, restore json.RawMessage) *writing {
	t.Helper()
	return s.startAs(t, target, restore, 1)
}

func (s Sink) startAs(t testing.TB, target Target, restore json.RawMessage, generation int64) *writing {
	t.Helper()
	sink, err := s.open(t, target, restore, generation)
	if err != nil {
		t.Fatalf("open with state %s: %v", restore, err)
	}
	chunk, err := sink.NewChunk()
	if err != nil {
		t.Fatal("NewChunk: ", err)
	}
	return &writing{t: t, kind: s, target: target, sink: sink, chunk: chunk}
}

func (w *writing) write(values ...string) {
	w.t.Helper()
	w.chunk.Reset()
	if bad := w.chunk.Encode(TextBatch(values...)); len(bad) > 0 {
		w.t.Fatal("Encode: ", bad[0].Err)
	}
	if err := w.sink.Write(w.t.Context(), w.chunk); err != nil {
		w.t.Fatal("Write: ", err)
	}
}

func (w *writing) flush() {
	w.t.Helper()
	if err := w.sink.Flush(w.t.Context()); err != nil {
		w.t.Fatal("Flush: ", err)
	}
}

func (w *writing) prepare(epoch int64) json.RawMessage {
	w.t.Helper()
	state, err := w.sink.Prepare(w.t.Context(), epoch)
	if err != nil {
		w.t.Fatalf("Prepare of epoch %d: %v", epoch, err)
	}
	return state
}

func (w *writing) commit(epoch int64, state json.RawMessage, final bool) {
	w.t.Helper()
	if err := w.sink.Commit(w.t.Context(), epoch, state, final); err != nil {
		w.t.Fatalf("Commit of epoch %d: %v", epoch, err)
	}
}

// epoch prepares and commits.
func (w *writing) epoch(epoch int64, final bool) json.RawMessage {
	w.t.Helper()
	state := w.prepare(epoch)
	w.commit(epoch, state, final)
	return state
}

func (w *writing) close() {
	w.t.Helper()
	if err := w.sink.Close(); err != nil {
		w.t.Error("Close: ", err)
	}
}

// sees checks that exactly rows are visible; for a sink that may show and repeat more, that they are there in order. final says that the last
// commit was the final one.
func (w *writing) sees(when string, final bool, rows ...string) {
	w.t.Helper()
	if w.target.Visible == nil {
		return
	}
	if w.kind.OnlyFinal && !final {
		rows = nil
	}
	got := w.target.Visible(w.t)
	if w.kind.AtLeastOnce != "" {
		if missing, ok := inOrder(rows, got); !ok {
			w.t.Errorf("%s: row %q is missing or out of order in %q", when, missing, got)
		}
		return
	}
	if len(rows)+len(got) > 0 && Diff(rows, got) != "" {
		w.t.Errorf("%s: visible are %q, want %q", when, got, rows)
	}
}

// inOrder reports whether got holds rows in this order, with anything between, else the row at which it fails.
func inOrder(rows, got []string) (missing string, ok bool) {
	for _, g := range got {
		if len(rows) > 0 && g == rows[0] {
			rows = rows[1:]
		}
	}
	if len(rows) > 0 {
		return rows[0], false
	}
	return "", true
}

func nothingIsVisibleBeforeItsCommit(t testing.TB, s Sink) {
	if s.AtLeastOnce != "" {
		t.Skip(s.AtLeastOnce)
	}
	w := s.start(t, s.New(t), nil)
	defer w.close()
	w.sees("at the start", false)
	w.write("a", "b")
	w.sees("after Write", false)
	w.flush()
	w.sees("after Flush", false)
	state := w.prepare(1)
	w.sees("after Prepare", false)
	w.commit(1, state, false)
	w.sees("after Commit", false, "a", "b")
	w.write("c")
	w.flush()
	state = w.prepare(2)
	w.sees("after the second Prepare", false, "a", "b")
	w.commit(2, state, true)
	w.sees("after the final Commit", true, "a", "b", "c")
}

func commitsAddUp(t testing.TB, s Sink) {
	w := s.start(t, s.New(t), nil)
	defer w.close()
	w.epoch(1, false)
	w.sees("after an empty epoch", false)
	var all []string
	for epoch := int64(2); epoch < 6; epoch++ {
		for k := range 3 {
			row := fmt.Sprintf("epoch %d row %d", epoch, k)
			all = append(all, row)
			w.write(row)
		}
		w.epoch(epoch, false)
		w.sees(fmt.Sprintf("after epoch %d", epoch), false, all...)
	}
	w.epoch(6, false)
	w.write("last")
	w.epoch(7, true)
	w.sees("at the end", true, append(all, "last")...)
}

func commitIsIdempotent(t testing.TB, s Sink) {
	target := s.New(t)
	w := s.start(t, target, nil)
	w.write("a")
	state := w.epoch(1, false)
	w.commit(1, state, false)
	w.write("b")
	state = w.epoch(2, true)
	w.commit(2, state, true)
	w.sees("after the second final Commit", true, "a", "b")
	w.close()
	again := s.start(t, target, state)
	again.commit(2, state, true)
	again.sees("after a Commit in another run", true, "a", "b")
	again.close()
	again.sees("after that run", true, "a", "b")
}

func crashBeforeCommit(t testing.TB, s Sink) {
	target := s.New(t)
	w := s.start(t, target, nil)
	w.write("a", "b")
	state := w.prepare(1)
	w.write("lost in the crash")
	w.close()
	again := s.start(t, target, state)
	again.commit(1, state, false)
	again.sees("after the Commit that was missing", false, "a", "b")
	again.write("c")
	again.epoch(2, true)
	again.sees("at the end", true, "a", "b", "c")
	again.close()
}

func crashBeforePrepare(t testing.TB, s Sink) {
	target := s.New(t)
	w := s.start(t, target, nil)
	w.write("a")
	state := w.epoch(1, false)
	w.write("b")
	w.flush()
	w.close()
	again := s.start(t, target, state)
	again.sees("after the restart", false, "a")
	again.write("b")
	again.write("c")
	again.epoch(2, true)
	again.sees("at the end", true, "a", "b", "c")
	again.close()
}

func closeWithoutCommit(t testing.TB, s Sink) {
	if s.AtLeastOnce != "" {
		t.Skip(s.AtLeastOnce)
	}
	for _, depth := range []string{"open", "Write", "Flush", "Prepare"} {
		w := s.start(t, s.New(t), nil)
		if depth != "open" {
			w.write("a")
		}
		if depth == "Flush" {
			w.flush()
		}
		if depth == "Prepare" {
			w.prepare(1)
		}
		w.close()
		w.sees("closed after "+depth, false)
	}
}

func anEmptyRun(t testing.TB, s Sink) {
	w := s.start(t, s.New(t), nil)
	w.flush()
	w.epoch(1, true)
	w.sees("at the end", true)
	w.close()
}

func chunksAreLent(t testing.TB, s Sink) {
	w := s.start(t, s.New(t), nil)
	defer w.close()
	w.write("first")
	w.write("second") // into the same chunk
	chunks := make([]connector.Chunk, 4)
	var made sync.WaitGroup
	for i := range chunks {
		made.Go(func() {
			var err error
			if chunks[i], err = w.sink.NewChunk(); err != nil {
				t.Error("NewChunk: ", err)
			}
		})
	}
	made.Wait()
	want := []string{"first", "second"}
	for i, chunk := range chunks {
		if chunk == nil {
			return
		}
		if bad := chunk.Encode(TextBatch(fmt.Sprint("row of ", i), "and more")); len(bad) > 0 {
			t.Fatal("Encode: ", bad[0].Err)
		}
		if rows, _ := chunk.Size(); rows != 2 {
			t.Errorf("a chunk of two rows says that it holds %d", rows)
		}
	}
	for i, chunk := range chunks {
		if err := w.sink.Write(t.Context(), chunk); err != nil {
			t.Fatal("Write: ", err)
		}
		chunk.Reset()
		if rows, bytes := chunk.Size(); rows != 0 || bytes != 0 {
			t.Errorf("%d rows, %d bytes after Reset", rows, bytes)
		}
		want = append(want, fmt.Sprint("row of ", i), "and more")
	}
	w.epoch(1, true)
	w.sees("at the end", true, want...)
}

func commitsComeLater(t testing.TB, s Sink) {
	w := s.start(t, s.New(t), nil)
	defer w.close()
	var all []string
	var states []json.RawMessage
	for epoch := range int64(6) {
		row := fmt.Sprint("row of epoch ", epoch+1)
		all = append(all, row)
		w.write(row)
		if len(states) == connector.MaxUnconfirmed {
			w.commit(epoch+1-connector.MaxUnconfirmed, states[0], false)
			states = states[1:]
			w.sees(fmt.Sprint("with rows of epoch ", epoch+1), false, all[:len(all)-1-len(states)]...)
		}
		states = append(states, w.prepare(epoch+1))
	}
	for i, state := range states {
		w.commit(int64(6-len(states)+i+1), state, i == len(states)-1)
	}
	w.sees("at the end", true, all...)
}

func severalEpochsAreRecovered(t testing.TB, s Sink) {
	target := s.New(t)
	w := s.start(t, target, nil)
	var states []json.RawMessage
	for epoch := range int64(connector.MaxUnconfirmed) {
		w.write(fmt.Sprint("row of epoch ", epoch+1))
		states = append(states, w.prepare(epoch+1))
	}
	w.write("lost in the crash")
	w.close()
	again := s.start(t, target, states[len(states)-1])
	for i, state := range states {
		again.commit(int64(i+1), state, false)
	}
	again.sees("after the Commits that were missing", false, "row of epoch 1", "row of epoch 2", "row of epoch 3")
	again.write("more")
	again.epoch(connector.MaxUnconfirmed+1, true)
	again.sees("at the end", true, "row of epoch 1", "row of epoch 2", "row of epoch 3", "more")
	again.close()
}

func aFormerOwnerDoesNoHarm(t testing.TB, s Sink) {
	if s.AtLeastOnce != "" {
		t.Skip(s.AtLeastOnce)
	}
	for _, wakes := range []string{"before rows", "before the epoch", "before the commit", "after it"} {
		target := s.New(t)
		former := s.start(t, target, nil)
		former.write("a")
		former.epoch(1, false)
		former.write("b")
		state := former.prepare(2) // published, and not committed
		former.write("never seen")
		w := s.startAs(t, target, state, 2)
		wake := func(when string) {
			if when == wakes {
				former.wake(2, state)
			}
		}
		wake("before rows")
		w.write("c")
		wake("before the epoch")
		third := w.prepare(3)
		wake("before the commit")
		w.commit(3, third, false)
		wake("after it")
		w.sees("woken "+wakes, false, "a", "b", "c")
		w.write("d")
		w.epoch(4, true)
		w.sees("at the end, woken "+wakes, true, "a", "b", "c", "d")
		w.close()
	}
}

// wake makes a former owner do what it would have done: write, prepare an epoch that will not be published, commit the last one that was, and close. It
// may notice that it is none.
func (w *writing) wake(epoch int64, state json.RawMessage) {
	w.t.Helper()
	w.chunk.Reset()
	w.chunk.Encode(TextBatch("never seen, too"))
	ctx := w.t.Context()
	for what, err := range map[string]error{
		"Write": w.sink.Write(ctx, w.chunk), "Flush": w.sink.Flush(ctx), "Commit": w.sink.Commit(ctx, epoch, state, false),
	} {
		if err != nil {
			w.t.Logf("%s of a former owner: %v", what, err)
		}
	}
	if _, err := w.sink.Prepare(ctx, epoch+1); err != nil {
		w.t.Log("Prepare of a former owner: ", err)
	}
	if err := w.sink.Close(); err != nil {
		w.t.Log("Close of a former owner: ", err)
	}
}

func statesAreVersioned(t testing.TB, s Sink) {
	target := s.New(t)
	w := s.start(t, target, nil)
	w.write("a")
	state := w.prepare(1)
	w.close()
	for _, wrong := range wrongStates(t, state) {
		if sink, err := s.open(t, target, wrong, 1); err == nil {
			t.Errorf("state %s was taken", wrong)
			if err := sink.Close(); err != nil {
				t.Error("Close: ", err)
			}
		}
	}
}
