package keyed_test

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/sqlstate"
)

// orderedModel is an ordered map and what it should hold.
type orderedModel struct {
	budget *limit.Budget
	real   *keyed.Ordered
	model  [2]map[string]string // of key groups 0 and 1
}

func drawKey(t *rapid.T, label string) []byte {
	n := rapid.IntRange(0, 300).Draw(t, label)
	switch n % 7 {
	case 0:
		return []byte{}
	case 1:
		return bytes.Repeat([]byte{byte(n)}, 10*n) // up to 3,000 bytes
	default:
		return fmt.Appendf(nil, "%03d", n)
	}
}

func (m *orderedModel) group(t *rapid.T) uint8 { return uint8(rapid.IntRange(0, 1).Draw(t, "group")) }

func (m *orderedModel) put(t *rapid.T) {
	g, key := m.group(t), drawKey(t, "key")
	value := bytes.Repeat([]byte("v"), rapid.SampledFrom([]int{0, 1, 7, 7, 7, 400, 5000}).Draw(t, "value"))
	_, there := m.model[g][string(key)]
	replaced, err := m.real.Put(g, key, value)
	if err != nil || replaced != there {
		t.Fatalf("replaced %v, want %v; %v", replaced, there, err)
	}
	m.model[g][string(key)] = string(value)
	clear(value)
	clear(key)
}

func (m *orderedModel) putMany(t *rapid.T) {
	g, descending := m.group(t), rapid.Bool().Draw(t, "descending")
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	for i := range int64(300) {
		v := i
		if descending {
			v = -i
		}
		if i%10 == 0 {
			v = random.Int64N(1000) - 500
		}
		key := keyed.AppendOrdered(nil, v)
		if _, err := m.real.Put(g, key, key); err != nil {
			t.Fatal(err)
		}
		m.model[g][string(key)] = string(key)
	}
}

func (m *orderedModel) remove(t *rapid.T) {
	g, key := m.group(t), drawKey(t, "key")
	if keys := m.sorted(g); len(keys) > 0 && rapid.Bool().Draw(t, "present") {
		key = []byte(rapid.SampledFrom(keys).Draw(t, "one"))
	}
	_, there := m.model[g][string(key)]
	if got := m.real.Delete(g, key); got != there {
		t.Fatalf("deleted %v, want %v", got, there)
	}
	delete(m.model[g], string(key))
}

func (m *orderedModel) bounds(t *rapid.T) (from, to []byte) {
	from = drawKey(t, "from")
	if rapid.Bool().Draw(t, "bounded") {
		to = drawKey(t, "to")
	}
	if rapid.IntRange(0, 3).Draw(t, "numbers") == 0 {
		from = keyed.AppendOrdered(nil, rapid.Int64Range(-300, 300).Draw(t, "low"))
		to = keyed.AppendOrdered(nil, rapid.Int64Range(-300, 300).Draw(t, "high"))
	}
	return from, to
}

func within(key string, from, to []byte) bool {
	return key >= string(from) && (to == nil || key < string(to))
}

func (m *orderedModel) removeRange(t *rapid.T) {
	g := m.group(t)
	from, to := m.bounds(t)
	want := len(m.model[g])
	maps.DeleteFunc(m.model[g], func(key, _ string) bool { return within(key, from, to) })
	if got := m.real.DeleteRange(g, from, to); got != want-len(m.model[g]) {
		t.Fatalf("%d deleted, want %d", got, want-len(m.model[g]))
	}
}

