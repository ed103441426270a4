package streamfuzz

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"wire.example/wire/test/difffuzz"
)

// Universe is what a seed makes.
type Universe struct {
	Seed    uint64
	Sources []Source
	Queries []Query
}

// Query is a query with columns c1, c2 and so on, and the productions that it uses.
type Query struct {
	Root *difffuzz.Node
	Uses []string
	// Ordered says that rows come in the order of the column c1.
	Ordered bool
}

// New makes the universe of a seed with a number of queries.
func New(seed uint64, queries int) *Universe {
	g := &generator{r: rand.New(rand.NewPCG(seed, 41))} //nolint:gosec // replayed by its seed
	u := &Universe{Seed: seed}
	for i := range 2 + g.r.IntN(2) {
		u.Sources = append(u.Sources, g.source(string("tuv"[i])))
	}
	g.sources = u.Sources
	for i := range queries {
		q := g.query()
		if i == byTimeAt {
			if sorted, ok := byTime(u); ok {
				q = sorted
			}
		}
		u.Queries = append(u.Queries, q)
	}
	return u
}

// generator draws sources and queries.
type generator struct {
	r       *rand.Rand
	sources []Source
	names   int
	uses    map[string]bool
}

func (g *generator) chance(percent int) bool { return g.r.IntN(100) < percent }

func pick[T any](g *generator, list ...T) T { return list[g.r.IntN(len(list))] }

func (g *generator) use(production string) { g.uses[production] = true }

// source draws a source. Rows come in places 1, 2, …; each change has its own.
func (g *generator) source(name string) Source {
	s := Source{Name: name, Kind: pick(g, "append", "append", "op", "op", "upsert", "debezium"), Delay: -1}
	if s.Kind == "append" && g.chance(70) {
		s.Delay = pick(g, 0, 1, 2, 4, 10)
	}
	rows := pick(g, 3, 8, 12, 25)
	if g.chance(4) {
		rows = 0
	}
	second := g.r.IntN(20) - 10
	for id := range rows {
		e := Entity{}
		place := 10*id + g.r.IntN(40)
		versions := 1
		if s.Kind != "append" && g.chance(60) {
			versions += g.r.IntN(4)
		}
		second += g.r.IntN(4)
		for range versions {
			place += 1 + g.r.IntN(30)
			e.Versions = append(e.Versions, Version{place, g.row(id+1, second)})
		}
		if s.Kind != "append" && g.chance(25) {
			e.Gone = place + 1 + g.r.IntN(30)
		}
		s.Entities = append(s.Entities, e)
	}
	return s
}

func (g *generator) row(id, second int) string {
	or := func(value string) string {
		if g.chance(12) {
			return "null"
		}
		return value
	}
	at := second - g.r.IntN(8)
	if g.chance(5) {
		at -= 10 + g.r.IntN(20)
	}
	return fmt.Sprintf(`{"id":%d,"k":%s,"g":%s,"v":%s,"n":%s,"b":%s,"ts":%s,"z":%d,"o":%s}`, id, or(`"`+pick(g, "a", "b", "c", "d")+`"`), or(fmt.Sprint(g.r.IntN(4))),
		or(fmt.Sprint(g.r.IntN(30)-5)), or(fmt.Sprintf("%d.%02d", g.r.IntN(20), 25*g.r.IntN(4))), or(pick(g, "true", "false")), or(clock(at)), id%keys, or(clock(g.r.IntN(60)-20)))
}

// clock is a second of a night as JSON; before midnight it is negative.
func clock(second int) string {
	minute, day := 0, "2020-03-01T00:"
	if second < 0 {
		minute, day, second = 59, "2020-02-29T23:", second+60
	}
	return fmt.Sprintf(`"%s%02d:%02d"`, day, minute+second/60, second%60)
}

// keys is how many keys the rows of a source have as versions: in the member z, which no column but that of NAME_t has.
const keys = 4

// query draws a query.
func (g *generator) query() Query {
	g.uses, g.names = map[string]bool{}, 0
	root := g.relation(1 + g.r.IntN(3)).node
	q := Query{Root: root}
	for use := range g.uses {
		q.Uses = append(q.Uses, use)
	}
	slices.Sort(q.Uses)
	return q
}

// AppendOnly makes all sources such that rows are only added: of each row its first version.
func (u *Universe) AppendOnly() *Universe {
	for i := range u.Sources {
		s := &u.Sources[i]
		s.Kind = "append"
		for at := range s.Entities {
			s.Entities[at].Versions, s.Entities[at].Gone = s.Entities[at].Versions[:1], 0
		}
	}
	return u
}

// byTimeAt is the place of the query in the order of time among those of a universe, from 0.
const byTimeAt = 11

// byTime draws a query whose rows come in the order of time, if there is a source with a watermark. It has numbers of its own: the other queries do not depend on it.
func byTime(u *Universe) (q Query, ok bool) {
	g := &generator{r: rand.New(rand.NewPCG(u.Seed, 42)), sources: u.Sources, uses: map[string]bool{}} //nolint:gosec // replayed by its seed
	over := g.timed()
	if len(over) == 0 {
		return q, false
	}
	x := g.name()
	cols := []column{{x + ".id", integer}, {x + ".k", text}, {x + ".v", integer}}
	root := difffuzz.Text("SELECT "+x+".ts AS c1, "+x+".id AS c2, "+x+".v AS c3 FROM "+pick(g, over...).Name+"_came "+x, g.where(cols, 30), " ORDER BY "+x+".ts")
	return Query{Root: root, Uses: []string{"order by time"}, Ordered: true}, true
}
