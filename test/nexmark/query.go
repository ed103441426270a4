package nexmark

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed queries/*.sql golden.sql
var texts embed.FS //nolint:gochecknoglobals // embedded files

// Queries is how many there are: q0 to q22.
const Queries = 23

// Names are those of the queries.
func Names() (all []string) {
	for i := range Queries {
		all = append(all, fmt.Sprintf("q%d", i))
	}
	return all
}

// Query is the text of a query as it is given to Wire, with its semicolon.
func Query(name string) (string, error) {
	text, err := texts.ReadFile("queries/" + name + ".sql")
	return strings.TrimSpace(string(text)), err
}

// Form is where queries find their rows.
type Form string

const (
	// Typed is a file a table.
	Typed Form = "typed"
	// Combined is one file, with a view a table.
	Combined Form = "combined"
	// Generated is the generator, a source a table.
	Generated Form = "generated"
)

// columns of the tables.
const (
	personColumns  = `id BIGINT, name VARCHAR, email_address VARCHAR, credit_card VARCHAR, city VARCHAR, state VARCHAR, date_time TIMESTAMP, extra VARCHAR`
	auctionColumns = `id BIGINT, item_name VARCHAR, description VARCHAR, initial_bid BIGINT, reserve BIGINT, date_time TIMESTAMP, expires TIMESTAMP, seller BIGINT, category BIGINT, extra VARCHAR`
	bidColumns     = `auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, url VARCHAR, date_time TIMESTAMP, extra VARCHAR`
	watermark      = `WATERMARK FOR date_time AS date_time - INTERVAL '4 seconds'`
)

// tables are the three in the order of their event types.
func tables() [][2]string {
	return [][2]string{{"person", personColumns}, {"auction", auctionColumns}, {"bid", bidColumns}}
}

// Declarations are the statements that make the tables of a form, of a number of events where it is the generator.
func Declarations(form Form, events int64) string {
	var b strings.Builder
	if form == Combined {
		b.WriteString("CREATE SOURCE event (event_type INT")
		for _, t := range tables() {
			fmt.Fprintf(&b, ",\n  %s ROW(%s)", t[0], t[1])
		}
		b.WriteString(",\n  date_time TIMESTAMP GENERATED ALWAYS AS (COALESCE((bid).date_time, (auction).date_time, (person).date_time)) STORED,\n  " + watermark + ")\n" +
			"WITH (connector = 'file', path = 'event.jsonl', format = 'json');\n")
	}
	for kind, t := range tables() {
		switch form {
		case Typed:
			fmt.Fprintf(&b, "CREATE SOURCE %s (%s, %s)\nWITH (connector = 'file', path = '%[1]s.jsonl', format = 'json');\n", t[0], t[1], watermark)
		case Generated:
			fmt.Fprintf(&b, "CREATE SOURCE %s (%s, %s)\nWITH (connector = 'generate', kind = 'nexmark', table = '%[1]s', rows = %[4]d, seed = 1, events_per_second = %d, group_size = %d);\n",
				t[0], t[1], watermark, events, eventsPerSecond, groupSize)
		case Combined:
			fmt.Fprintf(&b, "CREATE VIEW %s AS SELECT %s FROM event WHERE event_type = %d;\n", t[0], viewColumns(t[0], t[1]), kind)
		}
	}
	b.WriteString("CREATE TABLE side_input (key BIGINT PRIMARY KEY, value VARCHAR)\nWITH (connector = 'file', path = 'side_input.csv', format = 'csv');\n")
	return b.String()
}

// viewColumns is the SELECT list of a view: the members of the row, and the time of the source, which has the watermark.
func viewColumns(table, columns string) string {
	var list []string
	for column := range strings.SplitSeq(columns, ", ") {
		name, _, _ := strings.Cut(column, " ")
		if name == "date_time" {
			list = append(list, name)
		} else {
			list = append(list, "("+table+")."+name+" AS "+name)
		}
	}
	return strings.Join(list, ", ")
}

// Script is a query as a pipeline into out.jsonl, or, of q10, into the folder out, by day and minute.
func Script(name string, form Form, events int64, emit string) (string, error) {
	query, err := Query(name)
	if err != nil {
		return "", err
	}
	sink := "path = 'out.jsonl', if_exists = 'replace'"
	if name == "q10" {
		sink = "path = 'out/bids.jsonl', partition_by = ARRAY['dt', 'hm']"
	}
	return "SET emit = '" + emit + "';\n" + Declarations(form, events) +
		"CREATE SINK out WITH (connector = 'file', " + sink + ", format = 'json');\nINSERT INTO out\n" + query + "\n", nil
}

// Windowed reports whether lateness decides the answer of a query.
func Windowed(name string) bool {
	switch name {
	case "q5", "q7", "q8", "q11":
		return true
	}
	return false
}

// witnessText is what PostgreSQL is asked instead of a query: that of golden.sql, else the query itself.
func witnessText(name string) (string, error) {
	setup, others, err := goldenSQL()
	if err != nil || name == "" {
		return setup, err
	}
	if text, ok := others[name]; ok {
		return text, nil
	}
	text, err := Query(name)
	return strings.TrimSuffix(text, ";"), err
}

// goldenSQL splits golden.sql at its headings, "-- NAME".
func goldenSQL() (setup string, queries map[string]string, err error) {
	text, err := texts.ReadFile("golden.sql")
	if err != nil {
		return "", nil, err
	}
	queries = map[string]string{}
	parts := strings.Split(string(text), "\n---- ")
	for _, part := range parts[1:] {
		name, body, _ := strings.Cut(part, "\n")
		if name == "setup" {
			setup = body
		} else {
			queries[name] = strings.TrimSuffix(strings.TrimSpace(body), ";")
		}
	}
	return setup, queries, nil
}

// Endless are the statements that make the tables of a stream without end, as views over one source of the generator: so many events a second, of event time and by
// the clock.
func Endless(rate int) string {
	var b strings.Builder
	b.WriteString("CREATE SOURCE event (event_type INT NOT NULL")
	for _, t := range tables() {
		fmt.Fprintf(&b, ",\n  %s ROW(%s)", t[0], t[1])
	}
	fmt.Fprintf(&b, ",\n  date_time TIMESTAMP GENERATED ALWAYS AS (COALESCE((bid).date_time, (auction).date_time, (person).date_time)) STORED,\n  %s)\n"+
		"WITH (connector = 'generate', kind = 'nexmark', rate = %d, events_per_second = %[2]d, group_size = %d);\n", watermark, rate, groupSize)
	for kind, t := range tables() {
		fmt.Fprintf(&b, "CREATE VIEW %s AS SELECT %s FROM event WHERE event_type = %d;\n", t[0], viewColumns(t[0], t[1]), kind)
	}
	return b.String()
}
