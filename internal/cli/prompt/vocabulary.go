package prompt

// Vocabulary is what completion knows besides SQL's own words.
type Vocabulary struct {
	// Objects returns what statements may name at the moment.
	Objects func() []Object
	// Functions, Settings, Formats (of the command \output) are names.
	Functions, Settings, Formats []string
	// Commands begin with a backslash.
	Commands   []string
	Connectors []Connector
}

// Object is a source, table, sink or view.
type Object struct {
	Name    string
	Kind    Kind
	Columns []string
}

// Kind is the kind of an object as SQL writes it, in upper case.
type Kind string

// The kinds.
const (
	Source           Kind = "SOURCE"
	Table            Kind = "TABLE"
	Sink             Kind = "SINK"
	View             Kind = "VIEW"
	MaterializedView Kind = "MATERIALIZED VIEW"
)

// Connector is a connector, or a format.
type Connector struct {
	Name string
	// Kind is Source or Sink, empty for a format.
	Kind Kind
	// Formats are those that the option format may name.
	Formats []string
	Options []Option
}

// Option is an option of a connector or format.
type Option struct {
	Name string
	// Values are all that it may have, nil if that is no short list.
	Values []string
}

// The words of SQL by where they are offered.
const (
	// starters begin statements.
	starters = `ALTER CREATE DEALLOCATE DELETE DESCRIBE DROP EXECUTE EXPLAIN INSERT PREPARE RESET SELECT SET SHOW TABLE UPDATE VALUES WITH`
	// operands begin expressions.
	operands = `ALL ANY ARRAY CASE CAST( COALESCE( CURRENT_DATE CURRENT_TIMESTAMP DATE DISTINCT EXISTS EXTRACT( FALSE GREATEST( INTERVAL
LEAST( NOT NULL NULLIF( ROW( TIMESTAMP TRUE`
	// queries begin queries in parentheses.
	queries = `SELECT VALUES WITH TABLE`
	// followers stand behind operands, names and closed parentheses.
	followers = `AND AS ASC BETWEEN CROSS DESC ELSE END EXCEPT EXCLUDE FETCH FILTER FIRST FOLLOWING FOR FROM FULL GROUP GROUPS HAVING ILIKE IN INNER
INTERSECT IS JOIN LAST LEFT LIKE LIMIT NATURAL NOT NULLS OFFSET ON OR ORDER OUTER OVER PARTITION PRECEDING RANGE RETURNING RIGHT ROWS SIMILAR
THEN TO UNION USING VALUES WHEN WHERE WINDOW WITH WITHIN EMIT`
	// definitions stand in lists of columns.
	definitions = `CHECK CONSTRAINT DEFAULT GENERATED NOT NULL PRIMARY UNIQUE WATERMARK`
	// types stand behind names of columns, :: and AS of CAST.
	types = `BIGINT BOOLEAN BYTEA DATE DOUBLE INTEGER INTERVAL JSONB NUMERIC REAL SMALLINT TEXT TIME TIMESTAMP TIMESTAMPTZ UUID VARCHAR`
)

// next are the words that follow one, parted by blanks, where few do.
func next(word string) string {
	switch word {
	case "create":
		return "MATERIALIZED OR SINK SOURCE TABLE VIEW"
	case "drop":
		return "MATERIALIZED SINK SOURCE TABLE VIEW"
	case "or":
		return "REPLACE"
	case "replace":
		return "MATERIALIZED SINK SOURCE TABLE VIEW"
	case "materialized":
		return "VIEW"
	case "insert":
		return "INTO"
	case "group", "order", "partition":
		return "BY"
	case "left", "right", "full":
		return "JOIN OUTER"
	case "inner", "cross", "outer":
		return "JOIN"
	case "natural":
		return "FULL INNER JOIN LEFT RIGHT"
	case "primary":
		return "KEY"
	case "nulls":
		return "FIRST LAST"
	case "union", "intersect", "except":
		return "ALL DISTINCT SELECT TABLE VALUES WITH"
	case "explain":
		return "ANALYZE INSERT SELECT TABLE VALUES VERBOSE WITH"
	case "is":
		return "DISTINCT FALSE NOT NULL TRUE UNKNOWN"
	}
	return ""
}
