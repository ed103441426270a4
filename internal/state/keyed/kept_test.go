package keyed_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// part is a kept part under test, with a model of it: what it has, under which name.
type part interface {
	keyed.Kept
	// change changes something at random, in the model as well.
	change(t *rapid.T)
	// have returns what it has, by name.
	have() map[string]string
	// model returns what it should have.
	model() map[string]string
}

// checkKept drives a part by random changes, seals and drains, with crashes after which a new part goes on from the epoch that was stored last.
func checkKept(t *rapid.T, fresh func(model map[string]string) part) {
	space, to := store.Space{Operator: 3, Table: 1}, uint64(math.MaxUint64)
	kept := store.NewMemory()
	p := fresh(nil)
	p.Keep(keyed.Home{Space: space, To: to})
	var changes *store.Changes // of the sealed epoch, nil when stored
	var sealed map[string]string
	stored := map[string]string{}
	drain := func(most int64) {
		if changes == nil {
			return
		}
		more, err := p.Drain(changes, most)
		if err != nil {
			t.Fatal(err)
		}
		if more {
			return
		}
		if err := kept.Apply(context.Background(), []*store.Changes{changes}); err != nil {
			t.Fatal(err)
		}
		changes, stored = nil, sealed
	}
	for range rapid.IntRange(1, 60).Draw(t, "steps") {
		switch rapid.IntRange(0, 9).Draw(t, "step") {
		case 0, 1:
			drain(math.MaxInt64)
			p.Seal()
			changes, sealed = &store.Changes{}, maps.Clone(p.model())
		case 2:
			drain(64)
		case 3:
			drain(math.MaxInt64)
			if rapid.IntRange(0, 2).Draw(t, "crash") > 0 {
				continue
			}
			p = fresh(maps.Clone(stored))
			p.Keep(keyed.Home{Space: space, To: to})
			admitAll(t, p, kept, space)
			compare(t, "restored", p.have(), stored)
		default:
			p.change(t)
		}
		compare(t, "in memory", p.have(), p.model())
	}
}

func compare(t *rapid.T, what string, got, want map[string]string) {
	if !maps.Equal(got, want) {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
}

// admitAll puts what is stored into p, in pieces.
func admitAll(t *rapid.T, p keyed.Kept, kept *store.Memory, space store.Space) {
	var e keyed.Entries
	r := kept.Reader()
	err := r.Scan(space, 0, math.MaxUint64, func(slice int64, hash uint64, key, value []byte) error {
		e.Slices, e.Hashes = append(e.Slices, slice), append(e.Hashes, hash)
		e.Keys, e.Values = append(e.Keys, bytes.Clone(key)), append(e.Values, bytes.Clone(value))
		return nil
	})
	for from := 0; err == nil && from < e.Len(); from += 3 {
		to := min(from+3, e.Len())
		err = p.Admit(&keyed.Entries{Slices: e.Slices[from:to], Hashes: e.Hashes[from:to], Keys: e.Keys[from:to], Values: e.Values[from:to]})
	}
	if err == nil {
		err = r.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// intKeys makes columns of integer keys, with their hashes.
func intKeys(keys []int64) ([]*batch.Column, []uint64) {
	c := batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))
	c.Reset(len(keys))
	copy(c.Int64s(), keys)
	hashes := slices.Clone(keyed.NewHasher([]int{0}).Hash(&batch.Batch{Cols: []*batch.Column{c}, Len: len(keys)}))
	return []*batch.Column{c}, hashes
}

func drawInts(t *rapid.T) []int64 {
	return rapid.SliceOfNDistinct(rapid.Int64Range(0, 12), 1, 6, rapid.ID[int64]).Draw(t, "keys")
}

// tablePart is a table with a number for each key.
type tablePart struct {
	*keyed.Table
	values *keyed.Slab[int64]
	want   map[string]string
	slot   map[string]uint32
}

func newTablePart(model map[string]string) *tablePart {
	budget := limit.New("test", 0)
	p := &tablePart{
		Table: keyed.NewTable(&batch.Pool{}, []schema.Type{schema.Of(schema.Int64)}, "a table", budget), values: keyed.NewSlab[int64](budget),
		want: map[string]string{}, slot: map[string]uint32{},
	}
	maps.Copy(p.want, model)
	p.SetValues(p.written())
	return p
}

// leaves lets keys leave memory.
func (p *tablePart) leaves() {
	values := p.written()
	values.Leave = true
	p.SetValues(values)
}

// written is how numbers are written.
func (p *tablePart) written() keyed.Values {
	return keyed.Values{
		Append: func(dst []byte, slot uint32) []byte { return binary.AppendVarint(dst, *p.values.At(slot)) },
		Restore: func(slot uint32, value []byte) error {
			if err := p.values.Grow(p.Limit()); err != nil {
				return err
			}
			*p.values.At(slot), _ = binary.Varint(value)
			return nil
		},
	}
}

func (p *tablePart) model() map[string]string { return p.want }

func (p *tablePart) have() map[string]string {
	got := map[string]string{}
	clear(p.slot)
	col := []*batch.Column{batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))}
	for g := range keyed.Groups {
		for slot := range p.Slots(uint8(g)) {
			p.GatherKeys([]uint32{slot}, col)
			name := fmt.Sprint(col[0].Int64s()[0])
			got[name], p.slot[name] = fmt.Sprint(*p.values.At(slot)), slot
		}
	}
	return got
}

