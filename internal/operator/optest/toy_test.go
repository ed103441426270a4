package optest_test

import (
	"encoding/binary"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// fault is what a toy does wrong.
type fault int

const (
	none fault = iota
	keepsLentText
	forgetsOnRestore
	losesCounts
	countsJunk
	declaresNothing
	emitsTooMuch
	shortColumn
	miscounts
	neverEnds
	stateElsewhere
	dependsOnCuts
	failsByCuts
	rejectsByCuts
	rejectsAtEnd
	noSnapshot
	notDeterministic
)

// toy counts rows by key, a TEXT, and rejects negative numbers in its second column; at the end it emits key and count.
type toy struct {
	fault  fault
	hasher *keyed.Hasher
	table  *keyed.Table
	counts *keyed.Slab[int64]
	last   []byte
	cursor keyed.Cursor
	out    batch.Batch
	slots  []uint32
	keys   []*batch.Column
	rows   []uint16
	events int
	runs   *int
}

func newToy(f fault) func(*batch.Pool, *limit.Budget) (op.Operator, error) {
	runs := new(int)
	return func(pool *batch.Pool, budget *limit.Budget) (op.Operator, error) {
		*runs++
		text, number := schema.Of(schema.Text), schema.Of(schema.Int64)
		return &toy{
			fault: f, hasher: keyed.NewHasher([]int{0}), runs: runs,
			table:  keyed.NewTable(pool, []schema.Type{text}, "toy count", budget),
			counts: keyed.NewSlab[int64](budget),
			keys:   []*batch.Column{batch.NewColumn(pool, text)},
			out:    batch.Batch{Cols: []*batch.Column{nil, batch.NewColumn(pool, number)}},
			slots:  make([]uint32, batch.MaxRows),
			rows:   make([]uint16, 0, batch.MaxRows), // nil would select all
		}, nil
	}
}

func (o *toy) Tables() []op.Table { return []op.Table{o.table} }

func (o *toy) Needs(_ int, in *batch.Batch, needs *op.Needs) {
	switch {
	case o.fault == declaresNothing:
	case in != nil:
		needs.Keys(0, o.hasher.Hash(in))
	default:
		needs.All(0)
	}
}

func (o *toy) Apply(in *batch.Batch, out *op.Output) (bool, error) {
	rows := o.take(in, out)
	view := batch.Batch{Cols: in.Cols, Len: in.Len, Sel: rows}
	if o.fault == countsJunk {
		view.Sel = nil
	}
	slots := o.slots[:view.Rows()]
	fresh, err := o.table.Upsert(o.hasher.Hash(&view), in.Cols[:1], view.Sel, slots)
	if err != nil {
		return false, err
	}
	if err := o.counts.Grow(o.table.Limit()); err != nil {
		return false, sqlstate.New(sqlstate.OutOfMemory, "out of memory in toy count").WithHint("Count less.")
	}
	for _, i := range fresh {
		*o.counts.At(slots[i]) = 0
	}
	for _, slot := range slots {
		*o.counts.At(slot)++
	}
	if o.fault == keepsLentText && len(rows) > 0 {
		o.last = in.Cols[0].Bytes(int(rows[len(rows)-1]))
	}
	return false, nil
}

// take counts the rows of in and returns those that are to be counted by key.
func (o *toy) take(in *batch.Batch, out *op.Output) []uint16 {
	o.rows = o.rows[:0]
	if o.fault == failsByCuts && in.Rows() == 1 {
		o.events++
	}
	for i := range in.Rows() {
		row := in.Row(i)
		out.Counts.In++
		bad := in.Cols[1].Int64s()[row] < 0 || o.fault == rejectsByCuts && i == 3
		if bad {
			out.Reject(row, sqlstate.New(sqlstate.NumericValueOutOfRange, "negative"))
			continue
		}
		if o.fault != losesCounts || i != 1 {
			out.Counts.Absorbed++
		}
		if o.fault == dependsOnCuts && i == 2 {
			continue
		}
		o.rows = append(o.rows, uint16(row))
	}
	return o.rows
}

func (o *toy) OnEnd(out *op.Output) (bool, error) {
	switch {
	case o.fault == neverEnds:
		return true, nil
	case o.fault == failsByCuts && o.events > 0:
		return false, sqlstate.New(sqlstate.InternalError, "one row alone")
	case o.fault == rejectsAtEnd:
		out.Reject(0, sqlstate.New(sqlstate.InternalError, "too late"))
		return false, nil
	}
	n := o.table.Scan(&o.cursor, o.slots)
	if n == 0 {
		return false, nil
	}
	o.table.GatherKeys(o.slots[:n], o.keys)
	number := o.out.Cols[1]
	number.Reset(n)
	for i, slot := range o.slots[:n] {
		number.Int64s()[i] = *o.counts.At(slot)
	}
	switch o.fault {
	case keepsLentText:
		o.keys[0].SetBytes(0, o.last)
	case notDeterministic:
		number.Int64s()[0] = int64(*o.runs)
	case shortColumn:
		number.Reset(n - 1)
	case emitsTooMuch:
		o.keys[0].Resize(batch.MaxRows + 1)
		number.Resize(batch.MaxRows + 1)
		n = batch.MaxRows + 1
	default:
	}
	o.out.Cols[0], o.out.Len = o.keys[0], n
	out.Emit(0, &o.out)
	if o.fault == miscounts {
		out.Counts.Emitted++
	}
	return true, nil
}

func (o *toy) Snapshot(group op.KeyGroup) ([]byte, error) {
	if o.fault == noSnapshot {
		return nil, nil
	}
	if o.fault == stateElsewhere && o.table.Len() > 0 {
		return []byte("everywhere"), nil
	}
	return o.table.Snapshot(uint8(group), func(dst []byte, slot uint32) []byte {
		return binary.LittleEndian.AppendUint64(dst, uint64(*o.counts.At(slot)))
	})
}

func (o *toy) Restore(group op.KeyGroup, data []byte) error {
	return o.table.Restore(uint8(group), data, func(slot uint32, value []byte) error {
		if err := o.counts.Grow(o.table.Limit()); err != nil {
			return err
		}
		if *o.counts.At(slot) = int64(binary.LittleEndian.Uint64(value)); o.fault == forgetsOnRestore {
			*o.counts.At(slot) = 1
		}
		return nil
	})
}
