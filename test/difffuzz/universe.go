package difffuzz

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Table is a table with rows, each a list of literals.
type Table struct {
	Name    string
	Columns []Field
	Rows    [][]string
}

// Field is a column of a table.
type Field struct {
	Name, Type string
	domain     []string
	small      bool // its values may be added and multiplied
}

// Universe is what a seed makes.
type Universe struct {
	Seed    uint64
	Tables  []Table
	Queries []Query
}

// Query is a statement, and whether its ORDER BY decides the place of every row.
type Query struct {
	Root    *Node
	Ordered bool
	Uses    []string // productions, each once
}

// kinds are the types of columns: what is written behind a column's name, ordinary values and extreme ones.
type kind struct {
	name            string
	weight          int
	values, extreme []string
}

func kinds() []kind {
	return []kind{
		{"bool", 6, []string{"true", "false"}, nil},
		{"int2", 5, []string{"0", "1", "2", "3", "-1"}, []string{"-32768", "32767"}},
		{"int4", 16, []string{"0", "1", "2", "3", "5", "-1", "-4"}, []string{"-2147483648", "2147483647"}},
		{"int8", 8, []string{"0", "1", "2", "3", "-1", "7"}, []string{"-9223372036854775808", "9223372036854775807"}},
		{"float4", 4, []string{"0", "1", "0.5", "-1.5", "2"}, []string{"'NaN'", "'Infinity'", "'-Infinity'", "'3.4e38'", "'1e-38'"}},
		{"float8", 6, []string{"0", "1", "0.5", "-1.25", "2", "3"}, []string{"'NaN'", "'Infinity'", "'-Infinity'", "'1e300'", "'1e-300'", "'-0'"}},
		{"numeric(8,2)", 5, []string{"0.00", "1.00", "1.50", "-2.25", "3.00"}, []string{"999999.99", "-999999.99"}},
		{"numeric", 5, []string{"0", "1", "1.5", "-2.25", "3"}, []string{"12345678901234567890.5", "-12345678901234567890.5", "0.000000000001"}},
		{"text", 12, []string{"'a'", "'b'", "'ab'", "'B'", "'c'", "''"}, []string{"'ä€𝄞'", "'x" + strings.Repeat("yz", 150) + "'", "' a '", "'%'", "'a_b'"}},
		{"varchar(6)", 3, []string{"'a'", "'b'", "'ab'", "'abc'"}, []string{"''", "'äöüäöü'"}},
		{"date", 5, []string{"'2020-01-01'", "'2020-01-02'", "'2020-02-29'", "'1999-12-31'"}, []string{"'infinity'", "'-infinity'", "'0001-01-01'", "'9999-12-31'", "'4713-01-01 BC'"}},
		{"time", 2, []string{"'00:00'", "'12:30:00.5'", "'23:59:59'"}, []string{"'24:00:00'", "'23:59:59.999999'"}},
		{"timestamp", 4, []string{"'2020-01-01 00:00'", "'2020-01-01 12:00'", "'2020-02-29 23:59:59.5'"}, []string{"'infinity'", "'-infinity'", "'0001-01-01 00:00:00'"}},
		{"timestamptz", 3, []string{"'2020-01-01 00:00+00'", "'2020-01-01 12:00+02'", "'2021-06-01 00:00+00'"}, []string{"'infinity'", "'-infinity'"}},
		{"interval", 3, []string{"'0'", "'1 hour'", "'1 day'", "'2 mons 3 days'"}, []string{"'-178000000 years'", "'178000000 years'"}},
		{"uuid", 2, []string{"'00000000-0000-0000-0000-000000000001'", "'a0000000-0000-0000-0000-000000000000'"}, []string{"'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"}},
		{"jsonb", 3, []string{`'{"a": 1}'`, `'{"a": 2, "b": [1, 2]}'`, `'[1, "x"]'`, `'"s"'`}, []string{"'null'", "'{}'", "'[]'"}},
		{"int4[]", 3, []string{"'{}'", "'{1}'", "'{1,2}'", "'{3,NULL,1}'"}, nil},
		{"text[]", 2, []string{"'{}'", "'{a}'", "'{a,b}'", "'{\"\",NULL}'"}, nil},
	}
}