func (p *tablePart) change(t *rapid.T) {
	p.have()
	switch rapid.IntRange(0, 9).Draw(t, "change") {
	case 0:
		p.Free()
		clear(p.want)
	case 1, 2, 3:
		for _, key := range drawInts(t) {
			name := fmt.Sprint(key)
			if slot, is := p.slot[name]; is {
				if err := p.Delete(slot); err != nil {
					t.Fatal(err)
				}
				delete(p.want, name)
			}
		}
	default:
		keys := drawInts(t)
		cols, hashes := intKeys(keys)
		slots := make([]uint32, len(keys))
		if _, err := p.Upsert(hashes, cols, nil, slots); err != nil {
			t.Fatal(err)
		}
		if err := p.values.Grow(p.Limit()); err != nil {
			t.Fatal(err)
		}
		touch := p.Touch
		if rapid.Bool().Draw(t, "one by one") {
			touch = func(slots []uint32) error {
				for _, slot := range slots {
					if err := p.TouchOne(slot); err != nil {
						return err
					}
				}
				return nil
			}
		}
		if err := touch(slices.Concat(slots, slots)); err != nil {
			t.Fatal(err)
		}
		for i, key := range keys {
			n := rapid.Int64Range(0, 100).Draw(t, "value")
			*p.values.At(slots[i]), p.want[fmt.Sprint(key)] = n, fmt.Sprint(n)
		}
	}
}

func TestKeptTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkKept(t, func(model map[string]string) part { return newTablePart(model) })
	})
}

// rowsPart is rows of a number that has a mark, and something beside it.
type rowsPart struct {
	*keyed.Rows
	beside *keyed.Slab[int64]
	ids    []uint32
	want   map[string]string
	budget *limit.Budget
}

func newRowsPart(model map[string]string) *rowsPart {
	budget := limit.New("test", 0)
	p := &rowsPart{
		Rows: keyed.NewRows(&batch.Pool{}, []schema.Type{schema.Of(schema.Int64)}, 0, "rows", budget), beside: keyed.NewSlab[int64](budget), want: map[string]string{}, budget: budget,
	}
	maps.Copy(p.want, model)
	p.SetExtras(keyed.Extras{
		Append: func(dst []byte, id uint32) []byte { return binary.AppendVarint(dst, *p.beside.At(id)) },
		Restore: func(id uint32, value []byte) error {
			if err := p.beside.Grow(p.Limit()); err != nil {
				return err
			}
			*p.beside.At(id), _ = binary.Varint(value)
			return nil
		},
		Loaded: func(ids []uint32) error {
			p.ids = append(p.ids, ids...)
			return nil
		},
	})
	return p
}

func (p *rowsPart) model() map[string]string { return p.want }

func (p *rowsPart) name(id uint32) string {
	cols, row := p.Row(id)
	return fmt.Sprint(cols[0].Int64s()[row])
}

func (p *rowsPart) have() map[string]string {
	got := map[string]string{}
	for _, id := range p.ids {
		got[p.name(id)] = fmt.Sprint(*p.Mark(id), *p.beside.At(id))
	}
	return got
}

