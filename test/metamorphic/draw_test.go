package metamorphic_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// column is a column of a drawn step: its name and, as the source declares it, its type.
type column struct{ name, typ string }

// relation is what a name in a pipeline stands for.
type relation struct {
	name    string
	columns []column
	read    bool
}

// drawing is a random pipeline as it grows.
type drawing struct {
	*rand.Rand
	relations  []*relation
	transforms strings.Builder
	names      int
}

// fresh returns a name that nothing has.
func (d *drawing) fresh(prefix string) string {
	d.names++
	return fmt.Sprintf("%s%d", prefix, d.names)
}

//nolint:gochecknoglobals // immutable table
var sourceColumns = []column{{"a", "BIGINT"}, {"b", "TEXT"}, {"n", "ROW(x BIGINT, y TEXT)"}, {"l", "BIGINT[]"}, {"c", "BIGINT"}}

// draw returns a random pipeline over the files s1.jsonl and s2.jsonl, and the names of its sinks.
func draw(seed uint64) (text string, sinks []string) {
	d := &drawing{Rand: rand.New(rand.NewPCG(seed, 1))}
	sources := 1 + d.IntN(2)
	var b strings.Builder
	fmt.Fprintf(&b, "name: p%d\non_error: drop\nsources:\n", seed)
	for i := range sources {
		name := fmt.Sprintf("s%d", i+1)
		fmt.Fprintf(&b, "  %s:\n    connector: file\n    path: /%s.jsonl\n    schema:\n", name, name)
		for _, c := range sourceColumns {
			fmt.Fprintf(&b, "      %s: %q\n", c.name, c.typ)
		}
		d.relations = append(d.relations, &relation{name: name, columns: sourceColumns})
	}
	b.WriteString("transforms:\n")
	for i := range 1 + d.IntN(6) {
		d.transform(fmt.Sprintf("t%d", i))
	}
	b.WriteString(d.transforms.String())
	b.WriteString("sinks:\n")
	for _, r := range d.relations {
		if r.read && d.IntN(6) > 0 {
			continue
		}
		name := "out-" + strings.ReplaceAll(r.name, ".", "-")
		fmt.Fprintf(&b, "  %s: {connector: file, path: /%s.jsonl, from: %s}\n", name, name, r.name)
		sinks = append(sinks, name)
	}
	return b.String(), sinks
}

// transform adds a step that reads what there is.
func (d *drawing) transform(name string) {
	in := d.relations[d.IntN(len(d.relations))]
	var body string
	out := &relation{name: name, columns: slices.Clone(in.columns)}
	from := in.name
	for _, other := range d.relations {
		if other != in && slices.Equal(other.columns, in.columns) && d.IntN(3) == 0 {
			from = fmt.Sprintf("[%s, %s]", in.name, other.name)
			other.read = true
			break
		}
	}
	in.read = true
	if d.IntN(5) == 0 {
		d.split(name, from, in)
		return
	}
	body += d.unnest(out)
	if d.IntN(2) == 0 {
		body += fmt.Sprintf("    filter: %q\n", d.predicate(out.columns, 2))
	}
	if body == "" || d.IntN(2) == 0 {
		body += d.selection(out)
	}
	fmt.Fprintf(&d.transforms, "  %s:\n    from: %s\n%s", name, from, body)
	d.relations = append(d.relations, out)
}

func (d *drawing) split(name, from string, in *relation) {
	fmt.Fprintf(&d.transforms, "  %s:\n    from: %s\n    split:\n", name, from)
	for k := range 1 + d.IntN(3) {
		fmt.Fprintf(&d.transforms, "      p%d: %q\n", k, d.predicate(in.columns, 1))
		d.relations = append(d.relations, &relation{name: fmt.Sprintf("%s.p%d", name, k), columns: in.columns})
	}
	if d.IntN(2) == 0 {
		d.transforms.WriteString("      rest: else\n")
		d.relations = append(d.relations, &relation{name: name + ".rest", columns: in.columns})
	}
}

// unnest sometimes takes an array of out apart.
func (d *drawing) unnest(out *relation) string {
	i := slices.IndexFunc(out.columns, func(c column) bool { return c.typ == "BIGINT[]" })
	if i < 0 || d.IntN(3) > 0 {
		return ""
	}
	array := out.columns[i].name
	if d.IntN(2) == 0 {
		out.columns[i].typ = "BIGINT"
		return fmt.Sprintf("    unnest: %s\n", array)
	}
	as := d.fresh("e")
	out.columns = append(out.columns, column{as, "BIGINT"})
	return fmt.Sprintf("    unnest: {%s: %s}\n", as, array)
}

