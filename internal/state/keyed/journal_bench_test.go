package keyed

import (
	"math/rand/v2"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/store"
)

// BenchmarkJournal says what it costs, in elapsed time, to note an entry of a million: new ones whose numbers follow each other; of 256 key groups, each of which has blocks of numbers; that take the place of one in eight;
// and such as were there, anywhere, for the first time in an epoch and again. "rows" are new ones with the numbers and hashes that rows have, the memory of which is new in "rows/stretch". What is noted is drained meanwhile, but not written.
func BenchmarkJournal(b *testing.B) {
	const entries, epoch, call = 1 << 20, 1 << 18, 512
	random := rand.New(rand.NewPCG(1, 2))
	cases := map[string]func(i int) uint32{
		"new/stretch": func(i int) uint32 { return uint32(i) },
		"new/groups":  func(i int) uint32 { return uint32(i)*2654435761>>24<<12 | uint32(i)>>8%(1<<12) },
		"new/holes":   func(i int) uint32 { return uint32(i) * 8 % entries },
		"touch/first": func(int) uint32 { return random.Uint32N(entries) },
		"touch/again": func(i int) uint32 { return uint32(i) * 40503 % (1 << 16) },
	}
	for _, name := range []string{"new/stretch", "new/groups", "new/holes", "touch/first", "touch/again", "rows/stretch", "rows/holes"} {
		b.Run(name, func(b *testing.B) {
			kind, order, _ := strings.Cut(name, "/")
			if kind == "rows" {
				order = "new/" + order
			} else {
				order = name
			}
			numbers, hashes := make([]uint32, epoch), make([]uint64, call)
			for i := range numbers {
				numbers[i] = cases[order](i)
			}
			budget := limit.New("bench", limit.Unlimited)
			j := newJournal("bench", Home{}, 0, nil, budget)
			j.write = func(*store.Changes, []uint32) {}
			if err := j.grow(entries); err != nil {
				b.Fatal(err)
			}
			rows := &keptRows{journal: j, hashes: &rowHashes{noted: NewSlab[uint64](budget)}, numbers: newNumbering(budget)}
			note := map[string]func([]uint32) error{
				"new": j.enter, "touch": j.touch,
				"rows": func(ids []uint32) error { return rows.enter(entries, ids, hashes) },
			}[kind]
			b.ResetTimer()
			for at := 0; at < b.N; at += call {
				if at%epoch == 0 {
					b.StopTimer()
					j.seal()
					j.drain(&store.Changes{}, 1<<60)
					if name == "rows/stretch" { // they come behind all others
						rows.hashes.free()
						rows.numbers.Free()
					}
					b.StartTimer()
				}
				if err := note(numbers[at%epoch:][:call]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