func (p *rowsPart) change(t *rapid.T) {
	switch rapid.IntRange(0, 9).Draw(t, "change") {
	case 0:
		p.Free()
		p.ids = nil
		clear(p.want)
		return
	case 1, 2, 3, 4:
		var keys []int64
		for _, key := range drawInts(t) {
			if _, is := p.want[fmt.Sprint(key)]; !is {
				keys = append(keys, key)
			}
		}
		cols, hashes := intKeys(keys)
		ids := make([]uint32, len(keys))
		if err := p.Append(cols, hashes, nil, ids); err != nil {
			t.Fatal(err)
		}
		if err := p.beside.Grow(p.Limit()); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			*p.beside.At(id), p.want[p.name(id)] = 0, "0 0"
		}
		p.ids = append(p.ids, ids...)
		return
	}
	if len(p.ids) == 0 {
		return
	}
	i := rapid.IntRange(0, len(p.ids)-1).Draw(t, "row")
	id := p.ids[i]
	if rapid.IntRange(0, 2).Draw(t, "delete") == 0 {
		delete(p.want, p.name(id))
		p.ids = slices.Delete(p.ids, i, i+1)
		if err := p.Delete([]uint32{id}); err != nil {
			t.Fatal(err)
		}
		return
	}
	var err error
	if rapid.Bool().Draw(t, "alone") {
		err = p.TouchOne(id)
	} else {
		err = p.Touch([]uint32{id, id})
	}
	if err != nil {
		t.Fatal(err)
	}
	*p.Mark(id), *p.beside.At(id) = rapid.Uint8Range(0, 3).Draw(t, "mark"), rapid.Int64Range(0, 9).Draw(t, "beside")
	p.want[p.name(id)] = fmt.Sprint(*p.Mark(id), *p.beside.At(id))
}

func TestKeptRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkKept(t, func(model map[string]string) part { return newRowsPart(model) })
	})
}

// cellsPart is a number for each key and slice, of which some are frozen: they are gone from memory, but not from what is stored.
type cellsPart struct {
	*keyed.Cells
	table  *keyed.Table
	values *keyed.Slab[cell]
	ids    map[string]uint32
	used   uint32
	want   map[string]string
	frozen map[string]string
}

type cell struct {
	slot  uint32
	slice int64
	value int64
}

func newCellsPart(model map[string]string) *cellsPart {
	budget := limit.New("test", 0)
	p := &cellsPart{
		table: keyed.NewTable(&batch.Pool{}, []schema.Type{schema.Of(schema.Int64)}, "cells", budget), values: keyed.NewSlab[cell](budget),
		ids: map[string]uint32{}, want: map[string]string{}, frozen: map[string]string{},
	}
	maps.Copy(p.want, model)
	p.Cells = keyed.NewCells(keyed.CellsConfig{
		Name: "cells", Budget: budget, Table: p.table,
		Of: func(id uint32) (uint32, int64) { return p.values.At(id).slot, p.values.At(id).slice },
		Append: func(key, value []byte, id uint32) ([]byte, []byte) {
			return append(key, 'x'), binary.AppendVarint(value, p.values.At(id).value)
		},
		Find: func(hashes []uint64, cols []*batch.Column, slots []uint32) error {
			_, err := p.table.Upsert(hashes, cols, nil, slots)
			return err
		},
		Restore: func(slot uint32, slice int64, rest, value []byte) (uint32, error) {
			v, _ := binary.Varint(value)
			if string(rest) != "x" {
				return 0, errors.New("another rest")
			}
			return p.make(cell{slot, slice, v})
		},
	})
	return p
}

func (p *cellsPart) make(c cell) (uint32, error) {
	id := p.used
	p.used++
	if err := p.values.Grow(int(p.used)); err != nil {
		return 0, err
	}
	*p.values.At(id) = c
	p.ids[p.name(c)] = id
	return id, nil
}

func (p *cellsPart) name(c cell) string {
	col := []*batch.Column{batch.NewColumn(&batch.Pool{}, schema.Of(schema.Int64))}
	p.table.GatherKeys([]uint32{c.slot}, col)
	return fmt.Sprint(c.slice, " ", col[0].Int64s()[0])
}

func (p *cellsPart) model() map[string]string { return p.want }

func (p *cellsPart) have() map[string]string {
	got := maps.Clone(p.frozen)
	for name, id := range p.ids {
		got[name] = fmt.Sprint(p.values.At(id).value)
	}
	return got
}

