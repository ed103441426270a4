// Package debezium is the format "debezium-json": changes as Debezium writes them, one JSON object a line that has a row before and after its change and what
// was done, with or without the envelope of schema and payload. README.md describes it for users.
//
// The rows in the objects are the business of another format, one of JSON lines, whatever that is: the decoder lets it read before and after as members
// of one schema, and makes batches of changes out of what it finds; the encoder lets it write rows, and puts them together.
package debezium
