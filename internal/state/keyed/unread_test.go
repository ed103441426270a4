package keyed_test

import (
	"math"
	"testing"

	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
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
