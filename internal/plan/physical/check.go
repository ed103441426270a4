package physical

import (
	"errors"
	"fmt"
	"slices"
)

// Check reports what is wrong with the stages and exchanges of a plan. Each is a mistake of the planner, none of a user.
func (p *Plan) Check() error {
	c := &checker{plan: p, owners: map[*Step]string{}, names: map[string]*Step{}, reached: map[Input]bool{}}
	for _, s := range p.Sources {
		c.source = s
		c.edges(s.Next, "source "+s.Name, -1)
	}
	c.source = nil
	for i, s := range p.Stages {
		c.stage(i, s)
	}
	for _, s := range p.Sources {
		c.gate(s)
	}
	return errors.Join(c.mistakes...)
}

// checker walks a plan.
type checker struct {
	plan     *Plan
	source   *Source // whose chain is walked; nil in a stage
	owners   map[*Step]string
	names    map[string]*Step
	reached  map[Input]bool
	mistakes []error
}

func (c *checker) fault(format string, args ...any) {
	c.mistakes = append(c.mistakes, fmt.Errorf("internal error: plan: "+format, args...))
}

func (c *checker) stage(i int, s *Stage) {
	switch {
	case s.Tasks < 1 || s.Tasks > MaxTasks:
		c.fault("stage %s has %d tasks, not 1 to %d", s.Name, s.Tasks, MaxTasks)
	case s.Inputs < 1:
		c.fault("stage %s has no input", s.Name)
	case s.Head == nil:
		c.fault("stage %s has no step", s.Name)
	default:
		for n := range s.Inputs {
			if !c.reached[Input{Stage: s, Number: n}] {
				c.fault("nothing leads to input %d of stage %s, or only what stands after it", n, s.Name)
			}
		}
		c.edges([]Edge{{Step: s.Head}}, "stage "+s.Name, i)
	}
}

// edges checks what is behind edges of owner, which is number stage of the plan's stages, or -1.
func (c *checker) edges(edges []Edge, owner string, stage int) {
	for _, e := range edges {
		switch {
		case e.Exchange != nil && e.Step == nil && e.Sink == nil:
			c.exchange(e.Exchange, owner, stage)
		case e.Step != nil && e.Exchange == nil && e.Sink == nil:
			c.step(e.Step, owner, stage)
		case e.Sink == nil || e.Step != nil || e.Exchange != nil:
			c.fault("an edge of %s leads to none or to several places", owner)
		}
	}
}

func (c *checker) step(s *Step, owner string, stage int) {
	if other, seen := c.names[s.Name]; seen && other != s {
		c.fault("two steps are called %q", s.Name)
	}
	c.names[s.Name] = s
	before, seen := c.owners[s]
	c.owners[s] = owner
	inLanes := c.source != nil
	if seen && before != owner && (!inLanes || !c.isSource(before)) {
		c.fault("step %q is in %s and in %s", s.Name, before, owner)
		return
	}
	if seen && before == owner {
		return
	}
	for _, port := range s.Ports {
		c.edges(port, owner, stage)
	}
}

func (c *checker) isSource(owner string) bool {
	return slices.ContainsFunc(c.plan.Sources, func(s *Source) bool { return "source "+s.Name == owner })
}

func (c *checker) exchange(e *Exchange, owner string, stage int) {
	to := e.To.Stage
	at := slices.Index(c.plan.Stages, to)
	switch {
	case to == nil || at < 0:
		c.fault("%s leads to a stage that is not in the plan", owner)
		return
	case at <= stage:
		c.fault("%s leads to stage %s, which stands before it", owner, to.Name)
	case e.To.Number < 0 || e.To.Number >= to.Inputs:
		c.fault("%s leads to input %d of stage %s, which has %d", owner, e.To.Number, to.Name, to.Inputs)
	case e.Kind == Single && to.Tasks != 1:
		c.fault("%s leads by a single exchange to stage %s, which has %d tasks", owner, to.Name, to.Tasks)
	case e.Kind == Hash && len(e.Keys) == 0:
		c.fault("the hash exchange from %s to stage %s has no keys", owner, to.Name)
	}
	c.reached[e.To] = true
}

// gate checks the input that s waits for: nothing may come of it that must come before it.
func (c *checker) gate(s *Source) {
	for _, after := range s.After {
		if to := after.Stage; !slices.Contains(c.plan.Stages, to) || after.Number < 0 || after.Number >= to.Inputs {
			c.fault("source %s waits for an input that is not in the plan", s.Name)
			return
		}
		if c.awaits(after, s, map[*Source]bool{}) {
			c.fault("source %s waits for the end of %s, which waits for the source", s.Name, &after)
		}
	}
}

// awaits reports whether the end of an input needs the end of s.
func (c *checker) awaits(in Input, s *Source, seen map[*Source]bool) bool {
	return slices.ContainsFunc(c.before(in, map[Input]bool{}), func(other *Source) bool {
		if other == s || seen[other] {
			return other == s
		}
		seen[other] = true
		return slices.ContainsFunc(other.After, func(after Input) bool { return c.awaits(after, s, seen) })
	})
}

// before returns the sources that lead to an input, or to a stage before it.
func (c *checker) before(in Input, seen map[Input]bool) []*Source {
	if seen[in] {
		return nil
	}
	seen[in] = true
	var found []*Source
	for _, s := range c.plan.Sources {
		if leads(s.Next, in) {
			found = append(found, s)
		}
	}
	for _, s := range c.plan.Stages {
		if !leads([]Edge{{Step: s.Head}}, in) {
			continue
		}
		for n := range s.Inputs {
			found = append(found, c.before(Input{Stage: s, Number: n}, seen)...)
		}
	}
	return found
}

// leads reports whether a chain leads to in.
func leads(edges []Edge, in Input) bool {
	for _, e := range edges {
		if e.Exchange != nil && e.Exchange.To == in {
			return true
		}
		if e.Step != nil && slices.ContainsFunc(e.Step.Ports, func(port []Edge) bool { return leads(port, in) }) {
			return true
		}
	}
	return false
}
