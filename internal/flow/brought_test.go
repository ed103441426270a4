package flow

import (
	"context"
	"errors"
	"slices"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// hoard is an operator with state outside memory, of as many bytes for each key. A row has its key alone, which is the hash, too. Keys of a piece come into memory with a load, and all leave it before the next one: the test says so.
type hoard struct {
	bytes  int64
	budget *limit.Budget
	reader store.Reader
	// there are the keys in memory, of which the store need not be asked.
	there map[uint64]bool
	// pieces are the keys of the rows that were applied, over says that more came into memory than there is room for.
	pieces [][]int64
	over   bool
}

func (h *hoard) Needs(_ int, in *batch.Batch, needs *op.Needs) { needs.Keys(0, hashesOf(in)) }

func hashesOf(in *batch.Batch) []uint64 {
	var hashes []uint64
	for i := range in.Rows() {
		hashes = append(hashes, uint64(in.Cols[0].Int64s()[in.Row(i)])) //nolint:gosec // not negative
	}
	return hashes
}

func (h *hoard) Tables() []op.Table { return []op.Table{h} }

func (h *hoard) Resident() bool { return false }

func (h *hoard) Absent(hashes []uint64) int { return len(h.missing(hashes)) }

func (h *hoard) missing(hashes []uint64) []uint64 {
	away := slices.DeleteFunc(slices.Clone(hashes), func(hash uint64) bool { return h.there[hash] })
	slices.Sort(away)
	return slices.Compact(away)
}

func (h *hoard) Load(hashes []uint64, _ [op.KeyGroups / 64]uint64) error {
	return h.reader.Lookup(store.Space{}, 0, h.missing(hashes), func(hash uint64, key, value []byte) error {
		if !h.there[hash] {
			h.there[hash] = true
			h.over = !h.budget.TryReserve(h.bytes) || h.over
		}
		return nil
	})
}

func (h *hoard) Apply(in *batch.Batch, _ *op.Output) (more bool, err error) {
	var keys []int64
	for i := range in.Rows() {
		keys = append(keys, in.Cols[0].Int64s()[in.Row(i)])
	}
	h.pieces = append(h.pieces, keys)
	return false, nil
}

// leave has all keys leave memory.
func (h *hoard) leave() {
	h.budget.Release(h.bytes * int64(len(h.there)))
	clear(h.there)
}

// separableHoard is one whose rows may come in another order.
type separableHoard struct{ *hoard }

func (h separableHoard) Separate(_ int, in *batch.Batch) []uint64 { return hashesOf(in) }

// large is a reader which has two entries of each key, of so many bytes together, as a step counts them.
type large struct {
	store.Reader
	bytes int64
}

func (l large) Lookup(_ store.Space, _ int64, hashes []uint64, f func(hash uint64, key, value []byte) error) error {
	for _, hash := range hashes {
		for range 2 {
			if err := f(hash, make([]byte, 8), make([]byte, l.bytes/2-8-broughtEntry)); err != nil {
				return err
			}
		}
	}
	return nil
}

// newHoard returns a step with such an operator in a budget of so many bytes, of which some are in use.
func newHoard(memory, used, bytes int64) (*step, *hoard) {
	budget := limit.New("test", memory)
	if budget.Reserve(used) != nil {
		panic("more is in use than there is")
	}
	return hoardIn(&chain{pipeline: &Pipeline{settings: Settings{Budget: budget}}, host: &task{}}, bytes)
}

// hoardIn is newHoard in a chain.
func hoardIn(c *chain, bytes int64) (*step, *hoard) {
	h := &hoard{bytes: bytes, budget: c.pipeline.settings.Budget, there: map[uint64]bool{}}
	s := &step{chain: c, plan: &physical.Step{}, op: h, needer: h, tables: []op.Table{h}, out: op.NewOutput(0), stats: &StepStats{}}
	s.leaving = &keptStep{step: s}
	h.reader = &meter{Reader: large{bytes: bytes}, brought: &s.brought}
	return s, h
}

// keysOf is a batch of rows with these keys.
func keysOf(keys ...int64) *batch.Batch {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
	c.Reset(len(keys))
	copy(c.Int64s(), keys)
	return &batch.Batch{Cols: []*batch.Column{c}, Len: len(keys)}
}

// pushAll gives the operator a batch, all of its keys leaving memory between two pieces.
func pushAll(t *testing.T, s *step, h *hoard, b *batch.Batch) {
	t.Helper()
	for from := 0; from < b.Rows(); {
		n := s.claim(0, b, from)
		if from+n < b.Rows() && s.sorts(0, b, from) {
			b, from = &s.sorted, 0
			s.keepPromise()
			n = s.claim(0, b, from)
		}
		s.brought.begin()
		if err := s.pushPiece(0, s.pieceOf(b, from, from+n)); err != nil {
			t.Fatal(err)
		}
		s.brought.end(n)
		h.leave()
		from += n
	}
}

func upTo(n int) []int64 {
	keys := make([]int64, n)
	for i := range keys {
		keys[i] = int64(i)
	}
	return keys
}

// TestAPieceBringsWhatThereIsRoomFor: keys that bring far more than memory come back as many at a time as half of what is left has room for, but for the first ones, of which nothing is known; all rows are given, in their order.
func TestAPieceBringsWhatThereIsRoomFor(t *testing.T) {
	const memory, used, bytes, rows = 32 << 20, 20 << 20, 100_000, 1000
	s, h := newHoard(memory, used, bytes)
	pushAll(t, s, h, keysOf(upTo(rows)...))
	if h.over {
		t.Error("more came than there is room for")
	}
	if keys := slices.Concat(h.pieces...); !slices.Equal(keys, upTo(rows)) {
		t.Errorf("%d rows came", len(keys))
	}
	const most = (memory - used) / pieceShare / bytes
	if first := len(h.pieces[0]); first != firstReach {
		t.Errorf("the first piece has %d rows", first)
	}
	for i, piece := range h.pieces[1 : len(h.pieces)-1] {
		if n := len(piece); n > most || n < most*3/4 {
			t.Errorf("piece %d has %d rows, where there is room for %d", i+1, n, most)
		}
	}
	h.pieces = nil
	if pushAll(t, s, h, keysOf(upTo(10)...)); len(h.pieces) != 1 {
		t.Errorf("few rows come in %d pieces", len(h.pieces))
	}
}

// TestOneKeyIsGivenAtLeast: a row is given at a time where its key is all that there is room for, or more.
func TestOneKeyIsGivenAtLeast(t *testing.T) {
	s, h := newHoard(1<<20, 1<<19, 400_000)
	s.brought.keyBytes = 400_000
	pushAll(t, s, h, keysOf(1, 2, 1, 3))
	if h.over || len(h.pieces) != 4 {
		t.Errorf("over: %v, the pieces are %v", h.over, h.pieces)
	}
}

// TestKeysInMemoryCountForNothing: a batch whose keys are in memory, however large they are, is one piece.
func TestKeysInMemoryCountForNothing(t *testing.T) {
	s, h := newHoard(32<<20, 20<<20, 100_000)
	s.brought = brought{keyBytes: 100_000, reach: batch.MaxRows}
	for key := range uint64(4000) {
		h.there[key] = key%1000 != 0
	}
	b := keysOf(upTo(4000)...)
	if rows := s.claim(0, b, 0); rows != 4000 || s.promised < 4*100_000 || s.promised > 8<<20 {
		t.Errorf("%d rows of 4000, %d bytes promised", rows, s.promised)
	}
}

// TestRowsOfAKeyStayTogether: where keys come back piece by piece each of a batch does once, if the operator lets the order of keys be another one; the rows of each keep theirs.
func TestRowsOfAKeyStayTogether(t *testing.T) {
	const keys = 500
	s, h := newHoard(32<<20, 20<<20, 100_000)
	s.op = separableHoard{h}
	s.brought = brought{keyBytes: 100_000, reach: batch.MaxRows}
	var rows []int64
	for range 4 {
		rows = append(rows, upTo(keys)...)
	}
	b := keysOf(rows...)
	seen, came := map[int64]int{}, 0
	pushAll(t, s, h, b)
	for i, piece := range h.pieces {
		for _, key := range piece {
			if at, ok := seen[key]; ok && at < i-1 {
				t.Errorf("rows of key %d come in pieces %d and %d", key, at, i)
			}
			seen[key] = i
			came++
		}
	}
	if h.over || came != len(rows) || len(h.pieces) > 20 {
		t.Errorf("over: %v; %d rows in %d pieces", h.over, came, len(h.pieces))
	}
	for piece := 0; piece+1 < len(h.pieces); piece++ {
		if h.pieces[piece][0] > h.pieces[piece+1][0] {
			t.Errorf("piece %d begins with key %d, the next one with %d", piece, h.pieces[piece][0], h.pieces[piece+1][0])
		}
	}
	s.brought.short = true
	if b.Kinds = slices.Repeat([]batch.Change{batch.Insert}, b.Len); !s.sorts(0, b, 0) {
		t.Error("inserts come in their order")
	}
	if b.Kinds[7] = batch.Delete; s.sorts(0, b, 0) {
		t.Error("changes come in another order")
	}
}

// TestWhatHasLeftIsBroughtCarefully: pieces are short once something has left memory, and become longer again.
func TestWhatHasLeftIsBroughtCarefully(t *testing.T) {
	var b brought
	for _, want := range []int{64, 256, 1024, batch.MaxRows, batch.MaxRows} {
		if b.end(max(b.reach, firstReach)); b.reach != want {
			t.Errorf("a piece may have %d rows, want %d", b.reach, want)
		}
	}
	if b.end(1); b.reach != batch.MaxRows {
		t.Errorf("a short piece leaves %d rows", b.reach)
	}
	for _, want := range []int{batch.MaxRows / goneShare, firstReach, firstReach} {
		if b.gone(); b.reach != want {
			t.Errorf("a piece may have %d rows when something has left, want %d", b.reach, want)
		}
	}
	b.read(store.Space{}, 400, 10)
	b.read(store.Space{}, 600, 4) // of another slice
	if b.end(10); b.keyBytes != 100 {
		t.Errorf("a key brings %d bytes", b.keyBytes)
	}
	if b.begin(); len(b.tables) > 0 {
		t.Error("a piece begins with what the one before has brought")
	}
	if b.end(10); b.keyBytes != 100 {
		t.Errorf("a piece that brings nothing makes it %d bytes", b.keyBytes)
	}
	b.read(store.Space{}, 200, 10)
	if b.end(10); b.keyBytes != 80 {
		t.Errorf("smaller keys make it %d bytes", b.keyBytes)
	}
	b.begin()
	b.read(store.Space{}, 5000, 10)
	b.read(store.Space{Table: 1}, 2000, 1000) // values of groups
	if b.end(10); b.keyBytes != 502 {
		t.Errorf("large groups beside many small values make it %d bytes", b.keyBytes)
	}
}

// TestClaimsAtOnce: tasks that claim at the same time are not promised the same bytes, however few rows that leaves them.
func TestClaimsAtOnce(t *testing.T) {
	const key = 200_000
	s, _ := newHoard(32<<20, 20<<20, key)
	steps := []*step{s}
	for range 2 {
		other, _ := hoardIn(s.chain, key)
		steps = append(steps, other)
	}
	rows := make([]int, len(steps))
	for i, s := range steps {
		s.brought = brought{keyBytes: key, reach: batch.MaxRows}
		if i+1 == len(steps) {
			continue
		}
		s.tables = []op.Table{watched{s.op.(*hoard), func(int) {
			if rows[i+1] == 0 {
				rows[i+1] = steps[i+1].claim(0, keysOf(upTo(1000)...), 0)
			}
		}}}
	}
	rows[0] = s.claim(0, keysOf(upTo(1000)...), 0)
	for i, s := range steps {
		h := s.op.(*hoard)
		if err := h.Load(hashesOf(keysOf(upTo(rows[i])...)), [op.KeyGroups / 64]uint64{}); err != nil {
			t.Fatal(err)
		}
		if rows[i] < 1 || h.over {
			t.Errorf("of %d rows task %d finds no room for %d", rows, i, rows[i])
		}
	}
}

// watched is a hoard that tells of how many keys it is asked what it lacks, before it answers.
type watched struct {
	*hoard
	asked func(keys int)
}

func (w watched) Absent(hashes []uint64) int {
	w.asked(len(hashes))
	return w.hoard.Absent(hashes)
}

// TestARunEndsBetweenPieces: what ends it is not noticed behind the whole batch only.
func TestARunEndsBetweenPieces(t *testing.T) {
	s, h := newHoard(1<<20, 1<<19, 400_000)
	s.brought.keyBytes = 400_000
	ctx, cancel := context.WithCancelCause(t.Context())
	s.chain.host = &task{chain: *s.chain, ctx: ctx}
	s.leaving.closed = true // none leaves
	stop := errors.New("stop")
	cancel(stop)
	if err := s.pushPieces(0, keysOf(upTo(500)...)); !errors.Is(err, stop) || len(h.pieces) > 1 {
		t.Errorf("%v after %d pieces", err, len(h.pieces))
	}
}

// TestShortPiecesAskForFew: what a piece would bring is asked of a few times as many rows as it gets, not of all that are left.
func TestShortPiecesAskForFew(t *testing.T) {
	const rows = 2048
	s, h := newHoard(1<<20, 1<<20-500, 1000)
	asked := 0
	s.tables = []op.Table{watched{h, func(keys int) { asked += keys }}}
	s.brought = brought{keyBytes: 1000, reach: batch.MaxRows}
	s.chain.host = &task{chain: *s.chain, ctx: t.Context()}
	s.leaving.closed = true
	h.budget = limit.New("another", limit.Unlimited)
	if err := s.pushPieces(0, keysOf(upTo(rows)...)); err != nil {
		t.Fatal(err)
	}
	if len(h.pieces) < rows/2 || asked > 40*rows {
		t.Errorf("%d pieces, and %d keys were asked for", len(h.pieces), asked)
	}
}
