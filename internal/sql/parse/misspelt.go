package parse

import (
	"strings"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
)

// misspelt finds a keyword of which the unexpected word, or the one before it that was taken for an alias, is one edit away.
func (n *neighbourhood) misspelt() string {
	if word := n.meant(n.t); word != "" {
		return "did you mean " + word + "?"
	}
	if isWord(n.p2, "as") || n.p2.Is(".") || n.at-1 == n.begin && n.t.Kind != parse.Ident {
		return ""
	}
	if word := n.meant(n.p1); word != "" {
		return "did you mean " + word + " instead of " + n.shown(n.p1) + "?"
	}
	return ""
}

// meant returns the keyword that t is one edit away from, "" if there is none or t is a keyword itself.
func (n *neighbourhood) meant(t *parse.Token) string {
	if t.Kind != parse.Ident || t.Quoted || t.Class == exprast.Reserved || t.Class == exprast.TypeOrFunction {
		return ""
	}
	for _, pair := range strings.Split(pairs, "|") {
		if strings.ReplaceAll(pair, " ", "") == t.Text {
			return upper(pair)
		}
	}
	if t.Class != exprast.NotKeyword && len(t.Text) > 2 {
		return ""
	}
	for _, word := range strings.Fields(keywords) {
		if oneEdit(t.Text, word) {
			return upper(word)
		}
	}
	return ""
}

// pairs are words that are sometimes written as one.
const pairs = "group by|order by|partition by|insert into|union all|left join|right join|full join|inner join|cross join|primary key|" +
	"create table|create view|create source|create sink|grouping sets|is null|not null|not in|not like|select distinct|if exists|nulls last|" +
	"nulls first"

// keywords are the words that are looked for, the commoner ones first.
const keywords = "select from where group order by having limit offset union intersect except join left right full inner cross outer " +
	"natural lateral on using as and or not in like between is null case when then else end distinct values insert into create table view " +
	"source sink materialized with recursive window partition over filter fetch first rows only set show drop explain analyze describe " +
	"interval asc desc exists replace default primary key watermark for emit changes close lateness tumble session cumulate prepare execute " +
	"deallocate generated always stored check unique references constraint"

// oneEdit tells whether a is b with one letter added, left out, changed, or swapped with its neighbour. Words of two letters count as
// near only if their letters are swapped, those of three if they are not changed.
func oneEdit(a, b string) bool {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	restA, restB := a[i:], b[i:]
	switch {
	case len(restA) > 1 && len(restB) > 1 && restA[0] == restB[1] && restA[1] == restB[0] && restA[2:] == restB[2:]:
		return true
	case len(b) < 3 || len(a) < 3:
		return false
	case len(a) == len(b):
		return len(b) > 3 && restA != "" && restA[1:] == restB[1:]
	case len(a) == len(b)+1:
		return restA[1:] == restB
	case len(a)+1 == len(b):
		return restA == restB[1:]
	}
	return false
}
