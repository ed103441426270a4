package timer_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/timer"
	"wire.example/wire/sdk/sqlstate"
)

// entry is a timer of the model.
type entry struct {
	micros int64
	group  uint8
	key    string
}

func compareEntries(a, b entry) int {
	return cmp.Or(cmp.Compare(a.micros, b.micros), cmp.Compare(a.group, b.group), cmp.Compare(a.key, b.key))
}

// timerModel are timers and what they should be, in order.
type timerModel struct {
	budget *limit.Budget
	real   *timer.Timers
	model  []entry
}

func (m *timerModel) draw(t *rapid.T) entry {
	return entry{
		micros: rapid.OneOf(rapid.Int64Range(-20, 20), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64})).Draw(t, "micros"),
		group:  rapid.SampledFrom([]uint8{0, 1, 2, 127, 128, 255}).Draw(t, "group"),
		key:    rapid.SampledFrom([]string{"", "a", "b", "ab", strings.Repeat("long", 50)}).Draw(t, "key"),
	}
}

func (m *timerModel) set(t *rapid.T) {
	e := m.draw(t)
	if err := m.real.Set(e.group, []byte(e.key), e.micros); err != nil {
		t.Fatal(err)
	}
	if i, there := slices.BinarySearchFunc(m.model, e, compareEntries); !there {
		m.model = slices.Insert(m.model, i, e)
	}
}

func (m *timerModel) remove(t *rapid.T) {
	e := m.draw(t)
	if len(m.model) > 0 && rapid.Bool().Draw(t, "present") {
		e = rapid.SampledFrom(m.model).Draw(t, "timer")
	}
	i, there := slices.BinarySearchFunc(m.model, e, compareEntries)
	if got := m.real.Delete(e.group, []byte(e.key), e.micros); got != there {
		t.Fatalf("deleted %v, want %v", got, there)
	}
	if there {
		m.model = slices.Delete(m.model, i, i+1)
	}
}

func (m *timerModel) fire(t *rapid.T) {
	until := rapid.Int64Range(-25, 25).Draw(t, "until")
	for range rapid.IntRange(1, 5).Draw(t, "at most") {
		got, ok := m.real.Pop(until)
		if ok != (len(m.model) > 0 && m.model[0].micros <= until) {
			t.Fatalf("fired %v until %d", ok, until)
		}
		if !ok {
			return
		}
		if e := (entry{got.Micros, got.Group, string(got.Key)}); e != m.model[0] {
			t.Fatalf("fired %+v, want %+v", e, m.model[0])
		}
		m.model = m.model[1:]
	}
}

func (m *timerModel) move(t *rapid.T) {
	old := m.real
	m.real = timer.New("session", m.budget)
	for g := range keyed.Groups {
		data, err := old.Snapshot(uint8(g))
		if err != nil {
			t.Fatal(err)
		}
		if data == nil {
			continue
		}
		if err := m.real.Restore(uint8(g), data); err != nil {
			t.Fatal(err)
		}
	}
	old.Free()
	if _, ok := old.Next(); ok {
		t.Fatal("a timer after Free")
	}
}

func (m *timerModel) check(t *rapid.T) {
	micros, ok := m.real.Next()
	if ok != (len(m.model) > 0) || ok && micros != m.model[0].micros {
		t.Fatalf("next is %d, %v", micros, ok)
	}
	if m.real.Len() != len(m.model) || m.real.Bytes() != m.budget.Used() {
		t.Fatalf("%d timers, want %d; %d bytes, %d reserved", m.real.Len(), len(m.model), m.real.Bytes(), m.budget.Used())
	}
}

func TestTimersFireInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &timerModel{budget: limit.New("test", 0)}
		m.real = timer.New("session", m.budget)
		t.Repeat(map[string]func(*rapid.T){"set": m.set, "set more": m.set, "delete": m.remove, "fire": m.fire, "move": m.move, "": m.check})
		for _, want := range m.model {
			got, ok := m.real.Pop(math.MaxInt64)
			if e := (entry{got.Micros, got.Group, string(got.Key)}); !ok || e != want {
				t.Fatalf("fired %+v, %v, want %+v", e, ok, want)
			}
		}
		if _, ok := m.real.Pop(math.MaxInt64); ok || m.budget.Used() != 0 {
			t.Fatalf("%d bytes are still reserved", m.budget.Used())
		}
	})
}

func TestTimersSayWhatIsWrong(t *testing.T) {
	small := timer.New("session", limit.New("test", 100))
	if err := small.Set(0, make([]byte, 200), 5); sqlstate.Of(err) != sqlstate.OutOfMemory || !strings.Contains(err.Error(), "in session") {
		t.Error(err)
	}
	timers := timer.New("session", limit.New("test", 0))
	if err := timers.Restore(0, []byte("nonsense")); err == nil || !strings.Contains(err.Error(), "state of session is damaged") {
		t.Error(err)
	}
	short := keyed.NewOrdered("session", limit.New("test", 0))
	if _, err := short.Put(0, []byte("1234567"), nil); err != nil {
		t.Fatal(err)
	}
	data, err := short.Snapshot(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := timers.Restore(0, data); err == nil || !strings.Contains(err.Error(), "a timer without a time") {
		t.Error(err)
	}
}

func TestTimersAreGuarded(t *testing.T) {
	timers := timer.New("session", limit.New("test", 0))
	if !timers.Resident() {
		t.Error("not resident without a guard")
	}
	guard := keyed.NewGuard("timers")
	timers.SetGuard(guard)
	if timers.Resident() {
		t.Error("resident in spite of a guard")
	}
	if err := timers.Load([]uint64{7 << 56}, [4]uint64{}); err != nil {
		t.Fatal(err)
	}
	if err := timers.Set(7, []byte("key"), 1); err != nil {
		t.Error(err)
	}
	if err := timers.Set(8, []byte("key"), 1); err == nil || guard.Err() == nil {
		t.Error("a timer of an undeclared group was set")
	}
}

func TestSnapshotsAreDeterministic(t *testing.T) {
	var first []byte
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 1, 0, 2}} {
		timers := timer.New("session", limit.New("test", 0))
		for _, i := range order {
			if err := timers.Set(9, fmt.Append(nil, i), int64(i%2)); err != nil {
				t.Fatal(err)
			}
		}
		data, err := timers.Snapshot(9)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		}
		if !bytes.Equal(first, data) {
			t.Error("the order of calls shows in the snapshot")
		}
	}
}

func BenchmarkSetAndPop(b *testing.B) {
	timers := timer.New("session", limit.New("bench", 0))
	key := []byte("12345678")
	for i := range int64(100_000) {
		if err := timers.Set(uint8(i), key, i); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if err := timers.Set(uint8(i), key, int64(100_000+i)); err != nil {
			b.Fatal(err)
		}
		if _, ok := timers.Pop(math.MaxInt64); !ok {
			b.Fatal("no timer")
		}
	}
}
