package spec

import (
	"slices"
	"strconv"
	"strings"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/schema"
)

// sorted returns the numbers of the transforms, each after those that it reads. Transforms in a circle are reported and left out.
func (c *compiler) sorted(list []Transform) []int {
	byName := map[string]int{}
	for i := range list {
		byName[list[i].Name.Value] = i
	}
	const unseen, open, done = 0, 1, 2
	state, out := make([]int, len(list)), make([]int, 0, len(list))
	var visit func(i int) bool
	visit = func(i int) bool {
		switch state[i] {
		case done:
			return true
		case open:
			return false
		}
		state[i] = open
		for _, from := range list[i].From {
			step, _, _ := strings.Cut(from.Value, ".")
			if j, ok := byName[step]; ok && !visit(j) {
				c.add(from.Pos, "%s reads %s, which reads it: transforms form no circles", quoted(list[i].Name), quoted(from))
				c.broken[list[i].Name.Value], c.broken[step] = true, true
				break
			}
		}
		state[i] = done
		out = append(out, i)
		return true
	}
	for i := range list {
		visit(i)
	}
	return out
}

// query makes the nodes of a transform in SQL.
func (c *compiler) query(t *Transform) {
	c.broken[t.Name.Value] = true
	if t.Unnest != nil || t.Filter.Value != "" || len(t.Select) > 0 || len(t.Split) > 0 {
		c.add(t.SQL.Pos, "a transform with sql does nothing else; put unnest, filter, select and split into a transform before or after it")
		return
	}
	if len(t.From) == 0 {
		c.add(t.Name.Pos, "%s needs from: the sources and transforms that the query reads", quoted(t.Name))
		return
	}
	policy := c.policy(t.OnError, c.onError)
	inputs := make([]Input, 0, len(t.From))
	for _, f := range t.From {
		if n := c.input(f); n != nil {
			inputs = append(inputs, Input{Name: f.Value, Node: n})
		}
	}
	switch {
	case len(inputs) < len(t.From):
		return
	case c.catalog.Query == nil:
		c.add(t.SQL.Pos, "there is no SQL here")
		return
	}
	node, err := c.catalog.Query(t.Name.Value, t.SQL.Value, policy, inputs)
	if err != nil {
		mistakes := bind.Mistakes(err)
		for _, m := range mistakes {
			c.expression(t.SQL, m)
		}
		if mistakes == nil {
			c.expression(t.SQL, err)
		}
		return
	}
	c.nodes[t.Name.Value], c.broken[t.Name.Value] = node, false
}

// transform makes the nodes of one transform: unnest, then filter, then select; or a split; or a query.
func (c *compiler) transform(t *Transform) {
	if t.SQL.Value != "" {
		c.query(t)
		return
	}
	before := len(c.mistakes.List)
	policy := c.policy(t.OnError, c.onError)
	node := c.inputs(t.Name, t.From)
	defer func() { c.broken[t.Name.Value] = c.broken[t.Name.Value] || len(c.mistakes.List) > before }()
	if node == nil || c.broken[t.Name.Value] {
		c.broken[t.Name.Value] = true
		return
	}
	if len(t.Split) > 0 {
		if t.Filter.Value != "" || len(t.Select) > 0 || t.Unnest != nil {
			c.add(t.Split[0].Name.Pos, "a transform with split does nothing else; put unnest, filter and select into a transform before or after it")
		}
		c.split(t, node, policy)
		return
	}
	if t.Unnest == nil && t.Filter.Value == "" && len(t.Select) == 0 && len(t.From) == 1 {
		c.add(t.Pos, "transform %s does nothing; it needs unnest, filter, select, split or sql", quoted(t.Name))
		return
	}
	node = c.unnest(t, node, policy)
	node = c.filter(t, node, policy)
	node = c.selectItems(t, node, policy)
	if node == nil {
		c.broken[t.Name.Value] = true
		return
	}
	c.nodes[t.Name.Value] = node
}

func (c *compiler) step(t *Transform, part string, policy logical.OnError) logical.Step {
	return logical.Step{Name: t.Name.Value + "." + part, OnError: policy, Written: true}
}

