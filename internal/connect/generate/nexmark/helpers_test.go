package nexmark

import "testing"

// generator returns the generator of c, which the test holds to be valid.
func generator(tb testing.TB, c Config) *Generator {
	tb.Helper()
	g, err := NewGenerator(c)
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// each calls visit with the first count events of the run in the order of their positions.
func each(tb testing.TB, c Config, count uint64, visit func(k uint64, e *Event)) {
	tb.Helper()
	g := generator(tb, c)
	for k := range count {
		e := g.At(k)
		if e == nil {
			tb.Fatalf("At(%d) = nil in a run of %d", k, g.Count())
		}
		visit(k, e)
	}
}
