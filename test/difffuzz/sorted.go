package difffuzz

import (
	"math/rand/v2"
	"slices"
)

// Of so many queries of a universe one joins what comes in the order of its keys: sortedAt counts from 0.
const (
	sortedEvery = 40
	sortedAt    = 38
)

// sorted draws a join of tables that are both sorted by what they are joined by. It has numbers of its own: the other queries do not depend on it.
func sorted(u *Universe) Query {
	g := &generator{r: rand.New(rand.NewPCG(u.Seed, 16)), tables: u.Tables, uses: map[string]bool{}} //nolint:gosec // replayed by its seed
	g.use("join in order")
	kind := pick(g, "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "EXISTS", "NOT EXISTS")
	g.use(kind)
	l, r := pick(g, g.tables...), pick(g, g.tables...)
	x, y := g.name("x"), g.name("x")
	cols := [2][]column{tableColumns(x, l), tableColumns(y, r)}
	var left, right, on []*Node
	for _, key := range g.commonKeys(l, r) {
		direction := pick(g, "", " DESC", " NULLS FIRST")
		left, right = append(left, join(key[0], direction)), append(right, join(key[1], direction))
		on = append(on, join(x, ".", key[0], " = ", y, ".", key[1]))
	}
	both := &scope{cols: slices.Concat(cols[0], cols[1])}
	if kind != "FULL JOIN" && g.chance(30) {
		g.use("join with residual")
		on = append(on, g.condition(both, 0))
	}
	from := join(inOrder(l, left), x)
	other := join(inOrder(r, right), y)
	condition := list(" AND ", len(left), on...)
	shown := both.cols
	var rest *Node
	if kind == "EXISTS" || kind == "NOT EXISTS" {
		shown = cols[0]
		rest = join(" WHERE ", kind, " (SELECT FROM ", other, " WHERE ", condition, ")")
	} else {
		rest = join(" ", kind, " ", other, " ON ", condition)
	}
	var items []*Node
	for _, c := range shown {
		items = append(items, &Node{text: c.ref})
	}
	q := Query{Root: join("SELECT ", list(", ", 1, items...), " FROM ", from, rest)}
	for name := range g.uses {
		q.Uses = append(q.Uses, name)
	}
	slices.Sort(q.Uses)
	return q
}

// tableColumns are the columns of a table under another name.
func tableColumns(alias string, t Table) (cols []column) {
	for _, f := range t.Columns {
		cols = append(cols, column{ref: alias + "." + f.Name, typ: base(f.Type), small: f.small, values: f.domain})
	}
	return cols
}

// commonKeys draws one or two pairs of columns of one type.
func (g *generator) commonKeys(l, r Table) [][2]string {
	var pairs [][2]string
	for _, a := range l.Columns {
		for _, b := range r.Columns {
			if a.Type == b.Type {
				pairs = append(pairs, [2]string{a.Name, b.Name})
			}
		}
	}
	g.r.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	if len(pairs) > 1 && g.chance(20) && pairs[0][0] != pairs[1][0] && pairs[0][1] != pairs[1][1] {
		g.use("two keys")
		return pairs[:2]
	}
	return pairs[:1]
}

// inOrder is a table sorted by keys: LIMIT has the order stay.
func inOrder(t Table, keys []*Node) *Node {
	return join("(SELECT * FROM ", t.Name, " ORDER BY ", list(", ", len(keys), keys...), " LIMIT 1000) ")
}
