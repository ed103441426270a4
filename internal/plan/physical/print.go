package physical

import (
	"cmp"
	"fmt"
	"strings"

	"wire.example/wire/sdk/schema"
)

// String prints the plan as indented trees: one for each source, then one for each stage.
func (p *Plan) String() string {
	var b strings.Builder
	for _, s := range p.Sources {
		fmt.Fprintf(&b, "source %s (%s), %s", s.Name, cmp.Or(s.Detail, s.Type.Name), count(p.Parallelism, "lane"))
		for i, after := range s.After {
			fmt.Fprintf(&b, "%s %s", [...]string{", read after the end of", " and of"}[min(i, 1)], &after)
		}
		b.WriteByte('\n')
		writeEdges(&b, s.Next, s.Decode.Schema, 1)
	}
	for _, s := range p.Stages {
		fmt.Fprintf(&b, "stage %s, %s\n", s.Name, count(s.Tasks, "task"))
		writeEdges(&b, []Edge{{Step: s.Head}}, nil, 1)
	}
	return b.String()
}

// writeEdges prints where edges lead; columns are those of the rows that pass, or nil.
func writeEdges(b *strings.Builder, edges []Edge, columns *schema.Schema, depth int) {
	pad := strings.Repeat("  ", depth)
	for _, e := range edges {
		switch {
		case e.Sink != nil:
			fmt.Fprintf(b, "%ssink %s: %s\n", pad, e.Sink.Name, e.Sink.Type.Name)
		case e.Exchange != nil:
			b.WriteString(pad + e.Exchange.describe(columns) + "\n")
		default:
			b.WriteString(pad + e.Step.Name + ": " + e.Step.Detail + "\n")
			for _, port := range e.Step.Ports {
				writeEdges(b, port, e.Step.Schema, depth+1)
			}
		}
	}
}

// String names the input's stage, and its number if there are several.
func (in *Input) String() string {
	if in.Stage.Inputs == 1 {
		return in.Stage.Name
	}
	return fmt.Sprintf("%s input %d", in.Stage.Name, in.Number)
}

// describe prints the exchange with its keys by name, where columns has them.
func (e *Exchange) describe(columns *schema.Schema) string {
	how := e.Kind.String()
	if e.Kind == Hash {
		keys := make([]string, len(e.Keys))
		for i, k := range e.Keys {
			keys[i] = fmt.Sprintf("$%d", k)
			if columns != nil && k < len(columns.Fields) && columns.Fields[k].Name != "" {
				keys[i] = columns.Fields[k].Name
			}
		}
		how += "(" + strings.Join(keys, ", ") + ")"
	}
	return "exchange " + how + " to " + e.To.String()
}

func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}
