package prompt_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wire.example/wire/internal/cli/prompt"
)

// shop is a catalog with one object of each kind, and one name that needs quotes.
func shop() *prompt.Vocabulary {
	return &prompt.Vocabulary{
		Objects: func() []prompt.Object {
			return []prompt.Object{
				{Name: "orders", Kind: prompt.Source, Columns: []string{"id", "customer", "amount"}},
				{Name: "customers", Kind: prompt.Table, Columns: []string{"id", "country"}},
				{Name: "Odd Name", Kind: prompt.Table, Columns: []string{"Some Column"}},
				{Name: "big", Kind: prompt.Sink},
				{Name: "sums", Kind: prompt.View, Columns: []string{"total"}},
				{Name: "means", Kind: prompt.MaterializedView, Columns: []string{"mean"}},
			}
		},
		Functions: []string{"abs", "avg", "count", "sum"}, Settings: []string{"parallelism", "statement_timeout"},
		Formats: []string{"csv", "jsonl", "table"}, Commands: []string{`\?`, `\d`, `\df`, `\dt`, `\i`, `\output`, `\q`, `\timing`},
		Connectors: []prompt.Connector{
			{Name: "file", Kind: prompt.Source, Formats: []string{"csv", "json"}, Options: []prompt.Option{{Name: "path"}, {Name: "start", Values: []string{"begin", "end"}}}},
			{Name: "file", Kind: prompt.Sink, Formats: []string{"csv", "json", "table"}, Options: []prompt.Option{{Name: "path"}, {Name: "overwrite"}}},
			{Name: "generate", Kind: prompt.Source, Options: []prompt.Option{{Name: "rows"}}},
			{Name: "csv", Options: []prompt.Option{{Name: "header"}, {Name: "delimiter"}}},
			{Name: "json"},
		},
	}
}

