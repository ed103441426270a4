package sdktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// Source describes a source to SourceSuite.
type Source struct {
	Type *connector.SourceType
	// Config returns the configuration; every call leads to the same input, which the test prepared. SourceSuite never changes the input.
	Config func(t testing.TB) any
	// Records are what the input holds, in order. A source that deals bytes has its blocks cut by Split; the records of one that deals numbers
	// (RowSource) are those numbers in decimal.
	Records []string
	// Split cuts a block into records. Default: lines, without their line feeds.
	Split func(block []byte) []string
	// Framer makes the framer of a split. Default: lines.
	Framer func() codec.Framer
	// Feed, if set, makes the records arrive once a reader is open, for a source that things are sent to. It runs in a goroutine of its own
	// and must return when ctx is done.
	Feed func(ctx context.Context, t testing.TB, reader connector.Reader)
	// BlockBytes is the size of blocks asked for, so that Records make several. Default 4 KiB.
	BlockBytes int
	// MaxBlocks bounds how many positions are resumed from. Default 50.
	MaxBlocks int
	// Skip names laws that the source cannot keep, each with the reason.
	Skip map[string]string
}

// SourceSuite checks that a source keeps the contract of connector.Reader:
//
//   - EveryRecordOnceInOrder: the blocks hold the records, whole, once and in order, and a block stays as it is when the reader is closed.
//   - ResumesAfterEveryBlock: a reader opened with the snapshot taken after any block, or before the first, deals exactly the rest.
//   - EndIsSticky: a bounded source answers End again and again; a reader opened with that snapshot ends at once.
//   - PollObeysContext: with a context that is done, Poll returns.
//   - PollObeysWake: with wake ready, Poll returns, and loses nothing; a source with nothing to deal answers Woken.
//   - ClosesAnyTime: before the first Poll, between blocks, after the last.
//   - ProgressOnlyGrows: done never shrinks and stays within total.
//   - SplitsAreKnown: every block is of a split that the snapshot after it tells of, and that a source whose splits come and go tells of by the same name;
//     one that is found empty by a Poll that nothing came of is empty.
//   - PositionsAreVersioned: positions are JSON objects with a version, splits have names; another version, or what is no JSON, is refused.
//
// Every law also checks that no goroutine is left.
func SourceSuite(t *testing.T, s Source) {
	t.Helper()
	runLaws(t, sourceLaws(), s.withDefaults(), s.Skip)
}

func sourceLaws() []law[Source] {
	return []law[Source]{
		{"EveryRecordOnceInOrder", everyRecordOnceInOrder},
		{"ResumesAfterEveryBlock", resumesAfterEveryBlock},
		{"EndIsSticky", endIsSticky},
		{"PollObeysContext", pollObeysContext},
		{"PollObeysWake", pollObeysWake},
		{"ClosesAnyTime", closesAnyTime},
		{"ProgressOnlyGrows", progressOnlyGrows},
		{"SplitsAreKnown", splitsAreKnown},
		{"PositionsAreVersioned", positionsAreVersioned},
	}
}

func (s Source) withDefaults() Source {
	if s.Split == nil {
		s.Split = splitLines
	}
	if s.Framer == nil {
		s.Framer = codec.NewLineFramer
	}
	if s.BlockBytes == 0 {
		s.BlockBytes = 4 << 10
	}
	if s.MaxBlocks == 0 {
		s.MaxBlocks = 50
	}
	return s
}

func splitLines(block []byte) []string {
	lines := strings.SplitAfter(string(block), "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\n")
	}
	return lines
}

// open opens a reader, from states if there are any.
func (s Source) open(t testing.TB, states []connector.SplitState) (connector.Reader, error) {
	env := connector.SourceEnv{Name: "under test", BlockBytes: s.BlockBytes, MaxRecordBytes: codec.DefaultMaxRecordBytes, Restore: states, Log: quiet()}
	if s.Type.Rows == nil {
		env.Framer = s.Framer
	}
	return s.Type.Open(t.Context(), env, s.Config(t))
}

