package session

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"wire.example/wire/internal/expr/aggregate"
	exprast "wire.example/wire/internal/expr/ast"
	exprbind "wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/expr/setreturning"
	"wire.example/wire/internal/expr/window"
	sqlast "wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/catalog"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// object finds what a statement names; kind may be AnyObject.
func (s *Session) object(name sqlast.ObjectName, kind sqlast.ObjectKind) (catalog.Object, error) {
	at := name.Last()
	o := s.catalog.Find(at.Text)
	switch {
	case o == nil:
		bad := exprbind.Errorf(at.Span, sqlstate.UndefinedTable, "relation \"%s\" does not exist", at.Text)
		all := s.catalog.Names(sqlast.Source, sqlast.Table, sqlast.Sink, sqlast.View, sqlast.MaterializedView)
		if near := connector.Nearest(at.Text, all); near != "" {
			bad = bad.WithHint("Perhaps you meant \"%s\".", near)
		}
		return nil, bad
	case kind != sqlast.AnyObject && o.Kind() != kind:
		return nil, exprbind.Errorf(at.Span, sqlstate.WrongObjectType, "\"%s\" is not a %s", at.Text, kind)
	}
	return o, nil
}

// describe shows the columns of an object.
func (s *Session) describe(ctx context.Context, c *call, n *sqlast.Describe) error {
	o, err := s.object(n.Name, sqlast.AnyObject)
	if err != nil {
		return err
	}
	return s.texts(ctx, c.handler, []string{"column", "type", "nullable", "default"}, columnsOf(o), "DESCRIBE")
}

func columnsOf(o catalog.Object) [][]string {
	var rows [][]string
	add := func(f schema.Field, byDefault string) {
		nullable := map[bool]string{true: "not null", false: ""}[f.NotNull]
		rows = append(rows, []string{f.Name, strings.ToLower(f.Type.String()), nullable, byDefault})
	}
	declared := func(columns []catalog.Column) {
		for _, col := range columns {
			switch {
			case col.Generated != nil:
				add(col.Field, "generated always as ("+exprast.SQL(col.Generated)+") stored")
			case col.Default != nil:
				add(col.Field, exprast.SQL(col.Default))
			default:
				add(col.Field, "")
			}
		}
	}
	switch o := o.(type) {
	case *catalog.Relation:
		declared(o.Columns)
	case *catalog.Sink:
		declared(o.Columns)
	case *catalog.View:
		for _, f := range o.Fields {
			add(f, "")
		}
	}
	return rows
}

func (s *Session) showCreate(ctx context.Context, c *call, n *sqlast.ShowCreate) error {
	o, err := s.object(n.Name, n.Kind)
	if err != nil {
		return err
	}
	return s.texts(ctx, c.handler, []string{"name", "statement"}, [][]string{{o.ObjectName(), o.Definition()}}, "SHOW")
}

func (s *Session) showObjects(ctx context.Context, c *call, n *sqlast.ShowObjects) error {
	keep := func(string) bool { return true }
	if n.Like != nil {
		keep = like(n.Like)
	}
	if n.Kind == sqlast.Function {
		return s.texts(ctx, c.handler, []string{"name", "arguments", "result", "kind", "description"}, Functions(keep), "SHOW")
	}
	var rows [][]string
	for _, o := range s.catalog.All(n.Kind) {
		if keep(o.ObjectName()) {
			rows = append(rows, []string{o.ObjectName(), fmt.Sprint(o.Kind())})
		}
	}
	return s.texts(ctx, c.handler, []string{"name", "kind"}, rows, "SHOW")
}

// List shows all objects, as SHOW does those of one kind.
func (s *Session) List(ctx context.Context, h Handler) error {
	var rows [][]string
	for _, o := range s.catalog.All(sqlast.AnyObject) {
		rows = append(rows, []string{o.ObjectName(), fmt.Sprint(o.Kind())})
	}
	return s.texts(ctx, h, []string{"name", "kind"}, rows, "SHOW")
}

// like returns the test that a name is LIKE a pattern.
func like(pattern *exprast.Literal) func(name string) bool {
	return func(name string) bool {
		text := &exprast.Literal{Kind: exprast.String, Text: name}
		e, err := exprbind.Bind(&exprast.Like{X: text, Pattern: pattern}, exprbind.FromSchema(schema.New()))
		if err != nil {
			return false
		}
		e, err = eval.Value(e)
		return err == nil && !e.IsNullConst() && e.Value.Bits().Get(0)
	}
}

// Functions are the rows of SHOW FUNCTIONS for the names that keep takes: name, arguments, result, kind and description, sorted.
func Functions(keep func(name string) bool) [][]string {
	var rows [][]string
	add := func(f *builtin.Function, kind string) {
		if c := f.Name[0]; c != '_' && (c < 'a' || c > 'z') || !keep(f.Name) {
			return // operators are not listed
		}
		result := strings.ToLower(f.Result.String())
		if f.ResultOf != nil {
			result = "depends on the arguments"
		}
		rows = append(rows, []string{f.Name, parameters(f), result, kind, f.Doc})
	}
	for _, f := range builtin.All() {
		add(&f, "function")
	}
	for _, f := range aggregate.All() {
		add(&f.Function, "aggregate")
	}
	for _, f := range window.All() {
		add(&f.Function, "window")
	}
	for _, f := range setreturning.All() {
		add(&f.Function, "set")
	}
	slices.SortStableFunc(rows, slices.Compare[[]string])
	return rows
}

// parameters lists what a function takes.
func parameters(f *builtin.Function) string {
	names := make([]string, len(f.Params))
	for i, k := range f.Params {
		names[i] = builtin.KindName(k)
		if len(f.ParamNames) > i {
			names[i] = f.ParamNames[i] + " " + names[i]
		}
	}
	text := strings.Join(names, ", ")
	if f.Variadic {
		text += ", …"
	}
	return text
}
