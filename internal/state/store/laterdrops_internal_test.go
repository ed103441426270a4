package store

import "testing"

// What each of many changes replaces as a whole is noted once: who looks whether an entry is dropped later looks at as many drops as are different.
func TestLaterDropsOfReplacements(t *testing.T) {
	var l laterDrops
	space := Space{Operator: 1}
	for change := range 500 {
		for group := range uint64(256) {
			l.add(change, Drop{Space: space, Slice: 3, From: group << 56, To: group << 56})
		}
		l.add(change, Drop{Space: space, AllSlices: true, From: 1, To: 2})
	}
	if n, all := len(l.slices[groupKey{space, 3}]), len(l.spaces[space]); n != 256 || all != 1 {
		t.Errorf("%d drops of a slice, %d of all", n, all)
	}
	for change, dropped := range map[int]bool{0: true, 498: true, 499: false} {
		if got := l.drops(change, groupKey{space, 3}, 7<<56); got != dropped {
			t.Errorf("an entry of change %d is dropped later: %v", change, got)
		}
	}
}

// Memory that runs take counts: of entries whose slices change each time it is more than theirs.
func TestHeldHasRuns(t *testing.T) {
	var few, many Changes
	few.Log(1)
	many.Log(1)
	for i := range 100 {
		few.Put(Space{}, 0, uint64(i), nil, nil)
		many.Put(Space{}, int64(i), uint64(i), nil, nil)
	}
	if more := many.Held() - few.Held(); more != 99*logRunSize {
		t.Errorf("99 runs more hold %d bytes more", more)
	}
	again := &Changes{}
	again.Log(1)
	if err := many.Frames(func(f *LogFrame) error { return again.AddFrame(f) }); err != nil || again.Held() != many.Held() {
		t.Errorf("read again they hold %d bytes instead of %d, %v", again.Held(), many.Held(), err)
	}
	many.Reset()
	if many.Held() != 0 {
		t.Errorf("empty they hold %d bytes", many.Held())
	}
}