// session is a reader as the engine uses it: one block, emptied and lent again and again.
type session struct {
	t       testing.TB
	source  Source
	reader  connector.Reader
	block   codec.Block
	pool    batch.Pool
	records []string // so far
	total   int      // how many there are for this reader
	stop    func()
}

// start opens a reader at the beginning and, if records have to be sent, begins to send them.
func (s Source) start(t testing.TB) *session {
	t.Helper()
	return s.resume(t, nil, 0)
}

// resume opens a reader at states, before which there are first records.
func (s Source) resume(t testing.TB, states []connector.SplitState, first int) *session {
	t.Helper()
	reader, err := s.open(t, states)
	if err != nil {
		t.Fatal("open: ", err)
	}
	ses := &session{t: t, source: s, reader: reader, total: len(s.Records) - first, stop: func() {}}
	if s.Feed != nil {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.Feed(ctx, t, reader)
		}()
		ses.stop = func() { cancel(); <-done }
	}
	return ses
}

// poll polls once and collects the records of the block.
func (ses *session) poll(ctx context.Context, wake <-chan struct{}) (connector.Status, error) {
	b := &ses.block
	if b.Buf == nil && ses.source.Type.Rows == nil {
		b.Buf = ses.pool.NewBuffer(64)
	}
	if b.Buf != nil {
		b.Buf.Reset()
	}
	b.Ack, b.Oversize = nil, nil
	status, err := ses.reader.Poll(ctx, wake, b)
	if err == nil && status == connector.Ready {
		ses.records = append(ses.records, ses.recordsOf(b)...)
		if b.Ack != nil {
			b.Ack(nil)
		}
	}
	return status, err
}

func (ses *session) recordsOf(b *codec.Block) []string {
	if ses.source.Type.Rows == nil {
		if len(b.Buf.Data) == 0 {
			ses.t.Error("a block without a byte")
		}
		return ses.source.Split(b.Buf.Data)
	}
	if b.Count <= 0 {
		ses.t.Errorf("a block of %d rows", b.Count)
	}
	numbers := make([]string, 0, max(b.Count, 0))
	for i := range b.Count {
		numbers = append(numbers, strconv.FormatInt(b.First+int64(i), 10))
	}
	return numbers
}

// next polls until a block came; false means the end. The end of an unbounded source is where all records are there.
func (ses *session) next() bool {
	ses.t.Helper()
	if !ses.source.bounded(ses.t) && len(ses.records) >= ses.total {
		return false
	}
	for {
		status, err := ses.poll(ses.t.Context(), nil)
		if err != nil {
			ses.t.Fatalf("Poll after %d records: %v", len(ses.records), err)
		}
		switch status {
		case connector.Ready:
			return true
		case connector.End:
			return false
		case connector.Woken:
		}
	}
}

func (s Source) bounded(t testing.TB) bool { return s.Type.Bounded(s.Config(t)) }

// rest polls to the end and returns all records.
func (ses *session) rest() []string {
	ses.t.Helper()
	for ses.next() {
	}
	return ses.records
}

func (ses *session) snapshot() []connector.SplitState {
	ses.t.Helper()
	states, err := ses.reader.Snapshot()
	if err != nil {
		ses.t.Fatalf("Snapshot after %d records: %v", len(ses.records), err)
	}
	return states
}

func (ses *session) close() {
	ses.t.Helper()
	ses.stop()
	if err := ses.reader.Close(); err != nil {
		ses.t.Error("Close: ", err)
	}
}

// want compares records with the source's from the first-th on.
func (s Source) want(t testing.TB, what string, first int, got []string) {
	t.Helper()
	want := s.Records[min(first, len(s.Records)):]
	if len(got) == 0 && len(want) == 0 {
		return
	}
	if diff := Diff(want, got); diff != "" {
		t.Errorf("%s: %d records, want %d (-want +got):\n%s", what, len(got), len(want), short(diff))
	}
}

