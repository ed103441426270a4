package keyed_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sdktest"
)

// drawKeys draws a batch whose rows are the keys of a test, some equal and some equal but written differently.
func drawKeys(t *rapid.T, pool *batch.Pool, most int) *batch.Batch {
	s := &schema.Schema{}
	for i := range rapid.IntRange(1, most).Draw(t, "columns") {
		s.Fields = append(s.Fields, schema.Field{Name: fmt.Sprint("k", i), Type: rapid.SampledFrom(sdktest.Types()).Draw(t, "type")})
	}
	return sdktest.Values{}.DrawBatch(t, pool, s, rapid.IntRange(1, 40).Draw(t, "rows"))
}

func typesOf(b *batch.Batch) []schema.Type {
	types := make([]schema.Type, len(b.Cols))
	for i, c := range b.Cols {
		types[i] = c.Type()
	}
	return types
}

// everyColumn orders by all columns, so that 0 means equal keys.
func everyColumn(b *batch.Batch) *keyed.Order {
	keys := make([]keyed.Key, len(b.Cols))
	for i := range keys {
		keys[i].Column = i
	}
	return keyed.NewOrder(typesOf(b), keys)
}

func ordinals(b *batch.Batch) []int {
	columns := make([]int, len(b.Cols))
	for i := range columns {
		columns[i] = i
	}
	return columns
}

func newColumns(pool *batch.Pool, types []schema.Type) []*batch.Column {
	cols := make([]*batch.Column, len(types))
	for i, typ := range types {
		cols[i] = batch.NewColumn(pool, typ)
	}
	return cols
}

// modelKey is a key of the model: the row it came from first, and a counter.
type modelKey struct {
	row   int
	count uint64
	group uint8
}

// tableModel is a table and a slab of counters beside it, and what both should hold.
type tableModel struct {
	pool   batch.Pool
	budget *limit.Budget
	keys   *batch.Batch
	order  *keyed.Order
	table  *keyed.Table
	counts *keyed.Slab[uint64]
	hashes []uint64
	model  []modelKey // in the order of insertion
}

func (m *tableModel) reset() {
	m.table = keyed.NewTable(&m.pool, typesOf(m.keys), "count", m.budget)
	m.counts = keyed.NewSlab[uint64](m.budget)
}

func (m *tableModel) find(row int) int {
	return slices.IndexFunc(m.model, func(k modelKey) bool { return m.order.Compare(m.keys.Cols, k.row, m.keys.Cols, row) == 0 })
}

func (m *tableModel) drawRows(t *rapid.T) ([]uint16, []uint64) {
	rows := rapid.SliceOfN(rapid.Uint16Range(0, uint16(m.keys.Len-1)), 0, 60).Draw(t, "rows")
	hashes := make([]uint64, len(rows))
	for i, row := range rows {
		hashes[i] = m.hashes[row]
	}
	if rapid.Bool().Draw(t, "all") {
		rows, hashes = nil, m.hashes
	}
	return rows, hashes
}

func rowAt(rows []uint16, i int) int {
	if rows == nil {
		return i
	}
	return int(rows[i])
}

func (m *tableModel) upsert(t *rapid.T) {
	rows, hashes := m.drawRows(t)
	slots := make([]uint32, len(hashes))
	fresh, err := m.table.Upsert(hashes, m.keys.Cols, rows, slots)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.counts.Grow(m.table.Limit()); err != nil {
		t.Fatal(err)
	}
	var want []uint16
	for i := range hashes {
		row := rowAt(rows, i)
		if m.find(row) < 0 {
			want = append(want, uint16(i))
			m.model = append(m.model, modelKey{row: row, group: uint8(hashes[i] >> 56)})
		}
		m.model[m.find(row)].count++
	}
	if !slices.Equal(fresh, want) {
		t.Fatalf("new at %v, want %v", fresh, want)
	}
	for _, i := range fresh {
		*m.counts.At(slots[i]) = 0
	}
	for _, slot := range slots {
		*m.counts.At(slot)++
	}
}

func (m *tableModel) lookup(t *rapid.T) {
	rows, hashes := m.drawRows(t)
	slots := make([]uint32, len(hashes))
	if err := m.table.Find(hashes, m.keys.Cols, rows, slots); err != nil {
		t.Fatal(err)
	}
	for i, slot := range slots {
		at := m.find(rowAt(rows, i))
		if (at < 0) != (slot == keyed.NoSlot) {
			t.Fatalf("row %d has slot %d, and is number %d", rowAt(rows, i), slot, at)
		}
		if at >= 0 && (*m.counts.At(slot) != m.model[at].count || m.table.GroupOf(slot) != m.model[at].group) {
			t.Fatalf("row %d counts %d in group %d, want %+v", rowAt(rows, i), *m.counts.At(slot), m.table.GroupOf(slot), m.model[at])
		}
	}
}

func (m *tableModel) remove(t *rapid.T) {
	if len(m.model) == 0 {
		t.Skip("nothing to delete")
	}
	at := rapid.IntRange(0, len(m.model)-1).Draw(t, "key")
	slot := make([]uint32, 1)
	row := m.model[at].row
	if err := m.table.Find(m.hashes[row:row+1], m.keys.Cols, []uint16{uint16(row)}, slot); err != nil {
		t.Fatal(err)
	}
	if err := m.table.Delete(slot[0]); err != nil {
		t.Fatal(err)
	}
	m.model = slices.Delete(m.model, at, at+1)
}

