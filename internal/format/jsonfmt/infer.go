package jsonfmt

import (
	"errors"
	"fmt"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/temporal"
)

var errNoSample = errors.New("json: the sample has no rows to infer a schema from")

// guess is what is known of the values at one place of the sample.
type guess struct {
	name     string
	members  []*guess // of objects, in the order first seen
	elem     *guess   // of arrays
	integers int
	numbers  int // with fraction, exponent or too large for BIGINT
	wide     int // numbers that DOUBLE PRECISION would round
	booleans int
	stamps   int
	texts    int // strings that are no timestamps
	objects  int
	arrays   int
}

// infer reads whole lines and proposes a column for every member, in the order first seen.
func infer(sample []byte) (*schema.Schema, error) {
	d, err := newDecoder(&format{options: Options{OpField: defaultOpField}}, codec.DecodeSpec{Schema: schema.New(), Pool: &batch.Pool{}})
	if err != nil {
		return nil, err
	}
	if err := d.Begin(&codec.Block{Buf: batch.WrapBuffer(sample)}); err != nil {
		return nil, err
	}
	root, line := &guess{}, 0
	for d.pos < d.size {
		d.start = skipSpace(d.p, d.pos)
		line++
		if at(d.p, d.start) == '\n' {
			d.pos = d.start + 1
			continue
		}
		d.bad, d.dropped = nil, false
		end := d.readLine(0)
		if end < 0 {
			return nil, fmt.Errorf("line %d of the sample: %w", line, d.bad)
		}
		d.observe(root, d.start)
		d.pos = end + 1
	}
	if len(root.members) == 0 {
		return nil, errNoSample
	}
	return schema.New(root.fields()...), nil
}

// observe adds the value at i, whose structure is checked, and returns the byte after it.
func (d *decoder) observe(g *guess, i int) int {
	end := d.skipValue(i, maxDepth)
	switch at(d.p, i) {
	case '{':
		g.objects++
		d.observeMembers(g, i)
	case '[':
		g.arrays++
		if g.elem == nil {
			g.elem = &guess{}
		}
		for i = skipSpace(d.p, i+1); at(d.p, i) != ']'; {
			if i = skipSpace(d.p, d.observe(g.elem, i)); at(d.p, i) == ',' {
				i = skipSpace(d.p, i+1)
			}
		}
	case '"':
		if _, err := temporal.ParseTimestampUTC(d.data[i+1 : end-1]); err == nil && at(d.p, i+1)-'0' <= 9 {
			g.stamps++
		} else {
			g.texts++
		}
	case 't', 'f':
		g.booleans++
	case 'n':
	default:
		g.observeNumber(d.data[i:end])
	}
	return end
}

func (d *decoder) observeMembers(g *guess, i int) {
	for i = skipSpace(d.p, i+1); at(d.p, i) != '}'; {
		keyEnd, escaped, wide := d.stringEnd(i + 1)
		name, bad := d.plainText(i+1, keyEnd, escaped, wide)
		if bad != nil {
			name = d.data[i+1 : keyEnd]
		}
		value := skipSpace(d.p, skipSpace(d.p, keyEnd+1)+1)
		if i = skipSpace(d.p, d.observe(g.member(string(name)), value)); at(d.p, i) == ',' {
			i = skipSpace(d.p, i+1)
		}
	}
}

func (g *guess) member(name string) *guess {
	for _, m := range g.members {
		if m.name == name {
			return m
		}
	}
	m := &guess{name: name}
	g.members = append(g.members, m)
	return m
}

// exactDigits is how many decimal digits DOUBLE PRECISION surely keeps.
const exactDigits = 15

func (g *guess) observeNumber(text []byte) {
	if _, bad := wholeNumber(schema.Of(schema.Int64), text); bad == nil && !isFractional(text) {
		g.integers++
		return
	}
	g.numbers++
	digits := 0
	for _, c := range text {
		if c-'0' <= 9 {
			digits++
		}
	}
	if _, bad := codec.ParseDecimal(text); bad == nil && digits > exactDigits {
		g.wide++
	}
}

func isFractional(text []byte) bool {
	for _, c := range text {
		if c == '.' || c|0x20 == 'e' {
			return true
		}
	}
	return false
}

func (g *guess) fields() []schema.Field {
	fields := make([]schema.Field, len(g.members))
	for i, m := range g.members {
		fields[i] = schema.Field{Name: m.name, Type: m.typ()}
	}
	return fields
}

// typ is the narrowest type that takes every value seen: TEXT where nothing was, or where values of several kinds were.
func (g *guess) typ() schema.Type {
	numbers := g.integers + g.numbers
	kinds := 0
	for _, n := range [...]int{numbers, g.booleans, g.stamps + g.texts, g.objects, g.arrays} {
		if n > 0 {
			kinds++
		}
	}
	switch {
	case kinds != 1 || g.texts > 0:
		return schema.Of(schema.Text)
	case g.stamps > 0:
		return schema.Of(schema.Timestamp)
	case g.booleans > 0:
		return schema.Of(schema.Bool)
	case g.objects > 0 && len(g.members) == 0:
		return schema.Of(schema.JSONB)
	case g.objects > 0:
		return schema.RowOf(g.fields()...)
	case g.arrays > 0:
		return schema.ArrayOf(g.elem.typ())
	case g.wide > 0:
		return schema.Of(schema.Numeric)
	case g.numbers > 0:
		return schema.Of(schema.Float64)
	}
	return schema.Of(schema.Int64)
}
