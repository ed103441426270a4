package session

import (
	"fmt"
	"strings"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// index is the keys of a table's rows by a primary key or a UNIQUE constraint. A row with a NULL in a key has none.
type index struct {
	table   *table
	name    string
	columns []int
	keys    *keyed.Table
	hash    *keyed.Hasher
}

func newIndex(pool *batch.Pool, t *table, name string, columns []int) *index {
	x := &index{table: t, name: name, columns: columns, hash: keyed.NewHasher(columns)}
	x.keys = x.empty(pool)
	return x
}

func (x *index) empty(pool *batch.Pool) *keyed.Table {
	types := make([]schema.Type, len(x.columns))
	for i, c := range x.columns {
		types[i] = x.table.columns.Fields[c].Type
	}
	return keyed.NewTable(pool, types, "table "+x.table.name, limit.New("table", limit.Unlimited))
}

// of returns the columns of the key.
func (x *index) of(b *batch.Batch) []*batch.Column {
	cols := make([]*batch.Column, len(x.columns))
	for i, c := range x.columns {
		cols[i] = b.Cols[c]
	}
	return cols
}

// add adds the keys of rows that check let through.
func (x *index) add(b *batch.Batch) error {
	hashes, rows, _ := x.hash.HashPresent(b)
	_, err := x.keys.Upsert(hashes, x.of(b), rows, make([]uint32, len(rows)))
	return err
}

// check refuses rows whose key is there already, or twice among them.
func (x *index) check(pool *batch.Pool, batches []*batch.Batch) error {
	fresh := x.empty(pool)
	defer fresh.Free()
	for _, b := range batches {
		hashes, rows, _ := x.hash.HashPresent(b)
		cols, slots := x.of(b), make([]uint32, len(rows))
		if err := x.keys.Find(hashes, cols, rows, slots); err != nil {
			return err
		}
		for i, slot := range slots {
			if slot != keyed.NoSlot {
				return x.duplicate(cols, int(rows[i]))
			}
		}
		added, err := fresh.Upsert(hashes, cols, rows, slots)
		if err != nil {
			return err
		}
		for i := range slots {
			if i >= len(added) || int(added[i]) != i {
				return x.duplicate(cols, int(rows[i]))
			}
		}
	}
	return nil
}

func (x *index) duplicate(cols []*batch.Column, row int) error {
	values, names := make([]string, len(cols)), make([]string, len(cols))
	for i, c := range cols {
		values[i] = string(builtin.AppendValue(nil, c, row))
		names[i] = x.table.columns.Fields[x.columns[i]].Name
	}
	return sqlstate.Errorf(uniqueViolation, "duplicate key value violates unique constraint \"%s\"", x.name).
		WithHint(fmt.Sprintf("Key (%s)=(%s) already exists.", strings.Join(names, ", "), strings.Join(values, ", ")))
}
