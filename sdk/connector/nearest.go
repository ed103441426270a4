package connector

import "strings"

// Nearest returns the name that was probably meant by typed: the one of fewest edits, if they are at most a third of its letters (two at
// least); "" if none is near. An edit is an insertion, a deletion, a change or a swap of neighbours (optimal string alignment distance).
func Nearest(typed string, names []string) string {
	best, bestEdits := "", 0
	for _, name := range names {
		d := edits(strings.ToLower(typed), strings.ToLower(name))
		if d <= max(2, len(name)/3) && d < len(name) && (best == "" || d < bestEdits) {
			best, bestEdits = name, d
		}
	}
	return best
}

// edits returns the optimal string alignment distance of a and b, in bytes.
func edits(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