// TestComplete completes at the bar.
func TestComplete(t *testing.T) {
	for _, test := range []struct{ text, word, want string }{
		{"SEL|", "SEL", "SELECT"},
		{"sel|", "sel", "select"},
		{"  d|", "d", "deallocate delete describe drop"},
		{"SELECT 1; INS|", "INS", "INSERT"},
		{"SELECT 'a;b' F|", "F", "FETCH FILTER FIRST FOLLOWING FOR FROM FULL"},
		{"INSERT |", "", "INTO"},
		{"INSERT INTO |", "", `"Odd Name" big customers`},
		{"SELECT * FROM |", "", `"Odd Name" customers GENERATE_SERIES( LATERAL means orders sums TABLE UNNEST(`},
		{"SELECT * FROM or|", "or", "orders"},
		{"SELECT * FROM O|", "O", `"Odd Name" orders`},
		{`SELECT * FROM "O|`, `"O`, `"Odd Name" "orders"`},
		{`SELECT * FROM "cu|`, `"cu`, `"customers"`},
		{"SELECT * FROM orders, cu|", "cu", "customers"},
		{"SELECT * FROM orders o JOIN s|", "s", "sums"},
		{"SELECT * FROM orders JOIN customers ON customers.|", "", "country id"},
		{"SELECT * FROM orders AS o WHERE o.am|", "am", "amount"},
		{"SELECT am| FROM orders", "am", "amount"},
		{"SELECT id, cu|\nFROM orders; SELECT total FROM sums", "cu", "current_date current_timestamp customer"},
		{"SELECT a|", "a", "abs( all any array avg("},
		{"SELECT SU|", "SU", "sum("},
		{"SELECT sum(amount) FROM orders GR|", "GR", "GROUP GROUPS"},
		{"SELECT sum(amount) FROM orders GROUP |", "", "BY"},
		{"SELECT sum(amount) FROM orders GROUP BY cus|", "cus", "customer"},
		{`SELECT so| FROM "Odd Name"`, "so", `"Some Column"`},
		{"SELECT amount::nu| FROM orders", "nu", "numeric"},
		{"SELECT (SEL|", "SEL", "SELECT"},
		{"SELECT 'orders|", "'orders", ""},
		{"SELECT $$ or|", "", ""},
		{"SELECT /* or|", "", ""},
		{"SELECT 1 -- fr|", "", ""},
		{"CREATE |", "", "MATERIALIZED OR SINK SOURCE TABLE VIEW"},
		{"CREATE OR |", "", "REPLACE"},
		{"CREATE MATERIALIZED |", "", "VIEW"},
		{"DROP SINK |", "", "big IF"},
		{"DROP TABLE IF EXISTS cu|", "cu", "customers"},
		{"DROP MATERIALIZED VIEW |", "", "IF means"},
		{"DROP VIEW s|", "s", "sums"},
		{"SHOW CREATE SOURCE |", "", "orders"},
		{"SHOW p|", "p", "parallelism"},
		{"SHOW SO|", "SO", "SOURCES"},
		{"SHOW MATERIALIZED |", "", "VIEWS"},
		{"SET st|", "st", "statement_timeout"},
		{"RESET |", "", "parallelism statement_timeout"},
		{"DESCRIBE b|", "b", "big"},
		{"CREATE SOURCE s WITH (|", "", "connector format"},
		{"CREATE SOURCE s WITH (connector = |", "", "'file' 'generate'"},
		{"CREATE SINK s WITH (connector = |", "", "'file'"},
		{"CREATE SOURCE s WITH (connector = 'g|", "'g", "'generate'"},
		{"CREATE SOURCE s WITH (connector = 'file', |", "", "format path start"},
		{"CREATE SOURCE s WITH (connector = 'file', |, path = 'a.csv')", "", "format start"},
		{"CREATE SINK s WITH (connector = 'file', o|", "o", "overwrite"},
		{"CREATE SINK s WITH (connector = 'file', format = 't|", "'t", "'table'"},
		{"CREATE SOURCE s WITH (connector = 'file', start = |", "", "'begin' 'end'"},
		{"CREATE SOURCE s WITH (connector = 'file', format = 'csv', h|", "h", "header"},
		{"CREATE SOURCE s WITH (|, connector = 'generate')", "", "format rows"},
		{"CREATE TABLE t (id INT, pri|", "pri", "primary"},
		{"CREATE VIEW v AS SELECT am| FROM orders", "am", "amount"},
		{`\|`, `\`, `\? \d \df \dt \i \output \q \timing`},
		{`\d |`, "", `"Odd Name" big customers means orders sums`},
		{`\d or|`, "or", "orders"},
		{`\dt c|`, "c", "customers"},
		{`\df s|`, "s", "sum"},
		{`\output |`, "", "csv jsonl table"},
		{`\timing |`, "", "off on"},
		{`\i |`, "", ""},
	} {
		t.Run(test.text, func(t *testing.T) {
			before, after, _ := strings.Cut(test.text, "|")
			from, words := shop().Complete(before, after)
			if got := strings.Join(words, " "); got != test.want {
				t.Errorf("offered %s, want %s", got, test.want)
			}
			if got := before[from:]; got != test.word {
				t.Errorf("the word is %q, want %q", got, test.word)
			}
		})
	}
}

// TestCompleteAnything completes pieces in any order: it neither panics nor offers what does not go on with the word.
func TestCompleteAnything(t *testing.T) {
	pieces := strings.Fields(`SELECT FROM WITH ( ) , ; . = :: 'a' ' "Odd Name" " orders o customers CREATE SOURCE OR TABLE DROP EXISTS SHOW SET VIEW
connector 'file' format path /* -- $$ \d \ ä 1 1.5e AS VALUES MATERIALIZED EXECUTE DESC`)
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(t, "pieces"), rapid.SampledFrom([]string{" ", "", "\n"}).Draw(t, "between"))
		at := rapid.IntRange(0, len(text)).Draw(t, "at")
		from, words := shop().Complete(text[:at], text[at:])
		if from < 0 || from > at {
			t.Fatalf("the word begins at %d", from)
		}
		beginning := strings.ToLower(strings.TrimLeft(text[from:at], `"`))
		for _, word := range words {
			if !strings.HasPrefix(strings.ToLower(strings.TrimLeft(word, `"`)), beginning) {
				t.Fatalf("%q does not go on with %q", word, beginning)
			}
		}
		if !slices.Equal(words, slices.Compact(slices.Clone(words))) {
			t.Fatalf("twice: %q", words)
		}
	})
}

func TestFor(t *testing.T) {
	for text, want := range map[string]string{
		"": "wire=> ", "\n": "wire=> ", "SELECT\n": "wire-> ", "SELECT (1\n": "wire(> ", "SELECT (1)\n": "wire-> ", "SELECT 'a\n": "wire'> ",
		"SELECT E'a\n": "wire'> ", "SELECT \"a\n": `wire"> `, "SELECT $$a\n": "wire$> ", "SELECT $x$a\n": "wire$> ", "SELECT /* (\n": "wire*> ",
		"SELECT ')' (\n": "wire(> ", "SELECT (1; SELECT\n": "wire-> ", "SELECT -- (\n": "wire-> ",
	} {
		if got := prompt.For(text); got != want {
			t.Errorf("behind %q: %q, want %q", text, got, want)
		}
	}
}
