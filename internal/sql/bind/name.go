package bind

import (
	"strconv"

	exprast "wire.example/wire/internal/expr/ast"
)

// unnamed is the name of a column that nothing names.
const unnamed = "?column?"

func itoa(i int) string { return strconv.Itoa(i) }

// columnName is the name of a column without AS, as PostgreSQL gives it.
func (q *query) columnName(n exprast.Node) string {
	if name, _ := q.figure(n); name != "" {
		return name
	}
	return unnamed
}

// figure finds a name and how good it is: 2 for one that the writer chose, 1 for one of a type or keyword.
func (q *query) figure(n exprast.Node) (name string, strength int) {
	switch n := n.(type) {
	case *exprast.Column:
		return n.Parts[len(n.Parts)-1].Text, 2
	case *exprast.FieldAccess:
		return n.Field.Text, 2
	case *exprast.Subscript:
		return q.figure(n.X)
	case *exprast.Slice:
		return q.figure(n.X)
	case *exprast.Collate:
		return q.figure(n.X)
	case *exprast.FuncCall:
		return n.Name[len(n.Name)-1].Text, 2
	case *exprast.AtTimeZone:
		return "timezone", 2
	case *exprast.CurrentValue:
		return n.Name, 2
	case *exprast.Array:
		return "array", 2
	case *exprast.Row:
		return "row", 2
	case *exprast.TypedLiteral:
		return typeName(n.Type), 1
	case *exprast.Cast:
		if name, strength = q.figure(n.X); strength < 2 {
			return typeName(n.Type), 1
		}
		return name, strength
	case *exprast.Case:
		if n.Else != nil {
			name, strength = q.figure(n.Else)
		}
		if strength < 2 {
			return "case", 1
		}
		return name, strength
	case *exprast.Opaque:
		return q.queryName(n)
	}
	return "", 0
}

func (q *query) queryName(n *exprast.Opaque) (name string, strength int) {
	switch n.Form {
	case exprast.ExistsQuery:
		return "exists", 2
	case exprast.ArrayQuery:
		return "array", 2
	case exprast.ScalarQuery:
		return q.scalars[n], 2
	default:
		return "", 0
	}
}

// typeName is PostgreSQL's own name of a type.
func typeName(t *exprast.TypeName) string {
	switch t.Kind {
	case exprast.NamedType:
		return t.Name[len(t.Name)-1].Text
	case exprast.ArrayType:
		return typeName(t.Elem)
	case exprast.BooleanType:
		return "bool"
	case exprast.SmallintType:
		return "int2"
	case exprast.IntegerType:
		return "int4"
	case exprast.BigintType:
		return "int8"
	case exprast.RealType:
		return "float4"
	case exprast.DoubleType:
		return "float8"
	case exprast.VarcharType:
		return "varchar"
	case exprast.CharType:
		return "bpchar"
	default:
		return t.Kind.String()
	}
}
