package grid

import (
	"fmt"
	"strings"

	"wire.example/wire/test/slt"
)

// Grid is a file of cases.
type Grid struct {
	Path string // relative to the suite's folder testdata
	file slt.File
}

// All are the grids.
func All() []*Grid {
	return []*Grid{joins(), semijoins(), sets(), aggregates(), collections(), statistics(), groupingSets(), frames(), ranks(), scalars(), quantifiers(), values(), orders()}
}

// newGrid begins a file with a comment and the statements that make its tables.
func newGrid(path, comment string, setup ...string) *Grid {
	g := &Grid{Path: path}
	g.comment("A grid: go generate ./test/slt/grid writes the statements, slt -update the answers. " + comment)
	for _, sql := range setup {
		g.add(slt.Record{Kind: slt.Statement, SQL: sql})
	}
	return g
}

// comment begins a group of cases.
func (g *Grid) comment(text string) {
	if len(g.file.Records) > 0 {
		g.file.Records = append(g.file.Records, slt.Record{Kind: slt.Verbatim})
	}
	g.file.Records = append(g.file.Records, slt.Record{Kind: slt.Verbatim, Text: "# " + text})
}

// query adds a query whose rows have no order.
func (g *Grid) query(format string, args ...any) {
	g.add(slt.Record{Kind: slt.Query, Sort: slt.SortRows, SQL: spaced(fmt.Sprintf(format, args...))})
}

// ordered adds a query whose ORDER BY decides every place.
func (g *Grid) ordered(format string, args ...any) {
	g.add(slt.Record{Kind: slt.Query, Sort: slt.SortNone, SQL: spaced(fmt.Sprintf(format, args...))})
}

func (g *Grid) add(r slt.Record) {
	if last := len(g.file.Records) - 1; last >= 0 && !strings.HasPrefix(g.file.Records[last].Text, "#") {
		g.file.Records = append(g.file.Records, slt.Record{Kind: slt.Verbatim})
	}
	g.file.Records = append(g.file.Records, r)
}

// spaced makes one blank of the many that absent parts leave.
func spaced(sql string) string { return strings.Join(strings.Fields(sql), " ") }

// Merge returns the grid's file with the answers that an earlier version of it holds, and the conditions of its records.
func (g *Grid) Merge(earlier *slt.File) *slt.File {
	answered := map[string][]slt.Record{}
	for _, r := range earlier.Records {
		if r.Kind == slt.Statement || r.Kind == slt.Query {
			answered[r.SQL] = append(answered[r.SQL], r)
		}
	}
	merged := &slt.File{Path: earlier.Path}
	for _, r := range g.file.Records {
		records := answered[r.SQL]
		if len(records) == 0 {
			merged.Records = append(merged.Records, r)
			continue
		}
		for i, kept := range records { // more than one: an answer for each engine
			if i > 0 {
				merged.Records = append(merged.Records, slt.Record{Kind: slt.Verbatim})
			}
			kept.Sort = r.Sort
			merged.Records = append(merged.Records, kept)
		}
	}
	return merged
}
