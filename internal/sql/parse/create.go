package parse

import (
	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/sqlstate"
)

// creation is what stands between CREATE and an object's name.
type creation struct {
	start                           int32
	replace, temporary, ifNotExists bool
	kind                            ast.ObjectKind
	name                            ast.ObjectName
}

// create parses CREATE.
func (p *parser) create() ast.Statement {
	word := p.Next()
	c := creation{start: word.Start}
	c.replace = p.AcceptWords("or", "replace")
	if p.atWord("global", "local") && isWord(p.PeekAt(1), "temp", "temporary") {
		p.Next()
	}
	c.temporary = p.AcceptWords("temp") || p.AcceptWords("temporary")
	p.unsupportedWords("leave the word out", "unlogged")
	if p.AtWords("recursive", "view") {
		p.unsupportedWords("write CREATE VIEW name AS WITH RECURSIVE …", "recursive")
	}
	kind, ok := p.objectKind()
	if !ok {
		p.refuseObject("CREATE", word)
		return nil
	}
	c.kind = kind
	c.ifNotExists = p.AcceptWords("if", "not", "exists")
	c.name = p.objectName()
	if kind == ast.View || kind == ast.MaterializedView {
		return p.createView(&c)
	}
	return p.createRelation(&c)
}

func (p *parser) createView(c *creation) ast.Statement {
	s := &ast.CreateView{
		Materialized: c.kind == ast.MaterializedView, OrReplace: c.replace, Temporary: c.temporary, IfNotExists: c.ifNotExists, Name: c.name,
	}
	if p.At("(") {
		s.Columns = p.nameList()
	}
	if p.AtWords("with") {
		s.Options = p.withOptions()
	}
	if !p.AcceptWords("as") {
		p.UnexpectedHint("CREATE " + upper(c.kind.String()) + " name is followed by AS query")
	}
	s.Query = p.queryHere()
	switch {
	case p.AtWords("with") && isWord(p.PeekAt(1), "check", "cascaded", "local"):
		p.unsupported(p.Peek().Span, "WITH CHECK OPTION", "a view takes no rows")
	case p.AtWords("with") && p.PeekAt(1).Is("("):
		if s.Options != nil {
			p.optionsTwice()
		}
		s.Options = p.withOptions()
	case s.Materialized && p.AtWords("with"):
		s.NoData = p.withData()
	}
	s.Span = p.From(c.start)
	return s
}

// withData parses WITH [NO] DATA.
func (p *parser) withData() (noData bool) {
	p.ExpectWords("with")
	noData = p.AcceptWords("no")
	p.ExpectWords("data")
	return noData
}

func (p *parser) optionsTwice() {
	p.Errorf(p.Peek().Span, sqlstate.SyntaxError, "WITH (…) is written twice")
}

func (p *parser) createRelation(c *creation) ast.Statement {
	s := &ast.CreateRelation{
		Kind: c.kind, OrReplace: c.replace, Temporary: c.temporary, IfNotExists: c.ifNotExists, Name: c.name,
	}
	begun := p.At("(")
	if begun {
		p.parenthesised(func() { p.elements(s) })
	}
	for !p.failed() {
		p.refuseTableClause()
		switch {
		case p.AtWords("with") && p.PeekAt(1).Is("("), p.AtWords("with") && s.Query == nil:
			if s.Options != nil {
				p.optionsTwice()
			}
			s.Options = p.withOptions()
		case s.Query == nil && p.AcceptWords("as"):
			p.unsupportedWords("write the query itself", "execute")
			s.Query = p.queryHere()
		case s.Query == nil && c.kind == ast.Sink && p.AtWords("from"):
			s.Query = p.fromName()
		case s.Query != nil && p.AtWords("with"):
			s.NoData = p.withData()
		case begun:
			p.checkTypes(s)
			s.Span = p.From(c.start)
			return s
		default:
			p.UnexpectedHint("CREATE " + upper(c.kind.String()) + " name is followed by (column type, …), WITH (option = value, …) or AS query")
		}
		begun = true
	}
	return s
}

// fromName parses FROM name, which is AS TABLE name.
func (p *parser) fromName() *ast.Query {
	start := p.Next().Start
	t := p.relation()
	span := p.From(start)
	return &ast.Query{Body: &ast.TableQuery{Table: t, Span: span}, Span: span}
}

