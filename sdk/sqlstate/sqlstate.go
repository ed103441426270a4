package sqlstate

import (
	"errors"
	"fmt"
)

// Code is a SQLSTATE: five characters, class in the first two (PostgreSQL 15, appendix A).
type Code string

// The codes that Wire's value layer raises. Add one here before using it elsewhere.
const (
	CardinalityViolation          Code = "21000"
	StringDataRightTruncation     Code = "22001"
	NullValueNotAllowed           Code = "22004"
	NumericValueOutOfRange        Code = "22003"
	InvalidDatetimeFormat         Code = "22007"
	DatetimeFieldOverflow         Code = "22008"
	SubstringError                Code = "22011"
	DivisionByZero                Code = "22012"
	InvalidPrecedingOrFollowing   Code = "22013"
	InvalidArgumentForNtile       Code = "22014"
	IntervalFieldOverflow         Code = "22015"
	InvalidArgumentForNthValue    Code = "22016"
	InvalidEscapeSequence         Code = "22025"
	InvalidUseOfEscapeCharacter   Code = "2200C"
	InvalidArgumentForLogarithm   Code = "2201E"
	InvalidArgumentForPower       Code = "2201F"
	InvalidArgumentForWidthBucket Code = "2201G"
	InvalidRegularExpression      Code = "2201B"
	InvalidParameterValue         Code = "22023"
	InvalidSchemaName             Code = "3F000"
	CharacterNotInRepertoire      Code = "22021"
	ArraySubscriptError           Code = "2202E"
	InvalidTextRepresentation     Code = "22P02"
	BadCopyFileFormat             Code = "22P04"
	UntranslatableCharacter       Code = "22P05"
	NotNullViolation              Code = "23502"
	SyntaxError                   Code = "42601"
	UndefinedColumn               Code = "42703"
	UndefinedFunction             Code = "42883"
	UndefinedObject               Code = "42704"
	UndefinedTable                Code = "42P01"
	AmbiguousColumn               Code = "42702"
	AmbiguousFunction             Code = "42725"
	DatatypeMismatch              Code = "42804"
	CannotCoerce                  Code = "42846"
	IndeterminateDatatype         Code = "42P18"
	WrongObjectType               Code = "42809"
	ProgramLimitExceeded          Code = "54000"
	StatementTooComplex           Code = "54001"
	DiskFull                      Code = "53100"
	OutOfMemory                   Code = "53200"
	IOError                       Code = "58030"
	FeatureNotSupported           Code = "0A000"
	ForeignDataError              Code = "HV000"
	InternalError                 Code = "XX000"
)

// Error is a failure with a SQLSTATE. Message is PostgreSQL's wording without the "ERROR: " prefix; Hint, which may be empty, says how
// to mend it. It is immutable once made.
type Error struct {
	Code    Code
	Message string
	Hint    string
}

// Error returns the message; the code is added by whoever prints for a person.
func (e *Error) Error() string { return e.Message }

// New returns an *Error with a fixed message. Cheap: no formatting.
func New(code Code, message string) *Error { return &Error{Code: code, Message: message} }

// Errorf returns an *Error with a formatted message.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// WithHint returns a copy of e that carries hint.
func (e *Error) WithHint(hint string) *Error {
	c := *e
	c.Hint = hint
	return &c
}

// Of returns the code of the first *Error in err's chain, or InternalError if there is none.
func Of(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return InternalError
}
