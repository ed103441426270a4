package session

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"wire.example/wire/internal/connect/memory"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/catalog"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// table is the rows of a table in memory. Batches that it holds do not change any more.
type table struct {
	name    string
	columns *schema.Schema
	key     []int
	batches []*batch.Batch
	rows    int
	// keys are those of all rows, nil without a primary key.
	keys *keyed.Table
	hash *keyed.Hasher
}

func newTable(pool *batch.Pool, r *catalog.Relation) *table {
	t := &table{name: r.Name, columns: r.Schema(), key: slices.Sorted(slices.Values(r.PrimaryKey))}
	if len(t.key) > 0 {
		t.keys = keyed.NewTable(pool, t.keyTypes(), "table "+r.Name, limit.New("table", limit.Unlimited))
		t.hash = keyed.NewHasher(t.key)
	}
	return t
}

func (t *table) keyTypes() []schema.Type {
	types := make([]schema.Type, len(t.key))
	for i, c := range t.key {
		types[i] = t.columns.Fields[c].Type
	}
	return types
}

// Source is the rows as a pipeline reads them.
func (t *table) Source() *logical.Source {
	s := source(t.name, t.columns, t.batches)
	s.Key = t.key
	return s
}

// source is a source of rows that are known.
func source(name string, columns *schema.Schema, rows []*batch.Batch) *logical.Source {
	return &logical.Source{
		Name: name, Type: memory.SourceType(), Config: &memory.Rows{Name: name, Schema: columns, Batches: rows}, Schema: columns, EventTime: -1,
	}
}

// KnownRows is a source of the rows of VALUES, of which everything is known.
func KnownRows(name string, columns *schema.Schema, rows []*batch.Batch) *logical.Source {
	s := source(name, columns, rows)
	s.Statistics = &logical.Statistics{Exact: true}
	for _, b := range rows {
		s.Statistics.Rows += float64(b.Rows())
	}
	return s
}

// fill adds the rows of n to t, all or none, and returns how many there were.
func (s *Session) fill(ctx context.Context, t *table, n logical.Node) (int, error) {
	rows := memory.NewCollector(s.config.Pool)
	if err := s.run(ctx, answer(n, rows.Take)); err != nil {
		return 0, err
	}
	if err := t.add(s.config.Pool, rows.Batches()); err != nil {
		return 0, err
	}
	return rows.Rows(), nil
}

// add adds batches, whose rows all count.
func (t *table) add(pool *batch.Pool, batches []*batch.Batch) error {
	for _, b := range batches {
		if err := t.checkNotNull(b); err != nil {
			return err
		}
	}
	if t.keys != nil {
		if err := t.checkKeys(pool, batches); err != nil {
			return err
		}
	}
	for _, b := range batches {
		if t.keys != nil {
			slots := make([]uint32, b.Rows())
			if _, err := t.keys.Upsert(t.hash.Hash(b), t.keyColumns(b), nil, slots); err != nil {
				return err
			}
		}
		t.rows += b.Rows()
	}
	t.batches = slices.Concat(t.batches, batches) // a pipeline may read the old list
	return nil
}

func (t *table) keyColumns(b *batch.Batch) []*batch.Column {
	cols := make([]*batch.Column, len(t.key))
	for i, c := range t.key {
		cols[i] = b.Cols[c]
	}
	return cols
}

func (t *table) checkNotNull(b *batch.Batch) error {
	for i, f := range t.columns.Fields {
		if !f.NotNull && !slices.Contains(t.key, i) {
			continue
		}
		for row := range b.Len {
			if b.Cols[i].IsNull(row) {
				return sqlstate.Errorf(sqlstate.NotNullViolation, "null value in column \"%s\" of relation \"%s\" violates not-null constraint", f.Name, t.name).
					WithHint("Failing row contains (" + rowText(b, row) + ").")
			}
		}
	}
	return nil
}

func rowText(b *batch.Batch, row int) string {
	parts := make([]string, len(b.Cols))
	for i, c := range b.Cols {
		parts[i] = "null"
		if !c.IsNull(row) {
			parts[i] = string(builtin.AppendValue(nil, c, row))
		}
	}
	return strings.Join(parts, ", ")
}

// checkKeys refuses rows whose key is there already, or twice among them.
func (t *table) checkKeys(pool *batch.Pool, batches []*batch.Batch) error {
	fresh := keyed.NewTable(pool, t.keyTypes(), "table "+t.name, limit.New("table", limit.Unlimited))
	defer fresh.Free()
	for _, b := range batches {
		hashes, cols := t.hash.Hash(b), t.keyColumns(b)
		slots := make([]uint32, b.Rows())
		if err := t.keys.Find(hashes, cols, nil, slots); err != nil {
			return err
		}
		for row, slot := range slots {
			if slot != keyed.NoSlot {
				return t.duplicate(cols, row)
			}
		}
		added, err := fresh.Upsert(hashes, cols, nil, slots)
		if err != nil {
			return err
		}
		for row := range slots {
			if row >= len(added) || int(added[row]) != row {
				return t.duplicate(cols, row)
			}
		}
	}
	return nil
}

func (t *table) duplicate(cols []*batch.Column, row int) error {
	values := make([]string, len(cols))
	for i, c := range cols {
		values[i] = string(builtin.AppendValue(nil, c, row))
	}
	names := make([]string, len(t.key))
	for i, c := range t.key {
		names[i] = t.columns.Fields[c].Name
	}
	return sqlstate.Errorf(uniqueViolation, "duplicate key value violates unique constraint \"%s_pkey\"", t.name).
		WithHint(fmt.Sprintf("Key (%s)=(%s) already exists.", strings.Join(names, ", "), strings.Join(values, ", ")))
}
