package difffuzz

import (
	"fmt"
	"slices"
	"strings"
)

// column is what an expression may name.
type column struct {
	ref, typ string
	small    bool
	// values are literals that it holds, of a table's column; nil: they are not known.
	values []string
}

// scope is what an expression sees.
type scope struct {
	cols  []column
	outer *scope
	// grouped is what aggregate functions see; nil: there are none.
	grouped *scope
	// windows says that window functions may be called; they order by total.
	windows bool
	total   []column
	// ordered says that a call has taken an order of its own: among equal rows, another call's order need not be the same.
	ordered *bool
	inOver  bool // within a window function or an aggregate
	called  bool // an aggregate function is called over it
}

// types that expressions are drawn of, with the frequent ones repeated.
func types() []string {
	return []string{
		"int4", "int4", "int4", "int4", "int8", "int8", "int2", "text", "text", "text", "bool", "float8", "float4", "numeric", "numeric",
		"date", "timestamp", "timestamptz", "time", "interval", "uuid", "jsonb", "int4[]", "text[]",
	}
}

// anyType is a type, more often one that the scope has columns of.
func (g *generator) anyType(s *scope) string {
	if s != nil && len(s.cols) > 0 && g.chance(75) {
		return pick(g, s.cols...).typ
	}
	return pick(g, types()...)
}

func ordinary(t string) []string {
	for _, k := range kinds() {
		if k.name == t || t == "numeric" && k.name == "numeric(8,2)" {
			return k.values
		}
	}
	panic("no type " + t)
}

func isInt(t string) bool    { return t == "int2" || t == "int4" || t == "int8" }
func isNumber(t string) bool { return isInt(t) || t == "numeric" || t == "float4" || t == "float8" }

// hasMin reports whether PostgreSQL 15 has min and max of the type.
func hasMin(t string) bool { return t != "bool" && t != "uuid" && t != "jsonb" }

func (g *generator) literal(t string) *Node { return written(t, pick(g, ordinary(t)...)) }

// written is a value of a type as expressions write it.
func written(t, v string) *Node {
	switch {
	case t == "bool":
		return &Node{text: v}
	case t == "int4" && v[0] != '-':
		return &Node{text: v}
	case v[0] == '\'':
		return &Node{text: v + "::" + t}
	default:
		return &Node{text: "'" + v + "'::" + t}
	}
}

// expr draws an expression of a type. Of a small one the values may be added and multiplied without overflow, and floats without rounding.
func (g *generator) expr(t string, s *scope, small bool, depth int) *Node {
	return g.draw(t, s, small, depth).in("expr "+t, "NULL::"+t)
}

func (g *generator) draw(t string, s *scope, small bool, depth int) *Node {
	if s.grouped != nil && !s.inOver && !small && g.chance(50) {
		if n := g.aggregate(t, s.grouped, depth); n != nil {
			return n
		}
	}
	if s.windows && !s.inOver && !small && g.chance(55) {
		if n := g.window(t, s); n != nil {
			return n
		}
	}
	if depth <= 0 || g.chance(45) {
		if n := g.column(t, s, small); n != nil && !g.chance(5) {
			return n
		}
		if depth <= 0 {
			if g.chance(5) {
				return &Node{text: "NULL::" + t}
			}
			return g.literal(t)
		}
	}
	for range 4 {
		if n := g.general(t, s, small, depth); n != nil {
			return n
		}
	}
	if t == "bool" {
		return g.condition(s, depth)
	}
	return g.literal(t)
}

// column names a column of the type; nil: there is none.
func (g *generator) column(t string, s *scope, small bool) *Node {
	var here, outside []column
	for at := s; at != nil; at = at.outer {
		for _, c := range at.cols {
			if c.typ != t || small && !c.small {
				continue
			}
			if at == s {
				here = append(here, c)
			} else {
				outside = append(outside, c)
			}
		}
	}
	if len(outside) > 0 && (len(here) == 0 || g.chance(25)) {
		g.use("correlated column")
		return &Node{text: pick(g, outside...).ref}
	}
	if len(here) == 0 {
		return nil
	}
	return &Node{text: pick(g, here...).ref}
}

