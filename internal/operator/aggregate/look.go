package aggregate

import (
	"encoding/binary"

	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// Reader reads what calls know of groups from stored entries, for somebody who looks at them without the operator that wrote them: docs/format/entries.md. What it reads is in slots, which are
// few; rows that calls keep are no part of it. One goroutine uses it.
type Reader struct {
	groups  *groups
	numbers int // how many there are in a head
	errs    builtin.Errors
	image   []*batch.Column
}

// NewReader returns a reader for what an Operator of config, or one that merges what Combiners of config give, stores. It has the slots 0 to slots-1.
func NewReader(pool *batch.Pool, budget *limit.Budget, config Config, slots int) (*Reader, error) {
	r := &Reader{groups: newGroups(pool, budget, &config, false)}
	g := r.groups
	for _, c := range g.calls {
		if c.ordered != nil && c.ordered.ranking == nil { // its rows are stored with the number of their group
			g.numberStored()
		}
	}
	if err := g.grow(slots); err != nil {
		return nil, err
	}
	for _, there := range []bool{g.rows != nil, g.numbers != nil, g.expiry != nil} {
		if there {
			r.numbers++
		}
	}
	for _, t := range g.answers() {
		r.image = append(r.image, batch.NewColumn(pool, t))
	}
	return r, nil
}

// Known reports whether entries say what a call knows: it keeps no rows.
func (r *Reader) Known(call int) bool { return r.groups.calls[call].ordered == nil }

// Type is that of a call's answer.
func (r *Reader) Type(call int) schema.Type { return r.image[call].Type() }

// Group reads the value of a group into a slot, which is empty. The error is a *keyed.CorruptError, or one of the functions.
func (r *Reader) Group(slot uint32, value []byte) error {
	g := r.groups
	if g.changes != nil {
		if len(value) == 0 || value[0]&^stored != 0 || value[0]&(waits|imaged) == imaged {
			return g.corrupt("its marks do not exist")
		}
		shown := value[0]&imaged != 0
		if value = value[1:]; shown {
			var err error
			if value, err = r.skipRow(value, r.image); err != nil {
				return err
			}
		}
	}
	for range r.numbers {
		_, n := binary.Uvarint(value)
		if n <= 0 {
			return g.corrupt("what is known of it does not end where it should")
		}
		value = value[n:]
	}
	rest, err := r.Calls(slot, value)
	if err == nil && len(rest) > 0 {
		err = g.corrupt("what is known of it does not end where it should")
	}
	return err
}

// skipRow returns what is behind the values of a row, which cols hold.
func (r *Reader) skipRow(value []byte, cols []*batch.Column) ([]byte, error) {
	for _, c := range cols {
		c.Reset(1)
	}
	return keyed.ReadRow("a group of "+r.groups.config.Name, value, cols, 0)
}

// Calls reads what calls know at the beginning of value into a slot, which is empty, and returns what follows.
func (r *Reader) Calls(slot uint32, value []byte) (rest []byte, err error) {
	for _, c := range r.groups.calls {
		if c.ordered != nil {
			continue
		}
		if value, err = c.state.Restore(slot, value); err != nil {
			return nil, err
		}
	}
	return value, nil
}

// Shown skips the answers of all calls at the beginning of value, behind values of the types before, and returns what follows.
func (r *Reader) Shown(value []byte, before []schema.Type) (rest []byte, err error) {
	cols := make([]*batch.Column, 0, len(before)+len(r.image))
	for _, t := range before {
		cols = append(cols, batch.NewColumn(r.groups.pool, t))
	}
	return r.skipRow(value, append(cols, r.image...))
}

// Fold adds what one slot holds to another. Calls are Mergeable.
func (r *Reader) Fold(into, from uint32) error {
	for _, c := range r.groups.calls {
		if c.ordered != nil {
			continue
		}
		folder, ok := c.state.(aggregate.Folder)
		if !ok {
			return r.groups.corrupt("it has parts, and a call that cannot add them up")
		}
		if err := folder.Fold([]uint32{into}, []uint32{from}); err != nil {
			return err
		}
	}
	return nil
}

// Answer makes out, a column of Type, the answers of a call for slots: NULL where it fails.
func (r *Reader) Answer(call int, slots []uint32, out *batch.Column) {
	r.errs.Reset()
	r.groups.calls[call].state.Result(slots, out, &r.errs)
}

// Free makes a slot empty.
func (r *Reader) Free(slot uint32) {
	for _, c := range r.groups.calls {
		if c.ordered == nil {
			c.state.Free(slot)
		}
	}
}

// Close gives all memory back.
func (r *Reader) Close() { r.groups.free() }