// short cuts a long difference.
func short(diff string) string {
	const most = 2000
	if len(diff) > most {
		return diff[:most] + "…"
	}
	return diff
}

func everyRecordOnceInOrder(t testing.TB, s Source) {
	ses := s.start(t)
	s.want(t, "read to the end", 0, ses.rest())
	last := ""
	if ses.block.Buf != nil {
		last = string(ses.block.Buf.Data)
	}
	if ses.block.Name == "" {
		t.Error("blocks name neither file nor address")
	}
	ses.close()
	if ses.block.Buf != nil && last != string(ses.block.Buf.Data) {
		t.Error("Close changed the block that was dealt last")
	}
}

func resumesAfterEveryBlock(t testing.TB, s Source) {
	if !s.Type.Replayable {
		t.Skip("the source says that it is not replayable")
	}
	ses := s.start(t)
	defer ses.close()
	blocks := 0
	for more := true; more && blocks < s.MaxBlocks; blocks++ {
		states := ses.snapshot()
		if again := ses.snapshot(); Diff(states, again) != "" {
			t.Errorf("two snapshots in a row differ: %s, %s", states, again)
		}
		resumed := s.resume(t, states, len(ses.records))
		s.want(t, fmt.Sprintf("resumed after %d records", len(ses.records)), len(ses.records), resumed.rest())
		resumed.close()
		more = ses.next()
	}
	if blocks < 3 {
		t.Errorf("the records make %d blocks only: give more of them, or a smaller BlockBytes", blocks)
	}
}

func endIsSticky(t testing.TB, s Source) {
	if !s.bounded(t) {
		t.Skip("the source is not bounded")
	}
	ses := s.start(t)
	ses.rest()
	for range 3 {
		if status, err := ses.poll(t.Context(), nil); status != connector.End || err != nil {
			t.Errorf("Poll after the end: status %d, error %v", status, err)
		}
	}
	s.want(t, "read on after the end", 0, ses.records)
	states := ses.snapshot()
	ses.close()
	if s.Type.Replayable {
		resumed := s.resume(t, states, len(s.Records))
		s.want(t, "resumed at the end", len(s.Records), resumed.rest())
		resumed.close()
	}
}

func pollObeysContext(t testing.TB, s Source) {
	done, cancel := context.WithCancel(t.Context())
	cancel()
	fresh := s.start(t)
	if _, err := fresh.poll(done, nil); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Poll with a context that is done: %v", err)
	}
	fresh.close()
	if s.bounded(t) {
		return
	}
	idle := s.start(t)
	idle.rest()
	if _, err := idle.poll(done, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Poll of an idle source with a context that is done: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	returned := make(chan error)
	go func() {
		_, err := idle.poll(ctx, nil)
		returned <- err
	}()
	stop()
	if err := <-returned; !errors.Is(err, context.Canceled) {
		t.Errorf("Poll of an idle source whose context ends meanwhile: %v", err)
	}
	idle.close()
}

func pollObeysWake(t testing.TB, s Source) {
	wake := make(chan struct{}, 1)
	ses := s.start(t)
	defer ses.close()
	for len(ses.records) < len(s.Records) {
		select {
		case wake <- struct{}{}:
		default:
		}
		if status, err := ses.poll(t.Context(), wake); err != nil || status == connector.End {
			t.Fatalf("Poll after %d records: status %d, error %v", len(ses.records), status, err)
		}
	}
	s.want(t, "woken all the time", 0, ses.records)
	if s.bounded(t) {
		return
	}
	select {
	case wake <- struct{}{}:
	default:
	}
	if status, err := ses.poll(t.Context(), wake); status != connector.Woken || err != nil {
		t.Errorf("Poll of an idle source that is woken: status %d, error %v", status, err)
	}
}

func closesAnyTime(t testing.TB, s Source) {
	s.start(t).close()
	begun := s.start(t)
	begun.next()
	begun.close()
	ended := s.start(t)
	ended.rest()
	ended.close()
}

