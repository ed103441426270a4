package jsonfmt

import (
	"bytes"

	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/temporal"
)

// guess is what is known of the values at one place of the sample.
type guess struct {
	name     string
	members  []*guess // of objects, in the order first seen
	byName   map[string]*guess
	crowded  bool   // objects have more different members than a ROW should
	elem     *guess // of arrays
	integers int
	numbers  int // with fraction, exponent or too large for BIGINT
	wide     int // numbers that DOUBLE PRECISION would round
	booleans int
	dates    int
	stamps   int
	zoned    int // timestamps with an offset
	texts    int // strings that are neither
	objects  int
	arrays   int
}

const (
	// exactDigits is how many decimal digits DOUBLE PRECISION surely keeps.
	exactDigits = 15
	// maxMembers is how many different members make an object a map, whose keys are data.
	maxMembers = 1000
	// dateLen is the length of YYYY-MM-DD.
	dateLen = 10
)

// member returns what is known of the member called name. Of a crowded object nothing more is kept.
func (g *guess) member(name []byte) *guess {
	if m, ok := g.byName[string(name)]; ok {
		return m
	}
	m := &guess{name: string(name)}
	if len(g.members) >= maxMembers {
		g.crowded = true
		return m
	}
	if g.byName == nil {
		g.byName = map[string]*guess{}
	}
	g.byName[m.name] = m
	g.members = append(g.members, m)
	return m
}

func (g *guess) observeNumber(text []byte) {
	digits := 0
	for _, c := range text {
		if c-'0' <= 9 {
			digits++
		}
	}
	if _, bad := codec.ParseDecimal(text); bad == nil && digits > exactDigits {
		g.wide++
	}
	if _, bad := wholeNumber(schema.Of(schema.Int64), text); bad == nil && !bytes.ContainsAny(text, ".eE") {
		g.integers++
		return
	}
	g.numbers++
}

// observeText tells dates and timestamps, in ISO 8601's form only, from other strings: a form that is a number, too, is more often one.
func (g *guess) observeText(text []byte) {
	if len(text) < dateLen || text[0]-'0' > 9 || text[4] != '-' || text[7] != '-' {
		g.texts++
		return
	}
	if _, err := temporal.ParseTimestampUTC(text); err != nil {
		g.texts++
		return
	}
	switch {
	case len(text) == dateLen:
		g.dates++
	case bytes.ContainsAny(text[dateLen:], "+-Zz"):
		g.zoned++
	default:
		g.stamps++
	}
}

func (g *guess) fields() []schema.Field {
	fields := make([]schema.Field, len(g.members))
	for i, m := range g.members {
		fields[i] = schema.Field{Name: m.name, Type: m.typ()}
	}
	return fields
}

// typ is the narrowest type that takes every value seen. Nothing but nulls is TEXT; so are scalars of several kinds, since TEXT keeps their
// source text; objects or arrays beside something else are JSONB.
func (g *guess) typ() schema.Type {
	kinds := 0
	for _, n := range [...]int{g.integers + g.numbers, g.booleans, g.dates + g.stamps + g.zoned + g.texts, g.objects, g.arrays} {
		if n > 0 {
			kinds++
		}
	}
	switch {
	case kinds > 1 && g.objects+g.arrays > 0:
		return schema.Of(schema.JSONB)
	case kinds != 1:
		return schema.Of(schema.Text)
	case g.objects > 0 && (g.crowded || len(g.members) == 0):
		return schema.Of(schema.JSONB)
	case g.objects > 0:
		return schema.RowOf(g.fields()...)
	case g.arrays > 0:
		return schema.ArrayOf(g.elem.typ())
	}
	return schema.Of(g.scalar())
}

// scalar is typ for values that are all booleans, all numbers or all strings.
func (g *guess) scalar() schema.Kind {
	switch {
	case g.booleans > 0:
		return schema.Bool
	case g.texts > 0:
		return schema.Text
	case g.zoned > 0:
		return schema.TimestampTZ
	case g.stamps > 0:
		return schema.Timestamp
	case g.dates > 0:
		return schema.Date
	case g.numbers > 0 && g.wide > 0:
		return schema.Numeric
	case g.numbers > 0:
		return schema.Float64
	default:
		return schema.Int64
	}
}
