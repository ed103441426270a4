package session

import (
	"context"
	"fmt"
	"strings"

	exprast "wire.example/wire/internal/expr/ast"
	exprbind "wire.example/wire/internal/expr/bind"
	sqlast "wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/bind"
	"wire.example/wire/internal/sql/catalog"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/sqlstate"
)

// free makes room for a new object. It reports true if there is one already that may stay.
func (s *Session) free(c *call, name sqlast.ObjectName, kind sqlast.ObjectKind, replace, ifNotExists bool) (exists bool, err error) {
	if err := bind.Creatable(name); err != nil {
		return false, err
	}
	at := name.Last()
	old := s.catalog.Find(at.Text)
	switch {
	case old == nil, len(name.Parts) > 1 && name.Parts[0].Text != "public": // whoever binds the statement says that there is no such schema
		return false, nil
	case ifNotExists:
		c.handler.Notice(fmt.Sprintf("relation %q already exists, skipping", at.Text))
		return true, nil
	case !replace:
		return false, exprbind.Errorf(at.Span, duplicateTable, "relation \"%s\" already exists", at.Text).
			WithHint("It is a %s. Choose another name, DROP it before, or write CREATE OR REPLACE.", old.Kind())
	case old.Kind() != kind:
		return false, exprbind.Errorf(at.Span, sqlstate.WrongObjectType, "\"%s\" is not a %s", at.Text, kind)
	}
	if list := s.catalog.Dependents(at.Text); len(list) > 0 && kind != sqlast.View {
		return false, inUse(at, old, list)
	}
	return false, nil
}

func inUse(at exprast.Name, o catalog.Object, dependents []catalog.Object) error {
	names := make([]string, len(dependents))
	for i, d := range dependents {
		names[i] = fmt.Sprintf("%s %s depends on it", d.Kind(), d.ObjectName())
	}
	return exprbind.Errorf(at.Span, dependentObjects, "cannot drop %s %s because other objects depend on it", o.Kind(), o.ObjectName()).
		WithHint("%s. Use DROP … CASCADE to drop the dependent objects too.", strings.Join(names, ", "))
}

func (s *Session) createRelation(ctx context.Context, c *call, n *sqlast.CreateRelation) error {
	exists, err := s.free(c, n.Name, n.Kind, n.OrReplace, n.IfNotExists)
	if err != nil {
		return err
	}
	tag := "CREATE " + strings.ToUpper(n.Kind.String())
	if exists {
		return c.handler.Done(tag)
	}
	b := s.newBinder(nil)
	switch {
	case n.Kind == sqlast.Sink:
		return s.createSink(c, n, tag)
	case n.Kind == sqlast.Table && !bind.HasConnector(n):
		return s.createTable(ctx, c, n)
	}
	o, err := b.Source(n, s.config.Connectors, c.own)
	if err != nil {
		return err
	}
	s.catalog.Put(o)
	return c.handler.Done(tag)
}

// createSink also collects the rows of CREATE SINK … AS query.
func (s *Session) createSink(c *call, n *sqlast.CreateRelation, tag string) error {
	o, err := s.newBinder(nil).Sink(n, s.config.Connectors, c.own)
	if err != nil {
		return err
	}
	s.catalog.Put(o)
	if n.Query != nil {
		if s.binder == nil {
			s.binder = s.newBinder(nil)
		}
		i, err := s.binder.Insert(&sqlast.Insert{Span: n.Span, Table: n.Name, Query: n.Query})
		if err != nil {
			s.catalog.Remove(o.Name)
			return err
		}
		s.collect(i.Sink.Sink, i.Node)
		s.collectLate()
	}
	return c.handler.Done(tag)
}

// createTable makes a table in memory, and fills it from CREATE TABLE … AS query.
func (s *Session) createTable(ctx context.Context, c *call, n *sqlast.CreateRelation) error {
	o, err := s.newBinder(nil).MemoryTable(n, c.own)
	if err != nil {
		return err
	}
	checks, err := s.newBinder(nil).Checks(o)
	if err != nil {
		return err
	}
	rows := newTable(s.config.Pool, o, checks)
	o.Rows = rows
	s.catalog.Put(o)
	if n.Query == nil || n.NoData {
		return c.handler.Done("CREATE TABLE")
	}
	b := s.newBinder(nil)
	i, err := b.Insert(&sqlast.Insert{Span: n.Span, Table: n.Name, Query: n.Query})
	count := 0
	if err == nil {
		count, err = s.fill(ctx, rows, i.Node, b.TakeLate())
	}
	if err != nil {
		s.catalog.Remove(o.Name)
		return err
	}
	return c.handler.Done(fmt.Sprintf("SELECT %d", count))
}

func (s *Session) createView(c *call, n *sqlast.CreateView) error {
	kind := sqlast.View
	if n.Materialized {
		kind = sqlast.MaterializedView
	}
	exists, err := s.free(c, n.Name, kind, n.OrReplace, n.IfNotExists)
	if err != nil {
		return err
	}
	if !exists {
		v, err := s.newBinder(nil).View(n, c.own)
		if err != nil {
			return err
		}
		s.catalog.Put(v)
	}
	return c.handler.Done("CREATE " + strings.ToUpper(kind.String()))
}

func (s *Session) drop(c *call, n *sqlast.Drop) error {
	var doomed []catalog.Object
	for _, name := range n.Names {
		o, err := s.toDrop(c, n, name.Last())
		if err != nil {
			return err
		}
		if o == nil {
			continue
		}
		list := s.catalog.Dependents(o.ObjectName())
		if len(list) > 0 && !n.Cascade && !allNamed(list, n.Names) {
			return inUse(name.Last(), o, list)
		}
		doomed = append(doomed, append(list, o)...)
	}
	for _, o := range doomed {
		s.catalog.Remove(o.ObjectName())
	}
	return c.handler.Done("DROP " + strings.ToUpper(n.Kind.String()))
}

func allNamed(list []catalog.Object, names []sqlast.ObjectName) bool {
	for _, o := range list {
		named := false
		for _, n := range names {
			named = named || n.Last().Text == o.ObjectName()
		}
		if !named {
			return false
		}
	}
	return true
}

// toDrop finds an object; nil if it may be absent.
func (s *Session) toDrop(c *call, n *sqlast.Drop, at exprast.Name) (catalog.Object, error) {
	o := s.catalog.Find(at.Text)
	switch {
	case o == nil && n.IfExists:
		c.handler.Notice(fmt.Sprintf("%s %q does not exist, skipping", n.Kind, at.Text))
		return nil, nil
	case o == nil:
		bad := exprbind.Errorf(at.Span, sqlstate.UndefinedTable, "%s \"%s\" does not exist", n.Kind, at.Text)
		if near := connector.Nearest(at.Text, s.catalog.Names(n.Kind)); near != "" {
			bad = bad.WithHint("Perhaps you meant \"%s\".", near)
		}
		return nil, bad
	case o.Kind() != n.Kind:
		return nil, exprbind.Errorf(at.Span, sqlstate.WrongObjectType, "\"%s\" is not a %s", at.Text, n.Kind).
			WithHint("Use DROP %s to remove it.", strings.ToUpper(o.Kind().String()))
	}
	return o, nil
}
