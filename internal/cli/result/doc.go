// Package result writes the rows of a query for people and programs: as an aligned table, as CSV, as JSON lines, or as one JSON array a row.
package result