func progressOnlyGrows(t testing.TB, s Source) {
	ses := s.start(t)
	defer ses.close()
	progress, ok := ses.reader.(connector.Progress)
	if !ok {
		t.Skip("the source does not tell its progress")
	}
	before := int64(0)
	for more := true; more; more = ses.next() {
		done, total := progress.Progress()
		if done < before || total >= 0 && done > total || total < -1 {
			t.Fatalf("progress %d of %d after %d", done, total, before)
		}
		before = done
	}
	if done, total := progress.Progress(); s.bounded(t) && total >= 0 && done != total {
		t.Errorf("at the end progress is %d of %d", done, total)
	}
}

func positionsAreVersioned(t testing.TB, s Source) {
	if !s.Type.Replayable {
		t.Skip("the source says that it is not replayable")
	}
	ses := s.start(t)
	ses.next()
	states := ses.snapshot()
	ses.close()
	if len(states) == 0 {
		t.Fatal("no state of any split")
	}
	seen := map[string]bool{}
	for i, state := range states {
		if state.Split == "" || seen[state.Split] {
			t.Errorf("split %d is called %q, which is empty or taken", i, state.Split)
		}
		seen[state.Split] = true
		for _, wrong := range wrongStates(t, state.Position) {
			changed := append([]connector.SplitState(nil), states...)
			changed[i].Position = wrong
			if reader, err := s.open(t, changed); err == nil {
				t.Errorf("position %s was taken", wrong)
				ses := session{t: t, source: s, reader: reader, stop: func() {}}
				ses.close()
			}
		}
	}
}

func splitsAreKnown(t testing.TB, s Source) {
	ses := s.start(t)
	defer ses.close()
	for ses.next() {
		splits := splitsOf(ses)
		if i := slices.IndexFunc(splits, func(split connector.Split) bool { return split.Number == ses.block.Split }); i < 0 {
			t.Fatalf("the block is of split %d, known are %+v", ses.block.Split, splits)
		}
	}
	if s.bounded(t) {
		return
	}
	wake := make(chan struct{}, 1)
	wake <- struct{}{}
	if status, err := ses.poll(t.Context(), wake); err != nil || status != connector.Woken {
		return
	}
	for _, split := range splitsOf(ses) {
		if !split.Empty && !split.Ended {
			t.Errorf("nothing came of split %q, and it says that it is not empty", split.Name)
		}
	}
}

// splitsOf returns the splits of a source, which must be those of its snapshot.
func splitsOf(ses *session) []connector.Split {
	ses.t.Helper()
	states := ses.snapshot()
	splitter, ok := ses.reader.(connector.Splitter)
	if !ok {
		splits := make([]connector.Split, len(states))
		for i, state := range states {
			splits[i] = connector.Split{Number: i, Name: state.Split, Empty: true}
		}
		return splits
	}
	splits := splitter.Splits(nil)
	if len(splits) != len(states) {
		ses.t.Fatalf("%d splits, %d states", len(splits), len(states))
	}
	for i, state := range states {
		if splits[i].Name != state.Split {
			ses.t.Errorf("split %d is called %q, and its state says %q", i, splits[i].Name, state.Split)
		}
	}
	return splits
}

// wrongStates returns stored with another version, and what is no state at all. It complains if stored has no version.
func wrongStates(t testing.TB, stored json.RawMessage) []json.RawMessage {
	t.Helper()
	object := map[string]json.RawMessage{}
	if err := json.Unmarshal(stored, &object); err != nil {
		t.Errorf("%s is not a JSON object: %v", stored, err)
		return nil
	}
	var version int
	if err := json.Unmarshal(object["version"], &version); err != nil || version < 1 {
		t.Errorf("%s has no member \"version\" that is a number from 1", stored)
	}
	object["version"] = json.RawMessage(strconv.Itoa(version + 1000))
	other, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return []json.RawMessage{other, json.RawMessage(`nonsense`), json.RawMessage(`[]`)}
}
