// Package spec reads pipelines written in YAML.
//
// Parse turns the text into a Pipeline, each part with its position, and reports every mistake it finds, not the first: a Mistakes value
// renders each with file, line, column and an excerpt. Compile (compile.go) then looks up connectors and formats, binds the expressions and
// makes the logical plan; it reports its mistakes the same way.
package spec