// general draws expressions that any type has, or those of the type alone.
func (g *generator) general(t string, s *scope, small bool, depth int) *Node {
	e := func(t string) *Node { return g.expr(t, s, small, depth-1) }
	switch g.r.IntN(11) {
	case 0:
		g.use("coalesce")
		return join("coalesce(", list(", ", 1, e(t), g.expr(t, s, small, 0)), ")")
	case 1:
		g.use("case")
		return join("CASE", list("", 1, join(" WHEN ", g.condition(s, depth-1), " THEN ", e(t)), join(" WHEN ", g.condition(s, depth-1), " THEN ", g.expr(t, s, small, 0))),
			optional(" ELSE ", e(t)), " END")
	case 2:
		g.use("nullif")
		return join("nullif(", e(t), ", ", g.expr(t, s, small, 0), ")")
	case 3:
		if t == "jsonb" {
			return nil
		}
		g.use("greatest/least")
		return join(pick(g, "greatest(", "least("), list(", ", 1, e(t), e(t)), ")")
	case 4, 5:
		if small || s.inOver || depth < 1 || s.grouped != nil {
			return nil
		}
		return g.scalarSubquery(t, s, depth-1)
	case 6:
		g.use("simple case")
		o := g.anyType(s)
		return join("CASE ", g.expr(o, s, false, 0), list("", 1, join(" WHEN ", g.literal(o), " THEN ", e(t))), optional(" ELSE ", e(t)), " END")
	}
	return g.special(t, s, small, min(depth-1, 1))
}

// special draws expressions that the type has.
func (g *generator) special(t string, s *scope, small bool, depth int) *Node {
	tiny := func(t string) *Node { return g.expr(t, s, true, depth) }
	e := func(t string) *Node { return g.expr(t, s, false, depth) }
	switch {
	case t == "bool":
		return g.condition(s, depth)
	case isInt(t) && g.chance(20):
		g.use("length")
		if t != "int4" || small {
			return nil
		}
		return join(pick(g, "length(", "ascii("), e("text"), ")")
	case isNumber(t) && !small && t != "float4" && t != "float8" && g.chance(30):
		g.use("guarded division")
		d := tiny(t)
		if g.chance(50) {
			return join("(", tiny(t), pick(g, " / ", " % "), "nullif(", d, ", 0::"+t+"))")
		}
		return join("CASE WHEN ", d, " <> 0::"+t+" THEN ", tiny(t), pick(g, " / ", " % "), d, " END")
	case isNumber(t) && t != "float4":
		g.use("arithmetic")
		if g.chance(20) && (isInt(t) || t == "numeric") {
			return join("abs(", tiny(t), ")")
		}
		return join("(", tiny(t), pick(g, " + ", " - ", " * "), tiny(t), ")")
	case t == "text":
		return g.textExpr(s, depth)
	case t == "date":
		g.use("date arithmetic")
		return join("(", g.literal("date"), " + ", tiny("int4"), ")")
	case t == "timestamp":
		g.use("date arithmetic")
		return join("(", g.literal("timestamp"), pick(g, " + ", " - "), g.literal("interval"), ")")
	case t == "interval":
		return join("(", g.literal("interval"), " * ", tiny("int4"), ")")
	case t == "int4[]", t == "text[]":
		g.use("array")
		o := t[:4]
		if g.chance(50) {
			return join("(", e(t), " || ", e(t), ")")
		}
		// Arrays of VARCHAR are not comparable with those of TEXT in PostgreSQL.
		return join("ARRAY[", list(", ", 1, join("(", e(o), ")::"+o), join("(", e(o), ")::"+o)), "]")
	case t == "jsonb":
		g.use("jsonb")
		if g.chance(50) {
			return join("to_jsonb(", e(pick(g, "int4", "text", "bool")), ")")
		}
		return join("(", e("jsonb"), " -> ", pick(g, "'a'", "'b'", "0"), ")")
	}
	return nil
}

func (g *generator) textExpr(s *scope, depth int) *Node {
	e := func(t string) *Node { return g.expr(t, s, false, depth) }
	g.use("text function")
	switch g.r.IntN(6) {
	case 0:
		return join("(", e("text"), " || ", e("text"), ")")
	case 1:
		return join(pick(g, "upper(", "lower(", "trim("), e("text"), ")")
	case 2:
		return join("substr(", e("text"), ", ", pick(g, "1", "2", "0"), ", ", pick(g, "1", "2", "3"), ")")
	case 3:
		return join("(", e("jsonb"), " ->> ", pick(g, "'a'", "'b'", "0"), ")")
	default:
		return join("(", e(pick(g, "int4", "int8", "bool", "date", "uuid", "numeric", "timestamp")), ")::text")
	}
}

func (g *generator) comparison() string { return pick(g, "=", "=", "=", "<>", "<", "<=", ">", ">=") }

