package spec

import (
	"wire.example/wire/internal/plan/declare"
)

// declaration is what source and sink have in common, for package declare. keys are the words that stand beside the options.
func declaration(name, connector, format Text, options []Option, keys []string) *declare.Declaration[Pos] {
	d := &declare.Declaration[Pos]{Name: word(name), Connector: word(connector), Format: word(format), Keys: keys}
	for _, o := range options {
		d.Options = append(d.Options, declare.Option[Pos]{Name: word(o.Name), Value: o.Value, At: o.Pos})
	}
	return d
}

func word(t Text) declare.Word[Pos] { return declare.Word[Pos]{Text: t.Value, At: t.Pos} }

// declared reports the mistakes of a declaration and whether there were none.
func (c *compiler) declared(mistakes []declare.Mistake[Pos]) bool {
	for _, m := range mistakes {
		c.add(m.At, "%s", m.Message)
	}
	return len(mistakes) == 0
}

func unknownName(what string, t Text, known []string) string {
	return declare.Unknown(what, t.Value, known)
}