// checkTypes asks for types where no query gives the columns theirs.
func (p *parser) checkTypes(s *ast.CreateRelation) {
	if s.Query != nil {
		return
	}
	for _, c := range s.Columns {
		if c.Type == nil && !p.failed() {
			p.Fail(&parse.Error{
				SQLSTATE: sqlstate.SyntaxError, Span: c.Span, Message: "column \"" + c.Name.Text + "\" has no type",
				Hint: "write " + p.Text(c.Name.Span) + " TEXT, or another type",
			})
		}
	}
}

// refuseTableClause refuses what other systems let follow the columns.
func (p *parser) refuseTableClause() {
	const storage = "Wire keeps no files of tables; leave it out"
	switch {
	case p.unsupportedWords("rows are parted by key by themselves; leave it out", "partition", "by"):
	case p.unsupportedWords("rows are parted by key by themselves: declare one table", "partition", "of"):
	case p.unsupportedWords("write the columns themselves", "of"):
	case p.unsupportedWords("rows are parted by key by themselves; leave it out", "partitioned", "by"):
	case p.unsupportedWords("write a view that is the UNION ALL of both", "inherits"):
	case p.unsupportedWords(storage, "tablespace"):
	case p.unsupportedWords(storage, "using"):
	case p.unsupportedWords("a temporary table lasts as long as the session", "on", "commit"):
	case p.AtWords("format") && p.PeekAt(1).Kind == parse.Ident:
		p.unsupportedWords("the format is an option: WITH (connector = 'kafka', format = 'json')", "format")
	}
}

// elements parses the columns, constraints and watermarks of a relation.
func (p *parser) elements(s *ast.CreateRelation) {
	if p.At(")") {
		return
	}
	commaList(p, func() struct{} {
		p.element(s)
		return struct{}{}
	})
}

func (p *parser) element(s *ast.CreateRelation) {
	switch {
	case p.AtWords("watermark", "for"):
		s.Watermarks = append(s.Watermarks, p.watermark())
	case p.unsupportedWords("write the columns themselves", "like"), p.unsupportedWords("", "exclude", "using"):
	case p.atWord("constraint", "primary", "unique", "check", "foreign"):
		s.Constraints = append(s.Constraints, p.tableConstraint())
	default:
		s.Columns = append(s.Columns, p.columnDef())
	}
}

// watermark parses WATERMARK FOR column AS expression.
func (p *parser) watermark() *ast.Watermark {
	start := p.Peek().Start
	p.ExpectWords("watermark", "for")
	w := &ast.Watermark{Column: p.name()}
	if !p.AcceptWords("as") {
		p.UnexpectedHint("write WATERMARK FOR column AS column - INTERVAL '4 seconds'")
	}
	w.X = p.expr()
	w.Span = p.From(start)
	return w
}

// columnDef parses name [type] constraints. Without a type a query has to give the column its own.
func (p *parser) columnDef() *ast.ColumnDef {
	start := p.Peek().Start
	c := &ast.ColumnDef{Name: p.name()}
	if !p.At(",") && !p.At(")") {
		c.Type = p.typeName()
	}
	for !p.failed() {
		k := p.columnConstraint()
		if k == nil {
			break
		}
		c.Constraints = append(c.Constraints, k)
	}
	c.Span = p.From(start)
	return c
}

// constraintName parses CONSTRAINT name, nil if it is not there.
func (p *parser) constraintName() *exprast.Name {
	if !p.AcceptWords("constraint") {
		return nil
	}
	n := p.name()
	return &n
}