func (m *orderedModel) read(t *rapid.T) {
	g := m.group(t)
	from, to := m.bounds(t)
	var got, want []string
	for key, value := range m.real.Range(g, from, to) {
		got = append(got, string(key)+"="+string(value))
	}
	for _, key := range m.sorted(g) {
		if within(key, from, to) {
			want = append(want, key+"="+m.model[g][key])
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("a range has %d entries, want %d", len(got), len(want))
	}
	value, ok := m.real.Get(g, from)
	if wanted, there := m.model[g][string(from)]; ok != there || string(value) != wanted {
		t.Fatalf("Get gives %d bytes, %v, want %d, %v", len(value), ok, len(wanted), there)
	}
}

func (m *orderedModel) move(t *rapid.T) {
	old := m.real
	m.real = keyed.NewOrdered("window", m.budget)
	for g := range uint8(2) {
		data, err := old.Snapshot(g)
		if err != nil {
			t.Fatal(err)
		}
		if (data == nil) != (len(m.model[g]) == 0) {
			t.Fatalf("%d entries have a snapshot of %d bytes", len(m.model[g]), len(data))
		}
		if data == nil {
			continue
		}
		if err := m.real.Restore(g, data); err != nil {
			t.Fatal(err)
		}
	}
	old.Free()
}

func (m *orderedModel) sorted(g uint8) []string { return slices.Sorted(maps.Keys(m.model[g])) }

func (m *orderedModel) check(t *rapid.T) {
	if got, want := m.real.Len(), len(m.model[0])+len(m.model[1]); got != want {
		t.Fatalf("%d entries, want %d", got, want)
	}
	if m.real.Bytes() != m.budget.Used() {
		t.Fatalf("%d bytes in use, %d reserved", m.real.Bytes(), m.budget.Used())
	}
	for g := range uint8(2) {
		keys, i := m.sorted(g), 0
		for key, value := range m.real.Range(g, nil, nil) {
			if i >= len(keys) || string(key) != keys[i] || string(value) != m.model[g][keys[i]] {
				t.Fatalf("entry %d is %.20q", i, key)
			}
			i++
		}
		if i != len(keys) {
			t.Fatalf("%d entries in order, want %d", i, len(keys))
		}
		key, _, ok := m.real.First(g)
		if ok != (len(keys) > 0) || ok && string(key) != keys[0] {
			t.Fatalf("the first is %.20q, %v", key, ok)
		}
	}
}

func TestOrderedIsAnOrderedMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &orderedModel{budget: limit.New("test", 0), model: [2]map[string]string{{}, {}}}
		m.real = keyed.NewOrdered("window", m.budget)
		t.Repeat(map[string]func(*rapid.T){
			"put": m.put, "put more": m.put, "many": m.putMany, "delete": m.remove, "delete range": m.removeRange, "read": m.read, "move": m.move, "": m.check,
		})
		m.real.Free()
		if m.budget.Used() != 0 || m.real.Len() != 0 {
			t.Fatalf("%d bytes are still reserved", m.budget.Used())
		}
	})
}

// TestOrderedIsCompact checks that pages of keys that come in order are full, that those of others are mostly, and that what was deleted
// gives its memory back.
func TestOrderedIsCompact(t *testing.T) {
	const n = 20_000
	random := rand.New(rand.NewPCG(1, 2))
	for name, test := range map[string]struct {
		key  func(i int64) int64
		most int64 // bytes an entry
	}{
		"ascending":  {func(i int64) int64 { return i }, 45},
		"descending": {func(i int64) int64 { return -i }, 45},
		"random":     {func(int64) int64 { return random.Int64() }, 60},
	} {
		budget := limit.New("test", 0)
		o := keyed.NewOrdered("window", budget)
		var keys [][]byte
		for i := range int64(n) {
			key := keyed.AppendOrdered(nil, test.key(i))
			if keys = append(keys, key); len(keys)%100 == 0 {
				random.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
			}
			if _, err := o.Put(3, key, key); err != nil {
				t.Fatal(err)
			}
		}
		if each := o.Bytes() / n; each > test.most {
			t.Errorf("%s keys: %d bytes an entry", name, each)
		}
		full := o.Bytes()
		for i, key := range keys {
			if !o.Delete(3, key) {
				t.Fatalf("%x was not there", key)
			}
			if left := int64(n - i - 1); o.Bytes() > full*left/n*4+8192 {
				t.Fatalf("%s keys: %d bytes for %d entries left", name, o.Bytes(), left)
			}
		}
		if o.Bytes() != 0 || budget.Used() != 0 {
			t.Errorf("%s keys: %d bytes for nothing", name, o.Bytes())
		}
	}
}

