package sqlstate_test

import (
	"errors"
	"fmt"
	"testing"

	"wire.example/wire/sdk/sqlstate"
)

func TestErrorIsItsMessage(t *testing.T) {
	if got := sqlstate.New(sqlstate.DivisionByZero, "division by zero").Error(); got != "division by zero" {
		t.Errorf("%q", got)
	}
	e := sqlstate.Errorf(sqlstate.InvalidTextRepresentation, "invalid input syntax for type %s: %q", "bigint", "x")
	if e.Error() != `invalid input syntax for type bigint: "x"` || e.Code != "22P02" || e.Hint != "" {
		t.Errorf("%+v", e)
	}
	if got := sqlstate.New(sqlstate.SyntaxError, "100%d").Error(); got != "100%d" {
		t.Errorf("New formats: %q", got)
	}
}

func TestWithHintCopies(t *testing.T) {
	plain := sqlstate.New(sqlstate.UndefinedColumn, `column "a" does not exist`)
	hinted := plain.WithHint("perhaps b")
	if plain.Hint != "" {
		t.Errorf("the original now has the hint %q", plain.Hint)
	}
	if hinted.Hint != "perhaps b" || hinted.Code != plain.Code || hinted.Message != plain.Message {
		t.Errorf("%+v", hinted)
	}
}

func TestOf(t *testing.T) {
	overflow := sqlstate.New(sqlstate.NumericValueOutOfRange, "bigint out of range")
	other := sqlstate.New(sqlstate.DivisionByZero, "division by zero")
	tests := []struct {
		err  error
		want sqlstate.Code
	}{
		{overflow, sqlstate.NumericValueOutOfRange},
		{fmt.Errorf("line 3: %w", overflow), sqlstate.NumericValueOutOfRange},
		{errors.Join(errors.New("first"), fmt.Errorf("then: %w", other)), sqlstate.DivisionByZero},
		{errors.New("disk full"), sqlstate.InternalError},
		{nil, sqlstate.InternalError},
	}
	for _, test := range tests {
		if got := sqlstate.Of(test.err); got != test.want {
			t.Errorf("%v has code %s, want %s", test.err, got, test.want)
		}
	}
}

// TestCodes holds the codes against PostgreSQL 15, appendix A.
func TestCodes(t *testing.T) {
	codes := map[sqlstate.Code]string{
		sqlstate.CardinalityViolation:      "21000",
		sqlstate.StringDataRightTruncation: "22001", sqlstate.NullValueNotAllowed: "22004", sqlstate.NumericValueOutOfRange: "22003",
		sqlstate.InvalidDatetimeFormat: "22007", sqlstate.DatetimeFieldOverflow: "22008", sqlstate.SubstringError: "22011",
		sqlstate.DivisionByZero: "22012", sqlstate.IntervalFieldOverflow: "22015", sqlstate.InvalidEscapeSequence: "22025",
		sqlstate.InvalidUseOfEscapeCharacter: "2200C",
		sqlstate.InvalidArgumentForLogarithm: "2201E", sqlstate.InvalidArgumentForPower: "2201F",
		sqlstate.InvalidRegularExpression: "2201B", sqlstate.InvalidParameterValue: "22023", sqlstate.CharacterNotInRepertoire: "22021",
		sqlstate.ArraySubscriptError: "2202E", sqlstate.InvalidTextRepresentation: "22P02", sqlstate.UntranslatableCharacter: "22P05",
		sqlstate.NotNullViolation: "23502", sqlstate.SyntaxError: "42601", sqlstate.UndefinedColumn: "42703",
		sqlstate.UndefinedFunction: "42883", sqlstate.UndefinedObject: "42704", sqlstate.UndefinedTable: "42P01",
		sqlstate.AmbiguousColumn: "42702", sqlstate.AmbiguousFunction: "42725", sqlstate.DatatypeMismatch: "42804",
		sqlstate.CannotCoerce: "42846", sqlstate.IndeterminateDatatype: "42P18", sqlstate.WrongObjectType: "42809",
		sqlstate.ProgramLimitExceeded: "54000", sqlstate.StatementTooComplex: "54001", sqlstate.OutOfMemory: "53200",
		sqlstate.FeatureNotSupported: "0A000", sqlstate.InternalError: "XX000", sqlstate.DiskFull: "53100", sqlstate.IOError: "58030",
	}
	for code, want := range codes {
		if string(code) != want {
			t.Errorf("%s, want %s", code, want)
		}
	}
	if len(codes) != 38 {
		t.Errorf("%d different codes, want 38", len(codes))
	}
}
