package parse_test

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/sql/ast"
	sqlparse "wire.example/wire/internal/sql/parse"
	"wire.example/wire/internal/testserver"
	"wire.example/wire/sdk/sqlstate"
)

// grammarFile holds statements and what PostgreSQL's grammar says of each: "ok", or the SQLSTATE, the character at fault and the
// message. TestGrammarFile compares it with a real server, and with -rewrite takes what that says.
const grammarFile = "testdata/postgres/grammar.tsv"

type grammarLine struct{ answer, statement string }

// readGrammar returns the lines of the file; comments have no answer.
func readGrammar(t testing.TB) []grammarLine {
	t.Helper()
	raw, err := os.ReadFile(grammarFile)
	if err != nil {
		t.Fatal(err)
	}
	var lines []grammarLine
	for _, line := range strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n") {
		answer, statement, found := strings.Cut(line, "\t")
		if !found {
			answer, statement = "", line
		}
		lines = append(lines, grammarLine{answer, statement})
	}
	return lines
}

// wider are statements that PostgreSQL's grammar refuses and Wire's takes.
var wider = map[string]string{
	"CREATE OR REPLACE TABLE t (a int)":                 "sources, tables and sinks can be replaced as views can",
	"CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT 1": "so can materialized views",
	"CREATE VIEW IF NOT EXISTS v AS SELECT 1":           "as for tables",
	"CREATE TABLE t (a int) AS SELECT 1":                "a table with a connector may declare its columns",
	"CREATE TABLE t AS SELECT 1 WITH (fillfactor = 70)": "options may follow the query",
	"SELECT a FROM t OFFSET 1 + 1 ROWS":                 "any expression will do",
}

// later are messages that PostgreSQL has only after parsing.
var later = []string{
	"VALUES lists must all be the same length", "DEFAULT is not allowed in this context", "frame start cannot be UNBOUNDED FOLLOWING",
	"analyze requires a Boolean value", `syntax error at or near "=="`, "syntax error at or near \"`\"", `syntax error at or near "!"`,
}

func TestGrammarIsPostgreSQLs(t *testing.T) {
	compared, same, refused := 0, 0, 0
	for _, line := range readGrammar(t) {
		if line.answer == "" {
			continue
		}
		compared++
		s, err := sqlparse.Statement(line.statement)
		reason, widens := wider[line.statement]
		switch {
		case err == nil && line.answer == "ok":
			checkRoundTrip(t, s)
			checkSpans(t, s, line.statement)
		case err == nil && !widens:
			t.Errorf("%s\nPostgreSQL: %s\nhere: %s", line.statement, line.answer, ast.Dump(s))
		case err != nil && line.answer == "ok":
			if !refusedLater(err) && line.statement != ";" {
				t.Errorf("%s\nis fine to PostgreSQL, here %v", line.statement, err)
			}
		case widens && err != nil:
			t.Errorf("%s\nis refused, although %s", line.statement, reason)
		}
		if err != nil && line.answer != "ok" {
			refused++
			if got := answerOf(err, line.statement); got == line.answer {
				same++
			} else {
				t.Logf("%s\nPostgreSQL: %s\n      here: %s", line.statement, line.answer, got)
			}
		}
	}
	t.Logf("%d statements; of %d refused by both, %d with the same code, place and message", compared, refused, same)
	if compared < 800 || same*100 < refused*90 {
		t.Errorf("%d statements; of %d refused by both, only %d with the same code, place and message", compared, refused, same)
	}
}

// refusedLater tells whether an error is one that PostgreSQL has after parsing, or names what Wire has not.
func refusedLater(err error) bool {
	if sqlstate.Of(err) == sqlstate.FeatureNotSupported {
		return true
	}
	for _, message := range later {
		if err.Error() == message {
			return true
		}
	}
	return false
}

// answerOf writes an error as the file has it.
func answerOf(err error, statement string) string {
	var e *parse.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	return fmt.Sprintf("%s %d %s", e.SQLSTATE, len([]rune(statement[:e.Span.Start]))+1, strings.ReplaceAll(e.Message, "\n", " "))
}

// The answers of the file are those of PostgreSQL 15. Its parser reads a whole text before anything of it is executed, so that a
// statement behind one that fails says what the grammar thinks of it and nothing else.
func TestGrammarFile(t *testing.T) {
	db, err := pgx.Connect(t.Context(), testserver.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(t.Context())
	lines := readGrammar(t)
	for i, line := range lines {
		if strings.HasPrefix(line.statement, "#") {
			continue
		}
		got := grammarAnswer(t, db, line.statement)
		if got != line.answer && !*rewrite {
			t.Errorf("%s\nPostgreSQL: %s\n  the file: %s", line.statement, got, line.answer)
		}
		lines[i].answer = got
	}
	if !*rewrite {
		return
	}
	var out strings.Builder
	for _, line := range lines {
		if line.answer != "" {
			out.WriteString(line.answer + "\t")
		}
		out.WriteString(line.statement + "\n")
	}
	if err := os.WriteFile(grammarFile, []byte(out.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

func grammarAnswer(t *testing.T, db *pgx.Conn, statement string) string {
	t.Helper()
	const before, fails = "SELECT 1/0;", "22012"
	_, err := db.PgConn().Exec(t.Context(), before+statement).ReadAll()
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		t.Fatalf("%s: %v", statement, err)
	}
	if e.Code == fails {
		return "ok"
	}
	position := max(int(e.Position)-len(before), 0)
	return e.Code + " " + strconv.Itoa(position) + " " + strings.ReplaceAll(e.Message, "\n", " ")
}
