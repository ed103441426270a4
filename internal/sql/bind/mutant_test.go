package bind_test

import (
	"errors"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// token cuts a statement up, roughly.
var token = regexp.MustCompile(`'[^']*'|"[^"]*"|[A-Za-z_][A-Za-z_0-9]*|[0-9]+(?:\.[0-9]+)?|[<>=!|:]+|\S`)

// excused are SQLSTATEs of Wire's and PostgreSQL's that mean the same mistake, told otherwise.
var excused = map[[2]string]string{
	{"42809", "0A000"}: "t.a.b.c: PostgreSQL sees a database, Wire a member of a column",
	{"42809", "42P01"}: "t.a.b: PostgreSQL sees a schema, Wire a member of a column",
	{"42601", "0A000"}: "t.a.b.c.d: likewise",
	{"42P01", "0A000"}: "a.b.c.d: likewise",
	{"42704", ""}:      "x::t: a table is a type for PostgreSQL",
	{"42704", "42846"}: "likewise",
	{"42704", "22P02"}: "t 'x': likewise",
	{"42704", "42883"}: "sum(x::t): likewise",
	{"42601", "42883"}: "==: the grammar knows no such operator",
	{"42601", "42704"}: "f(x) 'y': the grammar takes no function for a type",
	{"42703", "42809"}: "t.f: PostgreSQL tries a function of the row",
	{"42883", "42809"}: "likewise",
	{"42883", ""}:      "rows of different lengths: PostgreSQL compares them, and fails then",
	{"42704", "3F000"}: "x::a.b: PostgreSQL looks for the schema first",
	{"42P01", "42P09"}: "two tables of one name, one beside a LATERAL",
	{"42703", "42883"}: "likewise",
	{"42P01", "42703"}: "a.b.c: which part is missing",
	{"42703", "42P01"}: "likewise",
	{"42703", "42803"}: "t.count: PostgreSQL tries a function of the row",
	{"42704", "42703"}: "CAST: the type is looked at before the value",
	{"3F000", "42P01"}: "f.g(x): the schema is looked at before the arguments",
	{"3F000", "42703"}: "likewise",
	{"3F000", "42883"}: "likewise",
	{"42712", "42P09"}: "two tables of one name, one beside a LATERAL",
	{"42703", "42804"}: "a[b]: an index is bound before the array is looked at",
	{"42601", "42703"}: "the grammar finds its mistake first",
	{"42601", "42P01"}: "likewise",
	{"42601", "22P02"}: "likewise",
	{"42601", "42804"}: "likewise",
	{"42703", "42704"}: "operands from left to right",
	{"22P02", "42804"}: "an array without a type is one of text",
}

// otherwise are words that one of both knows, or asks about later: types, and settings.
var otherwise = regexp.MustCompile(`double|\bname\b|current_setting|pg_typeof`)

// mutant changes one or two words of a statement.
func mutant(rnd *rand.Rand, words, all []string) string {
	words = append([]string(nil), words...)
	for range 1 + rnd.IntN(2) {
		i, j := rnd.IntN(len(words)), rnd.IntN(len(words))
		switch rnd.IntN(4) {
		case 0, 1:
			words[i] = all[rnd.IntN(len(all))]
		case 2:
			words[i], words[j] = words[j], words[i]
		default:
			words = append(words[:i:i], words[i+1:]...)
		}
	}
	return strings.Join(words, " ")
}

// TestMutantsArePostgreSQLs breaks the queries of testdata/plans by chance, and compares what Wire and a PostgreSQL say of them.
func TestMutantsArePostgreSQLs(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a PostgreSQL")
	}
	conn := connect(t)
	known := differences(t)
	var queries [][]string
	var all []string
	for _, name := range []string{"select", "join", "subquery", "group", "over", "set"} {
		for _, b := range readScript(t, "testdata/plans/"+name+".txt") {
			text := strings.ReplaceAll(b.text, `COLLATE "C"`, "") // bare, the word is an alias to PostgreSQL
			if words := token.FindAllString(text, -1); len(words) > 4 && strings.HasPrefix(b.answer, "sink ") && known[strings.TrimSpace(b.text)] == "" {
				queries, all = append(queries, words), append(all, words...)
			}
		}
	}
	w := prepared(t)
	rnd := rand.New(rand.NewPCG(15, 4))
	asked, wrong := 0, 0
	const mutants = 3000
	for range mutants {
		text := mutant(rnd, queries[rnd.IntN(len(queries))], all)
		got, ok := codeOf(w.run(text))
		if !ok {
			continue
		}
		_, err := conn.Prepare(t.Context(), "", text, nil)
		want := ""
		var bad *pgconn.PgError
		if errors.As(err, &bad) {
			want = bad.Code
		}
		asked++
		if got == want || got == "0A000" {
			continue
		}
		if otherwise.MatchString(text) {
			continue
		}
		if excused[[2]string{got, want}] != "" {
			continue
		}
		if wrong++; wrong < 30 {
			t.Errorf("%s\n  Wire %q, PostgreSQL %q", text, got, want)
		}
	}
	if asked < mutants/2 {
		t.Errorf("%d statements were asked", asked)
	}
}

// codeOf is the SQLSTATE of an answer, "" for a plan.
func codeOf(answer string) (code string, ok bool) {
	if strings.HasPrefix(answer, "sink ") {
		return "", true
	}
	if len(answer) > 6 && answer[5] == ':' {
		return answer[:5], true
	}
	return "", false
}