// columnConstraint parses one constraint of a column, nil if there is none.
func (p *parser) columnConstraint() *ast.ColumnConstraint {
	if p.AtWords("collate") {
		return p.collation()
	}
	start := p.Peek().Start
	k := &ast.ColumnConstraint{Name: p.constraintName()}
	switch {
	case p.AcceptWords("not", "null"):
		k.Kind = ast.NotNull
	case p.AcceptWords("null"):
		k.Kind = ast.Nullable
	case p.AcceptWords("primary"):
		k.Kind = ast.PrimaryKey
		p.ExpectWords("key")
	case p.AcceptWords("unique"):
		k.Kind = ast.Unique
		p.nullsDistinct()
	case p.AcceptWords("default"):
		k.Kind = ast.DefaultValue
		k.X, _ = p.RestrictedExpr()
		if p.atWord("and", "or", "in", "is", "like", "ilike", "between") {
			p.UnexpectedHint("put the default in parentheses")
		}
	case p.AcceptWords("check"):
		k.Kind = ast.Check
		p.parenthesised(func() { k.X = p.expr() })
		p.unsupportedWords("leave the words out", "no", "inherit")
	case p.AcceptWords("generated"):
		k.Kind = ast.Generated
		p.generated(k)
	case p.AcceptWords("references"):
		k.Kind = ast.References
		k.Target, k.Columns = p.references()
	case k.Name != nil:
		p.Unexpected()
		return nil
	case p.refuseDeferral():
		return nil
	default:
		return nil
	}
	k.Span = p.From(start)
	return k
}

// refuseDeferral refuses what says when a constraint is checked.
func (p *parser) refuseDeferral() bool {
	const hint = "constraints are checked at once; leave the words out"
	return p.unsupportedWords(hint, "deferrable") || p.unsupportedWords(hint, "not", "deferrable") || p.unsupportedWords(hint, "initially")
}

func (p *parser) collation() *ast.ColumnConstraint {
	start := p.Next().Start
	n := p.objectName()
	return &ast.ColumnConstraint{Kind: ast.Collation, Target: &n, Span: p.From(start)}
}

// generated parses ALWAYS AS (expression) STORED behind GENERATED, and refuses identity columns.
func (p *parser) generated(k *ast.ColumnConstraint) {
	start := p.Peek().Span
	if p.AtWords("by", "default") {
		p.unsupported(start, "GENERATED BY DEFAULT AS IDENTITY", "give the column values of its own, such as gen_random_uuid()")
	}
	p.ExpectWords("always", "as")
	if p.AtWords("identity") {
		p.unsupported(start, "GENERATED ALWAYS AS IDENTITY", "give the column values of its own, such as gen_random_uuid()")
	}
	const hint = "a computed column is written GENERATED ALWAYS AS (expression) STORED"
	if !p.At("(") {
		p.UnexpectedHint(hint)
	}
	p.parenthesised(func() { k.X = p.expr() })
	p.unsupportedWords("write STORED", "virtual")
	if !p.AcceptWords("stored") {
		p.UnexpectedHint(hint)
	}
}

// nullsDistinct refuses NULLS NOT DISTINCT and passes NULLS DISTINCT, which is the default.
func (p *parser) nullsDistinct() {
	p.unsupportedWords("NULLs are distinct", "nulls", "not", "distinct")
	p.AcceptWords("nulls", "distinct")
}

// references parses name [(columns)] behind REFERENCES.
func (p *parser) references() (*ast.ObjectName, []exprast.Name) {
	n := p.objectName()
	var columns []exprast.Name
	if p.At("(") {
		columns = p.nameList()
	}
	for p.AtWords("on", "delete") || p.AtWords("on", "update") || p.AtWords("match") {
		p.unsupported(p.Peek().Span, "an action of REFERENCES", "Wire keeps no references between tables; leave it out")
	}
	return &n, columns
}

// tableConstraint parses a constraint beside the columns.
func (p *parser) tableConstraint() *ast.TableConstraint {
	start := p.Peek().Start
	k := &ast.TableConstraint{Name: p.constraintName()}
	switch {
	case p.AcceptWords("primary"):
		p.ExpectWords("key")
		k.Kind = ast.PrimaryKey
		k.Columns = p.nameList()
	case p.AcceptWords("unique"):
		k.Kind = ast.Unique
		p.nullsDistinct()
		k.Columns = p.nameList()
	case p.AcceptWords("check"):
		k.Kind = ast.Check
		p.parenthesised(func() { k.X = p.expr() })
		p.unsupportedWords("leave the words out", "no", "inherit")
	default:
		p.ExpectWords("foreign", "key")
		k.Kind = ast.References
		k.Columns = p.nameList()
		p.ExpectWords("references")
		k.Target, k.TargetColumns = p.references()
	}
	p.unsupportedWords("keys hold their own columns only", "include")
	p.refuseDeferral()
	k.Span = p.From(start)
	return k
}
