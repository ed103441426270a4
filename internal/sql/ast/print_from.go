package ast

import (
	"strings"

	expr "wire.example/wire/internal/expr/ast"
)

func (p *printer) tableExpr(t TableExpr) {
	switch t := t.(type) {
	case *TableName:
		p.when(t.Only, "ONLY ")
		p.object(t.Name)
		p.clause(" FOR SYSTEM_TIME AS OF ", t.AsOf)
		p.alias(t.Alias)
	case *Derived:
		p.when(t.Lateral, "LATERAL ")
		p.add("(")
		p.query(t.Query)
		p.add(")")
		p.alias(t.Alias)
	case *TableFunction:
		p.tableFunction(t)
	case *WindowTable:
		p.windowTable(t)
	case *Join:
		p.when(t.Alias != nil, "(")
		p.join(t)
		p.when(t.Alias != nil, ")")
		p.alias(t.Alias)
	}
}

func (p *printer) alias(a *Alias) {
	if a != nil {
		p.add(" AS ")
		p.name(a.Name)
		p.columns(a.Columns)
	}
}

func (p *printer) join(j *Join) {
	p.tableExpr(j.L)
	p.when(j.Natural, " NATURAL")
	p.add(" " + j.Kind.String() + " ")
	if r, ok := j.R.(*Join); ok && r.Alias == nil {
		p.add("(")
		p.join(r)
		p.add(")")
	} else {
		p.tableExpr(j.R)
	}
	p.clause(" ON ", j.On)
	if len(j.Using) > 0 {
		p.add(" USING")
		p.columns(j.Using)
	}
	if j.UsingAlias != nil {
		p.add(" AS ")
		p.name(*j.UsingAlias)
	}
}

func (p *printer) tableFunction(t *TableFunction) {
	p.when(t.Lateral, "LATERAL ")
	if t.RowsFrom {
		p.add("ROWS FROM (")
		list(p, t.Functions, func(f FromFunction) {
			p.add(functionText(f.Call))
			p.when(len(f.Columns) > 0, " AS")
			p.definitions(f.Columns)
		})
		p.add(")")
	} else {
		p.add(functionText(t.Functions[0].Call))
	}
	p.when(t.Ordinality, " WITH ORDINALITY")
	p.alias(t.Alias)
	if !t.RowsFrom && len(t.Functions[0].Columns) > 0 {
		p.when(t.Alias == nil, " AS")
		p.definitions(t.Functions[0].Columns)
	}
}

// functionText prints a call. A function named as a window table function has its name in quotes, and a cast the form of a call.
func functionText(call expr.Node) string {
	if c, ok := call.(*expr.Cast); ok {
		return "CAST(" + expr.SQL(c.X) + " AS " + c.Type.String() + ")"
	}
	text := expr.SQL(call)
	for _, word := range windowWords {
		if strings.HasPrefix(text, word+"(") {
			return `"` + word + `"` + text[len(word):]
		}
	}
	return text
}

func (p *printer) definitions(columns []*ColumnDef) {
	if len(columns) > 0 {
		p.add(" (")
		list(p, columns, p.columnDef)
		p.add(")")
	}
}

func (p *printer) windowTable(t *WindowTable) {
	p.add(upper(t.Kind.String()) + "(")
	p.tableExpr(t.Input)
	if n := len(t.PartitionBy); n > 0 {
		p.add(" PARTITION BY ")
		p.when(n > 1, "(") // else a comma would end the argument
		list(p, t.PartitionBy, p.expr)
		p.when(n > 1, ")")
	}
	p.add(", ")
	p.expr(t.Time)
	for _, x := range []expr.Node{t.Step, t.Size, t.Gap, t.Offset} {
		p.clause(", ", x)
	}
	p.add(")")
	p.alias(t.Alias)
}
