package join

import (
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// queue is rows in the order of their keys, taken from the front. They lie in the order in which they came; what key groups they belong to is found
// out for a snapshot.
type queue struct {
	name   string
	pool   *batch.Pool
	budget *limit.Budget
	types  []schema.Type
	links  int // 1: rows of one key are linked
	rows   *keyed.Rows
	keys   *keyColumns
	order  *keyed.Order
	ids    []uint32 // in order; those before head are done with
	head   int
	groups []uint8 // of ids, for a snapshot; nil if they have changed since

	keep  []bool          // columns that are stored
	cols  []*batch.Column // of a batch, those that are stored
	own   []*batch.Column // of b
	b     batch.Batch
	fresh []uint32
}

func newQueue(c *Config, input, links int) *queue {
	q := &queue{
		name: c.title(), pool: c.Pool, budget: c.Budget, types: c.types(input), links: links, keys: newKeyColumns(c, input), keep: c.stored(input),
		fresh: make([]uint32, batch.MaxRows),
	}
	keys := make([]keyed.Key, len(c.Keys))
	for i, k := range c.Keys {
		d := c.direction(i)
		keys[i] = keyed.Key{Column: k.column(input), Desc: d.Desc, NullsFirst: d.NullsFirst}
		q.keep[keys[i].Column] = true
	}
	q.order = keyed.NewOrder(q.types, keys)
	q.rows = q.store()
	q.cols, q.own = make([]*batch.Column, len(q.types)), make([]*batch.Column, len(q.types))
	for i, typ := range q.types {
		if q.keep[i] {
			q.own[i] = batch.NewColumn(c.Pool, typ)
		}
	}
	return q
}

// store returns an empty store for the queue's rows.
func (q *queue) store() *keyed.Rows {
	return keyed.NewRows(q.pool, q.types, q.links, q.name, q.budget)
}

// len returns how many rows wait.
func (q *queue) len() int { return len(q.ids) - q.head }

// row returns the columns and the row of the first row that waits.
func (q *queue) row() ([]*batch.Column, int) { return q.rows.Row(q.ids[q.head]) }

// push stores the rows of b that count and returns their numbers.
func (q *queue) push(b *batch.Batch) ([]uint32, error) {
	ids := q.fresh[:b.Rows()]
	if len(ids) == 0 {
		return ids, nil
	}
	for i := range q.cols {
		if q.keep[i] {
			q.cols[i] = b.Cols[i]
		}
	}
	if err := q.rows.Append(q.cols, nil, b.Sel, ids); err != nil {
		return nil, err
	}
	return ids, q.list(ids)
}

// list adds rows that were stored.
func (q *queue) list(ids []uint32) error {
	q.groups = nil
	if need := len(q.ids) + len(ids); need > cap(q.ids) {
		room := max(need, 2*cap(q.ids), 64)
		if err := q.budget.Reserve(int64(room) * numberBytes); err != nil {
			return op.OutOfMemory(q.name, err)
		}
		grown := make([]uint32, len(q.ids), room)
		copy(grown, q.ids)
		q.budget.Release(int64(cap(q.ids)) * numberBytes)
		q.ids = grown
	}
	q.ids = append(q.ids, ids...)
	return nil
}

// peek returns a batch of the first n rows that wait, at most batch.MaxRows, lent until the next call.
func (q *queue) peek(n int) *batch.Batch {
	q.rows.Gather(q.ids[q.head:q.head+n], q.own)
	q.b.Cols, q.b.Len = append(q.b.Cols[:0], q.own...), n
	return &q.b
}

// tidyRows is how many rows that are done with may stay.
const tidyRows = 4 * batch.MaxRows

// tidy frees rows that are done with, once they are many and more than those that wait. Nothing that is lent may lie among them.
func (q *queue) tidy() error {
	if q.head < tidyRows || q.head <= q.len() {
		return nil
	}
	if q.len() == 0 {
		q.free()
		return nil
	}
	live := q.ids[q.head:]
	fresh, ids := q.store(), make([]uint32, len(live))
	if err := q.copyTo(fresh, nil, live, ids); err != nil {
		fresh.Free()
		return err
	}
	q.free()
	q.rows = fresh
	return q.list(ids)
}

// copyTo copies rows, and the chains that they form, to another store and sets to to their numbers there. hashes say which key groups they belong to.
func (q *queue) copyTo(store *keyed.Rows, hashes []uint64, from, to []uint32) error {
	last := keyed.NoRow // the row before, in its new place, if the next one belongs to its chain
	for len(from) > 0 {
		n := min(len(from), batch.MaxRows)
		q.rows.Gather(from[:n], q.own)
		var some []uint64
		if hashes != nil {
			some, hashes = hashes[:n], hashes[n:]
		}
		if err := store.Append(q.own, some, nil, to[:n]); err != nil {
			return err
		}
		for i, id := range to[:n] {
			*store.Mark(id) = *q.rows.Mark(from[i])
			if q.links == 0 {
				continue
			}
			if last != keyed.NoRow {
				*store.Link(last, keyLink) = id
			}
			if last = id; *q.rows.Link(from[i], keyLink) == keyed.NoRow {
				last = keyed.NoRow
			}
		}
		from, to = from[n:], to[n:]
	}
	return nil
}

// snapshot returns the rows of a key group.
func (q *queue) snapshot(group uint8) ([]byte, error) {
	live := q.ids[q.head:]
	if len(live) == 0 {
		return nil, nil
	}
	if q.groups == nil {
		q.findGroups(live)
	}
	var from []uint32
	for i, g := range q.groups {
		if g == group {
			from = append(from, live[i])
		}
	}
	if len(from) == 0 {
		return nil, nil
	}
	hashes := make([]uint64, len(from))
	for i := range hashes {
		hashes[i] = uint64(group) << 56
	}
	store := q.store()
	defer store.Free()
	if err := q.copyTo(store, hashes, from, make([]uint32, len(from))); err != nil {
		return nil, err
	}
	return store.Snapshot(group)
}

// findGroups notes the key groups of the rows that wait.
func (q *queue) findGroups(live []uint32) {
	q.groups = make([]uint8, 0, len(live))
	for len(live) > 0 {
		n := min(len(live), batch.MaxRows)
		q.rows.Gather(live[:n], q.own)
		q.b.Cols, q.b.Len = append(q.b.Cols[:0], q.own...), n
		_, dealt := q.keys.hash(&q.b)
		for _, h := range dealt {
			q.groups = append(q.groups, uint8(op.GroupOf(h)))
		}
		live = live[n:]
	}
}

// arrange puts the rows of a restored store in order, and reports whether some are linked.
func (q *queue) arrange() (linked bool, err error) {
	ids := make([]uint32, q.rows.Len())
	var c keyed.Cursor
	q.rows.Scan(&c, ids)
	if err := q.order.Sort(q.rows, ids); err != nil {
		return false, err
	}
	q.ids, q.head = q.ids[:0], 0
	for _, id := range ids {
		linked = linked || q.links > 0 && *q.rows.Link(id, keyLink) != keyed.NoRow
	}
	return linked, q.list(ids)
}

// free drops all rows.
func (q *queue) free() {
	q.rows.Free()
	q.budget.Release(int64(cap(q.ids)) * numberBytes)
	q.ids, q.head, q.groups = nil, 0, nil
}
