package pgquery

import (
	"math/rand/v2"
	"strings"

	"wire.example/wire/internal/expr/parse"
)

// mutator makes statements that are almost right.
type mutator struct {
	random *rand.Rand
	corpus [][]string // tokens
	right  [][]string // those of statements that PostgreSQL takes
}

// tokens cuts a statement into its tokens as they are written.
func tokens(statement string) []string {
	p := parse.New(statement)
	var out []string
	for p.Peek().Kind != parse.EOF && p.Peek().Kind != parse.Invalid {
		out = append(out, p.Text(p.Next().Span))
	}
	return out
}

func (m *mutator) some() []string { return m.corpus[m.random.IntN(len(m.corpus))] }

func (m *mutator) of(choices ...string) string { return choices[m.random.IntN(len(choices))] }

func (m *mutator) someRight() []string { return m.right[m.random.IntN(len(m.right))] }

// statement draws a statement, puts it together with others, and changes it in a place or two, or not at all.
func (m *mutator) statement() string {
	list := append([]string(nil), m.someRight()...)
	for m.random.IntN(2) == 0 {
		list = m.grow(list)
	}
	for range m.random.IntN(5) / 2 {
		list = m.change(list)
	}
	return strings.Join(list, " ")
}

// grow puts a statement into another one, or two side by side.
func (m *mutator) grow(list []string) []string {
	join := func(before string, middle []string, after string) []string {
		out := append(strings.Fields(before), middle...)
		return append(out, strings.Fields(after)...)
	}
	switch m.random.IntN(8) {
	case 0:
		op := m.of("UNION", "UNION ALL", "INTERSECT", "EXCEPT", "EXCEPT ALL", "INTERSECT DISTINCT")
		return append(join("", list, op), m.someRight()...)
	case 1:
		return join("(", list, ")"+m.of("", " LIMIT 1", " ORDER BY 1", " OFFSET 2", " UNION SELECT 1"))
	case 2:
		return join("SELECT * FROM (", list, ") AS q"+m.of("", " JOIN t ON true", " CROSS JOIN u", ", v"))
	case 3:
		return join("WITH q AS (", list, ") "+m.of("TABLE q", "SELECT 1", "VALUES (1)", "INSERT INTO t TABLE q"))
	case 4:
		return join("SELECT a, "+m.of("(", "EXISTS (", "ARRAY (", "a IN (", "a = ANY (", "1 + ("), list, ") FROM t")
	case 5:
		return join(m.of("EXPLAIN", "PREPARE p AS", "CREATE VIEW v AS", "INSERT INTO t", "CREATE TABLE t AS"), list, "")
	case 6:
		return join("", list, m.of("LIMIT 5", "ORDER BY a DESC", "WHERE a", "GROUP BY a, (b, c)", "HAVING b", "JOIN u USING (x)", ", u AS w (y)"))
	}
	return m.replace(list)
}

// replace puts an expression in the place of a word or a number.
func (m *mutator) replace(list []string) []string {
	for range 10 {
		i := m.random.IntN(len(list))
		if c := list[i][0]; c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			x := m.of("( SELECT 1 )", "f ( 1 )", "a . b", "1", "'x'", "( a , b )", "a = 1 OR b", "( 1 + 2 ) * 3", "CAST ( a AS int )", "a :: text",
				"NOT a", "sum ( a ) OVER w", "count ( * ) FILTER ( WHERE a )", "CASE WHEN a THEN b END", "t . *", "a IS NULL", "a BETWEEN 1 AND 2")
			return append(append(list[:i:i], strings.Fields(x)...), list[i+1:]...)
		}
	}
	return list
}

func (m *mutator) change(list []string) []string {
	if len(list) == 0 {
		return append(list, m.some()...)
	}
	i := m.random.IntN(len(list))
	other := m.some()
	j := m.random.IntN(len(other))
	switch m.random.IntN(8) {
	case 0:
		return append(list[:i:i], list[i+1:]...)
	case 1:
		return insert(list, i, list[i])
	case 2:
		k := m.random.IntN(len(list))
		list[i], list[k] = list[k], list[i]
		return list
	case 3:
		list[i] = other[j]
		return list
	case 4:
		return insert(list, i, other[j])
	case 5:
		return append(list[:i:i], other[j:]...)
	case 6:
		return insert(list, i, other[j:min(j+1+m.random.IntN(8), len(other))]...)
	}
	end := i + m.random.IntN(len(list)-i)
	list = insert(list, end+1, ")")
	return insert(list, i, "(")
}

func insert(list []string, at int, items ...string) []string {
	out := append([]string(nil), list[:at]...)
	out = append(out, items...)
	return append(out, list[at:]...)
}
