package join_test

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"wire.example/wire/internal/operator/join"
	"wire.example/wire/sdk/schema"
)

// null is how NULL is written in the rows of these tests.
const null = "NULL"

// truth is a value of three-valued logic.
type truth int

const (
	no truth = iota
	unknown
	yes
)

func and(a, b truth) truth { return min(a, b) }

// reference is a join as its definition says it: every pair of rows is tried.
type reference struct {
	kind        join.Kind
	build       int
	keys        []join.Key
	types       [2][]schema.Type
	nullAware   bool
	residual    func(left, right []string) (t truth, code string)
	left, right [][]string
}

// answer is what a join gives: rows, in any order, and the codes of its rejected rows.
type answer struct {
	rows    []string
	rejects []string
}

func (a *answer) sort() {
	slices.Sort(a.rows)
	slices.Sort(a.rejects)
}

// canonical makes texts of equal values equal.
func canonical(typ schema.Type, text string) string {
	switch typ.Kind {
	case schema.Numeric:
		if r, ok := new(big.Rat).SetString(text); ok {
			return r.String()
		}
	case schema.Float64:
		if f, err := strconv.ParseFloat(text, 64); err == nil && f == 0 {
			return "0"
		}
	case schema.Interval:
		return strings.NewReplacer("30 days", "1 mon", "24:00:00", "1 day").Replace(text)
	default:
	}
	return text
}

// compare is the truth of all keys.
func (r *reference) compare(left, right []string) truth {
	t := yes
	for _, k := range r.keys {
		a, b := left[k.Left], right[k.Right]
		equal := no
		if a != null && b != null && canonical(r.types[0][k.Left], a) == canonical(r.types[1][k.Right], b) {
			equal = yes
		}
		if a == null || b == null {
			switch {
			case k.Match == join.NotDistinct && a == b:
				equal = yes
			case k.Match == join.In && (r.kind == join.Mark || r.kind == join.Anti):
				equal = unknown
			}
		}
		t = and(t, equal)
	}
	return t
}

// state is what is known of a row of a preserved input, or of the probe row.
type state struct {
	truth truth
	match []string // the first one
}

// run joins. The probe rows are taken one after the other, and for each the build rows in order: first those whose keys match, then, if none
// of them matches altogether, those whose keys may.
func (r *reference) run() answer {
	var out answer
	build, probe := r.left, r.right
	if r.build == join.RightInput {
		build, probe = r.right, r.left
	}
	states := make([]state, len(build))
	for _, p := range probe {
		own, code := r.probe(p, build, states, &out)
		if code != "" {
			out.rejects = append(out.rejects, code)
			continue
		}
		if r.build == join.RightInput {
			out.rows = append(out.rows, r.leftRow(p, own)...)
		} else if own.truth != yes && (r.kind == join.Right || r.kind == join.Full) {
			out.rows = append(out.rows, line(nulls(r.types[0]), p))
		}
	}
	for i, b := range build {
		if r.build == join.LeftInput {
			out.rows = append(out.rows, r.leftRow(b, states[i])...)
		} else if states[i].truth != yes && (r.kind == join.Right || r.kind == join.Full) {
			out.rows = append(out.rows, line(nulls(r.types[0]), b))
		}
	}
	out.sort()
	return out
}

// probe tries one probe row.
func (r *reference) probe(p []string, build [][]string, states []state, out *answer) (own state, code string) {
	for _, wanted := range []truth{yes, unknown} {
		for i, b := range build {
			left, right := p, b
			if r.build == join.LeftInput {
				left, right = b, p
			}
			t := r.compare(left, right)
			if t != wanted || r.decided(wanted, own, states[i]) {
				continue
			}
			if r.residual != nil {
				var residual truth
				if residual, code = r.residual(left, right); code != "" {
					return own, code
				}
				t = and(t, residual)
			}
			if t == yes && r.kind == join.Single && (r.build == join.LeftInput && states[i].truth == yes || r.build == join.RightInput && own.truth == yes) {
				return own, "21000"
			}
			if t > states[i].truth {
				states[i] = state{t, right}
			}
			if t > own.truth {
				own = state{t, right}
			}
			if t == yes && (r.kind <= join.Full || r.kind == join.Single && r.build == join.LeftInput) {
				out.rows = append(out.rows, line(left, right))
			}
		}
	}
	return own, ""
}

// decided reports whether another pair of the left row cannot change anything any more.
func (r *reference) decided(wanted truth, probe, build state) bool {
	if r.kind != join.Semi && r.kind != join.Anti && r.kind != join.Mark {
		return false
	}
	if r.build == join.RightInput {
		return probe.truth >= wanted
	}
	return build.truth >= wanted
}

// leftRow is what a left row gives once everything is known of it.
func (r *reference) leftRow(row []string, s state) []string {
	pass := false
	switch r.kind {
	case join.Left, join.Full:
		if s.truth != yes {
			return []string{line(row, nulls(r.types[1]))}
		}
	case join.Single:
		switch {
		case s.truth != yes:
			return []string{line(row, nulls(r.types[1]))}
		case r.build == join.RightInput:
			return []string{line(row, s.match)}
		}
	case join.Semi:
		pass = s.truth == yes
	case join.Anti:
		pass = s.truth == no || s.truth == unknown && !r.nullAware
	case join.Mark:
		return []string{line(row, []string{[]string{"f", null, "t"}[s.truth]})}
	}
	if pass {
		return []string{line(row)}
	}
	return nil
}

func nulls(types []schema.Type) []string { return slices.Repeat([]string{null}, len(types)) }

func line(parts ...[]string) string { return strings.Join(slices.Concat(parts...), " ") }
