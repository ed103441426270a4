package keyed_test

import (
	"encoding/binary"
	"math"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// again is a table that goes on from what another one has stored, all of which stays unread.
func (l *leavingTable) again() *leavingTable {
	next := newLeavingTable(l.t)
	next.store = l.store
	next.SetValues(keyed.Values{Leave: true, Postpone: true})
	next.Keep(keyed.Home{Space: store.Space{Operator: 1}, To: math.MaxUint64})
	next.Attach(l.store.Reader(), 0)
	if !next.MayPostpone() {
		l.t.Fatal("keys cannot stay unread")
	}
	next.Postpone(0)
	return next
}

// TestUnreadKeysAreReadOn: keys that a restore has left unread are found, whether they are asked for, are read on, or leave again meanwhile; those that were removed do not come back, and at the end
// nothing is away but what was not put in.
func TestUnreadKeysAreReadOn(t *testing.T) {
	const keys, step = 5_000, 7
	for _, way := range []struct {
		name        string
		pass, evict bool
	}{{"put in", false, false}, {"noted", true, false}, {"evicted meanwhile", false, true}} {
		t.Run(way.name, func(t *testing.T) {
			l := newLeavingTable(t)
			for n := range int64(keys) {
				l.put(n)
			}
			l.epoch()
			l = l.again()
			if l.Resident() || !l.HasAway() || l.Len() != 0 {
				t.Fatalf("%d keys are in memory, resident: %v", l.Len(), l.Resident())
			}
			more := true
			for n := int64(0); n < keys; n += step {
				if slot := l.find(n); slot == keyed.NoSlot {
					t.Fatalf("key %d is lost", n)
				} else if err := l.Delete(slot); err != nil {
					t.Fatal(err)
				}
				l.put(keys + n)
				if n%(50*step) == 0 {
					l.epoch()
				}
				if way.evict && n%(20*step) == 0 {
					if _, err := l.Evict(30, true); err != nil {
						t.Fatal(err)
					}
				}
				var err error
				if more, err = l.ReadOn(3, way.pass); err != nil {
					t.Fatal(err)
				}
			}
			if !more {
				t.Fatal("all was read on, and the test is none")
			}
			for more {
				var err error
				if more, err = l.ReadOn(100, way.pass); err != nil {
					t.Fatal(err)
				}
			}
			if resident := l.Resident(); resident != (!way.pass && !way.evict) {
				t.Errorf("resident: %v", resident)
			}
			if more, err := l.ReadOn(100, way.pass); more || err != nil {
				t.Errorf("there is more behind the last one: %v, %v", more, err)
			}
			for n := range int64(keys) {
				if is := l.find(n) != keyed.NoSlot; is != (n%step != 0) {
					t.Fatalf("key %d: %v", n, is)
				}
				if n%step == 0 && l.find(keys+n) == keyed.NoSlot {
					t.Fatalf("key %d, which is new, is lost", keys+n)
				}
			}
		})
	}
}

// TestUnreadKeysLeaveForGood: at the end of an input what is unread comes back range by range with the rest.
func TestUnreadKeysLeaveForGood(t *testing.T) {
	const keys = 3_000
	l := newLeavingTable(t)
	for n := range int64(keys) {
		l.put(n)
	}
	l.epoch()
	l = l.again()
	for n := int64(0); n < keys; n += 3 {
		l.find(n)
	}
	l.epoch()
	if err := l.Depart(true); err != nil {
		t.Fatal(err)
	}
	found := 0
	for r := l.Ranges(); ; {
		from, to, ok := r.Next()
		if !ok {
			break
		}
		if err := l.LoadRange(from, to); err != nil {
			t.Fatal(err)
		}
		found += l.Len()
	}
	if found != keys {
		t.Errorf("%d keys came back, of %d", found, keys)
	}
}

// TestLargeEntriesAreReadOnFewAtATime: however many are asked for.
func TestLargeEntriesAreReadOnFewAtATime(t *testing.T) {
	const keys, size, most = 200, 8 << 10, 32
	of := func(in *store.Memory) *leavingTable {
		pool, types := &batch.Pool{}, []schema.Type{schema.Of(schema.Int64)}
		l := &leavingTable{Table: keyed.NewTable(pool, types, "numbers", limit.New("test", 0)), t: t, store: in, cols: []*batch.Column{batch.NewColumn(pool, types[0])}}
		l.SetValues(keyed.Values{
			Leave: true, Postpone: true, Append: func(dst []byte, _ uint32) []byte { return append(dst, make([]byte, size)...) },
			Restore: func(uint32, []byte) error { return nil },
		})
		l.Keep(keyed.Home{Space: store.Space{Operator: 1}, To: math.MaxUint64})
		l.Attach(l.store.Reader(), 0)
		return l
	}
	l := of(store.NewMemory())
	for n := range int64(keys) {
		l.put(n)
	}
	l.epoch()
	l = of(l.store)
	l.Postpone(0)
	for more := true; more; {
		before := l.Len()
		var err error
		if more, err = l.ReadOn(keys, false); err != nil {
			t.Fatal(err)
		}
		if n := l.Len() - before; n > most {
			t.Fatalf("%d entries of %d bytes were put in at once", n, size)
		}
	}
	if l.Len() != keys {
		t.Errorf("%d keys of %d are there", l.Len(), keys)
	}
}

// TestUnreadKeysAreDropped: a table that is freed before anything of it was read leaves nothing in the store.
func TestUnreadKeysAreDropped(t *testing.T) {
	l := newLeavingTable(t)
	for n := range int64(100) {
		l.put(n)
	}
	l.epoch()
	l = l.again()
	l.Free()
	l.epoch()
	left := 0
	if err := l.store.Reader().Scan(store.Space{Operator: 1}, 0, math.MaxUint64, func(int64, uint64, []byte, []byte) error { left++; return nil }); err != nil {
		t.Fatal(err)
	}
	if left > 0 || !l.Resident() {
		t.Errorf("%d entries are left, resident: %v", left, l.Resident())
	}
}

// TestWakingFindsWhatIsUnread: what is due and was never read is found, whether it was read on meanwhile or not, and what is noted anew has what was only noted as it was read.
func TestWakingFindsWhatIsUnread(t *testing.T) {
	for _, pass := range []bool{false, true} {
		const keys = 12_000
		l := newLeavingTable(t)
		for n := range int64(keys) {
			l.put(n)
		}
		l.epoch()
		l = l.again()
		odd := func(key, _ []byte) bool { return binary.LittleEndian.Uint64(key[1:])%2 == 1 }
		var w keyed.Waking
		for round := range 3 {
			found := 0
			for g := range keyed.Groups {
				for {
					some, err := w.Next(uint8(g), l, odd)
					if err == nil && some {
						err = l.Load(w.Hashes(), [keyed.Groups / 64]uint64{})
					}
					if err != nil {
						t.Fatal(err)
					}
					if !some {
						break
					}
					for _, h := range w.Take() {
						for _, slot := range l.AppendHash(nil, h) {
							if found++; l.Delete(slot) != nil {
								t.Fatal("it cannot be removed")
							}
						}
					}
				}
				if round > 0 { // half of it between key groups
					if _, err := l.ReadOn(20, pass); err != nil {
						t.Fatal(err)
					}
				}
			}
			if want := map[int]int{0: keys / 2}[round]; found != want {
				t.Fatalf("round %d: %d were found, want %d", round, found, want)
			}
			l.epoch()
		}
		for n := range int64(keys) {
			if is := l.find(n) != keyed.NoSlot; is != (n%2 == 0) {
				t.Fatalf("key %d: %v", n, is)
			}
		}
	}
}

// TestUnreadKeysThatCannotBeNoted: where there is no memory to note what is unread it stays so, and is found nevertheless.
func TestUnreadKeysThatCannotBeNoted(t *testing.T) {
	const keys = 20_000
	l := newLeavingTable(t)
	for n := range int64(keys) {
		l.put(n)
	}
	l.epoch()
	budget := limit.New("test", 1<<20)
	next := newLeavingTable(t)
	next.Table, next.store = keyed.NewTable(&batch.Pool{}, []schema.Type{schema.Of(schema.Int64)}, "numbers", budget), l.store
	next.SetValues(keyed.Values{Leave: true, Postpone: true})
	next.Keep(keyed.Home{Space: store.Space{Operator: 1}, To: math.MaxUint64})
	next.Attach(l.store.Reader(), 0)
	next.Postpone(0)
	taken := budget.Available() - 8<<10
	if !budget.TryReserve(taken) {
		t.Fatal("no memory")
	}
	for more, pieces := true, 0; more; pieces++ {
		var err error
		if more, err = next.ReadOn(100, true); err != nil {
			t.Fatal(err)
		}
		if pieces > keys/100 {
			t.Fatal("all was noted, and the test is none")
		}
	}
	budget.Release(taken)
	for n := range int64(keys) {
		if next.find(n) == keyed.NoSlot {
			t.Fatalf("key %d is lost", n)
		}
	}
}
