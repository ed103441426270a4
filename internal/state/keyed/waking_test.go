package keyed_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
)

// TestWakingFindsWhatIsAway: each key that is away and is due is found once, some at a time; those that stayed in memory, or were removed, are not.
func TestWakingFindsWhatIsAway(t *testing.T) {
	l := newLeavingTable(t)
	var w keyed.Waking
	odd := func(key, _ []byte) bool { return binary.LittleEndian.Uint64(key[1:])%2 == 1 }
	if found, err := w.Next(0, l, odd); found || err != nil {
		t.Fatal(found, err)
	}
	const keys = 3000
	for n := range int64(keys) {
		l.put(n)
	}
	changes := &store.Changes{}
	for l.Spill(changes, 1<<20) {
	}
	l.apply(changes)
	if _, err := l.Evict(keys, true); err != nil {
		t.Fatal(err)
	}
	want := keys/2 - len(slices.DeleteFunc(l.numbers(), func(n int64) bool { return n%2 == 0 }))
	if want <= 2*256 || want == keys/2 {
		t.Fatalf("%d odd keys of %d are away", want, keys)
	}
	rounds, got := 0, 0
	for ; ; rounds++ {
		found, err := w.Next(0, l, odd)
		if err != nil {
			t.Fatal(err)
		}
		if !found {
			break
		}
		hashes := slices.Clone(w.Hashes())
		if err := l.Load(hashes, [keyed.Groups / 64]uint64{}); err != nil {
			t.Fatal(err)
		}
		if taken := w.Take(); !slices.Equal(taken, hashes) || len(w.Hashes()) > 0 {
			t.Fatalf("%d hashes were found, then %d, and %d are left", len(hashes), len(taken), len(w.Hashes()))
		}
		for _, h := range hashes {
			slots := l.AppendHash(nil, h)
			if len(slots) != 1 {
				t.Fatalf("%d keys have the hash %x", len(slots), h)
			}
			got++
			if err := l.Delete(slots[0]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got != want || rounds < 2 {
		t.Errorf("%d keys were found in %d rounds, want %d", got, rounds, want)
	}
	if found, err := w.Next(0, l, odd); found || err != nil {
		t.Errorf("what was removed is found again: %v, %v", found, err)
	}
	if found, err := w.Next(1, l, odd); found || err != nil {
		t.Errorf("another key group has some: %v, %v", found, err)
	}
}

// numbers are the numbers in memory.
func (l *leavingTable) numbers() (all []int64) {
	for slots := range slices.Chunk(slices.Collect(l.Slots(0)), 100) {
		l.GatherKeys(slots, l.cols)
		all = append(all, l.cols[0].Int64s()...)
	}
	return all
}

// TestWakingForgetsWhatIsNoMore: keys come, leave memory and are removed for ever, and what is noted of them does not grow; those that are away are found.
func TestWakingForgetsWhatIsNoMore(t *testing.T) {
	const each, alive, rounds = 1000, 3, 60
	l := newLeavingTable(t)
	spill := func() {
		changes := &store.Changes{}
		for l.Spill(changes, 1<<20) {
		}
		l.apply(changes)
	}
	var w keyed.Waking
	for round := range int64(rounds) {
		for n := range int64(each) {
			l.put(round*each + n)
		}
		spill()
		if err := l.Depart(false); err != nil {
			t.Fatal(err)
		}
		old := func(key, _ []byte) bool { return int64(binary.LittleEndian.Uint64(key[1:])) < (round-alive)*each }
		for g := range keyed.Groups {
			for {
				found, err := w.Next(uint8(g), l, old)
				if err == nil && found {
					err = l.Load(w.Hashes(), [keyed.Groups / 64]uint64{})
				}
				if err != nil {
					t.Fatal(err)
				}
				if !found {
					break
				}
				for _, h := range w.Take() {
					for _, slot := range l.AppendHash(nil, h) {
						if err := l.Delete(slot); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
		}
		spill()
		for n := range int64(alive * each) {
			if n += (round - alive + 1) * each; n >= 0 && l.find(n) == keyed.NoSlot {
				t.Fatalf("round %d: key %d is not found", round, n)
			}
		}
		if noted := l.Noted(); noted > 8*alive*each {
			t.Fatalf("round %d: %d hashes are noted, and %d keys are there", round, noted, (alive+1)*each)
		}
	}
}
