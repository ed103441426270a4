package schema

// Kind is the family of a type, without its modifiers. The numbers are part of stored formats: append only.
type Kind uint8

// The kinds. Null is the type of a bare NULL before something gives it a better one.
const (
	Null        Kind = 0
	Bool        Kind = 1
	Int16       Kind = 2
	Int32       Kind = 3
	Int64       Kind = 4
	Float32     Kind = 5
	Float64     Kind = 6
	Numeric     Kind = 7
	Text        Kind = 8
	Bytes       Kind = 9
	Date        Kind = 10
	Time        Kind = 11
	Timestamp   Kind = 12
	TimestampTZ Kind = 13
	Interval    Kind = 14
	UUID        Kind = 15
	JSONB       Kind = 16
	Array       Kind = 17
	Row         Kind = 18
)

// kindCount is the number of kinds, for tables indexed by Kind.
const kindCount = 19

//nolint:gochecknoglobals // immutable table
var kindNames = [kindCount]string{
	"UNKNOWN", "BOOLEAN", "SMALLINT", "INTEGER", "BIGINT", "REAL", "DOUBLE PRECISION", "NUMERIC", "TEXT", "BYTEA",
	"DATE", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "INTERVAL", "UUID", "JSONB", "ARRAY", "ROW",
}

//nolint:gochecknoglobals // immutable table
var kindPgNames = [kindCount]string{
	"unknown", "boolean", "smallint", "integer", "bigint", "real", "double precision", "numeric", "text", "bytea",
	"date", "time without time zone", "timestamp without time zone", "timestamp with time zone", "interval", "uuid", "jsonb", "anyarray", "record",
}

//nolint:gochecknoglobals // immutable table
var kindWidths = [kindCount]uint8{
	0, 0, 2, 4, 8, 4, 8, 16, 16, 16,
	4, 8, 8, 8, 16, 16, 16, 4, 0,
}

// String returns the kind as Wire's documents spell it, in capitals.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "INVALID"
}

// PgName returns the kind as PostgreSQL's error messages spell it.
func (k Kind) PgName() string {
	if int(k) < len(kindPgNames) {
		return kindPgNames[k]
	}
	return "invalid"
}

// Width returns the bytes one value takes in a column's value memory: 16 for text-like kinds (a view), 4 for Array (an offset), and 0
// for Bool (packed bits), Row (children only) and Null.
func (k Kind) Width() int {
	if int(k) < len(kindWidths) {
		return int(kindWidths[k])
	}
	return 0
}

// IsInteger reports whether k is SMALLINT, INTEGER or BIGINT.
func (k Kind) IsInteger() bool { return k == Int16 || k == Int32 || k == Int64 }

// IsFloat reports whether k is REAL or DOUBLE PRECISION.
func (k Kind) IsFloat() bool { return k == Float32 || k == Float64 }

// IsNumber reports whether k is an integer, a float or NUMERIC.
func (k Kind) IsNumber() bool { return k.IsInteger() || k.IsFloat() || k == Numeric }

// IsVariable reports whether values of k are 16-byte views over bytes: TEXT, BYTEA and JSONB.
func (k Kind) IsVariable() bool { return k == Text || k == Bytes || k == JSONB }

// IsDatetime reports whether k is a date, time or timestamp (not an interval).
func (k Kind) IsDatetime() bool { return k >= Date && k <= TimestampTZ }

// IsNested reports whether a column of k has child columns.
func (k Kind) IsNested() bool { return k == Array || k == Row }
