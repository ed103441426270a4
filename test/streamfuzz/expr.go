package streamfuzz

import (
	"wire.example/wire/test/difffuzz"
)

// column is a column of a type, or a constant if there is none.
func (g *generator) column(typ string, cols []column) string {
	var of []string
	for _, c := range cols {
		if c.typ == typ {
			of = append(of, c.ref)
		}
	}
	if len(of) == 0 {
		return g.literal(typ)
	}
	return pick(g, of...)
}

func (g *generator) literal(typ string) string {
	switch typ {
	case integer:
		return pick(g, "0", "1", "2", "7") + "::bigint"
	case text:
		return pick(g, "'a'", "'b'", "'x'") + "::text"
	case decimal:
		return pick(g, "0.5", "3.25", "10") + "::numeric"
	case boolean:
		return pick(g, "true", "false")
	default:
		return pick(g, "'2020-03-01 00:00:05'", "'2020-02-29 23:59:58'") + "::timestamp"
	}
}

// expr draws an expression of a type.
func (g *generator) expr(typ string, cols []column, depth int) *difffuzz.Node {
	return g.draw(typ, cols, depth).In("expr "+typ, "NULL::"+typ)
}

func (g *generator) draw(typ string, cols []column, depth int) *difffuzz.Node {
	if depth <= 0 || g.chance(50) {
		if g.chance(85) {
			return difffuzz.Text(g.column(typ, cols))
		}
		return difffuzz.Text(g.literal(typ))
	}
	e := func(t string) *difffuzz.Node { return g.expr(t, cols, depth-1) }
	switch g.r.IntN(4) {
	case 0:
		g.use("coalesce")
		return difffuzz.Text("coalesce(", e(typ), ", ", e(typ), ")")
	case 1:
		g.use("case")
		return difffuzz.Text("CASE WHEN ", g.condition(cols, depth-1), " THEN ", e(typ), " ELSE ", e(typ), " END")
	}
	switch typ {
	case integer:
		return pick(g, difffuzz.Text("(", e(integer), " + ", e(integer), ")"), difffuzz.Text("mod(", e(integer), ", 3)"), difffuzz.Text("length(", e(text), ")::bigint"))
	case text:
		return pick(g, difffuzz.Text("upper(", e(text), ")"), difffuzz.Text("(", e(text), " || ", e(text), ")"))
	case decimal:
		return difffuzz.Text("(", e(decimal), " + ", e(decimal), ")")
	case boolean:
		return difffuzz.Text("(", g.condition(cols, depth-1), ")")
	default:
		return difffuzz.Text("(", e(typ), " + INTERVAL '1 minute')")
	}
}

// condition draws a boolean.
func (g *generator) condition(cols []column, depth int) *difffuzz.Node {
	return g.drawCondition(cols, depth).In("condition", "true")
}

func (g *generator) drawCondition(cols []column, depth int) *difffuzz.Node {
	typ := pick(g, integer, text, pick(g, cols...).typ)
	e := func() *difffuzz.Node { return g.expr(typ, cols, depth-1) }
	switch g.r.IntN(7) {
	case 0:
		if depth > 0 {
			return difffuzz.Text("(", difffuzz.List(pick(g, " AND ", " OR "), 1, g.condition(cols, depth-1), g.condition(cols, depth-1)), ")")
		}
	case 1:
		if depth > 0 {
			return difffuzz.Text("NOT ", difffuzz.Text("(", g.condition(cols, depth-1), ")"))
		}
	case 2:
		return difffuzz.Text(e(), pick(g, " IS NULL", " IS NOT NULL"))
	case 3:
		return difffuzz.Text(e(), pick(g, " IS DISTINCT FROM ", " IS NOT DISTINCT FROM "), g.literal(typ))
	}
	with := pick(g, difffuzz.Text(g.literal(typ)), e())
	if typ == moment {
		with = difffuzz.Text(g.literal(typ))
	}
	return difffuzz.Text(e(), pick(g, " = ", " <> ", " < ", " >= "), with)
}

// aggregate draws an aggregate, and says what it gives.
func (g *generator) aggregate(cols []column) (*difffuzz.Node, string) {
	n, t := g.call(cols)
	rounded := t == average
	if rounded {
		t = decimal
	}
	if g.chance(20) {
		g.use("filter")
		n = difffuzz.Text(n, difffuzz.Optional(" FILTER (WHERE ", g.condition(cols, 1), ")"))
	}
	if rounded {
		n = difffuzz.Text("round(", n, ", 4)")
	}
	return n, t
}

// average is the type of a call whose digits are rounded.
const average = "average"

func (g *generator) call(cols []column) (*difffuzz.Node, string) {
	typ := pick(g, integer, integer, text, decimal, moment, pick(g, cols...).typ)
	x := g.expr(typ, cols, 1)
	use := func(name string) { g.use("agg " + name) }
	switch g.r.IntN(9) {
	case 0:
		use("count *")
		return difffuzz.Text("count(*)"), integer
	case 1:
		use("count")
		return difffuzz.Text("count(", x, ")"), integer
	case 2:
		use("count distinct")
		return difffuzz.Text("count(", difffuzz.Optional("DISTINCT "), x, ")"), integer
	case 3, 4:
		if typ == boolean {
			break
		}
		name := pick(g, "min", "max")
		use(name)
		return difffuzz.Text(name+"(", x, ")"), typ
	case 5:
		use("sum")
		t := pick(g, integer, decimal)
		return difffuzz.Text("sum(", pick(g, nil, difffuzz.Optional("DISTINCT ")), g.expr(t, cols, 1), ")"), decimal
	case 6:
		use("avg")
		return difffuzz.Text("avg(", g.expr(pick(g, integer, decimal), cols, 1), ")"), average
	case 7:
		use("percentile")
		return difffuzz.Text("percentile_disc("+pick(g, "0", "0.5", "1")+") WITHIN GROUP (ORDER BY ", g.expr(integer, cols, 1), ")"), integer
	}
	use("bool")
	return difffuzz.Text(pick(g, "bool_and", "bool_or")+"(", g.expr(boolean, cols, 1), ")"), boolean
}
