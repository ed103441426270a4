// Package nexmark runs all queries of the Nexmark benchmark, q0 to q22, their texts unaltered, and compares every answer with one that PostgreSQL gave
// over the same rows.
//
// The rows are those of the generator of connect/generate/nexmark, out of order within groups of 40. A Set says what is done to them: nothing, a long gap in the
// middle, or a gap and events that come far too late. Queries read them from a file a table, from one combined file with views over it, or from the
// generator itself. See README.md for how answers are made and compared.
package nexmark
