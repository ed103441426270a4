// Package jsonschema describes pipeline files as a JSON Schema (draft 2020-12), from which editors complete and check what is typed.
//
// The schema is made of what the reader in internal/spec accepts and of the options that connectors and formats describe themselves with, so
// it knows every connector of a registry. It is about form: names, keys, types of options, and which belong together. What columns and
// expressions mean only `wire check` knows. A connector or format that is written as a reference, ${…}, is not understood.
package jsonschema
