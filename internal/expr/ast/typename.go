package ast

// TypeKind is the type that a spelling stands for.
type TypeKind uint8

// The kinds. NamedType is a name that the grammar does not know; the binder answers for it.
const (
	NamedType TypeKind = iota
	BooleanType
	SmallintType
	IntegerType
	BigintType
	RealType
	DoubleType
	NumericType
	TextType
	VarcharType
	CharType
	ByteaType
	DateType
	TimeType
	TimestampType
	TimestamptzType
	IntervalType
	UUIDType
	JSONBType
	ArrayType
	RowType
	MapType
)

// TypeName is a type as written, its spelling resolved to a kind.
type TypeName struct {
	Span
	Kind TypeKind
	// Name is set for NamedType.
	Name []Name
	// Mods are the numbers in parentheses: precision and scale of NUMERIC, length of VARCHAR and CHAR, digits of a second of the time
	// types. Their ranges are the binder's to check. CHAR without a length has [1].
	Mods []int32
	// Interval restricts an INTERVAL to some fields.
	Interval IntervalFields
	// Elem is the element of an ARRAY and the value of a MAP. INT[][] is an array of arrays.
	Elem *TypeName
	// Key is the key of a MAP.
	Key *TypeName
	// Fields are those of a ROW.
	Fields []TypeField
}

// TypeField is one field of a ROW type.
type TypeField struct {
	Name Name
	Type *TypeName
}

// IntervalFields is the restriction after INTERVAL.
type IntervalFields uint8

// The restrictions that SQL has.
const (
	AllFields IntervalFields = iota
	Year
	Month
	Day
	Hour
	Minute
	Second
	YearToMonth
	DayToHour
	DayToMinute
	DayToSecond
	HourToMinute
	HourToSecond
	MinuteToSecond
)

// String returns the words that follow INTERVAL, empty for AllFields.
func (f IntervalFields) String() string { return intervalWords[f] }

// HasSeconds tells whether the restriction may carry the digits of a second.
func (f IntervalFields) HasSeconds() bool {
	return f == Second || f == DayToSecond || f == HourToSecond || f == MinuteToSecond
}

//nolint:gochecknoglobals // immutable table
var intervalWords = [...]string{
	AllFields: "", Year: "year", Month: "month", Day: "day", Hour: "hour", Minute: "minute", Second: "second",
	YearToMonth: "year to month", DayToHour: "day to hour", DayToMinute: "day to minute", DayToSecond: "day to second",
	HourToMinute: "hour to minute", HourToSecond: "hour to second", MinuteToSecond: "minute to second",
}

// String returns PostgreSQL's name of the kind; "array", "row", "map" for the nested ones and "" for NamedType.
func (k TypeKind) String() string { return typeWords[k] }

//nolint:gochecknoglobals // immutable table
var typeWords = [...]string{
	NamedType: "", BooleanType: "boolean", SmallintType: "smallint", IntegerType: "integer", BigintType: "bigint", RealType: "real",
	DoubleType: "double precision", NumericType: "numeric", TextType: "text", VarcharType: "character varying",
	CharType: "character", ByteaType: "bytea", DateType: "date", TimeType: "time", TimestampType: "timestamp",
	TimestamptzType: "timestamptz", IntervalType: "interval", UUIDType: "uuid", JSONBType: "jsonb", ArrayType: "array",
	RowType: "row", MapType: "map",
}