func (c *compiler) unnest(t *Transform, in logical.Node, policy logical.OnError) logical.Node {
	u := t.Unnest
	if u == nil {
		return in
	}
	as := u.As.Value
	if as != "" {
		if _, err := in.Schema().Find(as); err == nil {
			c.add(u.As.Pos, "unnest: there is already a column %s; choose another name", quoted(u.As))
			return nil
		}
	}
	expr := c.expr(u.Array, in.Schema())
	if expr == nil {
		return nil
	}
	if expr.Type.Kind != schema.Array {
		c.add(u.Array.Pos, "unnest needs an array; %s is %s", quoted(u.Array), expr.Type)
		return nil
	}
	if expr.Op == bind.Column && len(expr.Path) == 1 {
		return logical.NewUnnest(c.step(t, "unnest", policy), in, expr.Path[0], as)
	}
	if as == "" {
		c.add(u.Array.Pos, "unnest of an expression needs a name for the elements: unnest: {item: %s}", u.Array.Shown())
		return nil
	}
	// The array is not a column: it is made one, unnested in its place, under the elements' name.
	items := passAll(in.Schema())
	items = append(items, logical.Item{Name: as, Expr: expr, Text: u.Array.Shown()})
	array := logical.NewProject(c.step(t, "array", policy), in, items)
	return logical.NewUnnest(c.step(t, "unnest", policy), array, len(items)-1, "")
}

// passAll returns items that pass on every column.
func passAll(s *schema.Schema) []logical.Item {
	items := make([]logical.Item, s.Len())
	for i, f := range s.Fields {
		items[i] = logical.Item{Name: f.Name, Text: f.Name, Expr: &bind.Expr{Op: bind.Column, Type: f.Type, Path: []int{i}}}
	}
	return items
}

func (c *compiler) filter(t *Transform, in logical.Node, policy logical.OnError) logical.Node {
	if in == nil || t.Filter.Value == "" {
		return in
	}
	predicate := c.condition(t.Filter, "filter", in.Schema())
	if predicate == nil {
		return in // the columns are known, so what follows can be checked
	}
	return &logical.Filter{
		Step: c.step(t, "filter", policy), Input: in, Predicate: predicate, Text: t.Filter.Shown(), Hidden: t.Filter.Written != "",
	}
}

func (c *compiler) split(t *Transform, in logical.Node, policy logical.OnError) {
	out := &logical.Split{Step: c.step(t, "split", policy), Input: in}
	for i, b := range t.Split {
		if strings.Contains(b.Name.Value, ".") || b.Name.Value == "" {
			c.add(b.Name.Pos, "%s cannot be a branch's name: names have no dots", quoted(b.Name))
		}
		branch := logical.Branch{Name: b.Name.Value, Text: b.Cond.Shown()}
		switch {
		case b.Cond.Value != "":
			branch.Cond = c.condition(b.Cond, "split", in.Schema())
		case i < len(t.Split)-1:
			c.add(b.Name.Pos, "branch %s takes all that is left, so it must be the last", quoted(b.Name))
		}
		out.Branches = append(out.Branches, branch)
		c.nodes[t.Name.Value+"."+b.Name.Value] = &logical.Port{Split: out, Branch: i}
	}
}

// selectItems makes the projection. Columns come in the order of the file.
func (c *compiler) selectItems(t *Transform, in logical.Node, policy logical.OnError) logical.Node {
	if in == nil || len(t.Select) == 0 {
		return in
	}
	var items []logical.Item
	for i := range t.Select {
		made, ok := c.item(&t.Select[i], in.Schema())
		if !ok {
			c.lacks(t.Select[i].Name.Value)
		}
		items = append(items, made...)
	}
	seen := map[string]bool{}
	for _, item := range items {
		if seen[item.Name] {
			c.add(t.Pos, "select of %s has two columns called %q; rename one, or leave it out with except", quoted(t.Name), item.Name)
		}
		seen[item.Name] = true
	}
	return logical.NewProject(c.step(t, "select", policy), in, items)
}

// item makes the columns of one item of select.
func (c *compiler) item(item *Item, in *schema.Schema) ([]logical.Item, bool) {
	if item.Star {
		return c.star(item, in)
	}
	expr := c.expr(item.Expr, in)
	if expr == nil {
		return nil, false
	}
	return []logical.Item{{Name: c.columnName(item, expr, in), Expr: expr, Text: item.Expr.Shown()}}, true
}

// columnName is the name that was written; for a bare column in a list it is the column's declared spelling.
func (c *compiler) columnName(item *Item, expr *bind.Expr, in *schema.Schema) string {
	if item.Name != item.Expr || expr.Op != bind.Column {
		return item.Name.Value
	}
	fields, name := in.Fields, item.Name.Value
	for _, i := range expr.Path {
		name = fields[i].Name
		fields = fields[i].Type.Fields
	}
	return name
}

