package flow

import (
	"bytes"
	"runtime"
	"slices"
	"sync"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestPiecesKeepUpdatesTogether: a piece ends between rows that need not stay together, and covers one row at least.
func TestPiecesKeepUpdatesTogether(t *testing.T) {
	b := &batch.Batch{Len: 6, Sel: []uint16{0, 2, 3, 4, 5}, Kinds: []batch.Change{batch.Insert, batch.UpdateBefore, batch.UpdateBefore, batch.UpdateAfter, batch.Delete, batch.Insert}}
	for n, want := range map[int]int{1: 1, 2: 3, 3: 3, 4: 4, 9: 5} {
		if end := pieceEnd(b, 0, n); end != want {
			t.Errorf("a piece of %d rows ends at %d, want %d", n, end, want)
		}
	}
	if end := pieceEnd(b, 3, 1); end != 4 {
		t.Errorf("a piece from 3 on ends at %d", end)
	}
	b.Kinds = nil
	if end := pieceEnd(b, 0, 2); end != 2 {
		t.Errorf("a piece of inserts ends at %d", end)
	}
}

// TestPiecesLeaveWhatWasPromised: a piece takes half of what is left and nobody was promised at most, but for a few rows; with much left a batch is one piece, and nothing is promised for it.
func TestPiecesLeaveWhatWasPromised(t *testing.T) {
	const mebi = 1 << 20
	budget := limit.New("test", 16*mebi)
	p := &Pipeline{settings: Settings{Budget: budget}}
	s := &step{chain: &chain{pipeline: p}}
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Text))
	c.Reset(4000)
	for i := range 4000 {
		c.SetBytes(i, bytes.Repeat([]byte("x"), 436))
	}
	b := &batch.Batch{Cols: []*batch.Column{c}, Len: 4000} // 500 bytes a row, which may become 2,000
	for _, test := range []struct{ used, promised, from, rows, want int64 }{
		{used: 8 * mebi, rows: 4000},
		{used: 9 * mebi, rows: 7 * mebi / 2 / 2000, want: 7 * mebi / 2},
		{used: 9 * mebi, promised: 5 * mebi, rows: mebi / 2000, want: mebi},
		{used: 9 * mebi, from: 3900, rows: 100, want: 200_000},
		{used: 9 * mebi, promised: 9 * mebi, rows: leastPiece, want: leastPiece * 2000},
		{used: 16 * mebi, from: 3990, rows: 10, want: 20_000},
	} {
		if err := budget.Reserve(test.used); err != nil {
			t.Fatal(err)
		}
		p.promises.bytes = test.promised
		rows := s.claim(0, b, int(test.from))
		if int64(rows) != test.rows || s.promised > test.want || s.promised < test.want-2000 || p.promises.bytes != test.promised+s.promised {
			t.Errorf("%+v: %d rows, %d bytes promised, %d in all", test, rows, s.promised, p.promises.bytes)
		}
		if s.keepPromise(); s.promised != 0 || p.promises.bytes != test.promised {
			t.Errorf("%+v: %d bytes are still promised", test, p.promises.bytes)
		}
		budget.Release(test.used)
	}
}

// bringing is an operator of which a key brings so many bytes into memory.
type bringing struct {
	op.Operator
	bytes int64
}

func (b bringing) Brings() int64 { return b.bytes }

// TestPiecesOfWhatBringsMuch: where the keys of a batch bring far more into memory than its rows take, a piece has so many fewer rows.
func TestPiecesOfWhatBringsMuch(t *testing.T) {
	const mebi = 1 << 20
	budget := limit.New("test", 16*mebi)
	if err := budget.Reserve(12 * mebi); err != nil {
		t.Fatal(err)
	}
	b := &batch.Batch{Len: 2000} // 256 bytes a row
	for brings, want := range map[int64]int{0: 2000, 20_000: 2 * mebi / 20_256, 1 << 20: leastPiece} {
		s := &step{chain: &chain{pipeline: &Pipeline{settings: Settings{Budget: budget}}}, op: bringing{bytes: brings}}
		if rows := s.claim(0, b, 0); rows != want {
			t.Errorf("a piece of %d rows where a key brings %d bytes, want %d", rows, brings, want)
		}
	}
}

// TestPromisesAreKept: whoever was promised memory gets it, however many ask at once.
func TestPromisesAreKept(t *testing.T) {
	const tasks, rounds = 8, 5000
	budget := limit.New("test", 1<<20)
	p := &promises{}
	var group sync.WaitGroup
	for range tasks {
		group.Go(func() {
			for range rounds {
				promised := p.keep(budget, 0, func(left int64) int64 {
					runtime.Gosched() // others ask now
					return left - left/4
				})
				kept := budget.TryReserve(promised)
				p.end(promised)
				if !kept {
					t.Errorf("%d bytes were promised, and are not there", promised)
					return
				}
				budget.Release(promised)
			}
		})
	}
	group.Wait()
	if p.bytes != 0 || budget.Used() != 0 {
		t.Errorf("%d bytes are promised, %d in use", p.bytes, budget.Used())
	}
}

// emitting emits what it takes in, once more than pieces of it are left.
type emitting struct{ pieces int }

func (e *emitting) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	out.Ports[0] = in
	e.pieces--
	return e.pieces > 0, nil
}

// behind notes what is promised when rows come.
type behind struct {
	promises *promises
	noted    []int64
}

func (b *behind) push(*batch.Batch) error {
	b.noted = append(b.noted, b.promises.bytes)
	return nil
}

func (b *behind) sated() bool { return false }

// TestPromisesEndBeforeTheNextStep: what a step was promised is not kept from those behind it once it has taken what it needs.
func TestPromisesEndBeforeTheNextStep(t *testing.T) {
	p := &Pipeline{}
	next := &behind{promises: &p.promises}
	s := &step{chain: &chain{pipeline: p, host: &task{ctx: t.Context()}}, plan: &physical.Step{}, op: &emitting{pieces: 2}, out: op.NewOutput(1), ports: [][]receiver{{next}}, stats: &StepStats{}}
	s.promised = p.promises.keep(limit.New("test", 100), 0, func(left int64) int64 { return left / 4 })
	if err := s.pushPiece(0, &batch.Batch{Len: 1}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(next.noted, []int64{25, 0}) || p.promises.bytes != 0 {
		t.Errorf("promised when rows came to the next step: %v; afterwards: %d", next.noted, p.promises.bytes)
	}
}
