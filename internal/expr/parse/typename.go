package parse

import (
	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/sdk/sqlstate"
)

// typeName parses a type with its array bounds: T[], T[3], T ARRAY. As in PostgreSQL the numbers in the bounds mean nothing.
func (p *Parser) typeName() *ast.TypeName {
	var t *ast.TypeName
	p.nested(func() { t = p.arrayType() })
	return t
}

func (p *Parser) arrayType() *ast.TypeName {
	start := p.Peek().Start
	t := p.simpleType()
	if p.err == nil && p.AcceptWords("array") {
		if p.At("[") {
			p.Open("[")
			p.Int32()
			p.Close()
		}
		return &ast.TypeName{Kind: ast.ArrayType, Elem: t, Span: p.From(start)}
	}
	for levels := 0; p.At("["); levels++ {
		if levels == maxArrayDimensions {
			p.Errorf(p.Peek().Span, sqlstate.ProgramLimitExceeded, "number of array dimensions exceeds the maximum allowed (%d)", maxArrayDimensions)
			break
		}
		p.Open("[")
		if p.Peek().Kind == Integer {
			p.Int32()
		}
		p.Close()
		t = &ast.TypeName{Kind: ast.ArrayType, Elem: t, Span: p.From(start)}
	}
	return t
}

// maxArrayDimensions is PostgreSQL's limit.
const maxArrayDimensions = 6

// simpleType parses a type without array bounds.
func (p *Parser) simpleType() *ast.TypeName {
	t := p.Peek()
	typ := &ast.TypeName{Span: t.Span}
	switch {
	case t.Kind != Ident || t.Class == ast.Reserved:
		p.Unexpected()
		return typ
	case t.Quoted, t.Class != ast.ColumnName && t.Text != "double" && t.Text != "map":
		p.namedType(typ)
	case !p.keywordType(t, typ):
		p.namedType(typ)
	}
	typ.Span = p.From(t.Start)
	return typ
}

// beginsType tells whether a word that cannot be a function's name begins a type.
func beginsType(word string) bool {
	switch word {
	case "bigint", "bit", "boolean", "char", "character", "dec", "decimal", "double", "float", "int", "integer", "interval",
		"national", "nchar", "numeric", "real", "smallint", "time", "timestamp", "varchar":
		return true
	}
	return false
}

// keywordType parses the types that the grammar itself knows; false if t is an ordinary name after all.
func (p *Parser) keywordType(t *Token, typ *ast.TypeName) bool {
	switch t.Text {
	case "bigint", "boolean", "int", "integer", "real", "smallint":
		p.pos++
		typ.Kind = kindOf(t.Text)
	case "dec", "decimal", "numeric":
		p.pos++
		typ.Kind = ast.NumericType
		typ.Mods = p.modifiers()
	case "float":
		p.floatType(typ)
	case "double":
		p.pos++
		p.AcceptWords("precision")
		typ.Kind = ast.DoubleType
	case "char", "character", "nchar", "national", "varchar":
		p.textType(t, typ)
	case "time", "timestamp":
		p.timeType(t, typ)
	case "interval":
		p.intervalType(typ)
	case "row":
		p.rowType(typ)
	case "map":
		return p.mapType(typ)
	default:
		p.refusedType(t)
	}
	return true
}

func (p *Parser) refusedType(t *Token) {
	switch t.Text {
	case "bit":
		p.Errorf(t.Span, sqlstate.FeatureNotSupported, "type bit is not supported")
	case "setof":
		p.Errorf(t.Span, sqlstate.FeatureNotSupported, "a type of a set is not supported here")
	default:
		p.Unexpected()
	}
}

// namedType parses a name and its modifiers, and resolves the names that Wire knows.
func (p *Parser) namedType(typ *ast.TypeName) {
	first := p.Peek()
	name := []ast.Name{p.Next().name()}
	for p.Accept(".") {
		name = append(name, p.label())
	}
	typ.Mods = p.modifiers()
	if len(name) == 2 && name[0].Text == "pg_catalog" {
		name = name[1:]
		first = &Token{Quoted: true}
	}
	last := name[0]
	typ.Kind = kindOf(last.Text)
	switch {
	case len(name) > 1, first.Quoted && last.Text == "char": // "char" is a type of PostgreSQL's own catalog
		typ.Kind = ast.NamedType
	case typ.Kind == ast.NamedType:
	case typ.Mods == nil, takesModifier(typ.Kind, len(typ.Mods)):
		return
	default:
		p.Errorf(p.From(last.Start), sqlstate.SyntaxError, "type modifier is not allowed for type %q", last.Text)
	}
	if typ.Kind == ast.NamedType {
		typ.Name = name
	}
}

func takesModifier(k ast.TypeKind, count int) bool {
	switch k {
	case ast.NumericType:
		return count <= 2
	case ast.VarcharType, ast.CharType, ast.TimeType, ast.TimestampType, ast.TimestamptzType, ast.IntervalType:
		return count == 1
	}
	return false
}

