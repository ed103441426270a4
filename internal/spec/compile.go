package spec

import (
	"fmt"
	"strings"

	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// Catalog is what a pipeline file may refer to.
type Catalog struct {
	// Registry lists the connectors and formats.
	Registry *connector.Registry
	// Infer proposes columns for a source that declares none; nil means that they must be declared.
	Infer func(source *logical.Source) (*schema.Schema, error)
	// Query makes the plan of a query in SQL over inputs, which are its tables. The error is as those of packages expr/parse and expr/bind, whose
	// spans are places of text. Nil means that there is no SQL.
	Query func(name, text string, policy logical.OnError, inputs []Input) (logical.Node, error)
}

// Input is rows that a query reads under a name.
type Input struct {
	Name string
	Node logical.Node
}

// Compile reads a pipeline and makes its logical plan. file is the name for messages. The error is *Mistakes and holds all that Parse and
// Compile found.
func Compile(file, text string, expand Expand, catalog Catalog) (*logical.Plan, error) {
	r := &reader{mistakes: &Mistakes{File: file, Text: text}, expand: expand}
	p := r.read(text)
	if len(r.mistakes.List) > 0 && len(p.Sources)+len(p.Sinks) == 0 {
		return nil, r.mistakes.sorted() // no YAML, or no pipeline: what else is missing would only be noise
	}
	c := &compiler{
		mistakes: r.mistakes, catalog: catalog, pipeline: p, plan: &logical.Plan{Name: p.Name.Value, Parallelism: p.Parallelism},
		nodes: map[string]logical.Node{}, broken: map[string]bool{}, untyped: map[string]bool{}, used: map[string]bool{},
	}
	c.compile()
	return c.plan, r.mistakes.sorted()
}

// compiler turns one Pipeline into a plan.
type compiler struct {
	mistakes *Mistakes
	catalog  Catalog
	pipeline *Pipeline
	plan     *logical.Plan
	onError  logical.OnError
	// nodes are the rows that a name means: of a source, a transform, or step.port.
	nodes map[string]logical.Node
	// broken are names whose mistakes were reported: what refers to them is not checked further.
	broken map[string]bool
	// configs are those of all sinks, the one for dead letters too.
	configs []placed
	// untyped are columns, in lower case, whose mistakes were reported: that others then lack them is no mistake of its own.
	untyped map[string]bool
	// unbounded says that a source has no end.
	unbounded bool
	used      map[string]bool
}

func (c *compiler) add(pos Pos, format string, args ...any) { c.mistakes.add(pos, format, args...) }

func (c *compiler) compile() {
	p := c.pipeline
	c.sections(p)
	c.onError = c.policy(p.OnError, logical.Fail)
	c.plan.Emit = c.emission(p.Emit)
	c.memory(p.Memory)
	c.plan.Compression = c.compression(p.Compression)
	c.declare(p)
	for i := range p.Sources {
		c.source(&p.Sources[i])
	}
	for _, i := range c.sorted(p.Transforms) {
		c.transform(&p.Transforms[i])
	}
	for i := range p.Sinks {
		c.sink(&p.Sinks[i])
	}
	c.deadLetters(p)
	c.targets()
	c.endless(p)
	c.unused(p)
}

func (c *compiler) sections(p *Pipeline) {
	if p.Name.Value == "" {
		c.add(p.Name.Pos, "the pipeline needs a name: write name: my-pipeline at its top")
	}
	if len(p.Sources) == 0 {
		c.add(Pos{}, "the pipeline has no sources; it reads at least one")
	}
	if len(p.Sinks) == 0 {
		c.add(Pos{}, "the pipeline has no sinks; it writes at least one")
	}
}

// declare checks that every name is usable and stands for one thing.
func (c *compiler) declare(p *Pipeline) {
	var names []Text
	for i := range p.Sources {
		names = append(names, p.Sources[i].Name)
	}
	for i := range p.Transforms {
		names = append(names, p.Transforms[i].Name)
	}
	for i := range p.Sinks {
		names = append(names, p.Sinks[i].Name)
	}
	seen := map[string]Pos{}
	for _, n := range names {
		if at, twice := seen[n.Value]; twice {
			c.add(n.Pos, "%s is already the name of another source, transform or sink, in line %d", quoted(n), at.Line)
		}
		seen[n.Value] = n.Pos
		if n.Value == "" || strings.ContainsAny(n.Value, ". \t\n/\"'") {
			c.add(n.Pos, "%s cannot be a name: names have no dots, blanks, slashes or quotes", quoted(n))
		}
	}
	for i := range p.Sinks {
		if n := p.Sinks[i].Name; p.DeadLetters != nil && n.Value == p.DeadLetters.Name.Value {
			c.add(n.Pos, "%s is the name of the section that takes rejected rows, which is a sink too; choose another", quoted(n))
		}
	}
}

// memory reads memory.
func (c *compiler) memory(t Text) {
	if t.Value == "" {
		return
	}
	n, err := connector.ParseBytes(t.Value)
	if err != nil || n == 0 {
		c.add(t.Pos, "memory must be a size, such as 64MB, not %s", quoted(t))
		return
	}
	c.plan.Memory = int64(n)
}

// compression reads state_compression.
func (c *compiler) compression(t Text) store.Compression {
	kind, err := store.ParseCompression(c.word(t, "state_compression", store.Compressions()...))
	if err != nil { // nothing was said, or what is wrong was
		return store.Snappy
	}
	return kind
}

// policy reads on_error.
func (c *compiler) policy(t Text, byDefault logical.OnError) logical.OnError {
	switch t.Value {
	case "":
		return byDefault
	case "fail":
		return logical.Fail
	case "drop":
		return logical.Drop
	case "dead_letter":
		if c.pipeline.DeadLetters == nil {
			c.add(t.Pos, "on_error: dead_letter needs a section dead_letters that says where they go, such as "+
				"dead_letters: {connector: file, path: dead.jsonl}")
		}
		return logical.DeadLetter
	}
	message := fmt.Sprintf("on_error is fail, drop or dead_letter, not %s", quoted(t))
	if near := connector.Nearest(t.Value, []string{"fail", "drop", "dead_letter"}); near != "" {
		message += fmt.Sprintf("; did you mean %q?", near)
	}
	c.add(t.Pos, "%s", message)
	return byDefault
}

// unused reports what no sink reads: most often a name that was mistyped elsewhere.
func (c *compiler) unused(p *Pipeline) {
	if len(c.mistakes.List) > 0 || len(p.Sinks) == 0 {
		return
	}
	for i := range p.Sources {
		if n := p.Sources[i].Name; !c.used[n.Value] {
			c.add(n.Pos, "nothing reads source %s; name it in the from of a transform or sink, or take it out", quoted(n))
		}
	}
	for i := range p.Transforms {
		t := &p.Transforms[i]
		if len(t.Split) == 0 && !c.used[t.Name.Value] {
			c.add(t.Name.Pos, "nothing reads transform %s; name it in the from of a transform or sink, or take it out", quoted(t.Name))
		}
		for _, b := range t.Split {
			if port := t.Name.Value + "." + b.Name.Value; !c.used[port] {
				c.add(b.Name.Pos, "nothing reads %q; name it in a from, or take the branch out: rows that meet no condition are filtered", port)
			}
		}
	}
}