func TestOrderedNumbers(t *testing.T) {
	numbers := []int64{math.MinInt64, -1 << 40, -1, 0, 1, 255, 256, math.MaxInt64}
	for i, n := range numbers {
		b := keyed.AppendOrdered([]byte{}, n)
		if keyed.OrderedValue(b) != n {
			t.Errorf("%d comes back as %d", n, keyed.OrderedValue(b))
		}
		if i > 0 && bytes.Compare(keyed.AppendOrdered(nil, numbers[i-1]), b) >= 0 {
			t.Errorf("%d is not above %d", n, numbers[i-1])
		}
	}
}

func TestOrderedFixture(t *testing.T) {
	o := keyed.NewOrdered("window", limit.New("test", 0))
	for _, key := range []string{"b", "", "a", strings.Repeat("long", 40)} {
		if _, err := o.Put(0, []byte(key), []byte("value of "+key)); err != nil {
			t.Fatal(err)
		}
	}
	data, err := o.Snapshot(0)
	if err != nil {
		t.Fatal(err)
	}
	data = fixture(t, "ordered-v1.state", data)
	restored := keyed.NewOrdered("window", limit.New("test", 0))
	if err := restored.Restore(0, data); err != nil {
		t.Fatal(err)
	}
	if value, ok := restored.Get(0, []byte("a")); !ok || string(value) != "value of a" || restored.Len() != 4 {
		t.Errorf("%q, %v of %d entries", value, ok, restored.Len())
	}
	if err := restored.Restore(0, data); err == nil || !strings.Contains(err.Error(), "has entries already") {
		t.Errorf("a second restore: %v", err)
	}
}

func TestOrderedObeysItsBudget(t *testing.T) {
	o := keyed.NewOrdered("window", limit.New("test", 10_000))
	for i := range int64(1000) {
		if _, err := o.Put(uint8(i), keyed.AppendOrdered(nil, i), make([]byte, 30)); err != nil {
			if sqlstate.Of(err) != sqlstate.OutOfMemory || !strings.Contains(err.Error(), "in window") {
				t.Fatal(err)
			}
			o.Free()
			return
		}
	}
	t.Error("a thousand entries fit into 10,000 bytes")
}

func FuzzOrderedRestore(f *testing.F) {
	seed(f, "ordered-v1.state")
	f.Fuzz(func(t *testing.T, data []byte) {
		data = resealed(data)
		budget := limit.New("test", 0)
		o := keyed.NewOrdered("window", budget)
		err := o.Restore(1, data)
		mustBeCorrupt(t, err, len(data))
		if err == nil {
			if again, err := o.Snapshot(1); err != nil || (again == nil) != (o.Len() == 0) {
				t.Fatalf("%d entries have a snapshot of %d bytes, %v", o.Len(), len(again), err)
			}
		}
		o.Free()
		if budget.Used() != 0 {
			t.Fatalf("%d bytes are still reserved", budget.Used())
		}
	})
}

func BenchmarkOrdered(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	for name, next := range map[string]func(i int) int64{
		"ascending": func(i int) int64 { return int64(i) }, "random": func(int) int64 { return random.Int64() },
	} {
		b.Run("put/"+name, func(b *testing.B) {
			o := keyed.NewOrdered("window", limit.New("bench", 0))
			var key []byte
			b.ReportAllocs()
			for i := range b.N {
				key = keyed.AppendOrdered(key[:0], next(i%1_000_000))
				if _, err := o.Put(uint8(i), key, key); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
