package spec

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"wire.example/wire/sdk/connector"
)

// maxFileBytes bounds a pipeline file; more is a mistake, not a pipeline.
const maxFileBytes = 1 << 20

// Expand resolves a reference inside ${…}: NAME, NAME:-default or file:PATH. An error names the reference, never a value.
type Expand func(reference string) (string, error)

// reader reads the nodes of one file and collects its mistakes.
type reader struct {
	mistakes *Mistakes
	expand   Expand
}

// Parse reads a pipeline. file is its name for messages. The error is *Mistakes; a pipeline is returned all the same, as far as it could
// be read, so that Compile can find the mistakes that remain.
func Parse(file, text string, expand Expand) (*Pipeline, error) {
	r := &reader{mistakes: &Mistakes{File: file, Text: text}, expand: expand}
	p := r.read(text)
	return p, r.mistakes.sorted()
}

func (r *reader) read(text string) *Pipeline {
	p := &Pipeline{}
	if len(text) > maxFileBytes {
		r.mistakes.add(Pos{}, "the file has %d bytes; a pipeline has at most %d", len(text), maxFileBytes)
		return p
	}
	if root := r.document(text); root != nil {
		r.pipeline(root, p)
	}
	return p
}

func (r *reader) document(text string) ast.Node {
	file, err := parser.ParseBytes([]byte(text), 0)
	if err != nil {
		r.syntax(err)
		return nil
	}
	for _, d := range file.Docs {
		if d.Body != nil {
			if len(file.Docs) > 1 && file.Docs[1].Body != nil {
				r.mistakes.add(r.pos(file.Docs[1].Body), "a file holds one pipeline; write the second document to a file of its own")
			}
			return d.Body
		}
	}
	r.mistakes.add(Pos{}, "the file is empty; a pipeline has name, sources and sinks")
	return nil
}

// syntax reports an error of the YAML parser.
func (r *reader) syntax(err error) {
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) && syntax.Token != nil {
		pos := Pos{Line: syntax.Token.Position.Line, Column: syntax.Token.Position.Column}
		m := Mistake{Pos: pos, Message: "YAML: " + syntax.Message}
		m.Hint = yamlHint(r.mistakes.Text, pos)
		r.mistakes.List = append(r.mistakes.List, m)
		return
	}
	r.mistakes.add(Pos{}, "YAML: %v", err)
}

const commaHint = `inside { } or [ ] a comma ends the value: write types and calls with commas in quotes, such as "NUMERIC(10,2)" or "f(a, b)"`

// bareStar reports whether a value begins with a star, as YAML's aliases do; a product's star stands behind something.
func bareStar(line string) bool {
	for i, c := range line {
		before := strings.TrimRight(line[:i], " ")
		if c == '*' && (before == "" || strings.ContainsRune("[{,:-", rune(before[len(before)-1]))) {
			return true
		}
	}
	return false
}

// yamlHint explains the traps of flow style: commas and stars that YAML takes for its own.
func yamlHint(text string, pos Pos) string {
	lines := strings.Split(text, "\n")
	if pos.Line < 1 || pos.Line > len(lines) {
		return ""
	}
	line := lines[pos.Line-1]
	switch {
	case bareStar(line):
		return `write a star in quotes: "*"`
	case strings.Contains(line, "(") && strings.Contains(line, ","):
		return commaHint
	case strings.Contains(line, "\t"):
		return "YAML is indented by spaces, not by tabs"
	}
	return ""
}

func (r *reader) pos(n ast.Node) Pos {
	t := n.GetToken()
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 {
		t = m.Values[0].Key.GetToken()
	}
	if t == nil || t.Position == nil {
		return Pos{}
	}
	return Pos{Line: t.Position.Line, Column: t.Position.Column}
}

// entry is a member of a mapping.
type entry struct {
	key   Text
	value ast.Node
}

// entries returns the members of a mapping, reporting duplicates; what is the mapping for a mistake's message.
func (r *reader) entries(n ast.Node, what string) []entry {
	var values []*ast.MappingValueNode
	switch m := unwrap(n).(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	case *ast.NullNode:
		return nil
	default:
		r.mistakes.add(r.pos(n), "%s must be a map of names to values", what)
		return nil
	}
	var list []entry
	for _, v := range values {
		key := Text{Value: keyText(v.Key), Pos: r.pos(v.Key)}
		if slices.ContainsFunc(list, func(e entry) bool { return e.key.Value == key.Value }) {
			r.mistakes.add(key.Pos, "%q stands twice in %s", key.Value, what)
			continue
		}
		if _, null := v.Value.(*ast.NullNode); null && strings.Contains(key.Value, ")") && !strings.Contains(key.Value, "(") {
			r.mistakes.List = append(r.mistakes.List, Mistake{
				Pos: key.Pos, Message: fmt.Sprintf("%q is the rest of a value that a comma cut in two", key.Value),
				Hint: commaHint,
			})
			continue
		}
		list = append(list, entry{key, v.Value})
	}
	return list
}

func keyText(k ast.MapKeyNode) string {
	if s, ok := k.(*ast.StringNode); ok {
		return s.Value
	}
	return k.GetToken().Value
}

// unwrap removes anchors and tags.
func unwrap(n ast.Node) ast.Node {
	for {
		switch w := n.(type) {
		case *ast.AnchorNode:
			n = w.Value
		case *ast.TagNode:
			n = w.Value
		default:
			return n
		}
	}
}

// text returns a scalar as text, with references expanded.
func (r *reader) text(n ast.Node, what string) Text {
	t := Text{Pos: r.pos(n)}
	switch s := unwrap(n).(type) {
	case *ast.StringNode:
		t.Value = s.Value
	case *ast.LiteralNode:
		t.Value = s.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		t.Value = s.GetToken().Value
	default:
		r.mistakes.add(t.Pos, "%s must be text", what)
		return t
	}
	if strings.Contains(t.Value, "${") {
		t.Written = t.Value
		t.Value = r.expanded(t)
	}
	return t
}

// expanded replaces ${…} in t. An unknown reference is a mistake that names it.
func (r *reader) expanded(t Text) string {
	var b strings.Builder
	rest := t.Value
	for {
		before, after, found := strings.Cut(rest, "${")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		reference, tail, closed := strings.Cut(after, "}")
		if !closed {
			r.mistakes.add(t.Pos, "%q has ${ without }", t.Value)
			return b.String()
		}
		if r.expand != nil {
			value, err := r.expand(reference)
			if err != nil {
				r.mistakes.addReference(t.Pos, reference, err)
			}
			b.WriteString(value)
			if value != "" {
				r.mistakes.hidden = append(r.mistakes.hidden, hidden{value, "${" + reference + "}"})
			}
		}
		rest = tail
	}
}

// texts returns one scalar or a list of them.
func (r *reader) texts(n ast.Node, what string) []Text {
	seq, ok := unwrap(n).(*ast.SequenceNode)
	if !ok {
		return []Text{r.text(n, what)}
	}
	list := make([]Text, 0, len(seq.Values))
	for _, v := range seq.Values {
		list = append(list, r.text(v, what))
	}
	return list
}

// unknown reports a name that is none of known.
func (r *reader) unknown(key Text, where string, known ...string) {
	message := fmt.Sprintf("unknown key %q in %s", key.Value, where)
	if near := connector.Nearest(key.Value, known); near != "" {
		message += fmt.Sprintf("; did you mean %q?", near)
	} else {
		message += "; known keys: " + strings.Join(known, ", ")
	}
	r.mistakes.add(key.Pos, "%s", message)
}
