package parse_test

import (
	expr "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/sql/ast"
)

const maxDrawnDepth = 3

func (g generator) statement() ast.Statement {
	depth := g.pick(maxDrawnDepth + 1)
	switch g.pick(9) {
	case 0:
		return g.insert(depth)
	case 1:
		return g.createRelation(depth)
	case 2:
		return g.createView(depth)
	case 3:
		return g.session()
	case 4:
		return &ast.Explain{
			Analyze: g.yes(), Verbose: g.yes(), NoCosts: g.yes(), Format: ast.ExplainFormat(g.pick(2)), Statement: g.explainable(depth),
		}
	case 5:
		p := &ast.Prepare{Name: g.name(), Types: several(g, 0, g.typeName), Statement: g.query(depth)}
		if g.yes() {
			p.Statement = g.insert(depth)
		}
		return p
	}
	return g.query(depth)
}

func (g generator) explainable(depth int) ast.Statement {
	switch g.pick(4) {
	case 0:
		return g.insert(depth)
	case 1:
		return g.createView(depth)
	case 2:
		return g.execute()
	}
	return g.query(depth)
}

func (g generator) execute() *ast.Execute {
	return &ast.Execute{Name: g.name(), Args: several(g, 0, func() expr.Node { return g.expr(1) })}
}

func (g generator) insert(depth int) *ast.Insert {
	s := &ast.Insert{Table: g.object(), Alias: maybe(g, g.name)}
	if g.rarely() {
		s.With = g.with(depth)
	}
	if g.rarely() {
		return s
	}
	if g.yes() {
		s.Columns = g.names()
	}
	s.Query = g.query(depth)
	if v, ok := s.Query.Body.(*ast.Values); ok && s.Query.With == nil && g.yes() {
		v.Rows[0].Exprs[0] = &ast.Default{}
	}
	return s
}

func (g generator) createRelation(depth int) *ast.CreateRelation {
	s := &ast.CreateRelation{
		Kind: []ast.ObjectKind{ast.Source, ast.Table, ast.Sink}[g.pick(3)], OrReplace: g.yes(), Temporary: g.rarely(), IfNotExists: g.yes(),
		Name: g.object(), Columns: several(g, 0, g.columnDef), Constraints: several(g, 0, g.tableConstraint),
	}
	if g.yes() {
		s.Options = several(g, 1, func() ast.Option { return g.option(depth) })
	}
	s.Watermarks = several(g, 0, func() *ast.Watermark { return &ast.Watermark{Column: g.name(), X: g.expr(depth)} })
	if g.yes() {
		s.Query = g.query(depth)
		s.NoData = g.rarely()
		for _, c := range s.Columns {
			if g.yes() {
				c.Type = nil
				c.Constraints = nil
			}
		}
	}
	return s
}

func (g generator) createView(depth int) *ast.CreateView {
	s := &ast.CreateView{
		Materialized: g.yes(), OrReplace: g.yes(), Temporary: g.rarely(), IfNotExists: g.yes(), Name: g.object(), Query: g.query(depth),
	}
	if g.yes() {
		s.Columns = g.names()
	}
	if g.rarely() {
		s.Options = several(g, 1, func() ast.Option { return g.option(depth) })
	}
	s.NoData = s.Materialized && g.rarely()
	return s
}

func (g generator) columnDef() *ast.ColumnDef {
	return &ast.ColumnDef{Name: g.name(), Type: g.typeName(), Constraints: several(g, 0, g.columnConstraint)}
}

func (g generator) columnConstraint() *ast.ColumnConstraint {
	k := &ast.ColumnConstraint{Kind: ast.ConstraintKind(g.pick(9)), Name: maybe(g, g.name)}
	switch k.Kind {
	case ast.DefaultValue, ast.Generated, ast.Check:
		k.X = g.expr(1)
	case ast.References:
		n := g.object()
		k.Target = &n
		if g.yes() {
			k.Columns = g.names()
		}
	case ast.Collation:
		n := g.object()
		k.Target, k.Name = &n, nil
	default:
	}
	return k
}

func (g generator) tableConstraint() *ast.TableConstraint {
	k := &ast.TableConstraint{Name: maybe(g, g.name)}
	switch g.pick(4) {
	case 0:
		k.Kind, k.Columns = ast.PrimaryKey, g.names()
	case 1:
		k.Kind, k.Columns = ast.Unique, g.names()
	case 2:
		k.Kind, k.X = ast.Check, g.expr(1)
	default:
		n := g.object()
		k.Kind, k.Columns, k.Target = ast.References, g.names(), &n
		if g.yes() {
			k.TargetColumns = g.names()
		}
	}
	return k
}

func (g generator) option(depth int) ast.Option {
	return ast.Option{Name: g.names(), Value: g.value(depth)}
}

func (g generator) value(depth int) ast.Value {
	if depth > 0 && g.rarely() {
		if g.yes() {
			return ast.Value{Kind: ast.ListValue, List: several(g, 0, func() ast.Value { return g.value(depth - 1) })}
		}
		return ast.Value{Kind: ast.MapValue, Map: several(g, 0, func() ast.Option { return g.option(depth - 1) })}
	}
	return g.scalar()
}

func (g generator) scalar() ast.Value {
	switch g.pick(4) {
	case 0:
		return ast.Value{Kind: ast.StringValue, Text: g.text()}
	case 1:
		return ast.Value{Kind: ast.NumberValue, Text: g.of("1", "-1.5", "1e3", "0")}
	case 2:
		return ast.Value{Kind: ast.BoolValue, Text: g.of("true", "false")}
	}
	return ast.Value{Kind: ast.WordValue, Text: g.name().Text}
}

func (g generator) session() ast.Statement {
	kinds := []ast.ObjectKind{ast.Source, ast.Table, ast.Sink, ast.View, ast.MaterializedView}
	switch g.pick(9) {
	case 0:
		return &ast.Drop{Kind: kinds[g.pick(5)], IfExists: g.yes(), Names: several(g, 1, g.object), Cascade: g.yes()}
	case 1:
		return &ast.Describe{Name: g.object()}
	case 2:
		return &ast.ShowSetting{Name: several(g, 0, g.name)}
	case 3:
		s := &ast.ShowObjects{Kind: append(kinds, ast.Function)[g.pick(6)]}
		if g.yes() {
			s.Like = &expr.Literal{Kind: expr.String, Text: g.text()}
		}
		return s
	case 4:
		return &ast.ShowCreate{Kind: append(kinds, ast.AnyObject)[g.pick(6)], Name: g.object()}
	case 5:
		return &ast.Set{Local: g.yes(), Name: g.names(), Values: several(g, 0, g.scalar)}
	case 6:
		return &ast.Reset{Name: several(g, 0, g.name)}
	case 7:
		return g.execute()
	}
	return &ast.Deallocate{Name: maybe(g, g.name)}
}
