package flow

import (
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
)

// manyEntries is a reader of n entries of 100 bytes each.
type manyEntries struct {
	store.Reader
	n uint64
}

func (m manyEntries) Scan(_ store.Space, _, _ uint64, f func(slice int64, hash uint64, key, value []byte) error) error {
	for hash := range m.n {
		if err := f(0, hash, make([]byte, 20), make([]byte, 80)); err != nil {
			return err
		}
	}
	return nil
}

// admitting is a part that takes three times what entries take.
type admitting struct {
	keyed.Evictable
	budget           *limit.Budget
	admitted, passed int
}

func (a *admitting) MayLeave() bool { return true }

func (a *admitting) Admit(e *keyed.Entries) error {
	a.admitted += e.Len()
	return a.budget.Reserve(3 * 100 * int64(e.Len()))
}

func (a *admitting) Pass(e *keyed.Entries) error {
	a.passed += e.Len()
	return nil
}

// TestARestoreLeavesRoom: tasks that put entries in until half of the memory is taken, each at the same time, leave room for rows, however little memory there is and however many tasks there are.
func TestARestoreLeavesRoom(t *testing.T) {
	const entries, tasks = 200_000, 8
	for _, memory := range []int64{8 << 20, 16 << 20, 32 << 20} {
		budget := limit.New("test", memory)
		step := &step{chain: &chain{pipeline: &Pipeline{settings: Settings{Budget: budget}}}}
		put := budget.Limit()/restoredShare - 1 // others are at it, too, and have just as much as they may
		if err := budget.Reserve(put); err != nil {
			t.Fatal(err)
		}
		part := &admitting{budget: budget}
		k := &keptStep{step: step, to: 1<<64 - 1, leaving: []keyed.Evictable{part}}
		if err := k.admit(t.Context(), manyEntries{n: entries}, 0, part); err != nil {
			t.Fatal(err)
		}
		if part.admitted == 0 || part.admitted+part.passed != entries {
			t.Errorf("%d MiB: %d entries were put in and %d passed, of %d", memory>>20, part.admitted, part.passed, entries)
		}
		if beyond := tasks * (budget.Used() - put); beyond > memory/2-lowOf(budget) {
			t.Errorf("%d MiB: %d tasks put in %d bytes too many", memory>>20, tasks, beyond)
		}
	}
}
