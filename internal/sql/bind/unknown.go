package bind

import (
	"slices"
	"strings"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// Errors about names that mean nothing, in PostgreSQL's words, each with the name that was probably meant.

func (s *scope) noColumn(name string) error {
	bad := errorf(exprast.Span{}, sqlstate.UndefinedColumn, "column \"%s\" does not exist", name)
	if hidden := s.hidden(func(it *item) bool { return it.find(name) != -1 }); hidden != nil {
		if it, _, _, _ := s.table(hidden.name); it != nil {
			return bad.WithHint("Perhaps you meant to reference the column \"%s.%s\".", hidden.name, name)
		}
		return bad.WithHint("There is a column named \"%s\" in table \"%s\", but it cannot be referenced from this part of the query.", name, hidden.name)
	}
	return bad.WithHint("%s", s.nearest(name))
}

// nearest says which column is called much like name, or which there are.
func (s *scope) nearest(name string) string {
	names := s.Names()
	if meant := connector.Nearest(name, names); meant != "" {
		return "Perhaps you meant to reference the column \"" + s.shown(meant) + "\"."
	}
	if len(names) > 0 && len(names) <= listed {
		return "The columns are " + strings.Join(names, ", ") + "."
	}
	return ""
}

// listed is how many names a message lists at most.
const listed = 20

// shown is a column's name with that of its table.
func (s *scope) shown(name string) string {
	full := name
	s.outward(func(at *scope, _ int, seen bool) bool {
		for _, it := range at.items {
			if seen && it.byTable && it.find(name) >= 0 {
				full = it.name + "." + name
				return false
			}
		}
		return true
	})
	return full
}

// hidden returns an item of this query or one around it that cannot be referred to from here, or only by its table's name, and that match wants.
func (s *scope) hidden(match func(*item) bool) *item {
	for at := s; at != nil; at = at.parent {
		for q := at.query; q != nil; q = q.place.beside {
			if i := slices.IndexFunc(q.all, match); i >= 0 {
				return q.all[i]
			}
		}
	}
	return nil
}

func (s *scope) noTable(name string) error {
	hidden := s.hidden(func(it *item) bool { return it.table == name || it.name == name })
	if hidden == nil {
		bad := errorf(exprast.Span{}, sqlstate.UndefinedTable, "missing FROM-clause entry for table \"%s\"", name)
		if meant := connector.Nearest(name, s.tables()); meant != "" {
			return bad.WithHint("Perhaps you meant the table \"%s\".", meant)
		}
		return bad
	}
	bad := errorf(exprast.Span{}, sqlstate.UndefinedTable, "invalid reference to FROM-clause entry for table \"%s\"", name)
	if it, _, _, _ := s.table(hidden.name); it == hidden || it != nil && it.at == hidden.at {
		return bad.WithHint("Perhaps you meant to reference the table alias \"%s\".", hidden.name)
	}
	if s.besides(hidden) {
		return bad.WithHint("To reference that table, mark this subquery with LATERAL.")
	}
	return bad.WithHint("There is an entry for table \"%s\", but it cannot be referenced from this part of the query.", hidden.name)
}

// besides reports whether an item stands in the FROM that the query of s is in.
func (s *scope) besides(it *item) bool {
	return s.query != nil && s.query.place.beside != nil && slices.Contains(s.query.place.beside.all, it)
}

// tables are the names that may stand before a column.
func (s *scope) tables() []string {
	var names []string
	s.outward(func(at *scope, _ int, seen bool) bool {
		for _, it := range at.items {
			if seen && it.byTable {
				names = append(names, it.name)
			}
		}
		return true
	})
	return names
}

func noColumnOf(it *item, name string) error {
	bad := errorf(exprast.Span{}, sqlstate.UndefinedColumn, "column %s.%s does not exist", it.name, name)
	names := make([]string, len(it.columns))
	for i, c := range it.columns {
		names[i] = c.name
	}
	if meant := connector.Nearest(name, names); meant != "" {
		return bad.WithHint("Perhaps you meant to reference the column \"%s.%s\".", it.name, meant)
	}
	if len(names) <= listed {
		return bad.WithHint("The columns of %s are %s.", it.name, strings.Join(names, ", "))
	}
	return bad
}

func noMember(e *bind.Expr, name string, whole []string) error {
	if e.Type.Kind != schema.Row {
		return errorf(exprast.Span{}, sqlstate.WrongObjectType, "column notation .%s applied to type %s, which is not a composite type", name, e.Type.PgName())
	}
	bad := errorf(exprast.Span{}, sqlstate.UndefinedColumn, "column %s does not exist", strings.Join(whole, "."))
	names := schema.New(e.Type.Fields...).Names()
	if meant := connector.Nearest(name, names); meant != "" {
		return bad.WithHint("Perhaps you meant \"%s\".", meant)
	}
	return bad.WithHint("Its members are %s.", strings.Join(names, ", "))
}
