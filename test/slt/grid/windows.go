package grid

import "strings"

// windowed is a table with two partitions, peers and NULLs.
func windowed() []string {
	return []string{
		"CREATE TABLE w (id int, g text, o int, v int)",
		"INSERT INTO w VALUES (1, 'a', 1, 1), (2, 'a', 1, 2), (3, 'a', 2, NULL), (4, 'a', 4, 8), (5, 'a', NULL, 16), (6, 'b', 3, 32), (7, 'b', 3, 64), (8, 'b', NULL, 128), (9, 'b', NULL, NULL)",
	}
}

// frames crosses modes, bounds, exclusions and partitions. Within peers the order of rows is open: there first_value and its kin read the
// sort key, which peers share.
func frames() *Grid {
	g := newGrid("window/grid.slt", "Mode × bounds × EXCLUDE × PARTITION BY.", windowed()...)
	bounds := []string{
		"BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW", "BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING", "BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING",
		"BETWEEN 1 PRECEDING AND 1 FOLLOWING", "BETWEEN 2 PRECEDING AND 1 PRECEDING", "BETWEEN 1 FOLLOWING AND 2 FOLLOWING", "CURRENT ROW", "1 PRECEDING",
		"BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING",
	}
	for _, mode := range []string{"ROWS", "RANGE", "GROUPS"} {
		order, value := "o", "o"
		if mode == "ROWS" {
			order, value = "o, id", "v"
		}
		for _, bound := range bounds {
			g.comment(mode + " " + bound)
			for _, exclude := range []string{"", "EXCLUDE CURRENT ROW", "EXCLUDE GROUP", "EXCLUDE TIES"} {
				for _, partition := range []string{"", "PARTITION BY g"} {
					g.query("SELECT id, sum(v) OVER w, count(*) OVER w, min(v) OVER w, max(v) OVER w, first_value(%s) OVER w, last_value(%s) OVER w, nth_value(%s, 2) OVER w FROM w WINDOW w AS (%s ORDER BY %s %s %s %s)",
						value, value, value, partition, order, mode, bound, exclude)
				}
			}
		}
	}
	return g
}

// ranks crosses functions that look at the whole partition with orders. Those that depend on the order of peers get an order without peers.
func ranks() *Grid {
	g := newGrid("window/ranks.slt", "Functions of the partition × order × PARTITION BY, and aggregates with the frame that an order implies.", windowed()...)
	unique := [][]string{{"row_number()", "ntile(2)", "ntile(4)"}, {"lag(v)", "lag(v, 2, -1)", "lead(v)", "lead(v, 2, -1)"}, {"array_agg(v)", "string_agg(v::text, ',')"}}
	tied := [][]string{{"rank()", "dense_rank()"}, {"percent_rank()", "cume_dist()"}, {"sum(v)", "avg(v)", "count(v)"}, {"max(v)", "bool_or(v > 4)", "count(*) FILTER (WHERE v > 4)"}}
	ask := func(functions []string, partition, order string) {
		window := spaced(partition + " " + order)
		g.query("SELECT id, %s OVER (%s) FROM w", strings.Join(functions, " OVER ("+window+"), "), window)
	}
	for _, partition := range []string{"", "PARTITION BY g", "PARTITION BY g, o"} {
		for _, order := range []string{"", "ORDER BY o", "ORDER BY o DESC", "ORDER BY o NULLS FIRST", "ORDER BY g, o"} {
			for _, functions := range tied {
				ask(functions, partition, order)
			}
		}
		for _, order := range []string{"ORDER BY o, id", "ORDER BY o DESC, id DESC"} {
			for _, functions := range unique {
				ask(functions, partition, order)
			}
		}
	}
	return g
}
