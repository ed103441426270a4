package keyed_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// keysOf returns the columns of keys from lo up to hi, and their hashes, all of the key groups below groups.
func keysOf(k keyKind, lo, hi uint64, groups uint64) ([]*batch.Column, []uint64) {
	cols := newColumns(&batch.Pool{}, k.types)
	for _, c := range cols {
		c.Reset(int(hi - lo))
	}
	for n := lo; n < hi; n++ {
		k.set(cols, int(n-lo), n)
	}
	columns := make([]int, len(cols))
	for i := range columns {
		columns[i] = i
	}
	hashes := keyed.NewHasher(columns).Hash(&batch.Batch{Cols: cols, Len: int(hi - lo)})
	for i, h := range hashes {
		hashes[i] = h<<8>>8 | h>>56%groups<<56
	}
	return cols, hashes
}

// TestTableOfManyKeys has indexes of many blocks, slots that are freed and used again, and text that is moved together.
func TestTableOfManyKeys(t *testing.T) {
	for _, k := range keyKinds() {
		t.Run(k.name, func(t *testing.T) {
			const n, step = 30_000, 3000
			budget := limit.New("test", 0)
			table := keyed.NewTable(&batch.Pool{}, k.types, "count", budget)
			slotOf := make([]uint32, n)
			put := func(lo, hi uint64) {
				cols, hashes := keysOf(k, lo, hi, 3)
				fresh, err := table.Upsert(hashes, cols, nil, slotOf[lo:hi])
				if err != nil || len(fresh) != int(hi-lo) {
					t.Fatalf("%d new keys of %d, %v", len(fresh), hi-lo, err)
				}
			}
			check := func(present func(key uint64) bool) {
				slots := make([]uint32, step)
				for lo := uint64(0); lo < n; lo += step {
					cols, hashes := keysOf(k, lo, lo+step, 3)
					if err := table.Find(hashes, cols, nil, slots); err != nil {
						t.Fatal(err)
					}
					for i, slot := range slots {
						key := lo + uint64(i)
						if want := slotOf[key]; present(key) && slot != want || !present(key) && slot != keyed.NoSlot {
							t.Fatalf("key %d is in slot %d, want %d", key, slot, want)
						}
					}
				}
			}
			for lo := uint64(0); lo < n; lo += step {
				put(lo, lo+step)
			}
			check(func(uint64) bool { return true })
			full := table.Bytes()
			for key := range slotOf {
				if key%10 != 0 {
					if err := table.Delete(slotOf[key]); err != nil {
						t.Fatal(err)
					}
				}
			}
			check(func(key uint64) bool { return key%10 == 0 })
			for range 3 {
				for lo := uint64(0); lo < n; lo += step {
					cols, hashes := keysOf(k, n+lo, n+lo+step, 3)
					slots := make([]uint32, step)
					if _, err := table.Upsert(hashes, cols, nil, slots); err != nil {
						t.Fatal(err)
					}
					for _, slot := range slots {
						if err := table.Delete(slot); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
			check(func(key uint64) bool { return key%10 == 0 })
			if table.Bytes() > full*3/2 {
				t.Errorf("%d bytes after deletes, %d before", table.Bytes(), full)
			}
			if table.Bytes() != budget.Used() {
				t.Errorf("%d bytes in use, %d reserved", table.Bytes(), budget.Used())
			}
			table.Free()
			if budget.Used() != 0 || table.Len() != 0 {
				t.Errorf("%d bytes are still reserved", budget.Used())
			}
		})
	}
}

// TestTableWithinAnyBudget fills tables until there is no room, whatever the room.
func TestTableWithinAnyBudget(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, k := range keyKinds() {
		for range 20 {
			budget := limit.New("test", 1000+random.Int64N(500_000))
			table := keyed.NewTable(&batch.Pool{}, k.types, "count", budget)
			slots := make([]uint32, 500)
			for lo := uint64(0); ; lo += 500 {
				cols, hashes := keysOf(k, lo, lo+500, 5)
				_, err := table.Upsert(hashes, cols, nil, slots)
				if table.Bytes() != budget.Used() {
					t.Fatalf("%s: %d bytes in use, %d reserved", k.name, table.Bytes(), budget.Used())
				}
				if err == nil {
					continue
				}
				if sqlstate.Of(err) != sqlstate.OutOfMemory || !strings.Contains(err.Error(), "out of memory in count") {
					t.Fatal(err)
				}
				break
			}
			table.Free()
			if budget.Used() != 0 {
				t.Fatalf("%s: %d bytes are still reserved", k.name, budget.Used())
			}
		}
	}
}

// TestReserve: room that was made at once changes nothing but how often keys move, is reserved and given back, and is not made where memory is short.
func TestReserve(t *testing.T) {
	for _, k := range keyKinds() {
		for _, share := range []int64{1, 4} { // of the budget that is left: all, a quarter
			budget := limit.New("test", 8<<20)
			if err := budget.Reserve(budget.Limit() - budget.Limit()/share); err != nil {
				t.Fatal(err)
			}
			before := budget.Used()
			table := keyed.NewTable(&batch.Pool{}, k.types, "count", budget)
			table.Reserve(2000)
			if room := budget.Used() > before; room != (share == 1) || table.Bytes() != budget.Used()-before {
				t.Fatalf("%s: %d bytes reserved, %d in use", k.name, budget.Used()-before, table.Bytes())
			}
			cols, hashes := keysOf(k, 0, 3000, 256)
			slots, again := make([]uint32, 3000), make([]uint32, 3000)
			if fresh, err := table.Upsert(hashes, cols, nil, slots); err != nil || len(fresh) != 3000 {
				t.Fatalf("%s: %d new keys, %v", k.name, len(fresh), err)
			}
			if err := table.Find(hashes, cols, nil, again); err != nil || !slices.Equal(slots, again) {
				t.Fatalf("%s: not all are found: %v", k.name, err)
			}
			table.Free()
			if budget.Used() != before {
				t.Fatalf("%s: %d bytes are still reserved", k.name, budget.Used()-before)
			}
		}
	}
}

// TestKeysOfOneTag puts keys in whose hashes are all the same: none is taken for another.
func TestKeysOfOneTag(t *testing.T) {
	for _, k := range keyKinds() {
		table := keyed.NewTable(&batch.Pool{}, k.types, "count", limit.New("test", 0))
		cols, hashes := keysOf(k, 0, 300, 1)
		for i := range hashes {
			hashes[i] = 77
		}
		first, second := make([]uint32, 300), make([]uint32, 300)
		if fresh, err := table.Upsert(hashes, cols, nil, first); err != nil || len(fresh) != 300 {
			t.Fatalf("%s: %d new keys, %v", k.name, len(fresh), err)
		}
		if err := table.Find(hashes, cols, nil, second); err != nil {
			t.Fatal(err)
		}
		for i := range first {
			if first[i] != second[i] {
				t.Fatalf("%s: key %d is in slot %d, then %d", k.name, i, first[i], second[i])
			}
		}
	}
}

// TestLongKeysOfManyLengths compares texts of all lengths that are the same but for one byte.
func TestLongKeysOfManyLengths(t *testing.T) {
	text := schema.Of(schema.Text)
	for n := 1; n < 70; n++ {
		c := batch.NewColumn(&batch.Pool{}, text)
		c.Reset(n + 1)
		for i := range n + 1 {
			b := []byte(strings.Repeat("a", n))
			if i < n {
				b[i] = 'b'
			}
			c.SetBytes(i, b)
		}
		hashes := make([]uint64, n+1) // so that bytes alone tell them apart
		for _, types := range [][]schema.Type{{text}, {text, text}} {
			cols := []*batch.Column{c, c}[:len(types)]
			table := keyed.NewTable(&batch.Pool{}, types, "count", limit.New("test", 0))
			slots := make([]uint32, n+1)
			for range 2 {
				if _, err := table.Upsert(hashes, cols, nil, slots); err != nil || table.Len() != n+1 {
					t.Fatalf("%d keys of %d bytes, %v", table.Len(), n, err)
				}
			}
		}
	}
}

// TestLongTextClosesChunks keeps more text than offsets of a chunk should have to reach.
func TestLongTextClosesChunks(t *testing.T) {
	types := []schema.Type{schema.Of(schema.Text), schema.ArrayOf(schema.RowOf(schema.Field{Name: "t", Type: schema.Of(schema.Text)}))}
	cols := newColumns(&batch.Pool{}, types)
	const rows, size = 5, 9 << 20
	for _, c := range cols {
		c.Reset(rows)
	}
	cols[1].Child(0).Resize(rows)
	for i := range rows {
		cols[0].SetBytes(i, binary.BigEndian.AppendUint32(make([]byte, size), uint32(i)))
		cols[1].Child(0).Child(0).SetBytes(i, fmt.Appendf(make([]byte, size), "%d", i))
		cols[1].Offsets()[i+1] = int32(i + 1)
	}
	store := keyed.NewRows(&batch.Pool{}, types, 0, "sort", limit.New("test", 0))
	ids := make([]uint32, rows)
	if err := store.Append(cols, nil, nil, ids); err != nil {
		t.Fatal(err)
	}
	if ids[0]>>12 == ids[rows-1]>>12 {
		t.Error("90 MiB of text are in one chunk")
	}
	out := newColumns(&batch.Pool{}, types)
	store.Gather(ids, out)
	for i := range rows {
		if string(out[0].Bytes(i)) != string(cols[0].Bytes(i)) || string(out[1].Child(0).Child(0).Bytes(i)) != string(cols[1].Child(0).Child(0).Bytes(i)) {
			t.Errorf("row %d came back differently", i)
		}
		if at := store.At(0, uint32(i)); at != ids[i] {
			t.Errorf("row %d is number %d, want %d", i, at, ids[i])
		}
	}
	if got := store.At(0, rows); got != keyed.NoRow {
		t.Errorf("row %d is number %d", rows, got)
	}
}

func TestRowsWithinAnyBudget(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	batches := rowBatches(1, random.Uint64)
	_, hashes := keysOf(keyKinds()[0], 0, batch.MaxRows, 256)
	for range 10 {
		budget := limit.New("test", random.Int64N(3_000_000))
		store := keyed.NewRows(&batch.Pool{}, rowTypes(), 2, "join", budget)
		ids := make([]uint32, batch.MaxRows)
		for {
			err := store.Append(batches[0], hashes, nil, ids)
			if store.Bytes() != budget.Used() {
				t.Fatalf("%d bytes in use, %d reserved", store.Bytes(), budget.Used())
			}
			if err != nil {
				if sqlstate.Of(err) != sqlstate.OutOfMemory || !strings.Contains(err.Error(), "out of memory in join") {
					t.Fatal(err)
				}
				break
			}
		}
		store.Free()
		if budget.Used() != 0 {
			t.Fatalf("%d bytes are still reserved", budget.Used())
		}
	}
}