// base is a column's type as expressions name it.
func base(t string) string {
	switch {
	case strings.HasPrefix(t, "numeric"):
		return "numeric"
	case strings.HasPrefix(t, "varchar"):
		return "text"
	}
	return t
}

// New makes the universe of a seed with a number of queries.
func New(seed uint64, queries int) *Universe {
	g := &generator{r: rand.New(rand.NewPCG(seed, 15))} //nolint:gosec // replayed by its seed
	u := &Universe{Seed: seed}
	g.extreme = g.chance(30)
	for i := range 2 + g.r.IntN(3) {
		u.Tables = append(u.Tables, g.table(i))
	}
	g.tables = u.Tables
	for i := range queries {
		q := g.statement()
		if i%sortedEvery == sortedAt {
			q = sorted(u)
		}
		u.Queries = append(u.Queries, q)
	}
	return u
}

// generator draws tables and queries.
type generator struct {
	r       *rand.Rand
	tables  []Table
	extreme bool
	names   int // aliases given
	ctes    []relation
	uses    map[string]bool
}

func (g *generator) chance(percent int) bool { return g.r.IntN(100) < percent }

func pick[T any](g *generator, list ...T) T { return list[g.r.IntN(len(list))] }

func (g *generator) use(production string) { g.uses[production] = true }

func (g *generator) table(i int) Table {
	t := Table{Name: string("tuvw"[i])}
	all := kinds()
	t.Columns = append(t.Columns, Field{Name: "k", Type: "int4", domain: []string{"0", "1", "2", "3"}, small: true})
	for c := range 2 + g.r.IntN(4) {
		k := g.weighted(all)
		f := Field{Name: string("abcdefg"[c]), Type: k.name, small: true}
		values := slices.Clone(k.values)
		g.r.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
		f.domain = values[:1+g.r.IntN(len(values))]
		if g.extreme && len(k.extreme) > 0 && g.chance(40) {
			f.domain, f.small = append(f.domain, pick(g, k.extreme...), pick(g, k.extreme...)), false
		}
		t.Columns = append(t.Columns, f)
	}
	rows := 2 + g.r.IntN(10)
	switch g.r.IntN(30) {
	case 0:
		rows = 0
	case 1, 2, 3:
		rows = 24
	}
	for n := range rows {
		var row []string
		if n > 0 && g.chance(15) {
			row = slices.Clone(t.Rows[g.r.IntN(n)])
		} else {
			for _, f := range t.Columns {
				if row = append(row, pick(g, f.domain...)); g.chance(12) {
					row[len(row)-1] = "NULL"
				}
			}
		}
		t.Rows = append(t.Rows, row)
	}
	if g.chance(60) { // a key
		t.Columns = append(t.Columns, Field{Name: "id", Type: "int4", small: true, domain: []string{"1", "2", "3"}})
		for n := range t.Rows {
			t.Rows[n] = append(t.Rows[n], fmt.Sprint(n+1))
		}
	}
	return t
}

func (g *generator) weighted(all []kind) kind {
	sum := 0
	for _, k := range all {
		sum += k.weight
	}
	n := g.r.IntN(sum)
	for _, k := range all {
		if n -= k.weight; n < 0 {
			return k
		}
	}
	panic("weights")
}

// Setup are the statements that make the tables; batches of one row each if single.
func Setup(tables []Table, single bool) []string {
	var all []string
	for _, t := range tables {
		columns := make([]string, len(t.Columns))
		for i, f := range t.Columns {
			columns[i] = f.Name + " " + f.Type
		}
		all = append(all, fmt.Sprintf("CREATE TABLE %s (%s)", t.Name, strings.Join(columns, ", ")))
		var rows []string
		for _, row := range t.Rows {
			rows = append(rows, "("+strings.Join(row, ", ")+")")
		}
		if single {
			for _, row := range rows {
				all = append(all, fmt.Sprintf("INSERT INTO %s VALUES %s", t.Name, row))
			}
		} else if len(rows) > 0 {
			all = append(all, fmt.Sprintf("INSERT INTO %s VALUES %s", t.Name, strings.Join(rows, ", ")))
		}
	}
	return all
}
