package optimize

import (
	"math"
	"math/bits"
	"slices"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
)

// mostOrdered is how many inputs of inner joins are put into the best order by trying all; more are put into order one after the other.
const mostOrdered = 10

// OrderJoins joins the inputs of inner joins in the order in which the fewest rows are made on the way. Without statistics to tell better the
// written order stays.
func OrderJoins(p *logical.Plan) {
	o := &orderer{readers: readers(p), done: map[logical.Node]logical.Node{}, estimates: NewEstimates()}
	for _, s := range p.Sinks {
		s.Input = o.node(s.Input)
	}
}

type orderer struct {
	readers   map[logical.Node]int
	done      map[logical.Node]logical.Node
	estimates *Estimates
}

func (o *orderer) node(n logical.Node) logical.Node {
	if out, ok := o.done[n]; ok {
		return out
	}
	var out logical.Node
	if g := o.group(n); g != nil {
		out = g.best()
	} else {
		in := slices.Clone(n.Inputs())
		for i := range in {
			in[i] = o.node(in[i])
		}
		out = withInputs(n, in)
	}
	o.done[n] = out
	return out
}

// joinGroup is the inputs of adjacent inner joins, and all their conditions, over the columns of all inputs side by side.
type joinGroup struct {
	step      logical.Step
	estimates *Estimates
	inputs    []logical.Node
	first     []int // the number of the first column of each input
	width     int
	// conditions with the sets of inputs that they read.
	conditions []*bind.Expr
	reads      []uint64
}

// group returns the group that n is the top of, or nil if there is nothing to order.
func (o *orderer) group(n logical.Node) *joinGroup {
	j, ok := n.(*logical.Join)
	if !ok || !movable(j) {
		return nil
	}
	g := &joinGroup{step: j.Step, estimates: o.estimates}
	o.flatten(j, g, true)
	if len(g.inputs) < 3 || len(g.inputs) > 64 {
		return nil
	}
	for i, in := range g.inputs {
		g.inputs[i] = o.node(in)
	}
	for _, c := range g.conditions {
		g.reads = append(g.reads, g.inputsOf(c))
	}
	return g
}

// movable reports whether the inputs of j may be joined with others first. What may fail in a guarded join stays behind its other conditions.
func movable(j *logical.Join) bool {
	return j.Kind == logical.Inner && !j.Dependent && len(j.Keys) == 0 && !(j.Guarded && j.Condition != nil && bind.Fallible(j.Condition))
}

// flatten adds the inputs below n to g, left to right.
func (o *orderer) flatten(n logical.Node, g *joinGroup, top bool) {
	j, ok := n.(*logical.Join)
	if !ok || !movable(j) || !top && (o.readers[n] > 1 || j.OnError != g.step.OnError) {
		g.inputs, g.first = append(g.inputs, n), append(g.first, g.width)
		g.width += n.Schema().Len()
		return
	}
	start := g.width
	o.flatten(j.Left, g, false)
	o.flatten(j.Right, g, false)
	if j.Condition != nil {
		for _, c := range bind.Conjuncts(j.Condition) {
			g.conditions = append(g.conditions, shift(c, start))
		}
	}
}

func (g *joinGroup) inputsOf(c *bind.Expr) uint64 {
	var set uint64
	for _, path := range bind.Paths(c) {
		i, found := slices.BinarySearch(g.first, path[0])
		for found && i+1 < len(g.first) && g.first[i+1] == path[0] { // inputs without columns
			i++
		}
		if !found {
			i--
		}
		set |= 1 << i
	}
	return set
}

// joined is a join of some inputs of a group.
type joined struct {
	node logical.Node
	// at is, for each column of the group that the inputs have, where it is in node.
	at map[int]int
	// rows is how many rows were made on the way.
	rows float64
}

// best joins all inputs.
func (g *joinGroup) best() logical.Node {
	written := g.written()
	all := g.exhaustive
	if len(g.inputs) > mostOrdered {
		all = g.greedy
	}
	top := all()
	if top.rows >= written.rows*0.99 {
		top = written
	}
	columns := make([]int, g.width)
	for c := range columns {
		columns[c] = top.at[c]
	}
	return keep(choose(logical.Step{OnError: g.step.OnError}, top.node, columns), g.ofOne(), g.step.OnError)
}