// move takes a snapshot and goes on with a table that is restored from it.
func (m *tableModel) move(t *rapid.T) {
	old, counts := m.table, m.counts
	m.reset()
	for g := range keyed.Groups {
		data, err := old.Snapshot(uint8(g), func(dst []byte, slot uint32) []byte {
			return binary.LittleEndian.AppendUint64(dst, *counts.At(slot))
		})
		if err != nil {
			t.Fatal(err)
		}
		if data == nil {
			continue
		}
		err = m.table.Restore(uint8(g), data, func(slot uint32, value []byte) error {
			if err := m.counts.Grow(m.table.Limit()); err != nil {
				return err
			}
			*m.counts.At(slot) = binary.LittleEndian.Uint64(value)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	old.Free()
	counts.Free()
}

// empty drops all keys, and no memory but that of long ones.
func (m *tableModel) empty(t *rapid.T) {
	before := m.table.Bytes()
	m.table.Empty()
	if m.table.Limit() != 0 || m.table.Bytes() > before {
		t.Fatalf("an empty table with slots below %d has %d bytes, had %d", m.table.Limit(), m.table.Bytes(), before)
	}
	m.model = nil
}

// walk checks that a walk over the table gives the model, and that keys are as they came.
func (m *tableModel) walk(t *rapid.T) {
	if m.table.Len() != len(m.model) {
		t.Fatalf("%d keys, want %d", m.table.Len(), len(m.model))
	}
	var want, got []modelKey
	for g := range keyed.Groups {
		for _, k := range m.model {
			if int(k.group) == g {
				want = append(want, k)
			}
		}
	}
	var all []uint32
	var cursor keyed.Cursor
	slots := make([]uint32, rapid.IntRange(1, 9).Draw(t, "step"))
	for n := m.table.Scan(&cursor, slots); n > 0; n = m.table.Scan(&cursor, slots) {
		all = append(all, slots[:n]...)
	}
	if len(all) != len(want) {
		t.Fatalf("a walk gives %d keys, want %d", len(all), len(want))
	}
	out := newColumns(&m.pool, typesOf(m.keys))
	m.table.GatherKeys(all, out)
	gathered := sdktest.Rows(&batch.Batch{Cols: out, Len: len(all)})
	source := sdktest.Rows(m.keys)
	for i, slot := range all {
		got = append(got, modelKey{row: want[i].row, count: *m.counts.At(slot), group: m.table.GroupOf(slot)})
		if gathered[i] != source[want[i].row] {
			t.Fatalf("key %d is %s, and came as %s", i, gathered[i], source[want[i].row])
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("a walk gives %+v, want %+v", got, want)
	}
}

func TestTableIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &tableModel{budget: limit.New("test", 0)}
		m.keys = drawKeys(t, &m.pool, 3)
		m.order = everyColumn(m.keys)
		m.hashes = slices.Clone(keyed.NewHasher(ordinals(m.keys)).Hash(m.keys))
		if rapid.Bool().Draw(t, "placed") { // as if exchanged by the first column alone
			keyed.Place(m.hashes, keyed.NewHasher([]int{0}).Hash(m.keys))
		}
		m.reset()
		t.Repeat(map[string]func(*rapid.T){
			"upsert": m.upsert, "find": m.lookup, "delete": m.remove, "move": m.move, "empty": m.empty, "": m.walk,
		})
		if used := m.table.Bytes() + m.counts.Bytes(); used != m.budget.Used() {
			t.Fatalf("%d bytes in use, %d reserved", used, m.budget.Used())
		}
		m.table.Free()
		m.counts.Free()
		if m.budget.Used() != 0 {
			t.Fatalf("%d bytes are still reserved", m.budget.Used())
		}
		m.model = nil
		m.reset()
		m.upsert(t)
		m.walk(t)
	})
}

func TestEqualKeysHashAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var pool batch.Pool
		keys := drawKeys(t, &pool, 2)
		order := everyColumn(keys)
		hashes := keyed.NewHasher(ordinals(keys)).Hash(keys)
		for i, h := range hashes {
			for j := range i {
				if equal := order.Compare(keys.Cols, i, keys.Cols, j) == 0; equal != (h == hashes[j]) {
					t.Fatalf("rows %d and %d: equal %v, hashes %x and %x", i, j, equal, h, hashes[j])
				}
			}
		}
	})
}

func TestHashPresentLeavesNullsOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var pool batch.Pool
		keys := drawKeys(t, &pool, 2)
		for row := range keys.Len {
			if rapid.Bool().Draw(t, "selected") {
				keys.Sel = append(keys.Sel, uint16(row))
			}
		}
		if keys.Sel == nil {
			keys.Sel = []uint16{}
		}
		hasher := keyed.NewHasher(ordinals(keys))
		all := slices.Clone(hasher.Hash(keys))
		hashes, rows, nulls := hasher.HashPresent(keys)
		if len(hashes) != len(rows) || len(rows)+len(nulls) != keys.Rows() {
			t.Fatalf("%d hashes, %d rows, %d NULLs of %d", len(hashes), len(rows), len(nulls), keys.Rows())
		}
		for i, row := range rows {
			if hashes[i] != all[slices.Index(keys.Sel, row)] {
				t.Fatalf("row %d has another hash", row)
			}
		}
		for _, row := range nulls {
			if !slices.ContainsFunc(keys.Cols, func(c *batch.Column) bool { return c.IsNull(int(row)) }) {
				t.Fatalf("row %d has no NULL", row)
			}
		}
	})
}