// kindOf returns the type that a single word stands for, NamedType if Wire knows none.
func kindOf(word string) ast.TypeKind {
	switch word {
	case "boolean", "bool":
		return ast.BooleanType
	case "smallint", "int2":
		return ast.SmallintType
	case "integer", "int", "int4":
		return ast.IntegerType
	case "bigint", "int8":
		return ast.BigintType
	case "real", "float4":
		return ast.RealType
	case "float8", "double":
		return ast.DoubleType
	case "numeric", "decimal", "dec":
		return ast.NumericType
	case "text", "string":
		return ast.TextType
	case "varchar":
		return ast.VarcharType
	case "bpchar", "char":
		return ast.CharType
	case "bytea", "bytes":
		return ast.ByteaType
	}
	return timeOrNested(word)
}

func timeOrNested(word string) ast.TypeKind {
	switch word {
	case "date":
		return ast.DateType
	case "time":
		return ast.TimeType
	case "timestamp":
		return ast.TimestampType
	case "timestamptz":
		return ast.TimestamptzType
	case "interval":
		return ast.IntervalType
	case "uuid":
		return ast.UUIDType
	case "jsonb", "json":
		return ast.JSONBType
	}
	return ast.NamedType
}

// modifiers parses (n, …), nil if there is no parenthesis. A modifier may be negative: NUMERIC(2, -3).
func (p *Parser) modifiers() []int32 {
	if !p.At("(") {
		return nil
	}
	p.Open("(")
	var mods []int32
	for {
		sign := int32(1)
		if p.Accept("-") {
			sign = -1
		}
		mods = append(mods, sign*p.Int32())
		if !p.Accept(",") {
			break
		}
	}
	p.Close()
	return mods
}

// floatType parses FLOAT and FLOAT(p): p binary digits decide between REAL and DOUBLE PRECISION.
func (p *Parser) floatType(typ *ast.TypeName) {
	p.pos++
	typ.Kind = ast.DoubleType
	if !p.At("(") {
		return
	}
	p.Open("(")
	at := p.Peek().Span
	const realDigits, doubleDigits = 24, 53
	switch digits := p.Int32(); {
	case p.err != nil:
	case digits < 1:
		p.Errorf(at, sqlstate.InvalidParameterValue, "precision for type float must be at least 1 bit")
	case digits > doubleDigits:
		p.Errorf(at, sqlstate.InvalidParameterValue, "precision for type float must be less than %d bits", doubleDigits+1)
	case digits <= realDigits:
		typ.Kind = ast.RealType
	}
	p.Close()
}

// textType parses VARCHAR, CHAR, CHARACTER, NCHAR and NATIONAL CHARACTER, each but the first with an optional VARYING.
func (p *Parser) textType(t *Token, typ *ast.TypeName) {
	p.pos++
	if t.Text == "national" && !p.AcceptWords("character") {
		p.ExpectWords("char")
	}
	typ.Kind = ast.CharType
	if t.Text == "varchar" || p.AcceptWords("varying") {
		typ.Kind = ast.VarcharType
	}
	if p.At("(") {
		p.Open("(")
		typ.Mods = []int32{p.Int32()}
		p.Close()
	} else if typ.Kind == ast.CharType {
		typ.Mods = []int32{1}
	}
}

// timeType parses TIME and TIMESTAMP [(p)] [WITH | WITHOUT TIME ZONE]. Wire has no TIME WITH TIME ZONE: it stays a name.
func (p *Parser) timeType(t *Token, typ *ast.TypeName) {
	p.pos++
	typ.Kind = kindOf(t.Text)
	if p.At("(") {
		p.Open("(")
		typ.Mods = []int32{p.Int32()}
		p.Close()
	}
	switch {
	case p.AcceptWords("without", "time", "zone"):
	case !p.AcceptWords("with", "time", "zone"):
	case typ.Kind == ast.TimestampType:
		typ.Kind = ast.TimestamptzType
	default:
		typ.Kind = ast.NamedType
		typ.Name = []ast.Name{{Text: "timetz", Span: p.From(t.Start)}}
	}
}

// rowType parses ROW(name type, …).
func (p *Parser) rowType(typ *ast.TypeName) {
	p.pos++
	typ.Kind = ast.RowType
	p.Open("(")
	for {
		name := p.label()
		typ.Fields = append(typ.Fields, ast.TypeField{Name: name, Type: p.typeName()})
		if !p.Accept(",") {
			break
		}
	}
	p.Close()
}

// mapType parses MAP(key, value); false if no parenthesis follows the word.
func (p *Parser) mapType(typ *ast.TypeName) bool {
	if !p.PeekAt(1).Is("(") {
		return false
	}
	p.pos++
	typ.Kind = ast.MapType
	p.Open("(")
	typ.Key = p.typeName()
	p.Expect(",")
	typ.Elem = p.typeName()
	p.Close()
	return true
}
