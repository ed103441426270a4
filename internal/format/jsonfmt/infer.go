package jsonfmt

import (
	"errors"
	"fmt"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

var errNoSample = errors.New("json: the sample has no rows to infer a schema from")

// infer reads whole lines and proposes a column for every member, in the order first seen.
func infer(sample []byte) (*schema.Schema, error) {
	f := &format{options: Options{OpField: defaultOpField}}
	d, err := newDecoder(f, codec.DecodeSpec{Schema: schema.New(), Pool: &batch.Pool{}})
	if err != nil {
		return nil, err
	}
	if err := d.Begin(&codec.Block{Buf: batch.WrapBuffer(sample), Header: true}); err != nil {
		return nil, err
	}
	root := &guess{}
	for line := 1; d.pos < d.size; line++ {
		d.start = d.pos
		if d.pos = skipSpace(d.p, d.pos); at(d.p, d.pos) == '\n' {
			d.pos++
			continue
		}
		end := d.readRow(0)
		if end < 0 {
			return nil, fmt.Errorf("line %d of the sample: %w", line, d.bad)
		}
		d.observe(root, d.pos)
		d.pos = end + 1
	}
	if len(root.members) == 0 {
		return nil, errNoSample
	}
	return schema.New(root.fields()...), nil
}

// observe adds the value at i, whose structure is checked, and returns the byte after it.
func (d *decoder) observe(g *guess, i int) int {
	switch at(d.p, i) {
	case '{':
		g.objects++
		return d.observeMembers(g, i)
	case '[':
		g.arrays++
		return d.observeElements(g, i)
	case '"':
		end, _, _ := d.stringEnd(i + 1)
		g.observeText(d.data[i+1 : end])
		return end + 1
	}
	end := d.skipValue(i, 0)
	switch at(d.p, i) {
	case 't', 'f':
		g.booleans++
	case 'n':
	default:
		g.observeNumber(d.data[i:end])
	}
	return end
}

func (d *decoder) observeElements(g *guess, i int) int {
	if g.elem == nil {
		g.elem = &guess{}
	}
	for i = skipSpace(d.p, i+1); at(d.p, i) != ']'; {
		if i = skipSpace(d.p, d.observe(g.elem, i)); at(d.p, i) == ',' {
			i = skipSpace(d.p, i+1)
		}
	}
	return i + 1
}

func (d *decoder) observeMembers(g *guess, i int) int {
	for i = skipSpace(d.p, i+1); at(d.p, i) != '}'; {
		end, escaped, wide := d.stringEnd(i + 1)
		name, bad := d.plainText(i+1, end, escaped, wide)
		if bad != nil {
			name = d.data[i+1 : end]
		}
		value := skipSpace(d.p, skipSpace(d.p, end+1)+1)
		if i = skipSpace(d.p, d.observe(g.member(name), value)); at(d.p, i) == ',' {
			i = skipSpace(d.p, i+1)
		}
	}
	return i + 1
}
