package keyed_test

import (
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// TestShrink: a table in which key groups come and go, one after the other, has the keys that it should have, and is not larger than one that never had more of them at once.
func TestShrink(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		budget := limit.New("test", 0)
		table := keyed.NewTable(&batch.Pool{}, []schema.Type{schema.Of(schema.Int64)}, "test", budget)
		hasher := keyed.NewHasher([]int{0})
		known := map[int64]uint32{}
		find := func(key int64) (uint32, bool) {
			in := oneKey(key)
			slots := make([]uint32, 1)
			if err := table.Find(hasher.Hash(in), in.Cols, nil, slots); err != nil {
				t.Fatal(err)
			}
			return slots[0], slots[0] != keyed.NoSlot
		}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				for range rapid.IntRange(1, 200).Draw(t, "keys") {
					key := rapid.Int64Range(0, 3000).Draw(t, "key")
					in := oneKey(key)
					slots := make([]uint32, 1)
					if _, err := table.Upsert(hasher.Hash(in), in.Cols, nil, slots); err != nil {
						t.Fatal(err)
					}
					known[key] = slots[0]
				}
			},
			"delete a key group": func(t *rapid.T) {
				group := rapid.Byte().Draw(t, "group")
				for key, slot := range known {
					if table.GroupOf(slot) == group {
						if err := table.Delete(slot); err != nil {
							t.Fatal(err)
						}
						delete(known, key)
					}
				}
				if err := table.Shrink(group); err != nil {
					t.Fatal(err)
				}
				if table.LenOf(group) != 0 {
					t.Fatalf("key group %d has %d keys", group, table.LenOf(group))
				}
			},
			"shrink": func(t *rapid.T) {
				if err := table.Shrink(rapid.Byte().Draw(t, "group")); err != nil {
					t.Fatal(err)
				}
			},
			"delete": func(t *rapid.T) {
				key := rapid.Int64Range(0, 3000).Draw(t, "key")
				if slot, ok := known[key]; ok {
					if err := table.Delete(slot); err != nil {
						t.Fatal(err)
					}
					delete(known, key)
				}
			},
			"": func(t *rapid.T) {
				slots := map[uint32]bool{}
				for key, slot := range known {
					if at, ok := find(key); !ok || at != slot || slots[slot] {
						t.Fatalf("key %d is in slot %d, found in %d", key, slot, at)
					}
					slots[slot] = true
				}
				if table.Len() != len(known) {
					t.Fatalf("%d keys, want %d", table.Len(), len(known))
				}
			},
		})
		table.Free()
		if budget.Used() != 0 {
			t.Fatalf("%d bytes stay reserved", budget.Used())
		}
	})
}

// TestShrunkGroupsShare: groups that are filled one after the other, and emptied and shrunk behind that, take the memory of one.
func TestShrunkGroupsShare(t *testing.T) {
	budget := limit.New("test", 0)
	table := keyed.NewTable(&batch.Pool{}, []schema.Type{schema.Of(schema.Int64)}, "test", budget)
	hasher := keyed.NewHasher([]int{0})
	var first int64
	slots := make([]uint32, batch.MaxRows)
	for group := range uint64(keyed.Groups) {
		in := &batch.Batch{Len: batch.MaxRows, Cols: []*batch.Column{batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))}}
		in.Cols[0].Reset(in.Len)
		for i := range in.Len {
			in.Cols[0].Int64s()[i] = int64(i)
		}
		hashes := hasher.Hash(in)
		for i := range hashes {
			hashes[i] = hashes[i]<<8>>8 | group<<56
		}
		if _, err := table.Upsert(hashes, in.Cols, nil, slots); err != nil {
			t.Fatal(err)
		}
		for slot := range table.Slots(uint8(group)) {
			if err := table.Delete(slot); err != nil {
				t.Fatal(err)
			}
		}
		if err := table.Shrink(uint8(group)); err != nil {
			t.Fatal(err)
		}
		if group == 0 {
			first = table.Bytes()
		}
	}
	if table.Bytes() > 2*first {
		t.Errorf("%d bytes for the last key group, %d for the first", table.Bytes(), first)
	}
}

func oneKey(key int64) *batch.Batch {
	in := &batch.Batch{Len: 1, Cols: []*batch.Column{batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))}}
	in.Cols[0].Reset(1)
	in.Cols[0].Int64s()[0] = key
	return in
}
