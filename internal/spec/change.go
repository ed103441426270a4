package spec

import (
	"fmt"
	"slices"
	"strings"

	"wire.example/wire/internal/plan/declare"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
)

// word reads a text that is one of several, "" where it is not written or something else; what names it.
func (c *compiler) word(t Text, what string, words ...string) string {
	if t.Value == "" || slices.Contains(words, t.Value) {
		return t.Value
	}
	message := fmt.Sprintf("%s is %s or %s, not %s", what, strings.Join(words[:len(words)-1], ", "), words[len(words)-1], quoted(t))
	if near := connector.Nearest(t.Value, words); near != "" {
		message += fmt.Sprintf("; did you mean %q?", near)
	}
	c.add(t.Pos, "%s", message)
	return ""
}

// emission reads emit.
func (c *compiler) emission(t Text) logical.EmitMode {
	switch c.word(t, "emit", "auto", "final", "changes") {
	case "final":
		return logical.EmitFinal
	case "changes":
		return logical.EmitChanges
	}
	return logical.EmitDefault
}

// key finds the columns of a primary key, ascending; nil if there is none.
func (c *compiler) key(names []Text, of *schema.Schema) []int {
	var key []int
	for _, name := range names {
		i, err := of.Find(name.Value)
		switch {
		case err != nil && c.untyped[strings.ToLower(name.Value)]:
		case err != nil:
			c.add(name.Pos, "primary_key: %s", unknownName("column", name, of.Names()))
		case slices.Contains(key, i):
			c.add(name.Pos, "primary_key: column %s is in it twice", quoted(name))
		default:
			key = append(key, i)
		}
	}
	slices.Sort(key)
	return key
}

// changing reads primary_key and changes of a source whose columns are known.
func (c *compiler) changing(s *Source, out *logical.Source) {
	out.Key = c.key(s.Key, out.Schema)
	reads := out.Type != nil && declare.Reads(out.Type, out.Config, out.Format)
	switch c.word(s.Changes, "changes", "append", "changelog", "upsert") {
	case "upsert":
		if out.Changes = logical.Upsert; len(s.Key) == 0 {
			c.add(s.Changes.Pos, "changes: upsert needs primary_key, the columns by which rows replace each other")
		}
		return
	case "changelog":
		if !reads {
			c.add(s.Changes.Pos, "the rows of %s carry no kinds of change; add changelog: true to a format that reads them (json, csv), or take format: debezium-json", quoted(s.Name))
		}
	case "append":
		if reads {
			c.add(s.Changes.Pos, "the rows of %s carry kinds of change; leave changes out", quoted(s.Name))
		}
	}
	if reads {
		out.Changes = logical.Changelog
	}
}