// selection draws a select and sets the columns of out.
func (d *drawing) selection(out *relation) string {
	in := out.columns
	out.columns = nil
	var b strings.Builder
	b.WriteString("    select:\n")
	if d.IntN(2) == 0 {
		b.WriteString("      - \"*\"\n")
		drop := d.IntN(len(in))
		if len(in) > 1 && d.IntN(2) == 0 {
			fmt.Fprintf(&b, "      - {except: [%s]}\n", in[drop].name)
		} else {
			drop = -1
		}
		for i, c := range in {
			if i != drop {
				out.columns = append(out.columns, c)
			}
		}
		if k := d.IntN(len(out.columns)); d.IntN(2) == 0 {
			name := d.fresh("r")
			fmt.Fprintf(&b, "      - {rename: {%s: %s}}\n", out.columns[k].name, name)
			out.columns[k].name = name
		}
	} else {
		for range 1 + d.IntN(3) {
			c := in[d.IntN(len(in))]
			name := d.fresh("k")
			fmt.Fprintf(&b, "      - {%s: %s}\n", name, c.name)
			out.columns = append(out.columns, column{name, c.typ})
		}
	}
	for range d.IntN(3) {
		name := d.fresh("v")
		fmt.Fprintf(&b, "      - {%s: %q}\n", name, d.number(in, 2))
		out.columns = append(out.columns, column{name, "BIGINT"})
	}
	return b.String()
}

// of returns an expression of the given type over one of columns, or other if there is none.
func (d *drawing) of(columns []column, typ, other string) string {
	var found []string
	for _, c := range columns {
		switch {
		case c.typ == typ:
			found = append(found, c.name)
		case strings.HasPrefix(c.typ, "ROW") && typ == "BIGINT":
			found = append(found, "("+c.name+").x")
		case strings.HasPrefix(c.typ, "ROW") && typ == "TEXT":
			found = append(found, "("+c.name+").y")
		}
	}
	if len(found) == 0 {
		return other
	}
	return found[d.IntN(len(found))]
}

func (d *drawing) number(columns []column, depth int) string {
	if depth == 0 || d.IntN(4) == 0 {
		if d.IntN(3) == 0 {
			return fmt.Sprint(d.IntN(6))
		}
		return d.of(columns, "BIGINT", "3::bigint")
	}
	x, y := d.number(columns, depth-1), d.number(columns, depth-1)
	switch d.IntN(5) {
	case 0:
		return fmt.Sprintf("(%s + %s)", x, y)
	case 1:
		return fmt.Sprintf("(%s / %s)", x, y)
	case 2:
		return fmt.Sprintf("CASE WHEN %s THEN %s ELSE %s END", d.predicate(columns, depth-1), x, y)
	case 3:
		return fmt.Sprintf("coalesce(%s, %s)", x, y)
	default:
		return fmt.Sprintf("(%s * %s)", x, y)
	}
}

func (d *drawing) predicate(columns []column, depth int) string {
	if depth > 0 && d.IntN(2) == 0 {
		x, y := d.predicate(columns, depth-1), d.predicate(columns, depth-1)
		return fmt.Sprintf([]string{"(%s AND %s)", "(%s OR %s)", "%s AND NOT (%s)"}[d.IntN(3)], x, y)
	}
	comparison := []string{"=", "<>", "<", "<=", ">", ">="}[d.IntN(6)]
	switch d.IntN(8) {
	case 0:
		return fmt.Sprintf("%s %s 'x%d'", d.of(columns, "TEXT", "'x1'"), comparison, d.IntN(4))
	case 1:
		return d.of(columns, "TEXT", "'x1'") + " IS NULL"
	case 2:
		return fmt.Sprintf("%d %s %s", d.IntN(6), comparison, d.of(columns, "BIGINT", "2"))
	case 3:
		return d.of(columns, "BIGINT", "2") + " IN (1, 2, NULL)"
	case 4:
		return d.of(columns, "BIGINT", "2") + " BETWEEN 1 AND 3"
	case 5:
		return fmt.Sprintf("%s %s %s", d.number(columns, 1), comparison, d.number(columns, 1))
	default:
		return fmt.Sprintf("%s %s %d", d.of(columns, "BIGINT", "2"), comparison, d.IntN(6))
	}
}

// lines returns n rows of the source as the format json writes them.
func lines(seed uint64, n int) string {
	r := rand.New(rand.NewPCG(seed, 2))
	number := func() string {
		if r.IntN(6) == 0 {
			return "null"
		}
		return fmt.Sprint(r.IntN(7) - 1)
	}
	word := func() string {
		if r.IntN(6) == 0 {
			return "null"
		}
		return fmt.Sprintf(`"x%d"`, r.IntN(5))
	}
	var b strings.Builder
	for range n {
		row := fmt.Sprintf(`{"x":%s,"y":%s}`, number(), word())
		if r.IntN(6) == 0 {
			row = "null"
		}
		list := make([]string, r.IntN(4))
		for i := range list {
			list[i] = number()
		}
		array := "[" + strings.Join(list, ",") + "]"
		if r.IntN(6) == 0 {
			array = "null"
		}
		fmt.Fprintf(&b, `{"a":%s,"b":%s,"n":%s,"l":%s,"c":%s}`+"\n", number(), word(), row, array, number())
	}
	return b.String()
}
