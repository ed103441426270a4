package ast

import "strconv"

// String returns the type as SQL writes it.
func (t *TypeName) String() string {
	p := printer{}
	p.typeName(t)
	return string(p.out)
}

func (p *printer) typeName(t *TypeName) {
	switch t.Kind {
	case NamedType:
		p.typeNames(t.Name)
	case ArrayType:
		p.typeName(t.Elem)
		p.add("[]")
	case RowType:
		p.rowType(t)
	case MapType:
		p.add("map(")
		p.typeName(t.Key)
		p.add(", ")
		p.typeName(t.Elem)
		p.add(")")
	case CharType:
		if t.Mods == nil { // any length: only PostgreSQL's own name says that
			p.add("bpchar")
			return
		}
		p.add("character")
	default:
		p.add(t.Kind.String())
		if t.Interval != AllFields {
			p.add(" " + t.Interval.String())
		}
	}
	p.mods(t.Mods)
}

// typeNames quotes a lone map, which before its modifiers would read as a MAP.
func (p *printer) typeNames(name []Name) {
	if len(name) == 1 && name[0].Text == "map" {
		p.add(`"map"`)
		return
	}
	p.names(name)
}

func (p *printer) rowType(t *TypeName) {
	p.add("row(")
	for i, f := range t.Fields {
		if i > 0 {
			p.add(", ")
		}
		p.add(QuoteName(f.Name.Text) + " ")
		p.typeName(f.Type)
	}
	p.add(")")
}

func (p *printer) mods(mods []int32) {
	if mods == nil {
		return
	}
	p.add("(")
	for i, m := range mods {
		if i > 0 {
			p.add(", ")
		}
		p.add(strconv.Itoa(int(m)))
	}
	p.add(")")
}