func (p *cellsPart) change(t *rapid.T) {
	slice := rapid.Int64Range(-1, 2).Draw(t, "slice")
	prefix := fmt.Sprint(slice, " ")
	var ids []uint32
	for name, id := range p.ids {
		if len(name) > len(prefix) && name[:len(prefix)] == prefix {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	switch rapid.IntRange(0, 9).Draw(t, "change") {
	case 0:
		p.Drop(slice, ids)
		for _, m := range []map[string]string{p.want, p.frozen} {
			maps.DeleteFunc(m, func(name, _ string) bool { return len(name) > len(prefix) && name[:len(prefix)] == prefix })
		}
		for _, id := range ids {
			delete(p.ids, p.name(*p.values.At(id)))
		}
	case 1, 2:
		p.Freeze(ids)
		for _, id := range ids {
			name := p.name(*p.values.At(id))
			p.frozen[name] = p.want[name]
			delete(p.ids, name)
			p.values.At(id).value = -1
		}
	default:
		keys := drawInts(t)
		cols, hashes := intKeys(keys)
		slots := make([]uint32, len(keys))
		if _, err := p.table.Upsert(hashes, cols, nil, slots); err != nil {
			t.Fatal(err)
		}
		for _, slot := range slots {
			c := cell{slot, slice, rapid.Int64Range(0, 99).Draw(t, "value")}
			name := p.name(c)
			if _, is := p.frozen[name]; is {
				continue
			}
			id, is := p.ids[name]
			var err error
			if is {
				err = p.Touch([]uint32{id})
				*p.values.At(id) = c
			} else if id, err = p.make(c); err == nil {
				err = p.Enter(id)
			}
			if err != nil {
				t.Fatal(err)
			}
			p.want[name] = fmt.Sprint(c.value)
		}
	}
}

func TestKeptCells(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkKept(t, func(model map[string]string) part { return newCellsPart(model) })
	})
}

// TestRetire: what a table that is one of several slices had to say goes into what they have together, and the table may become another slice.
func TestRetire(t *testing.T) {
	p := newTablePart(nil)
	p.SetSlice(7, []byte("a"))
	p.Keep(keyed.Home{Space: store.Space{Operator: 1}, To: math.MaxUint64})
	put := func(key int64) {
		cols, hashes := intKeys([]int64{key})
		slots := make([]uint32, 1)
		if _, err := p.Upsert(hashes, cols, nil, slots); err != nil {
			t.Fatal(err)
		}
		if err := p.values.Grow(p.Limit()); err != nil {
			t.Fatal(err)
		}
		*p.values.At(slots[0]) = key
	}
	put(1)
	p.Seal()
	put(2)
	var sealed, current, next store.Changes
	p.Retire(&sealed, &current)
	if sealed.Len() != 1 || current.Len() != 1 {
		t.Fatalf("%d entries of the sealed epoch, %d of the other", sealed.Len(), current.Len())
	}
	p.SetSlice(8, []byte("b"))
	put(3)
	p.Seal()
	if more, err := p.Drain(&next, math.MaxInt64); more || err != nil || next.Len() != 1 {
		t.Fatal(more, err, next.Len())
	}
	memory := store.NewMemory()
	for _, c := range []*store.Changes{&sealed, &current, &next} {
		if err := memory.Apply(context.Background(), []*store.Changes{c}); err != nil {
			t.Fatal(err)
		}
		var got []string
		err := memory.Reader().Scan(store.Space{Operator: 1}, 0, math.MaxUint64, func(slice int64, _ uint64, key, value []byte) error {
			v, _ := binary.Varint(value)
			got = append(got, fmt.Sprint(slice, string(key[len(key)-1:]), v))
			return nil
		})
		want := map[*store.Changes][]string{&sealed: {"7a1"}, &current: nil, &next: {"8b3"}}[c]
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%v, want %v (%v)", got, want, err)
		}
	}
	r := newRowsPart(nil)
	r.SetSlice(7, []byte("a"))
	r.Keep(keyed.Home{Space: store.Space{Operator: 1}, To: math.MaxUint64})
	r.SetSlice(9, []byte("b"))
	cols, hashes := intKeys([]int64{1})
	if err := r.Append(cols, hashes, nil, make([]uint32, 1)); err != nil {
		t.Fatal(err)
	}
	sealed.Reset()
	current.Reset()
	if r.Retire(&sealed, &current); sealed.Len() != 0 || current.Len() != 0 {
		t.Fatalf("of what the store never had %d entries of the sealed epoch, %d of the other", sealed.Len(), current.Len())
	}
}