// condition draws a boolean expression.
func (g *generator) condition(s *scope, depth int) *Node {
	if g.chance(30) {
		if n := g.meets(s); n != nil {
			return n.in("expr bool", "true")
		}
	}
	return g.drawCondition(s, depth).in("expr bool", "true")
}

func (g *generator) drawCondition(s *scope, depth int) *Node {
	t := g.anyType(s)
	before := ""
	e := func() *Node {
		n := g.expr(t, s, false, min(depth-1, 1))
		if text := n.String(); text == before {
			n = g.literal(t)
		} else {
			before = text
		}
		return n
	}
	subqueries := depth > 0 && !s.inOver && s.grouped == nil
	switch g.r.IntN(20) {
	case 0, 1, 2:
		if depth > 0 {
			g.use("and/or")
			return join("(", list(pick(g, " AND ", " OR "), 1, g.condition(s, depth-1), g.condition(s, depth-1)), ")")
		}
	case 3:
		if depth > 0 {
			g.use("not")
			return join("(", optional("NOT "), g.condition(s, depth-1), ")")
		}
	case 4:
		g.use("is null")
		return join("(", e(), pick(g, " IS NULL", " IS NOT NULL"), ")")
	case 5:
		g.use("is distinct")
		return join("(", e(), pick(g, " IS DISTINCT FROM ", " IS NOT DISTINCT FROM "), e(), ")")
	case 6:
		g.use("between")
		return join("(", e(), pick(g, " BETWEEN ", " NOT BETWEEN ", " BETWEEN SYMMETRIC "), e(), " AND ", e(), ")")
	case 7:
		g.use("in list")
		return join("(", e(), pick(g, " IN (", " NOT IN ("), list(", ", 1, g.literal(t), e(), g.literal(t)), "))")
	case 8:
		g.use("like")
		return join("(", g.expr("text", s, false, 0), pick(g, " LIKE ", " NOT LIKE ", " ILIKE "), pick(g, "'a%'", "'%b'", "'_'", "'%'", "'a!_%' ESCAPE '!'"), ")")
	case 9:
		g.use("is true")
		return join("(", g.condition(s, depth-1), pick(g, " IS TRUE", " IS NOT TRUE", " IS FALSE", " IS UNKNOWN", " IS NOT UNKNOWN"), ")")
	case 10:
		if n := g.column("bool", s, false); n != nil {
			return n
		}
	case 11:
		if t == "int4" || t == "text" {
			g.use("any/all array")
			return join("(", e(), " ", g.comparison(), pick(g, " ANY (", " ALL ("), g.expr(t+"[]", s, false, 0), "))")
		}
	case 12:
		g.use("row comparison")
		o := g.anyType(s)
		return join("((", e(), ", ", g.expr(o, s, false, 0), ") ", g.comparison(), " (", e(), ", ", g.expr(o, s, false, 0), "))")
	case 13, 14:
		if subqueries {
			g.use("exists")
			return join("(", optional("NOT "), "EXISTS (", g.query([]string{g.anyType(nil)}, s, depth-1, false), "))")
		}
	case 15, 16:
		if subqueries {
			g.use("in subquery")
			return join("(", e(), pick(g, " IN (", " IN (", " NOT IN ("), g.query([]string{t}, s, depth-1, false), "))")
		}
	case 17:
		if subqueries {
			g.use("any/all subquery")
			return join("(", e(), " ", g.comparison(), pick(g, " ANY (", " ALL ("), g.query([]string{t}, s, depth-1, false), "))")
		}
	}
	g.use("comparison")
	return join("(", e(), " ", g.comparison(), " ", e(), ")")
}

// meets draws a condition on a column that some of its values meet; nil: there is no such column.
func (g *generator) meets(s *scope) *Node {
	known := slices.DeleteFunc(slices.Clone(s.cols), func(c column) bool { return len(c.values) == 0 })
	if len(known) == 0 {
		return nil
	}
	g.use("a column's value")
	c := pick(g, known...)
	value := func() *Node { return written(c.typ, pick(g, c.values...)) }
	switch g.r.IntN(8) {
	case 0:
		return join("(", c.ref, " IN (", list(", ", 1, value(), value(), g.literal(c.typ)), "))")
	case 1:
		return join("(", c.ref, " BETWEEN SYMMETRIC ", value(), " AND ", value(), ")")
	case 2:
		return join("(", c.ref, " IS DISTINCT FROM ", value(), ")")
	case 3:
		return join("(", c.ref, " IS NOT NULL)")
	}
	return join("(", c.ref, " ", pick(g, "=", "<>", "<=", ">=", "<=", ">="), " ", value(), ")")
}

