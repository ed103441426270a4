package bind

import (
	"strings"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// scope is what expressions see at one place: the items of a FROM, and what is around it.
type scope struct {
	items []*item
	// level is the number of rows around the one that expressions of this scope are over.
	level int
	// parent is the next scope outwards. sees is the next one whose names are seen from here: parent, or one further out. Both nil at the top.
	parent, sees *scope
	// query is the SELECT that the scope belongs to.
	query *query
	// left says that the items are those left of a LATERAL entry: together with those of the next scope outwards, if that is such a one of the same
	// query, they are where a name is looked for.
	left bool
	// used says that a scope further in found a name here.
	used bool
}

// item is an entry of a FROM: its columns, over the row of the scope that it is in, and the ways to call them.
type item struct {
	// name is the alias or else the table's name; "" for a join without an alias.
	name string
	// table is the name that an alias hides, "" where there is no alias.
	table   string
	columns []column
	// byTable says that name.column is seen, bare that column alone is.
	byTable, bare bool
	// barred says that LATERAL items of the join to the right may not refer to the item: RIGHT or FULL JOIN.
	barred bool
	at     exprast.Span
	// present is TRUE in every row of the table, so that a join can tell rows that it has none for; nil where nobody asks.
	present *bind.Expr
	// key are the columns of the primary key of a table or source.
	key []int
	// scalar says that the item's name means the value of its only column: a function of FROM whose rows are no records.
	scalar bool
}

// column is a column, of an item of FROM or of a select list.
type column struct {
	name string
	expr *bind.Expr
}

// shifted returns items whose row begins by columns later.
func shifted(items []*item, by int) []*item {
	if by == 0 {
		return items
	}
	out := make([]*item, len(items))
	for i, it := range items {
		c := *it
		c.columns = make([]column, len(it.columns))
		for k, col := range it.columns {
			c.columns[k] = column{col.name, bind.MapColumns(col.expr, func(n int) int { return n + by })}
		}
		if it.present != nil {
			c.present = bind.MapColumns(it.present, func(n int) int { return n + by })
		}
		out[i] = &c
	}
	return out
}

// outward calls visit for s and then each scope around it: up counts the rows in between, and seen says that its names are seen from s. It ends
// when visit answers false.
func (s *scope) outward(visit func(at *scope, up int, seen bool) bool) {
	next := s
	for at := s; at != nil; at = at.parent {
		seen := at == next
		if !visit(at, s.level-at.level, seen) {
			return
		}
		if seen {
			next = at.sees
		}
	}
}

// Names are the columns that may be meant, with their tables.
func (s *scope) Names() []string {
	var names []string
	s.outward(func(at *scope, _ int, seen bool) bool {
		for _, it := range at.items {
			for _, c := range it.columns {
				if seen && it.bare {
					names = append(names, c.name)
				}
			}
		}
		return true
	})
	return names
}

// Resolve finds what a name means, by PostgreSQL's rules; where these know nothing, a.b may be a member of a column.
func (s *scope) Resolve(parts []string) (bind.Ref, error) {
	if len(parts) > 1 {
		return s.qualified(parts)
	}
	e, err := s.bare(parts[0])
	if e != nil || err != nil {
		return ref(e), err
	}
	if e, err = s.TableRow(parts[0]); e != nil || err != nil {
		return ref(e), err
	}
	return bind.Ref{}, s.noColumn(parts[0])
}

func ref(e *bind.Expr) bind.Ref { return bind.Ref{Expr: e} }

// reached is the expression for c, seen from up rows further in.
func (s *scope) reached(at *scope, up int, e *bind.Expr) *bind.Expr {
	if up == 0 {
		return e
	}
	at.used = true
	return bind.OuterOf(e, up)
}

// bare finds a column by its name alone; nil if there is none.
func (s *scope) bare(name string) (*bind.Expr, error) {
	for _, match := range []func(string) bool{func(c string) bool { return c == name }, folds(name)} {
		if match == nil {
			continue
		}
		if e, err := s.find(name, match); e != nil || err != nil {
			return e, err
		}
	}
	return nil, nil
}

// folds returns the test for columns whose names have capitals, which come from data, and that name means when they are left out of account. It
// is nil for a name with capitals, which was written in quotes.
func folds(name string) func(string) bool {
	if strings.ToLower(name) != name {
		return nil
	}
	return func(c string) bool { return c != name && strings.EqualFold(c, name) }
}

func (s *scope) find(name string, match func(string) bool) (e *bind.Expr, err error) {
	var found *scope
	s.outward(func(at *scope, up int, seen bool) bool {
		if !seen {
			return true
		}
		if found != nil && !(found.left && at.left && found.query == at.query) {
			return false
		}
		for _, it := range at.items {
			if !it.bare {
				continue
			}
			for _, c := range it.columns {
				if !match(c.name) {
					continue
				}
				if found != nil {
					e, err = nil, errorf(exprast.Span{}, sqlstate.AmbiguousColumn, "column reference \"%s\" is ambiguous", name).
						WithHint("%s", ambiguousHint(at, name))
					return false
				}
				found = at
				if err = it.reachable(up); err == nil {
					e = s.reached(at, up, c.expr)
				}
			}
		}
		return true
	})
	return e, err
}

// ambiguousHint lists the ways to say which column is meant.
func ambiguousHint(at *scope, name string) string {
	var ways []string
	for _, it := range at.items {
		if it.byTable && it.find(name) >= 0 {
			ways = append(ways, it.name+"."+name)
		}
	}
	if len(ways) < 2 {
		return "Rename one of them."
	}
	return "Put the table's name before it: " + strings.Join(ways, " or ") + "."
}

// reachable refuses an item that only the join's kind keeps a LATERAL item from.
func (it *item) reachable(up int) error {
	if up == 0 || !it.barred {
		return nil
	}
	return errorf(exprast.Span{}, invalidColumnRef, "invalid reference to FROM-clause entry for table \"%s\"", it.name).
		WithHint("The combining JOIN type must be INNER or LEFT for a LATERAL reference.")
}

// find returns the number of the column called name, -1 if there is none, -2 if there are several.
func (it *item) find(name string) int {
	at := -1
	for i, c := range it.columns {
		switch {
		case c.name != name:
		case at >= 0:
			return -2
		default:
			at = i
		}
	}
	if fold := folds(name); at == -1 && fold != nil {
		for i, c := range it.columns {
			switch {
			case !fold(c.name):
			case at >= 0:
				return -2
			default:
				at = i
			}
		}
	}
	return at
}

// table finds the item called name.
func (s *scope) table(name string) (found *item, at *scope, up int, err error) {
	s.outward(func(in *scope, n int, seen bool) bool {
		if !seen {
			return true
		}
		for _, it := range in.items {
			if !it.byTable || it.name != name {
				continue
			}
			if found != nil {
				err = errorf(exprast.Span{}, ambiguousAlias, "table reference \"%s\" is ambiguous", name)
				return false
			}
			found, at, up = it, in, n
		}
		if found != nil {
			err = found.reachable(up)
		}
		return found == nil
	})
	return found, at, up, err
}

// TableRow finds the table called name, whose row is meant; nil if there is none.
func (s *scope) TableRow(name string) (*bind.Expr, error) {
	it, at, up, err := s.table(name)
	if it == nil || err != nil {
		return nil, err
	}
	return s.reached(at, up, it.row()), nil
}

// row is the item's columns as one value, NULL where a join has no row for it.
func (it *item) row() *bind.Expr {
	if it.scalar && len(it.columns) == 1 {
		return it.columns[0].expr
	}
	e := &bind.Expr{Op: bind.MakeRow, Whole: true}
	fields := make([]schema.Field, len(it.columns))
	for i, c := range it.columns {
		fields[i] = schema.Field{Name: c.name, Type: c.expr.Type}
		e.Args = append(e.Args, c.expr)
	}
	e.Type = schema.RowOf(fields...)
	if it.present == nil {
		return e
	}
	return &bind.Expr{Op: bind.Case, Type: e.Type, Args: []*bind.Expr{it.present, e}}
}

// mostParts are the parts of a name that is no member of a row: database, schema, table, column.
const mostParts = 4

// qualified finds table.column, then column.member, both perhaps with members behind.
func (s *scope) qualified(parts []string) (bind.Ref, error) {
	if len(parts) > 2 && parts[0] == publicSchema {
		if it, _, _, _ := s.table(parts[1]); it != nil {
			parts = parts[1:]
		}
	}
	it, at, up, err := s.table(parts[0])
	if err != nil {
		return bind.Ref{}, err
	}
	if it != nil {
		switch i := it.find(parts[1]); {
		case i == -2:
			return bind.Ref{}, errorf(exprast.Span{}, sqlstate.AmbiguousColumn, "column reference \"%s\" is ambiguous", parts[1])
		case i >= 0:
			return members(s.reached(at, up, it.columns[i].expr), parts[2:], parts)
		}
	}
	if e, err := s.bare(parts[0]); err == nil && e != nil && e.Type.Kind == schema.Row {
		return members(e, parts[1:], parts)
	}
	if it == nil {
		if len(parts) > mostParts {
			return bind.Ref{}, errorf(exprast.Span{}, sqlstate.SyntaxError, "improper qualified name (too many dotted names): %s", strings.Join(parts, "."))
		}
		return bind.Ref{}, s.noTable(parts[0])
	}
	return bind.Ref{}, noColumnOf(it, parts[1])
}

// members follows names into a row.
func members(e *bind.Expr, names, whole []string) (bind.Ref, error) {
	for _, name := range names {
		i := -1
		if e.Type.Kind == schema.Row {
			i = e.Type.Field(name)
		}
		if i < 0 {
			return bind.Ref{}, noMember(e, name, whole)
		}
		e = bind.MemberOf(e, i)
	}
	return ref(e), nil
}
