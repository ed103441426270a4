// Package slt runs sqllogictest files: SQL statements with the answers that PostgreSQL 15 gave, checked against Wire and against PostgreSQL.
//
// README.md describes the format and the commands. A File is read by Parse and written by File.Append, so that answers can be made anew;
// Load puts included files in their places. An Engine runs the statements of one file in an empty catalog and returns the text of each
// value as PostgreSQL writes it. Check compares, Update stores.
package slt
