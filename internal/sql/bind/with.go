package bind

import (
	"slices"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/sqlstate"
)

// with is the queries of a WITH, and those that are visible around it.
type with struct {
	outer  *with
	tables []*commonTable
}

// commonTable is one query of a WITH. It is bound once; its rows are shared by all that read it, unless it reads rows of queries around it, which
// lie at another distance from each place.
type commonTable struct {
	ast   *ast.CommonTable
	outer *with
	place place
	name  string // of its steps
	rows  *rows
	// refers says that it reads rows of queries around the WITH.
	refers bool
}

func (w *with) find(name string) *commonTable {
	for ; w != nil; w = w.outer {
		for _, c := range w.tables {
			if c.ast.Name.Text == name {
				return c
			}
		}
	}
	return nil
}

func (w *with) names() []string {
	var names []string
	for ; w != nil; w = w.outer {
		for _, c := range w.tables {
			names = append(names, c.ast.Name.Text)
		}
	}
	return names
}

// with binds the queries of a WITH.
func (b *Binder) with(n *ast.With, p place, outer *with, name string) (*with, error) {
	if n == nil {
		return outer, nil
	}
	w := &with{outer: outer}
	for i, t := range n.Tables {
		if slices.ContainsFunc(n.Tables[:i], func(o *ast.CommonTable) bool { return o.Name.Text == t.Name.Text }) {
			return nil, errorf(t.Name.Span, duplicateAlias, "WITH query name \"%s\" specified more than once", t.Name.Text)
		}
	}
	if n.Recursive {
		if err := notRecursive(n); err != nil {
			return nil, err
		}
	}
	for i, t := range n.Tables {
		c := &commonTable{ast: t, outer: w.upTo(i), place: p, name: name + "." + t.Name.Text}
		var err error
		if c.rows, err = b.query(t.Query, p, c.outer, c.name, false); err != nil {
			return nil, forward(err, n, i)
		}
		if err := c.rename(c.rows); err != nil {
			return nil, err
		}
		c.refers = refersOutward(c.rows.node)
		w.tables = append(w.tables, c)
	}
	return w, nil
}

// upTo is what query number i of a WITH sees: those before it.
func (w *with) upTo(i int) *with { return &with{outer: w.outer, tables: w.tables[:i:i]} }

// forward explains that a query of WITH read one that follows it.
func forward(err error, n *ast.With, i int) error {
	bad := asError(err)
	if bad == nil || bad.SQLSTATE != sqlstate.UndefinedTable {
		return err
	}
	for _, t := range n.Tables[i:] {
		if bad.Message == "relation \""+t.Name.Text+"\" does not exist" {
			return bad.WithHint("There is a WITH item named \"%s\", but it cannot be referenced from this part of the query: only items after it see it.",
				t.Name.Text)
		}
	}
	return err
}

// notRecursive refuses a query that reads itself.
func notRecursive(n *ast.With) error {
	for _, t := range n.Tables {
		if at := mentions(t.Query, t.Name.Text); at != nil {
			return errorf(*at, sqlstate.FeatureNotSupported, "recursive query \"%s\" is not supported", t.Name.Text).
				WithHint("generate_series makes numbers and dates; a hierarchy of known depth can be joined with itself.")
		}
	}
	return nil
}

// rename gives the columns of r the names that the WITH query lists.
func (c *commonTable) rename(r *rows) error {
	if len(c.ast.Columns) > len(r.columns) {
		return errorf(c.ast.Columns[len(r.columns)].Span, invalidColumnRef, "WITH query \"%s\" has %d columns available but %d columns specified",
			c.ast.Name.Text, len(r.columns), len(c.ast.Columns))
	}
	for i, n := range c.ast.Columns {
		r.columns[i].name = n.Text
	}
	return nil
}

// commonTable binds a reference to a WITH query.
func (q *query) commonTable(t *ast.TableName, c *commonTable, p place) (part, error) {
	r := c.rows
	if c.refers {
		var err error
		here := place{around: p.around, sees: c.place.sees, level: p.level}
		if r, err = q.Binder.query(c.ast.Query, here, c.outer, c.name, false); err != nil {
			return part{}, err
		}
		if err := c.rename(r); err != nil {
			return part{}, err
		}
	}
	it, err := q.itemOf(t.Span, c.ast.Name.Text, r.asColumns(), t.Alias)
	if err != nil {
		return part{}, err
	}
	return q.add(r.node, it), nil
}

// mentions returns where a query reads a table called name, nil if it does not.
func mentions(n *ast.Query, name string) *exprast.Span {
	m := &mention{name: name}
	m.query(n)
	return m.at
}
