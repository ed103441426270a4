// Package schema names the types of columns: Wire's SQL types with PostgreSQL's meaning, fields, and schemas as ordered lists of fields.
//
// A Type is a small immutable value, passed by copy. How values of a type lie in memory is said once, in package batch.
package schema
