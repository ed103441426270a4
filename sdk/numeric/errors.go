package numeric

import "wire.example/wire/sdk/sqlstate"

func errOverflow() error {
	return sqlstate.New(sqlstate.NumericValueOutOfRange, "value overflows numeric format")
}

func errDivisionByZero() error { return sqlstate.New(sqlstate.DivisionByZero, "division by zero") }

// errSyntax quotes at most a kilobyte of text.
func errSyntax(text []byte) error {
	const limit = 1024
	if len(text) > limit {
		text = text[:limit]
	}
	return sqlstate.Errorf(sqlstate.InvalidTextRepresentation, "invalid input syntax for type numeric: \"%s\"", text)
}
