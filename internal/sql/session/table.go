package session

import (
	"context"
	"slices"
	"strings"

	"wire.example/wire/internal/connect/memory"
	exprbind "wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/bind"
	"wire.example/wire/internal/sql/catalog"
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
	// indexes are those of the primary key and of UNIQUE constraints.
	indexes []*index
	checks  []bind.Check
}

func newTable(pool *batch.Pool, r *catalog.Relation, checks []bind.Check) *table {
	t := &table{name: r.Name, columns: r.Schema(), key: slices.Sorted(slices.Values(r.PrimaryKey)), checks: checks}
	if len(t.key) > 0 {
		t.indexes = append(t.indexes, newIndex(pool, t, r.Name+"_pkey", t.key))
	}
	for _, u := range r.Unique {
		t.indexes = append(t.indexes, newIndex(pool, t, u.Name, u.Columns))
	}
	return t
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

// fill adds the rows of n to t, all or none, and returns how many there were. Rows that n was late for go to their sinks.
func (s *Session) fill(ctx context.Context, t *table, n logical.Node, late []bind.Late) (int, error) {
	rows := memory.NewCollector(s.config.Pool)
	p := answer(n, rows.Take)
	addLate(p, late)
	run := s.config.Executor.Run
	if f, ok := s.config.Executor.(Filler); ok && len(late) == 0 {
		run = f.Fill
	}
	if err := s.runBy(ctx, p, run); err != nil {
		return 0, err
	}
	if rows.Changes() {
		left, err := rows.Fold(ctx)
		rows.Release()
		if err != nil {
			return 0, err
		}
		rows = left
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
	if err := t.checkConditions(pool, batches); err != nil {
		return err
	}
	for _, x := range t.indexes {
		if err := x.check(pool, batches); err != nil {
			return err
		}
	}
	for _, b := range batches {
		for _, x := range t.indexes {
			if err := x.add(b); err != nil {
				return err
			}
		}
		t.rows += b.Rows()
	}
	t.batches = slices.Concat(t.batches, batches) // a pipeline may read the old list
	return nil
}

// checkConditions refuses rows that do not meet a CHECK.
func (t *table) checkConditions(pool *batch.Pool, batches []*batch.Batch) error {
	if len(t.checks) == 0 {
		return nil
	}
	conditions := make([]*exprbind.Expr, len(t.checks))
	for i, c := range t.checks {
		conditions[i] = c.Condition
	}
	program, err := eval.Compile(pool, conditions...)
	if err != nil {
		return err
	}
	defer program.Close()
	var errs builtin.Errors
	for _, b := range batches {
		met := program.Eval(b, nil, &errs)
		if errs.Len() > 0 {
			return errs.Errs[0]
		}
		for row := range b.Rows() {
			row := b.Row(row)
			for i, c := range met {
				if !c.IsNull(row) && !c.Bits().Get(row) {
					return sqlstate.Errorf(checkViolation, "new row for relation \"%s\" violates check constraint \"%s\"", t.name, t.checks[i].Name).
						WithHint("Failing row contains (" + rowText(b, row) + ").")
				}
			}
		}
	}
	return nil
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
