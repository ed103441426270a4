package bind

import (
	"fmt"
	"strings"

	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/schema"
)

// Text prints e for plans: much like SQL, casts that nobody wrote left out. fields are the columns that its paths lead to; a column that they do
// not have is shown by number.
func (e *Expr) Text(fields []schema.Field) string {
	p := printer{fields: fields}
	p.expr(e)
	return p.String()
}

// String prints e with its columns by number.
func (e *Expr) String() string { return e.Text(nil) }

type printer struct {
	strings.Builder
	fields []schema.Field
}

func (p *printer) expr(e *Expr) {
	switch e.Op {
	case Const:
		p.constant(e)
	case Column:
		p.path(e.Path)
	case Outer:
		fmt.Fprintf(&p.Builder, "outer%d.$%d", e.Index, e.Path[0]+1)
	case Call:
		p.call(e)
	case Negate:
		p.list("(- ", e.Args, "", ")")
	case Cast:
		p.expr(e.Args[0])
		if !e.Implicit {
			p.WriteString("::" + e.Type.String())
		}
	case MakeArray:
		p.list("ARRAY[", e.Args, ", ", "]")
	case MakeRow:
		p.list("ROW(", e.Args, ", ", ")")
	case Subscript:
		p.expr(e.Args[0])
		p.list("[", e.Args[1:], "", "]")
	case Member:
		p.list("(", e.Args, "", ")")
		p.WriteString("." + schema.QuoteName(e.Args[0].Type.Fields[e.Index].Name))
	case Coalesce:
		p.list("COALESCE(", e.Args, ", ", ")")
	case NullIf:
		p.list("NULLIF(", e.Args[:2], ", ", ")")
	case Greatest:
		p.list("GREATEST(", e.Args, ", ", ")")
	case Least:
		p.list("LEAST(", e.Args, ", ", ")")
	case Opaque:
		fmt.Fprintf(&p.Builder, "%v", e.Node)
	default:
		p.operator(e)
	}
}

// call prints a function, one that is an operator between its operands.
func (p *printer) call(e *Expr) {
	name := e.Function.Name
	if e.Function == builtin.ArraySlice() {
		p.slice(e)
		return
	}
	if c := name[0]; c == '_' || c >= 'a' && c <= 'z' {
		p.list(name+"(", e.Args, ", ", ")")
		return
	}
	if len(e.Args) == 1 {
		p.list("("+name+" ", e.Args, "", ")")
		return
	}
	p.list("(", e.Args, " "+name+" ", ")")
}

// slice prints x[a:b].
func (p *printer) slice(e *Expr) {
	p.expr(e.Args[0])
	for i := 1; i < len(e.Args); i += 2 {
		p.list("[", e.Args[i:i+2], ":", "]")
	}
}

// operator prints what stands between operands, in parentheses.
func (p *printer) operator(e *Expr) {
	switch e.Op {
	case Arith:
		p.list("(", e.Args, " "+string(e.Symbol)+" ", ")")
	case Compare:
		p.list("(", e.Args, " "+e.Cmp.String()+" ", ")")
	case And:
		p.list("(", e.Args, " AND ", ")")
	case Or:
		p.list("(", e.Args, " OR ", ")")
	case Not:
		p.list("(NOT ", e.Args, "", ")")
	case IsNull:
		p.list("(", e.Args, "", " IS "+not(e.Negated)+"NULL)")
	case IsBool:
		p.list("(", e.Args, "", " IS "+not(e.Negated)+strings.ToUpper(fmt.Sprint(e.Truth))+")")
	case Distinct:
		p.list("(", e.Args, " IS "+not(e.Negated)+"DISTINCT FROM ", ")")
	case In:
		p.WriteByte('(')
		p.expr(e.Args[0])
		p.list(" IN (", e.Args[1:], ", ", "))")
	case Like:
		p.list("(", e.Args[:2], map[bool]string{true: " ILIKE ", false: " LIKE "}[e.Fold], ")")
	case Quantified:
		p.WriteByte('(')
		p.expr(e.Args[0])
		p.list(" "+eachName(e)+map[bool]string{true: " ALL (", false: " ANY ("}[e.All], e.Args[1:], "", "))")
	case Case:
		p.caseOf(e)
	default:
		panic(fmt.Sprintf("bind: operation %d has no text", e.Op))
	}
}

// eachName is the operator of a Quantified.
func eachName(e *Expr) string {
	switch e.Each {
	case Like:
		return not(e.Negated) + map[bool]string{true: "ILIKE", false: "LIKE"}[e.Fold]
	case Call:
		return e.Function.Name
	default:
		return e.Cmp.String()
	}
}

func not(negated bool) string { return map[bool]string{true: "NOT "}[negated] }

func (p *printer) list(open string, args []*Expr, between, end string) {
	p.WriteString(open)
	for i, a := range args {
		if i > 0 {
			p.WriteString(between)
		}
		p.expr(a)
	}
	p.WriteString(end)
}

func (p *printer) caseOf(e *Expr) {
	p.WriteString("CASE")
	for i, a := range e.Args {
		switch {
		case i%2 == 1:
			p.WriteString(" THEN ")
		case i == len(e.Args)-1:
			p.WriteString(" ELSE ")
		default:
			p.WriteString(" WHEN ")
		}
		p.expr(a)
	}
	p.WriteString(" END")
}

// constant prints a value so that its kind can be seen.
func (p *printer) constant(e *Expr) {
	if e.IsNullConst() {
		p.WriteString("NULL")
		return
	}
	text := string(builtin.AppendValue(nil, e.Value, 0))
	switch kind := e.Type.Kind; {
	case kind.IsNumber():
		p.WriteString(text)
	case kind == schema.Bool:
		p.WriteString(map[string]string{"t": "TRUE", "f": "FALSE"}[text])
	case kind == schema.Text:
		p.WriteString("'" + strings.ReplaceAll(text, "'", "''") + "'")
	default:
		p.WriteString("'" + strings.ReplaceAll(text, "'", "''") + "'::" + e.Type.String())
	}
}

func (p *printer) path(path []int) {
	if path[0] >= len(p.fields) {
		fmt.Fprintf(&p.Builder, "$%d", path[0]+1)
		return
	}
	at := p.fields[path[0]]
	p.WriteString(schema.QuoteName(at.Name))
	for _, i := range path[1:] {
		at = at.Type.Fields[i]
		p.WriteString("." + schema.QuoteName(at.Name))
	}
}
