package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// printReport writes packages from the least covered to the best, then one line a floor.
func printReport(w io.Writer, module string, packages map[string]coverage, verdicts []verdict) error {
	var out strings.Builder
	out.WriteString("covered  missed  package\n")
	for _, pkg := range worstFirst(packages) {
		c := packages[pkg]
		fmt.Fprintf(&out, "%6.1f%%  %6d  %s\n", c.percent(), c.statements-c.covered, strings.TrimPrefix(pkg, module+"/"))
	}
	out.WriteString("\ncovered   floor  group\n")
	for _, v := range verdicts {
		fmt.Fprintf(&out, "%6.1f%% %6.1f%%  %s%s\n", v.coverage.percent(), v.floor.percent, v.name, remark(v))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// remark is what the reader must not overlook on a floor's line.
func remark(v verdict) string {
	switch {
	case v.statements == 0:
		return " (no such package yet)"
	case !v.passed():
		return " BELOW ITS FLOOR"
	default:
		return ""
	}
}

// worstFirst orders by coverage, then by name, so that equal runs print equal reports.
func worstFirst(packages map[string]coverage) []string {
	return slices.SortedFunc(maps.Keys(packages), func(a, b string) int {
		return cmp.Or(cmp.Compare(packages[a].percent(), packages[b].percent()), strings.Compare(a, b))
	})
}