// TestDamagedEntries: what cannot be an entry is refused.
func TestDamagedEntries(t *testing.T) {
	home := keyed.Home{Space: store.Space{Operator: 1}, To: math.MaxUint64}
	good := func(p keyed.Kept, fill func()) (key, value []byte) {
		fill()
		p.Seal()
		var c store.Changes
		if _, err := p.Drain(&c, math.MaxInt64); err != nil {
			t.Fatal(err)
		}
		m := store.NewMemory()
		if err := m.Apply(context.Background(), []*store.Changes{&c}); err != nil {
			t.Fatal(err)
		}
		err := m.Reader().Scan(home.Space, 0, math.MaxUint64, func(_ int64, _ uint64, k, v []byte) error {
			key, value = bytes.Clone(k), bytes.Clone(v)
			return nil
		})
		if err != nil || key == nil {
			t.Fatal("nothing is stored", err)
		}
		return key, value
	}
	one, hashes := intKeys([]int64{5})
	table, rows, cells := newTablePart(nil), newRowsPart(nil), newCellsPart(nil)
	for name, tt := range map[string]struct {
		of    keyed.Kept
		fresh func() keyed.Kept
		fill  func()
		value bool // a short value is refused
	}{
		"table": {table, func() keyed.Kept { return newTablePart(nil) }, func() {
			if _, err := table.Upsert(hashes, one, nil, make([]uint32, 1)); err != nil {
				t.Fatal(err)
			}
			_ = table.values.Grow(table.Limit())
		}, false},
		"rows": {rows, func() keyed.Kept { return newRowsPart(nil) }, func() {
			if err := rows.Append(one, hashes, nil, make([]uint32, 1)); err != nil {
				t.Fatal(err)
			}
			_ = rows.beside.Grow(rows.Limit())
		}, true},
		"cells": {cells, func() keyed.Kept { return newCellsPart(nil) }, func() {
			slots := make([]uint32, 1)
			if _, err := cells.table.Upsert(hashes, one, nil, slots); err != nil {
				t.Fatal(err)
			}
			id, _ := cells.make(cell{slots[0], 1, 2})
			if err := cells.Enter(id); err != nil {
				t.Fatal(err)
			}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			tt.of.Keep(home)
			key, value := good(tt.of, tt.fill)
			give := func(key, value []byte) error {
				p := tt.fresh()
				p.Keep(home)
				return p.Admit(&keyed.Entries{Slices: []int64{0}, Hashes: hashes, Keys: [][]byte{key}, Values: [][]byte{value}})
			}
			if err := give(key, value); err != nil {
				t.Fatal(err)
			}
			for n := range len(key) {
				if give(key[:n], value) == nil {
					t.Errorf("%d of %d bytes of a key are taken", n, len(key))
				}
			}
			for n := range len(value) - 1 {
				if tt.value && give(key, value[:n]) == nil {
					t.Errorf("%d of %d bytes of a value are taken", n, len(value))
				}
			}
			for bit := range 64 - 8 { // the rest is the key group
				p := tt.fresh()
				p.Keep(home)
				another := []uint64{hashes[0] ^ 1<<bit}
				if err := p.Admit(&keyed.Entries{Slices: []int64{0}, Hashes: another, Keys: [][]byte{key}, Values: [][]byte{value}}); name != "rows" && err == nil {
					t.Errorf("bit %d of a hash is turned, and it is taken", bit)
				}
			}
			p := tt.fresh()
			p.Keep(home)
			twice := &keyed.Entries{Slices: []int64{0, 0}, Hashes: []uint64{hashes[0], hashes[0]}, Keys: [][]byte{key, key}, Values: [][]byte{value, value}}
			if err := p.Admit(twice); name == "table" && err == nil {
				t.Error("a key is taken twice")
			}
		})
	}
}

// TestNothingIsNoted: without Keep there is nothing to do.
func TestNothingIsNoted(t *testing.T) {
	cells := newCellsPart(nil)
	if err := errors.Join(newTablePart(nil).Touch([]uint32{1}), newTablePart(nil).TouchOne(1), newRowsPart(nil).Touch([]uint32{1}), newRowsPart(nil).TouchOne(1), cells.Touch([]uint32{1}), cells.Enter(1)); err != nil {
		t.Fatal(err)
	}
	cells.Freeze([]uint32{1})
	cells.Drop(1, []uint32{1})
	cells.Free()
	newTablePart(nil).HandOver(nil, nil)
	newRowsPart(nil).HandOver(nil, nil)
}

