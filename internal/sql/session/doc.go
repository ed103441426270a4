// Package session carries out SQL statements one after the other, as a connection to a server does: it has the catalog, the settings and the
// prepared statements, and turns each statement into an answer of rows and a tag, or an error with SQLSTATE.
//
// A Session knows nothing of who reads the answers, a terminal or a connection: rows go to a Handler. Nor does it run pipelines: that an Executor
// does. INSERTs into sinks are collected, and run as one pipeline when the caller says that the script is over (Finish).
package session