// scalarSubquery draws a subquery of one row at most.
func (g *generator) scalarSubquery(t string, s *scope, depth int) *Node {
	if g.chance(60) {
		g.use("scalar subquery: aggregate")
		return join("(", g.selection([]string{t}, s, depth, selectAll), ")")
	}
	g.use("scalar subquery: limit")
	return join("(", g.query([]string{t}, s, depth, false), " ORDER BY 1 LIMIT 1)")
}

// aggregate draws a call of an aggregate function over s; nil: there is none of the type.
func (g *generator) aggregate(t string, s *scope, depth int) *Node {
	switch {
	case t == "int4" && g.chance(60):
		at := *s
		at.inOver, at.outer, s.called = true, nil, true
		return join("count(", g.expr(g.anyType(s), &at, false, 0), ")::int4")
	case t == "bool" && g.chance(50):
		return join("(", g.aggregate("int8", s, depth), " > ", pick(g, "0", "1", "2"), ")")
	}
	at := *s
	at.inOver, at.outer = true, nil // an aggregate of columns of an outer query alone would be the outer query's
	filter := (*Node)(nil)
	if g.chance(20) {
		g.use("filter")
		filter = optional(" FILTER (WHERE ", g.condition(&at, 0), ")")
	}
	call := g.call(t, &at, min(depth-1, 1))
	if call == nil {
		return nil
	}
	s.called = true
	return join(call, filter)
}

func (g *generator) call(t string, s *scope, depth int) *Node {
	e := func(t string) *Node { return g.expr(t, s, false, depth) }
	tiny := func(t string) *Node { return g.expr(t, s, true, depth) }
	distinct := func() *Node {
		if g.chance(25) {
			g.use("aggregate distinct")
			return optional("DISTINCT ")
		}
		return nil
	}
	if hasMin(t) && g.chance(45) {
		g.use("min/max")
		return join(pick(g, "min(", "max("), e(t), ")")
	}
	switch t {
	case "int8":
		switch g.r.IntN(4) {
		case 0:
			g.use("count(*)")
			return join("count(*)")
		case 1, 2:
			g.use("count")
			return join("count(", distinct(), e(g.anyType(s)), ")")
		}
		g.use("sum")
		return join("sum(", distinct(), e(pick(g, "int2", "int4")), ")")
	case "int4":
		g.use("bit_and/bit_or")
		return join(pick(g, "bit_and(", "bit_or("), e(t), ")")
	case "numeric":
		g.use("sum/avg")
		return join(pick(g, "sum(", "avg("), distinct(), tiny(pick(g, "int8", "numeric", "int8")), ")")
	case "float8":
		g.use("sum/avg")
		return join(pick(g, "sum(", "avg("), distinct(), tiny("float8"), ")")
	case "bool":
		g.use("bool_and/bool_or")
		return join(pick(g, "bool_and(", "bool_or(", "every("), e("bool"), ")")
	case "text":
		g.use("string_agg")
		x := e("text")
		if g.chance(25) {
			return join("string_agg(DISTINCT ", x, ", ',' ORDER BY ", x, ")")
		}
		return join("string_agg(", x, ", ',' ORDER BY ", x, g.direction(), ")")
	case "int4[]", "text[]":
		g.use("array_agg")
		x := join("(", e(t[:4]), ")::"+t[:4])
		return join("array_agg(", distinct(), x, " ORDER BY ", x, g.direction(), ")")
	case "jsonb":
		g.use("jsonb_agg")
		x := e(pick(g, "int4", "text", "bool"))
		return join("jsonb_agg(", x, " ORDER BY ", x, g.direction(), ")")
	}
	return nil
}

func (g *generator) direction() *Node {
	return optional(pick(g, "", " DESC", " ASC", " NULLS FIRST", " DESC NULLS LAST"))
}

