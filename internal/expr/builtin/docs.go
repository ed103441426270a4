package builtin

// docs says in a line what each function and operator does.
//
//nolint:gochecknoglobals // immutable table
var docs = map[string]string{}
