package bind

import (
	"slices"
	"strconv"
	"strings"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/catalog"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// checks checks the conditions of CHECK.
func (d *definition) checks(r *catalog.Relation) {
	for _, c := range r.Checks {
		_, err := d.check(r, c)
		d.add(err)
	}
}

// check binds the condition of a CHECK over the rows of r.
func (b *Binder) check(r *catalog.Relation, c catalog.Check) (*bind.Expr, error) {
	columns := make([]column, len(r.Columns))
	for i, col := range r.Columns {
		columns[i] = column{col.Name, columnOf(i, col.Field)}
	}
	q := &query{Binder: b}
	s := &scope{items: []*item{{name: r.Name, columns: columns, bare: true, byTable: true}}, query: q}
	return q.condition(s, inCheck(), "CHECK", c.Condition)
}

// Check is a condition that rows for a table must meet, over their columns.
type Check struct {
	Name      string
	Condition *bind.Expr
}

// Checks binds the CHECK constraints of a table. Where a condition is false, SQLSTATE 23514 is due.
func (b *Binder) Checks(r *catalog.Relation) ([]Check, error) {
	out := make([]Check, len(r.Checks))
	for i, c := range r.Checks {
		e, err := b.check(r, c)
		if err != nil {
			return nil, err
		}
		out[i] = Check{c.Name, e}
	}
	return out, nil
}

// constraintNamed is the name of a constraint: the one that was written, or one as PostgreSQL makes it.
func (d *definition) constraintNamed(r *catalog.Relation, written *exprast.Name, columns []string, suffix string) string {
	if written != nil {
		return written.Text
	}
	base := strings.Join(append(append([]string{d.name}, columns...), suffix), "_")
	name := base
	for n := 1; slices.ContainsFunc(r.Checks, func(c catalog.Check) bool { return c.Name == name }) ||
		slices.ContainsFunc(r.Unique, func(u catalog.Unique) bool { return u.Name == name }); n++ {
		name = base + strconv.Itoa(n)
	}
	return name
}

// inMemory reports whether the rows of what is defined are kept by the session.
func (d *definition) inMemory() bool { return d.ast.Kind == ast.Table && !HasConnector(d.ast) }

// checked adds a CHECK.
func (d *definition) checked(r *catalog.Relation, written *exprast.Name, columns []string, x exprast.Node) {
	r.Checks = append(r.Checks, catalog.Check{Name: d.constraintNamed(r, written, columns, "check"), Condition: x})
}

// unique adds a UNIQUE.
func (d *definition) unique(r *catalog.Relation, written *exprast.Name, names []string, columns []int) {
	slices.Sort(columns)
	r.Unique = append(r.Unique, catalog.Unique{Name: d.constraintNamed(r, written, names, "key"), Columns: columns})
}

// constraint reads what follows a column's type.
func (d *definition) constraint(r *catalog.Relation, c *catalog.Column, k *ast.ColumnConstraint, nullable *ast.ConstraintKind) {
	switch k.Kind {
	case ast.NotNull, ast.Nullable:
		if *nullable != 0 && *nullable != k.Kind+1 {
			d.add(errorf(k.Span, sqlstate.SyntaxError, "conflicting NULL/NOT NULL declarations for column \"%s\" of table \"%s\"", c.Name, d.name))
		}
		*nullable = k.Kind + 1
		c.NotNull = c.NotNull || k.Kind == ast.NotNull
	case ast.Collation:
		if k.Kind == ast.Collation && c.Type.Kind != schema.Text {
			d.add(errorf(k.Span, sqlstate.DatatypeMismatch, "collations are not supported by type %s", c.Type.PgName()))
		}
	case ast.PrimaryKey:
		if r.PrimaryKey != nil {
			d.add(errorf(k.Span, invalidTable, "multiple primary keys for table \"%s\" are not allowed", d.name))
			return
		}
		r.PrimaryKey, c.NotNull = []int{len(r.Columns)}, true
	case ast.DefaultValue:
		if d.ast.Kind == ast.Source || d.ast.Kind == ast.Table && HasConnector(d.ast) {
			d.add(errorf(k.Span, sqlstate.FeatureNotSupported, "a column that is read has no DEFAULT").WithHint("Write COALESCE(column, value) where it is used."))
			return
		}
		c.Default = k.X
	case ast.Generated:
		c.Generated = k.X
	case ast.Check, ast.Unique:
		if !d.inMemory() {
			d.add(errorf(k.Span, sqlstate.FeatureNotSupported, "%s is not supported here", constraintName(k.Kind)).
				WithHint("Tables without a connector have it; a WHERE filters what is read."))
			return
		}
		if k.Kind == ast.Check {
			d.checked(r, k.Name, []string{c.Name}, k.X)
		} else {
			d.unique(r, k.Name, []string{c.Name}, []int{len(r.Columns)})
		}
	default:
		d.add(errorf(k.Span, sqlstate.FeatureNotSupported, "%s is not supported", constraintName(k.Kind)))
	}
}

func constraintName(k ast.ConstraintKind) string {
	return map[ast.ConstraintKind]string{
		ast.PrimaryKey: "PRIMARY KEY", ast.Unique: "UNIQUE", ast.Check: "CHECK", ast.References: "FOREIGN KEY", ast.DefaultValue: "DEFAULT",
	}[k]
}

// key reads the constraints beside the columns.
func (d *definition) key(r *catalog.Relation) {
	for _, k := range d.ast.Constraints {
		switch {
		case k.Kind == ast.Check && d.inMemory():
			d.checked(r, k.Name, nil, k.X)
		case k.Kind == ast.Unique && d.inMemory():
			columns, names := d.keyColumns(r, k, "unique")
			d.unique(r, k.Name, names, columns)
		case k.Kind != ast.PrimaryKey:
			d.add(errorf(k.Span, sqlstate.FeatureNotSupported, "%s is not supported here", constraintName(k.Kind)))
		case r.PrimaryKey != nil:
			d.add(errorf(k.Span, invalidTable, "multiple primary keys for table \"%s\" are not allowed", d.name))
		default:
			r.PrimaryKey, _ = d.keyColumns(r, k, "primary key")
			for _, i := range r.PrimaryKey {
				r.Columns[i].NotNull = true
			}
		}
	}
}

// keyColumns finds the columns of a key.
func (d *definition) keyColumns(r *catalog.Relation, k *ast.TableConstraint, what string) (columns []int, names []string) {
	for _, n := range k.Columns {
		i := r.Column(n.Text)
		switch {
		case i < 0:
			d.add(suggested(errorf(n.Span, sqlstate.UndefinedColumn, "column \"%s\" named in key does not exist", n.Text), n.Text, columnNames(r.Columns), ""))
		case slices.Contains(columns, i):
			d.add(errorf(n.Span, duplicateColumn, "column \"%s\" appears twice in %s constraint", n.Text, what))
		default:
			columns, names = append(columns, i), append(names, n.Text)
		}
	}
	return columns, names
}
