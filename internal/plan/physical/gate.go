package physical

import (
	"maps"

	"wire.example/wire/internal/plan/logical"
)

// gates lets the sources of a join's probe side wait until its build side is stored, so that no probe row has to be kept meanwhile: where the
// sides have no source in common, and no source would wait for itself.
type gates struct {
	b     *builder
	under map[logical.Node]map[*Source]bool
	// waits are the sources that each source waits for.
	waits map[*Source]map[*Source]bool
}

// setGates does so for the joins among nodes, those nearest to the sources first: the order of the stages.
func (b *builder) setGates(nodes map[*Stage]logical.Node) {
	g := &gates{b: b, under: map[logical.Node]map[*Source]bool{}, waits: map[*Source]map[*Source]bool{}}
	for _, s := range b.plan.Stages {
		if j, ok := nodes[s].(*logical.Join); ok && j.Strategy < logical.ChangingJoin && j.Strategy != logical.MergeJoin {
			g.join(j, s)
		}
	}
}

func (g *gates) join(j *logical.Join, s *Stage) {
	build, probe, input := j.Right, j.Left, 1
	if j.BuildLeft {
		build, probe, input = j.Left, j.Right, 0
	}
	before, after := g.sources(build), g.sources(probe)
	for a := range after {
		if before[a] {
			return
		}
	}
	for a := range after {
		if g.reaches(before, a) {
			continue
		}
		a.After = append(a.After, Input{Stage: s, Number: input})
		if g.waits[a] == nil {
			g.waits[a] = map[*Source]bool{}
		}
		maps.Copy(g.waits[a], before)
	}
}

// reaches reports whether one of sources waits, at whatever distance, for a.
func (g *gates) reaches(sources map[*Source]bool, a *Source) bool {
	for s := range sources {
		if s == a || g.reaches(g.waits[s], a) {
			return true
		}
	}
	return false
}

// sources are those that n reads.
func (g *gates) sources(n logical.Node) map[*Source]bool {
	if all, ok := g.under[n]; ok {
		return all
	}
	all := map[*Source]bool{}
	if scan, ok := n.(*logical.Scan); ok {
		all[g.b.source(scan)] = true
	}
	for _, in := range n.Inputs() {
		maps.Copy(all, g.sources(in))
	}
	g.under[n] = all
	return all
}
