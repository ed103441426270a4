package nexmark

import (
	"fmt"
	"slices"
	"strings"
)

// Fold applies the changes in lines, each an object whose first member is op, in order, and returns the rows that are left, sorted. Lines without op are rows. It is
// an error if a row is taken back that is not there.
func Fold(lines []string) ([]string, error) {
	const prefix, length = `{"op":"`, len(`{"op":"+I",`)
	count := map[string]int{}
	for i, l := range lines {
		if !strings.HasPrefix(l, prefix) || len(l) < length {
			count[l]++
			continue
		}
		op, row := l[len(prefix):len(prefix)+2], "{"+l[length:]
		switch op {
		case "+I", "+U":
			count[row]++
		case "-U", "-D":
			if count[row]--; count[row] < 0 {
				return nil, fmt.Errorf("change %d takes back a row that is not there: %s", i+1, l)
			}
		default:
			return nil, fmt.Errorf("change %d is of no kind: %s", i+1, l)
		}
	}
	rows := make([]string, 0, len(count))
	for row, n := range count {
		for range n {
			rows = append(rows, row)
		}
	}
	slices.Sort(rows)
	return rows, nil
}
