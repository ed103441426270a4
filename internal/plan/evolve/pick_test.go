package evolve

import (
	"slices"
	"testing"

	"wire.example/wire/sdk/schema"
)

// A part is told by the types of its columns: those of the input, and behind them numbers of the step's own.
func TestPicksOfParts(t *testing.T) {
	number, long, text := TypeOf(schema.Of(schema.Int32)), TypeOf(schema.Of(schema.Int64)), TypeOf(schema.Of(schema.Text))
	p := Pick{Was: []Type{number, text, number}, Is: []Type{number, number}, From: []int{0, 2}}
	for _, c := range []struct {
		was, is []Type
		from    []int
	}{
		{p.Was, p.Is, []int{0, 2}},
		{[]Type{number, text, number, long}, []Type{number, number, long}, []int{0, 2, 3}},
		{[]Type{number, text, number, long, long}, []Type{number, number, long, long}, []int{0, 2, 3, 4}},
		{[]Type{number, text, number, long}, []Type{number, number}, nil},
		{[]Type{number, text, number, text}, []Type{number, number, text}, nil},
		{[]Type{number, text}, []Type{number, number}, nil},
		{[]Type{text, text, number}, []Type{text, number}, nil},
	} {
		if from, ok := p.Of(c.was, c.is); ok != (c.from != nil) || !slices.Equal(from, c.from) {
			t.Errorf("%v of %v: %v, %t, not %v", c.is, c.was, from, ok, c.from)
		}
	}
	rows := Pick{Was: []Type{number, number}, Is: []Type{number}, From: []int{0}}
	for _, c := range []struct {
		other   Pick
		differs bool
	}{
		{Pick{Was: rows.Was, Is: rows.Is, From: []int{0}}, false},
		{Pick{Was: rows.Was, Is: rows.Is, From: []int{1}}, true},
		{Pick{Was: []Type{number, number, long}, Is: []Type{number, long}, From: []int{0, 2}}, false},
		{Pick{Was: []Type{number, number, long}, Is: []Type{number, long}, From: []int{1, 2}}, true}, // rows may have a number of their own behind them
		{Pick{Was: []Type{text, number}, Is: []Type{number}, From: []int{1}}, false},
	} {
		if rows.differs(&c.other) != c.differs || c.other.differs(&rows) != c.differs {
			t.Errorf("%v: not %t", c.other, c.differs)
		}
	}
}
