package spec

import (
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

func (r *reader) pipeline(root ast.Node, p *Pipeline) {
	for _, e := range r.entries(root, "the pipeline") {
		switch e.key.Value {
		case "name":
			p.Name = r.text(e.value, "name")
		case "parallelism":
			p.Parallelism = r.count(e.value, "parallelism")
		case "memory":
			p.Memory = r.text(e.value, "memory")
		case "state_compression":
			p.Compression = r.text(e.value, "state_compression")
		case "on_error":
			p.OnError = r.text(e.value, "on_error")
		case "emit":
			p.Emit = r.text(e.value, "emit")
		case "sources":
			for _, s := range r.entries(e.value, "sources") {
				p.Sources = append(p.Sources, r.source(s))
			}
		case "transforms":
			for _, t := range r.entries(e.value, "transforms") {
				p.Transforms = append(p.Transforms, r.transform(t))
			}
		case "sinks":
			for _, s := range r.entries(e.value, "sinks") {
				p.Sinks = append(p.Sinks, r.sink(s, true))
			}
		case "dead_letters":
			sink := r.sink(e, false)
			p.DeadLetters = &sink
		default:
			r.unknown(e.key, "the pipeline", "name", "sources", "transforms", "sinks", "parallelism", "memory", "state_compression", "on_error", "emit", "dead_letters")
		}
	}
}

func (r *reader) count(n ast.Node, what string) int {
	t := r.text(n, what)
	v, err := strconv.Atoi(t.Value)
	if err != nil || v < 1 || v > 256 {
		r.mistakes.add(t.Pos, "%s must be a number from 1 to 256, not %q", what, t.Shown())
		return 0
	}
	return v
}

func (r *reader) source(e entry) Source {
	s := Source{Name: e.key}
	for _, f := range r.entries(e.value, "source "+quoted(e.key)) {
		switch f.key.Value {
		case "connector":
			s.Connector = r.text(f.value, "connector")
		case "format":
			s.Format = r.text(f.value, "format")
		case "schema":
			for _, c := range r.entries(f.value, "schema") {
				s.Schema = append(s.Schema, Column{Name: c.key, Type: r.text(c.value, "the type of "+quoted(c.key))})
			}
		case "primary_key":
			s.Key = r.texts(f.value, "primary_key")
		case "changes":
			s.Changes = r.text(f.value, "changes")
		case "event_time":
			s.EventTime = r.text(f.value, "event_time")
		case "watermark":
			s.Watermark = r.text(f.value, "watermark")
		case "on_error":
			s.OnError = r.text(f.value, "on_error")
		case "max_record_bytes":
			s.MaxRecord = r.text(f.value, "max_record_bytes")
		default:
			s.Options = append(s.Options, r.option(f))
		}
	}
	return s
}

func (r *reader) sink(e entry, from bool) Sink {
	s := Sink{Name: e.key}
	for _, f := range r.entries(e.value, "sink "+quoted(e.key)) {
		switch {
		case f.key.Value == "from" && from:
			s.From = r.texts(f.value, "from")
		case f.key.Value == "connector":
			s.Connector = r.text(f.value, "connector")
		case f.key.Value == "format":
			s.Format = r.text(f.value, "format")
		case f.key.Value == "primary_key" && from:
			s.Key = r.texts(f.value, "primary_key")
		case f.key.Value == "on_error":
			s.OnError = r.text(f.value, "on_error")
		default:
			s.Options = append(s.Options, r.option(f))
		}
	}
	return s
}

// option keeps a value in the kinds that connector.Apply takes.
func (r *reader) option(e entry) Option {
	return Option{Name: e.key, Value: r.value(e.value), Pos: r.pos(e.value)}
}

func (r *reader) value(n ast.Node) any {
	switch v := unwrap(n).(type) {
	case *ast.NullNode:
		return nil
	case *ast.BoolNode:
		return v.Value
	case *ast.IntegerNode:
		return v.Value
	case *ast.FloatNode:
		return v.Value
	case *ast.SequenceNode:
		list := make([]any, len(v.Values))
		for i, item := range v.Values {
			list[i] = r.value(item)
		}
		return list
	case *ast.MappingNode, *ast.MappingValueNode:
		m := map[string]any{}
		for _, e := range r.entries(n, "the option") {
			m[e.key.Value] = r.value(e.value)
		}
		return m
	default:
		return r.text(n, "the option").Value
	}
}

func (r *reader) transform(e entry) Transform {
	t := Transform{Name: e.key, Pos: e.key.Pos}
	for _, f := range r.entries(e.value, "transform "+quoted(e.key)) {
		switch f.key.Value {
		case "from":
			t.From = r.texts(f.value, "from")
		case "unnest":
			t.Unnest = r.unnest(f.value)
		case "filter":
			t.Filter = r.text(f.value, "filter")
		case "select":
			t.Select = r.selection(f.value)
		case "split":
			t.Split = r.branches(f.value)
		case "sql":
			t.SQL = r.text(f.value, "sql")
		case "on_error":
			t.OnError = r.text(f.value, "on_error")
		default:
			r.unknown(f.key, "transform "+quoted(e.key), "from", "unnest", "filter", "select", "split", "sql", "on_error")
		}
	}
	return t
}

// selection reads select: a map of names to expressions, or a list of "*", {except: […]} and such maps.
func (r *reader) selection(n ast.Node) []Item {
	seq, ok := unwrap(n).(*ast.SequenceNode)
	if !ok {
		return r.items(n)
	}
	var items []Item
	for _, v := range seq.Values {
		switch unwrap(v).(type) {
		case *ast.MappingNode, *ast.MappingValueNode:
			items = r.selectMap(items, v)
		default:
			t := r.text(v, "an item of select")
			if t.Value == "*" {
				items = append(items, Item{Star: true, Name: t})
			} else {
				items = append(items, Item{Name: t, Expr: t})
			}
		}
	}
	return items
}

// selectMap adds a map of a select list: {except: […]} and {rename: {old: new}} belong to the star before them, else names and expressions.
func (r *reader) selectMap(items []Item, n ast.Node) []Item {
	for _, e := range r.entries(n, "select") {
		if e.key.Value != "except" && e.key.Value != "rename" {
			items = append(items, Item{Name: e.key, Expr: r.text(e.value, "the expression of "+quoted(e.key))})
			continue
		}
		if len(items) == 0 || !items[len(items)-1].Star {
			r.mistakes.add(e.key.Pos, `%s belongs right after "*"`, e.key.Value)
			continue
		}
		star := &items[len(items)-1]
		if e.key.Value == "except" {
			star.Except = append(star.Except, r.texts(e.value, "except")...)
			continue
		}
		for _, name := range r.entries(e.value, "rename") {
			star.Rename = append(star.Rename, Rename{Old: name.key, New: r.text(name.value, "the new name of "+quoted(name.key))})
		}
	}
	return items
}

// unnest reads the name of an array, or {name: array}.
func (r *reader) unnest(n ast.Node) *Unnest {
	switch unwrap(n).(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		u := &Unnest{}
		for i, e := range r.entries(n, "unnest") {
			if i > 0 {
				r.mistakes.add(e.key.Pos, "unnest takes one array; a second one goes into a transform of its own")
				break
			}
			u.As, u.Array = e.key, r.text(e.value, "the array of "+quoted(e.key))
		}
		return u
	default:
		return &Unnest{Array: r.text(n, "unnest")}
	}
}

func (r *reader) items(n ast.Node) []Item {
	var items []Item
	for _, e := range r.entries(n, "select") {
		items = append(items, Item{Name: e.key, Expr: r.text(e.value, "the expression of "+quoted(e.key))})
	}
	return items
}

func (r *reader) branches(n ast.Node) []Branch {
	var list []Branch
	for _, e := range r.entries(n, "split") {
		b := Branch{Name: e.key, Cond: r.text(e.value, "the condition of "+quoted(e.key))}
		if strings.EqualFold(strings.TrimSpace(b.Cond.Value), "else") {
			b.Cond.Value = ""
		}
		list = append(list, b)
	}
	return list
}

func quoted(t Text) string { return strconv.Quote(t.Shown()) }