// ofOne are the conditions that read one input or none: those that could not be given to that one, since their value changes from row to row.
func (g *joinGroup) ofOne() []*bind.Expr {
	var own []*bind.Expr
	for i, c := range g.conditions {
		if bits.OnesCount64(g.reads[i]) < 2 {
			own = append(own, c)
		}
	}
	return own
}

func (g *joinGroup) leaf(i int) *joined {
	in := g.inputs[i]
	leaf := &joined{node: in, at: map[int]int{}}
	for c := range in.Schema().Fields {
		leaf.at[g.first[i]+c] = c
	}
	return leaf
}

// written joins the inputs from left to right.
func (g *joinGroup) written() *joined {
	top, set := g.leaf(0), uint64(1)
	for i := 1; i < len(g.inputs); i++ {
		top = g.pair(top, g.leaf(i), set, 1<<i)
		set |= 1 << i
	}
	return top
}

// pair joins two sets of inputs on all conditions that read both and nothing else.
func (g *joinGroup) pair(a, b *joined, inA, inB uint64) *joined {
	wide := a.node.Schema().Len()
	at := make(map[int]int, len(a.at)+len(b.at))
	for c, i := range a.at {
		at[c] = i
	}
	for c, i := range b.at {
		at[c] = wide + i
	}
	var own []*bind.Expr
	for i, c := range g.conditions {
		if r := g.reads[i]; r&^(inA|inB) == 0 && r&^inA != 0 && r&^inB != 0 {
			own = append(own, bind.MapColumns(c, func(c int) int { return at[c] }))
		}
	}
	join := logical.NewJoin(g.step, logical.Inner, a.node, b.node, nil, bind.AndOf(own...))
	return &joined{node: join, at: at, rows: a.rows + b.rows + g.estimates.Of(join).Rows}
}

// connected reports whether a condition ties the two sets together.
func (g *joinGroup) connected(a, b uint64) bool {
	return slices.ContainsFunc(g.reads, func(r uint64) bool { return r&a != 0 && r&b != 0 && r&^(a|b) == 0 })
}

// exhaustive finds the best join of every set of inputs from those of smaller sets; inputs that no condition ties together meet last.
func (g *joinGroup) exhaustive() *joined {
	n := len(g.inputs)
	best := make([]*joined, 1<<n)
	for set := uint64(1); set < 1<<n; set++ {
		if bits.OnesCount64(set) == 1 {
			best[set] = g.leaf(bits.TrailingZeros64(set))
			continue
		}
		best[set] = g.bestOf(set, best, true)
		if best[set] == nil {
			best[set] = g.bestOf(set, best, false)
		}
	}
	return best[1<<n-1]
}

// bestOf is the best join of two parts of set; nil if they have to be connected and no two are.
func (g *joinGroup) bestOf(set uint64, best []*joined, connected bool) *joined {
	var top *joined
	lowest := set & -set
	for a := (set - 1) & set; a > 0; a = (a - 1) & set {
		b := set &^ a
		if a&lowest == 0 || connected && !g.connected(a, b) {
			continue // each pair once, the first input on the left
		}
		if j := g.pair(best[a], best[b], a, b); top == nil || j.rows < top.rows {
			top = j
		}
	}
	return top
}

// greedy joins again and again the two parts that make the fewest rows.
func (g *joinGroup) greedy() *joined {
	var parts []*joined
	var sets []uint64
	for i := range g.inputs {
		parts, sets = append(parts, g.leaf(i)), append(sets, 1<<i)
	}
	for len(parts) > 1 {
		least, x, y := math.Inf(1), 0, 1
		var top *joined
		for i := range parts {
			for k := i + 1; k < len(parts); k++ {
				j := g.pair(parts[i], parts[k], sets[i], sets[k])
				made := j.rows
				if !g.connected(sets[i], sets[k]) {
					made = made*1e3 + 1e12
				}
				if made < least {
					least, x, y, top = made, i, k, j
				}
			}
		}
		parts[x], sets[x] = top, sets[x]|sets[y]
		parts, sets = slices.Delete(parts, y, y+1), slices.Delete(sets, y, y+1)
	}
	return parts[0]
}