// window draws a call with OVER; nil: there is none of the type.
func (g *generator) window(t string, s *scope) *Node {
	at := *s
	at.inOver = true
	var partition *Node
	if g.chance(60) {
		g.use("partition by")
		partition = optional("PARTITION BY ", list(", ", 1, g.expr(g.anyType(s), &at, false, 0)), " ")
	}
	total := g.total(s)
	over := func(order, frame *Node) *Node { return join(" OVER (", partition, order, frame, ")") }
	if g.chance(40) {
		if call := g.call(t, &at, 0); call != nil && !hasOrder(call) {
			g.use("window aggregate")
			order, frame := g.frame(s, total)
			return join(call, over(order, frame))
		}
	}
	value := func() *Node { return g.expr(t, &at, false, 0) }
	which := g.r.IntN(4)
	if *s.ordered {
		which = 2
	}
	switch which {
	case 0:
		*s.ordered = true
		g.use("lag/lead")
		return join(pick(g, "lag(", "lead("), value(), optional(", ", pick(g, "1", "2", "0", "-1"), optional(", ", value())), ")", over(total, nil))
	case 1:
		*s.ordered = true
		g.use("first/last/nth_value")
		call := join(pick(g, "first_value(", "last_value("), value(), ")")
		if g.chance(30) {
			call = join("nth_value(", value(), ", ", pick(g, "1", "2", "3"), ")")
		}
		return join(call, over(total, g.rowsFrame()))
	}
	peers := join("ORDER BY ", list(", ", 1, join(g.expr(g.anyType(s), &at, false, 0), g.direction())))
	switch t {
	case "int8":
		if g.chance(60) && !*s.ordered {
			*s.ordered = true
			g.use("row_number")
			return join("row_number()", over(total, nil))
		}
		g.use("rank")
		return join(pick(g, "rank()", "dense_rank()"), over(peers, nil))
	case "int4":
		if *s.ordered {
			return nil
		}
		*s.ordered = true
		g.use("ntile")
		return join("ntile(", pick(g, "1", "2", "3", "7"), ")", over(total, nil))
	case "float8":
		g.use("percent_rank/cume_dist")
		return join(pick(g, "percent_rank()", "cume_dist()"), over(peers, nil))
	}
	return nil
}

// hasOrder reports whether an aggregate is one that window functions cannot be: DISTINCT and ORDER BY.
func hasOrder(n *Node) bool {
	text := n.String()
	return strings.Contains(text, "(DISTINCT ") || strings.Contains(text, "ORDER BY ")
}

// total orders by all columns: rows of one place are equal.
func (g *generator) total(s *scope) *Node {
	cols := slices.Clone(s.total)
	g.r.Shuffle(len(cols), func(i, j int) { cols[i], cols[j] = cols[j], cols[i] })
	var keys []*Node
	for _, c := range cols {
		keys = append(keys, join(c.ref, g.direction()))
	}
	if len(keys) == 0 {
		return nil
	}
	return join("ORDER BY ", list(", ", len(keys), keys...))
}

func (g *generator) bounds(values ...string) string {
	v := func() string { return pick(g, values...) }
	return pick(g, "BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW", "BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
		"BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", "BETWEEN "+v()+" PRECEDING AND CURRENT ROW", "BETWEEN "+v()+" PRECEDING AND "+v()+" FOLLOWING",
		"BETWEEN "+v()+" FOLLOWING AND "+v()+" FOLLOWING", "BETWEEN "+v()+" PRECEDING AND "+v()+" PRECEDING", v()+" PRECEDING")
}

func (g *generator) exclusion() *Node {
	if !g.chance(25) {
		return nil
	}
	g.use("exclude")
	return optional(pick(g, " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES", " EXCLUDE NO OTHERS"))
}

// rowsFrame is a frame for an order that decides every place.
func (g *generator) rowsFrame() *Node {
	if g.chance(30) {
		return nil
	}
	g.use("rows frame")
	return optional(pick(g, " ROWS ", " ROWS ", " GROUPS "), g.bounds("0", "1", "2"), g.exclusion())
}

// frame is an order and a frame for functions that take the rows of a frame in any order.
func (g *generator) frame(s *scope, total *Node) (order, frame *Node) {
	if g.chance(40) && !*s.ordered {
		*s.ordered = true
		return total, g.rowsFrame()
	}
	at := *s
	at.inOver = true
	t := pick(g, "int4", "int8", "numeric", "date", "timestamp")
	c := g.column(t, &scope{cols: at.cols}, true)
	if c == nil || g.chance(40) {
		return optional("ORDER BY ", list(", ", 1, g.expr(g.anyType(s), &at, false, 0))), nil
	}
	order = join("ORDER BY ", c, g.direction())
	if g.chance(30) {
		g.use("groups frame")
		return order, optional(" GROUPS ", g.bounds("0", "1", "2"), g.exclusion())
	}
	g.use("range frame")
	if t == "date" || t == "timestamp" {
		return order, optional(" RANGE ", g.bounds("'1 day'::interval", "'1 mon'::interval", "'0'::interval"), g.exclusion())
	}
	return order, optional(" RANGE ", g.bounds("0", "1", "2"), g.exclusion())
}

func number(i int) string { return fmt.Sprint(i) }
