package join_test

import "strconv"

// residual is a condition beside the keys: as SQL over tables l and r, as an expression over l0, l1, … and r0, r1, …, and as what it means.
type residual struct {
	sql, expr string
	eval      func(left, right []string) (truth, string)
}

// residuals are none, one that is unknown where a value is NULL, and one that fails where two values are equal.
func residuals() []residual {
	return []residual{
		{},
		{"l.c2 < r.c2", "l2 < r2", func(left, right []string) (truth, string) {
			if left[2] == null || right[2] == null {
				return unknown, ""
			}
			if left[2] < right[2] { // numbers of one digit
				return yes, ""
			}
			return no, ""
		}},
		{"6 / (l.c2 - r.c2) > -6", "6 / (l2 - r2) > -6", func(left, right []string) (truth, string) {
			if left[2] == null || right[2] == null {
				return unknown, ""
			}
			a, _ := strconv.Atoi(left[2])
			b, _ := strconv.Atoi(right[2])
			switch {
			case a == b:
				return no, "22012"
			case 6/(a-b) > -6:
				return yes, ""
			}
			return no, ""
		}},
	}
}
