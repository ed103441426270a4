package normalize

import "wire.example/wire/sdk/schema"

// Config describes the operator.
type Config struct {
	// Name is the step's name in messages.
	Name string
	// Types are those of all columns of the input, which are those of the output.
	Types []schema.Type
	// Key are the columns of the key, at least one. Rows are dealt to tasks by them, in this order.
	Key []int
	// Changelog says that the input is a full changelog, so that a row is taken back only after it was given. Otherwise rows of a key replace each other.
	Changelog bool
	// Upserts makes the output upserts: UpdateAfter for the row that a key has from now on, Delete for a key that has none any more. Otherwise it is a
	// full changelog.
	Upserts bool
	// TTL is for how long, in µs of processing time, a key that nothing touches is kept; 0 means for ever.
	TTL int64
}