// TestSlicesOfOneEpoch: a slice that came and went between two barriers needs no drop, since the store has nothing of it; any other does, once.
func TestSlicesOfOneEpoch(t *testing.T) {
	cells := keyed.NewCells(keyed.CellsConfig{
		Name: "cells", Budget: limit.New("test", limit.Unlimited), Of: func(id uint32) (uint32, int64) { return 0, int64(id) },
		Append:  func(key, value []byte, _ uint32) ([]byte, []byte) { return key, append(value, 1) },
		Find:    func(_ []uint64, _ []*batch.Column, _ []uint32) error { return nil },
		Restore: func(_ uint32, slice int64, _, _ []byte) (uint32, error) { return uint32(slice), nil },
	})
	cells.Keep(keyed.Home{To: math.MaxUint64})
	epoch := func(name string, entries, drops int) {
		t.Helper()
		cells.Seal()
		var c store.Changes
		var sorted store.Sorted
		if more, err := cells.Drain(&c, math.MaxInt64); more || err != nil {
			t.Fatal(name, more, err)
		}
		if sorted.Sort([]*store.Changes{&c}); c.Len() != entries+drops || len(sorted.Drops()) != drops {
			t.Errorf("%s: %d changes and %d drops, want %d and %d", name, c.Len(), len(sorted.Drops()), entries+drops, drops)
		}
	}
	for id := range uint32(5) {
		if err := cells.Enter(id); err != nil {
			t.Fatal(err)
		}
	}
	cells.Drop(0, []uint32{0})
	cells.Freeze([]uint32{1, 2})
	cells.DropSlice(1)
	epoch("two of five went", 3, 0)
	cells.DropSlice(2)
	cells.Drop(3, []uint32{3})
	cells.Drop(3, nil)
	epoch("two that are stored go", 0, 2)
	if err := cells.Admit(&keyed.Entries{Slices: []int64{7}, Hashes: []uint64{0}, Keys: [][]byte{{}}, Values: [][]byte{{1}}}); err != nil {
		t.Fatal(err)
	}
	cells.Drop(7, []uint32{7})
	epoch("one that was stored before goes", 0, 1)
	cells.Seal()
	cells.Drop(4, []uint32{4})
	epoch("one that was sealed goes", 0, 1)
}

// TestJournalMemory: what a journal takes is reserved and given back, a refusal is SQLSTATE 53200, and of entries that all have left one drop is left.
func TestJournalMemory(t *testing.T) {
	budget := limit.New("test", 64<<10)
	cells := keyed.NewCells(keyed.CellsConfig{
		Name: "cells", Budget: budget, Of: func(uint32) (uint32, int64) { return 0, 1 },
		Append: func(key, value []byte, id uint32) ([]byte, []byte) {
			return binary.BigEndian.AppendUint32(key, id), append(value, 1)
		},
		Find: func(_ []uint64, _ []*batch.Column, slots []uint32) error { return nil },
		Restore: func(_ uint32, _ int64, rest, _ []byte) (uint32, error) {
			return binary.BigEndian.Uint32(rest), nil
		},
	})
	cells.Keep(keyed.Home{To: math.MaxUint64})
	var err error
	id := uint32(0)
	for ; err == nil && id < 100_000; id++ {
		err = cells.Enter(id)
	}
	var state *sqlstate.Error
	if !errors.As(err, &state) || state.Code != sqlstate.OutOfMemory {
		t.Fatal(err)
	}
	cells.Seal()
	var c store.Changes
	if more, err := cells.Drain(&c, 1); !more || err != nil || c.Len() == 0 {
		t.Fatal(more, err, c.Len())
	}
	if err := cells.Admit(&keyed.Entries{Slices: []int64{1}, Hashes: []uint64{0}, Keys: [][]byte{{0, 0, 0, 9}}, Values: [][]byte{{1}}}); err != nil {
		t.Fatal(err)
	}
	cells.Free()
	if used := budget.Used(); used != 0 {
		t.Errorf("%d bytes are still reserved", used)
	}
	cells.Seal()
	c.Reset()
	if more, err := cells.Drain(&c, 1); more || err != nil || c.Len() != 1 {
		t.Fatalf("%v %v: %d changes where everything has gone", more, err, c.Len())
	}
}

