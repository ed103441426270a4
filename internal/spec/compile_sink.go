package spec

import (
	"slices"
	"strings"

	"wire.example/wire/internal/plan/declare"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// sinkKeys are the keys of a sink besides options.
func sinkKeys() []string { return []string{"from", "connector", "format", "primary_key", "on_error"} }

// sink makes one sink and leads its inputs into it.
func (c *compiler) sink(s *Sink) {
	out := &logical.Sink{Name: s.Name.Value, OnError: c.policy(s.OnError, c.onError)}
	ok := c.sinkType(s, out)
	if ok {
		c.configs = append(c.configs, placed{s.Name, out.Config})
	}
	if out.Input = c.inputs(s.Name, s.From); out.Input != nil && ok {
		c.plan.Sinks = append(c.plan.Sinks, out)
		out.Key = c.key(s.Key, out.Input.Schema())
		c.checkColumns(s, out)
		c.encodes(s, out)
	}
}

// encodes reports that the format cannot write the rows. Rows that lack a column for a mistake elsewhere are not judged.
func (c *compiler) encodes(s *Sink, out *logical.Sink) {
	if out.Format == nil || len(c.untyped) > 0 {
		return
	}
	if _, err := out.Format.Format.NewEncoder(codec.EncodeSpec{Schema: out.Input.Schema()}); err != nil {
		c.add(s.Name.Pos, "%s: %v", s.Name.Shown(), err)
	}
}

// checkColumns reports columns that the sink itself reads and its input does not have.
func (c *compiler) checkColumns(s *Sink, out *logical.Sink) {
	if out.Type.Columns == nil {
		return
	}
	for _, name := range out.Type.Columns(out.Config) {
		if _, err := out.Input.Schema().Find(name); err != nil && !c.untyped[strings.ToLower(name)] {
			c.add(c.optionWith(s, name), "%s: %s", s.Name.Shown(), unknownName("column", Text{Value: name}, out.Input.Schema().Names()))
		}
	}
}

// optionWith returns the place of the option that has value, alone or in a list; the sink's if there is none.
func (c *compiler) optionWith(s *Sink, value string) Pos {
	for _, o := range s.Options {
		list, isList := o.Value.([]any)
		if o.Value == any(value) || isList && slices.Contains(list, any(value)) {
			return o.Pos
		}
	}
	return s.Name.Pos
}

// sinkType finds connector and format, and reads their options.
func (c *compiler) sinkType(s *Sink, out *logical.Sink) bool {
	sink, mistakes := declare.ReadSink(c.catalog.Registry, declaration(s.Name, s.Connector, s.Format, s.Options, sinkKeys()))
	out.Type, out.Config, out.Format = sink.Type, sink.Config, sink.Format
	return c.declared(mistakes)
}

// inputs resolves the from of a sink or transform: one input, or the union of several.
func (c *compiler) inputs(where Text, from []Text) logical.Node {
	if len(from) == 0 {
		c.add(where.Pos, "%s needs from: the name of the source or transform that it reads", quoted(where))
		return nil
	}
	var nodes []logical.Node
	for _, f := range from {
		if n := c.input(f); n != nil {
			nodes = append(nodes, n)
		}
	}
	if len(nodes) < len(from) {
		return nil
	}
	if len(nodes) == 1 {
		return nodes[0]
	}
	return c.union(where, from, nodes)
}

// input finds the rows that a name means.
func (c *compiler) input(f Text) logical.Node {
	c.used[f.Value] = true
	if n := c.nodes[f.Value]; n != nil {
		return n
	}
	step, _, _ := strings.Cut(f.Value, ".")
	if slices.Contains(c.inputNames(), f.Value) && (c.broken[f.Value] || c.broken[step]) {
		return nil
	}
	if split := c.findSplit(f.Value); split != nil {
		var ports []string
		for _, b := range split.Split {
			ports = append(ports, f.Value+"."+b.Name.Value)
		}
		c.add(f.Pos, "%s is a split; name one of its branches: %s", quoted(f), strings.Join(ports, ", "))
		return nil
	}
	for _, s := range c.pipeline.Sinks {
		if s.Name.Value == f.Value {
			c.add(f.Pos, "%s is a sink; rows come from sources and transforms", quoted(f))
			return nil
		}
	}
	c.add(f.Pos, "%s", unknownName("source or transform", f, c.inputNames()))
	return nil
}

// inputNames are the names that a from may say, those with mistakes of their own included.
func (c *compiler) inputNames() []string {
	var known []string
	for i := range c.pipeline.Sources {
		known = append(known, c.pipeline.Sources[i].Name.Value)
	}
	for i := range c.pipeline.Transforms {
		t := &c.pipeline.Transforms[i]
		if len(t.Split) == 0 {
			known = append(known, t.Name.Value)
		}
		for _, b := range t.Split {
			known = append(known, t.Name.Value+"."+b.Name.Value)
		}
	}
	return sortedNames(known)
}

func (c *compiler) findSplit(name string) *Transform {
	for i := range c.pipeline.Transforms {
		if t := &c.pipeline.Transforms[i]; t.Name.Value == name && len(t.Split) > 0 {
			return t
		}
	}
	return nil
}

// endless reports sinks that cannot take an input that never ends.
func (c *compiler) endless(p *Pipeline) {
	if !c.unbounded {
		return
	}
	sinks := c.plan.Sinks
	if c.plan.DeadLetters != nil {
		sinks = append(slices.Clip(sinks), c.plan.DeadLetters)
	}
	for _, s := range sinks {
		if s.Type.Endless == nil {
			continue
		}
		if err := s.Type.Endless(s.Config); err != nil {
			c.add(p.sinkPos(s.Name), "%s: %v", s.Name, err)
		}
	}
}

// sinkPos is where the sink called name stands.
func (p *Pipeline) sinkPos(name string) Pos {
	for i := range p.Sinks {
		if p.Sinks[i].Name.Value == name {
			return p.Sinks[i].Name.Pos
		}
	}
	return p.DeadLetters.Name.Pos
}

// deadLetters makes the sink of rejected rows.
func (c *compiler) deadLetters(p *Pipeline) {
	if p.DeadLetters == nil {
		return
	}
	s := *p.DeadLetters
	out := &logical.Sink{Name: s.Name.Value, Schema: logical.DeadLetterSchema()}
	if c.sinkType(&s, out) {
		c.plan.DeadLetters = out
		c.configs = append(c.configs, placed{s.Name, out.Config})
	}
}

// placed is the config of the sink called name.
type placed struct {
	name   Text
	config any
}

// targets reports sinks that would write to the same place.
func (c *compiler) targets() {
	for i, s := range c.configs {
		for _, other := range c.configs[:i] {
			if place := connector.Clash(other.config, s.config); place != "" {
				c.add(s.name.Pos, "%s writes to the same place as %s: %s; give it another, or make one sink of both with from: [a, b]",
					s.name.Shown(), quoted(other.name), place)
				break
			}
		}
	}
}
