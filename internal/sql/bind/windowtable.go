package bind

import (
	"slices"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// windowTable binds TUMBLE, HOP, CUMULATE and SESSION in FROM.
func (q *query) windowTable(t *ast.WindowTable, p place) (part, error) {
	in, err := q.entry(t.Input, p)
	if err != nil {
		return part{}, err
	}
	s := &scope{items: in.items, level: p.level, parent: p.around, sees: q.place.sees, query: q}
	w := logical.WindowTable{Input: in.node, Shape: shapeOf(t.Kind)}
	columns := visible(in.items)
	targets := passed(in.node)
	time, err := q.expr(s, inFromFunction(), t.Time)
	if err != nil {
		return part{}, err
	}
	if k := time.Type.Kind; k != schema.Timestamp && k != schema.TimestampTZ {
		return part{}, errorf(t.Time.Span, sqlstate.DatatypeMismatch, "the time of %s must be a timestamp, not %s", w.Shape, time.Type.PgName()).
			WithHint("A cast makes one of text; a number needs to_timestamp.")
	}
	w.Time, targets = asColumn(targets, time, "time")
	for _, n := range t.PartitionBy {
		e, err := q.expr(s, inFromFunction(), n)
		if err != nil {
			return part{}, err
		}
		var at int
		at, targets = asColumn(targets, bind.Settle(e), "partition")
		w.Partition = append(w.Partition, at)
	}
	if len(w.Partition) > 0 && w.Shape != logical.Session {
		return part{}, errorf(t.PartitionBy[0].Location(), sqlstate.FeatureNotSupported, "PARTITION BY is for SESSION only").
			WithHint("Windows of other shapes do not depend on the rows: GROUP BY parts them.")
	}
	if err := q.windowSizes(t, &w); err != nil {
		return part{}, err
	}
	w.Processing = isProcessingTime(in.node, w.Time)
	w.Input = q.project(func() logical.Step { return q.step(q.name, "columns") }, in.node, targets)
	w.Step = q.step(q.name, "windows")
	return q.windowPart(t, logical.NewWindowTable(w), columns)
}

// windowPart names the columns: those of the input, then those of the window.
func (q *query) windowPart(t *ast.WindowTable, n *logical.WindowTable, columns []column) (part, error) {
	fields := n.Schema().Fields
	columns = slices.Clip(columns)
	for i := len(fields) - 2; i < len(fields); i++ {
		if slices.ContainsFunc(columns, func(c column) bool { return c.name == fields[i].Name }) {
			return part{}, errorf(t.Input.Location(), duplicateColumn, "column \"%s\" is there already", fields[i].Name).
				WithHint("Rename it in a subquery: %s adds a column of that name.", n.Shape)
		}
		columns = append(columns, column{fields[i].Name, columnOf(i, fields[i])})
	}
	name := ""
	if in, ok := t.Input.(*ast.TableName); ok {
		name = in.Name.Last().Text
	}
	it, err := q.itemOf(t.Span, name, columns, t.Alias)
	if err != nil {
		return part{}, err
	}
	it.byTable = it.name != ""
	return q.add(n, it), nil
}

func shapeOf(k ast.WindowKind) logical.WindowShape {
	return map[ast.WindowKind]logical.WindowShape{
		ast.Tumble: logical.Tumble, ast.Hop: logical.Hop, ast.Cumulate: logical.Cumulate, ast.Session: logical.Session,
	}[k]
}

// asColumn returns the number of the column of targets that is e, which is added if none is.
func asColumn(targets []column, e *bind.Expr, name string) (int, []column) {
	if plainColumn(e) {
		return e.Path[0], targets
	}
	return len(targets), append(targets, column{name, e})
}

// windowSizes evaluates the intervals.
func (q *query) windowSizes(t *ast.WindowTable, w *logical.WindowTable) error {
	for _, p := range []struct {
		n        exprast.Node
		into     *int64
		what     string
		positive bool
	}{{t.Size, &w.Size, "size", true}, {t.Step, &w.Every, "step", true}, {t.Gap, &w.Gap, "gap", true}, {t.Offset, &w.Offset, "offset", false}} {
		if p.n == nil {
			continue
		}
		micros, err := q.interval(p.n)
		if err != nil {
			return err
		}
		if p.positive && micros <= 0 {
			return errorf(p.n.Location(), sqlstate.InvalidParameterValue, "the %s of %s must be positive", p.what, w.Shape)
		}
		*p.into = micros
	}
	if w.Shape == logical.Cumulate && w.Size%w.Every != 0 {
		return errorf(t.Size.Location(), sqlstate.InvalidParameterValue, "the size of CUMULATE must be a multiple of its step")
	}
	return nil
}

// isProcessingTime reports whether a column of n is PROCTIME().
func isProcessingTime(n logical.Node, i int) bool {
	for {
		switch at := n.(type) {
		case *logical.Project:
			if i >= len(at.Items) {
				return false
			}
			e := at.Items[i].Expr
			if !plainColumn(e) {
				return e.Op == bind.Call && e.Function == proctime()
			}
			n, i = at.Input, e.Path[0]
		case *logical.Filter:
			n = at.Input
		default:
			return false
		}
	}
}