// TestLongEpoch: numbers that are given to one entry after another in an epoch take the memory of those that there are at once, and the epoch has what is left at its end.
func TestLongEpoch(t *testing.T) {
	budget := limit.New("test", 64<<10)
	cells := keyed.NewCells(keyed.CellsConfig{
		Name: "cells", Budget: budget, Of: func(uint32) (uint32, int64) { return 0, 1 },
		Append: func(key, value []byte, id uint32) ([]byte, []byte) {
			return binary.BigEndian.AppendUint32(key, id), append(value, 1)
		},
	})
	cells.Keep(keyed.Home{To: math.MaxUint64})
	const ids, rounds = 100, 2_000
	var c store.Changes
	for epoch := range 3 {
		for round := range rounds {
			for id := range uint32(ids) {
				if err := cells.Enter(id); err != nil {
					t.Fatalf("epoch %d, round %d: %v", epoch, round, err)
				}
			}
			if round < rounds-1 {
				cells.Leave([]uint32{0, 1, 2, 3})
				for id := range uint32(ids) {
					cells.Forget([]uint32{id})
				}
			}
		}
		cells.Seal()
		c.Reset()
		if more, err := cells.Drain(&c, math.MaxInt64); more || err != nil || c.Len() != ids {
			t.Fatalf("epoch %d: %v %v: %d changes of %d entries", epoch, more, err, c.Len(), ids)
		}
	}
	// One that has left while its number is on the sealed list is on that of the next epoch as well.
	for id := range uint32(ids) {
		if err := cells.Enter(id); err != nil {
			t.Fatal(err)
		}
	}
	cells.Seal()
	cells.Leave([]uint32{7})
	if err := cells.Enter(7); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{ids, 1} {
		c.Reset()
		if more, err := cells.Drain(&c, math.MaxInt64); more || err != nil || c.Len() != want {
			t.Fatalf("%v %v: %d changes, want %d", more, err, c.Len(), want)
		}
		cells.Seal()
	}
}

// TestFewOfMany: where few of many entries have changed, and where many have, each is written once, as it was at the seal, in pieces of any size.
func TestFewOfMany(t *testing.T) {
	const entries = 50_000
	values := make([]byte, entries)
	cells := keyed.NewCells(keyed.CellsConfig{
		Name: "cells", Budget: limit.New("test", limit.Unlimited), Of: func(uint32) (uint32, int64) { return 0, 1 },
		Append: func(key, value []byte, id uint32) ([]byte, []byte) {
			return binary.BigEndian.AppendUint32(key, id), append(value, values[id])
		},
	})
	cells.Keep(keyed.Home{To: math.MaxUint64})
	kept := store.NewMemory()
	drain := func(most int64, want int) {
		t.Helper()
		var c store.Changes
		for more := true; more; {
			var err error
			if more, err = cells.Drain(&c, most); err != nil {
				t.Fatal(err)
			}
		}
		if c.Len() != want {
			t.Fatalf("%d changes, want %d", c.Len(), want)
		}
		if err := kept.Apply(t.Context(), []*store.Changes{&c}); err != nil {
			t.Fatal(err)
		}
	}
	for id := range uint32(entries) {
		if err := cells.Enter(id); err != nil {
			t.Fatal(err)
		}
	}
	cells.Seal()
	drain(10_000, entries)
	for round, changed := range []int{3, 40_000, 2, entries, 1} {
		touch := func(value byte) {
			for i := range changed {
				if err := cells.Touch([]uint32{uint32(i * (entries / changed))}); err != nil {
					t.Fatal(err)
				}
				values[i*(entries/changed)] = value
			}
		}
		touch(byte(10 + round))
		cells.Seal()
		if round%2 == 0 { // what changes again before its turn is written as it was
			touch(byte(100 + round))
		}
		drain(1_000, changed)
		r := kept.Reader()
		err := r.Scan(store.Space{}, 0, math.MaxUint64, func(_ int64, _ uint64, key, value []byte) error {
			id := int(binary.BigEndian.Uint32(key))
			if id%(entries/changed) == 0 && id/(entries/changed) < changed && value[0] != byte(10+round) {
				t.Fatalf("round %d: entry %d is stored as %d", round, id, value[0])
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		cells.Seal()
		want := 0
		if round%2 == 0 {
			want = changed
		}
		drain(1_000, want)
	}
}