// star passes on all columns but some, some under other names.
func (c *compiler) star(item *Item, in *schema.Schema) ([]logical.Item, bool) {
	items, ok := passAll(in), true
	drop := map[int]bool{}
	find := func(name Text) int {
		i, err := in.Find(name.Value)
		if err != nil {
			c.add(name.Pos, "%s", unknownName("column", name, in.Names()))
			ok = false
		}
		return i
	}
	for _, name := range item.Except {
		if i := find(name); i >= 0 {
			drop[i] = true
		}
	}
	for _, r := range item.Rename {
		if i := find(r.Old); i >= 0 {
			items[i].Name = r.New.Value
		}
	}
	kept := items[:0:0]
	for i := range items {
		if !drop[i] {
			kept = append(kept, items[i])
		}
	}
	return kept, ok
}

// expr parses and binds an expression over the columns of in; nil after a mistake was reported.
func (c *compiler) expr(t Text, in *schema.Schema) *bind.Expr {
	node, err := parse.Expr(t.Value)
	if err != nil {
		c.expression(t, err)
		return nil
	}
	e, err := bind.Bind(node, bind.FromSchema(in))
	if err != nil {
		c.meaning(t, node, in)
		return nil
	}
	return e
}

// meaning reports every mistake in what an expression means.
func (c *compiler) meaning(t Text, node ast.Node, in *schema.Schema) {
	for _, err := range bind.All(node, bind.FromSchema(in)) {
		c.expression(t, err)
	}
}

func (c *compiler) condition(t Text, what string, in *schema.Schema) *bind.Expr {
	node, err := parse.Expr(t.Value)
	if err != nil {
		c.expression(t, err)
		return nil
	}
	e, err := bind.Condition(node, what, bind.FromSchema(in))
	if err == nil {
		return e
	}
	if _, other := bind.Bind(node, bind.FromSchema(in)); other == nil { // it means something, but is no condition
		c.expression(t, err)
	} else {
		c.meaning(t, node, in)
	}
	return nil
}

// union brings all inputs to the columns of the first, by name.
func (c *compiler) union(where Text, from []Text, nodes []logical.Node) logical.Node {
	first := nodes[0].Schema()
	types := make([]schema.Type, first.Len())
	for i, f := range first.Fields {
		types[i] = f.Type
		for k, n := range nodes[1:] {
			j, err := n.Schema().Find(f.Name)
			if err != nil {
				c.add(from[k+1].Pos, "%s has no column %q, which %s has; a union takes columns by name: add it there with select", quoted(from[k+1]),
					f.Name, quoted(from[0]))
				return nil
			}
			typ, ok := bind.CommonType(types[i], n.Schema().Fields[j].Type)
			if !ok {
				c.add(from[k+1].Pos, "column %q is %s in %s and %s in %s; cast one of them in a select", f.Name, types[i], quoted(from[0]),
					n.Schema().Fields[j].Type, quoted(from[k+1]))
				return nil
			}
			types[i] = typ
		}
	}
	for k, n := range nodes[1:] {
		for _, f := range n.Schema().Fields {
			if _, err := first.Find(f.Name); err != nil {
				c.add(from[k+1].Pos, "%s has a column %q that %s lacks; a union takes columns by name: leave it out there with except", quoted(from[k+1]),
					f.Name, quoted(from[0]))
				return nil
			}
		}
	}
	out := &logical.Union{}
	for k, n := range nodes {
		out.In = append(out.In, c.aligned(where, k, n, first, types))
	}
	return out
}

// aligned returns n with the columns of first in types, as it is if it has them.
func (c *compiler) aligned(where Text, k int, n logical.Node, first *schema.Schema, types []schema.Type) logical.Node {
	items, same := make([]logical.Item, len(types)), n.Schema().Len() == first.Len()
	for i, f := range first.Fields {
		j, _ := n.Schema().Find(f.Name)
		field := n.Schema().Fields[j]
		column := &bind.Expr{Op: bind.Column, Type: field.Type, Path: []int{j}}
		cast, err := bind.Coerce(column, types[i])
		if err != nil {
			cast = column
		}
		items[i] = logical.Item{Name: f.Name, Text: field.Name, Expr: cast}
		same = same && i == j && field.Type.Equal(types[i])
	}
	if same {
		return n
	}
	step := logical.Step{Name: where.Value + ".union" + strconv.Itoa(k+1), OnError: c.onError, Written: true}
	return logical.NewProject(step, n, items)
}

func sortedNames(names []string) []string {
	slices.Sort(names)
	return names
}
