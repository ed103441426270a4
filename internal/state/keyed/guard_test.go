package keyed_test

import (
	"strings"
	"testing"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// guarded is what a guard watches over.
type guarded interface {
	SetGuard(g *keyed.Guard)
	Resident() bool
	Load(hashes []uint64, groups [4]uint64) error
}

// TestGuardsSeeEveryTouch touches key group 1 where group 0, and keys of group 2, are resident.
func TestGuardsSeeEveryTouch(t *testing.T) {
	k := keyKinds()[0]
	cols, hashes := keysOf(k, 0, 1, 1)
	ids, slots := make([]uint32, 1), make([]uint32, 1)
	budget := limit.New("test", 0)
	table := keyed.NewTable(&batch.Pool{}, k.types, "count", budget)
	rows := keyed.NewRows(&batch.Pool{}, k.types, 1, "join", budget)
	in := func(group uint64) []uint64 { return []uint64{hashes[0]<<8>>8 | group<<56} }
	for group := range uint64(3) {
		if _, err := table.Upsert(in(group), cols, nil, slots); err != nil {
			t.Fatal(err)
		}
		if err := rows.Append(cols, in(group), nil, ids); err != nil {
			t.Fatal(err)
		}
	}
	value := func(dst []byte, _ uint32) []byte { return dst }
	find := func(group uint64) uint32 {
		if err := table.Find(in(group), cols, nil, slots); err != nil {
			t.Log(err)
		}
		return slots[0]
	}
	slotIn := [3]uint32{find(0), find(1), find(2)}
	touches := map[string]struct {
		state guarded
		touch func(group uint64) error // nil: the guard alone knows
	}{
		"Table.Upsert": {table, func(g uint64) error { _, err := table.Upsert(in(g), cols, nil, slots); return err }},
		"Table.Find":   {table, func(g uint64) error { return table.Find(in(g), cols, nil, slots) }},
		"Table.Slots": {table, func(g uint64) error {
			for range table.Slots(uint8(g)) {
				break
			}
			return nil
		}},
		"Table.Snapshot": {table, func(g uint64) error { _, err := table.Snapshot(uint8(g), value); return err }},
		"Table.GatherKeys": {table, func(g uint64) error {
			table.GatherKeys(slotIn[g:g+1], newColumns(&batch.Pool{}, k.types))
			return nil
		}},
		"Table.Delete":  {table, func(g uint64) error { return table.Delete(slotIn[g]) }},
		"Rows.Append":   {rows, func(g uint64) error { return rows.Append(cols, in(g), nil, ids) }},
		"Rows.Snapshot": {rows, func(g uint64) error { _, err := rows.Snapshot(uint8(g)); return err }},
		"Rows.Gather": {rows, func(g uint64) error {
			rows.Gather([]uint32{keyed.NoRow, rows.At(uint8(g), 0)}, newColumns(&batch.Pool{}, k.types))
			return nil
		}},
	}
	for name, test := range touches {
		if !test.state.Resident() {
			t.Fatalf("%s: not resident without a guard", name)
		}
		if err := test.state.Load(nil, [4]uint64{}); err != nil {
			t.Fatal(err)
		}
		guard := keyed.NewGuard("state")
		test.state.SetGuard(guard)
		if test.state.Resident() {
			t.Errorf("%s: resident in spite of a guard", name)
		}
		for _, group := range []uint64{0, 2} {
			if name == "Table.Delete" {
				continue // it would be gone
			}
			if err := test.state.Load(in(2), [4]uint64{1}); err != nil {
				t.Fatal(err)
			}
			if err := test.touch(group); err != nil || guard.Err() != nil {
				t.Errorf("%s of resident group %d: %v, %v", name, group, err, guard.Err())
			}
		}
		if err := test.state.Load(in(2), [4]uint64{1}); err != nil {
			t.Fatal(err)
		}
		err := test.touch(1)
		if guard.Err() == nil || !strings.Contains(guard.Err().Error(), "which Needs did not declare") {
			t.Errorf("%s of what is not resident: %v, the guard says %v", name, err, guard.Err())
		}
		guard.Open()
		if name != "Table.Delete" {
			if err := test.touch(1); err != nil {
				t.Errorf("%s with an open guard: %v", name, err)
			}
		}
		test.state.SetGuard(nil)
	}
	guard := keyed.NewGuard("rows")
	rows.SetGuard(guard)
	if err := rows.Append(cols, nil, nil, ids); err == nil {
		t.Error("rows without hashes belong to group 0, which is not resident")
	}
}
